# SPDX-License-Identifier: Apache-2.0
"""The row of buttons and readouts under the scrubber: everything that has a key can be done with the mouse as well."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from greenroom.panel.elided import ElidedLabel
from greenroom.panel.viewer.icons import icon
from greenroom.panel.viewer.keys import COMMANDS

__all__ = ["Bar"]

_TRANSPORT = ("to_start", "step_back", "shuttle_back", "toggle", "shuttle_on", "step_on", "to_end")
_MARKS = ("mark_in", "mark_out", "set_loop")
_COMPARE = ("show_first", "show_second", "show_side_by_side", "show_wipe", "show_difference")
_OVERLAYS = ("set_safe_areas", "set_face_track", "set_muted")


class Bar(QWidget):
    """`timecode` says where the playhead is, `length` how much there is, `state` what the sound does and what was
    dropped.
    """

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = dict(actions)
        self._playing = False
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.timecode = QLabel("--:--:--:--", self)
        self.timecode.setAccessibleDescription(self.tr("Timecode"))
        self.timecode.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.length = QLabel(self)
        self.length.setAccessibleDescription(self.tr("Frame and length"))
        for label in (self.timecode, self.length):
            label.setFont(fixed)
        self.state = ElidedLabel("", self)
        self.state.setAccessibleDescription(self.tr("Sound and dropped frames"))
        self.state.setProperty("dim", True)
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._give_icons()
        self._lay_out()

    def set_playing(self, playing: bool) -> None:
        """The button shows what it would do."""
        if playing != self._playing:
            self._playing = playing
            self._actions["toggle"].setIcon(self._icon("pause" if playing else "play"))

    def set_state(self, text: str, more: str = "") -> None:
        """Elided where there is no room for it; the tool tip has all of it, and what more there is to say."""
        self.state.more = more
        self.state.setText(text)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._give_icons()

    def _give_icons(self) -> None:
        for command in COMMANDS:
            if command.icon:
                self._actions[command.name].setIcon(self._icon(command.icon))

    def _icon(self, name: str) -> QIcon:
        palette = self.palette()
        dim = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        faded = palette.color(QPalette.ColorRole.Mid) if dim == palette.buttonText().color() else dim
        return icon(name, palette.buttonText().color(), faded)

    def _lay_out(self) -> None:
        above = self._row(_TRANSPORT, _MARKS)
        above.insertWidget(0, self.timecode, 1)
        above.addStretch(1)
        below = self._row(_COMPARE, _OVERLAYS)
        below.addSpacing(8)
        below.addWidget(self.state, 1)
        below.addSpacing(8)
        below.addWidget(self.length)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(6, 2, 6, 4)
        rows.setSpacing(2)
        rows.addLayout(above)
        rows.addLayout(below)

    def _row(self, *groups: tuple[str, ...]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(1)
        for number, group in enumerate(groups):
            if number:
                row.addSpacing(8)
            for name in group:
                row.addWidget(self._button(name))
        return row

    def _button(self, name: str) -> QToolButton:
        action = self._actions[name]
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setIconSize(QSize(16, 16))
        button.setFixedSize(24, 24)
        button.setStyleSheet("QToolButton { padding: 2px; }")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys belong to the viewer, and every button has one
        button.setAccessibleName(action.text())
        return button

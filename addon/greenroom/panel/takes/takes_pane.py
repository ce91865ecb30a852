# SPDX-License-Identifier: Apache-2.0
"""The takes of the cue that is looked at, what can be done with them, and what is known of each."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from greenroom.panel.board.posters import Posters
from greenroom.panel.elided import ElidedLabel
from greenroom.panel.hints import paragraph
from greenroom.panel.model.rows import CueRow
from greenroom.panel.model.takes import TakeRow
from greenroom.panel.style import GAP, ROW, colours
from greenroom.panel.takes.take_list import TakeList
from greenroom.panel.words import aligned, isolated

__all__ = ["TakesPane"]


class TakesPane(QWidget):
    """Signals tell what the editor wants of the take that is looked at; the window does it."""

    looked_at = Signal(object)  # TakeRow or None
    circle = Signal(object)
    reject = Signal(object, str)
    accept = Signal(object)
    frame_wanted = Signal(int)

    def __init__(self, posters: Posters, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = TakeList(posters)
        self.head = ElidedLabel(self.tr("No cue"))
        self.head.setProperty("heading", True)
        self.details = QLabel()
        self.details.setAccessibleDescription(self.tr("What made the take, and what was found"))
        self.details.setTextFormat(Qt.TextFormat.RichText)
        self.details.setWordWrap(True)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.details.linkActivated.connect(lambda link: self.frame_wanted.emit(int(link.removeprefix("frame:"))))
        self._make_actions()
        self._lay_out()
        self.list.picked.connect(self._show)
        self._cue: CueRow | None = None

    def _make_actions(self) -> None:
        def made(text: str, key: str, slot: object) -> QAction:
            action = QAction(text, self)
            action.setShortcut(key)
            action.setToolTip(f"{text} ({key})")
            action.triggered.connect(slot)
            return action

        self.circle_action = made(self.tr("Circle"), "C", self._circle)
        self.reject_action = made(self.tr("Reject"), "R", self._reject)
        self.folder_action = made(self.tr("Open folder"), "Ctrl+Shift+O", self._open_folder)
        self.next_action = made(self.tr("Next take"), "Ctrl+Right", lambda: self.list.step(1))
        self.back_action = made(self.tr("Take before"), "Ctrl+Left", lambda: self.list.step(-1))
        self._enable(None)

    def all_actions(self) -> tuple[QAction, ...]:
        """What can be done here, each with its key."""
        return (self.circle_action, self.reject_action, self.next_action, self.back_action, self.folder_action)

    def _lay_out(self) -> None:
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setContentsMargins(GAP, GAP, GAP, 0)
        self._top.addWidget(self.head, 1)
        self._row = QHBoxLayout()
        self._top.addLayout(self._row)
        self.buttons = [QToolButton(), QToolButton()]
        for button, action in zip(self.buttons, (self.circle_action, self.reject_action), strict=True):
            button.setDefaultAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # each has its key
            self._row.addWidget(button)
        self.comparing = _menu_button(self.tr("Compare"), self._row)
        self.more = _menu_button(self.tr("More"), self._row)
        area = QScrollArea()
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setMinimumHeight(ROW)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.addWidget(self.details)
        column.addStretch(1)
        area.setWidget(holder)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(self._top)
        layout.addWidget(self.list)
        layout.addWidget(area, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Which take of whom this is stays readable: where it has no room beside the buttons, it stands above them."""
        beside = self.width() - self._row.sizeHint().width() - 4 * GAP
        above = beside < self.fontMetrics().horizontalAdvance("MARIANNE  animate  01:00:00:00")
        direction = QBoxLayout.Direction
        self._top.setDirection(direction.TopToBottom if above else direction.LeftToRight)
        super().resizeEvent(event)

    def offer(self, comparing: Sequence[QAction], more: Sequence[QAction]) -> None:
        """What the window can do with the take or its cue, for those who work with the mouse."""
        everything = QMenu(self)
        for menu, actions in (
            (self.comparing.menu(), comparing),
            (self.more.menu(), (*more, self.folder_action)),
            (everything, (self.circle_action, self.reject_action, *comparing, *more, self.folder_action)),
        ):
            menu.addActions(actions)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(lambda at: everything.popup(self.list.mapToGlobal(at)))

    def wait_for(self, cue: str) -> None:
        """Another cue was picked, whose takes are still to come: no key may meet those of the one before."""
        if self._cue is None or cue != self._cue.id:
            self._enable(None)

    def show_cue(self, cue: CueRow | None, takes: Sequence[TakeRow]) -> None:
        """Shows the takes of a cue; of the same cue again, the same take stays looked at."""
        current = self.list.current()
        same = cue is not None and self._cue is not None and cue.id == self._cue.id
        self._cue = cue
        if cue is None:
            self.head.setText(self.tr("No cue"))
        else:
            self.head.setText("  ".join(filter(None, (cue.actor, cue.mode, cue.timecode, cue.clip))))
        self.list.show_takes(takes, current.number if same and current is not None else None)

    def _enable(self, row: TakeRow | None) -> None:
        for action in (self.circle_action, self.reject_action, self.folder_action):
            action.setEnabled(row is not None)
        self.reject_action.setText(
            self.tr("Take back") if row is not None and row.rejected is not None else self.tr("Reject")
        )

    def _show(self, row: TakeRow | None) -> None:
        self._enable(row)
        self.details.setText(aligned(self._words(row) if row is not None else self._without()))
        self.looked_at.emit(row)

    def _without(self) -> str:
        cue = self._cue
        if cue is None:
            return ""
        lines = [_escaped(isolated(cue.words))] if cue.words else []
        lines += [_problem(str(problem.severity), paragraph(problem)) for problem in cue.problems]
        return "<br>".join([*lines, _dim(self.tr("No take yet."))])

    def _words(self, row: TakeRow) -> str:
        pairs = [f"{_dim(self._name(name))} {_escaped(isolated(value))}" for name, value in row.made]
        if row.cost:
            pairs.append(f"{_dim(self.tr('cost'))} {_escaped(row.cost)}")
        if row.score is not None:
            pairs.append(f"{_dim(self.tr('score'))} {row.score:.2f}")
        lines = ["&nbsp;&nbsp; ".join(pairs)]
        if row.problem:
            lines.append(_problem("error", row.problem))
        if row.rejected is not None:
            lines.append(
                _problem(
                    "error",
                    self.tr("Rejected: {0}").format(row.rejected or self.tr("no reason given")),
                )
            )
        for finding in row.findings:
            frame = next((first for first, _ in finding.frames), finding.at)
            place = f' <a href="frame:{frame}">{self.tr("frame {0}").format(frame)}</a>' if frame is not None else ""
            lines.append(_problem(finding.light, finding.message) + place)
        if not row.light:
            lines.append(_dim(self.tr("Not measured yet.")))
        lines += [_problem("note", warning) for warning in row.warnings]
        if self._cue is not None:
            lines += [_problem(str(problem.severity), paragraph(problem)) for problem in self._cue.problems]
        return "<br>".join(lines)

    def _name(self, name: str) -> str:
        known = {
            "engine": self.tr("engine"),
            "mode": self.tr("mode"),
            "line": self.tr("line"),
            "motion": self.tr("motion"),
            "seed": self.tr("seed"),
            "frames": self.tr("frames"),
            "timecode": self.tr("timecode"),
            "made": self.tr("made"),
        }
        return known.get(name, name)

    def _circle(self) -> None:
        row = self.list.current()
        if row is not None:
            self.circle.emit(row)

    def _reject(self) -> None:
        row = self.list.current()
        if row is None:
            return
        if row.rejected is not None:
            self.accept.emit(row)
            return
        title = self.tr("Reject take {0}").format(row.number)
        reason, said = QInputDialog.getText(self, title, self.tr("Reason (may be empty)"))
        if said:
            self.reject.emit(row, reason)

    def _open_folder(self) -> None:
        row = self.list.current()
        if row is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(row.take.folder)))


def _menu_button(text: str, row: QHBoxLayout) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setMenu(QMenu(button))
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    row.addWidget(button)
    return button


def _escaped(text: str) -> str:
    return html.escape(text)


def _dim(text: str) -> str:
    return f'<span style="color:{colours().dim}">{_escaped(text)}</span>'


def _problem(light: str, text: str) -> str:
    colour = colours().of_light(light) or colours().text
    return f'<span style="color:{colour}">\u25cf</span> {_escaped(text)}'

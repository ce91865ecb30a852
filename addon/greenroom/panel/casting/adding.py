# SPDX-License-Identifier: Apache-2.0
"""A picture that was dropped: looked over at once, with what is wrong drawn on it; good enough, it becomes an actor."""

from __future__ import annotations

import html
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from greenroom.cast import folder_name
from greenroom.desk import road
from greenroom.errors import CastError, GreenroomError
from greenroom.panel.board.posters import read_poster
from greenroom.panel.casting.cards import Card
from greenroom.panel.casting.examined import LookedOver, look
from greenroom.panel.casting.marked_picture import MarkedPicture
from greenroom.panel.hints import in_window
from greenroom.panel.style import GAP, colours
from greenroom.panel.work import Work

__all__ = ["AddPane"]

_LARGEST = (1280, 960)  # pixels of the picture as it is shown


class AddPane(QWidget):
    """`added` names the actor that is in the cast now, `left` that nothing was added."""

    added = Signal(str)
    left = Signal()

    def __init__(self, work: Work, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._project: Path | None = None
        self._path: Path | None = None
        self._seen: LookedOver | None = None
        self._recast: Card | None = None
        self._busy = False
        self._image = QImage()
        self._make_widgets()
        self._lay_out()

    def begin(self, project: Path, picture: Path, recast: Card | None = None) -> None:
        """Looks a picture over; with `recast` it becomes that actor's new portrait."""
        self._project, self._path, self._recast, self._seen = project, picture, recast, None
        self._image = QImage()
        name = recast.name if recast is not None else picture.stem
        self.head.setText(
            self.tr("New portrait of {0}").format(recast.display_name) if recast else self.tr("New actor")
        )
        self.name.setText(name)
        self.name.setEnabled(recast is None)
        self.identity.setText(recast.parts.get("identity", "") if recast else "")
        self.voice.setText(recast.voice if recast else "")
        self.picture.say(self.tr("Looking the picture over ..."))
        self._say("")
        self._work.run(partial(read_poster, picture, *_LARGEST), self._show_picture, key="cast picture")
        self._work.run(partial(look, picture), self._show_seen, self._show_error, key="cast look")
        self._enable()
        self.name.setFocus()
        self.name.selectAll()

    @property
    def seen(self) -> LookedOver | None:
        """What was found; None while it is being looked over, or where it is no picture."""
        return self._seen

    def _make_widgets(self) -> None:
        self.head = QLabel()
        self.head.setProperty("heading", True)
        self.head.setTextFormat(Qt.TextFormat.PlainText)
        self.picture = MarkedPicture()
        self.picture.setAccessibleName(self.tr("Picture with what is wrong in it"))
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.RichText)
        self.said.setWordWrap(True)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.said.setAccessibleDescription(self.tr("What is wrong with the picture"))
        self.name, self.identity, self.voice = QLineEdit(), QLineEdit(), QLineEdit()
        self.identity.setPlaceholderText(self.tr("a woman of forty, long face, high cheekbones"))
        self.name.textChanged.connect(self._enable)
        self.add = QPushButton(self.tr("Add to the cast"))
        self.add.setProperty("primary", True)
        self.add.setDefault(True)
        self.add.clicked.connect(self._add)
        self.name.returnPressed.connect(self._add)
        self.leave = QPushButton(self.tr("Cancel"))
        self.leave.setToolTip("Esc")
        self.leave.clicked.connect(self.left)

    def _lay_out(self) -> None:
        form = QFormLayout()
        for text, field in (
            (self.tr("Name"), self.name),
            (self.tr("Identity"), self.identity),
            (self.tr("Voice"), self.voice),
        ):
            field.setAccessibleName(text)
            form.addRow(text, field)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        buttons.addWidget(self.add)
        area = QScrollArea()
        area.setAccessibleName(self.tr("What is wrong with the picture"))
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.said)
        side = QVBoxLayout()
        side.addWidget(self.head)
        side.addLayout(form)
        side.addWidget(area, 1)
        side.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GAP, GAP, GAP)
        row.setSpacing(2 * GAP)
        row.addWidget(self.picture, 3)
        row.addLayout(side, 2)

    def _show_picture(self, image: QImage) -> None:
        self._image = image
        if image.isNull():
            self.picture.say(self.tr("This picture can't be shown."))
        else:
            self.picture.show_picture(image, self._seen.marks if self._seen is not None else ())

    def _show_seen(self, seen: LookedOver) -> None:
        self._seen = seen
        if not self._image.isNull():
            self.picture.show_picture(self._image, seen.marks)
        lines = [
            f"<p><b style='color:{colours().of_light(str(problem.severity))}'>{number}</b> "
            f"{html.escape(_sentence(problem.message))} {html.escape(in_window(problem.hint))}</p>"
            for number, problem in enumerate(seen.problems, 1)
        ]
        good = self.tr("This portrait can be animated well.")
        self._say("".join(lines) or f"<p style='color:{colours().green}'>{html.escape(good)}</p>")
        self._enable()

    def _show_error(self, error: GreenroomError) -> None:
        self._busy = False
        text = f"{_sentence(error.message)} {in_window(error.hint)}"
        self._say(f"<p style='color:{colours().red}'>{html.escape(text)}</p>")
        self._enable()

    def _say(self, text: str) -> None:
        self.said.setText(text)

    def _enable(self) -> None:
        try:
            folder_name(self.name.text())
            named = bool(self.name.text().strip())
        except CastError:
            named = False
        self.add.setEnabled(named and self._seen is not None and self._seen.usable and not self._busy)

    def _add(self) -> None:
        if not self.add.isEnabled() or self._path is None:
            return
        self._busy = True
        self._enable()
        written = self.name.text().strip()
        new = {"display_name": written} if self._recast is None else {}
        told = {"identity": self.identity.text().strip() or None, "voice": self.voice.text().strip() or None}
        adding = partial(
            road.add_actor, folder_name(written), portrait=self._path, project=self._project, **new, **told
        )
        self._work.run(adding, lambda done: self._added(done.actor.name), self._show_error)

    def _added(self, name: str) -> None:
        self._busy = False
        self.added.emit(name)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."

# SPDX-License-Identifier: Apache-2.0
"""Asks for a character sheet or an audition: who shall make it, what it costs, and then the button."""

from __future__ import annotations

import html
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from greenroom.errors import GreenroomError, Problem, Severity, told_once
from greenroom.panel.board.posters import read_poster
from greenroom.panel.casting.cards import Card
from greenroom.panel.casting.marked_picture import MarkedPicture
from greenroom.panel.casting.requests import AUDITION, Making, Request, RequestQuote, Result, begin, quote
from greenroom.panel.hints import in_window, paragraph
from greenroom.panel.style import GAP, colours
from greenroom.panel.work import Work

__all__ = ["RequestPane"]

_LOOK = 300  # ms between two looks whether the process has ended
_PAUSE = 250  # ms without a change before a quote is asked for
_SHOWN = 8
_BOARD = (1600, 1600)  # pixels of a contact sheet as it is shown
_SOUNDS = "*.wav *.aif *.aiff *.flac *.mp3 *.m4a *.mov *.mp4 *.mxf"


class RequestPane(QWidget):
    """`made` brings the Result of what was asked for here; `left` that somebody went back."""

    made = Signal(object)
    left = Signal()

    def __init__(self, work: Work, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._project: Path | None = None
        self._card: Card | None = None
        self._kind = ""
        self._quote: RequestQuote | None = None
        self._making: Making | None = None
        self._looking, self._pause = QTimer(self), QTimer(self)
        self._looking.setInterval(_LOOK)
        self._looking.timeout.connect(self._look)
        self._pause.setInterval(_PAUSE)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._ask)
        self._make_widgets()
        self._lay_out()

    @property
    def busy(self) -> bool:
        return self._making is not None

    def ask_for(self, project: Path, card: Card, kind: str, engines: tuple[str, ...]) -> None:
        """Begins with a quote by the first engine, which is the local one where there is one."""
        self._project, self._card, self._kind = project, card, kind
        audition = kind == AUDITION
        self.head.setText(
            (self.tr("Audition of {0}") if audition else self.tr("Character sheet of {0}")).format(card.display_name)
        )
        for widget in (self.line, self.sound, self.sound_label, self.line_label):
            widget.setVisible(audition)
        self.sound_file.setText(str(card.line) if card.line is not None else "")
        self.board.setVisible(False)
        self._offer(engines, several=audition)
        self._ask()
        self.engines.setFocus()

    def wish(self) -> Request | None:
        """What stands in the fields."""
        if self._project is None or self._card is None:
            return None
        chosen = tuple(item.text() for item in self.engines.selectedItems())
        own = str(self._card.line) if self._card.line is not None else ""
        sound = self.sound_file.text().strip()
        audio = Path(sound) if sound and sound != own else None
        allow = self.unknown_cost.isChecked()
        return Request(self._kind, self._project, self._card.name, chosen, self.line.text(), audio, allow)

    def _make_widgets(self) -> None:
        self.head = QLabel()
        self.head.setProperty("heading", True)
        self.head.setTextFormat(Qt.TextFormat.PlainText)
        self.engines = QListWidget()
        self.engines.setAccessibleName(self.tr("Who makes it"))
        self.engines.itemSelectionChanged.connect(self._changed)
        self.line = QLineEdit()
        self.line.setPlaceholderText(self.tr("what is said, which helps the lips"))
        self.line.setAccessibleName(self.tr("Line"))
        self.line_label = QLabel(self.tr("Line"))
        self.sound_file = QLineEdit()
        self.sound_file.setPlaceholderText(self.tr("the actor's scratch voice"))
        self.sound_file.setAccessibleName(self.tr("Sound of the line"))
        self.sound_label = QLabel(self.tr("Sound"))
        choose = QPushButton(self.tr("Choose ..."))
        choose.clicked.connect(self._choose_sound)
        self.sound = QWidget()
        row = QHBoxLayout(self.sound)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.sound_file, 1)
        row.addWidget(choose)
        self.unknown_cost = QCheckBox(self.tr("Send what nobody knows the price of"))
        self.unknown_cost.toggled.connect(self._changed)
        for field in (self.line, self.sound_file):
            field.textChanged.connect(self._changed)
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.RichText)
        self.said.setWordWrap(True)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self.said.setAccessibleDescription(self.tr("Quote"))
        self.board = MarkedPicture()
        self.board.setAccessibleName(self.tr("Contact sheet"))
        self.board.setVisible(False)
        self.busy_bar = QProgressBar()
        self.busy_bar.setRange(0, 0)
        self.busy_bar.setTextVisible(False)
        self.busy_bar.setFixedHeight(4)
        self.busy_bar.setVisible(False)
        self.make = QPushButton(self.tr("Make"))
        self.make.setProperty("primary", True)
        self.make.setEnabled(False)
        self.make.clicked.connect(self._begin)
        self.leave = QPushButton(self.tr("Back"))
        self.leave.setToolTip("Esc")
        self.leave.clicked.connect(self.left)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(self.tr("Who makes it"), self.engines)
        form.addRow(self.line_label, self.line)
        form.addRow(self.sound_label, self.sound)
        form.addRow("", self.unknown_cost)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        buttons.addWidget(self.make)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.addWidget(self.head)
        column.addLayout(form)
        column.addWidget(self.said)
        column.addWidget(self.board, 1)
        column.addStretch(0)
        column.addWidget(self.busy_bar)
        column.addLayout(buttons)

    def _offer(self, engines: tuple[str, ...], *, several: bool) -> None:
        """A sheet is made by one, so that its views are of one hand; an audition by as many as are chosen."""
        mode = QAbstractItemView.SelectionMode
        self.engines.setSelectionMode(mode.MultiSelection if several else mode.SingleSelection)
        self.engines.clear()
        first = "previz" if "previz" in engines else next(iter(engines), "")
        self.engines.addItems(sorted(engines, key=lambda name: (name != first, name)))
        if engines:
            self.engines.setCurrentRow(0)
            self.engines.item(0).setSelected(True)

    def _changed(self) -> None:
        self._quote = None
        self.make.setEnabled(False)
        self._pause.start()

    def _ask(self) -> None:
        wish = self.wish()
        self._quote = None
        self.make.setEnabled(False)
        if wish is None or self.busy or self._card is None:
            return
        if wish.kind == AUDITION and wish.audio is None and self._card.line is None:
            words = self.tr("Choose the line as sound: {0} has no scratch voice.")
            self.said.setText(html.escape(words.format(self._card.display_name)))
        else:
            self.said.setText(html.escape(self.tr("Asking what it costs ...")))
            self._work.run(partial(quote, wish), self._show_quote, self._show_error, key="cast quote")

    def _show_quote(self, found: RequestQuote) -> None:
        if found.request != self.wish() or self.busy:
            return
        self._quote = found
        self.make.setEnabled(found.can_begin)
        lines = [f"<b>{html.escape(self._words(found))}</b>"]
        lines += [html.escape(in_window(note)) for note in found.notes[:_SHOWN]]
        if found.refused is not None:
            lines.append(_marked(found.refused))
        lines += [_marked(problem) for problem in told_once(found.problems)[:_SHOWN] if problem != found.refused]
        self.said.setText("<br>".join(lines))
        self.make.setText(self.tr("Make: {0}").format(found.price) if found.to_make else self.tr("Make"))

    def _words(self, found: RequestQuote) -> str:
        if not found.to_make:
            there = self.tr("There is nothing to make")
            return self.tr("{0}: all of it is there already.").format(there) if found.cached else f"{there}."
        there = self.tr(", {0} there already").format(found.cached) if found.cached else ""
        return self.tr("{0} to make{1}. Cost: {2}.").format(found.to_make, there, found.price)

    def _show_error(self, error: GreenroomError) -> None:
        self._set_busy(None)
        self.said.setText(_marked(error.problem()))

    def _begin(self) -> None:
        if self._quote is None or not self._quote.can_begin or self.busy:
            return
        self.make.setEnabled(False)
        self._work.run(partial(begin, self._quote.request), self._begun, self._show_error)

    def _begun(self, making: Making) -> None:
        self._set_busy(making)
        words = self.tr(
            "It is being made. It goes on when the window is closed; asked for again, it costs nothing more."
        )
        self.said.setText(html.escape(words))

    def _look(self) -> None:
        making = self._making
        if making is not None and not making.running:
            self._looking.stop()
            self._work.run(making.finished, self._finished, self._show_error)

    def _finished(self, result: Result) -> None:
        self._set_busy(None)
        lines = [_marked(problem) for problem in told_once(result.problems)[:_SHOWN]]
        self.said.setText("<br>".join(lines) or html.escape(self.tr("Done.")))
        if result.sheet is not None:
            self._work.run(partial(read_poster, result.sheet, *_BOARD), self._show_board, key="cast board")
        self.made.emit(result)

    def _show_board(self, image: QImage) -> None:
        self.board.setVisible(not image.isNull())
        self.board.show_picture(image)

    def _set_busy(self, making: Making | None) -> None:
        self._making = making
        self.busy_bar.setVisible(making is not None)
        for widget in (self.engines, self.line, self.sound, self.unknown_cost):
            widget.setEnabled(making is None)
        if making is not None:
            self._looking.start()
        else:
            self._looking.stop()

    def _choose_sound(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("The line as sound"), "", f"{self.tr('Sound')} ({_SOUNDS})")
        if path:
            self.sound_file.setText(path)


def _marked(problem: Problem) -> str:
    colour = colours().of_light(str(problem.severity)) or colours().dim
    word = {Severity.ERROR: "\u25a0", Severity.WARNING: "\u25b2"}.get(problem.severity, "\u25cf")
    return f'<span style="color:{colour}">{word}</span> {html.escape(paragraph(problem))}'

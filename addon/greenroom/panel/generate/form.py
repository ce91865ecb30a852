# SPDX-License-Identifier: Apache-2.0
"""What the editor wishes for: mode, engine, takes, line and motion of the selected cues, with the live quote."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from greenroom.cues.model import Mode
from greenroom.desk.results import EngineList
from greenroom.errors import GreenroomError
from greenroom.limits import MOST_TAKES
from greenroom.panel.hints import in_window, paragraph
from greenroom.panel.model.quote import Quote, Wish
from greenroom.panel.model.rows import CueRow
from greenroom.panel.style import GAP, colours
from greenroom.panel.words import isolated

__all__ = ["GenerateForm"]

_PAUSE = 250  # milliseconds without a change before a quote is asked for
_SHOWN = 12  # problems that are told one by one


class GenerateForm(QWidget):
    """`wished` asks for a quote, `begin` for the run that was quoted."""

    wished = Signal(object)
    begin = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cues: tuple[CueRow, ...] = ()
        self._engines = EngineList(())
        self._quote: Quote | None = None
        self._more = False  # asked for before there was a quote
        self._shown = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self._ask)
        self._make_fields()
        self._lay_out()
        self.show_cues(())

    def _make_fields(self) -> None:
        self.head = QLabel()
        self.head.setProperty("heading", True)
        self.mode = QComboBox()
        self.mode.addItem(self.tr("as the note says"), "")
        for mode in Mode:
            if mode is not Mode.PORTRAIT:
                self.mode.addItem(str(mode), str(mode))
        self.engine = QComboBox()
        self.engine.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.takes = QSpinBox()
        self.takes.setRange(0, MOST_TAKES)
        self.takes.setMinimumHeight(22)
        self.takes.setSpecialValueText(self.tr("as the note says"))
        self.line = QLineEdit()
        self.motion = QLineEdit()
        self.unknown_cost = QCheckBox(self.tr("Send what nobody knows the price of"))
        self.quote_text = QLabel()
        self.quote_text.setWordWrap(True)
        self.quote_text.setTextFormat(Qt.TextFormat.RichText)
        self.quote_text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.quote_text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self.quote_text.setAccessibleDescription(self.tr("Quote"))
        self.button = QPushButton()
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self._begin)
        # no shortcut of the button's own: its text changes, and Qt takes the shortcut off then
        self.begin_action = QAction(self.tr("Generate what is quoted"), self)
        self.begin_action.setShortcuts([QKeySequence("Ctrl+Return"), QKeySequence("Ctrl+Enter")])
        self.begin_action.triggered.connect(self._begin)
        for field in (self.mode, self.engine, self.takes, self.line, self.motion, self.unknown_cost):
            field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for box in (self.mode, self.engine):
            box.currentIndexChanged.connect(self._changed)
        for field in (self.line, self.motion):
            field.textEdited.connect(self._changed)
        self.takes.valueChanged.connect(self._changed)
        self.unknown_cost.toggled.connect(self._changed)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(GAP - 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field in (
            (self.tr("Mode"), self.mode),
            (self.tr("Engine"), self.engine),
            (self.tr("Takes"), self.takes),
            (self.tr("Line"), self.line),
            (self.tr("Motion"), self.motion),
        ):
            form.addRow(text, field)
            field.setAccessibleName(text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self.head)
        layout.addLayout(form)
        layout.addWidget(self.unknown_cost)
        layout.addWidget(self.quote_text)
        layout.addWidget(self.button)

    def offer_engines(self, engines: EngineList) -> None:
        """The engines to choose from; those that can't run say why in their tool tip."""
        self._engines = engines
        self._fill_engines()

    def _fill_engines(self) -> None:
        chosen, mode = self.engine.currentData(), self.mode.currentData() or self._common("mode")
        self.engine.blockSignals(True)
        self.engine.clear()
        self.engine.addItem(self.tr("as note and project say"), "")
        for able in self._engines.engines:
            if not mode or mode in able.modes:
                name = able.name if not able.unavailable else self.tr("{0} (not ready)").format(able.name)
                self.engine.addItem(name, able.name)
                tip = in_window(able.unavailable) or able.title
                self.engine.setItemData(self.engine.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.engine.setCurrentIndex(max(0, self.engine.findData(chosen)))
        self.engine.blockSignals(False)

    def show_cues(self, cues: Sequence[CueRow]) -> None:
        """What is wished for is of these; other cues than before begin anew, as their notes say."""
        if tuple(cues) == self._cues and self._cues:
            return  # read again and as before: the quote stays until the next one comes
        same = [cue.id for cue in cues] == [cue.id for cue in self._cues]
        self._cues = tuple(cues)
        if not same:
            self._start_anew()
        self._say_head()
        self._changed()

    def expect(self, cues: Sequence[CueRow]) -> None:
        """`show_cues` follows with these: until then nothing can be begun with the quote of others."""
        if [cue.id for cue in cues] != [cue.id for cue in self._cues]:
            self._quote = None
            self._set_button()

    def _start_anew(self) -> None:
        for box in (self.mode, self.engine, self.takes):
            box.blockSignals(True)
        self.mode.setCurrentIndex(0)
        self.engine.setCurrentIndex(0)
        self.takes.setValue(0)
        self._quote, self._more = None, False
        for box in (self.mode, self.engine, self.takes):
            box.blockSignals(False)
        one = len(self._cues) == 1
        for field, text in ((self.line, self._common("line")), (self.motion, self._common("motion"))):
            field.setText(text if one else "")
            field.setCursorPosition(0)
            field.setEnabled(bool(self._cues))
            field.setPlaceholderText("" if one else self.tr("as each note says"))
        self._fill_engines()

    def _common(self, name: str) -> str:
        """What all the cues say; "" where they differ."""
        said = str(getattr(self._cues[0], name)) if self._cues else ""
        return said if all(str(getattr(cue, name)) == said for cue in self._cues) else ""

    def _say_head(self) -> None:
        if not self._cues:
            self.head.setText(self.tr("Select a cue"))
        elif len(self._cues) == 1:
            self.head.setText(f"{isolated(self._cues[0].actor or self.tr('nobody'))} {self._cues[0].timecode}")
        else:
            self.head.setText(self.tr("Cues: {0}").format(len(self._cues)))

    def wish(self) -> Wish:
        """What the fields say."""
        changes: dict[str, str] = {}
        if self.mode.currentData():
            changes["mode"] = self.mode.currentData()
        one = len(self._cues) == 1
        for key, field in (("line", self.line), ("note", self.motion)):
            if one or field.text():
                changes[key] = field.text()
        return Wish(
            cues=tuple(cue.id for cue in self._cues),
            engine=self.engine.currentData() or "",
            takes=self.takes.value() or None,
            changes=changes,
            allow_unknown_cost=self.unknown_cost.isChecked(),
        )

    def one_more(self) -> None:
        """One take more than there are of what the fields say. Only quotes know how many there are: while the next one
        has nothing to make, one more is asked for.
        """
        quote, self._more = self._quote, self._quote is None or not self._quote.to_make
        if self._cues and quote is not None:
            made, before = quote.cached // len(self._cues), self.takes.value()
            self.takes.setValue(min(MOST_TAKES, max(made, before) + 1))
            self._more = self._more and self.takes.value() != before

    def change(self) -> None:
        """The keys go to what is most often changed."""
        field = self.line if self._common("line") else self.motion
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def _changed(self) -> None:
        if self.sender() is self.mode:
            self._fill_engines()
        self._quote = None
        self._say(self.tr("Planning...") if self._cues else "")
        self._set_button()
        if self._cues:
            self._pause.start()

    def _ask(self) -> None:
        if self._cues:
            self.wished.emit(self.wish())

    def ask_again(self) -> None:
        """The cut or the project changed: the quote is of yesterday."""
        if self._cues:
            self._pause.start()

    def show_quote(self, quote: Quote) -> None:
        """A quote that came; one of an older wish is passed over."""
        if quote.wish != self.wish():
            return
        self._quote = quote
        self.unknown_cost.setVisible(bool(quote.unknown) or self.unknown_cost.isChecked())
        self._say("<br>".join(self._lines(quote)))
        self._set_button()
        if self._more and quote.to_make:
            self._more = False
        elif self._more:
            self.one_more()

    def show_error(self, error: GreenroomError) -> None:
        """Why there is no quote."""
        self._quote, self._more = None, False
        self._say(_marked("error", paragraph(error)))
        self._set_button()

    def _lines(self, quote: Quote) -> list[str]:
        lines = []
        if not quote.to_make and quote.cached:
            lines.append(self.tr("All takes are made already."))
        if quote.to_make:
            takes = self.tr("{0} to make").format(quote.to_make)
            cached = self.tr(", {0} made already").format(quote.cached) if quote.cached else ""
            lines.append(f"<b>{html.escape(self._price(quote))}</b> &nbsp; {takes}{cached}{self._time(quote.seconds)}")
            lines += [
                f'<span style="color:{colours().dim}">{html.escape(in_window(line))}</span>' for line in quote.lines
            ]
        if quote.refused is not None:
            lines.append(_marked("error", paragraph(quote.refused)))
        lines += [_marked(str(problem.severity), paragraph(problem)) for problem in quote.problems[:_SHOWN]]
        if len(quote.problems) > _SHOWN:
            lines.append(self.tr("and {0} more").format(len(quote.problems) - _SHOWN))
        return lines

    def _price(self, quote: Quote) -> str:
        """What it costs in words: "free", "1.20 USD", "1.20 USD, unknown: 2"."""
        unknown = self.tr("unknown: {0}").format(quote.unknown) if quote.known_cost else self.tr("unknown")
        return ", ".join(filter(None, (quote.known_cost, unknown if quote.unknown else ""))) or self.tr("free")

    def _time(self, seconds: float) -> str:
        if seconds < 1:
            return ""
        return (
            self.tr(", about {0} s").format(round(seconds))
            if seconds < 90
            else self.tr(", about {0} min").format(round(seconds / 60))
        )

    def _say(self, text: str) -> None:
        self._shown = text
        self.quote_text.setText(text)

    def _set_button(self) -> None:
        quote = self._quote
        self.button.setEnabled(quote is not None and quote.can_begin)
        if quote is None or not quote.to_make:
            self.button.setText(self.tr("Generate"))
        else:
            self.button.setText(
                self.tr("Generate for {0}").format(self._price(quote)) if quote.cost != 0 else self.tr("Generate")
            )
        self.button.setToolTip("Ctrl+Return")
        if not self._cues or quote is None:
            self.unknown_cost.setVisible(self.unknown_cost.isChecked())

    def _begin(self) -> None:
        quote = self._quote
        if quote is not None and quote.can_begin:
            self._quote = None
            self.button.setEnabled(False)
            self.begin.emit(replace(quote.wish))


def _marked(severity: str, text: str) -> str:
    colour = colours().of_light(severity) or colours().text
    return f'<span style="color:{colour}">\u25cf</span> {html.escape(text)}'

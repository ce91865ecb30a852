# SPDX-License-Identifier: Apache-2.0
"""One actor: portrait, sheet, consent, prompt parts, seed and voice; and what can be asked for from here."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from greenroom.panel.board.posters import Posters
from greenroom.panel.casting.actor_list import consent_tone
from greenroom.panel.casting.cards import Card, Changes
from greenroom.panel.casting.parts_form import PartsForm
from greenroom.panel.hints import paragraph
from greenroom.panel.style import GAP, colours
from greenroom.panel.words import isolated
from greenroom.rights.consent import Standing

__all__ = ["PORTRAIT", "VIEW", "ActorDetail"]

PORTRAIT, VIEW = (320, 240), (120, 90)
_VIEWS = ("front", "three_quarter_left", "three_quarter", "three_quarter_right", "profile")


class ActorDetail(QScrollArea):
    """`saved` brings Changes, `sheet` and `audition` and `recast` ask for these."""

    saved = Signal(object)
    sheet = Signal()
    audition = Signal()
    recast = Signal()

    def __init__(self, portraits: Posters, views: Posters, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Actor"))
        self._card: Card | None = None
        self._drafts: dict[str, Changes] = {}
        self._portraits, self._views = portraits, views
        portraits.changed.connect(self._arrived)
        views.changed.connect(self._arrived)
        self._pictures: dict[QLabel, tuple[Posters, Path | None]] = {}
        self._make_widgets()
        self._lay_out()

    def show_card(self, card: Card) -> None:
        """What was written into the fields of another actor and not saved is there again when it is shown again."""
        if self._card is not None and self.form.changed:
            self._drafts[self._card.name] = self.form.wished()
        self._card = card
        self.name.setText(isolated(card.display_name))
        made = self.tr("made by {0}").format(card.made) if card.made else ""
        self.made.setText(" · ".join(filter(None, (card.name, made))))
        self.consent.setText(self._consent_words(card))
        self.form.show_card(card, self._drafts.pop(card.name, None))
        self.form.setEnabled(card.broken is None)
        for button in (self.make_sheet, self.make_audition):
            button.setEnabled(card.broken is None)
        self._show_pictures(card.portrait, card.sheet)
        self._enable()

    def forget_drafts(self) -> None:
        """Another project, or what was written is saved."""
        self._drafts.clear()
        self._card = None

    @property
    def changed(self) -> bool:
        """Whether there is something to save."""
        return self.form.changed

    def _make_widgets(self) -> None:
        self.name, self.made, self.consent = QLabel(), QLabel(), QLabel()
        for label in (self.name, self.made):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setProperty("heading", True)
        self.made.setProperty("dim", True)
        self.consent.setTextFormat(Qt.TextFormat.RichText)
        self.consent.setWordWrap(True)
        self.consent.setAccessibleDescription(self.tr("Consent"))
        self.portrait = QLabel()
        self.portrait.setFixedSize(*PORTRAIT)
        self.portrait.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.portrait.setAccessibleName(self.tr("Portrait"))
        self.views: dict[str, tuple[QLabel, QLabel]] = {}
        for name in _VIEWS:
            picture, caption = QLabel(), QLabel(name.replace("_", " "))
            picture.setFixedSize(*VIEW)
            picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            picture.setAccessibleName(self.tr("Sheet: {0}").format(caption.text()))
            caption.setProperty("dim", True)
            self.views[name] = picture, caption
        self.no_sheet = QLabel(self.tr("No character sheet yet."))
        self.no_sheet.setProperty("dim", True)
        self.form = PartsForm()
        self.form.edited.connect(self._enable)
        self._new_version = self.tr("Saving makes a new version of the actor: its cues are made anew.")
        self.hint = QLabel()
        self.hint.setProperty("dim", True)
        self.hint.setWordWrap(True)
        self.save = _button(self.tr("Save"), "Ctrl+Return", self._save)
        self.make_sheet = _button(self.tr("Character sheet ..."), "", self.sheet.emit)
        self.make_audition = _button(self.tr("Audition ..."), "", self.audition.emit)
        self.new_portrait = _button(self.tr("New portrait ..."), "", self.recast.emit)
        self.folder = _button(self.tr("Open folder"), "", self._open_folder)

    def _lay_out(self) -> None:
        sheet = QGridLayout()
        sheet.setSpacing(GAP)
        sheet.addWidget(self.no_sheet, 0, 0, 1, len(_VIEWS))
        for column, (picture, caption) in enumerate(self.views.values()):
            sheet.addWidget(picture, 1, column)
            sheet.addWidget(caption, 2, column, Qt.AlignmentFlag.AlignHCenter)
        sheet.setColumnStretch(len(_VIEWS), 1)
        asks = QHBoxLayout()
        for button in (self.make_sheet, self.make_audition, self.new_portrait, self.folder):
            asks.addWidget(button)
        asks.addStretch(1)
        top = QVBoxLayout()
        for widget in (self.name, self.made, self.consent):
            top.addWidget(widget)
        top.addLayout(asks)
        top.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(2 * GAP)
        head.addWidget(self.portrait, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(top, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.hint, 1)
        foot.addWidget(self.save)
        inner = QWidget()
        column_of_all = QVBoxLayout(inner)
        column_of_all.setContentsMargins(2 * GAP, GAP, 2 * GAP, GAP)
        column_of_all.setSpacing(2 * GAP)
        column_of_all.addLayout(head)
        column_of_all.addLayout(sheet)
        column_of_all.addWidget(self.form)
        column_of_all.addLayout(foot)
        column_of_all.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def _show_pictures(self, portrait: Path | None, sheet: Mapping[str, Path]) -> None:
        self._pictures = {self.portrait: (self._portraits, portrait)}
        self.no_sheet.setVisible(not sheet)
        for name, (picture, caption) in self.views.items():
            there = name in sheet
            picture.setVisible(there)
            caption.setVisible(there)
            if there:
                self._pictures[picture] = (self._views, sheet[name])
        self._arrived(None)

    def _arrived(self, path: Path | None) -> None:
        for label, (posters, wanted) in self._pictures.items():
            if path is None or path == wanted:
                found = posters.of(wanted)
                label.clear()  # an empty text alone leaves the picture of the actor before
                if found is None or found.isNull():
                    label.setText("" if found is None and wanted is not None else self.tr("no picture"))
                else:
                    label.setPixmap(found)

    def _consent_words(self, card: Card) -> str:
        if card.broken is not None:
            return _dotted("red", paragraph(card.broken))
        if card.consent is None:
            return ""
        words = self.tr("Consent: {0}").format(card.consent.text)
        if card.consent.standing is Standing.MISSING:
            words = self.tr("{0}. Previz may perform; hosted engines want one first.").format(words)
        return _dotted(consent_tone(card), words)

    def _enable(self) -> None:
        changed = self.form.changed
        self.save.setEnabled(changed)
        self.hint.setText(self._new_version if changed else "")

    def _save(self) -> None:
        if self.form.changed:
            self.saved.emit(self.form.changes())

    def _open_folder(self) -> None:
        if self._card is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._card.folder)))


def _button(text: str, key: str, slot: object) -> QPushButton:
    button = QPushButton(text)
    button.clicked.connect(slot)
    if key:
        button.setShortcut(key)
        button.setToolTip(f"{text} ({key})")
    return button


def _dotted(light: str, text: str) -> str:
    return f'<span style="color:{colours().of_light(light)}">\u25cf</span> {html.escape(text)}'

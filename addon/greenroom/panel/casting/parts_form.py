# SPDX-License-Identifier: Apache-2.0
"""What an actor is besides pictures, as fields: name, prompt parts, seed, voice."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from greenroom.cast.prompt_parts import PARTS
from greenroom.limits import LARGEST_SEED
from greenroom.panel.casting.cards import Card, Changes
from greenroom.panel.style import GAP

__all__ = ["PartsForm"]


class PartsForm(QWidget):
    """`edited` at every change by hand."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.display_name = QLineEdit()
        self.seed = QLineEdit()
        self.seed.setValidator(QIntValidator(0, LARGEST_SEED, self))
        self.seed.setPlaceholderText(self.tr("not locked: engines choose"))
        self.voice = QLineEdit()
        self.voice.setPlaceholderText(self.tr("words, or a sound file in the actor's folder"))
        self.parts = {part.name: QLineEdit() for part in PARTS}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(GAP // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._add(form, self.tr("Called"), self.display_name)
        for part in PARTS:
            field = self.parts[part.name]
            field.setPlaceholderText(part.example)
            field.setToolTip(part.why)
            self._add(form, QCoreApplication.translate("PartsForm", part.name.capitalize()), field)
        self._add(form, self.tr("Seed lock"), self.seed)
        self._add(form, self.tr("Voice"), self.voice)
        self._shown = Changes()

    def show_card(self, card: Card, draft: Changes | None = None) -> None:
        """Fills the fields with what the actor is, or with what was written there before and not saved."""
        seed = card.seed
        self._shown = Changes(
            card.display_name, {name: card.parts.get(name, "") for name in self.parts}, seed, card.voice
        )
        self._fill(draft or self._shown)

    def _fill(self, said: Changes) -> None:
        self.display_name.setText(said.display_name or "")
        for name, field in self.parts.items():
            field.setText(said.parts.get(name, ""))
            field.setCursorPosition(0)
        self.seed.setText("" if said.seed is None else str(said.seed))
        self.voice.setText(said.voice or "")

    @property
    def changed(self) -> bool:
        return self.wished() != self._shown

    def wished(self) -> Changes:
        """What stands in the fields."""
        seed = self.seed.text().strip()
        parts: Mapping[str, str] = {name: field.text().strip() for name, field in self.parts.items()}
        return Changes(
            self.display_name.text().strip() or None, parts, int(seed) if seed else None, self.voice.text().strip()
        )

    def changes(self) -> Changes:
        """What is otherwise than it was shown; an empty field takes its part away."""
        now = self.wished()
        parts = {name: text for name, text in now.parts.items() if text != self._shown.parts.get(name, "")}
        return Changes(
            display_name=now.display_name if now.display_name != self._shown.display_name else None,
            parts=parts,
            seed=now.seed if now.seed != self._shown.seed else None,
            voice=now.voice if now.voice != self._shown.voice else None,
        )

    def _add(self, form: QFormLayout, name: str, field: QLineEdit) -> None:
        field.setAccessibleName(name)
        field.textEdited.connect(self.edited)
        form.addRow(name, field)

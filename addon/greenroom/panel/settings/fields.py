# SPDX-License-Identifier: Apache-2.0
"""Fields of settings: a label, a widget, the key that it stands for. Empty means: the default counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from greenroom.desk.project.changing import Value
from greenroom.panel.words import word

__all__ = ["Fields"]


class Fields(QWidget):
    """A form. `changes` are the keys whose values are others than those that were shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = QFormLayout(self)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._widgets: dict[str, QLineEdit | QComboBox | QCheckBox] = {}
        self._shown: dict[str, str] = {}
        self._numbers: set[str] = set()

    def text(self, key: str, label: str, hint: str = "", *, number: bool = False) -> None:
        field = QLineEdit()
        field.setPlaceholderText(hint)
        if number:
            self._numbers.add(key)
        self._add(key, label, field)

    def choice(self, key: str, label: str, values: Sequence[str]) -> None:
        field = QComboBox()
        for value in values:
            field.addItem(word(value), value)
        self._add(key, label, field)

    def yes(self, key: str, label: str) -> None:
        self._add(key, "", QCheckBox(label))

    def _add(self, key: str, label: str, field: QLineEdit | QComboBox | QCheckBox) -> None:
        self._widgets[key] = field
        if label:
            field.setAccessibleName(label)
        self._form.addRow(label, field)

    def show_values(self, values: Mapping[str, object]) -> None:
        """What is set now; None counts as empty. What somebody has typed since the last time stays."""
        typed = self.changes()
        for key, field in self._widgets.items():
            if key in typed:
                continue
            value = values.get(key)
            text = "" if value is None else str(value)
            if isinstance(field, QLineEdit):
                field.setText(text)
            elif isinstance(field, QCheckBox):
                field.setChecked(value is True)
            else:
                field.setCurrentIndex(max(0, field.findData(text)))
            self._shown[key] = self._said(key)

    def _said(self, key: str) -> str:
        field = self._widgets[key]
        if isinstance(field, QLineEdit):
            return field.text().strip()
        if isinstance(field, QCheckBox):
            return "true" if field.isChecked() else "false"
        return str(field.currentData())

    def changes(self) -> dict[str, Value]:
        """What was changed, as the file takes it."""
        return {key: self._value(key, text) for key, text in self.said().items() if text != self._shown.get(key, text)}

    def said(self) -> dict[str, str]:
        """What stands in the fields now, for `keep`."""
        return {key: self._said(key) for key in self._widgets}

    def keep(self, said: Mapping[str, str]) -> None:
        """The file holds `said` now: what differs from it from here on is a change."""
        self._shown.update(said)

    def _value(self, key: str, text: str) -> Value:
        if isinstance(self._widgets[key], QCheckBox):
            return text == "true"
        if not text:
            return None
        if key not in self._numbers:
            return text
        try:
            return int(text) if text.lstrip("-").isdigit() else Decimal(text.replace(",", "."))
        except InvalidOperation:
            return text  # the file's own check says what is wrong with it

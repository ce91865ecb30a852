# SPDX-License-Identifier: Apache-2.0
"""What the board is filtered by: words, actor, scene, status, finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from greenroom.panel.model.filters import Filter
from greenroom.panel.model.rows import Status
from greenroom.panel.style import GAP
from greenroom.panel.words import word

__all__ = ["FilterBar"]

_LISTS = ("actor", "scene", "status", "code")


class FilterBar(QWidget):
    """`changed` tells the new filter, `left` that the keys may go back to the table."""

    changed = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("Find in cues"))
        self.text.setAccessibleName(self.tr("Find in cues"))
        self.text.setClearButtonEnabled(True)
        self.text.setMinimumWidth(90)
        titles = (self.tr("Actor"), self.tr("Scene"), self.tr("Status"), self.tr("Finding"))
        self.lists = {name: self._list(title) for name, title in zip(_LISTS, titles, strict=True)}
        self.count = QLabel()
        self.count.setProperty("dim", True)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.text, 1)
        above.addWidget(self.count)
        for each in self.lists.values():
            below.addWidget(each, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(GAP, GAP, GAP, GAP)
        for layout in (above, below):
            layout.setSpacing(GAP)
            rows.addLayout(layout)
        self.text.textChanged.connect(self._tell)
        self.text.returnPressed.connect(self.left)

    def _list(self, title: str) -> QComboBox:
        made = QComboBox()
        made.addItem(title, "")
        made.setAccessibleName(title)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(4)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        made.currentIndexChanged.connect(self._tell)
        return made

    def offer(self, offered: Mapping[str, Sequence[str]]) -> None:
        """The choices that the cut has; what is chosen stays chosen."""
        for name, values in offered.items():
            box = self.lists[name]
            wanted = box.currentData()
            if [box.itemData(place) for place in range(1, box.count())] == list(values):
                continue
            box.blockSignals(True)
            while box.count() > 1:
                box.removeItem(1)
            for value in values:
                box.addItem(word(value) if name == "status" else value, value)
            box.setCurrentIndex(max(0, box.findData(wanted)))
            box.blockSignals(False)

    def filter(self) -> Filter:
        status = self.lists["status"].currentData()
        return Filter(
            text=self.text.text(),
            actor=self.lists["actor"].currentData(),
            scene=self.lists["scene"].currentData(),
            status=Status(status) if status else None,
            code=self.lists["code"].currentData(),
        )

    def show_count(self, shown: int, everything: int) -> None:
        of = self.tr("{0} of {1}").format(shown, everything)
        self.count.setText(str(everything) if shown == everything else of)

    def clear(self) -> None:
        """Everything is shown again, and the table has the keys."""
        for box in self.lists.values():
            box.setCurrentIndex(0)
        self.text.clear()
        self.left.emit()

    def _tell(self) -> None:
        self.changed.emit(self.filter())

# SPDX-License-Identifier: Apache-2.0
"""The actors one under the other: portrait, name, and how the consent stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QListView, QWidget

from greenroom.panel.board.posters import Posters
from greenroom.panel.casting.cards import Card
from greenroom.panel.hints import paragraph
from greenroom.panel.style import colours
from greenroom.rights.consent import Standing

__all__ = ["FACE", "ActorList", "consent_tone"]

FACE = (80, 60)  # of a portrait in the list
_ROW = 50
_Index = QModelIndex | QPersistentModelIndex


def consent_tone(card: Card) -> str:
    """The light that stands for the consent: green, amber or red."""
    if card.consent is None:
        return "red"
    if not card.consent.good:
        return "red" if card.consent.standing is not Standing.MISSING else "amber"
    return "amber" if card.consent.standing is Standing.ENDS_SOON else "green"


class _Model(QAbstractListModel):
    def __init__(self, posters: Posters, parent: QWidget) -> None:
        super().__init__(parent)
        self.cards: tuple[Card, ...] = ()
        self._posters = posters
        posters.changed.connect(self._arrived)

    def show(self, cards: Sequence[Card]) -> None:
        self.beginResetModel()
        self.cards = tuple(cards)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.cards)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        card = self.cards[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{card.display_name}\n{self._about(card)}"
        if role == Qt.ItemDataRole.DecorationRole:
            return self._posters.of(card.portrait)
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(2 * FACE[0], _ROW)  # with the portrait or before it is there
        if role == Qt.ItemDataRole.ToolTipRole:
            return paragraph(card.broken) if card.broken is not None else self._about(card)
        if role == Qt.ItemDataRole.ForegroundRole and card.broken is not None:
            return QColor(colours().red)
        return None

    def _about(self, card: Card) -> str:
        if card.broken is not None:
            return card.broken.message
        return card.consent.text if card.consent is not None else ""

    def _arrived(self, path: Path) -> None:
        for row, card in enumerate(self.cards):
            if card.portrait == path:
                index = self.index(row)
                self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])


class ActorList(QListView):
    """`picked` names the actor that is looked at now."""

    picked = Signal(str)

    def __init__(self, posters: Posters, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Model(posters, self)
        self.setModel(self._model)
        self.setIconSize(QSize(*FACE))
        self.setSpacing(2)
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Cast"))
        self.selectionModel().currentChanged.connect(self._moved)

    def show_cards(self, cards: Sequence[Card], chosen: str = "") -> str:
        """`chosen` stays the one looked at if it is still there; returns who is, without a signal."""
        self.selectionModel().blockSignals(True)
        self._model.show(cards)
        names = [card.name for card in cards]
        row = names.index(chosen) if chosen in names else 0
        self.setCurrentIndex(self._model.index(row))
        self.selectionModel().blockSignals(False)
        return names[row] if names else ""

    def card_at(self, y: int) -> Card | None:
        """The actor under a place of the list, for a picture that is dropped on it."""
        index = self.indexAt(QPoint(self.viewport().width() // 2, y))
        return self._model.cards[index.row()] if index.isValid() else None

    def _moved(self, current: QModelIndex, before: QModelIndex) -> None:
        if current.isValid():
            self.picked.emit(self._model.cards[current.row()].name)

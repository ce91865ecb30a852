# SPDX-License-Identifier: Apache-2.0
"""The rows of a board as Qt's model. Filtering and sorting are done on plain values, in one pass: a proxy would ask
Python once for each row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from greenroom.panel.board.columns import COLUMNS, POSTER_COLUMN, STATUS_COLUMN
from greenroom.panel.hints import paragraph
from greenroom.panel.model.filters import Filter, filtered, haystacks
from greenroom.panel.model.rows import CueRow
from greenroom.panel.words import word

__all__ = ["CueModel"]

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class CueModel(QAbstractTableModel):
    """The cues that pass the filter, sorted. `rows` are those that are shown, `everything` all of them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.everything: tuple[CueRow, ...] = ()
        self.rows: list[CueRow] = []
        self.filter = Filter()
        self._haystacks: list[str] | None = None  # made for the first search
        self._sorted_by = (1, False)

    def show(self, rows: Sequence[CueRow]) -> None:
        """Shows other rows; where only what they say is new, the table stays as it is and is drawn again."""
        same = [row.id for row in rows] == [row.id for row in self.everything]
        self.everything = tuple(rows)
        self._haystacks = None
        shown = self._chosen()
        if same and [row.id for row in shown] == [row.id for row in self.rows]:
            self.rows = shown
            if shown:
                self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, len(COLUMNS) - 1))
            return
        self._reset(shown)

    def use(self, wanted: Filter) -> None:
        """Shows the rows that `wanted` lets through."""
        self.filter = wanted
        self._reset(self._chosen())

    def place_of(self, cue: str) -> int | None:
        """The row of a cue; None where it isn't shown."""
        return next(iter(self.places_of((cue,))), None)

    def places_of(self, cues: Iterable[str]) -> list[int]:
        """The rows of those cues that are shown, in one pass: a table of them all would cost every filter more."""
        wanted = set(cues)
        return [place for place, row in enumerate(self.rows) if row.id in wanted]

    def _chosen(self) -> list[CueRow]:
        column, down = self._sorted_by
        if self.filter.text and self._haystacks is None:
            self._haystacks = haystacks(self.everything)
        found = filtered(self.everything, self._haystacks or (), self.filter)
        return sorted(found, key=COLUMNS[column].sort, reverse=down)

    def _reset(self, shown: list[CueRow]) -> None:
        self.beginResetModel()
        self.rows = shown
        self.endResetModel()

    # Qt's side

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return QCoreApplication.translate("Columns", COLUMNS[section].title)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[column].text(row)
        if role == Qt.ItemDataRole.TextAlignmentRole and COLUMNS[column].right:
            return _RIGHT
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == POSTER_COLUMN:
            return f"{row.actor} {row.mode}, {row.timecode}, {word(str(row.status))}"
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted_by = (column, order == Qt.SortOrder.DescendingOrder)
        self._reset(self._chosen())


def _tip(row: CueRow, column: int) -> str | None:
    if column == STATUS_COLUMN and row.problems:
        return "\n".join(paragraph(problem) for problem in row.problems)
    return row.words or None

# SPDX-License-Identifier: Apache-2.0
"""The cue table: rows of cues, their posters and states, with widths that are remembered."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from greenroom.panel.board.columns import COLUMNS, POSTER_COLUMN, STATUS_COLUMN
from greenroom.panel.board.cue_model import CueModel
from greenroom.panel.board.posters import Posters
from greenroom.panel.model.rows import CueRow
from greenroom.panel.state import State
from greenroom.panel.style import POSTER, ROW, colours

__all__ = ["CueTable"]

_Index = QModelIndex | QPersistentModelIndex
_DOT = 7
_SCORE_COLUMN = next(place for place, column in enumerate(COLUMNS) if column.name == "score")


class CueTable(QTableView):
    """`picked` tells the selected cues, the current one first."""

    picked = Signal(list)

    def __init__(self, model: CueModel, posters: Posters, state: State, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cues = model
        self._state = state
        self._keeping: list[str] = []
        self._current = ""
        self._told: list[CueRow] | None = None
        self.setAccessibleName(self.tr("Cues"))
        self.setModel(model)
        self._dress()
        self.setItemDelegateForColumn(POSTER_COLUMN, _PosterDelegate(posters, self))
        for column in (STATUS_COLUMN, _SCORE_COLUMN):
            self.setItemDelegateForColumn(column, _DotDelegate(self))
        posters.changed.connect(lambda path: self.viewport().update())
        self._set_widths()
        model.modelAboutToBeReset.connect(self._remember_selection)
        model.modelReset.connect(self._restore_selection)
        self.selectionModel().selectionChanged.connect(self._tell)
        self.selectionModel().currentRowChanged.connect(self._tell)

    def _dress(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSortingEnabled(True)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setStretchLastSection(True)
        head.setSectionsMovable(True)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSortIndicator(1, Qt.SortOrder.AscendingOrder)

    def _set_widths(self) -> None:
        head = self.horizontalHeader()
        for place, column in enumerate(COLUMNS):
            self.setColumnWidth(place, column.width)
        kept = self._state.bytes("board/columns")
        if not kept.isEmpty():
            head.restoreState(kept)

    def offer(self, actions: Sequence[QAction]) -> None:
        """What the window can do with the selected cues, at a right click."""
        menu = QMenu(self)
        menu.addActions(actions)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: menu.popup(self.viewport().mapToGlobal(at)))

    def keep(self) -> None:
        """Remembers widths, order and sorting."""
        self._state.keep("board/columns", self.horizontalHeader().saveState())

    def selected(self) -> list[CueRow]:
        """The selected cues in the order of the table. By ranges: an index for each of 10,000 costs 150 ms."""
        chosen = self.selectionModel().selection()
        spans = [chosen.at(place) for place in range(chosen.count())]
        places = {place for span in spans for place in range(span.top(), span.bottom() + 1)}
        return [self._cues.rows[place] for place in sorted(places)]

    def current(self) -> CueRow | None:
        index = self.currentIndex()
        return self._cues.rows[index.row()] if index.isValid() and index.row() < len(self._cues.rows) else None

    def selectRow(self, row: int) -> None:
        """That row alone, whatever keys are held: Qt's own adds it while Ctrl is down, as in Ctrl+Down."""
        kinds = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(self._cues.index(row, 0), kinds.ClearAndSelect | kinds.Rows)

    def go_to(self, cue: str) -> None:
        """Selects a cue, where it is shown."""
        place = self._cues.place_of(cue)
        if place is not None:
            self.selectRow(place)
            self.scrollTo(self._cues.index(place, 1))

    def step(self, rows: int) -> None:
        """Selects the cue so many rows on."""
        count = self._cues.rowCount()
        if count:
            place = min(max(self.currentIndex().row() + rows, 0), count - 1)
            self.selectRow(place)

    def selected_first(self) -> list[CueRow]:
        """The selected cues, the current one first."""
        rows, current = self.selected(), self.current()
        if current is not None and current in rows:
            rows = [current, *(row for row in rows if row is not current)]
        return rows

    def _tell(self) -> None:
        """Once for all that a click or a filter changes."""
        rows = self.selected_first()
        if rows != self._told:
            self._told = rows
            self.picked.emit(rows)

    def _remember_selection(self) -> None:
        current = self.current()
        self._current = current.id if current is not None else self._current
        self._keeping = [row.id for row in self.selected()] or self._keeping

    def _restore_selection(self) -> None:
        places = self._cues.places_of(self._keeping)
        current = self._cues.place_of(self._current)
        if current is None:
            current = places[0] if places else 0
        if not self._cues.rowCount():
            self._tell()
            return
        self.selectRow(current)
        if len(places) > 1:
            wanted = QItemSelection()
            for place in places:
                wanted.select(self._cues.index(place, 0), self._cues.index(place, len(COLUMNS) - 1))
            self.selectionModel().select(wanted, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(self._cues.index(current, 1))


class _PosterDelegate(QStyledItemDelegate):
    """The poster of the take in use, or an empty frame."""

    def __init__(self, posters: Posters, parent: QWidget) -> None:
        super().__init__(parent)
        self._posters = posters

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(POSTER[0] + 8, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        super().paint(painter, option, index)
        row: CueRow = index.data(Qt.ItemDataRole.UserRole)
        room = option.rect
        frame = QRect(room.x() + 4, room.y() + (room.height() - POSTER[1]) // 2, *POSTER)
        self._posters.use_ratio(painter.device().devicePixelRatioF())
        picture = self._posters.of(row.poster)
        if picture is None or picture.isNull():
            painter.fillRect(frame, QColor(colours().raised))
            return
        size = picture.deviceIndependentSize().toSize()
        painter.fillRect(frame, QColor("#000000"))
        inner = QRect(0, 0, size.width(), size.height())
        inner.moveCenter(frame.center())
        painter.drawPixmap(inner, picture)


class _DotDelegate(QStyledItemDelegate):
    """A word with a dot of its colour before it, so that a column of states is read at a glance."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: CueRow = index.data(Qt.ItemDataRole.UserRole)
        state = str(row.status) if index.column() == STATUS_COLUMN else row.light
        colour = colours().of_light(state)
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        text, own.text = own.text, ""
        style = own.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, own, painter, own.widget)
        if not text:
            return
        chosen = bool(own.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text
        room = own.rect.adjusted(6, 0, -6, 0)
        painter.save()
        if colour:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(QColor(colour))
            painter.setPen(own.palette.color(role) if chosen else QColor(colour))
            dot = QRect(room.x(), room.center().y() - _DOT // 2, _DOT, _DOT)
            painter.drawEllipse(QStyle.visualRect(own.direction, room, dot))
        painter.setPen(own.palette.color(role))
        shown = own.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width() - _DOT - 5)
        beside = QStyle.visualRect(own.direction, room, room.adjusted(_DOT + 5, 0, 0, 0))
        painter.drawText(beside, int(own.displayAlignment), shown)
        painter.restore()

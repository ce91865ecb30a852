# SPDX-License-Identifier: Apache-2.0
"""The cue table: rows of cues, their posters and states, with widths that are remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QKeyEvent, QPainter, QPalette
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
_KINDS = QItemSelectionModel.SelectionFlag
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
        self._restoring = self._alone = False
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
        # of the cues' own selection the head would ask for each row of each column, to draw what is flat here
        head.setSelectionModel(QItemSelectionModel(self._cues, head))

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
        """The selected cues in the order of the table."""
        return [self._cues.rows[place] for place in self._selected_places()]

    def _selected_places(self) -> list[int]:
        """By ranges: an index for each of 10,000 costs 150 ms."""
        chosen = self.selectionModel().selection()
        spans = [chosen.at(place) for place in range(chosen.count())]
        return sorted({place for span in spans for place in range(span.top(), span.bottom() + 1)})

    def current(self) -> CueRow | None:
        index = self.currentIndex()
        return self._cues.rows[index.row()] if index.isValid() and index.row() < len(self._cues.rows) else None

    def selectRow(self, row: int) -> None:
        """That row alone; whoever then goes on with Shift begins there."""
        self._alone = True
        self.setCurrentIndex(self._cues.index(row, 0))
        self._alone = False

    def selectionCommand(self, index: _Index, event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:
        """What the program selects it selects alone: Qt's own adds it while Ctrl is down, as in Ctrl+Down."""
        return _KINDS.ClearAndSelect | _KINDS.Rows if self._alone else super().selectionCommand(index, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End go to the first and the last cue, and with Shift select up to there; Ctrl is the same."""
        if event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            without = event.modifiers() & ~Qt.KeyboardModifier.ControlModifier
            event = QKeyEvent(event.type(), event.key(), without)
        super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        ends = {self.CursorAction.MoveHome: 0, self.CursorAction.MoveEnd: self._cues.rowCount() - 1}
        if action in ends:
            return self._cues.index(ends[action], max(0, self.currentIndex().column()))
        return super().moveCursor(action, modifiers)

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
        places, current = self._selected_places(), self.currentIndex().row()
        if current in places:
            places.remove(current)
            places.insert(0, current)
        return [self._cues.rows[place] for place in places]

    def _tell(self) -> None:
        """Once for all that a click or a filter changes."""
        if self._restoring:
            return
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
        if self._cues.rowCount():
            self._restoring = True
            self.selectRow(current)
            if len(places) > 1:
                self._select(places)
            self._restoring = False
            self.scrollTo(self._cues.index(current, 1))
        self._tell()

    def _select(self, places: Sequence[int]) -> None:
        """Those rows alone, a range for each stretch of them."""
        wanted = QItemSelection()
        for first, last in _stretches(places):
            ends = self._cues.createIndex(first, 0), self._cues.createIndex(last, len(COLUMNS) - 1)
            wanted.append(QItemSelectionRange(*ends))
        self.selectionModel().select(wanted, _KINDS.ClearAndSelect)


def _stretches(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of each stretch of places that follow one another."""
    begins = [at for at in range(len(places)) if not at or places[at] != places[at - 1] + 1]
    for begin, end in zip(begins, [*begins[1:], len(places)], strict=True):
        yield places[begin], places[end - 1]


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

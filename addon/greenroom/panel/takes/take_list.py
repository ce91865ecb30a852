# SPDX-License-Identifier: Apache-2.0
"""The takes of a cue as a row of thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from greenroom.panel.board.posters import Posters
from greenroom.panel.model.takes import TakeRow
from greenroom.panel.style import colours

__all__ = ["THUMBNAIL", "TakeList"]

THUMBNAIL = (128, 72)
_PAD, _LINE = 4, 17
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class TakeModel(QAbstractListModel):
    """The rows of `TakeRow`, as Qt asks for them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[TakeRow, ...] = ()

    def show(self, rows: Sequence[TakeRow]) -> None:
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._words(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join([self._words(row), *(finding.message for finding in row.findings)])
        return None

    def _words(self, row: TakeRow) -> str:
        words = [self.tr("Take {0}").format(row.number), row.take.label or row.take.engine]
        if row.circled:
            words.append(self.tr("circled"))
        if row.rejected is not None:
            words.append(self.tr("rejected"))
        if row.light:
            words.append(row.light)
        return ", ".join(words)


class TakeList(QListView):
    """`picked` tells the take that is looked at, None where there is none; `chosen` a double click or Return."""

    picked = Signal(object)
    chosen = Signal()

    def __init__(self, posters: Posters, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.takes = TakeModel(self)
        self.setAccessibleName(self.tr("Takes"))
        self.setModel(self.takes)
        self.setItemDelegate(_TakeDelegate(posters, self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(THUMBNAIL[1] + 2 * _PAD + _LINE + 12)
        posters.changed.connect(lambda path: self.viewport().update())
        self.selectionModel().currentChanged.connect(self._tell)
        self.activated.connect(lambda index: self.chosen.emit())

    def show_takes(self, rows: Sequence[TakeRow], number: int | None) -> None:
        """Shows takes, and looks at the one of that number, else at the one in use, else at the newest."""
        self.takes.show(rows)
        places = {row.number: place for place, row in enumerate(rows)}
        used = next((row.number for row in rows if row.used), None)
        place = places.get(number or -1, places.get(used or -1, len(rows) - 1))
        if rows:
            self.setCurrentIndex(self.takes.index(place))
        else:
            self.picked.emit(None)

    def current(self) -> TakeRow | None:
        index = self.currentIndex()
        return self.takes.rows[index.row()] if index.isValid() else None

    def step(self, takes: int) -> None:
        """Looks at the take so many further on."""
        count = len(self.takes.rows)
        if count:
            self.setCurrentIndex(self.takes.index(min(max(self.currentIndex().row() + takes, 0), count - 1)))

    def go_to(self, number: int) -> None:
        """Looks at the take of that number."""
        for place, row in enumerate(self.takes.rows):
            if row.number == number:
                self.setCurrentIndex(self.takes.index(place))

    def _tell(self) -> None:
        self.picked.emit(self.current())


class _TakeDelegate(QStyledItemDelegate):
    """A thumbnail, a frame where it is circled, a stroke through it where it is rejected, and a line below."""

    def __init__(self, posters: Posters, parent: QWidget) -> None:
        super().__init__(parent)
        self._posters = posters

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(THUMBNAIL[0] + 2 * _PAD, THUMBNAIL[1] + 2 * _PAD + _LINE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: TakeRow = index.data(Qt.ItemDataRole.UserRole)
        room: QRect = option.rect
        frame = QRect(room.x() + _PAD, room.y() + _PAD, *THUMBNAIL)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(room, QColor(colours().raised))
        painter.fillRect(frame, QColor("#000000"))
        self._draw_picture(painter, frame, row)
        if row.rejected is not None:
            painter.fillRect(frame, QColor(0, 0, 0, 140))
            painter.setPen(QPen(QColor(colours().red), 2))
            painter.drawLine(frame.bottomLeft(), frame.topRight())
        if row.circled:
            painter.setPen(QPen(QColor(colours().green), 2))
            painter.drawRect(frame.adjusted(1, 1, -1, -1))
        if chosen:
            painter.setPen(QPen(QColor(colours().accent), 1))
            painter.drawRect(room.adjusted(0, 0, -1, -1))
        self._draw_line(painter, QRect(frame.x(), frame.bottom() + 1, frame.width(), _LINE), row)
        painter.restore()

    def _draw_picture(self, painter: QPainter, frame: QRect, row: TakeRow) -> None:
        self._posters.use_ratio(painter.device().devicePixelRatioF())
        picture = self._posters.of(row.take.poster)
        if picture is None or picture.isNull():
            return
        size = picture.deviceIndependentSize().toSize()
        inner = QRect(0, 0, size.width(), size.height())
        inner.moveCenter(frame.center())
        painter.drawPixmap(inner, picture)

    def _draw_line(self, painter: QPainter, room: QRect, row: TakeRow) -> None:
        if row.light:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours().of_light(row.light)))
            dot = QRect(room.right() - 7, room.center().y() - 3, 7, 7)
            painter.drawEllipse(QStyle.visualRect(painter.layoutDirection(), room, dot))
        words = [str(row.number), row.take.label or row.take.engine]
        if row.cost:
            words.append(row.cost)
        if row.used and not row.circled:
            words.append(self.tr("newest"))
        painter.setPen(QColor(colours().red if row.problem else colours().text))
        text = painter.fontMetrics().elidedText("  ".join(words), Qt.TextElideMode.ElideRight, room.width() - 12)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), text)

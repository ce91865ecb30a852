# SPDX-License-Identifier: Apache-2.0
"""The cut as a strip: every cue where it lies on the timeline, in the colour of its state.

Wheel zooms about the pointer, dragging the empty part moves along, a click selects. Cues that are closer together than
a pixel are drawn as one, so that ten thousand cost no more than the strip is wide.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from greenroom.frames import timecode
from greenroom.panel.model.rows import Board, CueRow, Status
from greenroom.panel.style import colours
from greenroom.panel.words import word

__all__ = ["Strip"]

_HEIGHT, _RULER, _EDGE = 62, 16, 6
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)  # seconds between two numbers of the ruler
_STATUSES = tuple(Status)  # the worst first
_WORST = {status: place for place, status in enumerate(_STATUSES)}


class Strip(QWidget):
    """`picked` tells the cue that was clicked."""

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Timeline"))
        self.setAccessibleDescription(self.tr("The cues along the cut; the table below lists the same"))
        self.setFixedHeight(_HEIGHT)
        self._rows: list[CueRow] = []
        self._starts: list[int] = []
        nothing = np.zeros(0, np.int64)
        self._spans = (nothing, nothing, nothing)  # first frames, ends, places of the status in _STATUSES
        self._longest = 1
        self._selected: set[str] = set()
        self._chosen = np.zeros(0, np.bool_)  # of _rows, those that are selected
        self._rate, self._drop_frame = Fraction(24), False
        self._first, self._last = 0, 1  # the cut
        self._from, self._frames = 0.0, 1.0  # what is seen
        self._grabbed: float | None = None

    def sizeHint(self) -> QSize:
        return QSize(600, _HEIGHT)

    def show_board(self, board: Board) -> None:
        """The cut's ends and rate; zoomed out where it is another cut."""
        ends = (board.start, max(board.end, board.start + 1))
        if ends != (self._first, self._last):
            self._first, self._last = ends
            self._from, self._frames = float(ends[0]), float(ends[1] - ends[0])
        self._rate, self._drop_frame = board.rate, board.drop_frame

    def show_rows(self, rows: Sequence[CueRow]) -> None:
        """The cues, as filtered."""
        self._rows = sorted(rows, key=attrgetter("start"))
        self._starts = [row.start for row in self._rows]
        self._longest = max((row.frames for row in self._rows), default=1)
        starts = np.array(self._starts, np.int64)
        frames = np.array([row.frames for row in self._rows], np.int64)
        self._spans = (starts, starts + frames, np.array([_WORST[row.status] for row in self._rows], np.int64))
        self._mark_chosen()
        self.update()

    def select(self, cues: Sequence[str]) -> None:
        """Marks cues, and moves along so that the first of them is seen."""
        self._selected = set(cues)
        self._mark_chosen()
        row = next((row for row in self._rows if cues and row.id == cues[0]), None)
        if row is not None and not (self._from <= row.start and row.start + row.frames <= self._from + self._frames):
            self._look_at(row.start + row.frames / 2 - self._frames / 2)
        self.update()

    def _mark_chosen(self) -> None:
        self._chosen = np.fromiter((row.id in self._selected for row in self._rows), np.bool_, len(self._rows))

    def _x(self, frame: float) -> float:
        return _EDGE + (frame - self._from) / self._frames * (self.width() - 2 * _EDGE)

    def _frame(self, x: float) -> float:
        return self._from + (x - _EDGE) / max(1, self.width() - 2 * _EDGE) * self._frames

    def _look_at(self, start: float) -> None:
        self._from = min(max(start, self._first), max(self._first, self._last - self._frames))
        self.update()

    def _seen(self) -> list[CueRow]:
        low = bisect_left(self._starts, int(self._from) - self._longest)
        high = bisect_left(self._starts, int(self._from + self._frames) + 1)
        return self._rows[low:high]

    def cue_at(self, x: float) -> CueRow | None:
        """The cue under a place of the strip; of several the one that begins last."""
        frame, near = self._frame(x), self._frames / max(1, self.width()) * 2
        found = [row for row in self._seen() if row.start - near <= frame < row.start + row.frames + near]
        return found[-1] if found else None

    # drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours().base))
        self._draw_ruler(painter)
        lane = QRectF(_EDGE, _RULER + 4, self.width() - 2 * _EDGE, _HEIGHT - _RULER - 10)
        painter.fillRect(lane, QColor(colours().window))
        if self._frames / max(1.0, lane.width()) * 2 > self._shortest():
            self._draw_dense(painter, lane)
        else:
            self._draw_cues(painter, lane)
        painter.end()

    def _shortest(self) -> int:
        """The length of a usual cue: where it has no two pixels, cues are drawn together."""
        return self._rows[len(self._rows) // 2].frames if self._rows else 1

    def _draw_ruler(self, painter: QPainter) -> None:
        wanted = self._frames / float(self._rate) / max(1, self.width() / 110)
        step = next((step for step in _STEPS if step >= wanted), _STEPS[-1])
        frames = step * float(self._rate)
        painter.setPen(QColor(colours().dim))
        number = int((self._from - self._first) // frames)
        while (frame := self._first + number * frames) <= self._from + self._frames:
            x = self._x(frame)
            painter.drawLine(int(x), _RULER - 4, int(x), _RULER)
            room = painter.fontMetrics().horizontalAdvance("00:00:00:00")
            if number >= 0 and x + 3 + room <= self.width() and x >= 0:
                text = timecode(round(frame), self._rate, drop_frame=self._drop_frame)
                painter.drawText(int(x) + 3, _RULER - 4, text)
            number += 1

    def _draw_cues(self, painter: QPainter, lane: QRectF) -> None:
        metrics = painter.fontMetrics()
        for row in self._seen():
            left, right = self._x(row.start), self._x(row.start + row.frames)
            room = QRectF(left, lane.top(), max(2.0, right - left - 1), lane.height()).intersected(lane)
            chosen = row.id in self._selected
            painter.fillRect(room, QColor(colours().accent if chosen else colours().raised))
            painter.fillRect(QRectF(room.left(), room.bottom() - 3, room.width(), 3), self._colour(row.status))
            if room.width() > 24:
                painter.setPen(QColor(colours().on_accent if chosen else colours().text))
                text = f"{row.actor} {row.mode}".strip()
                inner = room.adjusted(4, 0, -4, -3)
                shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
                painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, shown)

    def _draw_dense(self, painter: QPainter, lane: QRectF) -> None:
        """A column for each pixel, in the state of the worst cue under it."""
        left, width = int(lane.left()), int(lane.width())
        top, height = int(lane.top()), int(lane.height())
        worst = self._columns(left, width)
        raised, shades = QColor(colours().raised), [self._colour(status) for status in _STATUSES]
        for first, end, filled in _runs((worst < len(_STATUSES)).astype(np.int64)):
            if filled:
                painter.fillRect(left + first, top, end - first, height, raised)
        for first, end, rank in _runs(worst):
            if rank < len(_STATUSES):
                painter.fillRect(left + first, top + height - 3, end - first, 3, shades[rank])
        accent = QColor(colours().accent)
        for first, end, chosen in _runs(self._chosen_columns(left, width).astype(np.int64)):
            if chosen:
                painter.fillRect(left + first, top, end - first, height - 3, accent)

    def _columns(self, left: int, width: int) -> NDArray[np.int64]:
        """The place in _STATUSES of the worst cue under each pixel of the lane; len(_STATUSES) where there is none."""
        worst = np.full(width, len(_STATUSES), np.int64)
        begins, ends, ranks = self._on_lane(left, width)
        for pixel in range(int(np.max(ends - begins, initial=0))):
            under = begins + pixel
            inside = (under < ends) & (under >= 0) & (under < width)
            np.minimum.at(worst, under[inside], ranks[inside])
        return worst

    def _chosen_columns(self, left: int, width: int) -> NDArray[np.bool_]:
        """Whether a selected cue is under each pixel of the lane."""
        begins, ends, _ = self._on_lane(left, width, self._chosen)
        edges = np.zeros(width + 1, np.int64)
        np.add.at(edges, np.clip(begins, 0, width), 1)
        np.add.at(edges, np.clip(ends, 0, width), -1)
        return np.cumsum(edges[:width]) > 0

    def _on_lane(
        self, left: int, width: int, only: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The first pixel of each cue that is seen, the one after its last, and the place of its status."""
        scale = (self.width() - 2 * _EDGE) / self._frames
        begins = ((self._spans[0] - self._from) * scale + _EDGE - left).astype(np.int64)
        ends = ((self._spans[1] - self._from) * scale + _EDGE - left).astype(np.int64)
        seen = (ends >= 0) & (begins < width)
        if only is not None:
            seen &= only
        return begins[seen], np.maximum(ends, begins + 1)[seen], self._spans[2][seen]

    def _colour(self, status: Status) -> QColor:
        return QColor(colours().of_light(str(status)) or colours().line)

    # hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.cue_at(event.position().x())
        if found is not None:
            self.picked.emit(found.id)
        else:
            self._grabbed = self._frame(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None:
            self._look_at(self._from + self._grabbed - self._frame(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._from, self._frames = float(self._first), float(self._last - self._first)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, across = event.angleDelta().y(), event.angleDelta().x()
        if across:
            self._look_at(self._from - across / 120 * self._frames / 10)
            return
        frame = self._frame(event.position().x())
        whole = float(self._last - self._first)
        frames = min(whole, max(float(self._rate), self._frames * 0.8 ** (turned / 120)))
        share = (frame - self._from) / self._frames
        self._frames = frames
        self._look_at(frame - share * frames)
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            row = self.cue_at(event.pos().x())
            text = _tip(row) if row is not None else ""
            QToolTip.showText(event.globalPos(), text.strip(), self)
            return True
        return super().event(event)


def _tip(row: CueRow) -> str:
    return f"{row.timecode}  {row.actor} {row.mode}, {word(str(row.status))}\n{row.words}"


def _runs(columns: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Stretches of equal values: (first, end, value)."""
    if not columns.size:
        return
    edges = [0, *(np.flatnonzero(np.diff(columns)) + 1).tolist(), columns.size]
    for first, end in pairwise(edges):
        yield first, end, int(columns[first])

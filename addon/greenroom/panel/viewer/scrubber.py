# SPDX-License-Identifier: Apache-2.0
"""The line under the picture: playhead, marks, and a tick for each finding, which jumps to its frame."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QToolTip, QWidget

from greenroom.panel.viewer.picture import FindingTick

__all__ = ["Scrubber"]

_LIGHTS = {"red": QColor("#e5534b"), "amber": QColor("#e0a030"), "green": QColor("#57ab5a")}
_EDGE = 7  # room left and right of the line, half a tick
_TICKS = 12  # height of the row of ticks
_NEAR = 6  # how near to a tick a press has to be


class Scrubber(QAbstractSlider):
    """A slider over frames, so that a screen reader tells the frame. `picked`: a frame was chosen by mouse."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys belong to the viewer
        self._ticks: tuple[FindingTick, ...] = ()
        self._marks = (0, 0)
        self._damaged: tuple[range, ...] = ()

    def sizeHint(self) -> QSize:
        return QSize(200, 30)

    minimumSizeHint = sizeHint

    def set_ticks(self, ticks: Sequence[FindingTick]) -> None:
        self._ticks = tuple(ticks)
        self.update()

    def set_marks(self, low: int, high: int) -> None:
        """The frames that are played, `high` exclusive."""
        self._marks = (low, high)
        self.update()

    def set_damaged(self, frames: Sequence[range]) -> None:
        """Stretches that can't be decoded, as far as they are known."""
        if tuple(frames) != self._damaged:
            self._damaged = tuple(frames)
            self.update()

    def tick_at(self, x: float) -> FindingTick | None:
        """The finding whose tick is nearest, if one is near."""
        near = [(abs(self._across(tick.first) - x), tick) for tick in self._ticks]
        distance, tick = min(near, key=lambda pair: pair[0], default=(_NEAR + 1.0, None))
        return tick if distance <= _NEAR else None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        line = QRectF(_EDGE, _TICKS + 6, self.width() - 2 * _EDGE, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.mid())
        painter.drawRect(line)
        low, high = self._marks
        if high > low:
            left, right = self._across(low), self._across(high - 1)
            painter.setBrush(palette.highlight())
            painter.drawRect(QRectF(left, line.top(), max(2.0, right - left), line.height()))
        for gap in self._damaged:
            left, right = self._across(gap.start), self._across(gap.stop)
            painter.setBrush(QBrush(_LIGHTS["red"], Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(_LIGHTS["red"], 1))
            painter.drawRect(QRectF(left, line.top() - 2, max(2.0, right - left), line.height() + 4))
        painter.setPen(Qt.PenStyle.NoPen)
        for tick in self._ticks:
            self._paint_tick(painter, tick)
        at = self._across(self.value())
        painter.setPen(QPen(palette.text().color(), 1))
        painter.drawLine(QPointF(at, _TICKS), QPointF(at, self.height()))
        painter.setBrush(palette.text())
        painter.drawPolygon(QPolygonF([QPointF(at - 4, _TICKS), QPointF(at + 4, _TICKS), QPointF(at, _TICKS + 5)]))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self.setSliderDown(True)
        at = event.position()
        tick = self.tick_at(at.x()) if at.y() <= _TICKS + 2 else None
        self.picked.emit(tick.first if tick is not None else self._frame(at.x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.picked.emit(self._frame(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            tick = self.tick_at(event.pos().x())
            QToolTip.showText(event.globalPos(), tick.message if tick is not None else "", self)
            return True
        return super().event(event)

    def _paint_tick(self, painter: QPainter, tick: FindingTick) -> None:
        colour = _LIGHTS.get(tick.light, _LIGHTS["amber"])
        left, right = self._across(tick.first), self._across(max(tick.first, tick.end - 1))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour.red(), colour.green(), colour.blue(), 90))
        painter.drawRect(QRectF(left, _TICKS - 4, max(1.0, right - left), 4))
        painter.setBrush(colour)
        if tick.light == "red":  # told by shape as well, for those who see no red
            painter.drawRect(QRectF(left - 3, 2, 6, _TICKS - 3))
        else:
            painter.drawEllipse(QPointF(left, 2 + (_TICKS - 3) / 2), 3.5, 3.5)

    def _across(self, frame: int) -> float:
        span = max(1, self.maximum() - self.minimum())
        return _EDGE + (frame - self.minimum()) * (self.width() - 2 * _EDGE) / span

    def _frame(self, x: float) -> int:
        span = self.maximum() - self.minimum()
        share = (x - _EDGE) / max(1, self.width() - 2 * _EDGE)
        return self.minimum() + round(min(1.0, max(0.0, share)) * span)

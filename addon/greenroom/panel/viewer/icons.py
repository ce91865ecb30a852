# SPDX-License-Identifier: Apache-2.0
"""The pictures on the viewer's buttons, drawn in the colour of the text, sharp at any scale of the screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

__all__ = ["icon"]

_SIDE = 16
_SCALES = (1.0, 1.5, 2.0, 2.5, 3.0)


def icon(name: str, colour: QColor, dim: QColor) -> QIcon:
    """The icon of a command; `dim` where it can't be used now."""
    result = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, dim)):
        for scale in _SCALES:
            pixmap = QPixmap(round(_SIDE * scale), round(_SIDE * scale))
            pixmap.setDevicePixelRatio(scale)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(ink, 1.4))
            painter.setBrush(ink)
            _DRAWN[name](painter)
            painter.end()
            result.addPixmap(pixmap, mode)
    return result


def _triangle(painter: QPainter, left: float, right: float) -> None:
    """Points to `right`."""
    painter.drawPolygon(QPolygonF([QPointF(left, 3.5), QPointF(right, 8), QPointF(left, 12.5)]))


def _bar(painter: QPainter, x: float) -> None:
    painter.drawLine(QPointF(x, 3), QPointF(x, 13))


def _play(painter: QPainter) -> None:
    _triangle(painter, 5, 12)


def _pause(painter: QPainter) -> None:
    painter.drawRect(QRectF(4, 3.5, 2.5, 9))
    painter.drawRect(QRectF(9.5, 3.5, 2.5, 9))


def _on(painter: QPainter) -> None:
    _triangle(painter, 2.5, 7.5)
    _triangle(painter, 8.5, 13.5)


def _back(painter: QPainter) -> None:
    _triangle(painter, 7.5, 2.5)
    _triangle(painter, 13.5, 8.5)


def _step_on(painter: QPainter) -> None:
    _bar(painter, 4.5)
    _triangle(painter, 7, 12.5)


def _step_back(painter: QPainter) -> None:
    _bar(painter, 11.5)
    _triangle(painter, 9, 3.5)


def _to_start(painter: QPainter) -> None:
    _bar(painter, 3)
    _triangle(painter, 8.5, 4.5)
    _triangle(painter, 13.5, 9.5)


def _to_end(painter: QPainter) -> None:
    _bar(painter, 13)
    _triangle(painter, 7.5, 11.5)
    _triangle(painter, 2.5, 6.5)


def _bracket(painter: QPainter, back: float, front: float) -> None:
    painter.drawPolyline(QPolygonF([QPointF(front, 3), QPointF(back, 3), QPointF(back, 13), QPointF(front, 13)]))


def _mark_in(painter: QPainter) -> None:
    _bracket(painter, 6, 10.5)


def _mark_out(painter: QPainter) -> None:
    _bracket(painter, 10, 5.5)


def _loop(painter: QPainter) -> None:
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(3, 3.5, 10, 9), 40 * 16, 280 * 16)
    painter.restore()
    painter.drawPolygon(QPolygonF([QPointF(10, 5.5), QPointF(14, 5.5), QPointF(13, 2)]))


def _frame(painter: QPainter, *, left: bool = False, right: bool = False) -> None:
    if left:
        painter.drawRect(QRectF(2, 4, 6, 8))
    if right:
        painter.drawRect(QRectF(8, 4, 6, 8))
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(2, 4, 12, 8))
    painter.restore()


def _number(text: str) -> Callable[[QPainter], None]:
    def drawn(painter: QPainter) -> None:
        font = painter.font()
        font.setPixelSize(10)
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(QRectF(0, 0, _SIDE, _SIDE), Qt.AlignmentFlag.AlignCenter, text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(2, 2.5, 12, 11))

    return drawn


def _side(painter: QPainter) -> None:
    _frame(painter)
    painter.drawLine(QPointF(8, 4), QPointF(8, 12))


def _wipe(painter: QPainter) -> None:
    _frame(painter, left=True)


def _difference(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(6, 8), 4, 4)
    painter.drawEllipse(QPointF(10, 8), 4, 4)


def _safe(painter: QPainter) -> None:
    _frame(painter)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(painter.pen().color(), 1))
    painter.drawRect(QRectF(4.5, 6, 7, 4))


def _face(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(8, 8), 3, 4)
    for x, y in ((2, 2), (14, 2), (2, 14), (14, 14)):
        painter.drawPolyline(
            QPolygonF(
                [QPointF(x, y + (2.5 if y < 8 else -2.5)), QPointF(x, y), QPointF(x + (2.5 if x < 8 else -2.5), y)]
            )
        )


def _mute(painter: QPainter) -> None:
    path = QPainterPath(QPointF(2.5, 6))
    for x, y in ((5, 6), (8.5, 3), (8.5, 13), (5, 10), (2.5, 10)):
        path.lineTo(x, y)
    painter.drawPath(path)
    painter.drawLine(QPointF(10.5, 6), QPointF(14, 10))
    painter.drawLine(QPointF(14, 6), QPointF(10.5, 10))


_DRAWN: dict[str, Callable[[QPainter], None]] = {
    "play": _play,
    "pause": _pause,
    "on": _on,
    "back": _back,
    "step_on": _step_on,
    "step_back": _step_back,
    "to_start": _to_start,
    "to_end": _to_end,
    "mark_in": _mark_in,
    "mark_out": _mark_out,
    "loop": _loop,
    "first": _number("1"),
    "second": _number("2"),
    "side": _side,
    "wipe": _wipe,
    "difference": _difference,
    "safe": _safe,
    "face": _face,
    "mute": _mute,
}

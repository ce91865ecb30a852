# SPDX-License-Identifier: Apache-2.0
"""A picture with what is wrong drawn on it, each fault with its number in the list beside it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from greenroom.panel.casting.examined import Mark
from greenroom.panel.style import colours

__all__ = ["MarkedPicture"]

_BADGE = 16


class MarkedPicture(QWidget):
    """Fits the picture into its place. Without one it shows `words`."""

    def __init__(self, words: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 135)
        self._words = words
        self._image = QImage()
        self._marks: tuple[Mark, ...] = ()

    def sizeHint(self) -> QSize:
        return QSize(560, 315)

    def show_picture(self, image: QImage, marks: Sequence[Mark] = ()) -> None:
        """A null image shows none."""
        self._image = image
        self._marks = tuple(marks)
        self.update()

    def say(self, words: str) -> None:
        """What stands where there is no picture."""
        self._words = words
        self.show_picture(QImage())

    def place(self) -> QRectF:
        """Where the picture lies."""
        if self._image.isNull():
            return QRectF()
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        size = self._image.width() * scale, self._image.height() * scale
        return QRectF((self.width() - size[0]) / 2, (self.height() - size[1]) / 2, *size)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(colours().base))
        if self._image.isNull():
            painter.setPen(QColor(colours().dim))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._words)
        else:
            self._paint_picture(painter)
        painter.end()

    def _paint_picture(self, painter: QPainter) -> None:
        place = self.place()
        painter.drawImage(place, self._image)
        painter.setClipRect(place)
        badges: list[QPointF] = []
        for mark in self._marks:
            self._paint_mark(painter, mark, place, badges)

    def _paint_mark(self, painter: QPainter, mark: Mark, place: QRectF, badges: list[QPointF]) -> None:
        colour = QColor(colours().of_light(str(mark.severity)) if mark.severity is not None else colours().green)
        painter.setPen(QPen(colour, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        corner = place.topLeft()
        if mark.box is not None:
            box = _on(place, mark.box).intersected(place.adjusted(1, 1, -1, -1))
            painter.drawRect(box)
            corner = box.topLeft()
        if mark.line is not None:
            line = _on(place, mark.line)
            start = line.topLeft()
            end = QPointF(place.x() + mark.line[2] * place.width(), place.y() + mark.line[3] * place.height())
            painter.drawLine(start, end)
            painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
            middle = (start + end) / 2
            painter.drawLine(QPointF(middle.x(), start.y()), QPointF(middle.x(), end.y()))
        if mark.number:
            self._paint_badge(painter, mark.number, colour, corner, badges)

    @staticmethod
    def _paint_badge(painter: QPainter, number: int, colour: QColor, corner: QPointF, badges: list[QPointF]) -> None:
        """Two faults of one place have their numbers side by side."""
        while any((other - corner).manhattanLength() < _BADGE for other in badges):
            corner = corner + QPointF(_BADGE + 2, 0)
        badges.append(corner)
        badge = QRectF(corner.x(), corner.y(), _BADGE, _BADGE)
        painter.fillRect(badge, colour)
        font = QFont(painter.font())
        font.setBold(True)
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(QColor(colours().on_accent))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(number))


def _on(place: QRectF, shares: tuple[float, float, float, float]) -> QRectF:
    left, top, width, height = shares
    return QRectF(
        place.x() + left * place.width(),
        place.y() + top * place.height(),
        width * place.width(),
        height * place.height(),
    )

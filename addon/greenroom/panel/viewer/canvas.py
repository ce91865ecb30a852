# SPDX-License-Identifier: Apache-2.0
"""Where the pictures are painted: one, or two compared, with what is laid over them."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from greenroom.panel.viewer.picture import Box
from greenroom.panel.viewer.source import Image

__all__ = ["Canvas", "Compare", "Pane", "rooms"]

_BACKGROUND = QColor("#101214")  # nearly black, as the area round a picture is in every editing program
_TEXT = QColor("#c9ced6")
_QUIET = QColor("#8b929c")
_LINE = QColor(255, 255, 255, 110)
_FACE = QColor("#63c7b2")
_WIPE = QColor("#f2c14e")
_GAP = 2  # between two pictures side by side
_GRIP = 12  # how near to the line of the wipe a press has to be
_ACTION, _TITLE = 0.93, 0.90  # safe areas of the picture's width and height: EBU R 95, SMPTE ST 2046-1


class Compare(enum.StrEnum):
    """How two pictures are seen."""

    FIRST = "first"
    SECOND = "second"
    SIDE_BY_SIDE = "side by side"
    WIPE = "wipe"
    DIFFERENCE = "difference"


@dataclass(frozen=True)
class Pane:
    """One of the pictures as it is now. `message` is told where there is no `image`."""

    label: str = ""
    image: Image | None = None
    message: str = ""
    face: Box | None = None


def rooms(compare: Compare, width: int, height: int) -> tuple[QRect, QRect]:
    """Where the first and the second picture have room, in the canvas's own pixels."""
    if compare is not Compare.SIDE_BY_SIDE:
        whole = QRect(0, 0, width, height)
        return whole, whole
    half = max(0, (width - _GAP) // 2)
    return QRect(0, 0, half, height), QRect(width - half, 0, half, height)


class Canvas(QWidget):
    """Paints what it is given; decides nothing. `resized` and `wiped` tell the viewer."""

    resized = Signal()
    wiped = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 90)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.first, self.second = Pane(), Pane()
        self.compare = Compare.FIRST
        self.wipe_at = 0.5
        self.safe_areas = False
        self.face_track = False
        self._dragging = False

    def sizeHint(self) -> QSize:
        return QSize(640, 360)

    def room_in_pixels(self, second: bool = False) -> tuple[int, int]:
        """The room of a picture in the screen's own pixels."""
        room = rooms(self.compare, self.width(), self.height())[int(second)]
        ratio = self.devicePixelRatioF()
        return round(room.width() * ratio), round(room.height() * ratio)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), _BACKGROUND)
        self._paint(painter)
        painter.end()  # whoever looks at this frame from another thread would keep it painting

    def _paint(self, painter: QPainter) -> None:
        first, second = rooms(self.compare, self.width(), self.height())
        if self.compare is Compare.SECOND:
            self._paint_pane(painter, self.second, second)
        elif self.compare is Compare.SIDE_BY_SIDE:
            self._paint_pane(painter, self.first, first)
            self._paint_pane(painter, self.second, second)
        elif self.compare is Compare.WIPE:
            self._paint_wipe(painter, first)
        elif self.compare is Compare.DIFFERENCE:
            self._paint_difference(painter, first)
        else:
            self._paint_pane(painter, self.first, first)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragging = self._on_wipe(event.position().toPoint())
        if not self._dragging:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            room = rooms(self.compare, self.width(), self.height())[0]
            self.wiped.emit(min(1.0, max(0.0, event.position().x() / max(1, room.width()))))
        near = self._dragging or self._on_wipe(event.position().toPoint())
        self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False
        super().mouseReleaseEvent(event)

    def _on_wipe(self, at: QPoint) -> bool:
        return self.compare is Compare.WIPE and abs(at.x() - self.wipe_at * self.width()) <= _GRIP

    def _paint_pane(self, painter: QPainter, pane: Pane, room: QRect) -> None:
        if pane.image is not None:
            place = self.place(pane.image, room)
            painter.drawImage(place, _as_qt(pane.image.pixels))
            self._paint_overlays(painter, pane, place)
        elif pane.message:
            self._paint_message(painter, pane.message, room)
        self._paint_label(painter, pane.label, room, Qt.AlignmentFlag.AlignLeft)

    def _paint_wipe(self, painter: QPainter, room: QRect) -> None:
        line = round(self.wipe_at * room.width())
        for pane, part in (
            (self.first, QRect(0, 0, line, room.height())),
            (self.second, QRect(line, 0, room.width() - line, room.height())),
        ):
            painter.save()
            painter.setClipRect(part)
            if pane.image is not None:
                place = self.place(pane.image, room)
                painter.drawImage(place, _as_qt(pane.image.pixels))
                self._paint_overlays(painter, pane, place)
            elif pane.message:
                self._paint_message(painter, pane.message, part)
            painter.restore()
        painter.setPen(QPen(_WIPE, 1))
        painter.drawLine(line, 0, line, room.height())
        self._paint_label(painter, self.first.label, room, Qt.AlignmentFlag.AlignLeft)
        self._paint_label(painter, self.second.label, room, Qt.AlignmentFlag.AlignRight)

    def _paint_difference(self, painter: QPainter, room: QRect) -> None:
        first, second = self.first.image, self.second.image
        if first is None or second is None:
            pane = self.first if first is None else self.second
            self._paint_message(painter, pane.message, room)
            return
        image = _as_qt(difference(first.pixels, second.pixels))
        painter.drawImage(self._centred(image.width(), image.height(), room), image)
        label = f"{self.first.label} − {self.second.label}"
        self._paint_label(painter, label, room, Qt.AlignmentFlag.AlignLeft)

    def place(self, image: Image, room: QRect) -> QRectF:
        """Pixel for pixel where the image was made for this room; scaled until one of the new size is there."""
        fits = self.room_in_pixels(second=room.x() > 0)
        width, height = image.size
        if not (width == fits[0] or height == fits[1]):
            scale = min(fits[0] / width, fits[1] / height)
            width, height = round(width * scale), round(height * scale)
        return self._centred(width, height, room)

    def _centred(self, width: int, height: int, room: QRect) -> QRectF:
        ratio = self.devicePixelRatioF()
        left = round((room.width() * ratio - width) / 2) / ratio + room.x()
        top = round((room.height() * ratio - height) / 2) / ratio + room.y()
        return QRectF(left, top, width / ratio, height / ratio)

    def _paint_overlays(self, painter: QPainter, pane: Pane, place: QRectF) -> None:
        if self.safe_areas:
            painter.setPen(QPen(_LINE, 1))
            for share in (_ACTION, _TITLE):
                across, down = place.width() * (1 - share) / 2, place.height() * (1 - share) / 2
                painter.drawRect(place.adjusted(across, down, -across, -down))
        if self.face_track and pane.face is not None:
            left, top, width, height = pane.face
            painter.setPen(QPen(_FACE, 2))
            painter.drawRect(
                QRectF(
                    place.x() + left * place.width(),
                    place.y() + top * place.height(),
                    width * place.width(),
                    height * place.height(),
                )
            )

    @staticmethod
    def _paint_message(painter: QPainter, message: str, room: QRect) -> None:
        painter.setPen(_TEXT)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room.adjusted(24, 24, -24, -24), flags, message)

    @staticmethod
    def _paint_label(painter: QPainter, label: str, room: QRect, side: Qt.AlignmentFlag) -> None:
        if not label:
            return
        flags = side | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextSingleLine
        inner = room.adjusted(8, 6, -8, -6)
        text = painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideMiddle, inner.width())
        bounds = painter.boundingRect(inner, flags, text).adjusted(-4, -2, 4, 2)
        painter.fillRect(bounds, QColor(0, 0, 0, 150))
        painter.setPen(_QUIET)
        painter.drawText(inner, flags, text)


def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How far the pictures are apart, each (height, width, 4) BGRX; of another size, both in the middle of black."""
    import cv2

    if first.shape != second.shape:
        height, width = np.maximum(first.shape[:2], second.shape[:2])
        first, second = (_in_the_middle(pixels, int(width), int(height)) for pixels in (first, second))
    return np.asarray(cv2.absdiff(first, second))


def _in_the_middle(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    result = np.zeros((height, width, 4), np.uint8)
    top, left = (height - pixels.shape[0]) // 2, (width - pixels.shape[1]) // 2
    result[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return result


def _as_qt(pixels: np.ndarray) -> QImage:
    """The same memory as Qt's image: `pixels` has to outlive it."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB32)

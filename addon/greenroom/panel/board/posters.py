# SPDX-License-Identifier: Apache-2.0
"""Posters, loaded late: a view asks for what it paints, gets it if it is there, and hears when it is.

A picture is decoded by OpenCV in a thread, straight to the size that is shown: an 8,000-pixel poster costs the window
nothing. What is asked for last is loaded first, and of what was scrolled past only the newest is loaded at all.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from greenroom.errors import GreenroomError
from greenroom.panel.work import Work

__all__ = ["Posters", "read_poster"]

_KEPT = 600  # pixmaps of a few kilobytes each
_WAITING = 48  # a screen full of rows
_AT_ONCE = 2


def read_poster(path: Path, width: int, height: int) -> QImage:
    """The picture in `path`, fitted into `width` x `height` pixels. A null image where there is none."""
    import cv2
    import numpy as np

    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return QImage()
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        return QImage()
    high, wide = picture.shape[:2]
    share = min(width / wide, height / high, 1.0)
    size = (max(1, round(wide * share)), max(1, round(high * share)))
    small = np.ascontiguousarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    return QImage(small.data, size[0], size[1], small.strides[0], QImage.Format.Format_BGR888).copy()


class Posters(QObject):
    """`changed` names a path whose picture has come."""

    changed = Signal(object)

    def __init__(self, work: Work, width: int, height: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._size = (width, height)
        self._ratio = 1.0
        self._kept: OrderedDict[Path, QPixmap] = OrderedDict()
        self._waiting: deque[Path] = deque(maxlen=_WAITING)
        self._loading: set[Path] = set()

    def use_ratio(self, ratio: float) -> None:
        """Pictures for a screen with so many pixels to a point; others are loaded anew."""
        if ratio != self._ratio:
            self._ratio = ratio
            self._kept.clear()

    def of(self, path: Path | None) -> QPixmap | None:
        """The picture, or None where it is still to come; a null pixmap where there is none."""
        if path is None:
            return None
        found = self._kept.get(path)
        if found is not None:
            self._kept.move_to_end(path)
            return found
        if path not in self._loading and path not in self._waiting:
            self._waiting.append(path)
            self._load_next()
        return None

    def forget(self) -> None:
        """Loads everything anew when it is asked for."""
        self._kept.clear()

    def _load_next(self) -> None:
        while self._waiting and len(self._loading) < _AT_ONCE:
            path = self._waiting.pop()
            self._loading.add(path)
            ratio = self._ratio
            width, height = (round(side * ratio) for side in self._size)
            taken, missed = partial(self._take, path, ratio), partial(self._miss, path, ratio)
            self._work.run(partial(read_poster, path, width, height), taken, missed)

    def _take(self, path: Path, ratio: float, image: QImage) -> None:
        """One that was made for another screen than the window is on by now is asked for anew."""
        if ratio == self._ratio:
            pixmap = QPixmap.fromImage(image)
            pixmap.setDevicePixelRatio(ratio)
            self._kept[path] = pixmap
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self._loading.discard(path)
        self.changed.emit(path)
        self._load_next()

    def _miss(self, path: Path, ratio: float, error: GreenroomError) -> None:
        self._take(path, ratio, QImage())

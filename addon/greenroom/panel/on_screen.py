# SPDX-License-Identifier: Apache-2.0
"""Windows stay where they can be seen: a screen that is unplugged takes none with it.

Qt gives such a window to another screen and leaves it where it was, most of it beyond the edge; from a screen at 200 %
it also comes twice as large. Not every window manager mends that.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, QTimer
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QApplication, QWidget

__all__ = ["bring_back", "watch_screens"]

_SETTLED = 500  # milliseconds until the desktop has done what it does by itself
_ENOUGH = 0.9  # of a window's area


def watch_screens(app: QApplication) -> None:
    """From now on, windows come back from screens that are unplugged, or get smaller or another scale."""
    soon = QTimer(app)
    soon.setSingleShot(True)
    soon.setInterval(_SETTLED)
    soon.timeout.connect(_bring_all_back)

    def watch(screen: QScreen) -> None:
        screen.availableGeometryChanged.connect(soon.start)

    for screen in app.screens():
        watch(screen)
    app.screenAdded.connect(watch)
    app.screenRemoved.connect(soon.start)


def _bring_all_back() -> None:
    for window in QApplication.topLevelWidgets():
        if window.isVisible() and window.windowType() in (window.windowType().Window, window.windowType().Dialog):
            bring_back(window)


def bring_back(window: QWidget) -> None:
    """Puts a window of which too little can be seen wholly on its screen, smaller where it has to be."""
    frame = window.frameGeometry()
    if window.isMaximized() or window.isFullScreen() or frame.isEmpty():
        return
    parts = [frame & screen.availableGeometry() for screen in QApplication.screens()]
    if sum(part.width() * part.height() for part in parts) >= _ENOUGH * frame.width() * frame.height():
        return
    room = window.screen().availableGeometry()
    edges = QSize(frame.width() - window.width(), frame.height() - window.height())
    window.resize(window.size().boundedTo(room.size() - edges))
    last = room.topLeft() + QPoint(room.width() - window.width(), room.height() - window.height())
    last -= QPoint(edges.width(), edges.height())
    across = max(room.left(), min(frame.left(), last.x()))
    window.move(across, max(room.top(), min(frame.top(), last.y())))

# SPDX-License-Identifier: Apache-2.0
"""`greenroom panel`, with somebody who looks at it: `python eyes.py panel CUT`.

Every line on stdin asks `[name, role]`; the answer is a line of JSON with all that is seen of that name or description,
as a screen reader would tell it: `[[role, name, value, left, top, width, height, checked, enabled, selected, focused],
...]`, in the screen's own pixels. What is covered by a dialog or a menu isn't seen. Hands are xdotool's: nothing is
done from here. Where a host has the panel's stdin, PANEL_EYES names a Unix socket to listen at instead.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import sys
import threading
from collections.abc import Iterator
from typing import TextIO

from PySide6.QtCore import QRect, QTimer
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QApplication, QWidget

from greenroom.cli import main
from greenroom.panel.run import application

LOOK = 20  # milliseconds


def on_top() -> list[QWidget]:
    """The windows that take clicks: a menu or list that is open, else a dialog, else all."""
    menu = QApplication.activePopupWidget()
    if menu is not None:
        return [menu]
    dialog = QApplication.activeModalWidget()
    if dialog is not None:
        return [dialog]
    return [each for each in QApplication.topLevelWidgets() if each.isVisible() and each.parent() is None]


def seen(thing: QAccessibleInterface, room: QRect) -> Iterator[tuple[QAccessibleInterface, QRect]]:
    """All that is at least partly within `room`."""
    for place in range(thing.childCount()):
        child = thing.child(place)
        if child is None or child.state().invisible:
            continue
        box = child.rect().intersected(room)
        if not box.isEmpty():
            yield child, box
            yield from seen(child, box)


def answer(name: str, role: str) -> list[list[object]]:
    found: list[list[object]] = []
    for window in on_top():
        scale = window.devicePixelRatioF()
        whole = QAccessible.queryAccessibleInterface(window)
        for thing, box in seen(whole, whole.rect()):
            called, kind = thing.text(QAccessible.Text.Name), thing.role().name
            if name not in (called, thing.text(QAccessible.Text.Description), "*") or role not in (kind, ""):
                continue
            sides = [round(side * scale) for side in (box.x(), box.y(), box.width(), box.height())]
            state = thing.state()
            told = (thing.text(QAccessible.Text.Value), *sides, bool(state.checked), not state.disabled)
            found.append([kind, called, *told, bool(state.selected), bool(state.focused)])
    return found


def pipes() -> tuple[TextIO, TextIO]:
    """Where questions come from, and where answers go."""
    path = os.environ.get("PANEL_EYES")
    if path is None:
        return sys.stdin, sys.stdout
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        friend, _ = server.accept()
    return friend.makefile("r"), friend.makefile("w")


def listen() -> None:
    running = application()
    QAccessible.setActive(True)  # else views keep cells that are no longer theirs
    asked: queue.Queue[tuple[str, TextIO]] = queue.Queue()

    def hear() -> None:
        questions, answers = pipes()
        for line in questions:
            asked.put((line, answers))

    def look() -> None:
        while not asked.empty():
            line, answers = asked.get()
            answers.write(json.dumps(answer(*json.loads(line))) + "\n")
            answers.flush()

    threading.Thread(target=hear, daemon=True).start()
    looking = QTimer(running)
    looking.timeout.connect(look)
    looking.start(LOOK)


if __name__ == "__main__":
    listen()
    sys.exit(main(sys.argv[1:]))

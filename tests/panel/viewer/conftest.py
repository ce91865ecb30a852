# SPDX-License-Identifier: Apache-2.0
"""A viewer on no screen, movies that know their frame numbers, and the number read back from the widget's pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from greenroom.errors import EngineUnavailable
from greenroom.panel.viewer import Picture, Viewer
from greenroom.panel.viewer.canvas import Canvas, rooms
from greenroom.testing.burnt import DNXHR, LONG_GOP, PRORES, Burnt, Movie, write_burnt

KINDS = {
    "long-gop": LONG_GOP,
    "long-gop-23.976": replace(LONG_GOP, rate=Fraction(24000, 1001)),
    "prores-25": replace(PRORES, rate=Fraction(25)),
    "dnxhr-29.97": replace(DNXHR, rate=Fraction(30000, 1001)),
}


@pytest.fixture(scope="session")
def movies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Movie]]:
    """One of each kind, 100 frames."""
    folder = tmp_path_factory.mktemp("movies")
    return {name: (write_burnt(folder / f"{name}.mov", movie), movie) for name, movie in KINDS.items()}


@pytest.fixture(scope="session")
def long_gop(movies: dict[str, tuple[Path, Movie]]) -> Picture:
    path, movie = movies["long-gop"]
    return Picture(path, movie.rate, 0, movie.frames, "Take 1", start=86400)


def no_device() -> None:
    raise EngineUnavailable("there is no sound device", hint="Plug one in and open the take again.")


@pytest.fixture
def viewer(qtbot: QtBot) -> Iterator[Viewer]:
    made = Viewer(open_sink=no_device)
    made.resize(660, 470)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.setVisible(True)
    yield made
    made.close_media()


def pixels_of(widget: QWidget) -> NDArray[np.uint8]:
    """(height, width, 3) BGR as the widget is painted now."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    table = np.ndarray(
        (image.height(), image.width(), 4), np.uint8, image.constBits(), strides=(image.bytesPerLine(), 4, 1)
    )
    return np.array(table[..., :3])


@pytest.fixture
def painted() -> Callable[[QWidget], NDArray[np.uint8]]:
    return pixels_of


@pytest.fixture
def shown() -> Callable[..., int]:
    """The number that is read in the pixels of the canvas, -1 where none is."""

    def read(canvas: Canvas, *, second: bool = False) -> int:
        pane = canvas.second if second or canvas.compare == "second" else canvas.first
        room = rooms(canvas.compare, canvas.width(), canvas.height())[int(second)]
        if pane.image is None:
            return -1
        place = canvas.place(pane.image, room)
        ratio = canvas.devicePixelRatioF()
        left, top, width, height = (
            round(side * ratio) for side in (place.x(), place.y(), place.width(), place.height())
        )
        return Burnt().number(pixels_of(canvas)[top : top + height, left : left + width])

    return read


@pytest.fixture
def stands(viewer: Viewer, wait: Callable[[Callable[[], bool]], None]) -> Callable[[int], None]:
    """Waits until the viewer shows a frame and nothing moves."""

    def stands(frame: int) -> None:
        wait(lambda: viewer.frame == frame and not viewer.transport.playing)

    return stands

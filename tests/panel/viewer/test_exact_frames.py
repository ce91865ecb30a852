# SPDX-License-Identifier: Apache-2.0
"""The frame that the viewer says it shows is the one in its pixels: standing, stepping, playing, in every codec."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from greenroom.frames import resample, timecode
from greenroom.media import write_png
from greenroom.media.decode import PictureReader
from greenroom.panel.viewer import Picture, Viewer
from greenroom.panel.viewer.source import Source
from greenroom.testing.burnt import LONG_GOP, Burnt, Movie, write_burnt

Wait = Callable[[Callable[[], bool]], None]


@pytest.mark.parametrize("kind", ["long-gop", "long-gop-23.976", "prores-25", "dnxhr-29.97"])
def test_seeks_and_steps(
    kind: str,
    movies: dict[str, tuple[Path, Movie]],
    viewer: Viewer,
    shown: Callable[..., int],
    stands: Callable[[int], None],
) -> None:
    path, movie = movies[kind]
    viewer.load(Picture(path, movie.rate, 0, movie.frames, start=90000, drop_frame=movie.rate.denominator == 1001))
    if movie.rate == Fraction(24000, 1001):
        viewer.load(Picture(path, movie.rate, 0, movie.frames, start=90000))
    stands(0)
    for frame in (57, 3, 99, 50):
        viewer.go_to(frame)
        stands(frame)
        assert shown(viewer.canvas) == frame
    for frame in (51, 52, 51, 50, 49, 48):
        viewer.step(frame - viewer.frame)
        stands(frame)
        assert shown(viewer.canvas) == frame
    drop = movie.rate == Fraction(30000, 1001)
    assert viewer.bar.timecode.text() == timecode(90048, movie.rate, drop_frame=drop)


@pytest.mark.parametrize(("kind", "speed"), [("long-gop", 1), ("long-gop", -1), ("prores-25", 4), ("dnxhr-29.97", -2)])
def test_plays_to_the_end_and_every_picture_is_the_one_it_says(
    kind: str,
    speed: int,
    movies: dict[str, tuple[Path, Movie]],
    viewer: Viewer,
    shown: Callable[..., int],
    wait: Wait,
    stands: Callable[[int], None],
) -> None:
    path, movie = movies[kind]
    viewer.load(Picture(path, movie.rate, 0, movie.frames))
    first = 40 if speed in (1, -2) else 20 if speed == -1 else 0
    viewer.go_to(first)
    stands(first)
    if speed == 1:
        viewer.transport.mark_out(70)
    seen: list[tuple[int, int]] = []
    viewer.frame_changed.connect(lambda frame: seen.append((frame, shown(viewer.canvas))))
    viewer.play(speed)
    last = {1: 70, -1: 0, 4: 99, -2: 0}[speed]
    stands(last)
    said = [frame for frame, _ in seen]
    assert [number for _, number in seen] == said
    assert said == sorted(said, reverse=speed < 0)
    assert len(seen) > 3


def test_a_part_of_a_longer_file(
    long_gop: Picture, viewer: Viewer, shown: Callable[..., int], stands: Callable[[int], None]
) -> None:
    viewer.load(replace(long_gop, first=40, frames=12))
    stands(0)
    assert shown(viewer.canvas) == 40
    viewer.to_end()
    stands(11)
    assert shown(viewer.canvas) == 51


def test_where_the_media_has_no_frame_it_says_so(
    long_gop: Picture, viewer: Viewer, shown: Callable[..., int], stands: Callable[[int], None]
) -> None:
    viewer.load(replace(long_gop, first=-3, frames=120))
    stands(0)
    assert viewer.canvas.first.image is None
    assert "no picture here" in viewer.canvas.first.message
    viewer.go_to(3)
    stands(3)
    assert shown(viewer.canvas) == 0
    viewer.go_to(103)
    stands(103)
    assert viewer.canvas.first.image is None


def test_media_of_another_rate_is_seen_as_it_lies_on_the_cut(
    long_gop: Picture, viewer: Viewer, shown: Callable[..., int], stands: Callable[[int], None]
) -> None:
    rate = Fraction(25)
    viewer.load(replace(long_gop, rate=rate, first=10, frames=60))
    wanted = resample(10, Fraction(24), 60, rate)
    for frame in (0, 12, 13, 24, 59):
        viewer.go_to(frame)
        stands(frame)
        assert shown(viewer.canvas) == wanted[frame]


@pytest.mark.parametrize("odd", ["timecode", "odd-size", "anamorphic", "matroska", "late-start"])
def test_media_of_odd_shapes(
    odd: str, tmp_path: Path, viewer: Viewer, shown: Callable[..., int], stands: Callable[[int], None]
) -> None:
    short = replace(LONG_GOP, frames=20)
    movie = {
        "timecode": replace(short, timecode="01:00:00:00"),
        "odd-size": replace(short, size=(326, 186)),
        "anamorphic": replace(short, aspect=Fraction(4, 3)),
        "matroska": short,
        "late-start": replace(short, times=tuple(range(37, 57)), time_base=Fraction(1, 24)),
    }[odd]
    path = write_burnt(tmp_path / ("odd.mkv" if odd == "matroska" else "odd.mov"), movie)
    viewer.load(Picture(path, movie.rate, 0, movie.frames))
    for frame in (0, 7, 19):
        viewer.go_to(frame)
        stands(frame)
        assert shown(viewer.canvas) == frame
    image = viewer.canvas.first.image
    assert image is not None
    across, down = image.size
    expected = movie.size[0] * movie.aspect / movie.size[1]
    assert abs(across / down - expected) < 0.02


def test_rotated_media_is_upright(tmp_path: Path, viewer: Viewer, stands: Callable[[int], None]) -> None:
    path = write_burnt(tmp_path / "phone.mp4", replace(LONG_GOP, frames=12, rotation=90))
    viewer.load(Picture(path, Fraction(24), 0, 12))
    viewer.go_to(5)
    stands(5)
    image = viewer.canvas.first.image
    assert image is not None
    assert image.size[0] < image.size[1]
    assert Burnt().number(np.rot90(image.pixels[..., :3])) == 5


def test_a_still_of_8000_pixels(tmp_path: Path, viewer: Viewer, stands: Callable[[int], None], wait: Wait) -> None:
    still = np.zeros((4500, 8000, 3), np.uint8)
    still[:, :4000] = (0, 0, 255)
    write_png(tmp_path / "still.png", still)
    viewer.load(Picture(tmp_path / "still.png", Fraction(24), 0, 48))
    stands(0)
    viewer.go_to(40)
    stands(40)
    image = viewer.canvas.first.image
    assert image is not None
    assert image.size == (viewer.canvas.width(), round(viewer.canvas.width() * 4500 / 8000))
    assert tuple(image.pixels[10, 10, :3]) == (0, 0, 255)


def test_standing_it_shows_the_exact_tones_and_a_new_size_anew(
    long_gop: Picture, viewer: Viewer, wait: Wait, stands: Callable[[int], None]
) -> None:
    viewer.load(long_gop)
    viewer.play(1)
    wait(lambda: viewer.frame > 3)
    viewer.halt()
    wait(lambda: viewer.canvas.first.image is not None and not viewer.canvas.first.image.quick)
    viewer.resize(400, 360)
    wait(lambda: viewer.canvas.first.image is not None and viewer.canvas.first.image.size[0] == viewer.canvas.width())


def test_what_was_decoded_goes_with_its_source(long_gop: Picture) -> None:
    """At once: what waits for Python's collector keeps a decoder's frames, and takes are opened by the hundred."""

    def readers() -> set[int]:
        return {id(each) for each in gc.get_objects() if isinstance(each, PictureReader)}

    before = readers()  # viewers of other tests may still be closing
    gc.disable()
    try:
        with Source(long_gop) as source:
            source.image(3, (320, 180), quick=True)
            own = readers() - before
            assert len(own) == 1
        del source
        assert not own & readers()
    finally:
        gc.enable()


_ON_A_FINE_SCREEN = """
import sys, time
from fractions import Fraction
from pathlib import Path
from PySide6.QtGui import QImage
from greenroom.panel.run import application
from greenroom.panel.viewer import Picture, Viewer
app = application()
viewer = Viewer()
viewer.resize(400, 330)
viewer.setVisible(True)
viewer.load(Picture(Path(sys.argv[1]), Fraction(24), 0, 100))
viewer.go_to(42)
until = time.monotonic() + 30
while (viewer.frame != 42 or viewer.canvas.first.image.size[0] != 1000) and time.monotonic() < until:
    app.processEvents()
    time.sleep(0.005)
viewer.canvas.grab().save(sys.argv[2])
print(viewer.canvas.first.image.size, viewer.canvas.devicePixelRatioF())
viewer.close_media()
"""


def test_a_screen_at_250_percent_gets_all_its_pixels(long_gop: Picture, tmp_path: Path) -> None:
    import cv2

    environment = {**os.environ, "QT_SCALE_FACTOR": "2.5", "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", _ON_A_FINE_SCREEN, str(long_gop.path), str(tmp_path / "seen.png")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=120)
    assert "(1000, 562) 2.5" in done.stdout
    seen = cv2.imread(str(tmp_path / "seen.png"))
    top = (seen.shape[0] - 562) // 2
    assert Burnt().number(seen[top : top + 562]) == 42

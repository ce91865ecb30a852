# SPDX-License-Identifier: Apache-2.0
"""Media that is missing, cut short, no picture, or taken away: told in the viewer, which goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from greenroom.media import write_wav
from greenroom.panel.viewer import Picture, Viewer
from greenroom.panel.viewer.decoder import Decoder
from greenroom.panel.viewer.plan import Wish
from greenroom.testing.burnt import Movie

Wait = Callable[[Callable[[], bool]], None]


def test_missing_media_is_told_and_may_come_back(
    long_gop: Picture, tmp_path: Path, viewer: Viewer, wait: Wait, stands: Callable[[int], None]
) -> None:
    path = tmp_path / "take.mov"
    viewer.load(replace(long_gop, path=path))
    wait(lambda: "no file take.mov" in viewer.canvas.first.message)
    assert "Relink" in viewer.canvas.first.message
    shutil.copy(str(long_gop.path), path)
    viewer.go_to(12)
    stands(12)
    assert viewer.canvas.first.message == ""


@pytest.mark.parametrize("bad", ["cut-short", "sound-only", "empty", "text"])
def test_what_is_wrong_is_told_and_the_other_picture_is_named(
    bad: str, long_gop: Picture, tmp_path: Path, viewer: Viewer, wait: Wait
) -> None:
    path = tmp_path / "bad.mov"
    if bad == "cut-short":
        whole = Path(str(long_gop.path)).read_bytes()
        path.write_bytes(whole[: len(whole) * 2 // 3])
    elif bad == "sound-only":
        path = tmp_path / "bad.wav"
        write_wav(path, np.zeros(4800, np.float32), 48000)
    else:
        path.write_text("" if bad == "empty" else "Not a movie at all, but long enough to be looked at.")
    viewer.load(long_gop, Picture(path, Fraction(24), 0, 100, "Stand-in"))
    wait(lambda: bool(viewer.canvas.second.message))
    assert "bad." in viewer.canvas.second.message
    viewer.go_to(7)
    wait(lambda: viewer.frame == 7)  # the other one is seen all the same
    assert viewer.canvas.first.image is not None


def test_media_taken_away_and_overwritten_while_it_plays(
    long_gop: Picture, tmp_path: Path, viewer: Viewer, wait: Wait
) -> None:
    path = tmp_path / "take.mov"
    shutil.copy(str(long_gop.path), path)
    viewer.load(replace(long_gop, path=path))
    viewer.action("set_loop").setChecked(True)
    viewer.play(4)
    wait(lambda: viewer.frame > 8)
    path.write_bytes(b"")  # the same file for the open decoder: a render that begins anew
    path.unlink()
    viewer.resize(500, 400)
    wait(lambda: bool(viewer.canvas.first.message) or viewer.frame > 80)
    viewer.halt()
    viewer.load(replace(long_gop, path=path))
    wait(lambda: "no file" in viewer.canvas.first.message)


def test_a_hundred_takes_one_after_another_leave_no_thread(long_gop: Picture, viewer: Viewer, wait: Wait) -> None:
    for number in range(100):
        viewer.load(replace(long_gop, label=f"Take {number}"))
    viewer.close_media()
    wait(lambda: not any(thread.name.startswith("viewer") for thread in threading.enumerate()))


def test_memory_is_bounded_however_long_it_plays(long_gop: Picture) -> None:
    """At 1920 x 1080 an image is 8 MB: twelve of them are held, forwards, backwards and round again."""
    new = threading.Event()
    decoder = Decoder(long_gop, new.set)
    most = 0
    for speed in (1, -1, 2):
        for frame in range(0, 100, 9):
            size = (1920, 1080)
            decoder.want(Wish(frame if speed > 0 else 99 - frame, speed, 0, 100, True, True, size))
            new.wait(5)
            new.clear()
            most = max(most, decoder.held_bytes())
    decoder.close()
    assert 8 << 20 < most <= 96 << 20
    assert decoder.wait(20)


def test_late_it_makes_what_it_can_hold_and_then_rests(long_gop: Picture) -> None:
    """Asked to go on a second later than now, with room for twelve images: all that is wanted is made once."""
    made: list[int] = []
    decoder = Decoder(long_gop, lambda: made.append(1))
    decoder.want(Wish(10, 1, 0, 100, False, True, (1920, 1080), lead=24))
    until = time.monotonic() + 60
    while not decoder.has(10) and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    assert decoder.has(10)
    assert len(made) <= 12
    decoder.close()


def test_a_damaged_stretch_is_told_by_its_frames_and_played_over(
    movies: dict[str, tuple[Path, Movie]], tmp_path: Path, viewer: Viewer, wait: Wait, stands: Callable[[int], None]
) -> None:
    whole, movie = movies["prores-25"]
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 10] = bytes(len(data) // 10)
    path = tmp_path / "damaged.mov"
    path.write_bytes(data)
    viewer.load(Picture(path, movie.rate, 0, movie.frames, start=90000))
    viewer.transport.low = 40
    told: list[str] = []
    viewer.frame_changed.connect(lambda frame: told.append(viewer.canvas.first.message))
    viewer.play(1)
    wait(lambda: viewer.frame > 70 or not viewer.transport.playing)
    assert viewer.transport.playing  # on over the stretch
    assert any("damaged at 01:00:0" in words for words in told)
    (gap,) = viewer._damaged
    assert 45 < gap.start < gap.stop < 70
    assert len(gap) > 5
    assert f"01:00:0{gap.start // 25}:{gap.start % 25:02d} ({len(gap)} f)" in viewer.bar.state.text()
    viewer.go_to(90)
    stands(90)
    assert viewer.canvas.first.image is not None
    viewer.go_to(gap.start + 2)
    wait(lambda: viewer.frame == gap.start + 2 and "copy it again" in viewer.canvas.first.message)
    viewer.go_to(gap.start - 2)
    stands(gap.start - 2)
    assert viewer.canvas.first.image is not None


_LEFT_PLAYING = """
import sys
from fractions import Fraction
from pathlib import Path
from greenroom.panel.run import application
from greenroom.panel.viewer import Picture, Viewer
app = application()
viewer = Viewer()
viewer.setVisible(True)
viewer.load(Picture(Path(sys.argv[1]), Fraction(24), 0, 100))
viewer.play(4)
while viewer.frame < 8:
    app.processEvents()
"""


def test_a_window_that_ends_in_the_middle_of_play_ends_well(long_gop: Picture) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    for _ in range(2):
        command = [sys.executable, "-c", _LEFT_PLAYING, str(long_gop.path)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
        assert done.returncode == 0, done.stderr

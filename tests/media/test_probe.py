# SPDX-License-Identifier: Apache-2.0
"""What a file says of itself, and what is made of it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
import threading
from fractions import Fraction as F

import cv2
import numpy as np
import pytest

import greenroom.media
from greenroom.errors import MediaError, StoreError
from greenroom.media.identity import file_identity, file_sha256
from greenroom.media.posters import write_png, write_poster
from greenroom.media.probe import probe


@pytest.mark.parametrize(
    ("rate", "timecode", "frame"),
    [
        (F(24), "01:00:00:00", 86_400),
        (F(24000, 1001), "10:20:30:23", 893_543),
        (F(25), "00:00:00:01", 1),
        (F(30000, 1001), "01:00:00;00", 107_892),
        (F(30000, 1001), "01:00:00:00", 108_000),
        (F(60000, 1001), "00:10:00;00", 35_964),
    ],
)
@pytest.mark.parametrize("suffix", ["mov", "mp4"])
def test_timecode(rate, timecode, frame, suffix, make_movie, long_gop, tmp_path):
    movie = dataclasses.replace(long_gop, frames=5, rate=rate, timecode=timecode)
    info = probe(make_movie(tmp_path / f"a.{suffix}", movie))
    assert (info.start_timecode, info.start_frame, info.rate) == (timecode, frame, rate)


def test_timecode_in_matroska(make_movie, long_gop, tmp_path):
    info = probe(make_movie(tmp_path / "a.mkv", dataclasses.replace(long_gop, frames=5, timecode="01:00:00:00")))
    assert info.start_frame == 86_400


def test_a_timecode_of_another_rate_is_named(make_movie, long_gop, tmp_path):
    path = make_movie(tmp_path / "a.mkv", dataclasses.replace(long_gop, frames=5, timecode="01:00:00:29"))
    with pytest.raises(MediaError, match=r"a\.mkv: the timecode 01:00:00:29 of a\.mkv does not fit its 24 fps"):
        probe(path)


def test_no_timecode_is_none(make_movie, long_gop, tmp_path):
    info = probe(make_movie(tmp_path / "a.mp4", dataclasses.replace(long_gop, frames=5)))
    assert (info.start_timecode, info.start_frame) == (None, 0)


def test_everything_an_editor_asks(make_movie, prores, clicks, awkward):
    path = make_movie(awkward / "A001 é#1 50%.mov", dataclasses.replace(prores, frames=30, sound=clicks(60_000, 5)))
    info = probe(path)
    assert info.path == path
    assert (info.kind, info.codec, info.pixel_format, info.bit_depth) == ("video", "prores", "yuv422p10le", 10)
    assert (info.width, info.height, info.frames, info.rate) == (320, 180, 30, 24)
    assert (info.interlaced, info.has_alpha, info.variable_rate, info.rotation) == (False, False, False, 0)
    assert (info.audio[0].channels, info.audio[0].sample_rate, info.audio[0].samples) == (1, 48_000, 60_000)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "ts"])
def test_a_movie_of_one_frame(suffix, make_movie, long_gop, tmp_path):
    assert probe(make_movie(tmp_path / f"a.{suffix}", dataclasses.replace(long_gop, frames=1))).frames == 1


class TestPosters:
    def test_frame_and_width(self, make_movie, long_gop, burnt, tmp_path):
        path = make_movie(tmp_path / "a.mp4", long_gop)
        write_poster(path, 73, tmp_path / "poster.png", width=240)
        picture = cv2.imread(str(tmp_path / "poster.png"))
        assert picture.shape == (135, 240, 3)
        assert burnt.number(picture) == 73

    def test_png_is_lossless_and_replaces(self, burnt, awkward):
        path = awkward / "a #1.png"
        for number in (1, 2):
            write_png(path, burnt.picture(number))
        back = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        assert np.array_equal(back, burnt.picture(2))
        assert [file.name for file in awkward.iterdir()] == ["a #1.png"]

    def test_no_folder(self, burnt, tmp_path):
        with pytest.raises(StoreError, match=r"a\.png can't be written"):
            write_png(tmp_path / "none" / "a.png", burnt.picture(0))


class TestIdentity:
    def test_changes_with_size_time_and_place(self, tmp_path):
        path = tmp_path / "a"
        path.write_bytes(b"1234")
        before = file_identity(path)
        assert file_identity(path) == before
        path.write_bytes(b"12345")
        assert file_identity(path) != before
        os.utime(path, ns=(1, 1))
        assert file_identity(path).split(":")[:2] == ["5", "1"]

    def test_hash(self, tmp_path):
        path = tmp_path / "a"
        path.write_bytes(b"x" * 3_000_000)
        assert file_sha256(path) == hashlib.sha256(b"x" * 3_000_000).hexdigest()

    @pytest.mark.parametrize("function", [file_identity, file_sha256])
    def test_missing(self, function, tmp_path):
        with pytest.raises(MediaError, match="No such file"):
            function(tmp_path / "none")


class TestFrontDoor:
    def test_every_name_is_there(self):
        for name in greenroom.media.__all__:
            assert callable(getattr(greenroom.media, name))

    def test_an_unknown_name(self):
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            greenroom.media.nothing  # noqa: B018 - reading it is the test

    def test_costs_nothing_to_import(self):
        program = (
            "import sys, greenroom.media; print(sorted({'av', 'numpy', 'cv2', 'scipy', 'soxr'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


def test_many_threads_at_once(make_movie, long_gop, burnt, tmp_path):
    from greenroom.media.pictures import read_pictures

    path = make_movie(tmp_path / "a.mp4", long_gop)
    found: dict[int, list[int]] = {}

    def read(start: int) -> None:
        found[start] = burnt.numbers(read_pictures(path, range(start, start + 10)))

    threads = [threading.Thread(target=read, args=(start,)) for start in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {start: list(range(start, start + 10)) for start in range(0, 80, 10)}

# SPDX-License-Identifier: Apache-2.0
"""Any delivery into exactly the take that was ordered; what can't be is refused with the numbers."""

from __future__ import annotations

import dataclasses
from fractions import Fraction as F
from itertools import islice

import cv2
import numpy as np
import pytest

from greenroom.errors import DeliveryError, MediaError
from greenroom.frames import resample, sample_range
from greenroom.media.check import check_take
from greenroom.media.conform import conform
from greenroom.media.pictures import read_pictures
from greenroom.media.probe import probe
from greenroom.media.relay import ahead
from greenroom.media.types import Codec, Fit, ImageSequence, TakeSpec

SPEC = TakeSpec(F(24), slot=40, head=8, tail=8, width=320, height=180, start_frame=86_392)


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize(
    ("source", "target"),
    [
        (F(24), F(24)),
        (F(25), F(24)),
        (F(24), F(25)),
        (F(24), F(24000, 1001)),
        (F(30), F(24000, 1001)),
        (F(30000, 1001), F(24)),
        (F(60), F(24)),
        (F(24), F(60)),
    ],
)
def test_rates(codec, source, target, make_movie, long_gop, burnt, tmp_path):
    spec = dataclasses.replace(SPEC, rate=target, codec=codec)
    path = make_movie(tmp_path / "delivered.mp4", dataclasses.replace(long_gop, rate=source, frames=150))
    samples = sample_range(0, spec.frames, target, 48_000)[1]
    report = conform(path, spec, tmp_path / "take.mov", sound=np.zeros(samples, np.float32))
    assert check_take(tmp_path / "take.mov", spec) == ()
    shown = burnt.numbers(read_pictures(tmp_path / "take.mov", range(56)))
    assert tuple(shown) == report.frame_map == resample(0, source, 56, target)


class TestReport:
    def test_says_what_an_editor_should_know(self, make_movie, long_gop, tmp_path):
        path = make_movie(tmp_path / "delivered.mp4", dataclasses.replace(long_gop, size=(480, 360)))
        report = conform(path, dataclasses.replace(SPEC, rate=F(30)), tmp_path / "take.mov")
        assert report.method == "centre sampling, 24 to 30 fps"
        assert "8-bit source in a 10-bit wrapper" in report.notes
        assert "480 x 360 to 320 x 180 (fit)" in report.notes
        assert any(note.startswith("11 frames are doubled: ") for note in report.notes)

    def test_has_nothing_to_say_of_an_equal_file(self, make_movie, prores, tmp_path):
        path = make_movie(tmp_path / "delivered.mov", prores)
        report = conform(path, SPEC, tmp_path / "take.mov")
        assert (report.method, report.notes) == ("frame for frame", ())

    def test_deep_source_in_an_8_bit_codec(self, make_movie, prores, tmp_path):
        path = make_movie(tmp_path / "delivered.mov", prores)
        report = conform(path, dataclasses.replace(SPEC, codec=Codec.DNXHR), tmp_path / "take.mov")
        assert report.notes == ("10-bit source reduced to 8 bit",)

    def test_limited_sound(self, make_movie, prores, clicks, tmp_path):
        path = make_movie(tmp_path / "delivered.mov", prores)
        report = conform(path, SPEC, tmp_path / "take.mov", sound=clicks(112_000, 500, level=3.0))
        assert report.notes == ("the sound's peaks passed full scale and were limited",)


class TestLength:
    def test_short_is_refused_with_the_numbers_and_leaves_nothing(self, make_movie, long_gop, tmp_path):
        path = make_movie(tmp_path / "delivered.mp4", dataclasses.replace(long_gop, frames=53))
        with pytest.raises(DeliveryError, match=r"53 frames at 24 fps .* needs 56 at 24 fps: 3 short at the tail"):
            conform(path, SPEC, tmp_path / "take.mov")
        assert [file.name for file in tmp_path.iterdir()] == ["delivered.mp4"]

    def test_the_tail_is_held_only_as_far_as_allowed(self, make_movie, long_gop, burnt, tmp_path):
        path = make_movie(tmp_path / "delivered.mp4", dataclasses.replace(long_gop, frames=53))
        with pytest.raises(DeliveryError, match="3 short"):
            conform(path, SPEC, tmp_path / "take.mov", hold_tail=2)
        report = conform(path, SPEC, tmp_path / "take.mov", hold_tail=3)
        assert "the last frame is held for 3 frames" in report.notes
        assert burnt.numbers(read_pictures(tmp_path / "take.mov", range(50, 56))) == [50, 51, 52, 52, 52, 52]

    def test_an_offset_and_a_speed(self, make_movie, long_gop, burnt, tmp_path):
        path = make_movie(tmp_path / "delivered.mp4", dataclasses.replace(long_gop, frames=130))
        report = conform(path, SPEC, tmp_path / "take.mov", head_offset=10, speed=F(2))
        assert report.frame_map == tuple(range(11, 123, 2))
        assert burnt.numbers(read_pictures(tmp_path / "take.mov", range(56))) == list(report.frame_map)

    def test_backwards(self, make_movie, long_gop, burnt, tmp_path):
        path = make_movie(tmp_path / "delivered.mp4", long_gop)
        conform(path, SPEC, tmp_path / "take.mov", head_offset=99, speed=F(-1))
        assert burnt.numbers(read_pictures(tmp_path / "take.mov", range(56))) == list(range(99, 43, -1))

    def test_before_the_head_is_refused(self, make_movie, long_gop, tmp_path):
        path = make_movie(tmp_path / "delivered.mp4", long_gop)
        with pytest.raises(DeliveryError, match="8 short at the head"):
            conform(path, SPEC, tmp_path / "take.mov", head_offset=-8, hold_tail=100)


class TestSources:
    def test_a_numbered_sequence(self, burnt, tmp_path):
        shots = ImageSequence(tmp_path, "f", ".png", 4, 1, 60, F(24))
        for index in range(60):
            shots.path(index).write_bytes(cv2.imencode(".png", burnt.picture(index))[1].tobytes())
        conform(shots, SPEC, tmp_path / "take.mov")
        assert check_take(tmp_path / "take.mov", SPEC) == ()
        assert burnt.numbers(read_pictures(tmp_path / "take.mov", range(56))) == list(range(56))

    def test_a_still_fills_any_length(self, burnt, tmp_path):
        path = tmp_path / "still.png"
        path.write_bytes(cv2.imencode(".png", burnt.picture(9))[1].tobytes())
        report = conform(path, SPEC, tmp_path / "take.mov")
        assert report.method == "still"
        assert set(burnt.numbers(read_pictures(tmp_path / "take.mov", range(56)))) == {9}

    def test_a_phone_video_turned_and_filled(self, make_movie, long_gop, tmp_path):
        path = make_movie(tmp_path / "phone.mov", dataclasses.replace(long_gop, rotation=90))
        spec = dataclasses.replace(SPEC, fit=Fit.FILL)
        conform(path, spec, tmp_path / "take.mov")
        assert check_take(tmp_path / "take.mov", spec) == ()
        assert probe(tmp_path / "take.mov").rotation == 0

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(MediaError, match="there is no file"):
            conform(tmp_path / "gone.mp4", SPEC, tmp_path / "take.mov")

    def test_levels_survive(self, make_movie, long_gop, burnt, tmp_path):
        """One reformat from 8-bit 4:2:0 to 10-bit 4:2:2, in the right matrix and range on both ends."""
        path = make_movie(tmp_path / "delivered.mp4", long_gop)
        conform(path, SPEC, tmp_path / "take.mov")
        (before,), (after,) = read_pictures(path, [3]), read_pictures(tmp_path / "take.mov", [3])
        assert np.abs(before.astype(int) - after).mean() < 1


class TestAhead:
    def test_keeps_the_order(self):
        assert list(ahead(iter_numbers(100))) == list(range(100))

    def test_an_error_comes_out_at_its_place(self):
        items = ahead(iter_numbers(5, then=MediaError("broken")))
        assert list(islice(items, 5)) == [0, 1, 2, 3, 4]
        with pytest.raises(MediaError, match="broken"):
            next(items)

    def test_stopping_early_ends_the_thread_and_closes_the_source(self):
        closed = []
        items = ahead(iter_numbers(10**9, closed=closed))
        assert [next(items), next(items)] == [0, 1]
        items.close()
        assert closed == [True]


def iter_numbers(count, *, then=None, closed=None):
    try:
        yield from range(count)
        if then is not None:
            raise then
    finally:
        if closed is not None:
            closed.append(True)

# SPDX-License-Identifier: Apache-2.0
"""Pictures by number: the number burnt into each one has to be the number asked for."""

from __future__ import annotations

import dataclasses
import random
from fractions import Fraction as F

import av
import cv2
import numpy as np
import pytest

from greenroom.errors import MediaError
from greenroom.media.pictures import read_frames, read_pictures, source_indices
from greenroom.media.probe import probe, probe_source
from greenroom.media.types import ImageSequence


@pytest.fixture(scope="module", params=["long-gop", "prores", "dnxhr"])
def movie(request, kinds, make_movie, tmp_path_factory):
    return make_movie(tmp_path_factory.mktemp("movies") / f"{request.param}.mov", kinds[request.param])


class TestOrders:
    def test_from_the_first_to_the_last(self, movie, burnt):
        assert burnt.numbers(read_pictures(movie, range(100))) == list(range(100))

    @pytest.mark.parametrize("start", [0, 1, 2, 23, 24, 25, 50, 97])
    def test_a_range_from_anywhere(self, movie, burnt, start):
        wanted = list(range(start, min(start + 24, 100)))
        assert burnt.numbers(read_pictures(movie, wanted)) == wanted

    def test_backwards(self, movie, burnt):
        wanted = list(range(99, 30, -1))
        assert burnt.numbers(read_pictures(movie, wanted)) == wanted

    def test_leaps_repeats_and_returns(self, movie, burnt):
        wanted = [0, 0, 99, 3, 3, 4, 50, 51, 90, 89, 88, 12, 99, 99, 0]
        assert burnt.numbers(read_pictures(movie, wanted)) == wanted

    def test_shuffled(self, movie, burnt):
        wanted = random.Random(7).sample(range(100), 30)
        assert burnt.numbers(read_pictures(movie, wanted)) == wanted

    def test_every_third(self, movie, burnt):
        assert burnt.numbers(read_pictures(movie, range(1, 100, 3))) == list(range(1, 100, 3))

    def test_none_at_all(self, movie):
        assert list(read_pictures(movie, [])) == []

    def test_stopping_early_is_no_error(self, movie, burnt):
        pictures = read_pictures(movie, range(40, 100))
        assert burnt.number(next(pictures)) == 40
        pictures.close()

    @pytest.mark.parametrize("wrong", [-1, 100, 5000])
    def test_a_frame_that_is_not_there_is_refused_with_the_numbers(self, movie, wrong):
        with pytest.raises(MediaError, match=rf"frame {wrong} .* frames 0 to 99"):
            list(read_pictures(movie, [5, wrong]))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "mxf"])
def test_other_containers_are_as_exact(suffix, make_movie, long_gop, kinds, burnt, tmp_path):
    kind = kinds["dnxhr"] if suffix == "mxf" else long_gop
    options = {"bf": "0"} if suffix == "avi" else {}  # AVI has no presentation times
    path = make_movie(
        tmp_path / f"a.{suffix}", dataclasses.replace(kind, frames=60, options={**kind.options, **options})
    )
    assert probe(path).frames == 60
    wanted = [0, 1, 2, 30, 31, 59, 58, 10]
    assert burnt.numbers(read_pictures(path, wanted)) == wanted


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "48000/1001", "50", "60000/1001"])
def test_every_rate(rate, make_movie, long_gop, burnt, tmp_path):
    path = make_movie(tmp_path / "a.mp4", dataclasses.replace(long_gop, frames=70, rate=F(rate)))
    assert probe(path).rate == F(rate)
    assert burnt.numbers(read_pictures(path, range(20, 70))) == list(range(20, 70))


def test_pre_roll_behind_an_edit_list_is_not_counted(make_movie, long_gop, burnt, tmp_path):
    """Stream copies start at the key picture before the cut and hide the rest by an edit list."""
    whole = make_movie(
        tmp_path / "whole.mp4", dataclasses.replace(long_gop, options={"g": "20", "bf": "2", "sc_threshold": "0"})
    )
    cut = tmp_path / "cut.mp4"
    with av.open(str(whole)) as source, av.open(str(cut), "w", options={"avoid_negative_ts": "disabled"}) as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        tick = int(1 / stream.average_rate / stream.time_base)
        started = False
        for packet in source.demux(stream):
            started = started or (packet.is_keyframe and packet.pts == 40 * tick)
            if started and packet.dts is not None:
                packet.pts -= 47 * tick
                packet.dts -= 47 * tick
                packet.stream = copy
                target.mux(packet)
    assert probe(cut).frames == 53
    assert burnt.numbers(read_pictures(cut, [0, 1, 2, 52, 13])) == [47, 48, 49, 99, 60]


class TestVariableRate:
    @pytest.fixture
    def phone(self, make_movie, long_gop, tmp_path):
        """Frames at 30 fps of which some last two or three times as long."""
        lasts = [1, 1, 2, 1, 3, 1, 1, 1, 2, 1] * 5
        times = tuple(int(sum(lasts[:n]) * 3000) for n in range(len(lasts)))
        movie = dataclasses.replace(
            long_gop,
            frames=50,
            rate=F(30),
            times=times,
            time_base=F(1, 90000),
            options={"bf": "2", "preset": "veryfast"},
        )
        shown = [n for n, last in enumerate(lasts) for _ in range(last)]
        return make_movie(tmp_path / "phone.mp4", movie), shown

    def test_is_detected_and_seen_at_its_typical_rate(self, phone):
        info = probe(phone[0])
        assert info.variable_rate
        assert info.rate == 30
        assert info.frames in (len(phone[1]), len(phone[1]) - 1)  # how long the last one lasts, nobody knows

    def test_each_frame_shows_what_is_on_screen_then(self, phone, burnt):
        path, shown = phone
        assert burnt.numbers(read_pictures(path, range(60))) == shown[:60]
        assert burnt.numbers(read_pictures(path, [40, 3, 2, 1, 44])) == [shown[n] for n in (40, 3, 2, 1, 44)]

    def test_jitter_of_less_than_half_a_frame_loses_no_picture(self, make_movie, long_gop, burnt, tmp_path):
        chance = random.Random(3)
        times = tuple(n * 3000 + chance.randint(-900, 900) * (n > 0) for n in range(240))
        movie = dataclasses.replace(long_gop, frames=240, rate=F(30), times=times, time_base=F(1, 90000))
        path = make_movie(tmp_path / "jitter.mp4", movie)
        assert probe(path).rate == 30
        assert burnt.numbers(read_pictures(path, range(240))) == list(range(240))


class TestSequences:
    @pytest.fixture(params=[("png", 4), ("jpg", 3), ("tif", 6)], ids=lambda p: p[0])
    def sequence(self, request, burnt, awkward):
        kind, padding = request.param
        shots = ImageSequence(awkward, "shot %d #", f".{kind}", padding, 17, 12, F(25), 2)
        for index in range(12):
            done, data = cv2.imencode(f".{kind}", burnt.picture(1000 + index))
            assert done
            shots.path(index).write_bytes(data.tobytes())
        return shots

    def test_any_order(self, sequence, burnt):
        wanted = [0, 11, 5, 5, 4]
        assert burnt.numbers(read_pictures(sequence, wanted)) == [1000 + index for index in wanted]

    def test_probe(self, sequence):
        info = probe_source(sequence)
        assert (info.kind, info.frames, info.rate, info.width, info.height) == ("sequence", 12, 25, 320, 180)

    def test_missing_pictures_are_named(self, sequence):
        sequence.path(3).unlink()
        with pytest.raises(MediaError, match=f"1 of 12 pictures are missing: {sequence.path(3).name}"):
            probe_source(sequence)
        with pytest.raises(MediaError, match="there is no file"):
            list(read_pictures(sequence, range(12)))

    def test_beyond_the_end(self, sequence):
        with pytest.raises(MediaError, match=r"picture 12 .* has 12"):
            list(read_pictures(sequence, [11, 12]))


def test_a_still_is_the_same_picture_at_every_index(burnt, awkward):
    path = awkward / "still%04d.png"
    path.write_bytes(cv2.imencode(".png", burnt.picture(77))[1].tobytes())
    assert probe(path).kind == "image"
    assert burnt.numbers(read_pictures(path, [0, 5, 900])) == [77, 77, 77]


def test_deep_pictures_stay_deep(make_movie, prores, tmp_path):
    path = make_movie(tmp_path / "deep.mov", dataclasses.replace(prores, frames=3))
    (frame,) = read_frames(path, [1])
    assert frame.format.name == "yuv422p10le"
    assert probe(path).bit_depth == 10


def test_levels_and_colours_survive(make_movie, prores, burnt, tmp_path):
    path = make_movie(tmp_path / "a.mov", dataclasses.replace(prores, frames=1))
    (picture,) = read_pictures(path, [0])
    assert np.abs(picture.astype(int) - burnt.picture(0)).mean() < 3
    assert picture[5, 100].tolist() == pytest.approx([90, 90, 200], abs=4)


class TestSourceIndices:
    def test_equal_rates_are_consecutive(self):
        assert source_indices(F(12), F(24), 4, F(24), total=16) == (12, 13, 14, 15)

    def test_refuses_with_the_numbers(self):
        with pytest.raises(MediaError, match=r"16 frames at 24 fps, frames -2 to 17 .*2 before its start and 2 after"):
            source_indices(-2, F(24), 20, F(24), total=16)

    def test_holds_only_when_asked(self):
        assert source_indices(-1, F(24), 5, F(24), total=3, hold=True) == (0, 0, 1, 2, 2)

    def test_twice_as_fast(self):
        assert source_indices(0, F(24), 3, F(24), speed=F(2), total=6) == (1, 3, 5)

    def test_backwards(self):
        assert source_indices(9, F(24), 3, F(24), speed=F(-1), total=10) == (9, 8, 7)


def test_quick_pictures_are_the_same_pictures_but_for_some_levels(make_movie, long_gop, burnt, tmp_path):
    path = make_movie(tmp_path / "quick.mov", long_gop)
    exact, quick = (list(read_pictures(path, [0, 7, 8], quick=quick)) for quick in (False, True))
    assert burnt.numbers(quick) == [0, 7, 8]
    for one, other in zip(exact, quick, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 3

# SPDX-License-Identifier: Apache-2.0
"""Turned, anamorphic, transparent, full-range and odd-shaped pictures come out as an editor sees them."""

from __future__ import annotations

import dataclasses
from fractions import Fraction as F

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.media.pictures import read_frames, read_pictures
from greenroom.media.planes import EXACT
from greenroom.media.probe import probe
from greenroom.media.shape import Shaper, placement
from greenroom.media.types import Fit

sides = st.integers(2, 4000)


class TestPlacement:
    @pytest.mark.parametrize(
        ("source", "frame", "fit", "expected"),
        [
            ((1920, 1080), (1280, 720), Fit.FIT, (1280, 720, 0, 0)),
            ((1080, 1920), (1920, 1080), Fit.FIT, (608, 1080, 656, 0)),
            ((1080, 1920), (1920, 1080), Fit.FILL, (1920, 3414, 0, -1168)),
            ((1440, 1080), (1920, 1080), Fit.FIT, (1440, 1080, 240, 0)),
            ((4096, 2160), (1920, 1080), Fit.CROP, (4096, 2160, -1088, -540)),
            ((640, 480), (1920, 1080), Fit.CROP, (640, 480, 640, 300)),
            ((1998, 1080), (1920, 1080), Fit.FIT, (1920, 1038, 0, 20)),
        ],
    )
    def test_as_an_editor_expects(self, source, frame, fit, expected):
        place = placement(source, frame, fit, grid=2)
        assert (place.width, place.height, place.left, place.top) == expected

    @given(sides, sides, sides, sides, st.sampled_from([Fit.FIT, Fit.FILL]))
    def test_one_side_always_matches_and_the_other_is_inside_or_covers(self, width, height, across, down, fit):
        place = placement((width, height), (across, down), fit)
        assert place.width == across or place.height == down
        if fit is Fit.FIT:
            assert place.width <= across
            assert place.height <= down
        else:
            assert place.width >= across
            assert place.height >= down


class TestTurned:
    @pytest.mark.parametrize("degrees", [90, 180, 270])
    @pytest.mark.parametrize("kind", ["long-gop", "prores"])
    def test_a_phone_held_upright(self, degrees, kind, kinds, make_movie, burnt, tmp_path):
        movie = dataclasses.replace(kinds[kind], frames=3, rotation=degrees)
        path = make_movie(tmp_path / "phone.mov", movie)
        info = probe(path)
        assert info.rotation == degrees
        assert (info.width, info.height) == ((180, 320) if degrees % 180 else (320, 180))
        for number, picture in enumerate(read_pictures(path, range(3))):
            assert picture.shape == (info.height, info.width, 3)
            assert burnt.number(np.ascontiguousarray(np.rot90(picture, degrees // 90))) == number

    def test_turned_and_fitted(self, make_movie, long_gop, tmp_path):
        path = make_movie(tmp_path / "phone.mov", dataclasses.replace(long_gop, frames=1, rotation=90))
        (picture,) = read_pictures(path, [0], width=320, height=180)
        assert picture[:, :100].max() < 20  # black bars left and right
        assert picture[:, 220:].max() < 20
        assert picture[:, 130:190].max() > 80


class TestAnamorphic:
    def test_pixels_become_square(self, make_movie, long_gop, burnt, tmp_path):
        movie = dataclasses.replace(long_gop, frames=2, size=(240, 180), aspect=F(4, 3))
        path = make_movie(tmp_path / "hdv.mp4", movie)
        info = probe(path)
        assert (info.width, info.height, info.pixel_aspect) == (320, 180, F(4, 3))
        pictures = list(read_pictures(path, [0, 1]))
        assert pictures[0].shape == (180, 320, 3)
        assert burnt.numbers(pictures) == [0, 1]

    def test_native_frames_stay_as_stored(self, make_movie, long_gop, tmp_path):
        movie = dataclasses.replace(long_gop, frames=1, size=(240, 180), aspect=F(4, 3))
        (frame,) = read_frames(make_movie(tmp_path / "hdv.mp4", movie), [0])
        assert (frame.width, frame.height) == (240, 180)


@pytest.fixture(scope="module")
def movie(make_movie, long_gop, tmp_path_factory):
    return make_movie(tmp_path_factory.mktemp("sizes") / "a.mp4", dataclasses.replace(long_gop, frames=5))


class TestSizes:
    @pytest.mark.parametrize(
        ("asked", "shape"),
        [
            ({}, (180, 320)),
            ({"width": 160}, (90, 160)),
            ({"height": 360}, (360, 640)),
            ({"width": 101}, (57, 101)),
            ({"width": 200, "height": 200}, (200, 200)),
            ({"width": 200, "height": 200, "fit": Fit.FILL}, (200, 200)),
            ({"width": 200, "height": 400, "fit": Fit.CROP}, (400, 200)),
        ],
    )
    def test_are_what_was_asked(self, movie, asked, shape):
        (picture,) = read_pictures(movie, [4], **asked)
        assert picture.shape == (*shape, 3)

    @pytest.mark.parametrize("size", [(160, 90), (640, 360), (400, 300)])
    def test_numbers_survive_scaling(self, movie, burnt, size):
        for number, picture in enumerate(read_pictures(movie, range(5), width=size[0], height=size[1])):
            shown = size[0] * 9 // 16
            top = (size[1] - shown) // 2
            assert burnt.number(picture[top : top + shown]) == number

    def test_pictures_are_writable_and_their_own(self, movie):
        first, again = read_pictures(movie, [2, 2])
        before = again.copy()
        first[:] = 0
        assert np.array_equal(again, before)


class TestAlpha:
    @pytest.fixture
    def portrait(self, tmp_path):
        """Red, its left half transparent (with white hidden under it), a quarter half transparent."""
        picture = np.zeros((40, 40, 4), np.uint8)
        picture[:, 20:] = (0, 0, 240, 255)
        picture[20:, 20:, 3] = 128
        picture[:, :20] = (255, 255, 255, 0)
        path = tmp_path / "portrait.png"
        path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
        return path

    def test_is_shown_over_black(self, portrait):
        assert probe(portrait).has_alpha
        (picture,) = read_pictures(portrait, [0])
        assert picture[5, 5].tolist() == [0, 0, 0]
        assert picture[5, 30].tolist() == pytest.approx([0, 0, 240], abs=1)
        assert picture[30, 30].tolist() == pytest.approx([0, 0, 120], abs=2)

    def test_in_prores_4444(self, tmp_path):
        path = tmp_path / "titles.mov"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("prores_ks", rate=24, options={"profile": "4444", "alpha_bits": "16"})
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuva444p10le"
            picture = np.full((64, 64, 4), (0, 0, 200, 255), np.uint8)
            picture[:, :32, 3] = 0
            frame = av.VideoFrame.from_ndarray(picture, format="bgra")
            container.mux(stream.encode(frame.reformat(format="yuva444p10le", dst_colorspace="ITU709")))
            container.mux(stream.encode(None))
        assert probe(path).has_alpha
        (shown,) = read_pictures(path, [0])
        assert shown[30, 10].max() < 12
        assert shown[30, 50, 2] > 150


class TestColour:
    @pytest.mark.parametrize(
        ("pixel_format", "matrix", "full"),
        [
            ("yuv420p", 1, False),
            ("yuv420p", 5, False),
            ("yuv444p", 1, True),
            ("yuv422p10le", 1, False),
            ("yuv420p", 9, False),
        ],
    )
    def test_the_tagged_matrix_and_range_are_used(self, pixel_format, matrix, full, burnt):
        made = burnt.picture(5)
        stored = av.VideoFrame.from_ndarray(made, format="bgr24").reformat(
            format=pixel_format,
            dst_colorspace=matrix,
            interpolation=EXACT,
            src_color_range=2,
            dst_color_range=2 if full else 1,
        )
        stored.colorspace, stored.color_range = matrix, 2 if full else 1
        back = Shaper(320, 180, "bgr24").shape(stored).to_ndarray()
        assert np.abs(back.astype(int) - made).mean() < 1
        assert back[5, 100].tolist() == pytest.approx([90, 90, 200], abs=3)

    def test_untagged_sd_is_taken_as_bt601_and_hd_as_bt709(self, burnt):
        for height, matrix in ((576, 5), (1080, 1)):
            made = np.full((height, 720, 3), (40, 40, 220), np.uint8)
            stored = av.VideoFrame.from_ndarray(made, format="bgr24").reformat(format="yuv420p", dst_colorspace=matrix)
            stored.colorspace = 2
            back = Shaper(720, height, "bgr24").shape(stored).to_ndarray()
            assert np.abs(back.astype(int) - made).max() <= 4

    def test_gray_and_sixteen_bit_stills(self, tmp_path):
        ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
        path = tmp_path / "ramp.png"
        path.write_bytes(cv2.imencode(".png", ramp)[1].tobytes())
        assert probe(path).bit_depth == 16
        (picture,) = read_pictures(path, [0])
        assert np.abs(picture[:, :, 1].astype(int) - (ramp >> 8)).max() <= 1


def test_an_odd_sized_picture_fills_an_even_frame(burnt):
    """A hairline of black at an edge is what editors complain about."""
    frame = av.VideoFrame.from_ndarray(np.full((181, 321, 3), 200, np.uint8), format="bgr24")
    shaped = Shaper(320, 180, "yuv420p").shape(frame)
    luma = np.frombuffer(memoryview(shaped.planes[0]), np.uint8).reshape(180, -1)[:, :320]
    assert luma.min() > 150


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv422p10le"])
@pytest.mark.parametrize("fit", [Fit.FIT, Fit.CROP])
def test_bars_are_black_in_every_format(pixel_format, fit):
    frame = av.VideoFrame.from_ndarray(np.full((100, 100, 3), 255, np.uint8), format="bgr24")
    shaped = Shaper(320, 180, pixel_format, fit=fit).shape(frame)
    picture = Shaper(320, 180, "bgr24").shape(shaped).to_ndarray()
    assert picture[:, :60].max() <= 1
    assert picture[90, 160].min() >= 254


@pytest.mark.parametrize("pixel_format", ["yuv422p10le", "yuv422p"])
def test_flat_colour_between_yuv_formats_stays_to_the_bit(pixel_format: str) -> None:
    table = np.zeros((540, 640), np.uint8)
    table[:360], table[360:450], table[450:] = 81, 90, 240
    frame = av.VideoFrame.from_ndarray(table, format="yuv420p")
    frame.colorspace, frame.color_range = 1, 1
    shaped = Shaper(640, 360, pixel_format).shape(frame)
    deep = pixel_format.endswith("10le")
    for plane, value in zip(shaped.planes, (81, 90, 240), strict=True):
        samples = np.frombuffer(bytes(plane), np.uint16 if deep else np.uint8)[:300]
        assert set(samples.tolist()) == {value * 4 if deep else value}

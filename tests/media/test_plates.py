# SPDX-License-Identifier: Apache-2.0
"""Plates: whatever isn't changed keeps its samples, and what is changed shows no edge."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from greenroom.media.pictures import read_frames, read_pictures
from greenroom.media.planes import samples
from greenroom.media.plates import Plate, read_plates
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, Fit, ImageSequence, TakeSpec

FORMATS = ["yuv420p", "yuv422p", "yuv422p10le", "yuva444p10le"]
SIZE = (322, 182)
CODECS = [Codec.H264, Codec.DNXHR, Codec.PRORES]


@dataclasses.dataclass(frozen=True)
class Square:
    left: int
    top: int
    right: int
    bottom: int

    @property
    def inside(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


BOXES = [Square(0, 0, 31, 20), Square(101, 57, 233, 151), Square(300, 140, 322, 182), Square(7, 3, 8, 4)]
WHOLE = Square(0, 0, *SIZE)


def plate_of(pixel_format: str, bgr: np.ndarray) -> Plate:
    """`bgr` as floats, 0 to 255: in 10 bits a slope has steps that 8 don't show."""
    deep = av.VideoFrame.from_ndarray((bgr / 255 * 65535).round().astype(np.uint16)[..., ::-1].copy(), "rgb48le")
    return Plate(deep.reformat(format=pixel_format, dst_colorspace=1, src_color_range=2, dst_color_range=1))


def slopes() -> np.ndarray:
    """Brightness and hue both change slowly: an edge of one level would show."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]].astype(np.float64)
    return np.stack([90 + x / 12, 100 + y / 9, 140 + (x - y) / 15], axis=2)


def structure() -> np.ndarray:
    """Grain, and colour with sharp edges."""
    noise = np.random.default_rng(3).normal(0, 12, (*SIZE[::-1], 3))
    picture = slopes() + cv2.GaussianBlur(noise, (0, 0), 0.7)
    picture[40:140:17, :, 2] += 60
    return np.clip(picture, 20, 235)


def copies(plate: Plate) -> list[np.ndarray]:
    return [plane.copy() for plane in plate.planes]


@pytest.mark.parametrize("pixel_format", FORMATS)
class TestBoxes:
    def test_are_what_the_whole_picture_shows(self, pixel_format):
        plate = plate_of(pixel_format, structure())
        for box in (*BOXES, WHOLE):
            assert np.array_equal(plate.region(box), plate.bgr()[box.inside])

    def test_put_back_unchanged_leave_every_sample(self, pixel_format):
        plate = plate_of(pixel_format, structure())
        before = copies(plate)
        for box in BOXES:
            plate.put(box, plate.region(box))
        assert all(map(np.array_equal, before, plate.planes))

    @pytest.mark.parametrize("box", BOXES[:3])
    def test_change_nothing_outside_of_themselves(self, pixel_format, box):
        plate = plate_of(pixel_format, structure())
        before = copies(plate)
        plate.put(box, np.full_like(plate.region(box), 128))
        for was, now in zip(before, plate.planes, strict=True):
            across, down = round(SIZE[0] / was.shape[1]), round(SIZE[1] / was.shape[0])
            outside = np.ones(was.shape, bool)
            # samples of colour belong to two or four pixels: those that the box has a part in
            outside[box.top // down : -(-box.bottom // down), box.left // across : -(-box.right // across)] = False
            assert np.array_equal(was[outside], now[outside])
            assert not np.array_equal(was, now)

    def test_keep_the_samples_of_pixels_that_stay(self, pixel_format):
        plate, box = plate_of(pixel_format, structure()), BOXES[1]
        before, changed = copies(plate), plate.region(box)
        changed[30:60, 40:80] = (90, 120, 200)
        plate.put(box, changed)
        same = np.ones(SIZE[::-1], bool)
        same[box.top + 30 : box.top + 60, box.left + 40 : box.left + 80] = False
        assert np.array_equal(before[0][same], plate.planes[0][same])
        assert np.array_equal(plate.region(box)[:24], changed[:24])
        assert np.abs(plate.region(box)[36:54, 46:74].astype(int) - changed[36:54, 46:74]).max() <= 2

    def test_go_back_and_forth_within_a_level(self, pixel_format):
        """Every pixel moved by three levels and the plate's own put back: a level of 8 bits in each plane, at most."""
        plate, box = plate_of(pixel_format, slopes()), BOXES[1]
        picture, before = plate.region(box), copies(plate)
        plate.put(box, picture + 3)
        plate.put(box, picture)
        level = 1 if before[0].dtype == np.uint8 else 4
        for was, now in zip(before, plate.planes, strict=True):
            assert np.abs(was.astype(int) - now).max() <= level

    def test_show_no_edge_in_a_slope(self, pixel_format):
        """A soft blob ends before its box does."""
        plate, box = plate_of(pixel_format, slopes()), BOXES[1]
        clean = plate.bgr().astype(int)
        veil = np.zeros((box.bottom - box.top, box.right - box.left), np.float32)
        veil[12:-12, 12:-12] = 1
        veil = cv2.GaussianBlur(veil, (0, 0), 4)[..., None]
        picture = plate.region(box).astype(np.float32)
        plate.put(box, np.rint(picture + veil * (np.float32(150) - picture)).astype(np.uint8))
        off = np.abs(plate.bgr().astype(int) - clean)
        rim = np.ones(SIZE[::-1], bool)
        rim[box.top + 3 : box.bottom - 3, box.left + 3 : box.right - 3] = False
        assert off[rim].max() <= 2  # levels of blue that one sample of 8-bit colour stands for
        assert off.max() > 10


def test_ten_bits_stay_smooth_under_a_faint_change():
    """A slope of fine steps, lifted by one level of 8 bits: it doesn't break into the steps of 8 bits."""
    plate, box = plate_of("yuv422p10le", slopes()), BOXES[1]
    luma = plate.planes[0].astype(int).copy()
    plate.put(box, plate.region(box) + 1)
    lifted = plate.planes[0].astype(int)[box.inside] - luma[box.inside]
    assert lifted.min() >= 2
    assert lifted.max() <= 5


def test_a_frame_that_the_decoder_may_need_is_never_written_to():
    frame = plate_of("yuv420p", structure()).frame
    before = [plane.copy() for plane in samples(frame)]
    for _ in range(2):  # a held picture: the same frame twice
        plate = Plate(frame)
        plate.put(BOXES[1], np.zeros_like(plate.region(BOXES[1])))
        assert plate.frame is not frame
    assert all(map(np.array_equal, before, samples(frame)))


def spec_of(codec: Codec, frames: int, size: tuple[int, int] = (320, 180), fit: Fit = Fit.FIT) -> TakeSpec:
    return TakeSpec(Fraction(24), frames, 0, 0, *size, 0, codec=codec, fit=fit)


@pytest.mark.parametrize(("kind", "codec"), list(zip(["long-gop", "dnxhr", "prores"], CODECS, strict=True)))
def test_the_encoders_own_format_is_passed_on_as_the_decoder_gave_it(kind, codec, kinds, make_movie, tmp_path):
    path = make_movie(tmp_path / "a.mov", dataclasses.replace(kinds[kind], frames=4, size=(1280, 720)))
    spec = spec_of(codec, 4, (1280, 720))
    asked = read_plates(path, range(4), spec), read_frames(path, range(4)), read_pictures(path, range(4))
    for plate, native, picture in zip(*asked, strict=True):
        assert all(map(np.array_equal, plate.planes, samples(native)))
        assert np.array_equal(plate.bgr(), picture)
        box = Square(331, 101, 640, 333)
        plate.put(box, plate.region(box)[::-1])
        outside = np.ones((720, 1280), bool)
        outside[99:335, 329:642] = False  # colour reaches two pixels further
        assert np.array_equal(plate.bgr()[outside], picture[outside])


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    "case", ["other size", "turned", "anamorphic", "deep", "standard definition", "still", "alpha"]
)
def test_any_source_looks_like_its_picture(case, codec, kinds, make_movie, burnt, tmp_path):
    """Numbers, colours and black bars are where read_pictures has them."""
    movie = dataclasses.replace(kinds["prores" if case == "deep" else "long-gop"], frames=3)
    changes = {"turned": {"rotation": 90}, "anamorphic": {"size": (240, 180), "aspect": Fraction(4, 3)}}
    media: object = tmp_path / "a.mov"
    if case in ("still", "alpha"):
        media = tmp_path / "a.png"
        picture = burnt.picture(1)
        more = [np.full((180, 320, 1), 200, np.uint8)] if case == "alpha" else []
        cv2.imwrite(str(media), np.dstack([picture, *more]))
    else:
        make_movie(media, dataclasses.replace(movie, **changes.get(case, {})))
    spec = spec_of(codec, 2, (400, 180) if case == "other size" else (320, 180))
    asked = {"width": spec.width, "height": spec.height}
    for plate, picture in zip(read_plates(media, [1, 1], spec), read_pictures(media, [1, 1], **asked), strict=True):
        assert plate.size == (spec.width, spec.height)
        off = np.abs(plate.bgr().astype(int) - picture)
        flat = cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, np.ones((9, 9), np.uint8)).max(2) < 3
        assert flat.mean() > 0.2
        assert off[flat].max() <= 3


@pytest.mark.parametrize("codec", CODECS)
def test_a_written_plate_has_the_plates_colours(codec, kinds, make_movie, tmp_path):
    """SD is BT.601: converted once, and tagged as what it is now."""
    path = make_movie(tmp_path / "sd.mov", dataclasses.replace(kinds["long-gop"], frames=3))
    spec = spec_of(codec, 3)
    with TakeWriter(tmp_path / "take.mov", spec) as writer:
        for plate in read_plates(path, range(3), spec):
            writer.write(plate.frame)
    taken = read_pictures(tmp_path / "take.mov", range(3))
    for before, after in zip(read_pictures(path, range(3)), taken, strict=True):
        assert np.abs(before.astype(int) - after).mean() < 1.5


def test_sequences_are_read_too(burnt, tmp_path):
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"a.{number:04}.png"), burnt.picture(number))
    sequence = ImageSequence(tmp_path, "a.", ".png", 4, 0, 3, Fraction(24))
    shown = [plate.bgr() for plate in read_plates(sequence, [2, 0, 1], spec_of(Codec.H264, 3))]
    assert burnt.numbers(shown) == [2, 0, 1]


@pytest.mark.parametrize("pixel_format", FORMATS[:3])
def test_grey_is_the_pictures_brightness(pixel_format):
    grey = np.repeat(slopes().mean(2, keepdims=True), 3, axis=2)
    shown = plate_of(pixel_format, grey).grey(4)
    assert np.abs(shown.astype(int) - grey[::4, ::4, 0]).max() < 1.5

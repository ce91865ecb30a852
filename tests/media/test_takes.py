# SPDX-License-Identifier: Apache-2.0
"""Takes as they come to lie on disk: exactly what was ordered, or nothing at all."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction as F

import av
import numpy as np
import pytest

from greenroom.errors import DeliveryError, StoreError
from greenroom.frames import frame_of, sample_range, timecode
from greenroom.media.check import check_take
from greenroom.media.conform import conform
from greenroom.media.pictures import read_frames, read_pictures
from greenroom.media.probe import probe
from greenroom.media.sound import read_sound
from greenroom.media.takes import TakeWriter
from greenroom.media.types import BT709, Codec, TakeSpec

SPEC = TakeSpec(F(24), slot=10, head=3, tail=3, width=320, height=180, start_frame=86_400, codec=Codec.PRORES)


@pytest.fixture
def write_take(burnt):
    def write(path, spec, sound=None, *, count=None, size=None):
        with TakeWriter(path, spec, sound=sound) as writer:
            for number in range(spec.frames if count is None else count):
                writer.write(burnt.picture(number, *(size or (spec.width, spec.height))))
        return path

    return write


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize(
    ("rate", "start", "drop"),
    [
        (F(24), "01:00:00:00", False),
        (F(24000, 1001), "23:59:50:00", False),
        (F(25), "00:00:00:00", False),
        (F(30000, 1001), "00:59:59;28", True),
        (F(30000, 1001), "01:00:00:00", False),
        (F(60000, 1001), "10:10:00;04", True),
    ],
)
def test_every_codec_and_rate_is_what_was_ordered(codec, rate, start, drop, write_take, burnt, tmp_path):
    spec = replace(SPEC, rate=rate, codec=codec, start_frame=frame_of(start, rate), drop_frame=drop)
    samples = sample_range(0, spec.frames, rate, 48_000)[1]
    path = write_take(tmp_path / "take.mov", spec, np.full(samples, 0.25, np.float32))
    assert check_take(path, spec) == ()
    info = probe(path)
    assert (info.start_timecode, info.start_frame) == (start, spec.start_frame)
    assert (info.rate, info.frames, info.colour) == (rate, 16, BT709)
    assert info.audio[0].samples == samples
    assert burnt.numbers(read_pictures(path, range(16))) == list(range(16))


def test_timecode_is_a_track_of_its_own(write_take, tmp_path):
    path = write_take(tmp_path / "take.mov", replace(SPEC, reel="A001C002"))
    with av.open(str(path)) as container:
        (data,) = [stream for stream in container.streams if stream.type == "data"]
        assert data.metadata["timecode"] == "01:00:00:00"
        assert "A001C002" in (data.metadata.get("reel_name"), container.metadata.get("reel_name"))


def test_every_frame_carries_the_colour_tags(write_take, tmp_path):
    path = write_take(tmp_path / "take.mov", SPEC)
    for frame in read_frames(path, range(16)):
        assert (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range) == (1, 1, 1, 1)


def test_colours_are_encoded_in_bt709(write_take, tmp_path):
    """The red bar of the test picture by the published matrix: swscale's own default would be BT.601."""
    path = write_take(tmp_path / "take.mov", SPEC)
    (frame,) = read_frames(path, [0])
    blue, green, red = 90 / 255, 90 / 255, 200 / 255
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    row = np.frombuffer(memoryview(frame.planes[0]), np.uint16)[100 : 100 + 8]
    assert row.mean() == pytest.approx(4 * (16 + 219 * luma), abs=4)


OPAQUE = 4092 / 4095  # FFmpeg's encoders write 1023 of 10 bits as 65472 of 16: 255 of 255 in every program


class TestAlpha:
    SPEC = replace(SPEC, codec=Codec.PRORES_4444)

    @pytest.fixture
    def cut_out(self):
        """Every level of alpha beside each other, over bands that are noise, opaque and empty."""
        picture = np.full((180, 320, 4), (60, 120, 200, 0), np.uint8)
        picture[:60, :, 3] = np.linspace(0, 255, 320).round()
        picture[60:100, :, 3] = np.random.default_rng(4).integers(0, 256, (40, 320))
        picture[100:140, :, 3] = 255
        return picture

    def alphas(self, path):
        """The alpha of each frame as decoded, 0 to 1."""
        for frame in read_frames(path, range(16)):
            plane = frame.planes[3]
            rows = np.frombuffer(memoryview(plane), np.uint16).reshape(frame.height, -1)
            yield rows[:, : frame.width] / 4095

    def test_alpha_comes_back(self, cut_out, tmp_path):
        with TakeWriter(tmp_path / "take.mov", self.SPEC) as writer:
            for _ in range(16):
                writer.write(cut_out)
        assert check_take(tmp_path / "take.mov", self.SPEC) == ()
        info = probe(tmp_path / "take.mov")
        assert (info.has_alpha, info.start_timecode, info.colour) == (True, "01:00:00:00", BT709)
        for alpha in self.alphas(tmp_path / "take.mov"):
            assert np.abs(alpha - cut_out[..., 3] / 255).max() <= 1 / 255
            assert (alpha[100:140] >= OPAQUE).all()
            assert (alpha[140:] == 0).all()

    def test_colour_is_straight(self, cut_out, tmp_path):
        """Half-covered pixels have the actor's own colour, not one mixed with black."""
        with TakeWriter(tmp_path / "take.mov", self.SPEC) as writer:
            for _ in range(16):
                writer.write(cut_out)
        (frame,) = read_frames(tmp_path / "take.mov", [3])
        luma = np.frombuffer(memoryview(frame.planes[0]), np.uint16).reshape(180, -1)[:, :320]
        assert np.ptp(luma.astype(int)) < 16

    def test_pictures_without_alpha_are_opaque(self, write_take, tmp_path):
        path = write_take(tmp_path / "take.mov", self.SPEC)
        assert all((alpha >= OPAQUE).all() for alpha in self.alphas(path))

    def test_other_codecs_refuse_alpha(self, cut_out, tmp_path):
        refusal = pytest.raises(DeliveryError, match="frame 0 has alpha, prores has none")
        with refusal, TakeWriter(tmp_path / "take.mov", SPEC) as writer:
            writer.write(cut_out)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(("codec", "bars"), [(Codec.PRORES_4444, 0.0), (Codec.PRORES, None)])
    def test_conform_keeps_alpha_where_the_codec_has_it(self, codec, bars, cut_out, tmp_path):
        with TakeWriter(tmp_path / "delivered.mov", self.SPEC) as writer:
            for _ in range(16):
                writer.write(cut_out)
        upright = replace(self.SPEC, codec=codec, height=320)
        report = conform(tmp_path / "delivered.mov", upright, tmp_path / "take.mov")
        assert check_take(tmp_path / "take.mov", upright) == ()
        assert ("the source's alpha is shown over black" in report.notes) == (bars is None)
        if bars is not None:
            alpha = next(self.alphas(tmp_path / "take.mov"))
            assert alpha[:60].max() == bars, "the bars around a cut-out are empty too"
            assert np.abs(alpha[70:250] - cut_out[..., 3] / 255).max() <= 1.5 / 255


class TestSound:
    def test_is_exact_to_the_sample(self, write_take, clicks, tmp_path):
        sound = clicks(32_000, 0, 777, 31_999)
        path = write_take(tmp_path / "take.mov", SPEC, sound)
        assert np.abs(read_sound(path, F(0), 32_000) - sound).max() < 1e-6

    def test_peaks_are_limited_and_never_wrap(self, burnt, clicks, tmp_path):
        sound = clicks(32_000, 5000, level=2.4) - clicks(32_000, 20_000, level=2.4)
        with TakeWriter(tmp_path / "take.mov", SPEC, sound=sound) as writer:
            for number in range(16):
                writer.write(burnt.picture(number))
        assert writer.limited
        back = read_sound(tmp_path / "take.mov", F(0), 32_000)
        assert back[5000] == pytest.approx(1, abs=1e-5)
        assert back[20_000] == pytest.approx(-1, abs=1e-5)

    def test_stereo(self, write_take, tmp_path):
        sound = np.stack([np.full(32_000, 0.5), np.full(32_000, -0.5)], axis=1).astype(np.float32)
        path = write_take(tmp_path / "take.mov", SPEC, sound)
        assert probe(path).audio[0].channels == 2
        assert read_sound(path, F(0), 10, channel=1)[3] == pytest.approx(-0.5, abs=1e-5)

    @pytest.mark.parametrize("off", [-1, 1])
    def test_one_sample_of_rounding_is_mended(self, off, write_take, tmp_path):
        path = write_take(tmp_path / "take.mov", SPEC, np.zeros(32_000 + off, np.float32))
        assert probe(path).audio[0].samples == 32_000

    def test_another_length_is_refused_with_the_numbers(self, tmp_path):
        with pytest.raises(DeliveryError, match="31990 samples, 16 frames need 32000"):
            TakeWriter(tmp_path / "take.mov", SPEC, sound=np.zeros(31_990, np.float32))


class TestExactCount:
    def test_too_few_frames_leave_nothing(self, write_take, tmp_path):
        with pytest.raises(DeliveryError, match=r"has 13 frames, 16 were ordered \(3 short at the tail\)"):
            write_take(tmp_path / "take.mov", SPEC, count=13)
        assert list(tmp_path.iterdir()) == []

    def test_too_many_are_refused(self, write_take, tmp_path):
        with pytest.raises(DeliveryError, match="has 16 frames, one more was delivered"):
            write_take(tmp_path / "take.mov", SPEC, count=17)
        assert list(tmp_path.iterdir()) == []

    def test_another_size_is_refused(self, write_take, tmp_path):
        with pytest.raises(DeliveryError, match="frame 0 is 640 x 360, the take 320 x 180"):
            write_take(tmp_path / "take.mov", SPEC, size=(640, 360))

    def test_an_error_of_the_engine_leaves_the_take_before_as_it_was(self, write_take, tmp_path):
        path = write_take(tmp_path / "take.mov", SPEC)
        before = path.read_bytes()
        with pytest.raises(TypeError):
            write_take(path, SPEC, size=(None, None))
        assert path.read_bytes() == before
        assert [file.name for file in tmp_path.iterdir()] == ["take.mov"]

    def test_a_take_of_one_frame(self, write_take, tmp_path):
        spec = replace(SPEC, slot=1, head=0, tail=0)
        assert check_take(write_take(tmp_path / "take.mov", spec), spec) == ()

    def test_a_take_of_none_is_refused(self, tmp_path):
        with pytest.raises(DeliveryError, match="no frames"):
            TakeWriter(tmp_path / "take.mov", replace(SPEC, slot=0, head=0, tail=0))

    @pytest.mark.parametrize(
        ("codec", "size"), [(Codec.DNXHR, (128, 72)), (Codec.H264, (321, 180)), (Codec.PRORES, (320, 181))]
    )
    def test_sizes_that_a_codec_lacks(self, codec, size, tmp_path):
        with pytest.raises(DeliveryError, match=f"{codec} can't be {size[0]} x {size[1]}"):
            TakeWriter(tmp_path / "take.mov", replace(SPEC, codec=codec, width=size[0], height=size[1]))


class TestDisk:
    def test_awkward_names(self, write_take, awkward):
        path = write_take(awkward / "tøke #1 100%d.mov", SPEC)
        assert check_take(path, SPEC) == ()

    def test_a_folder_that_is_not_there(self, write_take, tmp_path):
        with pytest.raises(StoreError, match=r"take\.mov can't be written"):
            write_take(tmp_path / "none" / "take.mov", SPEC)

    def test_a_full_disk_leaves_nothing_and_says_so(self, tmp_path):
        """A file size limit in a child process: to FFmpeg the same as a disk that runs full."""
        program = f"""
import resource, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from greenroom.errors import StoreError
from greenroom.media.takes import TakeWriter
from greenroom.media.types import TakeSpec
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
spec = TakeSpec(Fraction(24), 40, 0, 0, 640, 360, 0)
noise = np.random.default_rng(1)
try:
    with TakeWriter(Path({str(tmp_path / "take.mov")!r}), spec) as writer:
        for _ in range(40):
            writer.write(noise.integers(0, 255, (360, 640, 3), np.uint8))
except StoreError as error:
    sys.exit(f"refused: {{error}}")
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
        assert "refused:" in done.stderr
        assert "no room left to write take.mov" in done.stderr
        assert list(tmp_path.iterdir()) == []

    def test_a_disk_that_runs_full_at_the_very_end(self, tmp_path):
        """Whatever the size at which it happens: the take is whole, or it is refused and gone."""
        program = f"""
import resource, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from greenroom.errors import GreenroomError
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
path = Path({str(tmp_path / "take.mov")!r})
spec = TakeSpec(Fraction(24), 6, 0, 0, 320, 180, 0, codec=Codec.H264)
def write():
    with TakeWriter(path, spec, sound=np.zeros(12_000, np.float32)) as writer:
        for number in range(6):
            writer.write(np.full((180, 320, 3), 40 * number, np.uint8))
write()
size = path.stat().st_size
for limit in range(size - 3000, size, 97):
    path.unlink()
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        write()
        sys.exit(f"written whole within {{limit}} of {{size}} bytes")
    except GreenroomError:
        assert not list(path.parent.iterdir()), list(path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    write()
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr


class TestCheck:
    @pytest.mark.parametrize(
        ("changes", "code", "words"),
        [
            ({"slot": 11}, "take-frames", "frames: 16 instead of 17"),
            ({"rate": F(25)}, "take-rate", "frame rate: 24 instead of 25"),
            ({"width": 640}, "take-size", "320 x 180 instead of 640 x 180"),
            ({"start_frame": 86_401}, "take-timecode", "01:00:00:00 instead of 01:00:00:01"),
            ({"codec": Codec.DNXHR}, "take-format", "yuv422p10le instead of yuv422p"),
            ({"sample_rate": 44_100}, "take-sound-rate", "48000 instead of 44100"),
        ],
    )
    def test_names_each_difference(self, changes, code, words, write_take, tmp_path):
        path = write_take(tmp_path / "take.mov", SPEC, np.zeros(32_000, np.float32))
        problems = check_take(path, replace(SPEC, **changes))
        assert [problem for problem in problems if problem.code == code and words in problem.message]

    def test_a_file_that_is_no_take(self, tmp_path):
        path = tmp_path / "take.mov"
        path.write_bytes(b"not a movie at all" * 100)
        (problem,) = check_take(path, SPEC)
        assert problem.code == "unreadable-take"


def test_a_frame_may_come_as_decoded(write_take, burnt, tmp_path):
    path = write_take(tmp_path / "take.mov", SPEC)
    again = tmp_path / "again.mov"
    with TakeWriter(again, replace(SPEC, codec=Codec.H264)) as writer:
        for frame in read_frames(path, range(15, -1, -1)):
            writer.write(frame)
    assert burnt.numbers(read_pictures(again, range(16))) == list(range(15, -1, -1))


def test_midnight_passes(write_take, tmp_path):
    start = 24 * 86_400 - 3
    path = write_take(tmp_path / "take.mov", replace(SPEC, start_frame=start))
    assert probe(path).start_timecode == timecode(start, F(24)) == "23:59:59:21"

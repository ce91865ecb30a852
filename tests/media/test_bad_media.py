# SPDX-License-Identifier: Apache-2.0
"""Media that is not what it should be: an error that names the file and the next step, never a crash or a guess."""

from __future__ import annotations

import dataclasses
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pytest

from greenroom.errors import GreenroomError, MediaError
from greenroom.media.pictures import read_frames, read_pictures
from greenroom.media.probe import probe
from greenroom.media.sound import read_sound, write_wav

READERS = {
    "probe": probe,
    "pictures": lambda path: list(read_pictures(path, [0])),
    "frames": lambda path: list(read_frames(path, [0])),
    "sound": lambda path: read_sound(path, F(0), 100),
}


@pytest.fixture(params=list(READERS))
def reader(request):
    return READERS[request.param]


@pytest.mark.parametrize(
    "name", ["gone.mov", "gone.png", "gone.wav", "gone", "concat:a|b.mov", "http:x.mp4", "a\n.mov"]
)
def test_missing(reader, name, tmp_path):
    with pytest.raises(MediaError, match="there is no file") as caught:
        reader(tmp_path / name)
    assert caught.value.hint
    assert caught.value.where


@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv", "png", "wav", "xyz", ""])
def test_zero_bytes(reader, suffix, tmp_path):
    path = tmp_path / f"empty.{suffix}"
    path.touch()
    with pytest.raises(MediaError, match=r"is empty \(0 bytes\)"):
        reader(path)


@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv", "mxf", "png", "exr", "wav", "mp3", "txt", ""])
def test_garbage(reader, suffix, tmp_path):
    path = tmp_path / f"garbage.{suffix}"
    path.write_bytes(np.random.default_rng(5).bytes(30_000))
    with pytest.raises(MediaError, match="garbage"):
        reader(path)


def test_a_folder(reader, tmp_path):
    with pytest.raises(MediaError, match="is a folder"):
        reader(tmp_path)


def test_a_name_longer_than_the_system_has(reader, tmp_path):
    with pytest.raises(MediaError, match="can't be read: File name too long"):
        reader(tmp_path / ("x" * 3000 + ".mov"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n"),
        ("list.mov", "ffconcat version 1.0\nfile '{}'\n"),
        ("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{}\n#EXT-X-ENDLIST\n"),
    ],
)
def test_play_lists_in_disguise_open_nothing(reader, name, text, make_movie, long_gop, tmp_path):
    real = make_movie(tmp_path / "real.ts", dataclasses.replace(long_gop, frames=5))
    path = tmp_path / name
    path.write_text(text.format(real))
    with pytest.raises(MediaError):
        reader(path)


class TestCutShort:
    @pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
    @pytest.mark.parametrize("kind", ["long-gop", "prores"])
    def test_with_the_index_in_front_is_told_by_its_numbers(self, kind, part, kinds, make_movie, tmp_path):
        movie = dataclasses.replace(kinds[kind], options={**kinds[kind].options, "movflags": "faststart"})
        whole = make_faststart(make_movie(tmp_path / "whole.mov", movie), tmp_path / "fast.mov")
        path = tmp_path / "short.mov"
        data = whole.read_bytes()
        path.write_bytes(data[: int(len(data) * part)])
        with pytest.raises(MediaError, match=r"short\.mov is cut short: \d+ of 100 frames are not in the file"):
            probe(path)

    @pytest.mark.parametrize("part", [0.3, 0.95])
    def test_mxf_is_told_by_where_its_footer_should_be(self, part, kinds, make_movie, tmp_path):
        whole = make_movie(tmp_path / "whole.mxf", kinds["dnxhr"])
        assert probe(whole).frames == 100
        path = tmp_path / "short.mxf"
        data = whole.read_bytes()
        path.write_bytes(data[: int(len(data) * part)])
        with pytest.raises(MediaError, match=r"short\.mxf is cut short: \d+ of 100 frames are not in the file"):
            probe(path)

    @pytest.mark.parametrize("part", [0.05, 0.5, 0.99])
    @pytest.mark.parametrize("suffix", ["mov", "mp4"])
    def test_with_the_index_behind(self, reader, suffix, part, make_movie, long_gop, tmp_path):
        data = make_movie(tmp_path / f"whole.{suffix}", long_gop).read_bytes()
        path = tmp_path / f"short.{suffix}"
        path.write_bytes(data[: int(len(data) * part)])
        with pytest.raises(MediaError, match="short"):
            reader(path)

    @pytest.mark.parametrize("suffix", ["mkv", "ts"])
    def test_a_stream_ends_where_it_ends(self, suffix, make_movie, long_gop, burnt, tmp_path):
        data = make_movie(tmp_path / f"whole.{suffix}", long_gop).read_bytes()
        path = tmp_path / f"short.{suffix}"
        path.write_bytes(data[: int(len(data) * 0.6)])
        frames = probe(path).frames
        assert 20 < frames < 100
        assert burnt.numbers(read_pictures(path, range(20))) == list(range(20))
        with pytest.raises(MediaError, match=r"frame 99 was asked for|frame 99 .* can't be decoded"):
            list(read_pictures(path, [99]))

    @pytest.mark.parametrize("suffix", ["png", "jpg"])
    def test_pictures(self, suffix, burnt, tmp_path):
        import cv2

        data = cv2.imencode(f".{suffix}", burnt.picture(3))[1].tobytes()
        path = tmp_path / f"short.{suffix}"
        path.write_bytes(data[:60])
        with pytest.raises(MediaError, match="short"):
            list(read_pictures(path, [0]))


@pytest.mark.parametrize("kind", ["long-gop", "prores"])
def test_spoilt_bytes_are_shown_or_refused_by_name(kind, kinds, make_movie, tmp_path):
    data = bytearray(make_movie(tmp_path / "whole.mov", kinds[kind]).read_bytes())
    chance = np.random.default_rng(11)
    for place in chance.integers(len(data) // 10, len(data) // 2, 40):
        data[place] ^= 0x55
    path = tmp_path / "spoilt.mov"
    path.write_bytes(data)
    outcomes = [shown_or_refused(path, number) for number in range(0, 100, 9)]
    assert len(outcomes) == 12
    assert all(outcome == (180, 320, 3) or "spoilt.mov" in outcome for outcome in outcomes)


def shown_or_refused(path, number):
    try:
        (picture,) = read_pictures(path, [number])
    except MediaError as error:
        return str(error)
    return picture.shape


class TestSoundOnly:
    @pytest.fixture
    def recording(self, tmp_path):
        path = tmp_path / "voice.wav"
        write_wav(path, np.zeros(48_000, np.float32), 48_000)
        return path

    def test_probe(self, recording):
        info = probe(recording)
        assert (info.kind, info.rate, info.frames, info.width, info.start_timecode) == ("audio", None, None, None, None)
        assert info.audio[0].samples == 48_000
        assert info.audio[0].sample_rate == 48_000

    def test_has_no_picture(self, recording):
        with pytest.raises(MediaError, match=r"voice\.wav has no picture"):
            list(read_pictures(recording, [0]))

    def test_a_cover_is_no_picture(self, make_sound, clicks, burnt, tmp_path):
        import av

        plain = make_sound(tmp_path / "plain.m4a", clicks(48_000, 5), codec="aac")
        path = tmp_path / "cover.m4a"
        with av.open(str(plain)) as source, av.open(str(path), "w", format="mp4") as target:
            copy = target.add_stream_from_template(source.streams.audio[0])
            cover = target.add_stream("mjpeg", rate=1)
            cover.width, cover.height, cover.pix_fmt = 320, 180, "yuvj420p"
            cover.disposition = av.stream.Disposition.attached_pic
            for packet in source.demux(audio=0):
                if packet.dts is not None:
                    packet.stream = copy
                    target.mux(packet)
            frame = av.VideoFrame.from_ndarray(burnt.picture(1), format="bgr24").reformat(format="yuvj420p")
            target.mux(cover.encode(frame))
            target.mux(cover.encode(None))
        assert probe(path).kind == "audio"


def test_a_file_that_may_not_be_read_is_an_error_worth_reading(tmp_path):
    link = tmp_path / "loop.mov"
    link.symlink_to(link)
    with pytest.raises(GreenroomError, match=r"loop\.mov can't be read"):
        probe(link)


def make_faststart(source: Path, target: Path) -> Path:
    """The same movie with its index in front of the media."""
    import av

    with av.open(str(source)) as old, av.open(str(target), "w", options={"movflags": "faststart"}) as new:
        copy = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                new.mux(packet)
    return target

# SPDX-License-Identifier: Apache-2.0
"""Cuts that don't say what their media has (EDLs) count by a timecode that only the file knows."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from greenroom.cues.loading import load
from greenroom.cues.model import Event, Layout
from greenroom.desk.looking.showing import event_source
from greenroom.errors import FrameError
from greenroom.frames import exact_rate, frame_of, sample_range
from greenroom.media.probe import probe
from greenroom.media.sound import mix
from greenroom.media.starts import counted_start
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, MediaInfo, MediaKind, TakeSpec

SECONDS = 3
SOUND = np.sin(np.arange(48000 * SECONDS) ** 1.5 / 9000)  # no two places of it are alike


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data


@pytest.fixture
def broadcast_wave(tmp_path: Path) -> Path:
    """SOUND from 10:00:00:00 at 25 fps: EBU Tech 3285 has the samples since midnight at byte 338 of its chunk."""
    described = bytes(338) + struct.pack("<QH", 36000 * 48000, 1) + bytes(254)
    kind = struct.pack("<HHIIHH", 1, 1, 48000, 96000, 2, 16)
    samples = np.rint(SOUND * 32767).astype("<i2").tobytes()
    body = b"WAVE" + chunk(b"bext", described) + chunk(b"fmt ", kind) + chunk(b"data", samples)
    path = tmp_path / "sound.wav"
    path.write_bytes(chunk(b"RIFF", body))
    return path


def write_movie(path: Path, rate: str, start: str) -> Path:
    exact = exact_rate(rate)
    frames = int(SECONDS * exact)
    first = frame_of(start, exact)
    spec = TakeSpec(exact, frames, 0, 0, 64, 64, first, drop_frame=";" in start, codec=Codec.H264)
    samples = sample_range(0, frames, exact, 48000)[1]
    with TakeWriter(path, spec, sound=np.resize(SOUND, samples).astype(np.float32)) as writer:
        for _ in range(frames):
            writer.write(np.zeros((64, 64, 3), np.uint8))
    return path


def read_edl(media: Path, *, source: str, channel: str = "A", rate: str = "25") -> Layout:
    """A cut of one second of `media` from `source` on."""
    exact = exact_rate(rate)
    end = f"{source[:6]}{int(source[6:8]) + 1:02}{source[8:]}"
    mark = source[8]
    lines = [
        "TITLE: SCENE",
        f"FCM: {'DROP FRAME' if mark == ';' else 'NON-DROP FRAME'}",
        f"001  REEL {channel} C {source} {end} 01:00:00{mark}00 01:00:01{mark}00",
        "* FROM CLIP NAME: SHOT",
        f"* FROM FILE: {media.name}",
    ]
    cut = media.with_name("cut.edl")
    cut.write_text("\n".join(lines) + "\n", "utf-8")
    return load(cut, exact)[1]


def only_event(layout: Layout) -> Event:
    ((event,),) = [track.events for track in layout.tracks]
    return event


def heard(layout: Layout) -> np.ndarray:
    event = only_event(layout)
    assert event.sound is not None
    return mix([event.sound], event.record)


def test_sound_with_a_time_reference_is_heard_from_its_timecode(broadcast_wave: Path) -> None:
    assert probe(broadcast_wave).start_sample == 36000 * 48000
    sound = heard(read_edl(broadcast_wave, source="10:00:01:00"))
    assert np.allclose(sound, SOUND[48000:96000], atol=1e-4)


def test_sound_of_a_cut_that_counts_from_zero_is_heard_from_there(broadcast_wave: Path) -> None:
    sound = heard(read_edl(broadcast_wave, source="00:00:01:00"))
    assert np.allclose(sound, SOUND[48000:96000], atol=1e-4)


@pytest.mark.parametrize(
    ("rate", "start", "source"),
    [
        ("25", "10:00:00:00", "10:00:01:00"),
        ("29.97", "01:00:00;00", "01:00:01;00"),
        ("24", "00:00:00:00", "00:00:01:00"),
    ],
)
def test_sound_of_a_movie_is_heard_from_its_timecode(tmp_path: Path, rate: str, start: str, source: str) -> None:
    movie = write_movie(tmp_path / "shot.mov", rate, start)
    layout = read_edl(movie, source=source, rate=rate)
    first = sample_range(0, 30 if rate == "29.97" else int(rate), exact_rate(rate), 48000)[1]
    sound = heard(layout)
    assert np.allclose(sound, SOUND[first : first + len(sound)], atol=1e-3)


@pytest.mark.parametrize(
    ("rate", "start", "of_cut", "first"),
    [
        ("25", "10:00:00:00", "25", 25),
        ("24", "10:00:00:00", "25", 24),
        ("25", "10:00:00:00", "24", 25),
        ("23.976", "10:00:00:00", "24", 24),
        ("24", "00:00:00:00", "24", 10 * 3600 * 24 + 24),
    ],
)
def test_pictures_are_taken_from_the_files_timecode(
    tmp_path: Path, rate: str, start: str, of_cut: str, first: int
) -> None:
    movie = write_movie(tmp_path / "shot.mov", rate, start)
    event = only_event(read_edl(movie, source="10:00:01:00", channel="V", rate=of_cut))
    last = int(SECONDS * exact_rate(rate)) - 1
    shown = event_source(event, exact_rate(of_cut)).frames
    assert shown[0] == min(first, last)
    assert len(shown) == int(of_cut)


def info(timecode: str, rate: str) -> MediaInfo:
    exact = exact_rate(rate)
    return MediaInfo(
        Path("a.mov"), MediaKind.VIDEO, exact, start_timecode=timecode, start_frame=frame_of(timecode, exact)
    )


@pytest.mark.parametrize(
    ("timecode", "rate", "of_cut", "counted"),
    [
        ("10:00:00:12", "24", "25", frame_of("10:00:00:12", Fraction(25)) + Fraction(1, 2)),
        ("10:00:00:12", "23.976", "24", frame_of("10:00:00:12", Fraction(24))),
        ("10:00:00;00", "29.97", "59.94", frame_of("10:00:00;00", exact_rate("59.94"))),
        ("10:00:00;00", "29.97", "25", 25 * Fraction(1078920 * 1001, 30000)),
    ],
)
def test_a_start_counts_at_the_rate_of_the_cut(timecode: str, rate: str, of_cut: str, counted: Fraction) -> None:
    assert counted_start(info(timecode, rate), exact_rate(of_cut)) == counted


def test_a_sound_files_timecode_has_to_exist_at_the_cuts_rate() -> None:
    sound = MediaInfo(Path("a.wav"), MediaKind.AUDIO, start_timecode="10:00:00:24")
    assert counted_start(sound, Fraction(25)) == 900_024
    with pytest.raises(FrameError, match="24 fps"):
        counted_start(sound, Fraction(24))

# SPDX-License-Identifier: Apache-2.0
"""Is a file on disk the take that was ordered? Looked at as an editing program would, every frame decoded."""

from __future__ import annotations

from pathlib import Path

from greenroom.errors import GreenroomError, Problem, Severity
from greenroom.frames import sample_range, timecode, write_rate
from greenroom.media.pictures import read_frames
from greenroom.media.probe import probe
from greenroom.media.takes import DECODED_FORMATS
from greenroom.media.types import Colour, MediaInfo, TakeSpec

__all__ = ["check_take"]


def check_take(path: Path, spec: TakeSpec) -> tuple[Problem, ...]:
    """Everything in which `path` is not what `spec` orders; empty if it is. All its frames are decoded and counted."""
    try:
        info = probe(path)
        counted = sum(1 for _ in read_frames(path, range(info.frames or 0)))
    except GreenroomError as error:
        return (error.problem("unreadable-take"),)
    return tuple(
        Problem(Severity.ERROR, f"take-{code}", f"{what}: {found} instead of {ordered}", "Conform it again.", str(path))
        for code, what, found, ordered in _compared(info, counted, spec)
        if found != ordered
    )


def _compared(info: MediaInfo, counted: int, spec: TakeSpec) -> list[tuple[str, str, object, object]]:
    start = timecode(spec.start_frame, spec.rate, drop_frame=spec.drop_frame)
    rows: list[tuple[str, str, object, object]] = [
        ("frames", "frames", counted, spec.frames),
        ("rate", "frame rate", write_rate(info.rate) if info.rate else "none", write_rate(spec.rate)),
        ("size", "size", f"{info.width} x {info.height}", f"{spec.width} x {spec.height}"),
        ("timecode", "start timecode", info.start_timecode or "none", start),
        ("format", "pixel format", info.pixel_format, DECODED_FORMATS[spec.codec]),
        ("colour", "colour tags", _written(info.colour), _written(spec.colour)),
    ]
    for sound in info.audio[:1]:
        wanted = sample_range(0, spec.frames, spec.rate, spec.sample_rate)[1]
        rows.append(("sound-rate", "sample rate", sound.sample_rate, spec.sample_rate))
        rows.append(("sound", "samples of sound", sound.samples, wanted))
    return rows


def _written(colour: Colour) -> str:
    return f"{colour.primaries}-{colour.transfer}-{colour.matrix} {'full' if colour.full_range else 'limited'}"

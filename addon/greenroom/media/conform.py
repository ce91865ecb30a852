# SPDX-License-Identifier: Apache-2.0
"""Makes any delivered file into exactly the take that was ordered, and checks that a take is what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenroom.errors import DeliveryError
from greenroom.frames import resample, write_rate
from greenroom.media.check import check_take
from greenroom.media.pictures import shaped_frames
from greenroom.media.probe import probe_source
from greenroom.media.relay import ahead
from greenroom.media.takes import PIXEL_FORMATS, TakeWriter
from greenroom.media.types import Codec, ImageSequence, MediaInfo, TakeSpec

__all__ = ["ConformReport", "check_take", "conform"]

_BT709_LIKE = (1, 2, 6, 14, 15)  # H.273 transfers that share BT.709's curve, and "unspecified"


@dataclass(frozen=True)
class ConformReport:
    """What conform did. `frame_map[i]` is the source frame that frame i of the take shows; `method` says how they were
    chosen; `notes` is what an editor should know (frames doubled or dropped, depth, held frames).
    """

    frame_map: tuple[int, ...]
    method: str
    notes: tuple[str, ...] = ()


def conform(
    source: Path | ImageSequence,
    spec: TakeSpec,
    destination: Path,
    *,
    sound: NDArray[np.float32] | None = None,
    head_offset: Fraction | int = 0,
    speed: Fraction = Fraction(1),
    hold_tail: int = 0,
    threads: int = 0,
) -> ConformReport:
    """Writes `destination` from `source` to exactly `spec`: count, rate, size, codec, timecode, colour tags, sound.

    `head_offset` is the source position, in source frames, at the head of the take's first frame. Frames are chosen by
    centre sampling. Up to `hold_tail` frames that the source lacks at the end show its last one. `sound` replaces the
    source's own; None leaves the take silent.

    Raises:
        MediaError: the source can't be read.
        DeliveryError: the source is too short; says by how many frames.
        StoreError: the take can't be written.
    """
    info = probe_source(source)
    frame_map, held = _frame_map(info, spec, Fraction(head_offset), speed, hold_tail)
    with TakeWriter(destination, spec, sound=sound, threads=threads) as writer:
        pictures = shaped_frames(
            source, frame_map, PIXEL_FORMATS[spec.codec], width=spec.width, height=spec.height, fit=spec.fit
        )
        for picture in ahead(pictures):
            writer.write(picture)
    notes = [*_rate_notes(info, spec, frame_map, held), *_picture_notes(info, spec)]
    if writer.limited:
        notes.append("the sound's peaks passed full scale and were limited")
    return ConformReport(frame_map, _method(info, spec, speed), tuple(notes))


def _frame_map(
    info: MediaInfo, spec: TakeSpec, start: Fraction, speed: Fraction, hold_tail: int
) -> tuple[tuple[int, ...], int]:
    total, rate = info.frames, info.rate or spec.rate
    if info.rate is None or total is None:  # a still fills any length
        return (0,) * spec.frames, 0
    wanted = resample(start, rate, spec.frames, spec.rate, speed=speed)
    head = sum(1 for index in wanted if index < 0)
    tail = sum(1 for index in wanted if index >= total)
    if head or tail > hold_tail:
        sides = [f"{count} short at the {side}" for count, side in ((head, "head"), (tail, "tail")) if count]
        raise DeliveryError(
            f"{total} frames at {write_rate(rate)} fps were delivered, the take needs {spec.frames} at "
            f"{write_rate(spec.rate)} fps: {' and '.join(sides)}",
            hint=f"Ask the engine for more frames, or write hold=tail: the last one stands still then ({tail} f)."
            if not head
            else "Ask the engine for more frames.",
            where=str(info.path),
        )
    return tuple(min(index, total - 1) for index in wanted), tail


def _method(info: MediaInfo, spec: TakeSpec, speed: Fraction) -> str:
    if info.rate is None:
        return "still"
    if info.rate == spec.rate and speed == 1 and not info.variable_rate:
        return "frame for frame"
    change = f"{write_rate(info.rate)} to {write_rate(spec.rate)} fps"
    return f"centre sampling, {change}" + (f", speed {float(speed):g}" if speed != 1 else "")


def _rate_notes(info: MediaInfo, spec: TakeSpec, frame_map: tuple[int, ...], held: int) -> list[str]:
    notes = []
    if info.variable_rate and info.rate:
        notes.append(f"variable frame rate: read as {write_rate(info.rate)} fps")
    shown = frame_map[: len(frame_map) - held]
    doubled = [place for place in range(1, len(shown)) if shown[place] == shown[place - 1]]
    if doubled and info.rate:
        notes.append(f"{len(doubled)} frames are doubled: {_some(doubled)}")
    if held:
        notes.append(f"the last frame is held for {held} frames")
    return notes


def _some(places: list[int]) -> str:
    return ", ".join(map(str, places[:12])) + (" ..." if len(places) > 12 else "")


def _picture_notes(info: MediaInfo, spec: TakeSpec) -> list[str]:
    notes = []
    if info.bit_depth <= 8 and PIXEL_FORMATS[spec.codec].endswith("10le"):
        notes.append("8-bit source in a 10-bit wrapper")
    if info.bit_depth > 8 and not PIXEL_FORMATS[spec.codec].endswith("10le"):
        notes.append(f"{info.bit_depth}-bit source reduced to 8 bit")
    if info.has_alpha and spec.codec is not Codec.PRORES_4444:
        notes.append("the source's alpha is shown over black")
    if info.interlaced:
        notes.append("the source is interlaced and was not deinterlaced")
    if info.colour.transfer not in (*_BT709_LIKE, 13):
        notes.append(f"transfer characteristic {info.colour.transfer} (H.273) was not converted to BT.709")
    if (info.width, info.height) != (spec.width, spec.height):
        notes.append(f"{info.width} x {info.height} to {spec.width} x {spec.height} ({spec.fit})")
    return notes

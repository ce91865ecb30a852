# SPDX-License-Identifier: Apache-2.0
"""Slates: short movies with a cue's text burnt in, to hold a take's room on a timeline.

A movie, because Resolve's take selector takes takes for clips with media only, not for titles and solids. Each frame
shows its own number, so that a slip of a frame can be seen.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from greenroom.desk.looking.lettering import draw_text, fitted, wrapped
from greenroom.desk.outputs import check_picture_output
from greenroom.desk.results import Pictures
from greenroom.errors import InputError
from greenroom.frames import frame_of, is_drop_frame_rate, nominal, timecode
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec

__all__ = ["LONGEST_SLATE", "write_slate"]

LONGEST_SLATE = 10 * 60  # seconds; a slate of 1080p ProRes takes 30 MB a second
_BACKGROUND, _BRIGHT, _DIM = (24, 27, 33), (240, 240, 240), (150, 158, 170)


def write_slate(
    note: str,
    output: Path,
    *,
    frames: int,
    rate: Fraction,
    size: tuple[int, int] = (1920, 1080),
    start: str = "01:00:00:00",
    codec: Codec = Codec.PRORES,
) -> Pictures:
    """A movie of `frames` with the text of `note`, and timecode from `start` on.

    Raises:
        InputError: no text, a length or size that can't be, or it can't be written there.
        FrameError: `start` is no timecode at this rate.
    """
    check_picture_output(None, output, ".mov")
    if not note.strip():
        raise InputError("the slate has no text", hint='Give the note: greenroom slate "@mara talk: I never left." ...')
    if frames > LONGEST_SLATE * rate:
        raise InputError(f"a slate of {frames} frames is too long", hint=f"At most {LONGEST_SLATE // 60} minutes.")
    first = frame_of(start, rate)
    drop_frame = ";" in start and is_drop_frame_rate(rate)
    spec = TakeSpec(rate, frames, 0, 0, *size, start_frame=first, drop_frame=drop_frame, codec=codec)
    still = _still(note.strip(), size)
    with TakeWriter(output, spec, comment="Greenroom slate") as writer:
        for number in range(frames):
            writer.write(_numbered(still, timecode(first + number, rate, drop_frame=drop_frame), number, nominal(rate)))
    return Pictures(output, frames, *size)


def _still(note: str, size: tuple[int, int]) -> Image.Image:
    """What all frames show."""
    width, height = size
    picture = Image.new("RGB", size, _BACKGROUND)
    draw = ImageDraw.Draw(picture)
    large, small = max(10, height // 14), max(8, height // 30)
    draw_text(draw, (width / 2, height * 0.12), "PLACEHOLDER", small, _DIM, anchor="mm")
    lines = wrapped(note, large, width * 0.86, 5)
    top = height * 0.45 - (len(lines) - 1) * large * 0.65
    for number, line in enumerate(lines):
        draw_text(draw, (width / 2, top + number * large * 1.3), line, large, _BRIGHT, anchor="mm")
    said = fitted("Put the same note on the clip as a marker", small, width * 0.9)
    draw_text(draw, (width / 2, height * 0.92), said, small, _DIM, anchor="mm")
    return picture


def _numbered(still: Image.Image, label: str, number: int, base: int) -> NDArray[np.uint8]:
    """BGR. The bar runs once a second."""
    picture = still.copy()
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    size = max(8, height // 22)
    draw_text(draw, (width / 2, height * 0.8), f"{label}   {number}", size, _BRIGHT, anchor="mm")
    draw.rectangle((0, height - max(2, height // 90), width * (number % base + 1) / base, height), fill=_DIM)
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])

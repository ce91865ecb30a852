# SPDX-License-Identifier: Apache-2.0
"""Pictures to look at: thumbnails of media and takes, and slates for what has no picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from greenroom.cues.model import Event
from greenroom.desk.looking.lettering import draw_text, wrapped
from greenroom.desk.planning.plan_picture import file_frames
from greenroom.errors import MediaError
from greenroom.media.pictures import read_pictures
from greenroom.media.probe import probe_source
from greenroom.media.types import Fit, ImageSequence
from greenroom.takes.states import Take

__all__ = ["Picture", "Source", "event_source", "pictures", "slate", "take_source"]

Picture = NDArray[np.uint8]
"""(height, width, 3) BGR."""

_GREY, _WHITE, _DIM = (38, 38, 42), (235, 235, 235), (150, 150, 155)


@dataclass(frozen=True)
class Source:
    """A media with the file frame for each frame of a slot. `label` is that of a take ("previz")."""

    media: Path | ImageSequence
    frames: tuple[int, ...]
    label: str = ""


def event_source(event: Event, rate: Fraction) -> Source:
    """The editor's own media under all that `event` shows; past its ends the first or last picture stands still.

    Raises:
        MediaError: there is none, it is missing, or it has no picture.
    """
    use = event.media
    media = (use.sequence or use.path) if use is not None else None
    if media is None:
        raise MediaError("the clip names no file", hint="Relink the clip.")
    info = probe_source(media)
    if not info.width or not info.frames:
        raise MediaError("the clip's media has no picture", hint="Relink the clip.", where=str(info.path))
    wanted = file_frames(event, info, rate, count=event.visible.duration)
    return Source(media, tuple(min(max(index, 0), info.frames - 1) for index in wanted))


def take_source(take: Take, event: Event, first: int | None = None) -> Source:
    """The take under all that `event` shows, as a write-back would place it, or from its frame `first` on.

    Raises:
        MediaError: the take's file is gone.
    """
    if not take.media.is_file():
        message = f"take {take.number} is no longer there"
        raise MediaError(message, hint="Restore its folder, or generate again.", where=str(take.media))
    last = take.frames - 1
    if first is not None:
        shown_frames = (min(max(first + i, 0), last) for i in range(event.visible.duration))
        return Source(take.media, tuple(shown_frames), take.label)
    first = take.head
    shown = event.media.source.start if event.media is not None and event.media.speed == 1 else None
    if shown is not None and event.media is not None and event.media.source.rate == event.record.rate:
        slot = shown - (event.record.start - event.visible.start)
        if take.start_frame <= slot and slot + event.visible.duration <= take.start_frame + take.frames:
            first = slot - take.start_frame
    return Source(take.media, tuple(min(first + i, last) for i in range(event.visible.duration)), take.label)


def pictures(source: Source, at: Sequence[int], width: int, height: int) -> Iterator[Picture]:
    """The pictures at positions `at` of the slot, fitted into `width` x `height` with black bars.

    Raises:
        MediaError: the media can't be read.
    """
    indices = [source.frames[position] for position in at]
    yield from read_pictures(source.media, indices, width=width, height=height, fit=Fit.FIT)


def slate(title: str, lines: Sequence[str], width: int, height: int) -> Picture:
    """A dark picture with words, for a slot that has no picture."""
    image = Image.new("RGB", (width, height), _GREY)
    draw = ImageDraw.Draw(image)
    margin = width // 16
    large, small = max(10, height // 9), max(9, height // 15)
    written = wrapped(title, large, width - 2 * margin, 2)
    rest = [line for text in lines for line in wrapped(text, small, width - 2 * margin, 2) if line]
    top = (height - len(written) * large * 1.25 - len(rest) * small * 1.4) / 2
    for line in written:
        draw_text(draw, (width / 2, top), line, large, _WHITE, anchor="ma")
        top += large * 1.25
    for line in rest:
        draw_text(draw, (width / 2, top + small * 0.3), line, small, _DIM, anchor="ma")
        top += small * 1.4
    draw.rectangle((1, 1, width - 2, height - 2), outline=(64, 64, 70))
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])

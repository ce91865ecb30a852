# SPDX-License-Identifier: Apache-2.0
"""Where a slot that is longer than its model takes is cut into spans that it does, each a job of its own.

Cut is where nobody speaks; where nobody is silent in reach, at the quietest place. How the pictures meet:

    the model starts from its portrait   the next span's portrait is the last frame of the one before, and its first
                                         frame, which repeats that one, is left out
    else, in silence                     the spans overlap by some frames, over which one dissolves into the other
    else                                 a cut

The sound has no seam, since a take's sound is the timeline's own. The same request is always cut the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.engines.contract import PictureSource, Request
from greenroom.engines.hosted.fit import order_of
from greenroom.engines.hosted.inputs import mb_of_dialogue
from greenroom.engines.hosted.offers import VIDEOS, Offer, Source
from greenroom.frames import FrameRange, sample_range
from greenroom.media.types import TakeSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Span", "can_split", "continued", "fits", "lap_after", "part_of", "spans_of", "write_part"]

_DISSOLVE = 4  # frames: a sixth of a second, shorter than any pause that counts as one
_CONTINUES = 1  # frame: the start picture comes back as the first frame


@dataclass(frozen=True)
class Span:
    """`frames` of the take from `first` on. Of these, the span before has the first `lap` too. `quiet`: it begins in
    silence.
    """

    first: int
    frames: int
    lap: int = 0
    quiet: bool = True

    def as_json(self) -> dict[str, Any]:
        return {"first": self.first, "frames": self.frames, "lap": self.lap, "quiet": self.quiet}


def can_split(offer: Offer) -> bool:
    """Whether something that is sent says what happens when, so that the parts of it make the whole."""
    return offer.sends("dialogue", *VIDEOS)


def spans_of(offer: Offer, request: Request) -> tuple[Span, ...]:
    """The spans of a request, in order; one where all of it is taken at once, or where it can't be split.

    Raises:
        MediaError: the dialogue has to be heard for this, and can't be read.
    """
    spec = request.spec
    whole = (Span(0, spec.frames),)
    if not can_split(offer) or fits(offer, spec, spec.frames):
        return whole
    most = _most(offer, spec)
    dissolves = not offer.output.starts_from_portrait
    lap = _DISSOLVE if dissolves else _CONTINUES
    if most <= 2 * lap:
        return whole
    pauses, loudness = _heard(request, _DISSOLVE // 2 if dissolves else 0)
    least = math.ceil(spec.frames / (most - lap))
    for count in (least, least + 1):  # one more leaves more room for the cuts
        spans = _cut(spec, most, lap, count, pauses, loudness, dissolves=dissolves)
        if all(span.quiet for span in spans):
            return spans
    return _cut(spec, most, lap, least, pauses, loudness, dissolves=dissolves)


def part_of(request: Request, spans: Sequence[Span], number: int) -> Request:
    """The request for span `number`, from 0: its frames, its sound and footage, in a folder of its own.

    The first one has the whole request's name at the host, so that it can be asked for by it. The line is left out: no
    part says all of it. Nothing is written: see `write_part`.
    """
    span = spans[number]
    spec = request.spec
    work = request.work / f"span_{number + 1}"
    return replace(
        request,
        job=request.job if number == 0 else f"{request.job}-s{number + 1}",
        spec=replace(spec, head=0, slot=span.frames, tail=0, start_frame=spec.start_frame + span.first),
        work=work,
        line="",
        dialogue=None if request.dialogue is None else work / "dialogue.wav",
        sounds=(),
        stand_in=_shown(request.stand_in, span),
        plate=_shown(request.plate, span),
        driver=_shown(request.driver, span),
    )


def write_part(request: Request, part: Request, span: Span) -> None:
    """The part's folder, with its sound.

    Raises:
        MediaError: the sound can't be read.
        StoreError: it can't be written.
    """
    from greenroom.media.sound import read_sound, write_wav
    from greenroom.takes.disk import storing

    with storing(part.work):
        part.work.mkdir(parents=True, exist_ok=True)
    if request.dialogue is None or part.dialogue is None:
        return
    spec = request.spec
    first, end = sample_range(span.first, span.frames, spec.rate, spec.sample_rate)
    start = Fraction(first, spec.sample_rate)
    write_wav(
        part.dialogue,
        read_sound(request.dialogue, start, end - first, sample_rate=spec.sample_rate),
        spec.sample_rate,
    )


def continued(offer: Offer, part: Request, picture: Path) -> tuple[Offer, Request]:
    """The part that starts from `picture`, as it is: cropped once more, the actor would come nearer at every span."""
    inputs = {name: Source("portrait") if each.word == "portrait" else each for name, each in offer.inputs.items()}
    return replace(offer, inputs=inputs), replace(part, performer=replace(part.performer, portrait=picture))


def _shown(source: PictureSource | None, span: Span) -> PictureSource | None:
    return None if source is None else replace(source, indices=source.indices[span.first : span.first + span.frames])


def lap_after(offer: Offer, request: Request, place: int) -> int:
    """How many of the frames before `place` what is made after it shows again: its start picture, a dissolve, or none,
    where somebody speaks and it is a cut.
    """
    if offer.output.starts_from_portrait:
        return _CONTINUES
    pauses, powers = _heard(request, 0)
    quiet = any(first <= place - _DISSOLVE and place <= last for first, last in pauses)
    return _DISSOLVE if powers is None or quiet else 0


def fits(offer: Offer, spec: TakeSpec, frames: int) -> bool:
    """Whether the model takes so many frames at once."""
    limits = offer.limits
    if limits.max_seconds is None and limits.audio.max_mb is None:
        return True
    order = order_of(offer, replace(spec, head=0, slot=frames, tail=0))
    if limits.max_seconds is not None and order.seconds > limits.max_seconds:
        return False
    most = limits.audio.max_mb if offer.sends("dialogue") else None
    return most is None or mb_of_dialogue(offer, order) <= most


def _most(offer: Offer, spec: TakeSpec) -> int:
    """The most frames that are taken at once; 0 for none."""
    most, too_many = 0, spec.frames
    while too_many - most > 1:
        middle = (most + too_many) // 2
        if fits(offer, spec, middle):
            most = middle
        else:
            too_many = middle
    return most


def _heard(request: Request, margin: int) -> tuple[tuple[tuple[int, int], ...], NDArray[np.float32] | None]:
    """Where nobody speaks for `margin` frames before and after, as frames (first, last) at which to cut, and how loud
    it is at each frame. Without a dialogue all of it is silent.
    """
    import numpy as np

    from greenroom.perception.speech import speech_segments

    spec = request.spec
    sound = _sound(request)
    if sound is None:
        return ((0, spec.frames),), None
    speech = speech_segments(sound, spec.sample_rate)
    edges = [Fraction(0), *(Fraction(edge) for span in speech for edge in (span.start, span.end))]
    edges.append(spec.frames / spec.rate)
    gaps = zip(edges[::2], edges[1::2], strict=True)
    found = ((math.ceil(start * spec.rate) + margin, math.floor(end * spec.rate) - margin) for start, end in gaps)
    bounds = [sample_range(0, frame, spec.rate, spec.sample_rate)[1] for frame in range(spec.frames + 1)]
    powers = np.add.reduceat(np.append(sound.astype(np.float32) ** 2, np.float32(0)), bounds)[:-1]
    return tuple(pause for pause in found if pause[1] >= pause[0]), powers


def _sound(request: Request) -> NDArray[np.float32] | None:
    """The dialogue, of its file or, before that is written, of its clips."""
    from greenroom.media.sound import mix, read_sound

    spec = request.spec
    if request.sounds:
        return mix(request.sounds, FrameRange(0, spec.frames, spec.rate), sample_rate=spec.sample_rate)
    if request.dialogue is None or not request.dialogue.is_file():
        return None
    _, count = sample_range(0, spec.frames, spec.rate, spec.sample_rate)
    return read_sound(request.dialogue, Fraction(0), count, sample_rate=spec.sample_rate)


def _cut(
    spec: TakeSpec,
    most: int,
    lap: int,
    count: int,
    pauses: Sequence[tuple[int, int]],
    powers: NDArray[np.float32] | None,
    *,
    dissolves: bool,
) -> tuple[Span, ...]:
    """`count` spans of `most` frames or less: each cut in the longest pause that leaves the rest feasible."""
    room = most - lap  # what a span adds to the take, at the most
    shortest = max(lap, room // 3)  # a pause right at an end is no place to cut
    cuts, before = [], 0
    for number in range(1, count):
        lowest = max(before + shortest, spec.frames - (count - number) * room)
        highest = min(before + room, spec.frames - (count - number) * shortest)
        place, quiet = _place(lowest, highest, pauses, powers, evenly=(before, spec.frames, count - number + 1))
        cuts.append((place, quiet))
        before = place
    return tuple(_spans(spec, cuts, lap, dissolves=dissolves))


def _spans(spec: TakeSpec, cuts: Sequence[tuple[int, bool]], lap: int, *, dissolves: bool) -> Iterator[Span]:
    """A span begins at its cut, or so much before it that it overlaps: in the middle of a dissolve, at its end where it
    goes on from a picture.
    """
    ends = [*(place for place, _ in cuts), spec.frames]
    first, shared, quiet = 0, 0, True
    for number, end in enumerate(ends):
        following = cuts[number] if number < len(cuts) else None
        blends = following is not None and (following[1] or not dissolves)
        after = lap // 2 if blends and dissolves else 0
        yield Span(first, end + after - first, shared, quiet)
        if following is not None:
            shared = lap if blends else 0
            first = end + after - shared
            quiet = following[1]


def _place(
    lowest: int,
    highest: int,
    pauses: Sequence[tuple[int, int]],
    powers: NDArray[np.float32] | None,
    *,
    evenly: tuple[int, int, int],
) -> tuple[int, bool]:
    """Where to cut from `lowest` to `highest`, and whether that is in silence."""
    import numpy as np

    if powers is None:
        before, end, count = evenly
        return min(max(before + (end - before) // count, lowest), highest), True
    reach = [((start + end) // 2, max(lowest, start), min(highest, end)) for start, end in pauses]
    reach = [each for each in reach if each[1] <= each[2]]
    if reach:
        longest = max(reach, key=lambda each: each[2] - each[1])
        return min(max(longest[0], longest[1]), longest[2]), True
    around = powers[lowest - 1 : highest] + powers[lowest : highest + 1]  # the frames on both sides of each cut
    return lowest + int(np.argmin(around)), False

# SPDX-License-Identifier: Apache-2.0
"""Goes on from a take that became too short: only the missing frames are rendered, the old ones are copied.

The old performance is worked out again from its own request, so that what it did on its first and last frame is known
exactly. New frames start from there: they are the performance of the longer take, and what the two differ by where
they meet fades away within half a second. The sound is the cut's own, from end to end, so nothing is joined there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import Continued, Delivery, Request
from greenroom.engines.previz import animate, talk
from greenroom.engines.previz.compositing.seating import wants_alpha
from greenroom.engines.previz.delivery import COMMENT, read_dialogue, told, write_frames
from greenroom.engines.previz.puppet.expression import Face, displacement, smoothstep
from greenroom.engines.previz.puppet.puppet import Held, Performed
from greenroom.engines.previz.puppet.rig import Head, Rig
from greenroom.media.join import join
from greenroom.media.types import Codec, TakeSpec

__all__ = ["Joined", "Missing", "can_continue", "joined", "missing_frames", "render_continued"]

Curve = NDArray[np.float64]

_FADE = Fraction(1, 2)
"""Seconds in which the difference at the seam goes away: a head's own sway has a spread of half a second (`life`)."""
_FACE = 12  # channels of a Face, then those of a Head, then the gaze
_LEAST = (0.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.3, 0.0, 0.0, 0.0)
_MOST = (1.15, 1.5, 1.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.95, 1.0, 1.0, 1.0)
"""What a Face's channels may be, in its own order (`expression.Face`)."""


def can_continue(request: Request) -> bool:
    """Whether this engine goes on from `request.continued`: a portrait that talks or moves, with nothing behind it.
    Over a plate or in a set, light and camera of the old take aren't known any more.
    """
    was = request.continued
    if was is None or request.mode not in ("talk", "animate") or request.plate is not None or wants_alpha(request):
        return False
    return bool(was.kept(request.spec.frames)) and _picture(was.request.spec) == _picture(request.spec)


def _picture(spec: TakeSpec) -> tuple[object, ...]:
    return spec.rate, spec.width, spec.height, spec.codec, spec.fit, spec.colour


def missing_frames(request: Request) -> int:
    """How many frames have to be rendered."""
    was = request.continued
    return request.spec.frames - (len(was.kept(request.spec.frames)) if was is not None else 0)


@dataclass(frozen=True)
class Joined(Performed):
    """The longer performance, in which the frames `kept` are those of `old`, whose first frame is `first`."""

    new: Performed
    old: Performed
    kept: range
    first: int
    fade: int

    def performance(self, rig: Rig) -> Iterator[Held]:
        """What `rig` does in each frame."""
        new = np.array([_values(held) for held in self.new.performance(rig)])
        old = np.array([_values(held) for held in self.old.performance(rig)])
        now = new.copy()
        now[self.kept.start : self.kept.stop] = old[self.kept.start - self.first : self.kept.stop - self.first]
        begin, end = self.kept.start, self.kept.stop - 1
        for index in range(begin):
            now[index] += _left(new, now, begin, 1, begin - index, self.fade)
        for index in range(end + 1, len(now)):
            now[index] += _left(new, now, end, -1, index - end, self.fade)
        for values in now:
            yield _held(values, rig)


@dataclass(frozen=True)
class Missing(Performed):
    """The frames of a joined performance that no take has yet."""

    whole: Joined

    def performance(self, rig: Rig) -> Iterator[Held]:
        """What `rig` does in each missing frame."""
        return (held for index, held in enumerate(self.whole.performance(rig)) if index not in self.whole.kept)


def render_continued(request: Request) -> Delivery:
    """Render what `request.continued` lacks, join it on, and write the take as request.spec orders it.

    Raises:
        CastError: no face in the portrait.
        MediaError: portrait, dialogue or the old take can't be read.
    """
    was = request.continued
    assert was is not None
    whole = joined(request, was)
    lacking = missing_frames(request)
    rest, path = request.work / "missing.mov", request.work / f"{request.mode}.mov"
    if lacking:
        codec = request.spec.codec
        if codec is Codec.H264:
            codec = Codec.PRORES  # all will be encoded anew: new frames lose as little as old ones
        spec = replace(request.spec, slot=lacking, head=0, tail=0, codec=codec)
        missing = Missing(whole.framed, {}, whole)
        write_frames(rest, spec, missing.plates(spec.codec), sound=None)
    kept, at = whole.kept, whole.kept.start
    pieces = [
        (rest, range(at)),
        (was.media, range(kept.start - was.first, kept.stop - was.first)),
        (rest, range(at, lacking)),
    ]
    copied = join(pieces, request.spec, path, sound=read_dialogue(request), comment=COMMENT)
    continued = {"take": was.take, "kept": [kept.start, kept.stop], "copied": copied}
    report = told(request.mode, {**whole.report, "continued": continued})
    return Delivery(path, conformed=True, report=report)


def joined(request: Request, was: Continued) -> Joined:
    """Both performances, and where they meet."""
    new, old = _prepared(_timed(request, was)), _whole(was.request)
    fade = max(2, round(_FADE * request.spec.rate))
    return Joined(new.framed, new.report, new, old, was.kept(request.spec.frames), was.first, fade)


def _whole(request: Request) -> Performed:
    """A take that went on from another one itself."""
    return _prepared(request) if request.continued is None else joined(request, request.continued)


def _prepared(request: Request) -> Performed:
    return animate.prepare(request) if request.mode == "animate" else talk.prepare(request)


def _timed(request: Request, was: Continued) -> Request:
    """An action happens once: where it did in the old take, not again in the middle of the longer slot."""
    spec, old = request.spec, was.request.spec
    head = was.first + old.head
    tail = spec.frames - head - old.slot
    if request.mode != "animate" or head < 0 or tail < 0:
        return request
    return replace(request, spec=replace(spec, head=head, slot=old.slot, tail=tail))


def _left(new: Curve, now: Curve, edge: int, inwards: int, away: int, fade: int) -> Curve:
    """What is left of the difference at `edge`, `away` frames outside of it; the head keeps its speed there too."""
    weight = 1.0 - float(smoothstep(0, fade, float(away)))
    difference = now[edge] - new[edge]
    inner = edge + inwards
    if 0 <= inner < len(now) and len(now) > 1:
        speed = (now[edge] - now[inner]) - (new[edge] - new[inner])
        difference = difference + np.where(np.arange(len(speed)) >= _FACE, away * speed, 0.0)
    return np.asarray(weight * difference)


def _values(held: Held) -> Curve:
    return np.array([*astuple(held.face), *astuple(held.head), *held.gaze])


def _held(values: Curve, rig: Rig) -> Held:
    face = Face(*np.clip(values[:_FACE], _LEAST, _MOST).tolist())
    head = Head(*values[_FACE:-2].tolist())
    return Held(displacement(rig.neutral, face), face, head, (float(values[-2]), float(values[-1])))

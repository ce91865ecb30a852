# SPDX-License-Identifier: Apache-2.0
"""How long and at which rate a take is asked for, so that what comes back fits it to the frame. Pure.

Footage goes out at a whole rate that the host takes, frame for frame where the rates are as good as the same: 23.976
as 24, 29.97 as 30, 50 as every second frame at 25. The time that this bends (`stretch`) is bent back by count when the
result comes, since no host was seen that keeps 23.976. Dialogue alone goes out as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from greenroom.engines.hosted.offers import VIDEOS, Offer
from greenroom.frames import resample
from greenroom.media.types import TakeSpec

__all__ = ["Order", "order_of"]

_RATES = (Fraction(24), Fraction(25), Fraction(30))  # what hosts say that they take, where this one says nothing
_SAME = Fraction(1, 500)  # 24 and 23.976 differ by a thousandth
_STEPS = (1, 2, 4)  # 100 and 120 fps: every fourth frame


@dataclass(frozen=True)
class Order:
    """`frames` at `rate` are sent, or asked for. `indices` are frames of the take, one for each that is sent (the last
    one is held for those beyond it). `stretch`: seconds of the take for each second that is sent.
    """

    frames: int
    rate: Fraction
    indices: tuple[int, ...]
    stretch: Fraction = Fraction(1)

    @property
    def seconds(self) -> Fraction:
        return self.frames / self.rate


def order_of(offer: Offer, spec: TakeSpec) -> Order:
    """What is asked for: never shorter than the take and than the model's least, on its grid."""
    if not offer.sends(*VIDEOS):
        return _timed(offer, spec)
    rate, step = _rate(spec.rate, offer.limits.video.rates or _RATES)
    stretch = Fraction(1)
    if step:
        stretch = rate * step / spec.rate
        shown = tuple(range(0, spec.frames, step))
    else:
        count = math.ceil(spec.frames / spec.rate * rate)
        shown = tuple(min(max(0, each), spec.frames - 1) for each in resample(0, spec.rate, count, rate))
    wanted = len(shown) + math.ceil(offer.output.spare * rate)
    frames = _on_grid(max(_within(offer, wanted, len(shown), rate), _least(offer, rate)), offer)
    return Order(frames, rate, shown + (shown[-1:] * (frames - len(shown))), stretch)


def _timed(offer: Offer, spec: TakeSpec) -> Order:
    """For models that have no footage to follow: as long as the dialogue, or as they are told."""
    rate = offer.output.rate or spec.rate
    needed = math.ceil(spec.frames / spec.rate * rate)
    wanted = needed + math.ceil(offer.output.spare * rate)
    frames = max(_within(offer, wanted, needed, rate), _least(offer, rate))
    if offer.limits.whole_seconds:
        frames = math.ceil(math.ceil(frames / rate) * rate)
    return Order(_on_grid(frames, offer), rate, ())


def _rate(rate: Fraction, allowed: tuple[Fraction, ...]) -> tuple[Fraction, int]:
    """The rate to send at, and every how manyth frame; 0: frames have to be chosen by time."""
    for step in _STEPS:
        for each in allowed:
            if abs(rate / step - each) <= each * _SAME:
                return each, step
    above = [each for each in allowed if each >= rate]
    return (min(above) if above else max(allowed)), 0


def _within(offer: Offer, wanted: int, needed: int, rate: Fraction) -> int:
    """Spare frames are asked for as far as the model's limit allows."""
    most = offer.limits.max_seconds
    return wanted if most is None else max(needed, min(wanted, math.floor(most * rate)))


def _least(offer: Offer, rate: Fraction) -> int:
    return math.ceil((offer.limits.min_seconds or Fraction(0)) * rate)


def _on_grid(frames: int, offer: Offer) -> int:
    if offer.limits.frame_grid is None:
        return frames
    each, offset = offer.limits.frame_grid
    return math.ceil(Fraction(frames - offset, each)) * each + offset

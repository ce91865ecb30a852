# SPDX-License-Identifier: Apache-2.0
"""Which frames to decode next and which to keep: pure, so that look-ahead and memory can be tested without a clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Wish", "ahead", "least_wanted"]


@dataclass(frozen=True)
class Wish:
    """What the viewer wants of one picture: `frame` now, then every `step`-th (negative: backwards).

    It stays within `low` to `high` (exclusive), round and round if `loop`. `size` is the room in device pixels.
    `playing`: a frame that comes too late is of no use. The first `lead` frames of the plan can't be had in time any
    more: what comes after them is made first.
    """

    frame: int
    step: int
    low: int
    high: int
    loop: bool
    playing: bool
    size: tuple[int, int]
    lead: int = 0


def ahead(wish: Wish, count: int, lead: int = 0) -> Iterator[int]:
    """The next `count` frames in the order that they'll be shown, the first `lead` left out."""
    frame = wish.frame
    length = wish.high - wish.low
    for number in range(lead + count):
        if not wish.low <= frame < wish.high:
            inside = wish.loop and length > 0
            if not inside:
                return
            frame = wish.low + (frame - wish.low) % length
        if number >= lead:
            yield frame
        frame += wish.step


def least_wanted(held: Iterator[int], wish: Wish) -> int:
    """Which of the held frames to give up: the one that is shown again last."""

    def until(frame: int) -> int:
        distance = (frame - wish.frame) * (1 if wish.step > 0 else -1)
        if distance >= 0:
            return distance
        return (wish.high - wish.low) + distance if wish.loop and wish.playing else -2 * distance

    return max(held, key=until)

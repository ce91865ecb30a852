# SPDX-License-Identifier: Apache-2.0
"""Which frame is due: play, shuttle, loop and marks, from a clock that counts nanoseconds. No Qt, no media."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from greenroom.frames import frame_at

__all__ = ["SPEEDS", "Transport"]

SPEEDS = (1, 2, 4)
_NANOSECONDS = 10**9


class Transport:
    """The viewer's playhead over frames 0 to `frames` - 1.

    `low` and `high` (exclusive) are the marks. Play starts again at a mark that it stands on or lies beyond.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self.clock = clock
        self.loop = False
        self.load(0, Fraction(24))

    def load(self, frames: int, rate: Fraction) -> None:
        """Another picture: at its first frame, stopped, without marks."""
        self.frames = frames
        self.rate = rate
        self.speed = 0
        self.low, self.high = 0, frames
        self._anchor = 0
        self._since = 0

    @property
    def playing(self) -> bool:
        return self.speed != 0

    def due(self) -> int:
        """The frame that should be on screen now. Play that has come to its end stops there."""
        if not self.playing:
            return self._anchor
        frame = self._anchor + self.passed(self.clock() - self._since)
        if self.low <= frame < self.high:
            return frame
        if self.loop:
            return self.low + (frame - self.low) % (self.high - self.low)
        self.go_to(self.high - 1 if self.speed > 0 else self.low)
        return self._anchor

    def passed(self, nanoseconds: int) -> int:
        """Frames passed in so much time: faster play shows as many pictures a second and leaves others out."""
        return frame_at(Fraction(nanoseconds, _NANOSECONDS), self.rate) * self.speed

    def play(self, speed: int) -> None:
        """At 1, 2 or 4 times the speed, backwards if negative, from where it stands."""
        frame = self.due()
        inside = self.low <= frame < self.high
        if speed > 0 and (not inside or frame == self.high - 1):
            frame = self.low
        elif speed < 0 and (not inside or frame == self.low):
            frame = self.high - 1
        if self.frames:
            self._stand(frame)
            self.speed = speed

    def stop(self) -> None:
        self.go_to(self.due())

    def shuttled(self, direction: int) -> int:
        """The speed after L (1) or J (-1): once plays, again doubles the speed, the other key plays the other way."""
        if self.speed * direction <= 0:
            return direction
        return direction * next((speed for speed in SPEEDS if speed > abs(self.speed)), SPEEDS[-1])

    def go_to(self, frame: int) -> None:
        """Stands on `frame`, or on the first or last where it lies beyond."""
        self._stand(frame)
        self.speed = 0

    def mark_in(self, frame: int) -> None:
        """Play begins at `frame`; an end before it goes."""
        self._keep_place()
        self.low = frame
        if self.high <= frame:
            self.high = self.frames

    def mark_out(self, frame: int) -> None:
        """`frame` is the last that is played; a beginning after it goes."""
        self._keep_place()
        self.high = frame + 1
        if self.low > frame:
            self.low = 0

    def clear_marks(self) -> None:
        self._keep_place()
        self.low, self.high = 0, self.frames

    def use_clock(self, clock: Callable[[], int], frame: int) -> None:
        """Goes on from `frame`, which is due now, by another clock."""
        self.clock = clock
        self._stand(frame)

    def _keep_place(self) -> None:
        if self.playing:
            self._stand(self.due())

    def _stand(self, frame: int) -> None:
        self._anchor = min(max(frame, 0), max(0, self.frames - 1))
        self._since = self.clock()

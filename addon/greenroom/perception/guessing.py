# SPDX-License-Identifier: Apache-2.0
"""A followed face looked for in the next two pictures at once, before this one's is known.

To look at a face costs far more than all else that following does, and each picture's look begins where the last one
ended: one core's work. A face hardly moves in three frames, so the look may begin where it was then, and two cores have
something to do. Where the face turns out to have moved, the picture is looked at again, from its last place.
"""

from __future__ import annotations

import math
import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from greenroom.media.glimpses import Looked
from greenroom.perception.landmarks import LandmarkNet, Landmarks, Region
from greenroom.perception.shots import ShotWatch

__all__ = ["Frame", "Guess", "Start", "begin_looks", "frames_ahead", "two_lookers"]

Found: TypeAlias = Callable[[], Landmarks]
Start: TypeAlias = Callable[[Looked, Region], Found]
"""Begins to look for a face in a region, and gives a call that waits for what is seen."""

_AHEAD = 2  # pictures
# How far a face may lie from where it was guessed: of the region's side (a region of its own last place is off by 0.01
# on carphone in the median), times as large, and in radians.
_OFF, _SWELL, _TURN = 0.04, 0.06, 0.07
_SURE = 0.9  # presence; what is followed well stays above 0.95


@dataclass(frozen=True, eq=False)
class Guess:
    """A look that is under way, in a region that was guessed."""

    region: Region
    found: Found

    def good(self) -> Landmarks | None:
        """What was found, if it lies where it was looked for. Waits for it."""
        seen = self.found()
        now, then = Region.of_points(seen.points), self.region
        off = math.hypot(now.x - then.x, now.y - then.y) / then.side
        turn = abs(math.remainder(now.angle - then.angle, math.tau))
        size = now.side / then.side
        near = off < _OFF and turn < _TURN and 1 / (1 + _SWELL) < size < 1 + _SWELL
        return seen if near and seen.presence > _SURE else None


@dataclass(eq=False)
class Frame:
    """A picture, whether it begins a shot, and what was guessed of it."""

    picture: Looked
    begins: bool
    guess: Guess | None = None


def frames_ahead(pictures: Iterable[Looked], start: Start | None) -> Iterator[tuple[Frame, list[Frame]]]:
    """Each frame in order, with those that come next; none of them where there is nobody to `start` a look."""
    watch = ShotWatch()
    waiting: deque[Frame] = deque()
    for picture in pictures:
        waiting.append(Frame(picture, watch.is_cut(picture)))
        if len(waiting) > (_AHEAD if start else 0):
            frame = waiting.popleft()
            yield frame, list(waiting)
    while waiting:
        frame = waiting.popleft()
        yield frame, list(waiting)


def begin_looks(coming: list[Frame], region: Region, start: Start) -> None:
    """Look in `region` of the frames to come of this shot, if nobody does yet."""
    for frame in coming:
        if frame.begins:
            return
        if frame.guess is None:
            frame.guess = Guess(region, start(frame.picture, region))


@contextmanager
def two_lookers() -> Iterator[Start]:
    """Two nets in two threads."""
    nets: queue.SimpleQueue[LandmarkNet] = queue.SimpleQueue()
    for _ in range(_AHEAD):
        nets.put(LandmarkNet())

    def look(picture: Looked, region: Region) -> Landmarks:
        net = nets.get()
        try:
            return net(picture, region)
        finally:
            nets.put(net)

    with ThreadPoolExecutor(_AHEAD, "greenroom-faces") as pool:
        yield lambda picture, region: pool.submit(look, picture, region).result

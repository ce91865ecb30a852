# SPDX-License-Identifier: Apache-2.0
"""Which samples are heard: the dialogue in the order of play, to the sample, whatever speed, marks and loop. No Qt."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from greenroom.frames import FrameRange, nominal, sample_range
from greenroom.media.sound import Sound, mix
from greenroom.panel.viewer.picture import Dialogue

__all__ = ["Heard", "Run"]

_KEPT = 4  # stretches of a second, mixed: the one that plays, those round it, the loop's start


@dataclass(frozen=True)
class Run:
    """Play from `frame` at `speed` (negative: backwards) within `low` to `high` (exclusive), round if `loop`."""

    frame: int
    speed: int
    low: int
    high: int
    loop: bool


class Heard:
    """Mono samples of `dialogue` at `rate` Hz by run and place. Thread-safe.

    Raises MediaError where a clip can't be read.
    """

    def __init__(self, dialogue: Dialogue, rate: int) -> None:
        self._dialogue = dialogue
        self._rate = rate
        self._stretch = nominal(dialogue.record.rate)  # frames that are mixed at once: about a second
        self._mixed: OrderedDict[int, Sound] = OrderedDict()
        self._lock = threading.Lock()

    def samples(self, run: Run, first: int, count: int) -> Sound:
        """Samples `first` to `first` + `count` of a run, counted from its beginning; silence after its end.

        Faster than 1, neighbours are averaged, as a tape's head does: the pitch rises with the speed.
        """
        factor = abs(run.speed)
        pieces = [
            self._between(low, high)[:: 1 if run.speed > 0 else -1]
            for low, high in self._places(run, first * factor, count * factor)
        ]
        found = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
        whole = np.pad(found, (0, count * factor - len(found)))
        return np.ascontiguousarray(whole.reshape(count, factor).mean(axis=1), dtype=np.float32)

    def _places(self, run: Run, first: int, count: int) -> Iterator[tuple[int, int]]:
        """The stretches of the timeline, in samples and in the order heard, each to be reversed in backward play."""
        low, high = self._edge(run.low), self._edge(run.high)
        at = self._edge(run.frame) + first if run.speed > 0 else self._edge(run.frame + 1) - first
        while count > 0 and high > low:
            if run.loop:
                at = self._wrapped(at, low, high, run.speed)
            left = high - at if run.speed > 0 else at - low
            taken = min(count, left)
            if taken <= 0:
                return
            yield (at, at + taken) if run.speed > 0 else (at - taken, at)
            at += taken if run.speed > 0 else -taken
            count -= taken

    @staticmethod
    def _wrapped(at: int, low: int, high: int, speed: int) -> int:
        if speed > 0:
            return low + (at - low) % (high - low)
        return high - (high - at) % (high - low)

    def _edge(self, frame: int) -> int:
        """The sample at which the viewer's frame begins, counted as the cut counts."""
        return sample_range(self._dialogue.record.start + frame, 0, self._dialogue.record.rate, self._rate)[0]

    def _between(self, first: int, end: int) -> Sound:
        result = np.zeros(end - first, np.float32)
        record = self._dialogue.record
        frame_of_first = first * record.rate // self._rate - record.start
        number = int(frame_of_first) // self._stretch
        while (begin := self._edge(number * self._stretch)) < end:
            mixed = self._mix(number)
            start, stop = max(first, begin), min(end, begin + len(mixed))
            if start < stop:
                result[start - first : stop - first] = mixed[start - begin : stop - begin]
            number += 1
        return result

    def _mix(self, number: int) -> Sound:
        with self._lock:
            if number not in self._mixed:
                record = self._dialogue.record
                stretch = FrameRange(record.start + number * self._stretch, self._stretch, record.rate)
                self._mixed[number] = mix(self._dialogue.clips, stretch, sample_rate=self._rate)
                while len(self._mixed) > _KEPT:
                    self._mixed.popitem(last=False)
            self._mixed.move_to_end(number)
            return self._mixed[number]

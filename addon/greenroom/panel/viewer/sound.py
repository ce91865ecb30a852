# SPDX-License-Identifier: Apache-2.0
"""The dialogue of what plays: read ahead on a thread, handed to the device in time; and the clock of the pictures."""

from __future__ import annotations

import enum
import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from greenroom.errors import EngineUnavailable, GreenroomError
from greenroom.media.sound import Sound
from greenroom.panel.viewer.ending import ended_before_python
from greenroom.panel.viewer.heard import Heard, Run
from greenroom.panel.viewer.picture import Dialogue
from greenroom.panel.viewer.sinks import OpenSink, Sink

__all__ = ["DialoguePlayer", "SoundState"]

_BLOCK = 0.25  # s that are read at once
_AHEAD = 6  # blocks
_SECOND = 10**9
_MOST_GUESSED = _SECOND // 10  # ns that the clock runs on after the device was last heard of


class SoundState(enum.StrEnum):
    """What becomes of the dialogue."""

    PLAYS = "plays"
    NO_DIALOGUE = "no dialogue"
    SILENT = "silent"  # no QtMultimedia or no device: `why` says which
    FAILED = "failed"  # the dialogue can't be read: `why` says it


class DialoguePlayer:
    """One dialogue at a time on one device, which is opened when there is first something to play."""

    def __init__(self, open_sink: OpenSink, monotonic: Callable[[], int]) -> None:
        self._open = open_sink
        self._monotonic = monotonic
        self._sink: Sink | None = None
        self._heard: Heard | None = None
        self._feed: _Feed | None = None
        self._heard_of = (0, 0)  # what the device said was played, and when it said so first (ns)
        self._last = 0
        self.state = SoundState.NO_DIALOGUE
        self.why = self.hint = ""
        self.muted = False

    def load(self, dialogue: Dialogue | None) -> None:
        """The dialogue of what is shown next; None: it has none."""
        self.stop()
        self._heard, self.state, self.why, self.hint = None, SoundState.NO_DIALOGUE, "", ""
        if dialogue is None:
            return
        try:
            self._sink = self._sink or self._open()
        except EngineUnavailable as error:
            self.state, self.why, self.hint = SoundState.SILENT, error.message, error.hint
            return
        self._heard = Heard(dialogue, self._sink.rate)
        self.state = SoundState.PLAYS

    def play(self, run: Run) -> bool:
        """Begins a run; whether it is heard, and `clock` therefore counts from 0."""
        self.stop()
        if self._heard is None or self._sink is None or self.state is not SoundState.PLAYS:
            return False
        self._sink.start()
        self._feed = _Feed(self._heard, run, round(self._sink.rate * _BLOCK))
        self._heard_of = (0, self._monotonic())
        self._last = 0
        return True

    def stop(self) -> None:
        if self._feed is not None:
            self._feed.close()
            self._feed = None
            if self._sink is not None:
                self._sink.stop()

    def close(self) -> None:
        self.load(None)

    def pump(self) -> bool:
        """Hands the device what it takes; call it every few milliseconds. False: the sound broke off."""
        if self._feed is None or self._sink is None:
            return True
        if self._feed.problem is not None:
            problem = self._feed.problem
            self.state, self.why, self.hint = SoundState.FAILED, problem.message, problem.hint
            self.stop()
            return False
        samples = self._feed.take(self._sink.room())
        if len(samples):
            self._sink.write(samples * 0 if self.muted else samples)
        return True

    def clock(self) -> int:
        """Nanoseconds of the run that were heard. Between two answers of the device it runs on; it never goes back."""
        if self._sink is None:
            return self._last
        played = self._sink.played() * _SECOND // self._sink.rate
        now = self._monotonic()
        if played != self._heard_of[0]:
            self._heard_of = (played, now)
        guessed = min(now - self._heard_of[1], _MOST_GUESSED) if played else 0
        self._last = max(self._last, played + guessed)
        return self._last


class _Feed:
    """Reads the samples of one run ahead, a few blocks and no more."""

    def __init__(self, heard: Heard, run: Run, block: int) -> None:
        self._heard = heard
        self._run = run
        self._block = block
        self._blocks: deque[Sound] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.problem: GreenroomError | None = None
        self._thread = threading.Thread(target=self._read, name="viewer sound", daemon=True)
        self._thread.start()
        ended_before_python(self)

    def take(self, most: int) -> Sound:
        """Up to so many samples of what is ready."""
        taken: list[Sound] = []
        with self._changed:
            while most > 0 and self._blocks:
                block = self._blocks.popleft()
                taken.append(block[:most])
                if len(block) > most:
                    self._blocks.appendleft(block[most:])
                most -= len(taken[-1])
            self._changed.notify()
        return np.concatenate(taken) if taken else np.zeros(0, np.float32)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._blocks.clear()
            self._changed.notify()

    def wait(self, seconds: float) -> bool:
        """Whether the thread has ended within so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _read(self) -> None:
        first = 0
        while self._wants_more():
            try:
                block = self._heard.samples(self._run, first, self._block)
            except GreenroomError as error:
                self.problem = error
                return
            first += self._block
            with self._changed:
                if not self._closed:
                    self._blocks.append(block)

    def _wants_more(self) -> bool:
        with self._changed:
            while not self._closed and len(self._blocks) >= _AHEAD:
                self._changed.wait()
            return not self._closed

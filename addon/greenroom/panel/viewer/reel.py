# SPDX-License-Identifier: Apache-2.0
"""One or two pictures being decoded: which frame of them can be shown now, and which are left out when time is short.

No Qt. Pictures are dropped in the clock's favour, never the other way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from greenroom.errors import GreenroomError
from greenroom.frames import nominal
from greenroom.panel.viewer.decoder import Decoder
from greenroom.panel.viewer.picture import Picture
from greenroom.panel.viewer.plan import Wish
from greenroom.panel.viewer.source import Image
from greenroom.panel.viewer.transport import Transport

__all__ = ["Reel"]


class Reel:
    """The decoders of what is shown, in step with `transport`. `dropped` counts frames that play left out."""

    def __init__(self, transport: Transport) -> None:
        self.pictures: tuple[Picture, ...] = ()
        self.dropped = 0
        self._transport = transport
        self._decoders: tuple[Decoder, ...] = ()
        self._reached = 0  # the last frame that play came to, shown before it or by it
        self._aim: int | None = None  # late, play goes on from here, with both pictures

    def load(self, pictures: Sequence[Picture], told: Callable[[], None]) -> None:
        """`told` is called on other threads when there is something new to show."""
        self.close()
        self.pictures = tuple(pictures)
        self._decoders = tuple(Decoder(picture, told) for picture in self.pictures)

    def close(self) -> None:
        for decoder in self._decoders:
            decoder.close()
        self.pictures, self._decoders = (), ()
        self.dropped = 0

    def retry(self) -> None:
        """Media that was missing may be back."""
        for decoder in self._decoders:
            decoder.retry()

    def problems(self) -> tuple[GreenroomError | None, ...]:
        return tuple(decoder.problem for decoder in self._decoders)

    def image(self, number: int, frame: int) -> Image | None:
        return self._decoders[number].image(frame)

    def unreadable(self, number: int, frame: int) -> bool:
        """Whether this frame of a picture can't be decoded, though others can."""
        return self._decoders[number].unreadable(frame)

    def damaged(self) -> tuple[range, ...]:
        """The stretches of damaged frames that were met so far, in either picture."""
        frames = sorted({frame for decoder in self._decoders for frame in decoder.damaged()})
        ends = [place for place, frame in enumerate(frames, 1) if frame + 1 not in frames[place : place + 1]]
        starts = [0, *ends[:-1]] if ends else []
        return tuple(range(frames[start], frames[end - 1] + 1) for start, end in zip(starts, ends, strict=True))

    def held_bytes(self) -> int:
        return sum(decoder.held_bytes() for decoder in self._decoders)

    def begin(self, frame: int, shown: int) -> None:
        """Play begins at `frame`, while `shown` is on screen."""
        self._reached = frame if frame == shown else frame - self._transport.speed
        self._aim = None

    def ask_for(self, due: int, direction: int, rooms: Sequence[tuple[int, int]]) -> None:
        """Has the frame due and those after it made ready, each picture for its room."""
        transport = self._transport
        playing = transport.playing
        lead = self._lead(due) if playing else 0
        for decoder, room in zip(self._decoders, rooms, strict=False):
            wish = Wish(
                frame=due,
                step=transport.speed or (1 if direction > 0 else -1),
                low=transport.low if playing else 0,
                high=transport.high if playing else transport.frames,
                loop=transport.loop,
                playing=playing,
                size=room,
                lead=lead,
            )
            decoder.want(wish)

    def ready(self, due: int) -> int | None:
        """The frame to show: the one due, or in play the last before it that is there and wasn't shown yet."""
        if None not in self.problems():
            return None
        if self._have(due):
            return due
        speed = self._transport.speed
        if not speed:
            return None
        late = range(due - speed, self._reached, -speed)
        return next((frame for frame in late if self._have(frame)), None)

    def show(self, frame: int) -> bool:
        """`frame` comes on screen; whether some before it were left out."""
        speed = self._transport.speed
        skipped = (frame - self._reached) // speed - 1 if speed else 0
        self._reached = frame
        self.dropped += max(0, skipped)
        return skipped > 0

    def _have(self, frame: int) -> bool:
        """Whether every picture is ready, but for those that can't be read."""
        return all(decoder.problem is not None or decoder.has(frame) for decoder in self._decoders)

    def _lead(self, due: int) -> int:
        """How many steps after the frame due the next one is that can be ready in time; 0 while nothing is late.

        It is agreed upon once for both pictures and kept until it is due: each by itself would be ready with others.
        """
        speed = self._transport.speed
        if self._have(due):
            self._aim = None
            return 0
        if self._aim is None or (self._aim - due) // speed <= 0:
            most = nominal(self._transport.rate)
            cost = max(decoder.cost for decoder in self._decoders)
            self._aim = due + speed * min(most, 1 + int(cost * float(self._transport.rate)))
        return (self._aim - due) // speed

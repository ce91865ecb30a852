# SPDX-License-Identifier: Apache-2.0
"""A thread that keeps the frames ready which the viewer will show next: so many, never more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from greenroom.errors import GreenroomError, MediaError
from greenroom.panel.viewer.ending import ended_before_python
from greenroom.panel.viewer.picture import Picture
from greenroom.panel.viewer.plan import Wish, ahead, least_wanted
from greenroom.panel.viewer.source import Image, Source

__all__ = ["Decoder"]

_BUDGET = (
    96 << 20
)  # bytes of images a picture: 46 frames of 960 x 540, and a long-GOP run backwards is decoded in these
_FEWEST, _MOST = 6, 96
_STANDING = 4  # frames made ready while nothing plays, for the next steps
_SMOOTHING = 0.2


class Decoder:
    """`told` is called on the decoder's thread whenever there is something new to show."""

    def __init__(self, picture: Picture, told: Callable[[], None]) -> None:
        self.picture = picture
        self._told = told
        self._changed = threading.Condition(threading.RLock())
        self._wish: Wish | None = None
        self._images: dict[int, Image | None] = {}
        self._damaged: dict[int, bool] = {}  # frames that were met, and whether nothing of them can be seen
        self._at: int | None = None  # the frame that is being decoded
        self._size = (0, 0)
        self._problem: GreenroomError | None = None
        self._closing = False
        self._cost = 0.0  # s a frame, lately
        self._thread = threading.Thread(target=self._run, name=f"viewer {picture.label}", daemon=True)
        self._thread.start()
        ended_before_python(self)

    @property
    def problem(self) -> GreenroomError | None:
        """Why there is no picture; a new `retry` tries once more."""
        return self._problem

    def want(self, wish: Wish) -> None:
        with self._changed:
            if wish != self._wish:
                if wish.size != self._size:
                    self._size = wish.size
                    self._images.clear()
                self._wish = wish
                if not wish.playing:  # looked at by itself, a damaged frame gets another chance
                    self._damaged.pop(wish.frame, None)
                    self._images = {each: image for each, image in self._images.items() if image or each != wish.frame}
                self._changed.notify()

    def retry(self) -> None:
        """Media that was missing may be back."""
        with self._changed:
            if self._problem is not None:
                self._problem = None
                self._images.clear()
                self._changed.notify()

    def has(self, frame: int) -> bool:
        """Whether `frame` is ready, be it that there is none."""
        with self._changed:
            return frame in self._images or self._damaged.get(frame, False)

    def image(self, frame: int) -> Image | None:
        with self._changed:
            return self._images.get(frame)

    def unreadable(self, frame: int) -> bool:
        """Whether this frame can't be decoded, though others can."""
        with self._changed:
            return self._damaged.get(frame, False)

    def damaged(self) -> tuple[int, ...]:
        """The damaged frames that were met so far."""
        with self._changed:
            return tuple(self._damaged)

    @property
    def cost(self) -> float:
        """Seconds that a frame took lately, with those before it that had to be decoded for it."""
        return self._cost

    def held_bytes(self) -> int:
        """Memory of the images that are ready."""
        with self._changed:
            return sum(image.pixels.nbytes for image in self._images.values() if image is not None)

    def close(self) -> None:
        """Asks the thread to end, and doesn't wait: it may be in the middle of a picture."""
        with self._changed:
            self._closing = True
            self._told = _nobody
            self._images.clear()
            self._changed.notify()

    def wait(self, seconds: float) -> bool:
        """Whether the thread has ended within so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while self._open_for_wishes():
            try:
                with Source(self.picture) as source:
                    self._serve(source)
            except GreenroomError as error:
                self._go_wrong(error)
            except (OSError, MemoryError, ValueError, OverflowError) as error:  # gone meanwhile, or a header lies
                name = self.picture.label or "the media"
                self._tell(MediaError(f"{name} can't be shown: {error}", hint="Conform it, or render it anew."))

    def _go_wrong(self, error: GreenroomError) -> None:
        """Media that was opened and fails at a frame is damaged there: the rest is seen all the same."""
        with self._changed:
            frame, self._at = self._at, None
            if frame is None or not isinstance(error, MediaError):
                self._tell(error)
            elif not self._closing:
                self._damaged[frame] = True
                self._told()

    def _open_for_wishes(self) -> bool:
        with self._changed:
            while not self._closing and (self._problem is not None or self._wish is None):
                self._changed.wait()
            return not self._closing

    def _serve(self, source: Source) -> None:
        while True:
            with self._changed:
                frame = self._next()
                while frame is None and not self._closing:
                    self._changed.wait()
                    frame = self._next()
                if self._closing or frame is None or self._wish is None:
                    return
                wish = self._wish
            for one in self._run_up_to(frame, wish, source):
                if not self._make(one, wish, source):
                    break

    def _run_up_to(self, frame: int, wish: Wish, source: Source) -> range:
        """Backwards through long-GOP media a run is decoded forwards and kept: each picture needs those before it."""
        if source.intra or wish.step > 0:
            return range(frame, frame + 1)
        most = self._capacity() * 3 // 4
        step = -wish.step
        low = max(wish.low if frame >= wish.low else 0, frame - (most - 1) * step)
        first = frame - (frame - low) // step * step
        return range(first, frame + 1, step)

    def _make(self, frame: int, wish: Wish, source: Source) -> bool:
        """Whether the run is still wanted."""
        started = time.monotonic()
        self._at = frame
        image = source.image(frame, wish.size, quick=wish.playing)
        self._at = None
        self._cost += (time.monotonic() - started - self._cost) * _SMOOTHING
        with self._changed:
            if self._closing:
                return False
            if self._size == wish.size:
                self._images[frame] = image
                if image is not None and image.damaged:
                    self._damaged[frame] = False
                self._trim()
            now = self._wish
            self._told()  # with the lock: nobody is told after `close`
        return now is not None and now.step == wish.step and now.size == wish.size and abs(now.frame - wish.frame) < 2

    def _next(self) -> int | None:
        """The frame to decode now, or None: all that is wanted is there."""
        wish = self._wish
        if wish is None or self._problem is not None or min(wish.size) < 1:
            return None
        if not wish.playing:
            return next((frame for frame in ahead(wish, _STANDING) if self._lacks(frame, exact=True)), None)
        count = self._capacity() * 3 // 4
        # what can't be ready in time comes last: it would only make the next ones late as well; more than can be held
        # must not be asked for, or it would be made and given up for ever
        lead = min(wish.lead, count - 1)
        order = (*ahead(wish, count - lead, lead), *ahead(wish, lead))
        return next((frame for frame in order if self._lacks(frame)), None)

    def _lacks(self, frame: int, *, exact: bool = False) -> bool:
        if self._damaged.get(frame):
            return False
        if frame not in self._images:
            return True
        image = self._images[frame]
        return exact and image is not None and image.quick

    def _capacity(self) -> int:
        across, down = self._size
        return max(_FEWEST, min(_MOST, _BUDGET // max(1, across * down * 4)))

    def _trim(self) -> None:
        while self._wish is not None and len(self._images) > self._capacity():
            del self._images[least_wanted(iter(self._images), self._wish)]

    def _tell(self, problem: GreenroomError) -> None:
        with self._changed:
            self._at = None
            self._problem = problem
            self._told()


def _nobody() -> None:
    """Nobody listens any more."""

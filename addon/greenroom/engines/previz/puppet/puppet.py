# SPDX-License-Identifier: Apache-2.0
"""A framed portrait that can be held, moved and looked out of: one frame at a time, for modes that perform it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import Request
from greenroom.engines.previz.compositing.seating import framed_for
from greenroom.engines.previz.delivery import read_portrait
from greenroom.engines.previz.puppet.expression import Face
from greenroom.engines.previz.puppet.eyes import STRAIGHT, Eyes, Gaze
from greenroom.engines.previz.puppet.framing import Framed
from greenroom.engines.previz.puppet.mouth import Mouth
from greenroom.engines.previz.puppet.rig import Head, Rig
from greenroom.errors import CastError
from greenroom.media.plates import Plate
from greenroom.media.stills import Still
from greenroom.media.types import Codec
from greenroom.perception.faces import FaceFinder

__all__ = ["Held", "Performed", "Puppet", "framed_actor"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Held:
    """One frame of a performance: the mesh's displacement (468, 3; canonical cm), what of it lids and the inside of
    the mouth need to know, the head, and the gaze.
    """

    moved: Vectors
    face: Face
    head: Head
    gaze: Gaze = STRAIGHT


class Puppet:
    """One portrait, framed, with everything that is worked out once."""

    def __init__(self, framed: Framed) -> None:
        self.rig = Rig(framed.picture, framed.points, scale=framed.scale)
        self._mouth, self._eyes = Mouth(self.rig), Eyes(self.rig)
        self._place = self.rig.region.within(self.rig.frame)

    def frames(self, performance: Iterable[Held]) -> Iterator[Picture]:
        """The frames of `performance`, each an array of its own: (height, width, 3) BGR, or 4 where the actor is cut
        out.
        """
        for held in performance:
            frame = self.rig.picture.copy()
            self._draw(held, frame[self._place])
            yield frame

    def plates(self, performance: Iterable[Held], codec: Codec) -> Iterator[Plate]:
        """The same frames in the planes of a take of `codec`: what stands still is converted only once."""
        still = Still(self.rig.picture, self.rig.region, codec)
        for held in performance:
            self._draw(held, still.part)
            yield still.plate()

    def _draw(self, held: Held, region: Picture) -> None:
        """Into `region`, the pixels of the rig's region in a frame."""
        placed = self.rig.place(held.moved, held.head)
        windows = (*self._eyes.windows(placed, held.face.blink), self._mouth.window(placed))
        self.rig.warp(placed, windows, into=region)
        self._eyes.paint(region, placed, held.face.blink, held.gaze)
        self._mouth.paint(region, placed, held.face)


@dataclass(frozen=True)
class Performed(ABC):
    """A framed actor and everything that their take's frames depend on. Frames may be made any number of times."""

    framed: Framed
    report: dict[str, Any]

    @abstractmethod
    def performance(self, rig: Rig) -> Iterator[Held]:
        """What `rig` does in each frame."""

    def frames(self) -> Iterator[Picture]:
        """The take's frames; see Puppet.frames."""
        puppet = Puppet(self.framed)
        return puppet.frames(self.performance(puppet.rig))

    def plates(self, codec: Codec) -> Iterator[Plate]:
        """The take's frames as its encoder has them; see Puppet.plates."""
        puppet = Puppet(self.framed)
        return puppet.plates(self.performance(puppet.rig), codec)


def framed_actor(request: Request) -> Framed:
    """The request's portrait as its take shows it.

    Raises:
        CastError: no face in the portrait.
        MediaError: it can't be read.
    """
    portrait = read_portrait(request)
    found = FaceFinder().find(portrait)
    if found is None:
        raise CastError(
            "no face in the portrait",
            hint="Use a picture in which one face looks towards the camera.",
            where=str(request.performer.portrait),
        )
    return framed_for(request, portrait, found.points)

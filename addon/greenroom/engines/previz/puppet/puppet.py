# SPDX-License-Identifier: Apache-2.0
"""A framed portrait that can be held, moved and looked out of: one frame at a time, for modes that perform it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

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
from greenroom.perception.faces import FaceFinder

__all__ = ["Held", "Puppet", "framed_actor"]

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

    def frames(self, performance: Iterable[Held]) -> Generator[Picture, Picture | None]:
        """The frames of `performance`, each an array of its own; one that is done with may be sent back, and the next
        frame is drawn into it.
        """
        frame: Picture | None = None
        for held in performance:
            if frame is None:
                frame = self.rig.picture.copy()  # one that comes back differs inside of the region alone
            self._draw(held, frame)
            frame = yield frame

    def _draw(self, held: Held, frame: Picture) -> None:
        placed = self.rig.place(held.moved, held.head)
        windows = (*self._eyes.windows(placed, held.face.blink), self._mouth.window(placed))
        region = self.rig.warp(placed, windows, into=frame[self._place])
        self._eyes.paint(region, placed, held.face.blink, held.gaze)
        self._mouth.paint(region, placed, held.face)


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

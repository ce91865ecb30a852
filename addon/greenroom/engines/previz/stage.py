# SPDX-License-Identifier: Apache-2.0
"""Mode stage: the actor, cut out of the portrait, in a plate or in a simple set with one camera move.

With dialogue the actor talks, with a motion note they move as `animate` has it, else they wait and breathe.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import Delivery, Request
from greenroom.engines.previz import animate, talk
from greenroom.engines.previz.compositing.layering import composited, deliver_layered
from greenroom.engines.previz.puppet.framing import Framed
from greenroom.media.plates import Plate

__all__ = ["render_stage", "staged"]

Picture = NDArray[np.uint8]


def render_stage(request: Request) -> Delivery:
    """Make the take and write it as request.spec orders it, into request.work.

    Raises:
        CastError: no face in the portrait.
        MediaError: portrait, dialogue or plate can't be read.
    """
    framed, actors, report = _performed(request)
    return deliver_layered(request, framed, actors, report)


def staged(request: Request) -> tuple[Iterator[Picture | Plate], dict[str, Any]]:
    """The take's frames before they are encoded, and its report, which is whole after the last of them."""
    framed, actors, report = _performed(request)
    return composited(request, framed, actors, report), report


def _performed(request: Request) -> tuple[Framed, Iterator[Picture], dict[str, Any]]:
    """The actor's frames: talking where there is dialogue and no motion note, else as the note says (`animate` speaks
    dialogue too).
    """
    if request.motion.strip() or request.dialogue is None:
        animation = animate.prepare(request)
        framed, actors, report = animation.framed, animation.frames(), animation.report
    else:
        performance = talk.prepare(request)
        framed, actors, report = performance.framed, performance.frames(), performance.report
    if request.driver is not None:
        report["warnings"] = [*report["warnings"], "driver= is not used by stage: mode=mimic goes over plates too"]
    return framed, actors, report

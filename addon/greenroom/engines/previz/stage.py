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
from greenroom.engines.previz.puppet.puppet import Performed
from greenroom.media.plates import Plate

__all__ = ["render_stage", "staged"]

Picture = NDArray[np.uint8]


def render_stage(request: Request) -> Delivery:
    """Make the take and write it as request.spec orders it, into request.work.

    Raises:
        CastError: no face in the portrait.
        MediaError: portrait, dialogue or plate can't be read.
    """
    return deliver_layered(request, _performed(request))


def staged(request: Request) -> tuple[Iterator[Picture | Plate], dict[str, Any]]:
    """The take's frames before they are encoded, and its report, which is whole after the last of them."""
    performed = _performed(request)
    report = performed.report
    return composited(request, performed.framed, performed.frames(), report), report


def _performed(request: Request) -> Performed:
    """The actor talks where there is dialogue and no motion note, else does as the note says (`animate` speaks
    dialogue too).
    """
    mode = animate if request.motion.strip() or request.dialogue is None else talk
    performed: Performed = mode.prepare(request)
    if request.driver is not None:
        unused = "driver= is not used by stage: mode=mimic goes over plates too"
        performed.report["warnings"] = [*performed.report["warnings"], unused]
    return performed

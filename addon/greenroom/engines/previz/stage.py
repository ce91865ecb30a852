# SPDX-License-Identifier: Apache-2.0
"""Mode stage: the actor, cut out of the portrait, in a plate or in a simple set with one camera move.

With dialogue the actor talks, with a motion note alone they move as `animate` has it, else they wait and breathe.
"""

from __future__ import annotations

from greenroom.engines.contract import Delivery, Request
from greenroom.engines.previz.layering import deliver_layered
from greenroom.engines.previz.talk import prepare

__all__ = ["render_stage"]


def render_stage(request: Request) -> Delivery:
    """Make the take and write it as request.spec orders it, into request.work.

    Raises:
        CastError: no face in the portrait.
        MediaError: portrait, dialogue or plate can't be read.
    """
    performance = prepare(request)
    report = performance.report
    if request.dialogue is None:  # nobody is missing a voice here
        report["warnings"] = [note for note in report["warnings"] if "no speech" not in note]
    if request.driver is not None:
        report["warnings"] = [*report["warnings"], "driver= is not used by stage: use mode=mimic with over="]
    return deliver_layered(request, performance.framed, performance.frames(), report)

# SPDX-License-Identifier: Apache-2.0
"""Mode animate: a portrait performs a motion note, or simply lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import Delivery, Request
from greenroom.engines.previz.acting.life import live
from greenroom.engines.previz.acting.motion_curves import Moves, act
from greenroom.engines.previz.acting.motions import read_motion
from greenroom.engines.previz.acting.temper import Temper
from greenroom.engines.previz.compositing.layering import deliver_layered
from greenroom.engines.previz.delivery import read_dialogue
from greenroom.engines.previz.puppet.expression import Face, displacement
from greenroom.engines.previz.puppet.puppet import Held, Performed, framed_actor
from greenroom.engines.previz.puppet.rig import Head, Rig
from greenroom.engines.previz.talk import away, hear

__all__ = ["Animation", "prepare", "render_animate"]

Curves = NDArray[np.float64]


@dataclass(frozen=True)
class Animation(Performed):
    """The curves, and the mouths (frames, 7) if there is dialogue."""

    moves: Moves
    mouths: Curves
    temper: Temper

    def performance(self, rig: Rig) -> Iterator[Held]:
        """What `rig` does in each frame."""
        for index in range(len(self.mouths)):
            now = {name: float(curve[index]) for name, curve in vars(self.moves).items()}
            alive = float(self.temper.held.brow[index])
            face = replace(
                Face(*self.mouths[index].tolist()),
                blink=now["blink"],
                brow=alive,
                smile=now["smile"],
                frown=now["frown"],
            )
            face = self.temper.face(face, index)
            face = replace(face, brow=face.brow + now["brow"] - alive)  # what is asked for may go beyond any tone
            shift = (rig.pose.scale * now["shift_x"], rig.pose.scale * now["shift_y"])
            head = Head(now["yaw"], now["pitch"], now["roll"], *shift, now["zoom"])
            across, down = self.temper.gaze(index)
            yield Held(displacement(rig.neutral, face), face, head, (now["gaze_x"] + across, now["gaze_y"] + down))


def render_animate(request: Request) -> Delivery:
    """Make the take and write it as request.spec orders it, into request.work.

    Raises:
        CastError: no face in the portrait.
        MediaError: portrait, plate or dialogue can't be read.
    """
    animation = prepare(request)
    return deliver_layered(request, animation)


def prepare(request: Request) -> Animation:
    """Read the portrait and the note, and plan every frame. Dialogue, where the cue asks for it, is spoken."""
    spec = request.spec
    framed = framed_actor(request)
    reading = read_motion(request.motion, names=(request.performer.name,))
    dialogue = read_dialogue(request)
    speech = hear(dialogue, request.line, spec)
    life = live(spec.frames, spec.rate, request.seed, speech.loud)
    side = away(framed, request.seed)
    temper = Temper.of(request, life, speech.loud, away=side)
    moves = act(reading.action, temper.held, spec.rate, spec.head, spec.slot, away=side)
    heard = speech.notes if dialogue is not None else ()
    report = {
        "action": str(reading.action) if reading.action else "",
        "seed": request.seed,
        "warnings": [
            *reading.warnings(),
            *temper.warnings,
            *heard,
            *framed.notes,
        ],
    }
    return Animation(framed, report, moves, speech.mouths, temper)

# SPDX-License-Identifier: Apache-2.0
"""Mode talk: a portrait speaks the dialogue under the slot.

Frames come from a generator, so that they can be compared before anything is encoded: the same request gives the
same bytes, another seed another performance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import Delivery, Request
from greenroom.engines.previz.acting.life import Life, live
from greenroom.engines.previz.acting.temper import Temper
from greenroom.engines.previz.acting.visemes import energy_curves, loudness, mouths_at_frames, speech_curves
from greenroom.engines.previz.compositing.layering import deliver_layered
from greenroom.engines.previz.delivery import read_dialogue
from greenroom.engines.previz.puppet.expression import Face, displacement
from greenroom.engines.previz.puppet.framing import Framed
from greenroom.engines.previz.puppet.puppet import Held, Performed, framed_actor
from greenroom.engines.previz.puppet.rig import Head, Rig
from greenroom.frames import seconds
from greenroom.media.types import TakeSpec
from greenroom.perception.pose import fit_pose
from greenroom.perception.speech import Span, time_phones

__all__ = ["Performance", "Speech", "away", "hear", "prepare", "render_talk"]

Curves = NDArray[np.float64]

_SPEECH_RATE = 16000  # Hz, what the phone decoder was trained on
_SILENCE = -55.0  # dB: dialogue whose loudest moments stay below it holds no speech


@dataclass(frozen=True)
class Speech:
    """What the mouth does: shapes (frames, 7) as in `visemes`, loudness in dB on the viseme grid, and how the timing
    was found ("aligned", "decoded", "energy" or "silence").
    """

    mouths: Curves
    loud: Curves
    method: str
    matched: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Performance(Performed):
    """What is said, and in what temper."""

    speech: Speech
    temper: Temper

    def face(self, index: int) -> Face:
        """What the face does on frame `index`."""
        jaw, wide, pucker, press, bite, lift, tongue = self.speech.mouths[index].tolist()
        blink, brow = float(self.life.blink[index]), float(self.life.brow[index])
        spoken = Face(jaw, wide, pucker, press, bite, lift, tongue, blink, brow)
        return self.temper.face(spoken, index)

    def head(self, index: int, scale: float) -> Head:
        """How the head is held on frame `index`; `scale` is pixels a centimetre."""
        life = self.temper.held
        shift = scale * life.shift_x[index], scale * life.shift_y[index]
        return Head(*(float(v) for v in (life.yaw[index], life.pitch[index], life.roll[index], *shift)))

    @property
    def life(self) -> Life:
        return self.temper.life

    def performance(self, rig: Rig) -> Iterator[Held]:
        """What `rig` does in each frame."""
        for index in range(len(self.speech.mouths)):
            face = self.face(index)
            head = self.head(index, rig.pose.scale)
            yield Held(displacement(rig.neutral, face), face, head, self.temper.gaze(index))


def render_talk(request: Request) -> Delivery:
    """Make the take and write it as request.spec orders it, into request.work.

    Raises:
        CastError: no face in the portrait.
        MediaError: portrait or dialogue can't be read.
    """
    performance = prepare(request)
    return deliver_layered(request, performance)


def prepare(request: Request) -> Performance:
    """Read portrait and dialogue, find face and phones, and plan every frame."""
    spec = request.spec
    framed = framed_actor(request)
    speech = hear(read_dialogue(request), request.line, spec)
    life = live(spec.frames, spec.rate, request.seed, speech.loud)
    temper = Temper.of(request, life, speech.loud, away=away(framed, request.seed))
    report = {
        "timing": speech.method,
        "matched": round(speech.matched, 3),
        "seed": request.seed,
        "warnings": [*speech.notes, *temper.warnings, *framed.notes],
    }
    return Performance(framed, report, speech, temper)


def away(framed: Framed, seed: int) -> float:
    """The side that the portrait is turned to, where "off" is: 1 the viewer's left; that of the seed if to neither."""
    yaw = fit_pose(framed.points).yaw
    return 1.0 if yaw > 1 or (abs(yaw) <= 1 and seed % 2) else -1.0


def hear(samples: NDArray[np.float32] | None, line: str, spec: TakeSpec) -> Speech:
    """The mouth of every frame of a take for its `samples`, handles included. `line` is what its slot says."""
    frames, rate = spec.frames, spec.rate
    heard = np.zeros(0, np.float32) if samples is None else _at_speech_rate(samples, spec.sample_rate)
    loud = loudness(heard, _SPEECH_RATE)
    if not len(loud) or np.percentile(loud, 99) < _SILENCE:
        note = "no speech in the dialogue: the mouth stays closed"
        return Speech(mouths_at_frames(np.zeros((0, 7)), frames, rate), loud, "silence", 0.0, (note,))
    slot = Span(float(seconds(spec.head, rate)), float(seconds(spec.head + spec.slot, rate)))
    timing = time_phones(heard, _SPEECH_RATE, line, line_in=slot)
    curves = speech_curves(timing.phones, loud) if timing.phones else energy_curves(heard, _SPEECH_RATE)
    mouths = mouths_at_frames(curves, frames, rate)
    return Speech(mouths, loud, str(timing.method), float(timing.matched), tuple(timing.notes))


def _at_speech_rate(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    import soxr

    return np.asarray(soxr.resample(samples, sample_rate, _SPEECH_RATE), np.float32)

# SPDX-License-Identifier: Apache-2.0
"""What preflight wants to know of the dialogue under a slot: measured once, and kept by the samples' own digest, so
that a cue that moved, or a line that comes twice, isn't measured again.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from greenroom.desk.planning.facts import SILENCE, Survey
from greenroom.desk.planning.memory import Memory
from greenroom.desk.planning.model import CuePlan
from greenroom.desk.planning.prepare import moved_clips
from greenroom.desk.planning.survey import SAMPLE_RATE, sound_key
from greenroom.errors import GreenroomError
from greenroom.frames import FrameRange
from greenroom.media.types import SoundClip
from greenroom.review.preflight.dialogue import IN_DOUBT, in_doubt
from greenroom.review.preflight.facts import Heard
from greenroom.review.preflight.table import rules

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

__all__ = ["listen"]

_QUALITY = ("GR201", "GR202", "GR203", "GR204", "GR206")
_AROUND = ("GR205", "GR208")


def listen(planned: CuePlan, survey: Survey, switches: Mapping[str, str], memory: Memory) -> Heard | None:
    """The dialogue that the engine would be given; None where there is none, or where it can't be read."""
    facts = survey.dialogue.get(planned.cue.id)
    if not planned.dialogue or facts is None or not facts.digest or facts.peak < SILENCE:
        return None
    slot = planned.cue.slot
    clips = moved_clips(planned.dialogue, -slot.start)
    span = slot.moved_to(0)
    wanted = [rule for rule in (*_QUALITY, *_AROUND, "GR207") if switches.get(rule) != "off"]
    try:
        heard = Heard()
        if set(wanted) & set(_QUALITY):
            doubt = any(rule in wanted for rule in IN_DOUBT)
            kept = memory.text(f"preflight-sound/1:{doubt}:{facts.digest}", lambda: _quality(clips, span, doubt))
            heard = replace(heard, **json.loads(kept))
        if "GR207" in wanted and planned.cue.line:
            words = hashlib.sha256(planned.cue.line.casefold().encode("utf-8", "surrogatepass")).hexdigest()
            kept = memory.text(f"preflight-line/1:{facts.digest}:{words}", lambda: _fit(clips, span, planned.cue.line))
            heard = replace(heard, fit=json.loads(kept))
        if set(wanted) & set(_AROUND):
            key = f"preflight-around/1:{sound_key(slot, clips, memory)}"
            found = json.loads(memory.text(key, lambda: _around(clips, span)))
            heard = replace(heard, over=found["over"], cut=tuple(found["cut"]))
        return heard
    except GreenroomError:
        return None  # the survey has told of a file that can't be read


def _mixed(clips: Sequence[SoundClip], span: FrameRange) -> Sound:
    from greenroom.media.sound import mix

    return mix(list(clips), span, sample_rate=SAMPLE_RATE)


def _quality(clips: Sequence[SoundClip], span: FrameRange, doubt: bool) -> str:
    from greenroom.perception.dialogue_quality import measure_dialogue, opinion_of

    samples = _mixed(clips, span)
    measured: dict[str, Any] = asdict(measure_dialogue(samples, SAMPLE_RATE))
    if doubt and in_doubt(Heard(**measured)):
        opinion = opinion_of(samples, SAMPLE_RATE)
        measured |= {"voice": opinion.signal, "background": opinion.background}
    return json.dumps(measured)


def _fit(clips: Sequence[SoundClip], span: FrameRange, line: str) -> str:
    from greenroom.perception.speech import line_fit

    return json.dumps(line_fit(_mixed(clips, span), SAMPLE_RATE, line))


def _around(clips: Sequence[SoundClip], span: FrameRange) -> str:
    """How long two clips sound at once in the slot, and at which of its ends a clip that goes on is speaking."""
    from greenroom.perception.dialogue_quality import speech_overlap

    inside = [clip for clip in clips if clip.record.overlap(span)]
    alone = [_mixed([clip], span) for clip in inside] if len(inside) > 1 else []
    over = sum(
        speech_overlap(one, other, SAMPLE_RATE) for number, one in enumerate(alone) for other in alone[number + 1 :]
    )
    cut = sorted({end for clip in inside for end in _cut_ends(clip, span)})
    return json.dumps({"over": over, "cut": cut})


def _cut_ends(clip: SoundClip, span: FrameRange) -> Iterator[str]:
    """At which ends of the slot a clip that goes on there is speaking."""
    from greenroom.perception.dialogue_quality import speaks_at

    over = {"begins": FrameRange(-1, 2, span.rate), "ends": FrameRange(span.duration - 1, 2, span.rate)}
    ends = [end for end, frames in over.items() if clip.record.covers(frames)]
    if not ends:
        return
    around = math.ceil(span.rate)  # a second of what goes on
    samples = _mixed([clip], span.widened(around, around))
    limits = rules()["GR208"].limits
    first = float(around / span.rate)
    at = {"begins": first, "ends": len(samples) / SAMPLE_RATE - first}
    for end in ends:
        if speaks_at(samples, SAMPLE_RATE, at[end], around=limits["seconds"], dip=limits["dip"]):
            yield end

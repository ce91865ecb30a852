# SPDX-License-Identifier: Apache-2.0
"""What the viewer is given of a take or a stand-in: media, frames and the sound that lies under them on the cut."""

from __future__ import annotations

from fractions import Fraction

from greenroom.cues.model import Cue
from greenroom.frames import FrameRange
from greenroom.panel.model.takes import TakeRow
from greenroom.panel.viewer.picture import Dialogue, FindingTick, Picture
from greenroom.takes.states import Take

__all__ = ["dialogue_of", "stand_in_picture", "take_picture", "ticks_of"]


def take_picture(take: Take, cue: Cue, *, drop_frame: bool, label: str) -> Picture:
    """The take's slot, without its handles."""
    slot = take.frames - take.head - take.tail
    rate = Fraction(take.rate)
    return Picture(take.media, rate, take.head, slot, label, start=cue.slot.start, drop_frame=drop_frame)


def stand_in_picture(cue: Cue, *, drop_frame: bool, label: str) -> Picture | None:
    """What the editor has under the slot; None for placeholders."""
    use = cue.event.media
    media = (use.sequence or use.path) if use is not None else None
    if use is None or media is None:
        return None
    before = (cue.event.record.start - cue.event.visible.start) * use.source.rate / cue.slot.rate
    first = use.media_start - before
    return Picture(media, cue.slot.rate, first, cue.slot.duration, label, start=cue.slot.start, drop_frame=drop_frame)


def dialogue_of(cue: Cue) -> Dialogue | None:
    """The cut's sound under the slot; None where there is none."""
    if not cue.dialogue:
        return None
    return Dialogue(cue.dialogue, FrameRange(cue.slot.start, cue.slot.duration, cue.slot.rate))


def ticks_of(row: TakeRow) -> tuple[FindingTick, ...]:
    """The take's findings where the viewer has them: its frame 0 is the slot's first."""
    head, last = row.take.head, row.take.frames - row.take.tail
    ticks = []
    for finding in row.findings:
        for first, end in finding.frames or ((head, last),):
            begins, ends = max(first, head) - head, min(end, last) - head
            if ends > begins:
                ticks.append(FindingTick(begins, ends, finding.light, finding.message))
    return tuple(ticks)

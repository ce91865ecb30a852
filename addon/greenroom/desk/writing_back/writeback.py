# SPDX-License-Identifier: Apache-2.0
"""What a write-back changes in a cut, as an edit plan. Pure.

Takes are added beside what the editor had; the chosen one becomes the active media. Where a take can't count as its
clip does, the clip's source range moves. The note gets its id. All of it is undone by `restore`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from greenroom.cues.grammar import parse_note, write_note
from greenroom.cues.model import Cue, CueSheet, Origin
from greenroom.desk.planning.facts import shown_source, where_of
from greenroom.desk.writing_back.edit_plan import AddTakes, Edit, EditPlan, MarkCue, MoveSource, TakeReference, UseMedia
from greenroom.errors import Problem, Severity
from greenroom.frames import FrameRange, timecode
from greenroom.takes.states import CircledTake, Take

__all__ = ["TakesOfCue", "chosen_number", "edit_plan", "note_edit", "reference_key"]

_HEAD = re.compile(r"^(\s*GR)(?:#[0-9a-z]{4,8})?(\s*:)", re.IGNORECASE | re.MULTILINE)
COLOUR = "GREEN"  # of markers whose cue has takes


@dataclass(frozen=True)
class TakesOfCue:
    """The takes that a cue may use, by number, and the one that is circled.

    `offset`: after a recut, how many frames of the take's own slot come before the clip's first one; None: the clip's
    own range says it. `firm`: so it is, even where the editor slipped the clip (its dialogue moved).
    """

    takes: tuple[Take, ...]
    circled: CircledTake | None = None
    offset: int | None = None
    firm: bool = False


def reference_key(number: int) -> str:
    """The media reference of take `number`: sortable, and in a name space of its own."""
    return f"greenroom.take_{number:03d}"


def edit_plan(sheet: CueSheet, takes: Mapping[str, TakesOfCue]) -> EditPlan:
    """All edits that bring `takes` (by cue id) into the cut; cues without a take are left as they are."""
    edits: list[Edit] = []
    summary: list[str] = []
    problems: list[Problem] = []
    for cue in sheet.cues:
        has = takes.get(cue.id)
        if has is None or not has.takes:
            continue
        made, said = _edits_of(cue, has, sheet)
        edits += made
        if isinstance(said, Problem):
            problems.append(said)
        else:
            summary.append(said)
    return EditPlan(tuple(edits), tuple(summary), tuple(problems))


def _edits_of(cue: Cue, has: TakesOfCue, sheet: CueSheet) -> tuple[list[Edit], str | Problem]:
    drop_frame = sheet.layout.drop_frame
    number = chosen_number(cue, has)
    take = next((take for take in has.takes if take.number == number), None)
    if take is None:
        known = ", ".join(str(take.number) for take in has.takes)
        message = f"take {number} is circled, but there is no such take"
        where = where_of(cue, drop_frame=drop_frame)
        return [], Problem(Severity.ERROR, "unknown-take", message, f"There are: {known}.", where)
    shown = shown_source(cue.event, cue.slot.rate)
    start = _offset_start(cue, take, has.offset)
    if start is None:
        start = _source_start(cue, take, shown)
    if start is None:
        message = f"take {take.number} covers {take.frames - take.head} f, the slot has {cue.slot.duration} f"
        hint = "Generate the cue again; the stand-in stays until then."
        where = where_of(cue, drop_frame=drop_frame)
        return [], Problem(Severity.WARNING, "take-too-short", message, hint, where)
    address = cue.event.address
    edits: list[Edit] = [
        AddTakes(address, cue.id, tuple(_reference(cue, each) for each in has.takes)),
        UseMedia(address, cue.id, reference_key(take.number)),
    ]
    if shown is None or start != shown.start + _under_transition(cue):
        edits.append(_move(cue, start, firm=has.firm))
    edits.append(_mark(cue, has, start))
    return edits, _summary(cue, take, drop_frame)


def chosen_number(cue: Cue, has: TakesOfCue) -> int:
    """The take to use: the one that the editor circled, else the one that the note names, else the newest."""
    if has.circled is not None and has.circled.by == "editor":
        return has.circled.number
    if cue.take.isdigit():
        return int(cue.take)
    return has.circled.number if has.circled is not None else has.takes[-1].number


def _under_transition(cue: Cue) -> int:
    """Frames of the slot that lie before the clip's own first frame."""
    return cue.event.record.start - cue.event.visible.start


def _source_start(cue: Cue, take: Take, shown: FrameRange | None) -> int | None:
    """Where the clip's source range has to start for `take`; None if the take can't cover the slot.

    A clip that already lies inside the take stays as it is: so a trimmed or slipped take is left as the editor has it.
    """
    if _rate(take.rate) != cue.slot.rate:
        return None
    before = _under_transition(cue)
    if shown is not None and take.start_frame <= shown.start and shown.end <= take.start_frame + take.frames:
        return shown.start + before
    if take.frames - take.head < cue.slot.duration:
        return None
    return take.start_frame + take.head + before


def _offset_start(cue: Cue, take: Take, offset: int | None) -> int | None:
    """Where the clip's source range has to start for a take of which a recut says the place; None where it can't."""
    if offset is None or _rate(take.rate) != cue.slot.rate:
        return None
    at = take.head + offset
    if at < 0 or at + cue.slot.duration > take.frames:
        return None
    return take.start_frame + at + _under_transition(cue)


def _move(cue: Cue, start: int, *, firm: bool) -> MoveSource:
    media = cue.event.media
    drops_speed = media is not None and media.speed != 1
    frames = cue.event.record.duration
    return MoveSource(cue.event.address, cue.id, start, frames, cue.slot.rate, drops_speed, firm)


def note_edit(cue: Cue, comment: str, colour: str) -> MarkCue:
    """Writes a cue's id, with a word about it, where its note is; for a cue that gets no take."""
    own = cue.origin in (Origin.CLIP_MARKER, Origin.GAP_MARKER, Origin.TIMELINE_MARKER)
    marker = cue.note.marker if own and cue.note is not None else None
    return MarkCue(
        cue.event.address,
        cue.id,
        marker,
        cue.origin is Origin.TIMELINE_MARKER and marker is not None,
        _note_text(cue),
        f"Greenroom: {comment}",
        colour,
        None,
        cue.note is not None and cue.note.in_comment,
    )


def _reference(cue: Cue, take: Take) -> TakeReference:
    facts = {
        "schema": 1,
        "cue": cue.id,
        "take": take.number,
        "label": take.label,
        "engine": take.engine,
        "sha256": take.sha256,
    }  # the rest is in take.json, beside the media
    return TakeReference(
        reference_key(take.number),
        take.media,
        take.start_frame,
        take.frames,
        _rate(take.rate),
        take.media.stem,
        facts,
    )


@lru_cache(maxsize=64)
def _rate(written: str) -> Fraction:
    """A take's rate. Reading "24" as a fraction costs as much as the rest of its reference; a cut has few rates."""
    return Fraction(written)


def _mark(cue: Cue, has: TakesOfCue, start: int) -> MarkCue:
    # Nothing here depends on which take is circled: choosing another changes the active media and nothing else.
    labels = sorted({take.label for take in has.takes if take.label})
    count = len(has.takes)
    comment = f"{count} take{'s' * (count != 1)}" + (f" ({', '.join(labels)})" if labels else "")
    made = note_edit(cue, comment, COLOUR)
    return made if made.marker is not None else replace(made, source_frame=start)


def _note_text(cue: Cue) -> str:
    """The editor's note with the id in it; nothing else of a `GR:` note is touched, other forms are written anew."""
    text = cue.note.text if cue.note is not None else ""
    if _is_long(text):
        return _HEAD.sub(lambda match: f"{match[1]}#{cue.id}{match[2]}", text, count=1)
    options = dict(cue.options)
    numbers = {"takes": cue.takes, "seed": cue.seed, "handles": cue.handles}
    options |= {key: str(value) for key, value in numbers.items() if value is not None}
    options |= {"audio": cue.dialogue_track, "take": cue.take, "engine": cue.engine}
    return write_note(id=cue.id, actor=cue.actor, mode=str(cue.mode), line=cue.line, note=cue.motion, options=options)


def _is_long(text: str) -> bool:
    """Whether the note is of the form `GR: ...`; where one begins the text, that is plain to see."""
    if _HEAD.match(text):
        return True
    parsed = parse_note(text)
    return parsed is not None and not parsed.short


def _summary(cue: Cue, take: Take, drop_frame: bool) -> str:
    place = timecode(cue.slot.start, cue.slot.rate, drop_frame=drop_frame)
    label = f", {take.label}" if take.label else ""
    handles = f"{cue.slot.duration} f + {take.head} and {take.tail} f handles"
    return f"take {take.number} of {cue.id} at {place} ({handles}{label})"

# SPDX-License-Identifier: Apache-2.0
"""What a turnover hands on: the chosen take of every cue, whole and looked at, before a byte is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from greenroom.cues.model import Cue, Origin
from greenroom.desk.open_cut import Desk, timeline_of
from greenroom.desk.planning.facts import where_of
from greenroom.desk.results import CueTakes
from greenroom.desk.turnover.names import NameTemplate
from greenroom.desk.writing_back.edit_plan import EditPlan, UseMedia
from greenroom.desk.writing_back.placed import first_seen, placed
from greenroom.desk.writing_back.writeback import TakesOfCue, chosen_number
from greenroom.errors import GreenroomError, MediaError, PlanError, Problem, Severity
from greenroom.frames import FrameRange, exact_rate, write_rate
from greenroom.media.identity import file_sha256
from greenroom.media.probe import probe
from greenroom.takes.states import Take

__all__ = ["Gathered", "HandedTake", "gather", "shot_of"]

_BROKEN = ("broken-take", "take-gone")  # what the store says of folders that are not as they were
_REEL = 8  # characters, as CMX 3600 has them
_MEND = "Restore it from a backup, circle another take, or generate again."


@dataclass(frozen=True)
class HandedTake:
    """A take to hand on as `name`: the frames `part` of its file, in the file's timecode, of which `head` and `tail`
    are handles. `first` is the first frame that the cut shows, counted from 0 in the project's file. `extras` are the
    names of what lies beside it (alpha). `by` says who chose it: "editor", "note" or "newest". `reel` is no other
    take's, and short enough for an EDL.
    """

    cue: Cue
    take: Take
    name: str
    part: FrameRange
    head: int
    tail: int
    by: str
    count: int
    first: int = 0
    extras: Mapping[str, str] = field(default_factory=dict)
    reel: str = ""

    @property
    def shot(self) -> str:
        return shot_of(self.cue)

    @property
    def whole(self) -> bool:
        """Whether it is all of the take's file."""
        return self.part.duration == self.take.frames

    @property
    def file(self) -> str:
        return f"{self.name}{self.take.media.suffix}"


@dataclass(frozen=True)
class Gathered:
    """Everything that is handed on; `without` are cues whose stand-in or placeholder stays."""

    takes: tuple[HandedTake, ...]
    without: tuple[Cue, ...]
    edits: EditPlan
    problems: tuple[Problem, ...]


def gather(desk: Desk, template: NameTemplate, handles: int | None) -> Gathered:
    """The takes that a write-back would make active, with `handles` frames on each side (None: all they have).

    Raises:
        PlanError: takes are missing or damaged, or two would have one name; all of them are told.
    """
    edits, problems = desk.edits()
    active = {edit.address for edit in edits.edits if isinstance(edit, UseMedia)}
    found = tuple(desk.cue_takes())
    chosen = [each for each in found if each.cue.event.address in active]
    errors = [*_broken(problems, found), *_lost_choices(desk, chosen)]
    places = placed(timeline_of(desk.source), edits, desk.sheet.layout.rate)
    errors += [problem for problem in (*problems, *edits.problems) if problem.severity is Severity.ERROR]
    notes: list[Problem] = [problem for problem in edits.problems if problem.severity is not Severity.ERROR]
    handed: list[HandedTake] = []
    for each in chosen:
        try:
            handed.append(_handed(each, template, handles, desk, notes, places))
        except GreenroomError as error:
            where = where_of(each.cue, drop_frame=desk.sheet.layout.drop_frame)
            errors.append(Problem(Severity.ERROR, "take-unusable", error.message, error.hint or _MEND, where))
    errors += _doubled(handed)
    if errors:
        refused = PlanError(errors, hint="Mend them and run it again: nothing was written.")
        refused.message = f"{len(refused.problems)} problem{'s' * (len(refused.problems) != 1)}, so nothing was written"
        raise refused
    handed = [replace(each, reel=reel) for each, reel in zip(handed, _reels(handed), strict=True)]
    without = tuple(each.cue for each in found if each.cue.event.address not in active)
    return Gathered(tuple(handed), without, edits, (*notes, *_untaken(without, desk)))


def _handed(
    each: CueTakes,
    template: NameTemplate,
    handles: int | None,
    desk: Desk,
    notes: list[Problem],
    places: Mapping[tuple[int, ...], int],
) -> HandedTake:
    number = chosen_number(each.cue, TakesOfCue(each.takes, each.circled))
    take = next(take for take in each.takes if take.number == number)
    _check(take)
    event = each.cue.event
    first = first_seen(places, event, take)
    head, tail = first, take.frames - first - event.visible.duration
    where = where_of(each.cue, drop_frame=desk.sheet.layout.drop_frame)
    notes += _handle_problems(number, head, tail, handles, where)
    cut_head, cut_tail = (max(0, have - handles) if handles is not None else 0 for have in (head, tail))
    part = FrameRange(take.start_frame + cut_head, take.frames - cut_head - cut_tail, exact_rate(take.rate))
    name = template.name(each.cue, take)
    extras = {what: f"{name}_{what}{path.suffix}" for what, path in take.extras.items()}
    return HandedTake(
        each.cue, take, name, part, max(0, head - cut_head), max(0, tail - cut_tail), _chosen_by(each, number),
        len(each.takes), first, extras,
    )  # fmt: skip


def _handle_problems(number: int, head: int, tail: int, handles: int | None, where: str) -> Iterator[Problem]:
    sides = (("head", head), ("tail", tail))
    lacking = [f"{-have} at the {side}" for side, have in sides if have < 0]
    short = [f"{max(0, have)} at the {side}" for side, have in sides if handles is not None and have < handles]
    if lacking:
        message = f"take {number} lacks frames that the cut shows: {' and '.join(lacking)}"
        yield Problem(Severity.WARNING, "take-too-short", message, "Trim the clip or the dissolve, or generate.", where)
    elif short:
        message = f"take {number} has {' and '.join(short)}, {handles} handle frames were asked for"
        hint = "What there is is handed on. For more, set handles and generate again."
        yield Problem(Severity.WARNING, "few-handles", message, hint, where)


def _chosen_by(each: CueTakes, number: int) -> str:
    if each.circled is not None and (each.circled.number, each.circled.by) == (number, "editor"):
        return "editor"
    return "note" if each.cue.take.isdigit() else "newest"


def _check(take: Take) -> None:
    """The file is the one that was made, and has what its record says.

    Raises:
        MediaError: it isn't.
    """
    if not take.media.is_file():
        raise MediaError(f"{take.media.name} is missing", hint=_MEND)
    if file_sha256(take.media) != take.sha256:
        raise MediaError(f"{take.media.name} is not as it was made: it is damaged, or was written over", hint=_MEND)
    info = probe(take.media)
    if info.frames != take.frames or info.rate != exact_rate(take.rate):
        found = f"{info.frames} frames at {write_rate(info.rate) if info.rate else 'no'} fps"
        raise MediaError(f"{take.media.name} has {found}, its record says {take.frames}", hint=_MEND)
    gone = [path.name for path in take.extras.values() if not path.is_file()]
    if gone:
        raise MediaError(f"{', '.join(gone)} is missing", hint=_MEND)


def _broken(problems: tuple[Problem, ...], found: tuple[CueTakes, ...]) -> Iterator[Problem]:
    """What the store says of folders of this cut's cues; other cuts' don't matter here."""
    cues = {each.cue.id for each in found} | {take.cue for each in found for take in each.takes}
    for problem in problems:
        if problem.code in _BROKEN and any(Path(problem.where).parent.name == cue for cue in cues):
            yield replace(problem, severity=Severity.ERROR, hint=_MEND)


def _lost_choices(desk: Desk, chosen: list[CueTakes]) -> Iterator[Problem]:
    """Circled takes that are gone: handing on another instead would go unnoticed."""
    choices = desk.store.choices()
    for each in chosen:
        wanted = choices.get(each.takes[0].cue)
        if wanted is not None and wanted not in {take.number for take in each.takes}:
            where = where_of(each.cue, drop_frame=desk.sheet.layout.drop_frame)
            yield Problem(Severity.ERROR, "circled-gone", f"take {wanted} is circled, but is gone", _MEND, where)


def shot_of(cue: Cue) -> str:
    """What the editor calls the clip; "" where its name is the note itself."""
    return "" if cue.origin is Origin.CLIP_NAME else cue.event.name


def _reels(handed: list[HandedTake]) -> Iterator[str]:
    """Cue and take in the eight characters of an EDL's reel; most takes begin at the same timecode, so that only
    the reel tells them apart.
    """
    taken: set[str] = set()
    for number, each in enumerate(handed, 1):
        reel = f"{each.cue.id}{each.take.number:02}".upper()
        if len(reel) > _REEL or reel in taken or not reel.isalnum():
            reel = f"GR{number:06}"
        taken.add(reel)
        yield reel


def _doubled(handed: list[HandedTake]) -> Iterator[Problem]:
    names = Counter(name.casefold() for each in handed for name in (each.file, *each.extras.values()))
    for name, count in names.items():
        if count > 1:
            hint = 'Put {cue} and {take} into it: name = "{scene}_{cue}_{actor}_v{take:03d}"'
            message = f"{count} files would be called {name}"
            yield Problem(Severity.ERROR, "same-name", message, hint, "greenroom.toml, turnover.name")


def _untaken(cues: tuple[Cue, ...], desk: Desk) -> Iterator[Problem]:
    for cue in cues:
        where = where_of(cue, drop_frame=desk.sheet.layout.drop_frame)
        message = f"cue {cue.id} has no take that fits: what you had is handed on"
        yield Problem(Severity.WARNING, "no-take", message, "Make one: greenroom generate CUT -o NEW_CUT", where)

# SPDX-License-Identifier: Apache-2.0
"""audition: the same portrait and the same line by several engines, on one quote and one contact sheet.

A cut of one placeholder over the line is planned once for each engine, as any cut is; then the cues are called
"audition-NAME" and get fingerprints of their own. So their takes lie in takes/audition-NAME, and no cut finds them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.cast.actor_file import voice_file
from greenroom.cues.fingerprinting import fingerprint
from greenroom.desk.budget import Agreed
from greenroom.desk.casting.shots import CastingDesk, make, with_takes
from greenroom.desk.generating.job_events import GenerateReport, JobEvent
from greenroom.desk.open_cut import CutInMemory, Desk, find_project, open_cut
from greenroom.desk.planning.model import CuePlan, Plan
from greenroom.errors import CastError, GreenroomError, InputError, MediaError

if TYPE_CHECKING:
    from greenroom.cast.model import Actor
    from greenroom.desk.casting.board import Tile
    from greenroom.engines.contract import Engine
    from greenroom.errors import Problem
    from greenroom.takes.states import Take

__all__ = ["Audition", "audition"]

_RATE = Fraction(24)  # where the project says none
_WIDTH = 640  # pixels of pictures as they are read for the sheet


@dataclass(frozen=True)
class Audition:
    """What was asked for, quoted and made; `takes` by the engines' order, with their take.json."""

    actor: Actor
    line: str
    plan: Plan
    report: GenerateReport
    takes: tuple[tuple[Take, Mapping[str, Any]], ...]
    sheet: Path | None
    problems: tuple[Problem, ...] = ()


def audition(
    name: str,
    *,
    line: str,
    engines: Sequence[str],
    audio: Path | None = None,
    project: Path | None = None,
    output: Path | None = None,
    agreed: Agreed | None = None,
    dry_run: bool = False,
    installed: Mapping[str, Engine] | None = None,
    on_event: Callable[[JobEvent], None] = lambda event: None,
    on_plan: Callable[[Plan], None] = lambda plan: None,
) -> Audition:
    """A talking take by each of `engines`. Without `audio` the actor's scratch voice speaks, if it is a sound file.

    Raises:
        CastError: nobody is called so, or nothing can be heard; the hint says what to give.
        MediaError: the sound can't be read.
        PlanError: no engine can perform it.
        BudgetError, QuoteError: as for a cut's takes.
    """
    from greenroom.desk import road

    home = find_project(None, project)
    actor = road.actor(name, project=home.folder)
    wanted = tuple(dict.fromkeys(each.strip() for each in engines if each.strip()))
    if not wanted:
        raise InputError("no engine is named", hint="Name them: --engines previz,fabric-1.0")
    sound = audio or _voice_of(actor)
    cut = CutInMemory(lambda: _timeline(actor, line, sound, home.rate or _RATE), home.folder / "audition")
    with open_cut(cut, home.folder, None, installed) as desk:
        casting = CastingDesk(desk.project, desk.engines, desk.ledger, desk.store, desk.problems)
        plan = _plan(desk, casting, actor, wanted)
        on_plan(plan)
        if dry_run:
            return Audition(actor, line, plan, GenerateReport(()), (), None, plan.problems)
        report = make(casting, plan, agreed=agreed or Agreed(), on_event=on_event)
        takes = tuple(_takes_of(casting, plan))
        sheet = (output or desk.store.cue_folder(_cue_of(actor)) / "audition.png") if takes else None
        if sheet is not None:
            _write_sheet(actor, line, takes, sheet)
    return Audition(actor, line, plan, report, takes, sheet, (*plan.problems, *report.problems))


def _cue_of(actor: Actor) -> str:
    return f"audition-{actor.name}"


def _voice_of(actor: Actor) -> Path:
    found = voice_file(actor.folder, actor.voice)
    if found is not None:
        return found
    said = f'has a voice in words ("{actor.voice}"), which nobody can hear' if actor.voice else "has no scratch voice"
    raise CastError(
        f"{actor.display_name} {said}",
        hint=f"Give the line as sound: --audio FILE. Or put a sound file into {actor.folder.name}/ and name it in "
        'actor.toml: voice = "line.wav"',
        where=str(actor.folder),
    )


def _timeline(actor: Actor, line: str, sound: Path, rate: Fraction) -> Any:
    """A placeholder as long as the sound, with the note on it, and the sound below."""
    import opentimelineio as otio

    frames = _frames(sound, rate)
    span = otio.opentime.TimeRange(
        otio.opentime.RationalTime(0, float(rate)), otio.opentime.RationalTime(frames, float(rate))
    )
    slug = otio.schema.Clip("audition", otio.schema.GeneratorReference("slug", "black"), span)
    spoken = line.replace("\\", "\\\\").replace('"', '\\"')
    note = f'GR: actor="{actor.name}" mode=talk handles=0' + (f' line="{spoken}"' if line.strip() else "")
    slug.markers.append(otio.schema.Marker(note, otio.opentime.TimeRange(span.start_time, span.start_time)))
    heard = otio.schema.Clip(
        sound.name, otio.schema.ExternalReference(sound.resolve().as_uri(), available_range=span), span
    )
    timeline = otio.schema.Timeline("audition")
    timeline.tracks.append(otio.schema.Track("V1", [slug], kind=otio.schema.TrackKind.Video))
    timeline.tracks.append(otio.schema.Track("A1", [heard], kind=otio.schema.TrackKind.Audio))
    return timeline


def _frames(sound: Path, rate: Fraction) -> int:
    """How many frames the sound lasts, a begun one as a whole one."""
    from greenroom.media.probe import probe

    info = probe(sound)
    if not info.audio or not info.audio[0].samples:
        raise MediaError("there is no sound in it", hint="Give the line as WAV: --audio FILE", where=str(sound))
    stream = info.audio[0]
    return max(1, math.ceil(Fraction(stream.samples or 0, stream.sample_rate) * rate))


def _plan(desk: Desk, casting: CastingDesk, actor: Actor, engines: Sequence[str]) -> Plan:
    plans = [desk.plan(engine=engine, quote=False) for engine in engines]
    cues = tuple(_own(casting, cue, actor) for plan in plans for cue in plan.cues)
    return replace(plans[0], cut=None, cues=cues, problems=plans[0].problems)


def _own(casting: CastingDesk, planned: CuePlan, actor: Actor) -> CuePlan:
    """The cue under the audition's name, asked for anew."""
    named = replace(planned, cue=replace(planned.cue, id=_cue_of(actor)), takes=(), then=None)
    if not planned.engine or not planned.fingerprint:
        return named
    own = fingerprint({"audition": actor.name, "of": planned.fingerprint})
    asked = with_takes(casting, replace(named, fingerprint=own), first=actor.seed, count=1)
    return replace(asked, problems=tuple(dict.fromkeys(asked.problems)))


def _takes_of(casting: CastingDesk, plan: Plan) -> Iterator[tuple[Take, Mapping[str, Any]]]:
    for cue in plan.cues:
        for take in casting.ledger.takes(cue.cue.id):
            if take.fingerprint == cue.fingerprint:
                yield take, casting.store.record(take)


def _write_sheet(
    actor: Actor, line: str, takes: Sequence[tuple[Take, Mapping[str, Any]]], output: Path
) -> tuple[int, int]:
    from greenroom.desk.casting.board import write_board

    tiles = [_tile(take, record) for take, record in takes]
    spoken = f"“{line}”" if line.strip() else "audition"
    return write_board(
        f"{actor.display_name}: {spoken}", f"{len(tiles)} engine{'s' * (len(tiles) != 1)}", tiles, output
    )


def _tile(take: Take, record: Mapping[str, Any]) -> Tile:
    from greenroom.desk.casting.board import Remark, Tile
    from greenroom.desk.looking.showing import slate
    from greenroom.media.pictures import read_pictures

    at = sorted({take.frames * quarter // 4 for quarter in (1, 2, 3)})  # at the ends a mouth is closed
    try:
        three = tuple(read_pictures(take.media, at, width=_WIDTH))
    except GreenroomError as error:
        three = (slate("offline", [error.message], _WIDTH, _WIDTH * 9 // 16),)
    cost = record.get("cost", {})
    money = cost.get("paid") or cost.get("estimate")
    price = f"{money} {cost.get('currency', '')}" if money and float(money) else ("free" if money else "cost unknown")
    facts = f"take {take.number}, {take.frames} f, {price}"
    return Tile(take.engine, three, facts, take.label, tuple(Remark(each, "warning") for each in take.warnings))

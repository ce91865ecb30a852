# SPDX-License-Identifier: Apache-2.0
"""A cut opened together with its project: cue sheet, cast, engines, ledger and store, for one command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from greenroom.cues.model import CueSheet, Layout
from greenroom.desk.planning.model import Plan
from greenroom.desk.planning.plan import PlanSettings
from greenroom.desk.planning.plan import plan as make_plan
from greenroom.desk.project.project import Project
from greenroom.desk.results import Applied, CueTakes
from greenroom.desk.writing_back.edit_plan import EditPlan
from greenroom.errors import Problem, ProjectError, Severity, TimelineError
from greenroom.frames import write_rate
from greenroom.takes.reconciling import FOLDER_MISSING
from greenroom.takes.states import Take

if TYPE_CHECKING:
    from greenroom.cast.load import Cast
    from greenroom.engines.contract import Engine
    from greenroom.takes.ledger import Ledger
    from greenroom.takes.store import Store

__all__ = [
    "Cut",
    "CutInMemory",
    "Desk",
    "find_project",
    "open_cut",
    "project_if_any",
    "read_cue_sheet",
    "read_layout",
    "timeline_of",
    "write_timeline",
]


@dataclass(frozen=True)
class CutInMemory:
    """A timeline that a host sent, built when it is first asked for; and the document that it is of, above which a
    project is looked for. None: the document was never saved.
    """

    build: Callable[[], Any]
    document: Path | None

    @cached_property
    def timeline(self) -> Any:
        return self.build()


class HasTimeline(Protocol):
    """A cut whose OTIO timeline is built when it is first asked for."""

    @property
    def timeline(self) -> Any: ...


Cut: TypeAlias = Path | CutInMemory
"""Where a cut is: a file, or a host's memory."""


def find_project(cut: Cut | None, chosen: Path | None = None) -> Project:
    """The project that was `chosen`, else the nearest above the cut, else above the current folder; of a host's cut
    only above its document, since nobody chose the folder that a host runs in.

    Raises:
        ProjectError: there is none.
    """
    if chosen is not None:
        return Project.load(chosen)
    if isinstance(cut, CutInMemory):
        return _project_of_document(cut.document)
    above_cut = Project.folder_above(cut.parent) if cut is not None else None
    return Project.load(above_cut) if above_cut is not None else Project.find(Path.cwd())


def _project_of_document(document: Path | None) -> Project:
    if document is None:
        raise ProjectError(
            "the document has no file yet, so its project can't be found",
            hint="Save it first, in the folder that the takes shall lie beside.",
        )
    return Project.find(document.parent)


@dataclass
class Desk:
    """A cut and its project, opened. `plan` comes first: it knows which takes are whose."""

    cut: Cut
    project: Project
    cast: Cast
    sheet: CueSheet
    source: HasTimeline
    engines: Mapping[str, Engine]
    ledger: Ledger
    store: Store
    problems: tuple[Problem, ...]
    planned: Plan | None = None
    takes: list[Take] | None = None  # as the last plan found them; None: the ledger is asked again

    def plan(
        self, *, engine: str = "", takes: int | None = None, only: tuple[str, ...] = (), quote: bool = True
    ) -> Plan:
        from greenroom.desk.planning.preflight import preflight
        from greenroom.desk.planning.survey import survey
        from greenroom.desk.planning.what_is_left import quoted_by_what_is_left
        from greenroom.desk.recut.kept_takes import with_kept_takes

        settings = PlanSettings.of(self.project, engine=engine, takes=takes, only=only, quote=quote)
        facts = survey(self.sheet, self.project, self.cast, self.engines, self.ledger)
        found = {(take.cue, take.number): take for takes_of in facts.takes.values() for take in takes_of}
        self.takes = [found[key] for key in sorted(found)]
        made = make_plan(self.sheet, facts, settings)
        made = with_kept_takes(made, self.sheet, self.engines, self.ledger, self.store, quote=quote)
        if quote:
            made = quoted_by_what_is_left(made, self.ledger, self.engines, self.project.work_folder)
            made = preflight(made, facts, self.project, self.ledger)
        self.planned = replace(made, problems=(*made.problems, *self.problems))
        return self.planned

    @property
    def takes_are_away(self) -> bool:
        """Whether the ledger knows takes whose folder is not there: a drive that isn't mounted, a folder that moved."""
        return any(problem.code == FOLDER_MISSING for problem in self.problems)

    def cue_takes(self) -> Iterator[CueTakes]:
        """Own takes; where a cue has none (it moved on the cut, so its id is another), those of its fingerprint, or of
        the cue whose take it shows (a part of a clip that was split).
        """
        own: dict[str, list[Take]] = {}
        by_fingerprint: dict[str, list[Take]] = {}
        for take in self.known_takes():
            own.setdefault(take.cue, []).append(take)
            by_fingerprint.setdefault(take.fingerprint, []).append(take)
        prints = {cue.cue.id: cue.fingerprint for cue in self.planned.cues} if self.planned else {}
        plans = self.planned.cues if self.planned else ()
        shown = {each.cue.id: take.cached.cue for each in plans for take in each.takes if take.cached}
        for cue in self.sheet.cues:
            found = own.get(cue.id) or _of_one_cue(by_fingerprint.get(prints.get(cue.id, ""), ()))
            found = found or own.get(shown.get(cue.id, ""), [])
            owner = found[0].cue if found else cue.id
            yield CueTakes(cue, tuple(found), self.ledger.circled(owner) if found else None)

    def known_takes(self) -> list[Take]:
        if self.takes is None:
            self.takes = self.ledger.takes()
        return self.takes

    def edits(self, found: Iterable[CueTakes] | None = None) -> tuple[EditPlan, tuple[Problem, ...]]:
        """What a write-back changes, and the problems of the takes themselves; `found` other takes than there are."""
        from greenroom.desk.writing_back.writeback import TakesOfCue, edit_plan

        cue_takes = self.cue_takes() if found is None else found
        have = {each.cue.id: TakesOfCue(each.takes, each.circled) for each in cue_takes if each.takes}
        problems = self.problems
        if self.takes_are_away:
            problems = (_left_as_they_are(len(have), self.store.takes_folder), *_without(problems, FOLDER_MISSING))
            have = {}
        return edit_plan(self.sheet, have), problems

    @property
    def timeline(self) -> Any:
        """See `timeline_of`."""
        return timeline_of(self.source)

    def apply(self, output: Path, to: str | None) -> Applied:
        from greenroom.desk.writing_back.apply import apply_to_timeline
        from greenroom.desk.writing_back.media_folder import media_folder_of, with_media_beside
        from greenroom.desk.writing_back.take_paths import folder_to_name_from
        from greenroom.desk.writing_back.written import write_once

        edits, problems = self.edits()
        beside = media_folder_of(output, to)
        if beside is not None:
            edits = with_media_beside(edits, beside)

        def write() -> tuple[Any, ...]:
            folder = folder_to_name_from(output, to, self.project.folder)
            apply_to_timeline(self.timeline, edits, relative_to=folder)
            return write_timeline(self.timeline, output, to)

        source = self.cut if isinstance(self.cut, Path) else None
        losses = write_once(source, output, to, edits, self.ledger, write)
        return Applied(output, edits, losses, (*problems, *edits.problems), beside)


@contextmanager
def open_cut(
    cut: Cut,
    project: Path | None = None,
    rate: Fraction | None = None,
    engines: Mapping[str, Engine] | None = None,
) -> Iterator[Desk]:
    """The cut, and all that a command needs beside it; `engines` are those that are installed by default."""
    from greenroom.cast import load_cast
    from greenroom.desk.farm.opening import open_ledger
    from greenroom.desk.generating.stranded import find_stranded
    from greenroom.engines import broken_engines, find_engines
    from greenroom.takes.reconciling import reconcile
    from greenroom.takes.store import Store

    home = find_project(cut, project)
    actors = load_cast(home.cast_folder)
    source, cue_sheet = read_cue_sheet(cut, home, rate, actors.names)
    store = Store(home.folder)
    with open_ledger(home) as ledger:
        problems = reconcile(ledger, store)
        found = engines
        if found is None:
            found, problems = find_engines(project=home.engine_tables), (*broken_engines(), *problems)
        find_stranded(ledger, found, home.work_folder)
        yield Desk(cut, home, actors, cue_sheet, source, found, ledger, store, problems)


def read_cue_sheet(
    cut: Cut, project: Project, rate: Fraction | None, known_actors: tuple[str, ...]
) -> tuple[HasTimeline, CueSheet]:
    """The cut and its cues.

    Raises:
        TimelineError: the cut can't be read.
    """
    from greenroom.cues.find import read_cues

    source, layout = read_layout(cut, rate, project)
    return source, read_cues(layout, known_actors=known_actors, handles=project.handles)


def read_layout(cut: Cut, rate: Fraction | None, project: Project | None) -> tuple[HasTimeline, Layout]:
    """The cut and its layout; a project's rate counts for EDLs only.

    Raises:
        TimelineError: the cut can't be read.
    """
    from greenroom.cues.layout import layout_of
    from greenroom.cues.loading import load

    if isinstance(cut, CutInMemory):
        return cut, layout_of(cut.timeline, path=cut.document)
    if cut.suffix.casefold() == ".edl":
        return load(cut, rate or (project.rate if project is not None else None))
    # every other format says its rate, and nothing may bend it
    source, layout = load(cut, None)
    if rate is not None and rate != layout.rate:
        raise TimelineError(
            f"the cut plays at {write_rate(layout.rate)} fps, not at {write_rate(rate)}",
            hint="Leave the rate out: only EDLs need one.",
            where=str(cut),
        )
    return source, layout


def write_timeline(timeline: Any, output: Path, to: str | None) -> tuple[Any, ...]:
    """Writes a cut whole or not at all; returns what the format loses.

    Raises:
        TimelineError: it can't be written; an older file of that name is as it was.
    """
    from greenroom_otio import WriteError, write_cut

    try:
        return tuple(write_cut(timeline, output, to=to))
    except WriteError as error:
        raise TimelineError(error.message, hint=error.hint, where=error.where) from error


def project_if_any(cut: Cut, chosen: Path | None) -> Project | None:
    """`find_project`, but None where there is none and none was asked for."""
    try:
        return find_project(cut, chosen)
    except ProjectError:
        if chosen is not None:
            raise
        return None


def timeline_of(source: HasTimeline) -> Any:
    """The OTIO timeline of a cut, built if it wasn't.

    Raises:
        TimelineError: OpenTimelineIO can't read it.
    """
    from greenroom_otio import ReadError, no_collector

    try:
        with no_collector():
            return source.timeline
    except ReadError as error:
        raise TimelineError(error.message, hint=error.hint, where=error.where) from error


def _left_as_they_are(count: int, folder: Path) -> Problem:
    return Problem(
        Severity.ERROR,
        "takes-offline",
        f"the folder of the takes is not there: nothing was made, and {count} cue{'s' * (count != 1)} "
        f"kept what {'they' if count != 1 else 'it'} had",
        "Mount its drive or bring the folder back, then run the same command again. If the takes are gone for good, "
        "make an empty folder there: then they are made again.",
        str(folder),
    )


def _without(problems: tuple[Problem, ...], code: str) -> Iterator[Problem]:
    return (problem for problem in problems if problem.code != code)


def _of_one_cue(found: tuple[Take, ...] | list[Take]) -> list[Take]:
    """Takes of one fingerprint may be of several cues: the first one's, by number."""
    return [take for take in found if take.cue == found[0].cue]

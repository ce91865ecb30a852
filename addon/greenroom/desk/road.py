# SPDX-License-Identifier: Apache-2.0
"""The one way through the house: a function for each command. The command line, the panel and hosts call these.

    cut -> timeline -> cues -> plan -> jobs in the ledger -> takes in the store -> edit plan -> cut with takes

Nothing is printed and nothing asked; results are frozen values, errors are `greenroom.errors`. A cut that is read is
never written to: results go to a path of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.cues.model import CueSheet
from greenroom.desk.budget import Agreed
from greenroom.desk.generating.job_events import JobEvent
from greenroom.desk.making import make_takes
from greenroom.desk.open_cut import (
    Cut,
    Desk,
    find_project,
    open_cut,
    project_if_any,
    read_cue_sheet,
    read_layout,
    timeline_of,
    write_timeline,
)
from greenroom.desk.outputs import check_cut_output, check_media_kept, check_picture_output
from greenroom.desk.planning.model import Plan
from greenroom.desk.project.project import Project
from greenroom.desk.results import (
    AddedActor,
    Applied,
    CueTakes,
    Edits,
    EngineList,
    FoundTakes,
    Generated,
    Performed,
    Pictures,
    Restored,
)
from greenroom.errors import (
    CastError,
    CueError,
    ProjectError,
    Severity,
    nearest,
)
from greenroom.takes.states import CircledTake, Take

if TYPE_CHECKING:
    from greenroom.cast.load import Cast
    from greenroom.cast.model import Actor
    from greenroom.desk.farm.bundle import Bundle
    from greenroom.desk.recut.conform import Conformed
    from greenroom.desk.reviewing.reviewed import Reviewed
    from greenroom.engines.contract import Engine

__all__ = [
    "actor",
    "add_actor",
    "apply",
    "best_take",
    "bundle",
    "cast",
    "circle",
    "circle_best",
    "conform",
    "cues",
    "edits",
    "engines",
    "export",
    "find_project",
    "generate",
    "init",
    "perform",
    "plan",
    "preview",
    "restore",
    "review",
    "sheet",
    "takes",
]


def init(folder: Path, *, rate: Fraction | str | None = None, handles: int = 8) -> Project:
    """Makes a project beside the cut: greenroom.toml and cast/."""
    return Project.init(folder, rate=rate, handles=handles)


def add_actor(name: str, *, portrait: Path, project: Path | None = None, **profile: Any) -> AddedActor:
    """Adds an actor to the cast, or gives one that is there a new portrait. `profile` is as in `cast.save_actor`.

    Raises:
        CastError: the portrait can't be animated well; all that is wrong with it is named.
    """
    from greenroom.cast import folder_name, save_actor
    from greenroom.desk.project.portraits import look_over

    home = find_project(None, project)
    problems = look_over(portrait)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        said = "; ".join(problem.message for problem in errors)
        hint = " ".join(dict.fromkeys(problem.hint for problem in errors if problem.hint))
        raise CastError(f"the portrait can't be animated well: {said}", hint=hint, where=str(portrait))
    updated = (home.cast_folder / folder_name(name)).exists()
    actor = save_actor(home.cast_folder, name, portrait=portrait, **profile)
    return AddedActor(actor, problems, updated)


def cast(project: Path | None = None) -> Cast:
    """The project's actors, with what is wrong with any."""
    from greenroom.cast import load_cast

    return load_cast(find_project(None, project).cast_folder)


def actor(name: str, *, project: Path | None = None) -> Actor:
    """One actor of the cast, by name or display name, in any case.

    Raises:
        CastError: nobody is called so; the hint names the nearest.
    """
    from greenroom.cast import find_actor

    return find_actor(cast(project), name)


def cues(cut: Cut, *, project: Path | None = None, rate: Fraction | None = None) -> CueSheet:
    """What was asked for. Works without a project too: then no actor is known, and none is missed."""
    from greenroom.cast import load_cast
    from greenroom.cues.find import read_cues

    try:
        home = find_project(cut, project)
    except ProjectError:
        if project is not None:
            raise
        return read_cues(read_layout(cut, rate, None)[1])
    return read_cue_sheet(cut, home, rate, load_cast(home.cast_folder).names)[1]


def plan(
    cut: Cut,
    *,
    project: Path | None = None,
    rate: Fraction | None = None,
    engine: str = "",
    takes: int | None = None,
    only: tuple[str, ...] = (),
    installed: Mapping[str, Engine] | None = None,
) -> Plan:
    """The quote: what would be made, how long, by whom, for how much; all problems at once.

    `installed` are the engines to choose from; by default those of the entry point group `greenroom.engines`.
    """
    with open_cut(cut, project, rate, installed) as desk:
        return desk.plan(engine=engine, takes=takes, only=only)


def generate(
    cut: Path,
    output: Path,
    *,
    project: Path | None = None,
    rate: Fraction | None = None,
    engine: str = "",
    takes: int | None = None,
    only: tuple[str, ...] = (),
    to: str | None = None,
    jobs_at_once: int | None = None,
    yes: bool = False,
    allow_unknown_cost: bool = False,
    installed: Mapping[str, Engine] | None = None,
    on_event: Callable[[JobEvent], None] = lambda event: None,
    on_plan: Callable[[Plan], None] = lambda plan: None,
    farm: str = "",
) -> Generated:
    """Makes what is missing and writes the new cut. Cues with an error are left out, the rest is written.

    `on_plan` is called before anything is sent. `yes`: the quote was read and agreed to, whatever it is.
    `allow_unknown_cost`: send also what nobody knows the price of, under a limit too. `farm`: the address of machines
    that do the heavy work, "" for what the project says, "here" for none.

    Raises:
        PlanError: no cue can be made, or one was asked for that isn't there.
        BudgetError: the quote passes what the project may still cost, or can't be known to keep it.
        QuoteError: it is more than the sum that is asked above, and nobody said `yes`.
    """
    check_cut_output(cut, output, to)
    with open_cut(cut, project, rate, installed) as desk:
        check_media_kept(output, desk.sheet.layout, desk.project)
        timeline_of(desk.source)  # before anything is paid for: what OpenTimelineIO can't read can't be written
        agreed = Agreed(yes, allow_unknown_cost)
        made = make_takes(desk, engine, takes, only, agreed, jobs_at_once, on_event, on_plan, farm=farm)
        if made.interrupted:
            return made
        if only:
            desk.plan(quote=False)  # the whole cut is written, not only what was made now
        return replace(made, applied=desk.apply(output, to))


def bundle(
    cut: Path,
    folder: Path,
    *,
    project: Path | None = None,
    rate: Fraction | None = None,
    engine: str = "",
    takes: int | None = None,
    only: tuple[str, ...] = (),
    chunk: int = 4,
) -> Bundle:
    """What `generate` would make, as a job bundle for a render farm in `folder`; nothing is made.

    Raises:
        InputError: there is nothing to make, or it can't be done elsewhere.
    """
    from greenroom.desk.farm.bundle import write_bundle

    with open_cut(cut, project, rate, None) as desk:
        planned = desk.plan(engine=engine, takes=takes, only=only)
        output = cut.with_name(f"{cut.stem}.greenroom.otio")
        options = [*(["--engine", engine] if engine else []), *(["--takes", str(takes)] if takes else [])]
        return write_bundle(planned, cut, desk.project.folder, output, folder, chunk=chunk, options=options)


def perform(
    cut: Cut,
    *,
    project: Path | None = None,
    engine: str = "",
    takes: int | None = None,
    only: tuple[str, ...] = (),
    jobs_at_once: int | None = None,
    yes: bool = False,
    allow_unknown_cost: bool = False,
    installed: Mapping[str, Engine] | None = None,
    on_event: Callable[[JobEvent], None] = lambda event: None,
    on_plan: Callable[[Plan], None] = lambda plan: None,
    stop: Callable[[], bool] | None = None,
) -> Performed:
    """`generate` for a host, which writes its timeline itself: the takes, and the edits that bring them in.

    `stop` is asked several times a second; True is what Ctrl-C is to `generate`.

    Raises:
        PlanError, BudgetError, QuoteError: as `generate`.
    """
    with open_cut(cut, project, None, installed) as desk:
        made = make_takes(
            desk, engine, takes, only, Agreed(yes, allow_unknown_cost), jobs_at_once, on_event, on_plan, stop
        )
        return Performed(made, _edits(desk))


def edits(
    cut: Cut,
    *,
    project: Path | None = None,
    installed: Mapping[str, Engine] | None = None,
) -> Edits:
    """`apply` for a host: what brings the takes that exist into the cut."""
    with open_cut(cut, project, None, installed) as desk:
        desk.plan(quote=False)
        return _edits(desk)


def _edits(desk: Desk) -> Edits:
    found, problems = desk.edits()
    return Edits(desk.sheet, found, problems, tuple(desk.cue_takes()))


def takes(
    cut: Cut,
    *,
    project: Path | None = None,
    rate: Fraction | None = None,
    installed: Mapping[str, Engine] | None = None,
) -> FoundTakes:
    """The takes of every cue on the cut, and which is circled."""
    with open_cut(cut, project, rate, installed) as desk:
        desk.plan(quote=False)
        return FoundTakes(desk.sheet, tuple(desk.cue_takes()), desk.problems)


def circle(cue: str, number: int, *, project: Path | None = None) -> CircledTake:
    """Chooses a take: the next write-back uses it. Had it been rejected, that is taken back.

    Raises:
        CueError: no such cue or take; what there is is listed.
    """
    from greenroom.desk.farm.opening import open_ledger
    from greenroom.desk.rejecting import accept
    from greenroom.takes.reconciling import choose, reconcile
    from greenroom.takes.store import Store

    home = find_project(None, project)
    cue = cue.strip().lstrip("#").casefold()
    store = Store(home.folder)
    with open_ledger(home) as ledger:
        reconcile(ledger, store)
        known = {take.cue for take in ledger.takes()}
        if cue not in known:
            raise CueError(f'cue "{cue}" has no takes', hint=nearest(cue, known))
        choose(ledger, store, cue, number)
        chosen = next(take for take in ledger.takes(cue) if take.number == number)
    accept(chosen)
    return CircledTake(cue, number, "editor")


def circle_best(cue: str, *, project: Path | None = None) -> tuple[CircledTake, str]:
    """Chooses the best measured take, and says why; takes that aren't measured yet are measured first.

    Raises:
        CueError: no such cue; what there is is listed.
    """
    from greenroom.desk.reviewing.choosing import circle_best as choose_best

    return choose_best(cue, find_project(None, project))


def best_take(takes: Sequence[Take], *, project: Path) -> int:
    """The number of the best measured of a cue's takes, for a host; `project` is the project's folder."""
    from greenroom.desk.reviewing.choosing import best_number

    return best_number(takes, project)


def apply(
    cut: Cut,
    output: Path,
    *,
    to: str | None = None,
    project: Path | None = None,
    rate: Fraction | None = None,
    installed: Mapping[str, Engine] | None = None,
) -> Applied:
    """Writes the circled takes into the cut. Generates nothing."""
    check_cut_output(cut if isinstance(cut, Path) else None, output, to)
    with open_cut(cut, project, rate, installed) as desk:
        check_media_kept(output, desk.sheet.layout, desk.project)
        desk.plan(quote=False)
        return desk.apply(output, to)


def export(cut: Cut, output: Path, *, to: str | None = None, project: Path | None = None) -> Applied:
    """A host's timeline as a file: `apply` where there is a project, else without takes."""
    from greenroom.desk.writing_back.edit_plan import EditPlan

    home = project_if_any(cut, project)
    if home is not None:
        return apply(cut, output, to=to, project=home.folder)
    check_cut_output(cut if isinstance(cut, Path) else None, output, to)
    source, layout = read_layout(cut, None, None)
    check_media_kept(output, layout, None)
    return Applied(output, EditPlan(()), write_timeline(timeline_of(source), output, to))


def restore(
    cut: Path, output: Path, *, to: str | None = None, project: Path | None = None, rate: Fraction | None = None
) -> Restored:
    """Back to the stand-ins: the cut as the editor had it. Needs no project."""
    from greenroom.desk.writing_back.restore import restore as take_out

    check_cut_output(cut, output, to)
    home = project_if_any(cut, project)
    source, layout = read_layout(cut, rate, home)
    check_media_kept(output, layout, home)
    timeline = timeline_of(source)
    clips = take_out(timeline)
    return Restored(output, clips, write_timeline(timeline, output, to))


def conform(
    cut: Path,
    output: Path,
    *,
    was: Path | None = None,
    to: str | None = None,
    project: Path | None = None,
    rate: Fraction | None = None,
    was_rate: Fraction | None = None,
    markers: bool = False,
    csv: Path | None = None,
    html: Path | None = None,
    installed: Mapping[str, Engine] | None = None,
) -> Conformed:
    """After a recut: `cut` with the project's takes where they belong, and what changed since `was`, the cut before.

    `csv` and `html` are written beside it. Generates nothing.
    """
    from greenroom.desk.recut.conform import conform as match_and_write
    from greenroom.desk.recut.reports import write_reports

    for report, suffix in ((csv, ".csv"), (html, ".html")):
        if report is not None:
            check_picture_output(cut, report, suffix)
    made = match_and_write(
        *(cut, output),
        was=was,
        to=to,
        project=project,
        rate=rate,
        was_rate=was_rate,
        markers=markers,
        installed=installed,
    )
    write_reports(made, csv=csv, html=html)
    return made


def review(
    cut: Cut,
    *,
    project: Path | None = None,
    rate: Fraction | None = None,
    only: tuple[str, ...] = (),
    again: bool = False,
    installed: Mapping[str, Engine] | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    farm: str = "",
) -> Reviewed:
    """Measures takes of each cue, or those in `only`; what is measured is kept unless `again`; `farm` as generate's."""
    from greenroom.desk.reviewing.of_cut import review_cut

    with open_cut(cut, project, rate, installed) as desk:
        desk.plan(quote=False)
        return review_cut(desk, only=only, again=again, on_progress=on_progress, farm=farm)


def sheet(
    cut: Path,
    output: Path,
    *,
    project: Path | None = None,
    rate: Fraction | None = None,
    installed: Mapping[str, Engine] | None = None,
) -> Pictures:
    """A contact sheet (PNG): each cue's stand-in and takes, first, middle and last frame."""
    from greenroom.desk.looking.sheet import write_sheet

    check_picture_output(cut, output, ".png")
    with open_cut(cut, project, rate, installed) as desk:
        check_media_kept(output, desk.sheet.layout, desk.project)
        desk.plan(quote=False)
        return write_sheet(desk.sheet, tuple(desk.cue_takes()), output)


def preview(
    cut: Path,
    output: Path,
    *,
    project: Path | None = None,
    rate: Fraction | None = None,
    width: int = 1280,
    installed: Mapping[str, Engine] | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Pictures:
    """An H.264 movie of the finished cut with sound, `width` pixels wide."""
    from greenroom.desk.looking.preview import write_preview
    from greenroom.desk.writing_back.placed import all_first_seen

    check_picture_output(cut, output, ".mov")
    with open_cut(cut, project, rate, installed) as desk:
        check_media_kept(output, desk.sheet.layout, desk.project)
        planned = desk.plan(quote=False)
        chosen = {each.cue.event.address: take for each in desk.cue_takes() if (take := _chosen(each))}
        firsts = all_first_seen(desk, chosen)
        return write_preview(planned, chosen, output, width=width, on_progress=on_progress, firsts=firsts)


def engines(project: Path | None = None) -> EngineList:
    """Every engine that is installed, as the project here or above has them, if there is one."""
    from greenroom.engines import broken_engines, find_engines

    try:
        tables = find_project(None, project).engine_tables
    except ProjectError:
        if project is not None or Project.folder_above(Path.cwd()) is not None:
            raise
        tables = {}
    found = find_engines(project=tables)
    return EngineList(tuple(engine.capabilities() for engine in found.values()), broken_engines())


def _chosen(each: CueTakes) -> Take | None:
    from greenroom.desk.writing_back.writeback import TakesOfCue, chosen_number

    if not each.takes:
        return None
    number = chosen_number(each.cue, TakesOfCue(each.takes, each.circled))
    return next((take for take in each.takes if take.number == number), None)

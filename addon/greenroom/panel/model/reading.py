# SPDX-License-Identifier: Apache-2.0
"""Reads a cut and its project into a board: first the cues alone, which is quick, then all that the project knows."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from greenroom.cues.model import Cue, CueSheet
from greenroom.desk import road
from greenroom.desk.open_cut import project_if_any
from greenroom.desk.project.project import FILE_NAME
from greenroom.desk.results import CueTakes
from greenroom.errors import GreenroomError, Problem, ProjectError, Severity
from greenroom.panel.model.filters import choices
from greenroom.panel.model.kept import Kept
from greenroom.panel.model.rows import Board, CueRow, Status, row_of
from greenroom.takes.states import FailedJob, Job, Planned, Running, Submitted, Unknown

__all__ = ["ReadCut", "Signature", "read_board", "read_cues", "read_cut", "signature", "takes_signature"]

Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class ReadCut:
    """The board, where the project's ledger lies, whether another process serves it, and how it all looked just before
    it was read.
    """

    board: Board
    data: Path | None
    served: bool
    seen: Signature


def signature(cut: Path, project: Path | None, data: Path | None, *, served: bool = False) -> Signature:
    """What changes on disk when cut, project, cast or takes do: names with times and sizes. Only stats; of a ledger
    that is `served` the owner is asked for the number of its changes: those of other desks leave nothing on this disk.

    The ledger's WAL counts once something is in it: whoever merely reads makes an empty one, and takes it away again.
    """
    places = [cut]
    if project is not None:
        places += [project / FILE_NAME, project / "cast", project / "takes"]
    wal = data / "ledger.sqlite-wal" if data is not None else None
    if data is not None and wal is not None:
        places += [data / "ledger.sqlite", wal]
    found = []
    for place in places:
        with contextlib.suppress(OSError):
            told = place.stat()
            if place != wal or told.st_size:
                found.append((str(place), told.st_mtime_ns, 0 if stat.S_ISDIR(told.st_mode) else told.st_size))
    if served and project is not None:
        found.append(("served", _changes(project), 0))
    return tuple(found)


def takes_signature(project: Path | None, cue: str) -> Signature:
    """Likewise of one cue's takes: what is written into their folders changes none of the places above."""
    found = []
    folder = project / "takes" / cue if project is not None and cue else None
    if folder is not None:
        with contextlib.suppress(OSError):
            for place in (folder, *sorted(folder.iterdir())):
                found.append((str(place), place.stat().st_mtime_ns, 0))
    return tuple(found)


def _changes(project: Path) -> int:
    """How often a served ledger was changed since its owner began; -1 while it can't be reached."""
    from greenroom.desk.farm.opening import open_ledger

    try:
        with open_ledger(road.find_project(None, project)) as ledger:
            return ledger.changes()
    except GreenroomError:
        return -1


def read_cut(cut: Path, project: Path | None) -> ReadCut:
    """All that the window shows of a cut.

    Raises:
        TimelineError, ProjectError, StoreError: one of them can't be read.
    """
    home = project_if_any(cut, project)
    data = home.data_folder if home is not None else None
    served = home is not None and bool(home.farm.ledger)
    seen = signature(cut, home.folder if home is not None else None, data, served=served)
    return ReadCut(read_board(cut, project), data, served, seen)


@dataclass(frozen=True)
class _Books:
    """What the ledger says of cues: jobs that aren't done, those of them that a living process is at, and money."""

    jobs: Mapping[str, tuple[Job, ...]]
    at_work: frozenset[str]
    costs: Mapping[str, tuple[Decimal, str]]


def read_cues(cut: Path, project: Path | None) -> Board:
    """The cues of a cut, without takes.

    Raises:
        TimelineError, ProjectError: the cut or the project can't be read.
    """
    home = _folder(cut, project)
    board = _board(cut, home, road.cues(cut, project=home))
    return replace(board, complete=home is None, offered=choices(board.rows))


def read_board(cut: Path, project: Path | None) -> Board:
    """The cut with its takes, as the project and its ledger know them.

    Raises:
        TimelineError, ProjectError, StoreError: one of them can't be read.
    """
    home = _folder(cut, project)
    if home is None:
        return read_cues(cut, None)
    found = road.takes(cut, project=home)
    books = _books(home)
    board = _board(cut, home, found.sheet)
    takes = {each.cue.id: each for each in found.cues}
    rows = tuple(_with_takes(row, takes.get(row.id), books) for row in board.rows)
    problems = tuple(dict.fromkeys((*board.problems, *found.problems)))
    return replace(board, rows=rows, takes=Kept(takes), problems=problems, offered=choices(rows))


def _folder(cut: Path, project: Path | None) -> Path | None:
    try:
        return road.find_project(cut, project).folder
    except ProjectError:
        if project is not None:
            raise
        return None


def _board(cut: Path, home: Path | None, sheet: CueSheet) -> Board:
    layout = sheet.layout
    cues: tuple[Cue, ...] = tuple(sorted((*sheet.cues, *sheet.suggestions), key=lambda cue: cue.slot.start))
    ends = [event.record.end for track in layout.tracks for event in track.events[-1:]]
    return Board(
        cut=cut,
        project=home,
        name=layout.name or cut.stem,
        rate=layout.rate,
        start=layout.start,
        end=max(ends, default=layout.start),
        drop_frame=layout.drop_frame,
        rows=tuple(row_of(cue, drop_frame=layout.drop_frame) for cue in cues),
        problems=sheet.problems,
        cues=Kept({cue.id: cue for cue in cues}),
    )


def _books(project: Path) -> _Books:
    from greenroom.desk.farm.opening import open_ledger

    home = road.find_project(None, project)
    with open_ledger(home) as ledger:
        jobs = ledger.jobs(states=[Planned, Submitted, Running, FailedJob, Unknown])
        begun = [job for job in jobs if isinstance(job.state, Submitted | Running)]
        at_work = frozenset(job.id for job in begun if ledger.holder(job.id) is not None)
        charges = ledger.charges()
    costs: dict[str, tuple[Decimal, str]] = {}
    for charge in charges:
        amount = charge.paid if charge.paid is not None else charge.reserved
        if amount:
            costs[charge.cue] = (costs.get(charge.cue, (Decimal(0), ""))[0] + amount, charge.currency)
    by_cue: dict[str, list[Job]] = {}
    for job in jobs:
        by_cue.setdefault(job.cue, []).append(job)
    return _Books({cue: tuple(found) for cue, found in by_cue.items()}, at_work, costs)


def _with_takes(row: CueRow, has: CueTakes | None, books: _Books) -> CueRow:
    cost, currency = books.costs.get(row.id, (None, ""))
    row = replace(row, cost=cost, currency=currency)
    if has is not None and has.takes:
        row = _with_best(row, has)
    status = _status(row, has, books)
    why = _why_failed(books.jobs.get(row.id, ())) if status is Status.FAILED else ()
    return replace(row, status=status, problems=(*row.problems, *why))


def _why_failed(jobs: Iterable[Job]) -> tuple[Problem, ...]:
    return tuple(
        Problem(Severity.ERROR, "take-failed", f"take {job.number} failed: {job.state.message}", job.state.hint)
        for job in jobs
        if isinstance(job.state, FailedJob)
    )


def _with_best(row: CueRow, has: CueTakes) -> CueRow:
    from greenroom.desk.reviewing.kept import kept_review
    from greenroom.desk.writing_back.writeback import TakesOfCue, chosen_number

    reviews = [review for take in has.takes if (review := kept_review(take)) is not None]
    used = chosen_number(has.cue, TakesOfCue(has.takes, has.circled))
    shown = next((take for take in has.takes if take.number == used), has.takes[-1])
    best = max(reviews, key=lambda review: review.score, default=None)
    codes = (finding.code for review in reviews for finding in review.findings)
    return replace(
        row,
        takes=len(has.takes),
        used=shown.number,
        engine=row.engine or shown.label or shown.engine,
        poster=shown.poster,
        light=str(best.light) if best else "",
        score=best.score if best else None,
        codes=tuple(dict.fromkeys((*row.codes, *codes))),
    )


def _status(row: CueRow, has: CueTakes | None, books: _Books) -> Status:
    jobs = books.jobs.get(row.id, ())
    states = {type(job.state) for job in jobs}
    if row.status is Status.ERROR:
        return Status.ERROR
    if Unknown in states:
        return Status.UNKNOWN
    if any(job.id in books.at_work for job in jobs):
        return Status.RUNNING
    if any(_sent(job) for job in jobs):
        return Status.STOPPED
    if has is not None and has.takes:
        circled = has.circled is not None and has.circled.by == "editor"
        return Status.CIRCLED if circled else Status.TAKES
    if Submitted in states:
        return Status.STOPPED
    return Status.FAILED if FailedJob in states else row.status


def _sent(job: Job) -> bool:
    """Whether an engine has it, which may be a provider that is paid."""
    return isinstance(job.state, Running) or (isinstance(job.state, Submitted) and job.state.handle is not None)

# SPDX-License-Identifier: Apache-2.0
"""A turnover: the chosen takes of a cut with handles and timecode, the lists that name them, a reference movie and a
count sheet, in a folder that can be moved as it is.

    DIR/media/NAME.mov .xmp          the takes, and what lies beside them (alpha)
    DIR/CUT.otio .xml .edl .ale .aaf  the cut, for every program; an EDL for each video track
    DIR/CUT_counts.csv               a row for each cue
    DIR/CUT_reference.mov            what it looks like, with cue, take and timecode in the picture

The folder appears whole or not at all: it is filled under another name beside its place.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.cues.model import Cue, Layout
from greenroom.desk.looking.burn_in import Burner
from greenroom.desk.looking.preview import write_preview
from greenroom.desk.open_cut import Desk, open_cut, timeline_of
from greenroom.desk.outputs import check_folder_output
from greenroom.desk.planning.model import Plan
from greenroom.desk.results import Pictures
from greenroom.desk.rights.crediting import PartCrediting, part_crediting_of
from greenroom.desk.turnover.gather import Gathered, HandedTake, gather, shot_of
from greenroom.desk.turnover.lists import write_lists
from greenroom.desk.turnover.names import NameTemplate
from greenroom.desk.turnover.tables import MEDIA, avid_log, count_sheet
from greenroom.errors import InputError, Problem, Severity, StoreError
from greenroom.media.probe import probe
from greenroom.media.trim import copied_as, trim
from greenroom.takes.disk import check_space, storing, sync_file, sync_folder
from greenroom.takes.names import legal_name
from greenroom.takes.states import Take

__all__ = ["Turnover", "turnover"]

_MOVIE_SECOND = 1_500_000  # bytes of a second of 720p H.264 at the preview's quality, with sound


@dataclass(frozen=True)
class Turnover:
    """A folder that was handed over: the files in it, relative to it, the takes, and the cues without one."""

    folder: Path
    files: tuple[Path, ...]
    takes: tuple[HandedTake, ...]
    without: tuple[Cue, ...]
    losses: tuple[Any, ...] = ()
    left_out: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def turnover(
    cut: Path,
    folder: Path,
    *,
    handles: int | None = None,
    link: bool = False,
    movie: bool = True,
    width: int = 1280,
    project: Path | None = None,
    rate: Fraction | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Turnover:
    """Hands `cut` on in `folder`. `handles`: frames before and after each slot at most (None: all there are).

    `link`: takes that are handed on whole are hard links, which need no room. `movie`: with the reference movie.

    Raises:
        PlanError: takes are missing or damaged; all of them are told, and nothing was written.
        InputError: the folder is not empty, or can't be there; nothing to hand on.
    """
    folder = folder.absolute().parent.resolve() / folder.absolute().name
    with open_cut(cut, project, rate) as desk:
        check_folder_output(cut, folder, desk.project)
        planned = desk.plan(quote=False)
        layout = desk.sheet.layout
        template = NameTemplate.of(desk.project.turnover, layout.name)
        gathered = gather(desk, template, handles)
        if not gathered.takes:
            hint = "Make some first: greenroom generate CUT -o NEW_CUT"
            raise InputError("no cue of this cut has a take to hand on", hint=hint, where=str(cut))
        check_space(folder.parent, _room(gathered, link=link, movie=movie, desk=desk))
        with _appearing(folder) as partial:
            unsigned = _hand_media(gathered.takes, partial, desk, link=link)
            name = legal_name(layout.name or cut.stem)
            lists = write_lists(
                timeline_of(desk.source), gathered.edits, gathered.takes, partial, folder, name, cut.parent
            )
            _write_tables(gathered, layout, partial, name, template.scene)
            problems = (*gathered.problems, *unsigned)
            if movie:
                shown = _write_movie(planned, gathered, partial / f"{name}_reference.mov", width, on_progress)
                problems = (*problems, *shown.problems)
            files = tuple(sorted(path.relative_to(partial) for path in partial.rglob("*") if path.is_file()))
    return Turnover(folder, files, gathered.takes, gathered.without, lists.losses, lists.left_out, problems)


def _write_tables(gathered: Gathered, layout: Layout, folder: Path, name: str, scene: str) -> None:
    height = max(each.take.height for each in gathered.takes)
    tables = {
        f"{name}.ale": avid_log(gathered.takes, layout.rate, height, scene),
        f"{name}_counts.csv": count_sheet(gathered, layout),
    }
    for file, data in tables.items():
        with storing(folder / file):
            (folder / file).write_bytes(data)


def _write_movie(
    planned: Plan, gathered: Gathered, output: Path, width: int, on_progress: Callable[[int, int], None]
) -> Pictures:
    layout = planned.layout
    return write_preview(
        planned,
        {each.cue.event.address: each.take for each in gathered.takes},
        output,
        width=width,
        on_progress=on_progress,
        burnt_in=Burner(_texts(gathered), layout.rate, drop_frame=layout.drop_frame),
        firsts={each.cue.event.address: each.first for each in gathered.takes},
    )


def _texts(gathered: Gathered) -> dict[tuple[int, ...], str]:
    """What the movie says of each cue. The preview itself says "previz" at the bottom left."""
    texts = {cue.event.address: _text(cue, None) for cue in gathered.without}
    return texts | {each.cue.event.address: _text(each.cue, each.take) for each in gathered.takes}


def _text(cue: Cue, take: Take | None) -> str:
    which = f"take {take.number}" if take is not None else "no take"
    return "   ".join(
        filter(None, (shot_of(cue), f"{cue.id} {cue.actor.upper()} {cue.mode}".replace("  ", " "), which))
    )


def _room(gathered: Gathered, *, link: bool, movie: bool, desk: Desk) -> int:
    """Bytes that will be needed."""
    files = [path for each in gathered.takes if not (link and each.whole) for path in _sources(each.take)]
    layout = desk.sheet.layout
    end = max((event.record.end for track in layout.tracks for event in track.events), default=layout.start)
    seconds = int((end - layout.start) / layout.rate) + 1
    return sum(path.stat().st_size for path in files) + (seconds * _MOVIE_SECOND if movie else 0)


def _sources(take: Take) -> tuple[Path, ...]:
    return (take.media, *take.extras.values())


def _hand_media(takes: tuple[HandedTake, ...], folder: Path, desk: Desk, *, link: bool) -> tuple[Problem, ...]:
    """Takes, what lies beside them, and their XMP files. The problem that parts of signed takes could not be signed."""
    with storing(folder / MEDIA):
        (folder / MEDIA).mkdir()
    credit = part_crediting_of(desk.project) if any(not each.whole for each in takes) else None
    unsigned: list[str] = []
    for each in takes:
        names = (each.file, *each.extras.values())
        for source, name in zip(_sources(each.take), names, strict=True):
            _hand_file(source, folder / MEDIA / name, each, link=link)
            if credit is not None and not each.whole:
                unsigned += _credited(source, folder / MEDIA / name, each, desk, credit)
        said = each.take.media.with_suffix(".xmp")
        if said.is_file():
            _copy(said, folder / MEDIA / f"{each.name}.xmp")
    with storing(folder / MEDIA):
        sync_folder(folder / MEDIA)
    return tuple(_lost(unsigned))


def _credited(source: Path, part: Path, each: HandedTake, desk: Desk, credit: PartCrediting) -> list[str]:
    """Why a part of a signed take carries no credentials; nothing where it does, or the take had none."""
    record = desk.store.record(each.take)
    frames = f"{each.part.describe(drop_frame=each.take.drop_frame)} of take {each.take.number}"
    why = credit(source, part, record, frames, copied_as(probe(source)) is None)
    return [why] if why and record.get("provenance", {}).get("signed") else []


def _lost(unsigned: list[str]) -> Iterator[Problem]:
    if unsigned:
        files = f"{len(unsigned)} file{'s' * (len(unsigned) != 1)}"
        yield Problem(
            Severity.WARNING,
            "credentials-lost",
            f"{files} cut out of signed takes carry no credentials ({unsigned[0]})",
            "Hand them on whole (without --handles), or do it where the project's certificate is.",
        )


def _hand_file(source: Path, destination: Path, each: HandedTake, *, link: bool) -> None:
    if not each.whole:
        trim(source, each.part, destination, drop_frame=each.take.drop_frame)
        return
    if not link:
        _copy(source, destination)
        return
    try:
        os.link(source, destination)
    except OSError as error:
        raise StoreError(
            f"{source.name} can't be linked there ({error.strerror})",
            hint="Links stay on one disk: choose a folder on the project's, or leave --link out.",
            where=str(destination.parent.parent),
        ) from error


def _copy(source: Path, destination: Path) -> None:
    with storing(destination, source.stat().st_size):
        shutil.copyfile(source, destination)
        sync_file(destination)


@contextlib.contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` that gets its name at the end, and is removed if anything goes wrong."""
    partial = folder.with_name(f".{folder.name}.partial-{uuid.uuid4().hex[:8]}")
    with storing(folder.parent):
        partial.mkdir()
    try:
        yield partial
        with storing(folder):
            if folder.is_dir():
                folder.rmdir()  # empty, or this fails: nothing that somebody put there meanwhile is lost
            partial.rename(folder)
            sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise

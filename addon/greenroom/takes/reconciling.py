# SPDX-License-Identifier: Apache-2.0
"""Bring the ledger in line with the take folders, which are the truth: after a lost ledger, a moved project, a
project shared by several machines, or a folder that somebody deleted.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from greenroom.errors import CueError, Problem, Severity, StoreError
from greenroom.takes.ledger import Ledger
from greenroom.takes.record import RECORD, bill_of, read_record, read_take
from greenroom.takes.rows import now
from greenroom.takes.states import Done, Take
from greenroom.takes.store import Store

__all__ = ["FOLDER_MISSING", "choose", "reconcile"]

FOLDER_MISSING = "takes-folder-missing"
"""The code of the problem that there are takes, but not their folder."""


_SHOWN_AFTER = timedelta(minutes=10)
"""NFS clients look at a folder anew after a minute (acdirmax, nfs(5)); the rest is for clocks that differ."""


def reconcile(ledger: Ledger, store: Store) -> tuple[Problem, ...]:
    """Enter takes that the ledger doesn't know, withdraw those that are gone, take over the circled ones.

    Reads no take.json of a take that is known, so that it is cheap to call before every plan.
    """
    known = {take.folder: take for take in ledger.takes()}
    if known and not store.takes_folder.is_dir():
        # a share that isn't mounted must not cost anybody their takes
        return (_takes_folder_missing(store, len(known)),)
    problems: list[Problem] = []
    present: set[tuple[str, int]] = set()
    broken: set[Path] = set()
    with ledger.transaction():
        for folder in store.take_folders():
            take = known.get(folder)
            if take is None or not take.media.is_file():
                try:
                    take = read_take(folder)
                except StoreError as error:
                    problems.append(error.problem("broken-take", Severity.WARNING))
                    broken.add(folder)
                    continue
                ledger.adopt(take, bill=bill_of(read_record(folder / RECORD)))
            present.add((take.cue, take.number))
        missing = [take for take in known.values() if (take.cue, take.number) not in present]
        late = _made_elsewhere_lately(ledger) if missing else {}
        for take in missing:
            desk = late.get((take.cue, take.number))
            if desk is not None:
                problems.append(_not_yet_here(take, desk))
                continue
            ledger.withdraw(take.cue, take.number)
            if take.folder not in broken:
                problems.append(_gone(take))
        _take_over_choices(ledger, store)
    return tuple(problems)


def choose(ledger: Ledger, store: Store, cue: str, number: int) -> None:
    """Circle a take: in its folder first, which is the truth, then in the ledger.

    Raises:
        CueError: there is no such take.
        StoreError: the choice can't be written.
    """
    ledger.take(cue, number)
    store.write_choice(cue, number)
    ledger.circle(cue, number)


def _take_over_choices(ledger: Ledger, store: Store) -> None:
    for cue, number in store.choices().items():
        chosen = ledger.circled(cue)
        if chosen is not None and (chosen.number, chosen.by) != (number, "editor"):
            try:
                ledger.circle(cue, number)
            except CueError:
                continue  # that take is gone: the newest is used until the editor chooses again


def _takes_folder_missing(store: Store, count: int) -> Problem:
    return Problem(
        Severity.WARNING,
        FOLDER_MISSING,
        f"the folder of {count} takes is not there",
        hint="Mount or restore it; nothing is forgotten. If the takes are gone for good, make an empty folder there: "
        "then the next run makes them again.",
        where=str(store.takes_folder),
    )


def _made_elsewhere_lately(ledger: Ledger) -> dict[tuple[str, int], str]:
    """Takes that other desks have just made, with their desks. A share may not show them here yet, and a take that
    counted as gone would be paid for again.
    """
    since = now(_SHOWN_AFTER)
    done = ledger.jobs(states=[Done])
    return {
        (job.cue, job.number): job.desk for job in done if job.desk not in ("", ledger.desk) and job.updated > since
    }


def _not_yet_here(take: Take, desk: str) -> Problem:
    return Problem(
        Severity.WARNING,
        "take-not-yet-here",
        f"take {take.number} was just made by {desk}, and isn't to be seen here yet",
        hint="Shares show new files late: run the same command again in a minute.",
        where=str(take.folder),
    )


def _gone(take: Take) -> Problem:
    return Problem(
        Severity.WARNING,
        "take-gone",
        f"take {take.number} is no longer on disk",
        hint="Restore its folder, or generate again: the new take gets the next number.",
        where=str(take.folder),
    )

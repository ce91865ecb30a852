# SPDX-License-Identifier: Apache-2.0
"""Circling the best take of a cue: what isn't measured yet is measured first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from greenroom.desk.making import workers_here
from greenroom.desk.project.project import Project
from greenroom.desk.rejecting import rejected
from greenroom.desk.reviewing.lights import Best, best_take
from greenroom.desk.reviewing.measuring import review_takes
from greenroom.errors import CueError, nearest
from greenroom.takes.states import CircledTake, Take
from greenroom.takes.store import Store

__all__ = ["best_number", "best_of", "circle_best"]


def best_of(takes: Sequence[Take], store: Store, project: Project) -> Best:
    """The best measured of `takes`, of which at least one is given; one that was rejected only where all were."""
    wanted = [take for take in takes if rejected(take) is None] or takes
    found = review_takes(wanted, store=store, project=project, at_once=workers_here())
    return best_take(wanted, {each.take.number: each.review for each in found if each.review is not None})


def circle_best(cue: str, home: Project) -> tuple[CircledTake, str]:
    """Circles the best take of `cue`; the choice and why.

    Raises:
        CueError: the cue has no takes.
    """
    from greenroom.desk.farm.opening import open_ledger
    from greenroom.takes.reconciling import choose, reconcile

    cue = cue.strip().lstrip("#").casefold()
    store = Store(home.folder)
    with open_ledger(home) as ledger:
        reconcile(ledger, store)
        takes = ledger.takes(cue)
        if not takes:
            raise CueError(f'cue "{cue}" has no takes', hint=nearest(cue, {take.cue for take in ledger.takes()}))
        best = best_of(takes, store, home)
        choose(ledger, store, cue, best.number)
    return CircledTake(cue, best.number, "editor"), best.why


def best_number(takes: Sequence[Take], folder: Path) -> int:
    """For a host: the best of a cue's takes in the project in `folder`."""
    home = Project.load(folder)
    return best_of(takes, Store(home.folder), home).number

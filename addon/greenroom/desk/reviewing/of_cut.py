# SPDX-License-Identifier: Apache-2.0
"""The takes of a cut, reviewed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from greenroom.desk.making import farm_of, workers_here
from greenroom.desk.reviewing.measuring import review_takes
from greenroom.desk.reviewing.reviewed import Reviewed
from greenroom.desk.reviewing.reviewed_take import ReviewedTake
from greenroom.errors import CueError, nearest

if TYPE_CHECKING:
    from greenroom.desk.open_cut import Desk

__all__ = ["review_cut"]


def review_cut(
    desk: Desk, *, only: tuple[str, ...], again: bool, on_progress: Callable[[int, int], None], farm: str = ""
) -> Reviewed:
    """Reviews of the takes of every cue on the cut, or of those in `only`; `desk.plan` came before. `farm` as for
    `make_takes`.

    Raises:
        CueError: a cue that isn't on the cut.
        InputError, EngineUnavailable, StoreError: the farm can't be used.
    """
    wanted = {name.strip().lstrip("#").casefold() for name in only}
    found = [each for each in desk.cue_takes() if not wanted or each.cue.id in wanted]
    known = {each.cue.id for each in desk.cue_takes()} if wanted else set()
    if missing := sorted(wanted - known):
        raise CueError(f'there is no cue "{missing[0]}" on the cut', hint=nearest(missing[0], known))
    takes = list(dict.fromkeys((take.cue, take.number) for each in found for take in each.takes))
    by_name = {(take.cue, take.number): take for each in found for take in each.takes}
    done = 0

    def count(_: ReviewedTake) -> None:
        nonlocal done
        done += 1
        on_progress(done, len(takes))

    reviewed = review_takes(
        [by_name[name] for name in takes],
        store=desk.store,
        project=desk.project,
        at_once=workers_here(),
        again=again,
        on_take=count,
        farm=partial(farm_of, desk, farm),
    )
    circled = {each.circled.cue: each.circled.number for each in found if each.circled is not None}
    return Reviewed(desk.sheet, reviewed, circled, desk.problems)

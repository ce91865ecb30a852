# SPDX-License-Identifier: Apache-2.0
"""Takes that still are the performance of a cue whose slot became another: trimmed, slipped, split or longer.

A plan knows takes by a fingerprint of the whole slot, so that it would make each of these anew. Here it is asked
whether a take that is there was made from the same things: then one that covers the slot is used as it is, and one
that became too short goes on, where the engine can do that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from greenroom.cues.model import CueSheet
from greenroom.desk.planning.memory import Memory
from greenroom.desk.planning.model import CuePlan, Plan, PlannedTake
from greenroom.desk.planning.prepare import draft_request
from greenroom.desk.recut.hearing import Verdict
from greenroom.desk.recut.listening import listen
from greenroom.desk.recut.pieces import KnownCue, Spot, spots_of, stem
from greenroom.desk.recut.placing import missing_frames, place_in_take, slot_of, usable_frames
from greenroom.desk.recut.same_work import made_from_the_same, request_of_take
from greenroom.engines.contract import Continued, Continues, Engine, Estimate
from greenroom.errors import GreenroomError, Severity, StoreError
from greenroom.takes.states import Take
from greenroom.takes.store import Store

if TYPE_CHECKING:
    from greenroom.desk.generating.job_events import GenerateReport
    from greenroom.takes.ledger import Ledger

__all__ = ["circle_continued", "remember_place", "with_kept_takes"]

_Place: TypeAlias = tuple[int, range | None]
"""The take's frame under the slot's first one, and which of its frames stay where it has to go on (None: all)."""
_CONSENT = "consent"  # in the codes of all problems of rights/gate.py
_SHOWN_SLIPPED = frozenset({"talk", "animate", "stage", "mimic"})
"""Modes whose take an editor may slip against its dialogue: no picture of theirs holds it in place."""


def with_kept_takes(
    plan: Plan, sheet: CueSheet, engines: Mapping[str, Engine], ledger: Ledger, store: Store, *, quote: bool
) -> Plan:
    """`plan`, with what takes of an older slot can still be used for. `quote` False: nothing is going to be made."""
    left = [planned for planned in plan.cues if _left(planned)]
    if not left:
        return plan
    with Memory(ledger) as memory:
        keeper = _Keeper(sheet, engines, ledger, store, memory, quote)
        found = {planned.cue.id: keeper.cue(planned) for planned in left}
    return replace(plan, cues=tuple(found.get(planned.cue.id, planned) for planned in plan.cues))


def remember_place(ledger: Ledger, cue: str, take: Take, frames: int, at: int) -> None:
    """Where a slot of `frames` frames begins in a take that doesn't cover it: a placeholder doesn't say so itself."""
    ledger.remember_digest(_place_key(cue, take, frames), str(at))


def circle_continued(plan: Plan, report: GenerateReport, ledger: Ledger, store: Store) -> None:
    """A take that the editor had circled went on: the longer one takes its place."""
    from greenroom.takes.reconciling import choose

    before = {(cue.cue.id, take.variant): take.continued for cue in plan.cues for take in cue.takes if take.continued}
    for result in report.results:
        was = before.get((result.cue, result.variant))
        circled = ledger.circled(result.cue) if was is not None and result.take is not None else None
        if was is None or result.take is None or circled is None:
            continue
        if circled.by == "editor" and circled.number == was.take:
            choose(ledger, store, result.cue, result.take.number)


def _left(planned: CuePlan) -> bool:
    """Whether something would be made of it. Consent is asked for what is sent: a take that is there needs none."""
    errors = [problem for problem in planned.problems if problem.severity is Severity.ERROR]
    if not planned.engine or any(_CONSENT not in problem.code for problem in errors):
        return False
    return any(take.cached is None and take.sent is None for take in planned.takes)


def _place_key(cue: str, take: Take, frames: int) -> str:
    return f"recut-place/1:{cue}:{take.sha256}:{frames}"


@dataclass
class _Keeper:
    """Looks through the takes that are there, cue by cue."""

    sheet: CueSheet
    engines: Mapping[str, Engine]
    ledger: Ledger
    store: Store
    memory: Memory
    quote: bool
    _own: dict[str, list[Take]] | None = None
    _by_name: dict[str, Take] | None = None

    def cue(self, planned: CuePlan) -> CuePlan:
        spot = spots_of(replace(self.sheet, cues=(planned.cue,)))[0]
        notes: list[str] = []
        takes = tuple(self._take(planned, take, spot, notes) for take in planned.takes)
        problems = planned.problems
        if all(take.cached is not None for take in takes):
            problems = tuple(problem for problem in problems if _CONSENT not in problem.code)
        return replace(planned, takes=takes, notes=(*planned.notes, *notes), problems=problems)

    def _take(self, planned: CuePlan, wanted: PlannedTake, spot: Spot, notes: list[str]) -> PlannedTake:
        if wanted.cached is not None or wanted.sent is not None:
            return wanted
        if self.ledger.take_for(planned.fingerprint, wanted.variant) is not None:
            return wanted  # a duplicated clip gets a copy
        longer = None
        for take in self._candidates(planned.cue.id, spot, wanted.variant):
            found = self._place(planned, wanted, take, spot)
            if found is None:
                continue
            at, usable = found
            if usable is None and _covers(take, at, planned):
                return replace(wanted, cached=take, estimate=_free(f"take {take.number} covers it"))
            longer = longer or self._longer(planned, wanted, take, at, usable)
        if longer is None or longer.continued is None:
            return wanted
        notes.append(_kept_note(longer.continued, planned))
        return longer

    def _candidates(self, cue: str, spot: Spot, variant: int) -> Iterator[Take]:
        """The take that the clip shows now, whosever it is (a part of a split clip), then the cue's own: the circled
        one, then the newest.
        """
        if self._own is None or self._by_name is None:
            self._own, self._by_name = {}, {}
            for take in self.ledger.takes():
                self._own.setdefault(take.cue, []).append(take)
                self._by_name[stem(take.media.name)] = take
        names = {spot.shows} if spot.shows else set(spot.source.files)
        shown = next((self._by_name[name] for name in sorted(names) if name in self._by_name), None)
        own = self._own.get(cue, [])
        circled = self.ledger.circled(cue) if own else None
        chosen = [take for take in own if circled is not None and take.number == circled.number]
        first = [take for take in (shown, *chosen) if take is not None] if variant == 1 else []
        rest = [take for take in reversed(own) if take.variant == variant]
        seen: set[tuple[str, int]] = set()
        for take in (*first, *rest):
            if (take.cue, take.number) not in seen and take.media.is_file():
                seen.add((take.cue, take.number))
                yield take

    def _place(self, planned: CuePlan, wanted: PlannedTake, take: Take, spot: Spot) -> _Place | None:
        """None where the take was made from something else, or nobody knows."""
        try:
            record = self.store.record(take)
        except StoreError:
            return None
        known = KnownCue(planned.cue.id, (take,), None, take, record, None)
        placing = place_in_take(known, spot)
        if placing.at is None:
            return None
        at, sure = placing.at, placing.sure
        if not sure:
            told = self.ledger.digest(_place_key(planned.cue.id, take, spot.slot.duration))
            at, sure = (int(told), True) if told is not None else (at, False)
        shown = stem(take.media.name) in spot.source.files
        if not made_from_the_same(planned, wanted, take, record, at, self.engines, self.memory, shown=shown):
            return None
        return self._heard(known, take, planned, spot, at, sure=sure)

    def _heard(
        self, known: KnownCue, take: Take, planned: CuePlan, spot: Spot, at: int, *, sure: bool
    ) -> _Place | None:
        """`at`, where what is said under the slot is what the take says."""
        heard = listen(known, spot, at, None, self.store, self.memory)
        if heard is None:
            return (at, None) if sure and not planned.dialogue else None
        if heard.verdict is Verdict.UNKNOWN:
            return (at, None) if sure and spot.names_no_files else None
        if heard.verdict is Verdict.SLIPPED and not heard.frames:
            if not sure:
                return at + heard.slip, None
            return (at, None) if spot.shows and known.mode in _SHOWN_SLIPPED else None  # so the editor has slipped it
        if heard.verdict is Verdict.CHANGED:
            usable = usable_frames(take, at, heard.frames)
            return None if usable is None else (at, usable)
        return (at, None) if heard.verdict is Verdict.SAME else None

    def _longer(
        self, planned: CuePlan, wanted: PlannedTake, take: Take, at: int, usable: range | None
    ) -> PlannedTake | None:
        engine = self.engines.get(planned.engine)
        if not self.quote or not isinstance(engine, Continues) or take.engine != planned.engine:
            return None
        try:
            was = request_of_take(planned, take, self.ledger, self.store)
            if was is None:
                return None
            continued = Continued(take.number, take.media, planned.spec.head - at, was, usable)
            longer = replace(wanted, continued=continued, seed=was.seed)
            draft = draft_request(planned, longer)
            return replace(longer, estimate=engine.estimate(draft)) if engine.continues(draft) else None
        except (GreenroomError, OSError):
            return None


def _covers(take: Take, at: int, planned: CuePlan) -> bool:
    """Whether the take can be used as it is. On the very slot that it was made for, it also has the handles that are
    asked for: then the slot isn't what changed, but what is wanted.
    """
    spec = planned.spec
    if at == take.head and spec.slot == slot_of(take):
        return spec.head <= take.head and spec.tail <= take.tail
    return not any(missing_frames(take, at, spec.slot))


def _free(confidence: str) -> Estimate:
    from decimal import Decimal

    return Estimate(Decimal(0), confidence=confidence)


def _kept_note(continued: Continued, planned: CuePlan) -> str:
    kept = continued.kept(planned.spec.frames)
    head, tail = kept.start, planned.spec.frames - kept.stop
    ends = " and ".join(f"{count} f at the {name}" for name, count in (("head", head), ("tail", tail)) if count)
    return f"take {continued.take} goes on: {ends} are made, {len(kept)} f are kept"

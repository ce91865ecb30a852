# SPDX-License-Identifier: Apache-2.0
"""Rows of takes: what made each, what was found, what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.desk.rejecting import rejected
from greenroom.desk.results import CueTakes
from greenroom.desk.reviewing.kept import kept_review, pictures_of
from greenroom.desk.writing_back.writeback import TakesOfCue, chosen_number
from greenroom.errors import GreenroomError
from greenroom.frames import timecode
from greenroom.panel.hints import paragraph
from greenroom.panel.model.rows import money
from greenroom.review.findings import Finding, Review
from greenroom.takes.record import RECORD, bill_of, read_record
from greenroom.takes.states import Take

__all__ = ["FindingRow", "TakeRow", "read_takes"]


@dataclass(frozen=True)
class FindingRow:
    """One finding; `frames` are the take's own, (first, end)."""

    code: str
    light: str
    message: str
    frames: tuple[tuple[int, int], ...] = ()
    at: int | None = None
    picture: Path | None = None


@dataclass(frozen=True)
class TakeRow:
    """One take. `made` are pairs of what made it (engine, line, seed ...); `used`: a write-back uses it; `circled`:
    because the editor chose it. `rejected` is the reason, None where it isn't. `problem`: why it can't be shown.
    """

    take: Take
    title: str
    made: tuple[tuple[str, str], ...]
    used: bool
    circled: bool
    cost: str = ""
    light: str = ""
    score: float | None = None
    findings: tuple[FindingRow, ...] = ()
    warnings: tuple[str, ...] = ()
    rejected: str | None = None
    problem: str = ""

    @property
    def number(self) -> int:
        return self.take.number


def read_takes(has: CueTakes) -> tuple[TakeRow, ...]:
    """The takes of one cue, by number, as their folders have them. A folder that can't be read is told in its row."""
    if not has.takes:
        return ()
    used = chosen_number(has.cue, TakesOfCue(has.takes, has.circled))
    by_editor = has.circled is not None and has.circled.by == "editor"
    return tuple(_row(take, take.number == used, by_editor and take.number == used) for take in has.takes)


def _row(take: Take, used: bool, circled: bool) -> TakeRow:
    record, problem = _record(take)
    review = kept_review(take)
    bill = bill_of(record)
    return TakeRow(
        take=take,
        title=f"{take.number}",
        made=tuple(_made(take, record)),
        used=used,
        circled=circled,
        cost=money(bill.cost, bill.currency) if bill is not None else "",
        light=str(review.light) if review else "",
        score=review.score if review else None,
        findings=_findings(take, review),
        warnings=take.warnings,
        rejected=rejected(take),
        problem=problem,
    )


def _record(take: Take) -> tuple[Mapping[str, Any], str]:
    try:
        record = read_record(take.folder / RECORD)
    except GreenroomError as error:
        return {}, paragraph(error)
    if not take.media.is_file():
        return record, f"{take.media.name} is missing. Restore it from a backup, or generate again."
    return record, ""


def _made(take: Take, record: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What made the take, in the order in which an editor asks."""
    request = record.get("request")
    asked: Mapping[str, Any] = request if isinstance(request, Mapping) else {}
    yield "engine", take.label or take.engine
    yield "mode", take.mode
    for name, key in (("line", "line"), ("motion", "motion"), ("seed", "seed")):
        if asked.get(key) not in (None, ""):
            yield name, str(asked[key])
    options = asked.get("options")
    if isinstance(options, Mapping):
        yield from ((str(key), str(value)) for key, value in options.items())
    slot = take.frames - take.head - take.tail
    yield "frames", f"{take.head}+{slot}+{take.tail}"
    yield "timecode", timecode(take.start_frame, Fraction(take.rate), drop_frame=take.drop_frame)
    yield "made", take.created.replace("T", " ").removesuffix("Z") + " UTC"


def _findings(take: Take, review: Review | None) -> tuple[FindingRow, ...]:
    if review is None:
        return ()
    pictures = pictures_of(take)
    return tuple(_finding(each, pictures.get(place)) for place, each in enumerate(review.findings))


def _finding(found: Finding, picture: Path | None) -> FindingRow:
    return FindingRow(found.code, str(found.light), found.message, found.frames, found.picture_at, picture)

# SPDX-License-Identifier: Apache-2.0
"""Measures takes in worker processes, some at once, and keeps what was found beside each."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.desk.project.project import Project
from greenroom.desk.reviewing.finding_pictures import write_finding
from greenroom.desk.reviewing.kept import FOLDER, keep, kept_review
from greenroom.desk.reviewing.review_jobs import review_job
from greenroom.desk.reviewing.reviewed_take import ReviewedTake
from greenroom.errors import GreenroomError, Severity
from greenroom.review.findings import Review
from greenroom.review.take_review import ReviewJob, review_take, version_of
from greenroom.review.thresholds import load_thresholds
from greenroom.takes.disk import storing
from greenroom.takes.states import Take
from greenroom.takes.store import Store

if TYPE_CHECKING:
    from greenroom.desk.farm.crew import FarmCrew
    from greenroom.engines.workers import Crew

__all__ = ["measure", "review_takes"]

_MOST_PICTURES = 24  # of one take: who has more faults looks at the take itself


def review_takes(
    takes: Sequence[Take],
    *,
    store: Store,
    project: Project,
    at_once: int,
    again: bool = False,
    on_take: Callable[[ReviewedTake], None] = lambda reviewed: None,
    farm: Callable[[], FarmCrew | None] = lambda: None,
) -> tuple[ReviewedTake, ...]:
    """The reviews of `takes` in their order: those that are kept, and new ones for the rest (`again`: for all).
    `on_take` is called as each is known. One take's fault never touches another. `farm` is asked, if there is
    anything to measure, whose machines do it instead of processes here.

    Raises:
        InputError: the project's thresholds can't be used.
        EngineUnavailable, StoreError: the farm can't be used.
    """
    version = version_of(load_thresholds(project.review_thresholds, where=str(project.file)))
    found: dict[int, ReviewedTake] = {}
    to_do: list[int] = []
    for at, take in enumerate(takes):
        review = None if again else kept_review(take, version)
        if review is None:
            to_do.append(at)
        else:
            found[at] = ReviewedTake(take, review)
            on_take(found[at])
    if to_do:
        asyncio.run(_measure([takes[at] for at in to_do], to_do, found, store, project, at_once, on_take, farm()))
    return tuple(found[at] for at in range(len(takes)))


async def _measure(
    takes: Sequence[Take],
    places: Sequence[int],
    found: dict[int, ReviewedTake],
    store: Store,
    project: Project,
    at_once: int,
    on_take: Callable[[ReviewedTake], None],
    farm: FarmCrew | None,
) -> None:
    from greenroom.engines.workers import Workers

    with Workers() as workers:
        async with farm or contextlib.nullcontext() as crew:
            room = asyncio.Semaphore(max(1, at_once) if crew is None else 2 * crew.cores)

            async def one(take: Take) -> ReviewedTake:
                async with room:
                    try:
                        job = review_job(take, store, project)
                        review = await _measured_by(crew or workers, job, take, project.work_folder)
                        return ReviewedTake(take, review, measured=True)
                    except GreenroomError as error:
                        return ReviewedTake(take, None, error.problem("no-review", Severity.WARNING))

            async def told(place: int, take: Take) -> None:
                found[place] = await one(take)
                on_take(found[place])

            await asyncio.gather(*(told(place, take) for place, take in zip(places, takes, strict=True)))


async def _measured_by(crew: Crew, job: ReviewJob, take: Take, work: Path) -> Review:
    """Lets `crew` measure a take, and keeps what it found beside it: review.json and a picture of each finding.

    Raises:
        MediaError, StoreError, InputError, EngineError: there is no review.
    """
    with storing(work):
        work.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="review-", dir=work))
    try:
        # of the take's folder nothing but the movie is asked for: no more has to travel
        review, pictures = await crew.run(measure, job, replace(take, folder=folder, poster=folder, extras={}), folder)
        place = take.folder / FOLDER
        with storing(place):
            shutil.rmtree(place, ignore_errors=True)
            if pictures:
                shutil.copytree(folder, place)
        keep(review, take, pictures)
        return review
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(job: ReviewJob, take: Take, folder: Path) -> tuple[Review, dict[int, str]]:
    """Measures a take, and writes a picture of each finding into `folder`; their names by the finding's place. Runs in
    a worker process, here or on a farm's machine.

    Raises:
        MediaError, StoreError, InputError: there is no review.
    """
    import cv2

    cv2.setNumThreads(1)  # some takes are measured at once, each in a process: threads besides would fight over cores
    review = review_take(job)
    return review, _write_pictures(review, take, folder)


def _write_pictures(review: Review, take: Take, folder: Path) -> dict[int, str]:
    written: dict[int, str] = {}
    for at, finding in enumerate(review.findings):
        if finding.picture_at is None or len(written) >= _MOST_PICTURES:
            continue
        name = f"{at + 1:02}_{finding.code}_{finding.picture_at:05}.png"
        write_finding(finding, take, folder / name)
        written[at] = name
    return written

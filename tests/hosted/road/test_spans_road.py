# SPDX-License-Identifier: Apache-2.0
"""A slot longer than its model takes, from the cue to the take: quoted, sent span by span, and none of them twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from greenroom.desk import road
from greenroom.desk.generating import settling
from greenroom.desk.generating.job_events import JobStep, Outcome
from greenroom.desk.project.project import Project
from greenroom.desk.spending import spend
from greenroom.media.probe import probe
from greenroom.media.sound import write_wav
from greenroom.testing.servers import Fault

SHORT = '\n[models."{model}".hosts.{host}.limits]\nmax_seconds = 1\nmin_seconds = 0\n'
FRAMES = 4 + 60 + 4  # 2.8 s: three spans of a second or less
RUN = "import sys; from pathlib import Path; from greenroom.desk import road; road.generate(*map(Path, sys.argv[1:]))"

LongScene = Callable[..., Any]


def spans_in(take: Any) -> list[dict[str, Any]]:
    """The spans that take.json tells of."""
    record = json.loads((take.media.parent / "take.json").read_text("utf-8"))
    spans: list[dict[str, Any]] = record["report"]["engine"]["spans"]
    return spans


@pytest.fixture
def long_scene(scene: Any, open_host: Callable[..., Any]) -> LongScene:
    """A scene with one slot of 60 frames, for a model that takes a second at once; its host."""

    def make(host: str = "fal", model: str = "fabric-1.0", mode: str = "talk", **more: Any) -> Any:
        server = open_host(host)
        scene.configure(SHORT.format(model=model, host=host))
        add = scene.stand_in if mode == "lipsync" else scene.placeholder
        add(f"GR: actor=mara mode={mode} engine={model}@{host}", frames=60)
        seconds = np.arange(48000 * 30) / 48000
        speech = 0.3 * np.sin(2 * np.pi * 150 * seconds) * ((seconds % 0.75) < 0.45)
        write_wav(scene.folder / "speech.wav", speech.astype(np.float32), 48000)
        return server

    return make


def test_the_quote_says_how_many_jobs_and_what_each_costs(scene: Any, long_scene: LongScene) -> None:
    fal = long_scene()
    (planned,) = scene.plan().cues[0].takes
    assert any("jobs, one after another" in note for note in planned.estimate.notes)
    (take,) = scene.generate().report.takes
    record = json.loads((take.media.parent / "take.json").read_text("utf-8"))
    assert planned.estimate.cost == Decimal("0.15") * len(fal.jobs)  # a begun second each
    assert record["cost"]["estimate"] == str(planned.estimate.cost)


def test_a_take_in_spans_has_every_frame_and_its_own_sound(scene: Any, long_scene: LongScene) -> None:
    fal = long_scene()
    (take,) = scene.generate().report.takes
    info = probe(take.media)
    assert (info.frames, len(info.audio)) == (FRAMES, 1)
    assert fal.billed() == len(fal.jobs) >= 3
    assert fal.leaks() == []
    starts = {job.inputs["image_url"] for job in fal.jobs}
    assert len(starts) == len(fal.jobs)  # each starts from the picture that the one before ended with
    written = (take.media.parent / "take.json").read_text("utf-8")
    assert all(job.id in written for job in fal.jobs)
    assert "joined at frame" in written
    assert fal.media_url not in written
    assert scene.generate("again.otio").report.results == ()


def test_footage_is_sent_in_spans_and_dissolves_in_silence(scene: Any, long_scene: LongScene) -> None:
    sync = long_scene("sync", "lipsync-2-pro", "lipsync")
    (take,) = scene.generate().report.takes
    assert probe(take.media).frames == FRAMES
    assert sync.billed() >= 3
    assert "by a dissolve of 4 frames in silence" in (take.media.parent / "take.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("fault", "detail"),
    [(Fault.FAILS, {}), (Fault.NO_OUTPUT, {}), (Fault.HTML, {"times": 3}), (Fault.DAMAGED, {}), (Fault.SHORT, {})],
)
def test_a_span_that_fails_costs_one_span_again(
    scene: Any, long_scene: LongScene, fault: Fault, detail: dict[str, int]
) -> None:
    """Also one that is found to be no good only when it has come: it isn't remembered as delivered."""
    fal = long_scene()
    more = {"frames": 12} if fault is Fault.SHORT else detail
    fal.switch(fault, after=1, **more)
    (result,) = scene.generate().report.results
    assert (result.outcome, len(fal.jobs)) == (Outcome.FAILED, 2)
    assert fault in (Fault.NO_OUTPUT, Fault.HTML, Fault.DAMAGED) or "span 2 of" in result.message
    (take,) = scene.generate("again.otio").report.takes
    assert probe(take.media).frames == FRAMES
    spans = len(spans_in(take))
    assert fal.billed() == spans + 1


def test_a_span_that_is_refused_is_sent_again_by_the_next_run(scene: Any, long_scene: LongScene) -> None:
    fal = long_scene()
    fal.switch(Fault.THROTTLED, after=1, times=8, retry_after=0)
    (result,) = scene.generate().report.results
    assert (result.take, len(fal.jobs)) == (None, 1)
    (take,) = scene.generate("again.otio").report.takes
    assert fal.billed() == len(spans_in(take))


def test_a_span_whose_answer_was_lost_is_never_sent_again_and_can_be_attached(
    scene: Any, long_scene: LongScene
) -> None:
    fal = long_scene()
    fal.switch(Fault.DROPPED, after=1)
    (result,) = scene.generate().report.results
    assert result.outcome is Outcome.UNKNOWN
    assert "span 2 of" in result.message
    assert scene.generate("again.otio").report.results[0].outcome is Outcome.UNKNOWN
    assert fal.billed() == 2
    settling.attach(result.job, fal.jobs[1].id, scene.folder)
    (take,) = scene.generate("third.otio").report.takes
    spans = spans_in(take)
    assert fal.billed() == len(spans)
    assert spans[1]["id"] == fal.jobs[1].id


def test_sync_is_asked_again_for_a_span_whose_answer_was_lost(scene: Any, long_scene: LongScene) -> None:
    sync = long_scene("sync", "lipsync-2-pro", "lipsync")
    sync.switch(Fault.DROPPED, after=1)
    (take,) = scene.generate().report.takes
    spans = spans_in(take)
    assert sync.billed() == len(spans)


@pytest.mark.parametrize("moment", ["second span was taken", "second span is polled"])
def test_a_run_that_is_killed_between_spans_goes_on_and_pays_none_twice(
    scene: Any, long_scene: LongScene, moment: str
) -> None:
    fal = long_scene()
    if moment == "second span is polled":
        fal.switch(Fault.ENDLESS, after=1)
    scene.plan()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(scene.cut), str(scene.folder / "made.otio")],
        env=os.environ,
        stdout=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while len(fal.jobs) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    if moment == "second span is polled":
        asked = fal.jobs[1].asked
        while fal.jobs[1].asked == asked and time.monotonic() < until:
            time.sleep(0.01)
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait()
    for job in fal.jobs:
        job.switched = None
    (result,) = scene.generate("again.otio").report.results
    ids = [job.id for job in fal.jobs]
    if result.take is None:  # killed before the answer was on the disk: nobody knows, and nothing is sent again
        assert (result.outcome, len(ids)) == (Outcome.UNKNOWN, 2)
        return
    spans = spans_in(result.take)
    assert [span["id"] for span in spans] == ids


# The money of spans: fabric-1.0 costs 0.15 a begun second at fal, and each span is one

SPAN = Decimal("0.15")


def spent(scene: Any) -> tuple[Decimal, Decimal, Decimal]:
    """Settled, reserved and in doubt."""
    (total,) = spend(scene.folder).totals
    return total.settled, total.reserved, total.doubtful


@pytest.mark.parametrize(("fault", "due"), [(Fault.FAILS, 1), (Fault.UNPROCESSABLE, 2), (Fault.HTML, 2)])
def test_a_failure_costs_the_spans_that_were_sent_and_the_next_try_what_is_left(
    scene: Any, long_scene: LongScene, fault: Fault, due: int
) -> None:
    """fal bills what its model refused (422), and what it delivered; not what its own runner failed."""
    fal = long_scene()
    fal.switch(fault, **({"after": 1} if fault is not Fault.HTML else {"after": 1, "times": 3}))
    (result,) = scene.generate().report.results
    assert result.outcome is Outcome.FAILED
    assert spent(scene) == (due * SPAN, 0, 0)
    (take,) = scene.generate("again.otio").report.takes
    assert spent(scene) == ((len(spans_in(take)) + due - 1) * SPAN, 0, 0)


def test_a_limit_has_room_for_the_spans_that_are_left(scene: Any, long_scene: LongScene) -> None:
    """Four spans are 0.60; after one failed for 0.15 more, the whole quote would pass the limit."""
    fal = long_scene()
    quote = scene.plan().cues[0].takes[0].estimate.cost
    project = scene.folder / "greenroom.toml"
    limit = f"[budget]\nlimit = {quote + SPAN}\n"
    project.write_text(project.read_text("utf-8").replace("[budget]\n", limit), "utf-8")
    fal.switch(Fault.UNPROCESSABLE, after=1)
    assert scene.generate().report.results[0].outcome is Outcome.FAILED
    assert scene.generate("again.otio").report.results[0].outcome is Outcome.MADE
    assert spent(scene) == (quote + SPAN, 0, 0)


@pytest.mark.parametrize("billed", [True, False])
def test_a_span_in_doubt_that_is_given_up_leaves_the_others_paid(
    scene: Any, long_scene: LongScene, billed: bool
) -> None:
    fal = long_scene()
    fal.switch(Fault.DROPPED, after=1)
    (result,) = scene.generate().report.results
    settling.give_up(result.job, scene.folder, billed=billed)
    assert spent(scene) == ((2 if billed else 1) * SPAN, 0, 0)
    (take,) = scene.generate("again.otio").report.takes
    assert spent(scene)[0] == (len(spans_in(take)) + billed) * SPAN
    assert len(fal.jobs) == len(spans_in(take)) + 1  # the first span was not sent again


def test_giving_up_stops_every_span_that_was_sent_and_the_second_one_is_told_of(
    scene: Any, long_scene: LongScene
) -> None:
    fal = long_scene()
    fal.switch(Fault.ENDLESS, after=1)
    told: list[str] = []

    def hear(event: Any) -> None:
        if event.state is JobStep.RUNNING:
            told.append(event.message)

    scene.plan()
    made = road.perform(scene.cut, on_event=hear, stop=lambda: bool(told) and "span 2 of 4: " in told[-1]).made
    (result,) = made.report.results
    assert result.outcome is Outcome.INTERRUPTED
    settling.give_up(result.job, scene.folder)
    assert [fal.count("PUT", f"{job.id}/cancel") for job in fal.jobs] == [1, 1]
    assert spent(scene) == (2 * SPAN, 0, 0)


def test_a_take_in_spans_is_gone_on_with_only_where_it_was_sent_from(scene: Any, long_scene: LongScene) -> None:
    """The spans' handles lie in the folder of the desk that sent them: another one would pay for them again."""
    fal = long_scene()
    fal.switch(Fault.THROTTLED, after=1, times=8, retry_after=0)
    scene.generate()
    data = Project.load(scene.folder).data_folder
    (desk, work), (away, elsewhere) = (data / "desk", data / "work"), (data / "away", "another-desk")
    name = desk.read_text("utf-8")
    desk.write_text(elsewhere, "utf-8")
    work.rename(away)
    (result,) = scene.generate("there.otio").report.results
    assert "sent in parts" in result.message
    assert name in result.message
    assert (result.resumable, fal.billed()) == (True, 1)
    shutil.rmtree(work)
    away.rename(work)
    desk.write_text(name, "utf-8")
    (take,) = scene.generate("again.otio").report.takes
    assert fal.billed() == len(spans_in(take))

# SPDX-License-Identifier: Apache-2.0
"""A slot that outgrew its take and handles, at hosted models: only the missing frames are sent and paid for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from greenroom.desk.generating import settling
from greenroom.desk.generating.job_events import Outcome
from greenroom.desk.planning.prepare import draft_request
from greenroom.engines.contract import PictureSource
from greenroom.engines.hosted.catalogue import catalogue
from greenroom.engines.hosted.continuing import continued_spans
from greenroom.engines.hosted.spans import Span
from greenroom.media.pictures import read_pictures
from greenroom.media.probe import probe
from greenroom.testing.servers import Fault

SHORT, LONG, HANDLES = 48, 80, 4
MADE = LONG - SHORT  # frames that the take lacks, its new handle included

TALK = ("fal", "fabric-1.0", "talk")
LIPSYNC = ("sync", "lipsync-2-pro", "lipsync")


@pytest.fixture
def recut(scene: Any, open_host: Callable[..., Any]) -> Callable[..., Any]:
    """A take of SHORT frames, and the cut in which its slot has LONG."""

    def make(host: str, model: str, mode: str) -> Any:
        server = open_host(host)
        scene.stand_in(f"GR#7f3a: actor=mara mode={mode} engine={model}@{host}", SHORT, 20)
        scene.length = LONG  # of the speech, which goes on behind the slot
        (take,) = scene.generate().report.takes
        clip = scene.clips[0]
        clip.source_range = otio.opentime.TimeRange(
            otio.opentime.RationalTime(20, 24), otio.opentime.RationalTime(LONG, 24)
        )
        return server, take

    return make


def record_of(take: Any) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((take.media.parent / "take.json").read_text("utf-8"))
    return record


def shades(media: Path, frames: range) -> list[float]:
    return [float(np.mean(picture)) for picture in read_pictures(media, frames)]


@pytest.mark.parametrize("offer", [TALK, LIPSYNC])
def test_only_the_missing_frames_are_sent(scene: Any, recut: Callable[..., Any], offer: tuple[str, str, str]) -> None:
    server, old = recut(*offer)
    before = len(server.jobs)
    planned = scene.plan().cues[0]
    (wanted,) = planned.takes
    assert any(note.startswith("take 1 goes on: ") for note in planned.notes)
    assert any(f"goes on from take 1: {MADE} f are sent for" in note for note in wanted.estimate.notes)
    (take,) = scene.generate("again.otio").report.takes
    assert len(server.jobs) == before + 1
    record = record_of(take)
    continued = record["report"]["engine"]["continued"]
    assert (continued["take"], continued["kept"]) == (1, [0, SHORT + 2 * HANDLES])
    assert Decimal(record["cost"]["estimate"]) == wanted.estimate.cost
    info = probe(take.media)
    assert (info.frames, info.start_frame, len(info.audio)) == (LONG + 2 * HANDLES, probe(old.media).start_frame, 1)
    kept = range(SHORT + 2 * HANDLES - 4)  # over the last four it may dissolve
    assert max(abs(a - b) for a, b in zip(shades(take.media, kept), shades(old.media, kept), strict=True)) < 2
    assert scene.generate("third.otio").report.results == ()


def test_a_talking_model_starts_from_the_takes_last_picture(scene: Any, recut: Callable[..., Any]) -> None:
    server, _ = recut(*TALK)
    scene.generate("again.otio")
    first, second = server.jobs
    assert first.inputs["image_url"] != second.inputs["image_url"]


def test_what_came_before_is_made_anew(scene: Any, recut: Callable[..., Any]) -> None:
    """No model makes what leads up to a picture; and none makes a body twice alike."""
    recut(*TALK)
    planned = scene.plan().cues[0]
    request = draft_request(planned, planned.takes[0])
    was = request.continued
    assert was is not None
    offer = catalogue().models["fabric-1.0"].hosts[0]
    assert continued_spans(offer, request) == (Span(0, 56), Span(55, 33, 1))
    assert continued_spans(offer, replace(request, continued=replace(was, first=12))) == ()
    assert continued_spans(offer, replace(request, spec=replace(request.spec, width=384))) == ()
    assert continued_spans(offer, replace(request, plate=PictureSource(Path("plate.mov"), ()))) == ()
    replaced = catalogue().models["wan-2.2-animate-replace"].hosts[0]
    assert continued_spans(replaced, replace(request, mode="replace")) == ()


def test_a_job_whose_answer_was_lost_is_joined_on_once_it_is_attached(scene: Any, recut: Callable[..., Any]) -> None:
    """The run that fetches it has no plan of what it goes on from: that is written down where the job lies."""
    server, _ = recut(*TALK)
    server.switch(Fault.DROPPED)
    (result,) = scene.generate("again.otio").report.results
    assert (result.outcome, len(server.jobs)) == (Outcome.UNKNOWN, 2)
    settling.attach(result.job, server.jobs[1].id, scene.folder)
    (take,) = scene.generate("third.otio").report.takes
    assert len(server.jobs) == 2
    assert record_of(take)["report"]["engine"]["continued"]["kept"] == [0, SHORT + 2 * HANDLES]
    assert probe(take.media).frames == LONG + 2 * HANDLES

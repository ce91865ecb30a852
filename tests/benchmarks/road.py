# SPDX-License-Identifier: Apache-2.0
"""Write-back beside OpenTimelineIO's own write, and a second run over an unchanged cut beside reading it."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
from measure import Row, compare, seconds_of
from scenes import big_cut

from greenroom.cues.find import read_cues
from greenroom.cues.loading import load
from greenroom.cues.model import Cue
from greenroom.desk import road
from greenroom.desk.writing_back.apply import apply_to_timeline
from greenroom.desk.writing_back.writeback import TakesOfCue, edit_plan
from greenroom.engines.previz.drawn.actors import draw
from greenroom.media import write_png, write_wav
from greenroom.takes.states import Take
from greenroom.testing.engines import TinyEngine
from greenroom_otio import write_cut

CLIPS, CUES, PAIRS = 10_000, 1_000, 5


def rows(folder: Path) -> list[Row]:
    return [_write_back(folder), _second_run(folder)]


def _write_back(folder: Path) -> Row:
    """Edit plan, applying it and writing, against writing the same cut without takes. Reading is in neither: all cuts
    are read before, and kept, since what one that is let go leaves to tidy up would be charged to whoever comes next.
    """
    cut = big_cut(folder / "write_back.otio", CLIPS, cues=CUES)
    pairs = [_write_pair(folder, cut) for _ in range(PAIRS + 1)]
    taken = [(seconds_of(ours), seconds_of(theirs)) for ours, theirs in pairs]
    ratios = [a / b for a, b in taken[1:]]
    figure = statistics.median(ratios)
    detail = f"write-back {taken[-1][0]:.2f} s, OTIO's write {taken[-1][1]:.2f} s, {PAIRS} pairs"
    what = "write-back of 1,000 takes into 10,000 clips, beside OTIO's write"
    return Row(what, "<= 1.5", figure, min(ratios), max(ratios), figure <= 1.5, detail)


def _write_pair(folder: Path, cut: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    reading, layout = load(cut)
    timeline = reading.timeline
    sheet = read_cues(layout)
    takes = {cue.id: TakesOfCue((_take(folder, cue),)) for cue in sheet.cues}
    bare = otio.adapters.read_from_file(str(cut))

    def ours() -> None:
        plan = edit_plan(sheet, takes)
        assert len(plan.summary) == CUES, plan.problems
        apply_to_timeline(timeline, plan)
        write_cut(timeline, folder / "ours.otio")

    def theirs() -> None:
        otio.adapters.write_to_file(bare, str(folder / "theirs.otio"))

    return ours, theirs


def _take(folder: Path, cue: Cue) -> Take:
    place = folder / "takes" / cue.id / "take_001"
    frames = cue.slot.duration + 16
    start = cue.event.media.source.start - 8 if cue.event.media else 86392
    return Take(
        *(cue.id, 1, f"print-{cue.id}", "previz", "talk", "mara", "previz"),
        *(place, place / f"mara_{cue.id}_talk_v001.mov", place / "poster.png", "0" * 64),
        *(frames, 8, 8, start, "24", 1920, 1080, "2026-01-01T00:00:00Z"),
    )


def _second_run(folder: Path) -> Row:
    """`generate` again over 1,000 cues whose takes are all there, against OTIO's read of the cut. No engine is
    called.
    """
    project, cut = _project(folder / "second_run")
    engine = _CountingEngine()
    first = road.generate(cut, project / "first.otio", installed={"tiny": engine})
    assert len(first.report.results) == CUES, first.plan.problems
    performed = engine.performed

    def again() -> None:
        made = road.generate(cut, project / "again.otio", installed={"tiny": engine})
        assert not made.plan.to_make
        assert engine.performed == performed

    return compare(
        "second run, nothing changed, 1,000 cues in 10,000 clips, beside OTIO's read",
        again,
        lambda: otio.adapters.read_from_file(str(cut)),
        at_most=3.0,
        names=("second run", "OTIO's read"),
    )


class _CountingEngine(TinyEngine):
    """Counts what it is asked to perform."""

    performed = 0

    async def submit(self, request: Any) -> Any:
        self.performed += 1
        return await super().submit(request)


def _project(folder: Path) -> tuple[Path, Path]:
    """A project with a cut of 10,000 clips, 1,000 of them cues, and one sound file under all of it."""
    os.environ["GREENROOM_DATA"] = str(folder / "data")
    folder.mkdir()
    home = road.init(folder)
    write_png(folder / "mara.png", draw("mara", 1280, 720))
    road.add_actor("mara", portrait=folder / "mara.png", project=home.folder)
    _make_small(folder / "greenroom.toml")
    return folder, _spoken_cut(folder)


def _make_small(settings: Path) -> None:
    """What a take looks like doesn't matter for a run that makes none: small pictures are made sooner."""
    text = settings.read_text("utf-8")
    head, output, rest = text.partition("[output]\n")
    kept = [line for line in rest.splitlines() if not line.startswith(("codec", "width", "height"))]
    small = ['codec = "h264"', "width = 64", "height = 36", *kept]
    settings.write_text("\n".join([head + output.rstrip("\n"), *small, ""]), "utf-8")


def _spoken_cut(folder: Path) -> Path:
    cut = big_cut(folder / "cut.otio", CLIPS, cues=CUES)
    timeline = otio.adapters.read_from_file(str(cut))
    length = timeline.duration()
    samples = int(length.value * 2000)
    noise = np.random.default_rng(3).standard_normal(samples).astype(np.float32) * 0.1
    write_wav(folder / "dialogue.wav", noise, 48000)
    whole = otio.opentime.TimeRange(otio.opentime.RationalTime(0, 24), length)
    clip = otio.schema.Clip("dialogue", otio.schema.ExternalReference("dialogue.wav", whole), whole)
    for track in timeline.audio_tracks():
        track.enabled = False
    timeline.tracks.append(otio.schema.Track("dialogue", [clip], kind=otio.schema.TrackKind.Audio))
    otio.adapters.write_to_file(timeline, str(cut))
    return cut

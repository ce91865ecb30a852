# SPDX-License-Identifier: Apache-2.0
"""Takes are reviewed as soon as they are made: which ones, and that a review that fails never costs a take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from greenroom.cast import save_actor
from greenroom.desk import road
from greenroom.media import write_png
from greenroom.testing import TinyEngine
from greenroom.testing.projects import everybody_agrees, measure_nothing


@pytest.fixture
def cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One cue of ten frames, in a project that makes small takes."""
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GREENROOM_WORKERS", "1")
    project = road.init(tmp_path / "project")
    measure_nothing(project.file)
    text = project.file.read_text("utf-8").replace(
        "[output]\n", '[output]\ncodec = "h264"\nwidth = 96\nheight = 54\n', 1
    )
    lines = text.splitlines()
    first = {line.split("=")[0].strip(): at for at, line in reversed(list(enumerate(lines))) if "=" in line}
    kept = [line for at, line in enumerate(lines) if "=" not in line or first[line.split("=")[0].strip()] == at]
    project.file.write_text("\n".join(kept) + "\n", "utf-8")
    everybody_agrees(project.folder)
    write_png(tmp_path / "mara.png", np.full((400, 300, 3), 128, np.uint8))
    save_actor(project.cast_folder, "mara", portrait=tmp_path / "mara.png")
    time = otio.opentime.RationalTime
    clip = otio.schema.Clip("shot", otio.schema.MissingReference(), otio.opentime.TimeRange(time(0, 24), time(10, 24)))
    clip.markers.append(otio.schema.Marker("@mara animate: nods", otio.opentime.TimeRange(time(0, 24), time(1, 24))))
    timeline = otio.schema.Timeline("cut", global_start_time=time(86400, 24))
    timeline.tracks[:] = [otio.schema.Track("V1", [clip], kind=otio.schema.TrackKind.Video)]
    path = project.folder / "cut.otio"
    otio.adapters.write_to_file(timeline, str(path))
    return path


def wanted(cut: Path, which: str, more: str = "") -> None:
    settings = cut.parent / "greenroom.toml"
    text = settings.read_text("utf-8").replace('after_generate = "none"', f'after_generate = "{which}"')
    settings.write_text(text + more, "utf-8")


def generate(cut: Path, *, hosted: bool) -> Any:
    engine = TinyEngine(provider=cut.parent.parent / "provider", hosted=hosted)
    return road.generate(cut, cut.with_name("out.otio"), installed={"tiny": engine}, yes=True)


@pytest.mark.parametrize(
    ("which", "hosted", "reviews"),
    [("hosted", True, 1), ("hosted", False, 0), ("all", False, 1), ("none", True, 0)],
)
def test_which_takes_are_reviewed(cut: Path, which: str, hosted: bool, reviews: int) -> None:
    wanted(cut, which)
    made = generate(cut, hosted=hosted)
    assert made.complete
    assert len(made.reviews) == reviews
    assert [each.review is not None for each in made.reviews] == [True] * reviews
    assert len(list(cut.parent.glob("takes/*/take_001/review.json"))) == reviews


def test_a_take_that_was_there_is_not_reviewed_again(cut: Path) -> None:
    wanted(cut, "all")
    assert generate(cut, hosted=False).reviews
    assert generate(cut, hosted=False).reviews == ()


def test_a_review_that_fails_costs_the_review_alone(cut: Path) -> None:
    wanted(cut, "all", "\n[review.jump]\nambre = 3\n")
    made = generate(cut, hosted=False)
    (reviewed,) = made.reviews
    assert reviewed.review is None
    assert reviewed.problem is not None
    assert "ambre" in reviewed.problem.message
    assert made.applied is not None
    assert made.applied.output.is_file()
    assert not list(cut.parent.glob("takes/*/take_001/review.json"))

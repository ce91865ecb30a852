# SPDX-License-Identifier: Apache-2.0
"""The same recut through EDL, FCP7 XML and OTIO, and at other rates and start timecodes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom_otio import write_cut

SUFFIXES = {"otio": ".otio", "edl": ".edl", "fcp7": ".xml"}


def handed(scene: Any, path: Path, to: str) -> Path:
    """As another program hands the cut out."""
    timeline = otio.adapters.read_from_file(str(path))
    out = path.with_suffix(f".handed{SUFFIXES[to]}")
    write_cut(timeline, out, to=to)
    return out


def summary(made: Any) -> list[tuple[str, list[str], str]]:
    return [
        (each.line, [change.text for change in each.changes], str(each.consequence))
        for each in made.changes
        if str(each.consequence) != "nothing"
    ]


@pytest.mark.parametrize("to", SUFFIXES)
def test_a_recut_in_every_format(scene: Any, old: Path, noted: list[Any], to: str) -> None:
    one, two, black, three, four = noted
    shots = [two, replace(three, first=90055), black, replace(four, frames=20, said=20)]
    new = handed(scene, scene.write("new.otio", [*shots, one]), to)
    made = scene.conform(new, f"conformed{SUFFIXES[to]}", was=old, rate=Fraction(24) if to == "edl" else None)
    assert {each.line: str(each.match.reason) for each in made.changes} == {
        "You did.": "marker id",
        "": "marker id",
        "Nobody.": "marker id",
        "I never left.": "marker id",
    }
    found = {
        each.line: [change.text for change in each.changes if str(change.kind) != "moved"] for each in made.changes
    }
    assert found[""] == ["slipped +5 f"]
    assert found["Nobody."] == ["trimmed 4 f at the tail"]
    assert {str(each.consequence) for each in made.changes} == {"re-conform"}
    assert made.applied.output.is_file()


@pytest.mark.parametrize("to", SUFFIXES)
def test_a_cut_with_takes_comes_back_without_notes(scene: Any, old: Path, to: str) -> None:
    """From the cut with takes, cut further in a program that keeps media and nothing else."""
    timeline = otio.adapters.read_from_file(str(old))
    track = timeline.tracks[0]
    for clip in track:
        del clip.markers[:]
        clip.metadata.clear()
        if isinstance(clip, otio.schema.Clip):
            clip.media_reference.metadata.clear()
            clip.set_media_references({"DEFAULT_MEDIA": clip.media_reference.clone()}, "DEFAULT_MEDIA")
    first = track[0]
    shown = first.source_range
    moved = shown.start_time + otio.opentime.RationalTime(5, 24)
    first.source_range = otio.opentime.TimeRange(moved, shown.duration)
    bare = scene.folder / f"bare{SUFFIXES[to]}"
    write_cut(timeline, bare, to=to)
    made = scene.conform(bare, "conformed.otio", rate=Fraction(24) if to == "edl" else None)
    reasons = {each.line: str(each.match.reason) for each in made.changes if each.match}
    assert reasons == dict.fromkeys(("I never left.", "You did.", "", "Nobody."), "the take's own file")
    slipped = next(each for each in made.changes if each.line == "I never left.")
    assert "slipped +5 f" in [change.text for change in slipped.changes]


@pytest.mark.parametrize(("start", "rate"), [(0, 24.0), (90000, 24.0)])
def test_another_start_timecode_moves_nothing(scene: Any, old: Path, noted: list[Any], start: int, rate: float) -> None:
    made = scene.conform(scene.write("new.otio", noted, start=start, rate=rate), was=old)
    assert {str(each.consequence) for each in made.changes} == {"nothing"}


@pytest.mark.parametrize("rate", [25.0, 24000 / 1001])
def test_another_rate_is_told_and_matched(scene: Any, old: Path, noted: list[Any], rate: float) -> None:
    made = scene.conform(scene.write("new.otio", noted, rate=rate), was=old)
    assert [str(each.match.reason) for each in made.changes] == ["marker id"] * 4
    assert all("the take plays at 24 fps" in each.changes[-1].text for each in made.changes)
    assert {str(each.consequence) for each in made.changes} == {"regenerate"}
    assert all(clip.active_media_reference_key == "DEFAULT_MEDIA" for clip in scene.read())
    assert all("GR#" in clip.markers[0].name for clip in scene.read() if len(clip.markers))


def test_for_resolve_the_takes_lie_beside_the_new_cut(scene: Any, old: Path, noted: list[Any]) -> None:
    made = scene.conform(scene.write("new.otio", noted), "for Resolve.otio", was=old, to="resolve-otio")
    beside = made.applied.output.with_name("for Resolve media")
    assert made.applied.media_folder == beside
    assert list(beside.glob("*.mov"))
    named = otio.adapters.read_from_file(str(made.applied.output)).to_json_string()
    assert all(path.name in named for path in beside.iterdir())

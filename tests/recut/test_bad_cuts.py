# SPDX-License-Identifier: Apache-2.0
"""Cuts that don't make it easy, and the reports."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom.desk import road
from greenroom.media.pictures import read_pictures
from greenroom_otio import write_cut


def of(made: Any, clip: str) -> Any:
    return next(each for each in made.changes if each.clip == clip)


def follows(made: Any) -> dict[str, str]:
    return {each.clip: str(each.consequence) for each in made.changes}


def test_two_that_may_be_one_are_left_alone(scene: Any, old: Path, noted: list[Any]) -> None:
    bare = [replace(shot, note="") for shot in noted]
    again = replace(bare[0], first=0, speech=None)
    made = scene.conform(scene.write("new.otio", [replace(bare[0], first=0, speech=None), again, *bare[1:]]), was=old)
    undecided = [each for each in made.changes if str(each.consequence) == "decide"]
    assert [each.clip for each in undecided] == ["shot one", "shot one"]
    assert len(undecided[0].candidates) == 1
    assert not made.complete
    keys = [clip.active_media_reference_key for clip in scene.read() if clip.name == "shot one"]
    assert keys == ["DEFAULT_MEDIA"] * 2


def test_another_projects_id(scene: Any, old: Path, noted: list[Any]) -> None:
    foreign = replace(noted[0], name="foreign", note='GR#zzzz99: actor=MARA mode=talk line="I never left."')
    made = scene.conform(scene.write("new.otio", [foreign, *noted[1:]]), was=old)
    assert "another project" in of(made, "foreign").changes[0].text
    assert str(of(made, "shot one").changes[0].kind) == "cut-out"


def test_half_of_the_takes_are_gone(scene: Any, old: Path, noted: list[Any]) -> None:
    gone = scene.conform(scene.write("new.otio", noted), was=old).changes[0]
    shutil.rmtree(gone.take.folder)
    made = scene.conform(scene.folder / "new.otio", was=old)
    assert str(made.changes[0].consequence) == "generate"
    assert {str(each.consequence) for each in made.changes[1:]} == {"nothing"}
    assert "take-gone" in {problem.code for problem in made.applied.problems}


def test_on_another_track_and_flipped(scene: Any, old: Path, noted: list[Any]) -> None:
    path = scene.write("new.otio", noted)
    timeline = otio.adapters.read_from_file(str(path))
    above = otio.schema.Track("V2", kind=otio.schema.TrackKind.Video)
    clip = timeline.tracks[0][3].deepcopy()
    clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=-1.0))
    timeline.tracks[0][3] = otio.schema.Gap(source_range=clip.source_range)
    above.extend([otio.schema.Gap(duration=otio.opentime.RationalTime(60, 24)), clip])
    timeline.tracks.insert(1, above)
    otio.adapters.write_to_file(timeline, str(path))
    made = scene.conform(path, was=old)
    texts = [change.text for change in of(made, "shot three").changes]
    assert texts[0] == "moved to V2"
    assert "speed changed from 100% to -100%" in texts


def test_reel_names_lost(scene: Any, old: Path, noted: list[Any]) -> None:
    """An EDL of a program that calls every reel AX: ids are in the locators; without those, names are left."""
    edl = scene.folder / "new.edl"
    write_cut(otio.adapters.read_from_file(str(scene.write("new.otio", noted))), edl, to="edl")
    lines = [re.sub(r"^(\d{3}  ).{8}", r"\1AX      ", line) for line in edl.read_text("utf-8").splitlines()]
    lost = [line for line in lines if not line.startswith(("* FROM CLIP:", "* OTIO"))]
    for kept, reasons in ((lost, {"marker id"}), ([x for x in lost if "LOC:" not in x], {"clip name"})):
        edl.write_text("\n".join(kept) + "\n", "utf-8")
        made = scene.conform(edl, was=old, rate=Fraction(24))
        assert {str(each.match.reason) for each in made.changes} == reasons
        assert {str(each.consequence) for each in made.changes} <= {"nothing", "re-conform"}


def test_an_edl_at_the_wrong_rate(scene: Any, old: Path, noted: list[Any]) -> None:
    """Read at 25 it shows as a change of rate on every cue: nothing is put where it would be wrong."""
    edl = scene.folder / "new.edl"
    write_cut(otio.adapters.read_from_file(str(scene.write("new.otio", noted))), edl, to="edl")
    made = scene.conform(edl, was=old, rate=Fraction(25), was_rate=Fraction(24))
    assert len(made.changes) == 4
    assert all("the take plays at 24 fps, the cut at 25" in [x.text for x in each.changes] for each in made.changes)
    assert {clip.active_media_reference_key for clip in scene.read()} == {"DEFAULT_MEDIA"}


def test_nested_and_stacked(scene: Any, old: Path, noted: list[Any]) -> None:
    """A cue in a compound clip is the same cue; one of two that lie over each other is a duplicate."""
    path = scene.write("new.otio", noted)
    timeline = otio.adapters.read_from_file(str(path))
    track = timeline.tracks[0]
    nest = otio.schema.Stack("compound")
    inner = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    nest.append(inner)
    shown = track[0].source_range
    inner.append(track[0].deepcopy())
    nest.source_range = otio.opentime.TimeRange(otio.opentime.RationalTime(0, 24), shown.duration)
    track[0] = nest
    above = otio.schema.Track("V2", kind=otio.schema.TrackKind.Video)
    above.extend([otio.schema.Gap(duration=otio.opentime.RationalTime(24, 24)), track[3].deepcopy()])
    timeline.tracks.insert(1, above)  # shot three, once more, above shot two
    otio.adapters.write_to_file(timeline, str(path))
    made = scene.conform(path, was=old)
    assert str(of(made, "shot two").consequence) == "nothing"
    assert [str(each.consequence) for each in made.changes if each.clip == "shot three"] == ["re-conform"] * 2
    assert [change.text for change in of(made, "shot one").changes] == ["unchanged"]
    kept = otio.adapters.read_from_file(str(scene.folder / "new.out.otio"))
    assert kept.tracks[0][0].name == "compound"
    assert kept.tracks[0][0][0][0].active_media_reference_key == "greenroom.take_001"
    assert kept.tracks[1][1].active_media_reference_key == "greenroom.take_001"


def test_takes_of_an_older_version(scene: Any, old: Path, noted: list[Any]) -> None:
    """Fields that came later aren't missed."""
    for record in scene.folder.glob("takes/*/take_001/take.json"):
        facts = json.loads(record.read_text("utf-8"))
        for name in ("extras", "notes", "software", "report", "cost"):
            facts.pop(name, None)
        for name in ("options", "stand_in", "plate", "driver", "motion"):
            facts["request"].pop(name, None)
        record.write_text(json.dumps(facts), "utf-8")
    made = scene.conform(scene.write("new.otio", [replace(noted[0], frames=20), *noted[1:]]), was=old)
    assert follows(made)["shot one"] == "re-conform"
    assert all(each.take is not None for each in made.changes)
    assert all(clip.active_media_reference_key == "greenroom.take_001" for clip in scene.read() if len(clip.markers))


def test_reports(scene: Any, old: Path, noted: list[Any]) -> None:
    shots = [replace(noted[0], name="=cmd()", frames=20, said=20), *noted[2:]]
    page, table = scene.folder / "list.html", scene.folder / "list.csv"
    new = scene.write("new.otio", shots)
    scene.conform(new, was=old, html=page, csv=table, markers=True)
    rows = list(csv.DictReader(io.StringIO(table.read_bytes().decode("utf-8-sig"), newline="")))
    assert [row["consequence"] for row in rows] == ["re-conform", "re-conform", "re-conform", "nothing"]
    assert rows[0]["clip"] == "'=cmd()"
    text = page.read_text("utf-8")
    assert text.count("data:image/jpeg;base64,") == 4
    assert "http" not in text
    assert "trimmed 4 f at the tail" in text
    timeline = otio.adapters.read_from_file(str(scene.folder / "new.out.otio"))
    assert timeline.tracks.markers[0].name.endswith(": trimmed 4 f at the tail")
    scene.conform(scene.folder / "new.out.otio", "again.otio", was=old, markers=True)
    again = otio.adapters.read_from_file(str(scene.folder / "again.otio"))
    assert len(again.tracks.markers) == len(timeline.tracks.markers)
    # restored, also where the program in between kept nothing but names and comments
    timeline.tracks.markers[0].metadata.clear()
    timeline.tracks.markers.append(otio.schema.Marker("Recut scene: shorten it"))
    otio.adapters.write_to_file(timeline, str(scene.folder / "bare.otio"))
    road.restore(scene.folder / "bare.otio", scene.folder / "restored.otio")
    restored = otio.adapters.read_from_file(str(scene.folder / "restored.otio"))
    assert [marker.name for marker in restored.tracks.markers] == ["Recut scene: shorten it"]


def test_the_preview_shows_a_slipped_take_as_it_lies(scene: Any, old: Path, noted: list[Any]) -> None:
    timeline = otio.adapters.read_from_file(str(old))
    first = timeline.tracks[0][0]
    shown = first.source_range
    begins = shown.start_time + otio.opentime.RationalTime(5, 24)
    first.source_range = otio.opentime.TimeRange(begins, shown.duration)
    otio.adapters.write_to_file(timeline, str(scene.folder / "slipped.otio"))
    output = scene.folder / "preview.mov"
    road.preview(scene.folder / "slipped.otio", output, width=96, installed={"tiny": scene.engine})
    take = next(iter((scene.folder / "takes" / first.markers[0].name[3:9] / "take_001").glob("*.mov")))
    found, *there = (
        [float(picture[:20].mean()) for picture in read_pictures(path, range(at, at + 8), width=96)]
        for path, at in ((output, 0), (take, 8), (take, 13))  # above the label; unslipped, and slipped
    )
    apart = [sum(abs(a - b) for a, b in zip(found, each, strict=True)) for each in there]
    assert apart[1] < 0.5 * apart[0]

# SPDX-License-Identifier: Apache-2.0
"""Cue sheets by the command line: with what only the project knows."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import opentimelineio as otio
import pytest

from greenroom.cues.find import read_cues
from greenroom.cues.layout import layout_of
from greenroom.errors import TimelineError
from greenroom_otio import ReadError, read_cut
from greenroom_otio.cue_sheet_places import find_places


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_sheet_knows_ids_modes_and_takes(scene: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    scene.write_cut("GR#bbbb: actor=THEO", "@mara animate: turns", "just a remark")
    done = run("cues", scene.cut, "--csv", tmp_path / "cues.csv")
    assert (done.status, "2 cues" in done.out) == (0, True)
    one, two = rows_of(tmp_path / "cues.csv")
    assert (one["Cue"], one["Mode"], one["Take"], one["Status"]) == ("#bbbb", "animate", "2", "2 takes, newest")
    assert (len(two["Cue"]), two["Motion"], two["Status"]) == (7, "turns", "no take")


def test_a_changed_note_keeps_the_id_that_its_takes_have(scene: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    scene.write_cut("GR#bbbb: actor=THEO", "@mara animate: turns")
    run("cues", scene.cut, "--csv", tmp_path / "cues.csv")
    rows = rows_of(tmp_path / "cues.csv")
    rows[1]["Motion"] = "turns away"
    write(tmp_path / "cues.csv", rows)
    value = run("apply-sheet", scene.cut, tmp_path / "cues.csv", "-o", tmp_path / "new.otio", "--json").value
    assert value["schema"] == "greenroom.apply-sheet/1"
    own = rows[1]["Cue"].lstrip("#")
    assert [(each["cue"], each["column"], each["after"]) for each in value["changes"]] == [
        (own, "Motion", "turns away")
    ]
    made = otio.adapters.read_from_file(str(tmp_path / "new.otio"))
    assert made.tracks[0][1].markers[0].name == f'GR#{own}: actor=mara mode=animate note="turns away"'
    assert made.tracks[0][0].markers[0].name == "GR#bbbb: actor=THEO"


def test_rows_that_fail_are_told_and_the_others_are_done(scene: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    run("cues", scene.cut, "--csv", tmp_path / "cues.csv")
    rows = rows_of(tmp_path / "cues.csv")
    rows[0]["Mode"] = "tlak"
    rows[1]["Line"] = "Who's there?"
    write(tmp_path / "cues.csv", rows)
    done = run("apply-sheet", scene.cut, tmp_path / "cues.csv", "-o", tmp_path / "new.otio")
    assert done.status == 1
    assert 'cues.csv, row 2, column C (Mode): "tlak" is no mode. Did you mean talk?' in done.out
    assert "1 change, 3 rows read" in done.out
    made = otio.adapters.read_from_file(str(tmp_path / "new.otio"))
    assert made.tracks[0][1].markers[0].name == 'GR#bbbb: actor=THEO mode=talk line="Who\'s there?"'


def test_it_works_without_a_project_and_through_an_edl(scene: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "alone").mkdir()
    cut = tmp_path / "alone" / "cut.edl"
    assert run("apply", scene.cut, "-o", cut).status == 0
    assert run("cues", cut, "--rate", "24", "--csv", tmp_path / "cues.csv").status == 0
    rows = rows_of(tmp_path / "cues.csv")
    assert [row["Cue"] for row in rows] == ["#aaaa", "#bbbb", "#cccc"]
    assert [row["Record In"] for row in rows] == ["01:00:00:00", "01:00:00:16", "01:00:01:08"]
    rows[0]["Line"] = "Gone"
    write(tmp_path / "cues.csv", rows)
    new = tmp_path / "alone" / "new.edl"
    assert run("apply-sheet", cut, tmp_path / "cues.csv", "-o", new, "--rate", "24").status == 0
    assert 'GR#AAAA: ACTOR=MARA MODE=TALK LINE="GONE"' in new.read_text("utf-8")


@pytest.mark.parametrize("name", ["cut.otio", "cues.txt"])
def test_a_sheet_goes_where_no_cut_is(scene: Any, run: Callable[..., Any], name: str) -> None:
    before = scene.cut.read_bytes()
    assert run("cues", scene.cut, "--csv", scene.folder / name).status == 2
    assert scene.cut.read_bytes() == before


def test_the_new_cut_does_not_take_the_sheet_s_place(scene: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    run("cues", scene.cut, "--csv", tmp_path / "cues.csv")
    assert run("apply-sheet", scene.cut, tmp_path / "cues.csv", "-o", scene.cut).status == 2
    assert run("apply-sheet", scene.cut, tmp_path / "cues.csv", "-o", tmp_path / "cues.csv").status == 2
    assert run("apply-sheet", scene.cut, tmp_path / "none.csv", "-o", tmp_path / "new.otio").status == 2
    assert rows_of(tmp_path / "cues.csv")


def test_json_is_as_documented(scene: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    schema = json.loads((Path(__file__).resolve().parents[2] / "docs" / "greenroom.schema.json").read_text("utf-8"))

    def check(value: dict[str, Any]) -> None:
        own = schema["$defs"][value["schema"]]
        assert set(value) == set(own["properties"])
        whole = {"$schema": schema["$schema"], "$defs": schema["$defs"], **own}
        jsonschema.Draft202012Validator(whole).validate(value)

    check(run("cues", scene.cut, "--csv", tmp_path / "cues.csv", "--json").value)
    rows = rows_of(tmp_path / "cues.csv")
    rows[0]["Mode"], rows[1]["Line"] = "tlak", "Who?"
    write(tmp_path / "cues.csv", rows)
    check(run("apply-sheet", scene.cut, tmp_path / "cues.csv", "-o", tmp_path / "new.edl", "--json").value)
    check(run("turnover", scene.cut, "-o", tmp_path / "T", "--no-movie", "--json").value)


FIXTURES = Path(__file__).resolve().parents[1] / "otio" / "fixtures"
CUTS = [path for path in sorted(FIXTURES.rglob("*")) if path.suffix in {".otio", ".edl", ".xml", ".fcpxml", ".aaf"}]


def trimmed_track() -> Any:
    at = otio.opentime.RationalTime
    clips = [
        otio.schema.Clip(f"c{n}", otio.schema.MissingReference(), otio.opentime.TimeRange(at(0, 24), at(20, 24)))
        for n in range(4)
    ]
    clips[2].markers.append(otio.schema.Marker("GR#aaaa: actor=MARA", otio.opentime.TimeRange(at(0, 24), at(1, 24))))
    track = otio.schema.Track(children=clips, source_range=otio.opentime.TimeRange(at(25, 24), at(30, 24)))
    return otio.schema.Timeline("trimmed", [track], at(86400, 24))


def _rate(path: Path) -> float:
    """EDLs don't say it, but their names do."""
    return 23.976 if "23976" in path.name else 29.97 if "drop_frame" in path.name else 24


@pytest.mark.parametrize("path", [None, *CUTS], ids=lambda path: path.name if path else "trimmed track")
def test_sheets_see_a_cut_as_the_cues_do(path: Path | None) -> None:
    try:
        timeline = trimmed_track() if path is None else read_cut(path, rate=_rate(path))
        layout = layout_of(timeline, path=path)
    except (ReadError, TimelineError):
        return  # fixtures that nobody can read are others' tests
    places = find_places(timeline)
    known = {slot.address: (slot.start, slot.frames) for slot in places.slots}
    events = [event for track in layout.tracks if track.kind == "video" for event in track.events]
    seen = {event.address: (event.record.start, event.record.duration) for event in events if len(event.address) == 2}
    seen = {address: place for address, place in seen.items() if address in known and place[1]}
    assert {address: known[address] for address in seen} == seen
    assert (places.rate, places.drop_frame) == (layout.rate, layout.drop_frame)
    cues = {cue.event.address for cue in read_cues(layout).cues if len(cue.event.address) == 2}
    assert {place.slot.address for place in places.places} == cues

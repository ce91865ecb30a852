# SPDX-License-Identifier: Apache-2.0
"""Cue sheets: out of a cut, through what spreadsheets and coordinators do to them, and back onto the cut."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom_otio.cue_sheet import read_from_file, write_to_string
from greenroom_otio.cue_sheet_changes import SheetChanges, apply_sheet
from greenroom_otio.cue_sheet_rows import COLUMNS, cue_rows
from greenroom_otio.cue_sheet_table import column_letters, csv_text, read_table
from greenroom_otio.errors import ReadError

RATE = 24.0
NOTES = {
    "clip": 'GR#aaaa: actor=MARA mode=talk line="I never left." seed=12',
    "gap": "GR#bbbb: actor=THEO mode=animate note=turns",
    "name": "@ines talk: 李雷, „ça va“?",
    "comment": 'GR#cccc: actor=MARA mode=talk line="=SUM(A1) +1"',
    "timeline": "GR#dddd: actor=MARA mode=replace",
}


def times(start: int, frames: int) -> Any:
    at = otio.opentime.RationalTime
    return otio.opentime.TimeRange(at(start, RATE), at(frames, RATE))


def marker(text: str, at: int = 0, comment: str = "") -> Any:
    return otio.schema.Marker(text, times(at, 1), comment=comment)


def cut() -> Any:
    """Five slots of 48 frames from 01:00:00:00, each with its note in another place, and a clip without one."""
    clips = [otio.schema.Clip(f"SC01_00{i}0", otio.schema.MissingReference(), times(100, 48)) for i in range(1, 6)]
    gap = otio.schema.Gap(source_range=times(0, 48))
    clips[0].markers.append(marker(NOTES["clip"], 100))
    gap.markers.append(marker(NOTES["gap"]))
    clips[1].name = NOTES["name"]
    clips[2].markers.append(marker("for Tom", 100, NOTES["comment"]))
    timeline = otio.schema.Timeline("scene", global_start_time=otio.opentime.RationalTime(86400, RATE))
    track = otio.schema.Track("V", kind=otio.schema.TrackKind.Video)
    track.extend([clips[0], gap, *clips[1:]])
    timeline.tracks.append(track)
    timeline.tracks.markers.append(marker(NOTES["timeline"], 4 * 48 + 5))
    return timeline


def cells_of(timeline: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(write_to_string(timeline).removeprefix("\ufeff"), newline="")))


def column(title: str) -> int:
    return list(COLUMNS.values()).index(title)


def applied(timeline: Any, rows: Sequence[Sequence[str]], **options: Any) -> SheetChanges:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return apply_sheet(timeline, read_table(text.getvalue().encode(), COLUMNS, "cues.csv"), **options)


def same(one: Any, other: Any) -> bool:
    return bool(one.is_equivalent_to(other))


def test_a_row_says_what_an_editor_would() -> None:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in cells_of(cut())[1:]]
    assert [row["cue"] for row in rows] == ["#aaaa", "#bbbb", "", "#cccc", "#dddd"]
    assert rows[0] == {
        "cue": "#aaaa", "actor": "MARA", "mode": "talk", "line": "I never left.", "motion": "",
        "record_in": "01:00:00:00", "record_out": "01:00:02:00", "in_frame": "86400", "out_frame": "86448",
        "frames": "48", "track": "V1", "clip": "SC01_0010", "note": NOTES["clip"], "take": "", "status": "no take",
    }  # fmt: skip
    assert (rows[1]["motion"], rows[2]["line"], rows[2]["clip"]) == ("turns", "李雷, „ça va“?", "")
    assert rows[3]["line"] == "'=SUM(A1) +1"  # no spreadsheet may calculate with it


def test_takes_are_told() -> None:
    timeline = cut()
    clip = timeline.tracks[0][0]
    takes = {f"greenroom.take_00{n}": otio.schema.ExternalReference(f"{n}.mov", times(90, 60)) for n in (1, 2)}
    takes["greenroom.take_002"].metadata["greenroom"] = {"label": "previz"}
    clip.set_media_references({"DEFAULT_MEDIA": otio.schema.MissingReference(), **takes}, "greenroom.take_002")
    row = dict(zip(COLUMNS, cells_of(timeline)[1], strict=True))
    assert (row["take"], row["status"]) == ("2", "2 takes, previz")


def test_nothing_changed_changes_nothing() -> None:
    timeline, before = cut(), cut()
    done = applied(timeline, cells_of(timeline))
    assert (done.changes, done.problems, done.rows) == ((), (), 5)
    assert same(timeline, before)


def as_written(rows: list[list[str]], delimiter: str = ",", end: str = "\r\n", encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue().encode(encoding)


def with_more_columns(rows: list[list[str]]) -> list[list[str]]:
    return [["own, column" if i == 0 else "x; y", *row[::-1], ""] for i, row in enumerate(rows)]


SPREADSHEETS: dict[str, Callable[[list[list[str]]], bytes]] = {
    "as it was": as_written,
    "semicolons": lambda rows: as_written(rows, ";"),
    "tabs in UTF-16": lambda rows: as_written(rows, "\t", encoding="utf-16"),
    "old Mac": lambda rows: as_written(rows, end="\r"),
    "Unix with a mark": lambda rows: as_written(rows, end="\n", encoding="utf-8-sig"),
    "Excel's own line": lambda rows: b"sep=;\r\n" + as_written(rows, ";"),
    "titles above": lambda rows: b"Film: demo,,\r\n,,\r\n\r\n" + as_written(rows),
    "more columns, turned round": lambda rows: as_written(with_more_columns(rows)),
    "blank rows": lambda rows: as_written([row for each in rows for row in (each, [""] * 15, [])]),
    "headers by hand": lambda rows: as_written([[cell.upper().replace(" ", "_") + " " for cell in rows[0]], *rows[1:]]),
    "breaks in cells": lambda rows: as_written([rows[0], *([cell.replace(" ", "\n") for cell in r] for r in rows[1:])]),
    "only what is needed": lambda rows: as_written([[row[0], row[3]] for row in rows if row[0]]),
}


@pytest.mark.parametrize("name", SPREADSHEETS)
def test_what_spreadsheets_do(name: str) -> None:
    timeline = cut()
    rows = cells_of(timeline)
    rows[1][column("Line")] = 'He "never" left – 李雷; ça, va?'
    table = read_table(SPREADSHEETS[name](rows), COLUMNS, "cues.csv")
    done = apply_sheet(timeline, table)
    assert [(c.cue, c.column, c.before, c.after) for c in done.changes] == [
        ("aaaa", "Line", "I never left.", 'He "never" left – 李雷; ça, va?')
    ]
    assert not [problem for problem in done.problems if problem.severity == "error"]
    expected = 'GR#aaaa: actor=MARA mode=talk line="He \\"never\\" left – 李雷; ça, va?" seed=12'
    assert timeline.tracks[0][0].markers[0].name == expected


def test_windows_letters_are_read_and_told() -> None:
    timeline = cut()
    rows = [row for row in cells_of(timeline) if "李" not in row[column("Line")]]
    rows[1][column("Actor")] = "Zoë"
    done = apply_sheet(timeline, read_table(as_written(rows, encoding="cp1252"), COLUMNS, "cues.csv"))
    assert done.changes[0].after == "Zoë"
    assert "not UTF-8" in done.problems[0].message


def test_each_kind_of_note_is_written_where_it_stands() -> None:
    timeline = cut()
    rows = cells_of(timeline)
    for row in rows[1:]:
        row[column("Actor")] = "nora"
    done = applied(timeline, rows)
    assert len(done.changes) == 5
    track = timeline.tracks[0]
    assert track[0].markers[0].name == NOTES["clip"].replace("MARA", "nora")
    assert track[1].markers[0].name == NOTES["gap"].replace("THEO", "nora")
    assert track[2].name == 'GR: actor=nora mode=talk line="李雷, „ça va“?"'
    assert (track[3].markers[0].name, track[3].markers[0].comment) == (
        "for Tom",
        NOTES["comment"].replace("MARA", "nora"),
    )
    assert timeline.tracks.markers[0].name == NOTES["timeline"].replace("MARA", "nora")


def test_comments_of_an_edl_stay_and_a_marker_goes_before_them() -> None:
    timeline = cut()
    clip = timeline.tracks[0][5]
    clip.metadata["cmx_3600"] = {"comments": ["* GR: actor=MARA mode=talk line=LEFT"]}
    rows = cells_of(timeline)
    rows[6][column("Line")] = "Gone"
    assert len(applied(timeline, rows).changes) == 1
    assert clip.markers[0].name == 'GR: actor=MARA mode=talk line="Gone"'
    assert cells_of(timeline)[6][column("Line")] == "Gone"


def told(done: SheetChanges) -> list[tuple[str, str, str]]:
    return [(problem.severity, problem.where, problem.message) for problem in done.problems]


def test_what_cannot_be_read_is_told_with_row_and_column() -> None:
    timeline, before = cut(), cut()
    rows = cells_of(timeline)
    rows[1][column("Mode")] = "tlak"
    rows[2][0] = "zzzz"
    rows[2][column("Record In")] = rows[2][column("In Frame")] = "25:61"
    rows[4][column("Actor")] = "MRAA"
    rows.append(["", "MARA", "talk", "new", "", "02:00:00:00", "", "", "", "", "V1", "", "", "", ""])
    rows.append(["", "MARA", "talk", "new", *[""] * 11])
    rows.append([*rows[5]])
    rows.append([*rows[1], "too", "many"])
    done = applied(timeline, rows, actors=["mara", "theo", "ines"])
    found = told(done)
    assert ("error", "row 2, column C (Mode)", '"tlak" is no mode') in found
    assert ("error", "row 3, column A (Cue)", '"zzzz" is no cue of the cut') in found
    assert ("error", "row 5, column B (Actor)", 'nobody is called "MRAA"') in found
    assert ("error", "row 7, column F (Record In)", "nothing lies at 02:00:00:00 on V1") in found
    assert ("error", "row 8, column A (Cue)", "the row names no cue and no place") in found
    assert ("error", "row 9, column A (Cue)", "the cue dddd is in row 6 already") in found
    assert any(where == "row 10, column P" and severity == "error" for severity, where, _ in found)
    assert done.changes == ()
    assert same(timeline, before)
    assert [problem.row for problem in done.problems] == sorted(problem.row for problem in done.problems)


def test_an_id_that_became_a_date_is_known_by_its_place() -> None:
    timeline = cut()
    rows = cells_of(timeline)
    rows[1][0] = "01.03.2026"
    rows[1][column("Record In")] = "1:00:00:00"  # leading zeros go too
    rows[1][column("Line")] = "Gone"
    done = applied(timeline, rows)
    assert [change.cue for change in done.changes] == ["aaaa"]
    assert told(done)[0][:2] == ("warning", "row 2, column A (Cue)")


def test_a_cell_that_nobody_touched_changes_nothing_of_a_cut_that_went_on() -> None:
    timeline = cut()
    rows = cells_of(timeline)
    timeline.tracks[0][0].markers[0].name = 'GR#aaaa: actor=MARA mode=talk line="I had left." seed=12'
    rows[1][column("Actor")] = "NORA"
    done = applied(timeline, rows)
    assert [(change.column, change.after) for change in done.changes] == [("Actor", "NORA")]
    assert timeline.tracks[0][0].markers[0].name == 'GR#aaaa: actor=NORA mode=talk line="I had left." seed=12'


def test_where_both_changed_the_same_the_cut_stays() -> None:
    timeline = cut()
    rows = cells_of(timeline)
    timeline.tracks[0][0].markers[0].name = 'GR#aaaa: actor=MARA mode=talk line="I had left."'
    rows[1][column("Line")] = "I shall leave."
    done = applied(timeline, rows)
    assert done.changes == ()
    assert told(done)[0][:2] == ("error", "row 2, column D (Line)")
    assert "I had left." in told(done)[0][2]


def test_a_row_without_an_id_is_a_new_cue() -> None:
    timeline = cut()
    rows = cells_of(timeline)
    rows.append(["", "MARA", "talk", "And I?", "", "01:00:10:05", "", "", "", "", "v1", "", "", "", ""])
    done = applied(timeline, rows)
    assert [(change.cue, change.where) for change in done.changes] == [("", "V1 01:00:10:00")]
    assert timeline.tracks[0][5].markers[0].name == 'GR: actor=MARA mode=talk line="And I?"'
    assert len(cue_rows(timeline)[1]) == 6


def test_copies_of_a_clip_are_told_apart_by_their_place() -> None:
    timeline = cut()
    timeline.tracks[0].append(timeline.tracks[0][0].clone())
    rows = cells_of(timeline)
    assert [row[0] for row in rows].count("#aaaa") == 2
    rows[6][column("Line")] = "Gone"
    done = applied(timeline, rows)
    assert [(change.row, change.where) for change in done.changes] == [(7, "V1 01:00:12:00")]
    assert done.problems == ()
    assert "Gone" in timeline.tracks[0][6].markers[0].name


def test_accents_in_two_pieces_are_the_same_accents() -> None:
    timeline, before = cut(), cut()
    for made in (timeline, before):
        made.tracks[0][0].markers[0].name = 'GR#aaaa: actor=ZOE\u0308 line="c\u0327a va"'
    assert applied(timeline, cells_of(timeline)).changes == ()
    assert same(timeline, before)


def test_a_long_cut_and_its_sheet_are_quick() -> None:
    timeline = otio.schema.Timeline("long", global_start_time=otio.opentime.RationalTime(86400, RATE))
    track = otio.schema.Track(kind=otio.schema.TrackKind.Video)
    clips = [otio.schema.Clip(f"c{i}", otio.schema.MissingReference(), times(0, 24)) for i in range(3000)]
    for number, clip in enumerate(clips):
        clip.markers.append(marker(f"GR#{number:05}: actor=MARA mode=talk line=w{number}"))
    track.extend(clips)
    timeline.tracks.append(track)
    rows = cells_of(timeline)
    for row in rows[1:]:
        row[column("Actor")] = "THEO"
        row[0] = "" if row[0].endswith("9") else row[0]
    began = time.perf_counter()
    assert len(applied(timeline, rows).changes) == 3000
    assert time.perf_counter() - began < 20  # seconds, on a machine with other work; 2 without


def test_times_and_takes_of_a_sheet_are_told_and_move_nothing() -> None:
    timeline, before = cut(), cut()
    rows = cells_of(timeline)
    rows[1][column("Record In")] = "01:00:00:12"
    rows[1][column("Take")] = "3"
    del rows[4]
    done = applied(timeline, rows)
    assert same(timeline, before)
    said = " / ".join(message for _, _, message in told(done))
    assert "times of 1 cues" in said
    assert "takes differ" in said
    assert "not in the sheet (1 of 5 cues): cccc" in said


def test_a_cell_that_was_emptied_takes_the_words_out() -> None:
    timeline = cut()
    rows = cells_of(timeline)
    rows[1][column("Line")] = ""
    applied(timeline, rows)
    assert timeline.tracks[0][0].markers[0].name == "GR#aaaa: actor=MARA mode=talk seed=12"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no line has its columns"),
        (b"Name,Age\r\nTom,7\r\n", "no line has its columns"),
        (b"PK\x03\x04rest of a workbook", "workbook"),
        (b"Cue,Line\r\naaaa,a\x00b\r\n", "no text has"),
        (b'Cue,Line\r\naaaa,"' + b"x" * (2 << 20) + b'"\r\n', "can't be read as CSV"),
    ],
)
def test_what_is_no_sheet_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(ReadError, match=says):
        read_table(data, COLUMNS, "cues.csv")


def test_columns_are_lettered_as_spreadsheets_do() -> None:
    assert [column_letters(index) for index in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]


def test_any_cell_comes_back_as_it_was() -> None:
    cells = ["=1+1", "'=1+1", "-5", "@mara talk: x", "it's", "'", "''", "+", "a,b;c", 'say "x"', "李雷"]
    table = read_table(csv_text(["Cue", "Line"], [["x", cell] for cell in cells]).encode(), COLUMNS, "cues.csv")
    assert [row.cells["line"] for row in table.rows] == cells


def test_otio_s_own_tool_does_the_same(tmp_path: Path) -> None:
    cut().to_json_file(str(tmp_path / "cut.otio"))
    convert(tmp_path, "-i", "cut.otio", "-o", "cues.csv")
    sheet = (tmp_path / "cues.csv").read_bytes()
    assert sheet == write_to_string(cut()).encode()
    (tmp_path / "cues.csv").write_bytes(sheet.replace(b",I never left.,", b",I had left.,"))
    convert(tmp_path, "-i", "cues.csv", "-a", "cut=cut.otio", "-o", "new.otio")
    made = otio.adapters.read_from_file(str(tmp_path / "new.otio"))
    assert made.tracks[0][0].markers[0].name == NOTES["clip"].replace("never", "had")
    assert list(made.metadata["greenroom_sheet"]) == ["aaaa at V1 01:00:00:00: Line: I never left. -> I had left."]


def convert(folder: Path, *words: str) -> None:
    code = "from opentimelineio.console.otioconvert import main; main()"
    subprocess.run([sys.executable, "-c", code, *words], cwd=folder, check=True, capture_output=True, text=True)


def test_otio_s_own_tool_tells_every_row(tmp_path: Path) -> None:
    timeline = cut()
    timeline.to_json_file(str(tmp_path / "cut.otio"))
    rows = cells_of(timeline)
    rows[1][column("Mode")] = rows[2][column("Mode")] = "tlak"
    (tmp_path / "cues.csv").write_bytes(as_written(rows))
    with pytest.raises(ReadError, match=r"row 2, column C \(Mode\).*row 3, column C \(Mode\)"):
        read_from_file(str(tmp_path / "cues.csv"), cut=str(tmp_path / "cut.otio"))


def test_a_sheet_alone_becomes_a_cut_of_placeholders(tmp_path: Path) -> None:
    (tmp_path / "cues.csv").write_text(write_to_string(cut()), "utf-8", newline="")
    made = read_from_file(str(tmp_path / "cues.csv"), rate="24")
    again = [dict(zip(COLUMNS, row, strict=True)) for row in cells_of(made)[1:]]
    before = [dict(zip(COLUMNS, row, strict=True)) for row in cells_of(cut())[1:]]
    keys = ("cue", "actor", "mode", "line", "motion", "record_in", "record_out", "frames", "track")
    assert [[row[key] for key in keys] for row in again] == [[row[key] for key in keys] for row in before]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["#aaaa,MARA,01:00:00:00,,V1"], "row 2"),
        (["#aaaa,MARA,01:00:02:00,01:00:01:00,V1"], "ends before it begins"),
        (["#aaaa,MARA,01:00:00:00,01:00:02:00,V1", "#bbbb,MARA,01:00:01:00,01:00:03:00,V1"], "rows 2 and 3 overlap"),
        ([], "no rows"),
    ],
)
def test_a_sheet_that_makes_no_cut_is_refused(tmp_path: Path, rows: list[str], says: str) -> None:
    (tmp_path / "cues.csv").write_text("\n".join(["Cue,Actor,Record In,Record Out,Track", *rows]), "utf-8")
    with pytest.raises(ReadError, match=says):
        read_from_file(str(tmp_path / "cues.csv"), rate=24)
    with pytest.raises(ReadError, match="rate"):
        read_from_file(str(tmp_path / "cues.csv"))

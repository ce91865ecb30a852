# SPDX-License-Identifier: Apache-2.0
"""The lists of a turnover that are tables: the count sheet (CSV) and the Avid log (ALE)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import PurePosixPath

from greenroom.cues.model import Cue, Layout
from greenroom.desk.turnover.gather import Gathered, HandedTake, shot_of
from greenroom.frames import nominal, timecode, write_rate
from greenroom.takes.names import legal_name

__all__ = ["MEDIA", "avid_log", "count_sheet"]

MEDIA = PurePosixPath("media")

_COUNTS = (
    "Shot", "Cue", "Actor", "Mode", "Track", "Record In", "Record Out", "In Frame", "Out Frame", "Frames", "Head",
    "Tail", "Take", "Of", "Chosen By", "Engine", "Previz", "Reel", "File", "Source In", "Source Out",
    "Media Start", "Media Frames", "Remarks",
)  # fmt: skip
_LOG = (
    "Name", "Tracks", "Start", "End", "Duration", "Tape", "Source File", "Take", "Scene", "Cue", "Actor", "Engine",
    "Previz", "Head", "Tail", "Shot", "Comments",
)  # fmt: skip
_VIDEO_FORMATS = {1080: "1080", 720: "720", 576: "PAL", 486: "NTSC"}


def count_sheet(gathered: Gathered, layout: Layout) -> bytes:
    """A row for each cue in record order, with or without a take. Outs are exclusive, as in an EDL."""
    from greenroom_otio.cue_sheet_table import csv_text

    rows = [(each.cue.slot.start, _count_row(each, layout)) for each in gathered.takes]
    rows += [(cue.slot.start, _empty_row(cue, layout)) for cue in gathered.without]
    rows.sort(key=lambda row: row[0])
    return csv_text(_COUNTS, [row for _, row in rows]).encode()


def avid_log(takes: Sequence[HandedTake], rate: Fraction, height: int, scene: str) -> bytes:
    """An Avid Log Exchange: a line for each file, tabs between columns, timecode of the files themselves.

    Our own: the well-known writer (otio-ale-adapter 1.1) counts every 29.97 in drop-frame.
    """
    head = (
        ("FIELD_DELIM", "TABS"),
        ("VIDEO_FORMAT", _VIDEO_FORMATS.get(height, "CUSTOM")),
        ("AUDIO_FORMAT", "48khz"),
        ("FPS", write_rate(rate)),
    )
    lines = ["Heading", *("\t".join(pair) for pair in head), "", "Column", "\t".join(_LOG), "", "Data"]
    lines += ["\t".join(" ".join(cell.split()) for cell in row) for each in takes for row in _log_rows(each, scene)]
    return ("\r\n".join(lines) + "\r\n").encode()


def _cue_cells(cue: Cue, layout: Layout) -> list[str]:
    record = cue.slot
    places = [timecode(frame, record.rate, drop_frame=layout.drop_frame) for frame in (record.start, record.end)]
    return [
        shot_of(cue), cue.id, cue.actor, str(cue.mode), cue.event.track, *places,
        str(record.start), str(record.end), str(record.duration),
    ]  # fmt: skip


def _count_row(each: HandedTake, layout: Layout) -> list[str]:
    take, part = each.take, each.part
    first = part.start + each.head
    last = part.end - each.tail
    source = [timecode(frame, part.rate, drop_frame=take.drop_frame) for frame in (first, last, part.start)]
    return [
        *_cue_cells(each.cue, layout), str(each.head), str(each.tail), str(take.number), str(each.count), each.by,
        take.engine, take.label, each.reel, str(MEDIA / each.file), *source, str(part.duration),
        "; ".join(take.warnings),
    ]  # fmt: skip


def _empty_row(cue: Cue, layout: Layout) -> list[str]:
    row = _cue_cells(cue, layout)
    return [*row, *[""] * (len(_COUNTS) - len(row) - 1), "no take"]


def _log_rows(each: HandedTake, scene: str) -> Iterator[list[str]]:
    """The take, and what lies beside it."""
    for name in (each.file, *each.extras.values()):
        yield _log_row(each, name, scene)


def _log_row(each: HandedTake, name: str, scene: str) -> list[str]:
    take, part = each.take, each.part
    start, end = (timecode(frame, part.rate, drop_frame=take.drop_frame) for frame in (part.start, part.end))
    length = timecode(part.duration, Fraction(nominal(part.rate)))  # a length drops no labels
    if take.drop_frame:
        length = timecode(part.duration, part.rate, drop_frame=True)
    said = each.cue.line or each.cue.motion
    return [
        name.rpartition(".")[0], "V", start, end, length, each.reel, str(MEDIA / name), str(take.number), scene,
        each.cue.id,
        legal_name(each.cue.actor) if each.cue.actor else "", take.engine, take.label, str(each.head), str(each.tail),
        each.shot, said,
    ]  # fmt: skip

# SPDX-License-Identifier: Apache-2.0
"""The columns of the cue table: what each shows, and what it is sorted by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP

from greenroom.panel.model.rows import CueRow, Status, money
from greenroom.panel.words import word

__all__ = ["COLUMNS", "POSTER_COLUMN", "STATUS_COLUMN", "Column"]

_ORDER = {status: place for place, status in enumerate(Status)}


@dataclass(frozen=True)
class Column:
    """`title` is translated where it is shown; `width` in device-independent pixels."""

    name: str
    title: str
    width: int
    text: Callable[[CueRow], str]
    sort: Callable[[CueRow], Any]
    right: bool = False


def _score(row: CueRow) -> str:
    return "" if row.score is None else f"{row.score:.2f}"


def _takes(row: CueRow) -> str:
    if not row.takes:
        return ""
    return str(row.takes) if row.takes == 1 else f"{row.used}/{row.takes}"


COLUMNS = (
    Column("poster", str(QT_TRANSLATE_NOOP("Columns", "Poster")), 58, lambda row: "", lambda row: row.start),
    Column("in", str(QT_TRANSLATE_NOOP("Columns", "Record in")), 86, lambda row: row.timecode, attrgetter("start")),
    Column(
        "length",
        str(QT_TRANSLATE_NOOP("Columns", "Length")),
        60,
        lambda row: str(row.frames),
        lambda row: row.frames,
        right=True,
    ),
    Column(
        "actor",
        str(QT_TRANSLATE_NOOP("Columns", "Actor")),
        64,
        lambda row: row.actor,
        lambda row: row.actor.casefold(),
    ),
    Column("mode", str(QT_TRANSLATE_NOOP("Columns", "Mode")), 64, lambda row: row.mode, lambda row: row.mode),
    Column(
        "status",
        str(QT_TRANSLATE_NOOP("Columns", "Status")),
        92,
        lambda row: word(str(row.status)),
        lambda row: (_ORDER[row.status], row.start),
    ),
    Column("takes", str(QT_TRANSLATE_NOOP("Columns", "Takes")), 54, _takes, lambda row: row.takes, right=True),
    Column(
        "score",
        str(QT_TRANSLATE_NOOP("Columns", "Best")),
        58,
        _score,
        lambda row: -1.0 if row.score is None else row.score,
        right=True,
    ),
    Column(
        "cost",
        str(QT_TRANSLATE_NOOP("Columns", "Cost")),
        66,
        lambda row: money(row.cost, row.currency),
        lambda row: row.cost or 0,
        right=True,
    ),
    Column("engine", str(QT_TRANSLATE_NOOP("Columns", "Engine")), 92, lambda row: row.engine, lambda row: row.engine),
    Column("scene", str(QT_TRANSLATE_NOOP("Columns", "Scene")), 56, lambda row: row.scene, lambda row: row.scene),
    Column(
        "words", str(QT_TRANSLATE_NOOP("Columns", "Line or motion")), 240, lambda row: row.words, lambda row: row.words
    ),
)
POSTER_COLUMN = 0
STATUS_COLUMN = next(place for place, column in enumerate(COLUMNS) if column.name == "status")

# SPDX-License-Identifier: Apache-2.0
"""The change list for a spreadsheet: a row for each cue."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from greenroom.desk.recut.conform import Conformed
from greenroom.desk.recut.reports.as_json import conformed_json

__all__ = ["csv_text"]

_COLUMNS = (
    *("cue", "of", "track", "in", "out", "was in", "was out", "clip", "actor", "mode", "line", "take"),
    *("changes", "consequence", "why", "cost", "currency", "known by", "confidence"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(made: Conformed) -> str:
    """With CRLF, as RFC 4180 has it. No cell begins a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows([_harmless(str(cell)) for cell in row] for row in _rows(made))
    return text.getvalue()


def _rows(made: Conformed) -> Iterator[list[object]]:
    for each in conformed_json(made)["changes"]:
        match = each["match"] or {"reason": "", "confidence": ""}
        place, was = ((each[key]["in"], each[key]["out"]) if each[key] else ("", "") for key in ("place", "was"))
        cost = "unknown" if each["cost"] is None else each["cost"]
        yield [
            *(each["cue"], each["of"] or "", each["track"], *place, *was, each["clip"]),
            *(each["actor"], each["mode"], each["line"], each["take"] or ""),
            *("; ".join(change["text"] for change in each["changes"]), each["consequence"], each["why"]),
            *(cost, each["currency"], match["reason"], match["confidence"]),
        ]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell

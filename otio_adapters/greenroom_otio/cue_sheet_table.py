# SPDX-License-Identifier: Apache-2.0
"""Tables as CSV that spreadsheets read and write, and what spreadsheets do to them.

Written: UTF-8 with its mark (without it Excel takes accents for something else), commas, CRLF. A cell that a
spreadsheet would take for a formula gets an apostrophe before it, which reading takes off again.
Read: commas, semicolons or tabs; any line ends; UTF-8, UTF-16 or Windows-1252; lines above the header; columns of
the coordinator's own, in any order.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from greenroom_otio.errors import ReadError

__all__ = ["SheetProblem", "SheetRow", "SheetTable", "column_letters", "csv_text", "folded", "read_table"]

_FORMULA = re.compile(r"^'*[=+\-@\t\r]")
_HEADER_WITHIN = 30  # lines: titles and dates above the header
_LARGEST = 1 << 20  # characters of a cell
_SAVE_AGAIN = "Save it from the spreadsheet as CSV (UTF-8)."


@dataclass(frozen=True)
class SheetProblem:
    """What is wrong in a sheet. `severity` is "error" (the row is left out), "warning" or "note". `row` counts as
    spreadsheets count; `column` is its letter and header: "C (Mode)".
    """

    severity: str
    message: str
    hint: str = ""
    row: int = 0
    column: str = ""

    @property
    def where(self) -> str:
        parts = [f"row {self.row}" if self.row else "", f"column {self.column}" if self.column else ""]
        return ", ".join(filter(None, parts))


@dataclass(frozen=True)
class SheetRow:
    """The cells of a row by the column's key; a column that the sheet doesn't have is not there."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class SheetTable:
    """`titles` are the letters and headers of the known columns, by key."""

    rows: tuple[SheetRow, ...]
    titles: Mapping[str, str]
    problems: tuple[SheetProblem, ...] = field(default=())


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table as CSV, the mark of UTF-8 included."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_armoured(cell) for cell in row])
    return "\ufeff" + text.getvalue()


def read_table(data: bytes, columns: Mapping[str, str], where: str) -> SheetTable:
    """The rows of a CSV. `columns` are the known ones: key and title.

    Raises:
        ReadError: no text, no table, or no line that is a header of these columns.
    """
    text, problems = _decoded(data, where)
    lines = _lines(text, where)
    known = {folded(title): key for key, title in columns.items()}
    place = _header_at(lines, known)
    if place is None:
        first = ", ".join(columns.values())
        raise ReadError("This is no cue sheet: no line has its columns", hint=f"They are called: {first}.", where=where)
    keys = [known.get(folded(cell), "") for cell in lines[place][1]]
    titles, doubled = _titles(keys, lines[place], columns)
    rows, empty = _rows(lines[place + 1 :], keys)
    return SheetTable(rows, titles, (*problems, *doubled, *empty))


def folded(title: str) -> str:
    """A title as it is compared: "Record In", "record_in" and "RECORD-IN" are the same."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", title)).casefold()


def column_letters(index: int) -> str:
    """ "A", "B" ... "Z", "AA": as spreadsheets count columns."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _armoured(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _bare(cell: str) -> str:
    """A cell as it was meant: the apostrophe off, breaks and doubled spaces as one space."""
    cell = cell.strip()
    cell = cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell
    return " ".join(unicodedata.normalize("NFC", cell).split())


def _decoded(data: bytes, where: str) -> tuple[str, list[SheetProblem]]:
    if data.startswith(b"PK\x03\x04") or data.startswith(bytes.fromhex("d0cf11e0")):
        raise ReadError("This is a workbook, not CSV", hint=_SAVE_AGAIN, where=where)
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16"), []
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
        message = "The sheet is not UTF-8; it was read as Windows-1252"
        return text, [SheetProblem("warning", message, f"Check letters with accents. {_SAVE_AGAIN}")]


def _lines(text: str, where: str) -> list[tuple[int, list[str]]]:
    """Rows with the number that a spreadsheet shows beside them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise ReadError("This is not CSV: it holds bytes that no text has", hint=_SAVE_AGAIN, where=where)
    hint, shift = re.match(r"sep=(.)\n", text), 0
    if hint is not None:  # Excel's own line, which it doesn't show
        text, shift = text[hint.end() :], 0
    delimiter = hint[1] if hint is not None else _delimiter(text)
    csv.field_size_limit(_LARGEST)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ReadError(f"The sheet can't be read as CSV ({error})", hint=_SAVE_AGAIN, where=where) from None
    return [(number + shift, row) for number, row in enumerate(rows, 1)]


def _delimiter(text: str) -> str:
    """The one that is found most often outside of quotes, in the first lines."""
    head = re.sub(r'"[^"]*"', "", "\n".join(text.split("\n")[:_HEADER_WITHIN]))
    return max(",;\t", key=head.count)


def _header_at(lines: Sequence[tuple[int, list[str]]], known: Mapping[str, str]) -> int | None:
    """The line with most of the known titles, if it has two at least."""
    counts = [len({folded(cell) for cell in row} & set(known)) for _, row in lines[:_HEADER_WITHIN]]
    return counts.index(max(counts)) if counts and max(counts) > 1 else None


def _titles(
    keys: list[str], header: tuple[int, list[str]], columns: Mapping[str, str]
) -> tuple[dict[str, str], list[SheetProblem]]:
    """Letters and headers by key. Of a column that is there twice, the first counts."""
    titles: dict[str, str] = {}
    problems: list[SheetProblem] = []
    for index, key in enumerate(keys):
        title = f"{column_letters(index)} ({header[1][index].strip()})"
        if key in titles:
            message = f'the column "{columns[key]}" is there twice; {titles[key]} is read'
            problems.append(SheetProblem("warning", message, "Delete or rename the other.", header[0], title))
            keys[index] = ""
        elif key:
            titles[key] = title
    return titles, problems


def _rows(
    lines: Sequence[tuple[int, list[str]]], keys: Sequence[str]
) -> tuple[tuple[SheetRow, ...], list[SheetProblem]]:
    rows: list[SheetRow] = []
    problems: list[SheetProblem] = []
    for number, row in lines:
        if not any(cell.strip() for cell in row):
            continue
        extra = [index for index in range(len(keys), len(row)) if row[index].strip()]
        if extra:
            message = "the row has more cells than the header: a quote or a separator is missing or too many"
            column = column_letters(extra[0])
            problems.append(SheetProblem("error", message, "Mend the row.", number, column))
            continue
        cells = {key: _bare(cell) for key, cell in zip(keys, row, strict=False) if key}
        rows.append(SheetRow(number, cells))
    return tuple(rows), problems

# SPDX-License-Identifier: Apache-2.0
"""Notes of cues as cue sheets need them: read into cells, and written back with nothing else of the note touched.

    GR#7f3a: actor=MARA mode=talk line="I never left."       @mara talk: I never left.

The core's grammar (greenroom.cues.grammar) checks notes and says what is wrong with them; this package may not know
the core, so it has the same patterns once more. A test holds the two against each other.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["MODES", "SPOKEN", "SheetNote", "read_note", "rewritten", "written_note"]

MODES = ("talk", "animate", "mimic", "lipsync", "replace", "stage", "portrait")
SPOKEN = ("talk", "lipsync")  # modes in which the text of a short form is the line; in the others it is the motion

_LONGEST = 10_000
_HEAD = re.compile(r"^\s*GR(?:#(?P<id>[0-9a-z]{4,8}))?\s*:\s*(?P<body>.*)$", re.DOTALL | re.IGNORECASE)
_NO_ID = re.compile(r"^(\s*GR)\s*:", re.IGNORECASE)
_PAIR = re.compile(r'(?<![A-Za-z0-9_])([A-Za-z][A-Za-z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*"|[“”„][^“”]*[“”]|\S+)', re.DOTALL)
_SHORT = re.compile(
    r'^\s*@\s*(?:"(?P<quoted>[^"]+)"\s*(?P<word>\w*)|(?P<head>[^\W\d_][^:@]{0,79}?))\s*:(?P<text>.*)$', re.DOTALL
)
_QUOTES = '"“”„'
_PLAIN = re.compile(r"[\w.:+#/-]+")


@dataclass(frozen=True)
class SheetNote:
    """A note as read. `start` and `end` are where it stands in its text: other lines of a marker are not the note.
    `spans` are where each key with its value stands; none in a short form, whose words after the colon are `text`.
    """

    id: str
    values: Mapping[str, str]
    short: bool
    text: str
    start: int
    end: int
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def said(self, mode: str) -> dict[str, str]:
        """The cells actor, mode, line and motion. `mode` counts where the note names none."""
        named = self.values.get("mode", "").strip().casefold()
        line, motion = self.values.get("line", "").strip(), self.values.get("note", "").strip()
        if self.text:
            line, motion = (self.text, motion) if (named or mode or "talk") in SPOKEN else (line, self.text)
        return {"actor": self.values.get("actor", "").strip(), "mode": named, "line": line, "motion": motion}


def read_note(text: str) -> SheetNote | None:
    """The first note in `text`, or None. Of several lines, a note goes on to where the next one begins."""
    text = text[:_LONGEST]
    starts = [at for at in _line_starts(text) if _HEAD.match(text[at:]) or _SHORT.match(text[at:])]
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(text)
        found = _of_part(text, start, end)
        if found is not None:
            return found
    return None


def rewritten(text: str, note: SheetNote, changes: Mapping[str, str], id: str = "") -> str:
    """`text` with these keys (actor, mode, line, note) of its note changed; an empty value takes the key out.

    `id` is written where the note has none yet. A short form becomes a long one: not everything can be said in it.
    """
    if note.short:
        values = {"actor": note.values.get("actor", ""), "mode": note.values.get("mode", ""), **changes}
        made = written_note(id, values)
        return text[: note.start] + made + _ending(text, note) + text[note.end :]
    part = text[note.start : note.end]
    for key in sorted(note.spans, key=lambda key: -note.spans[key][0]):
        if key in changes:
            begin, stop = (place - note.start for place in note.spans[key])
            value = f"{key}={_quoted(key, changes[key])}" if changes[key] else ""
            part = part[:begin] + value + (part[stop:] if value else part[stop:].removeprefix(" "))
    added = [f"{key}={_quoted(key, value)}" for key, value in changes.items() if value and key not in note.spans]
    if id and not note.id:
        part = _NO_ID.sub(lambda head: f"{head[1]}#{id}:", part, count=1)
    return text[: note.start] + " ".join([part.rstrip(), *added]) + _ending(text, note) + text[note.end :]


def written_note(id: str, values: Mapping[str, str]) -> str:
    """A note of the long form; empty values are left out."""
    return " ".join([f"GR#{id}:" if id else "GR:", *(f"{k}={_quoted(k, v)}" for k, v in values.items() if v)])


def _line_starts(text: str) -> Iterable[int]:
    return (0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", text)))


def _ending(text: str, note: SheetNote) -> str:
    """The line break between a note and the next line, which is in the note's part."""
    part = text[note.start : note.end]
    return part[len(part.rstrip("\r\n")) :]


def _of_part(text: str, start: int, end: int) -> SheetNote | None:
    part = re.sub(r"[\r\n]", " ", text[start:end])  # as long as it was, so that places stay
    head = _HEAD.match(part)
    if head is not None:
        values, spans = _pairs(part, head.start("body"))
        moved = {key: (begin + start, stop + start) for key, (begin, stop) in spans.items()}
        return SheetNote((head["id"] or "").lower(), values, False, "", start, end, moved)
    short = _SHORT.match(part)
    if short is None:
        return None
    actor, word = (short["quoted"], short["word"]) if short["quoted"] else _actor_and_mode(short["head"])
    values = {"actor": " ".join(actor.split()), **({"mode": word} if word else {})}
    said = " ".join(short["text"].split())
    if len(said) > 1 and said[0] in _QUOTES and said[-1] in _QUOTES:
        said = said[1:-1].strip()
    return SheetNote("", values, True, said, start, end) if values["actor"] else None


def _pairs(part: str, begin: int) -> tuple[dict[str, str], dict[str, tuple[int, int]]]:
    values: dict[str, str] = {}
    spans: dict[str, tuple[int, int]] = {}
    position = begin
    for found in _PAIR.finditer(part, begin):
        if found.start() < position:
            continue
        raw, position = found[2], found.end()
        if raw[0] in _QUOTES and not _is_closed(raw):  # all that follows is its text
            raw, position = part[found.start(2) :], len(part)
        key = found[1].lower()
        if key not in values:
            values[key] = " ".join(_value_of(raw).split())
            spans[key] = (found.start(), position)
    return values, spans


def _is_closed(raw: str) -> bool:
    if raw[0] == '"':
        return re.fullmatch(r'"(?:[^"\\]|\\.)*"', raw, re.DOTALL) is not None
    return len(raw) > 1 and raw[-1] in _QUOTES


def _value_of(raw: str) -> str:
    if raw[0] == '"':
        return re.sub(r"\\(.)", r"\1", raw[1:-1] if _is_closed(raw) else raw[1:], flags=re.DOTALL)
    return raw.strip(_QUOTES) if raw[0] in _QUOTES else raw.rstrip(",;")


def _actor_and_mode(head: str) -> tuple[str, str]:
    words = head.split()
    if len(words) > 1 and difflib.get_close_matches(words[-1].casefold(), MODES, n=1, cutoff=0.7):
        return " ".join(words[:-1]), words[-1]
    return head, ""


def _quoted(key: str, value: str) -> str:
    value = "".join(letter if letter.isprintable() else " " for letter in value)
    if key not in {"line", "note"} and _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

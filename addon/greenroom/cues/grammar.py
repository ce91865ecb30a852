# SPDX-License-Identifier: Apache-2.0
"""How a cue is written, read and written back.

    GR: actor=MARA mode=talk line="I never left."        keys in any order and any case
    GR#7f3a: actor=MARA mode=replace take=best           with the id that Greenroom wrote back
    @mara talk: I never left.                            the short form; @mara: alone picks the mode

EDLs shout: everything that `write_note` writes still parses after `.upper()`, so ids are [0-9a-z], keys and modes
compare in lower case, and no escape depends on a letter's case (a line break becomes a space).
Reading never raises: what can't be understood is a warning that names its column.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from greenroom.cues.model import Mode
from greenroom.errors import Problem, Severity, nearest

__all__ = ["KNOWN_KEYS", "ParsedNote", "looks_like_note", "mode_named", "parse_note", "write_note"]

KNOWN_KEYS = (
    "actor",
    "mode",
    "line",
    "note",
    "audio",
    "take",
    "takes",
    "engine",
    "seed",
    "handles",
    "track",
    "who",
    "over",
    "driver",
    "place",
    "setting",
    "camera",
    "look",
    "tone",
    "only",
    "not",
    "style",
    "hold",
    "alpha",
    "status",
)
"""In the order in which they are written back."""

LONGEST = 10_000
"""Characters that are read of one note: ten minutes of speech. More is a pasted document."""

_HEAD = re.compile(r"^\s*[Gg][Rr](?:#(?P<id>[0-9A-Za-z]{4,8}))?\s*:\s*(?P<body>.*)$", re.DOTALL)
# The look-behind keeps a long word without "=" linear. Curly quotes: some systems' text fields type them by themselves.
_PAIR = re.compile(r'(?<![A-Za-z0-9_])([A-Za-z][A-Za-z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*"|[“”„][^“”]*[“”]|\S+)', re.DOTALL)
_SHORT = re.compile(
    r'^\s*@\s*(?:"(?P<quoted>[^"]+)"\s*(?P<word>\w*)|(?P<head>[^\W\d_][^:@]{0,79}?))\s*:(?P<text>.*)$', re.DOTALL
)
_ALMOST = re.compile(r"^\s*[Gg][Rr](?:\s|#|;|=).*=", re.DOTALL)
_PLAIN = re.compile(r"[\w.:+#/-]+")
_BEGINS = re.compile(r"(?:^|[\r\n])[^\S\r\n]*(?:[Gg][Rr]|@)")
_QUOTES = '"“”„'


@dataclass(frozen=True)
class ParsedNote:
    """A note as read. `pairs` holds known keys in lower case with their values as written; `text` is what a short
    form says after its colon. `problems` have no `where` yet: whoever knows the place adds it.
    """

    id: str = ""
    pairs: Mapping[str, str] = field(default_factory=dict)
    short: bool = False
    text: str = ""
    problems: tuple[Problem, ...] = ()


def parse_note(text: str) -> ParsedNote | None:
    """The note in `text`, or None where there is none. Never raises.

    Of several lines, the first that begins a note is read, with the lines that follow it.
    """
    text = text[:LONGEST]
    if _BEGINS.search(text) is None:
        return None
    if "\n" in text or "\r" in text:
        return _parse_lines(text.replace("\r", "\n").split("\n"))
    return _parse_line(text)


def _parse_lines(lines: list[str]) -> ParsedNote | None:
    starts = [index for index, line in enumerate(lines) if _HEAD.match(line) or _SHORT.match(line)]
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else len(lines)
        found = _parse_line(" ".join(line.strip() for line in lines[start:end]))
        if found is not None:
            return found
    return None


def _parse_line(text: str) -> ParsedNote | None:
    match = _HEAD.match(text)
    if match is not None:
        pairs, problems = _read_pairs(text, match.start("body"))
        return ParsedNote(id=(match["id"] or "").lower(), pairs=pairs, problems=tuple(problems))
    match = _SHORT.match(text)
    return _short_form(match) if match is not None else None


def looks_like_note(text: str) -> bool:
    """Whether an editor surely meant a note that `parse_note` doesn't read: `GR actor=MARA`, say."""
    return _ALMOST.match(text[:LONGEST]) is not None


def mode_named(word: str) -> Mode | None:
    """The mode of that name in any case, or None."""
    try:
        return Mode(word.strip().casefold())
    except ValueError:
        return None


def _read_pairs(text: str, start: int) -> tuple[dict[str, str], list[Problem]]:
    pairs: dict[str, str] = {}
    problems: list[Problem] = []
    position = start
    for match in _PAIR.finditer(text, start):
        if match.start() < position:
            continue
        _report_stray(text, position, match.start(), problems)
        position = match.end()
        raw = match[2]
        if raw[0] in _QUOTES and not _is_closed(raw):
            raw, position = text[match.start(2) :], len(text)
            message = f"the quote that opens at column {match.start(2) + 1} never closes"
            hint = "All that follows is taken for its text: close it, or leave it out."
            problems.append(_warning("open-quote", message, hint))
        _keep(match[1].lower(), _value_of(raw), match.start(1) + 1, pairs, problems)
        if position == len(text):
            break
    _report_stray(text, position, len(text), problems)
    return pairs, problems


def _is_closed(raw: str) -> bool:
    if raw[0] == '"':
        return re.fullmatch(r'"(?:[^"\\]|\\.)*"', raw, re.DOTALL) is not None
    return len(raw) > 1 and raw[-1] in _QUOTES


def _value_of(raw: str) -> str:
    if raw[0] == '"':
        inner = raw[1:-1] if _is_closed(raw) else raw[1:]
        return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)
    if raw[0] in _QUOTES:
        return raw.strip(_QUOTES)
    return raw.rstrip(",;")


def _keep(key: str, value: str, column: int, pairs: dict[str, str], problems: list[Problem]) -> None:
    if key not in KNOWN_KEYS:
        hint = nearest(key, KNOWN_KEYS)
        problems.append(_warning("unknown-key", f'"{key}" at column {column} is no key of a note', hint))
    elif key in pairs:
        hint = f"Write it once. {pairs[key]!r} is used."
        problems.append(_warning("doubled-key", f'"{key}" stands there again at column {column}', hint))
    else:
        pairs[key] = value


def _report_stray(text: str, start: int, end: int, problems: list[Problem]) -> None:
    stray = text[start:end].strip(" \t,;")
    if stray:
        shown = stray if len(stray) <= 40 else stray[:39] + "…"
        hint = 'A key and its value are written key=value, or key="several words".'
        column = start + text[start:end].index(stray) + 1
        problems.append(_warning("stray-text", f'"{shown}" at column {column} belongs to no key', hint))


def _short_form(match: re.Match[str]) -> ParsedNote | None:
    actor, word = (match["quoted"], match["word"]) if match["quoted"] else _actor_and_mode(match["head"])
    pairs = {"actor": " ".join(actor.split())}
    if word:
        pairs["mode"] = word
    if not pairs["actor"]:
        return None
    text = match["text"].strip()
    if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        text = text[1:-1].strip()
    return ParsedNote(pairs=pairs, short=True, text=text)


def _actor_and_mode(head: str) -> tuple[str, str]:
    """Actors may have several words, so the last one is a mode only where it is one, or nearly."""
    words = head.split()
    if len(words) > 1 and difflib.get_close_matches(words[-1].casefold(), list(Mode), n=1, cutoff=0.7):
        return " ".join(words[:-1]), words[-1]
    return head, ""


def write_note(
    *,
    id: str = "",
    actor: str = "",
    mode: str = "",
    line: str = "",
    note: str = "",
    options: Mapping[str, str] | None = None,
) -> str:
    """The text of a note: `GR#7f3a: actor=MARA mode=talk line="I never left."`. Empty values are left out.

    `options` are other known keys. Parses back to the same values, also after `.upper()` (then in upper case);
    line breaks and other control characters become spaces, since no marker keeps them in every format.

    Raises:
        ValueError: an id that is not 4 to 8 of [0-9a-z], or a key that no note has.
    """
    if id and re.fullmatch(r"[0-9a-z]{4,8}", id) is None:
        raise ValueError(f"{id!r} is no id of a cue: 4 to 8 of 0-9 and a-z")
    values = {"actor": actor, "mode": mode, "line": line, "note": note, **(options or {})}
    unknown = set(values) - set(KNOWN_KEYS)
    if unknown:
        raise ValueError(f"{sorted(unknown)} are no keys of a note. {nearest(min(unknown), KNOWN_KEYS)}")
    written = [f"{key}={_quoted(key, values[key])}" for key in KNOWN_KEYS if values.get(key)]
    return " ".join([f"GR#{id}:" if id else "GR:", *written])


def _quoted(key: str, value: str) -> str:
    value = "".join(character if character.isprintable() else _printable(character) for character in value)
    if key not in {"line", "note"} and _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _printable(character: str) -> str:
    # Lone surrogates can't be stored by OpenTimelineIO (TypeError); the rest are breaks and odd spaces.
    return "\N{REPLACEMENT CHARACTER}" if "\ud800" <= character <= "\udfff" else " "


def _warning(code: str, message: str, hint: str = "") -> Problem:
    return Problem(Severity.WARNING, code, message, hint)

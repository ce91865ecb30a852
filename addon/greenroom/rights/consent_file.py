# SPDX-License-Identifier: Apache-2.0
"""consent.toml: beside an actor (cast/NAME), or of a stand-in or a voice (consent/NAME). Editors may write it by hand.

schema = 1
name = "Mara Lind"               # as editors say it

[[consent]]                      # several, one after the other: each stands for itself
kind = "digital replica"         # digital replica, digital alteration or synthetic performer
who = "Jane Doe"                 # as she signed
covers = ["face", "voice"]
media = ["media/jane_*.mov"]     # footage and sound in which she is seen or heard, from the project's folder
projects = ["0f6a3c52-..."]      # scope; what is left out limits nothing
scenes = ["SC03"]
modes = ["talk", "lipsync"]
languages = ["en"]
hosts = ["fal"]
from = 2026-11-01                # whole days in `zone`, UTC without one; or moments with their offset
until = 2027-06-30
zone = "America/New_York"
withdrawn = 2027-01-02
scan = "jane.pdf"                # what was signed, in this folder, and its sha256
sha256 = "..."
contact = "agent@example.com"    # who can widen it
made = "..."                     # of synthetic performers: how, and the portrait's sha256
portrait = "..."
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

import greenroom.rights.consent as values
from greenroom.errors import Problem, Severity, nearest

__all__ = ["FILE", "SCHEMA", "kind_named", "read_consents", "sha256_of"]

FILE = "consent.toml"
SCHEMA = 1
_TEXTS = ("who", "scan", "sha256", "made", "portrait", "contact", "note")
_LISTS = ("covers", "media", "projects", "scenes", "modes", "languages", "hosts")
_KEYS = ("kind", *_TEXTS, *_LISTS, "from", "until", "zone", "withdrawn")
_LARGEST = 1 << 20  # bytes: a record is a page, and a file of a hundred megabytes isn't one

_digests: dict[tuple[str, int, int, int], str] = {}


def kind_named(written: str) -> str:
    """The kind as editors may write it: in any case, with dashes or underscores; "" where it is none."""
    name = " ".join(written.casefold().replace("-", " ").replace("_", " ").split())
    return name if name in values.KINDS else ""


def read_consents(folder: Path) -> tuple[tuple[values.Consent, ...], tuple[Problem, ...]]:
    """The records in `folder`, and what is wrong with its file. A record that can't be used is there, with its faults;
    a file that can't be read is one record with that fault. Nothing is raised.
    """
    file = folder / FILE
    if not os.path.lexists(file):
        return (), ()
    try:
        table = _parse(file)
        entries = table.get("consent", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError("records begin with [[consent]], in two brackets")
        if not entries:
            raise ValueError("there is no [[consent]] in it")
    except ValueError as error:
        broken = values.Consent(folder.name, "", file, actor=_is_actor(folder), faults=(f"{FILE} {error}",))
        return (broken,), (_problem(broken, f"{FILE}: {error}"),)
    records = tuple(_Entry(folder, entry).read() for entry in entries)
    problems = [_problem(record, fault) for record in records for fault in record.faults]
    problems += [
        Problem(Severity.WARNING, "consent-doubt", doubt, f"Mend {FILE}.", str(file))
        for record in records
        for doubt in record.doubts
    ]
    return records, tuple(dict.fromkeys(problems))


def _problem(record: values.Consent, fault: str) -> Problem:
    hint = "Mend it, or add another: greenroom consent add"
    return Problem(
        Severity.WARNING, "consent-broken", f"a consent record counts for nothing: {fault}", hint, str(record.file)
    )


def _is_actor(folder: Path) -> bool:
    return (folder / "actor.toml").exists() or folder.parent.name == "cast"


def _parse(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > _LARGEST:
            raise ValueError("is too large to be a consent record")
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ValueError(f"can't be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError("is not text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is no TOML: {error}") from error
    schema = table.get("schema", SCHEMA)
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise ValueError(f"has schema = {schema!r}, which is no version; write schema = {SCHEMA}")
    if schema > SCHEMA:
        raise ValueError(f"is of a newer Greenroom (schema {schema}; this one knows {SCHEMA})")
    return table


class _Entry:
    """One [[consent]], read with all that is wrong in it."""

    def __init__(self, folder: Path, entry: Mapping[str, Any]) -> None:
        self._folder, self._entry = folder, entry
        self._faults: list[str] = []
        self._doubts: list[str] = []

    def read(self) -> values.Consent:
        texts = {key: self._text(key) for key in _TEXTS}
        lists = {key: self._list(key) for key in _LISTS}
        kind = self._kind()
        zone = self._zone()
        begins, ends = self._moment("from", zone), self._moment("until", zone, end=True)
        if begins is not None and ends is not None and ends <= begins:
            self._faults.append(f"it ends ({self._entry['until']}) before it begins ({self._entry['from']})")
        withdrawn = self._moment("withdrawn", zone)
        if "withdrawn" in self._entry and withdrawn is None:
            withdrawn = datetime.min.replace(tzinfo=UTC)  # whoever meant to take it back is taken at their word
        self._check_people(kind, texts)
        self._check_covers(lists)
        self._check_scan(texts["scan"], texts["sha256"], kind)
        self._doubts += [f'"{key}" means nothing. {nearest(key, _KEYS)}' for key in self._entry if key not in _KEYS]
        return values.Consent(
            name=self._folder.name,
            kind=kind,
            file=self._folder / FILE,
            actor=_is_actor(self._folder),
            begins=begins,
            ends=ends,
            withdrawn=withdrawn,
            faults=tuple(self._faults),
            doubts=tuple(self._doubts),
            who=texts["who"],
            scan=texts["scan"],
            sha256=texts["sha256"].casefold(),
            made=texts["made"],
            portrait=texts["portrait"].casefold(),
            contact=texts["contact"],
            note=texts["note"],
            covers=lists["covers"] or values.ASPECTS,
            media=lists["media"],
            projects=lists["projects"],
            scenes=lists["scenes"],
            modes=lists["modes"],
            languages=lists["languages"],
            hosts=lists["hosts"],
        )

    def _text(self, key: str) -> str:
        value = self._entry.get(key, "")
        if isinstance(value, str):
            return " ".join(value.split())
        self._faults.append(f'{key} = {value!r} is no text; write {key} = "..." with quotes')
        return ""

    def _list(self, key: str) -> tuple[str, ...]:
        value = self._entry.get(key, [])
        found = [value] if isinstance(value, str) else value
        if isinstance(found, list) and all(isinstance(each, str) for each in found):
            if key in self._entry and not any(each.strip() for each in found):
                self._faults.append(f"{key} is empty: nothing is allowed; leave the line out where it limits nothing")
            return tuple(each.strip() for each in found if each.strip())
        self._faults.append(f'{key} = {value!r} is no list; write {key} = ["...", "..."]')
        return ()

    def _kind(self) -> str:
        written = self._entry.get("kind", "")
        kind = kind_named(written) if isinstance(written, str) else ""
        if not kind:
            said = f'"{written}" is no kind of consent' if written else "it says no kind"
            self._faults.append(f"{said}. {nearest(str(written), values.KINDS)}".rstrip("."))
        return kind

    def _zone(self) -> tzinfo:
        written = self._text("zone")
        if not written or written.upper() in ("UTC", "Z"):
            return UTC
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(written)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            self._faults.append(f'this machine knows no time zone "{written}"; write one as "Europe/Berlin", or UTC')
            return UTC

    def _moment(self, key: str, zone: tzinfo, *, end: bool = False) -> datetime | None:
        """A day is a whole day in `zone`: it begins with the day, and ends when the day is over."""
        value = self._entry.get(key)
        if value is None:
            return None
        try:
            if isinstance(value, str):
                text = value.strip()
                value = date.fromisoformat(text) if len(text) == len("2027-06-30") else datetime.fromisoformat(text)
            if isinstance(value, datetime):
                return (value if value.tzinfo is not None else value.replace(tzinfo=zone)).astimezone(UTC)
            if isinstance(value, date):
                day = value + timedelta(days=1) if end else value
                return datetime.combine(day, time(), zone).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        self._faults.append(f"{key} = {self._entry[key]!r} is no day; write {key} = 2027-06-30")
        return None

    def _check_people(self, kind: str, texts: Mapping[str, str]) -> None:
        if kind == values.SYNTHETIC and not texts["made"]:
            self._faults.append('a synthetic performer says how it was made: made = "..."')
        if kind in (values.REPLICA, values.ALTERATION) and not texts["who"]:
            self._faults.append('it names nobody: who = "..."')

    def _check_covers(self, lists: dict[str, tuple[str, ...]]) -> None:
        wrong = [each for each in lists["covers"] if each.casefold() not in values.ASPECTS]
        self._faults += [f'covers can\'t have "{each}". {nearest(each, values.ASPECTS)}'.rstrip(".") for each in wrong]
        lists["covers"] = tuple(each.casefold() for each in lists["covers"])

    def _check_scan(self, scan: str, sha256: str, kind: str) -> None:
        if not scan:
            if kind in (values.REPLICA, values.ALTERATION):
                self._doubts.append("no scan of what was signed is kept with the consent: it can't be proved")
            return
        path = self._folder / scan
        if not path.resolve().is_relative_to(self._folder.resolve()):
            self._faults.append(f'scan = "{scan}" leads out of the folder')
            return
        try:
            found = sha256_of(path)
        except OSError:
            self._faults.append(f'the scan "{scan}" is missing, so nothing shows that it was signed')
            return
        if not sha256:
            self._faults.append(f'the scan "{scan}" has no sha256 beside it; write sha256 = "{found}"')
        elif found != sha256.casefold():
            self._faults.append(f'the scan "{scan}" was changed since it was put there')


def sha256_of(path: Path) -> str:
    """The file's sha256; an unchanged file is read once in a process.

    Raises:
        OSError: it can't be read.
    """
    facts = path.stat()
    key = (str(path), facts.st_size, facts.st_mtime_ns, facts.st_ino)
    if key not in _digests:
        with path.open("rb") as file:
            _digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _digests[key]

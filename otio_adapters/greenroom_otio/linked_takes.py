# SPDX-License-Identifier: Apache-2.0
"""A project's takes as its take.json files have them: all that the media linker knows."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from greenroom_otio.errors import ReadError

__all__ = ["CueOnDisk", "TakeOnDisk", "cues_on_disk", "stem"]

_SCHEMA = 1
_TAKE = re.compile(r"^take_(\d{3,})$")
_SUFFIX = re.compile(
    r"\.(mov|mp4|m4v|mxf|avi|mkv|webm|wav|aiff?|mp3|m4a|braw|r3d|ari|exr|dpx|tiff?|png|jpe?g)$", re.IGNORECASE
)
_FRESH = 5.0  # seconds: a linker is called for every clip of a cut, and a project read once for all of them
_read: dict[Path, tuple[float, Mapping[str, CueOnDisk]]] = {}


@dataclass(frozen=True)
class TakeOnDisk:
    """One take. `stand_in` is the name of the file that lay in the slot, "" where the take doesn't count as it does."""

    number: int
    media: Path
    start_frame: int
    frames: int
    head: int
    tail: int
    rate: Fraction
    stand_in: str
    facts: Mapping[str, Any]

    @property
    def key(self) -> str:
        return f"greenroom.take_{self.number:03d}"

    @property
    def slot(self) -> int:
        return self.frames - self.head - self.tail


@dataclass(frozen=True)
class CueOnDisk:
    """A cue's takes, and the one to use: the circled one, else the newest. `files` are the takes' names."""

    id: str
    takes: tuple[TakeOnDisk, ...]
    take: TakeOnDisk
    files: frozenset[str]


def cues_on_disk(project: Path) -> Mapping[str, CueOnDisk]:
    """The cues of the project in this folder that have takes, by id.

    Raises:
        ReadError: no project is there.
    """
    known = _read.get(project)
    if known is not None and time.monotonic() - known[0] < _FRESH:
        return known[1]
    if not (project / "greenroom.toml").is_file():
        hint = "Name the folder that holds greenroom.toml: -M project=DIR."
        raise ReadError("no Greenroom project is here", hint=hint, where=str(project))
    found = {cue.id: cue for folder in sorted(_folders(project / "takes")) if (cue := _cue(folder)) is not None}
    _read[project] = (time.monotonic(), found)
    return found


def stem(name: str) -> str:
    """A file's or clip's name as both sides may know it: casefolded, without folders and media suffix."""
    last = re.split(r"[/\\]", unquote(name) if "%" in name else name)[-1]
    return _SUFFIX.sub("", last).strip().casefold()


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [each for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")]


def _cue(folder: Path) -> CueOnDisk | None:
    numbered = [(int(match[1]), each) for each in _folders(folder) if (match := _TAKE.match(each.name))]
    found = [(take, cue) for number, each in sorted(numbered) for take, cue in _take(each, number)]
    if not found:
        return None
    takes = tuple(take for take, _ in found)
    circled = (_json(folder / "cue.json") or {}).get("circled")
    chosen = next((take for take in takes if take.number == circled), takes[-1])
    return CueOnDisk(found[0][1], takes, chosen, frozenset(stem(take.media.name) for take in takes))


def _take(folder: Path, number: int) -> list[tuple[TakeOnDisk, str]]:
    """The take and its cue; nothing where the sidecar can't be read or the movie is gone."""
    record = _json(folder / "take.json")
    if record is None:
        return []
    try:
        spec, cue = record["spec"], str(record["cue"])
        media = folder / Path(str(record["media"])).name
        facts = {
            "schema": 1,
            "cue": cue,
            "take": number,
            "label": str(record["engine"]["label"]),
            "engine": str(record["engine"]["name"]),
            "sha256": str(record["sha256"]),
        }
        start, head = int(spec["start_frame"]), int(spec["head"])
        rate = Fraction(str(spec["rate"]))
        name = _stand_in(record["request"].get("stand_in"), start + head, rate)
        take = TakeOnDisk(number, media, start, int(spec["frames"]), head, int(spec["tail"]), rate, name, facts)
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError):
        return []
    return [(take, cue)] if media.is_file() else []


def _stand_in(source: Any, start: int, rate: Fraction) -> str:
    """A take whose slot starts at one hour counts for itself: its clip had no count that it could follow."""
    one_hour = 3600 * -(-rate.numerator // rate.denominator)
    return stem(str(source.get("path", ""))) if isinstance(source, dict) and start != one_hour else ""


def _json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    known = isinstance(value, dict) and isinstance(value.get("schema"), int) and value["schema"] <= _SCHEMA
    return value if known else None

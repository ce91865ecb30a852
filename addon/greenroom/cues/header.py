# SPDX-License-Identifier: Apache-2.0
"""What a cut says of itself as a whole: rate, start, drop-frame, size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.cues.clock import nearest_frame, rate_of, rate_of_cut, whole
from greenroom.cues.source import is_clip
from greenroom.errors import Problem, Severity, TimelineError
from greenroom.frames import is_drop_frame_rate, timecode
from greenroom_otio import Values

__all__ = ["Header", "read_header"]

_ASKED = 50
"""Items of a track that are asked for their rate."""


@dataclass(frozen=True)
class Header:
    """See `Layout` for the fields. `folder` is where relative media paths count from."""

    name: str
    rate: Fraction
    start: int
    drop_frame: bool
    width: int | None
    height: int | None
    folder: Path
    format: str
    resolve: bool  # written by DaVinci Resolve, whose metadata is then worth asking for
    problems: tuple[Problem, ...]


def read_header(cut: Values, *, path: Path | None, rate: Fraction | None) -> Header:
    """The head of `cut`; `rate` wins over what it says.

    Raises:
        TimelineError: no rate anywhere.
    """
    metadata = cut.get("metadata") or {}
    read = _plain(metadata.get("greenroom_read"))
    start = cut.get("global_start_time")
    found = rate or _written_rate(read) or rate_of_cut(start, _rates(cut["tracks"]))
    if found is None:
        raise TimelineError(
            "nothing in this cut says at which rate it plays",
            hint="Give the rate, for example --rate 24.",
            where=str(path or cut.get("name")),
        )
    first = _start_frame(start, found)
    return Header(
        name=cut.get("name") or (path.stem if path else ""),
        rate=found,
        start=first,
        drop_frame=_drop_frame(read.get("drop_frame"), first, found),
        width=_size(read.get("width")),
        height=_size(read.get("height")),
        folder=path.parent if path else Path(),
        format=str(read.get("format") or ""),
        resolve="Resolve_OTIO" in metadata,
        problems=tuple(_warnings(read.get("warnings"))),
    )


def _plain(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _written_rate(read: dict[str, Any]) -> Fraction | None:
    value = read.get("rate")
    if isinstance(value, str):
        try:
            value = float(Fraction(value))
        except (ValueError, ZeroDivisionError):
            return None
    return rate_of(value) if isinstance(value, int | float) and value > 0 else None


def _rates(stack: Values) -> Iterator[float]:
    """Rates of the first items of each track, sound after picture: it may count in samples."""
    for kind in ("Video", "Audio"):
        for track in stack.get("children") or ():
            if track.get("kind", "Video") == kind:
                yield from _item_rates((track.get("children") or ())[:_ASKED])


def _item_rates(items: Iterable[Values]) -> Iterator[float]:
    for item in items:
        shown = item.get("source_range")
        if shown is None and is_clip(item):
            reference = item["media_references"].get(item["active_media_reference_key"])
            shown = reference.get("available_range") if reference is not None else None
        if shown is not None:
            yield shown[3]


def _start_frame(start: tuple[float, float] | None, rate: Fraction) -> int:
    """The frame of the cut's start. A start at another rate is a time, as all times of OTIO are."""
    own, value = (rate_of(start[1]), whole(start[0])) if start is not None else (None, None)
    return nearest_frame(value * rate / own) if own is not None and value is not None else 0


def _drop_frame(said: Any, start: int, rate: Fraction) -> bool:
    """What the reader says; otherwise a start on a whole hour gives it away (107892 is 01:00:00;00)."""
    if not is_drop_frame_rate(rate):
        return False
    if said is not None:
        return bool(said)
    return start > 0 and timecode(start, rate, drop_frame=True).endswith("00:00;00")


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _warnings(listed: Any) -> Iterator[Problem]:
    for item in listed or ():
        said = _plain(item)
        if said.get("message"):
            texts = (str(said.get(key) or "") for key in ("code", "message", "hint", "where"))
            yield Problem(Severity.WARNING, *texts)

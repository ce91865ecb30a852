# SPDX-License-Identifier: Apache-2.0
"""From an OTIO timeline to a host's snapshot: what an import builds its tracks from. See `vse` for what is kept.

Where a take of Greenroom's is active, the item is what the editor had; the host asks for the takes afterwards
("apply"), so that they come with their handles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from greenroom_otio.losses import Loss
from greenroom_otio.reading import READ_KEY
from greenroom_otio.values import Values, schema_of, values_of
from greenroom_otio.vse_clip import item_of
from greenroom_otio.vse_fields import SCHEMA
from greenroom_otio.vse_from import Place, exact, host_of, length_of, metadata_of, pair, whole
from greenroom_otio.vse_values import Json

__all__ = ["snapshot_of"]


@dataclass
class _Track:
    """A track of the snapshot as it fills; sound and picture of one channel come together again."""

    values: Json
    items: list[Json] = field(default_factory=list)


def snapshot_of(timeline: Any) -> tuple[Json, tuple[Loss, ...]]:
    """The snapshot of an OTIO timeline, and what it can't hold.

    Items keep the uids that they came with, others get new ones.
    """
    values = values_of(timeline)
    place = _place(values)
    tracks: dict[tuple[str, int], _Track] = {}
    markers: list[Json] = []
    counts = {"video": 0, "audio": 0}
    for track in values["tracks"].get("children") or ():
        kind = str(track.get("kind", "Video")).casefold()
        if kind not in counts:
            place.lose(f'the track "{track.get("name") or ""}"', "", f'a host has no tracks of kind "{kind}"')
            continue
        counts[kind] += 1
        _add_track(track, kind, counts[kind], place, tracks, markers)
    markers += [place.marker(each, place.origin) for each in values["tracks"].get("markers") or ()]
    listed = [{**each.values, "items": sorted(each.items, key=_by_start)} for each in tracks.values()]
    snapshot = {
        "greenroom": "snapshot",
        "schema": SCHEMA,
        "host": host_of(values).get("host") or {"name": "otio", "version": "", "document": ""},
        "timeline": _head(values, place),
        "tracks": listed,
        "markers": sorted(markers, key=lambda marker: int(marker["frame"])),
    }
    return snapshot, tuple(dict.fromkeys(place.losses))


def _by_start(item: Json) -> int:
    return int(item["start"])


def _place(values: Values) -> Place:
    host, read = host_of(values), metadata_of(values).get(READ_KEY) or {}
    begin = values.get("global_start_time")
    rate = _rate(values, host, read)
    origin = host.get("origin")
    if not isinstance(origin, int):
        origin = whole(Fraction(begin[0]) * rate / exact(begin[1])) if begin is not None and begin[1] > 0 else 0
    return Place(rate, origin, str(read.get("folder") or ""))


def _rate(values: Values, host: Values, read: Values) -> Fraction:
    """What the snapshot said, what the reader found out, the start's rate, or that of the first item."""
    written = host.get("rate")
    if isinstance(written, list) and len(written) == 2:
        return Fraction(int(written[0]), int(written[1]))
    if read.get("rate"):
        return Fraction(str(read["rate"]))
    begin = values.get("global_start_time")
    rates = [begin[1]] if begin is not None and (begin[0] or not values["tracks"].get("children")) else []
    for track in values["tracks"].get("children") or ():
        rates += [item["source_range"][3] for item in track.get("children") or () if item.get("source_range")][:1]
    found = next((rate for rate in [*rates, begin[1] if begin is not None else 0] if 1 < rate <= 1000), 24)
    return exact(found)


def _head(values: Values, place: Place) -> Json:
    host, read = host_of(values), metadata_of(values).get(READ_KEY) or {}
    size = host.get("size") or [read.get("width"), read.get("height")]
    return {
        "uid": host.get("uid") or "",
        "name": values.get("name") or "",
        "rate": pair(place.rate),
        "start": host.get("start", place.origin),
        "start_timecode": host.get("start_timecode", ""),
        "drop_frame": bool(host.get("drop_frame", read.get("drop_frame"))),
        "size": size if all(isinstance(part, int) for part in size) else [],
    }


def _add_track(
    track: Values, kind: str, number: int, place: Place, tracks: dict[tuple[str, int], _Track], markers: list[Json]
) -> None:
    host = host_of(track)
    own = str(host.get("kind") or kind)
    known = host.get("index")
    index = known if isinstance(known, int) else number
    name = track.get("name") or ""
    made = tracks.setdefault((own, index), _Track(_track_values(track, own, index)))
    for child, start, before, after in _laid(track, place):
        where = f"{name or kind} {number}, frame {start}"
        if schema_of(child) == "Transition":
            made.items += _crossing(child, start, before, after, place)
        elif schema_of(child) == "Gap":
            markers += [place.marker(each, start - _first(child, place)) for each in child.get("markers") or ()]
        else:
            item = item_of(child, start, kind, place, where)
            item["fade_in"] = _fade(before, child, "in", place)
            item["fade_out"] = _fade(after, child, "out", place)
            made.items.append(item)
    markers += [place.marker(each, place.origin) for each in track.get("markers") or ()]


def _track_values(track: Values, kind: str, index: int) -> Json:
    host = host_of(track)
    enabled = track.get("enabled", True) is True
    named = {"kind": kind, "index": index, "name": track.get("name") or ""}
    return {**named, "locked": bool(host.get("locked", False)), "enabled": enabled}


def _first(item: Values, place: Place) -> int:
    """The number of an item's first frame in its own count."""
    shown = item.get("source_range")
    return whole(place.frames(*shown[:2])) if shown is not None else 0


def _laid(track: Values, place: Place) -> Iterator[tuple[Values, int, Values | None, Values | None]]:
    """The children of a track, the host's frame of each, and its neighbours."""
    children = track.get("children") or []
    position = Fraction(place.origin)
    for number, child in enumerate(children):
        before = children[number - 1] if number else None
        after = children[number + 1] if number + 1 < len(children) else None
        yield child, whole(position), before, after
        if schema_of(child) != "Transition":
            position += length_of(child, place)


def _is_fade(transition: Values, other: Values | None) -> bool:
    """Whether nothing but a gap is on the transition's other side."""
    return "fade" in host_of(transition) or other is None or schema_of(other) == "Gap"


def _crossing(transition: Values, edge: int, before: Values | None, after: Values | None, place: Place) -> list[Json]:
    if _is_fade(transition, before) or _is_fade(transition, after):
        return []
    host = host_of(transition)
    begin, end = (whole(place.frames(*transition[side])) for side in ("in_offset", "out_offset"))
    uid = place.uid(host.get("uid"))
    item = {"uid": uid, "kind": "transition", "name": transition.get("name") or "", "start": edge - begin}
    return [{**item, "frames": begin + end, "enabled": True, "media": "", "greenroom": None}]


def _fade(neighbour: Values | None, item: Values, side: str, place: Place) -> int:
    """The length of a fade at one side of an item; a dissolve into another item is none."""
    if neighbour is None or schema_of(neighbour) != "Transition":
        return 0
    said = host_of(neighbour).get("fade")
    inner, outer = ("out_offset", "in_offset") if side == "in" else ("in_offset", "out_offset")
    alone = said == f"fade_{side}" or (said is None and not neighbour[outer][0])
    return whole(place.frames(*neighbour[inner])) if alone else 0

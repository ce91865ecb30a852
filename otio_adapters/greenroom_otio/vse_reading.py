# SPDX-License-Identifier: Apache-2.0
"""From a host's snapshot to an OTIO document. See `vse` for what is kept and what is not.

Linear in the number of items: each track is sorted once and laid with gaps between.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from greenroom_otio import vse_values as otio_json
from greenroom_otio.losses import Warnings, warning
from greenroom_otio.vse_fields import Fields, check_snapshot
from greenroom_otio.vse_item import Cut, placed_item, timeline_markers, unique_uid
from greenroom_otio.vse_values import HOST_KEY, Json

__all__ = ["document_of"]


def document_of(snapshot: Any) -> tuple[Json, Warnings]:
    """The OTIO document of a snapshot, and what is doubtful about it.

    Raises:
        ReadError: it is no snapshot, or an item of it can't be; the error names the item.
    """
    check_snapshot(snapshot)
    head = Fields(snapshot.get("timeline"), "the timeline")
    rate = head.rate("rate")
    if rate is None:
        raise head.wrong("rate", "a timeline has a rate")
    start = head.frame("start", 0)
    tracks = [_track(each, number) for number, each in enumerate(Fields(snapshot, "the snapshot").listed("tracks"), 1)]
    first = min((item.frame("start") for _, items in tracks for item in items if not _is_take(item)), default=start)
    cut = Cut(rate, min(start, first), [])
    cut.shown = _shown_takes(item for _, items in tracks for item in items)
    laid = [made for fields, items in _in_order(tracks) for made in _otio_tracks(cut, fields, items)]
    stack = otio_json.stack(laid, timeline_markers(cut, snapshot))
    return otio_json.timeline(
        head.text("name"), _global_start(cut, head, start), stack, _metadata(cut, head, snapshot)
    ), cut.warnings


def _track(values: Any, number: int) -> tuple[Fields, list[Fields]]:
    fields = Fields(values, f"track {number}")
    if fields.text("kind") not in ("video", "audio"):
        raise fields.wrong("kind", "a track is video or audio")
    name = fields.text("name") or f"{fields.text('kind')} {fields.frame('index', number)}"
    return fields, [Fields(item, name) for item in fields.listed("items")]


def _in_order(tracks: list[tuple[Fields, list[Fields]]]) -> list[tuple[Fields, list[Fields]]]:
    """From the lowest up: hosts list them as they like."""
    return sorted(tracks, key=lambda track: track[0].frame("index", 0))


def _role(item: Fields) -> Mapping[str, Any]:
    ours = item.values.get("greenroom")
    return ours if isinstance(ours, Mapping) else {}


def _is_take(item: Fields) -> bool:
    return _role(item).get("role") == "take"


def _shown_takes(items: Iterable[Fields]) -> dict[str, int]:
    """Which take lies above which item, or is shown by it."""
    shown: dict[str, int] = {}
    for item in items:
        ours = _role(item)
        number, of = ours.get("take"), ours.get("of")
        if ours.get("role") == "stand_in":
            of = item.text("uid")  # Resolve shows a take in the item itself, by its take selector
        if type(number) is int and 0 < number < 1 << 31 and isinstance(of, str):
            shown[of] = number
    return shown


def _global_start(cut: Cut, head: Fields, start: int) -> Json:
    """Where OTIO's 0 lies in timecode: the host's own number of the frame, unless it says a timecode."""
    written = head.text("start_timecode")
    if written:
        from greenroom_otio.rates import frames_of

        try:
            return cut.time(max(0, frames_of(written, cut.rate) - (start - cut.origin)))
        except ValueError:
            message = f"the start timecode {written} can't be at this rate; frames are counted instead"
            cut.warnings.append(warning("start-timecode", message, where="the timeline"))
    return cut.time(max(0, cut.origin))


def _metadata(cut: Cut, head: Fields, snapshot: Mapping[str, Any]) -> Json:
    host = Fields(snapshot.get("host") or {}, "the host")
    size = [part for part in head.listed("size") if type(part) is int]
    kept = {
        "origin": cut.origin,
        "start": head.frame("start", 0),
        "start_timecode": head.text("start_timecode"),
        "uid": head.text("uid"),
        "rate": [cut.rate.numerator, cut.rate.denominator],
        "drop_frame": head.flag("drop_frame", False),
        "size": size if len(size) == 2 else [],
        "host": {key: host.text(key) for key in ("name", "version", "document")},
    }
    return {HOST_KEY: kept}


def _otio_tracks(cut: Cut, fields: Fields, items: list[Fields]) -> list[Json]:
    """A channel that holds picture and sound becomes a track of each; what overlaps goes to a track of its own."""
    own = fields.text("kind")
    kinds: dict[str, list[Fields]] = {}
    for item in items:
        if not _is_take(item):
            sound = own == "audio" or item.text("kind") == "sound"
            kinds.setdefault("audio" if sound else "video", []).append(item)
    if not kinds and not items:
        kinds = {own: []}
    made = []
    for kind in ("video", "audio"):
        if kind in kinds:
            made += [_otio_track(cut, fields, kind, layer, number) for number, layer in enumerate(_layers(kinds[kind]))]
    return made


def _layers(items: list[Fields]) -> list[list[Fields]]:
    """The items in record order, without overlaps: hosts forbid them, and yet they happen. Transitions lie on cuts."""
    layers: list[list[Fields]] = [[]]
    ends: list[int] = [-(1 << 62)]
    for item in sorted(items, key=lambda item: item.frame("start")):
        start = item.frame("start")
        if item.text("kind") == "transition":
            layers[0].append(item)
            continue
        place = next((number for number, end in enumerate(ends) if end <= start), None)
        if place is None:
            place = len(layers)
            layers.append([])
            ends.append(start)
        layers[place].append(item)
        ends[place] = start + item.count("frames")
    return layers


def _otio_track(cut: Cut, fields: Fields, kind: str, items: list[Fields], layer: int) -> Json:
    index = fields.frame("index", 0)
    label = fields.text("name") or f"{fields.text('kind')} {index}"
    crossings, contents = _crossings(cut, items)
    children: list[Json] = []
    position, before = cut.origin, None
    for item in contents:
        start = item.frame("start")
        crossing = crossings.get(start) or (crossings.get(position) if before is not None else None)
        children += _joint(cut, before, item, crossing, start - position)
        children.append(placed_item(cut, item, kind, index, label))
        before, position = item, start + item.count("frames")
    if before is not None:
        children += _joint(cut, before, None, crossings.get(position), 0)
    host = {"index": index, "kind": fields.text("kind"), "locked": fields.flag("locked", False), "layer": layer}
    return otio_json.track(fields.text("name"), kind, fields.flag("enabled", True), children, host)


def _crossings(cut: Cut, items: list[Fields]) -> tuple[dict[int, Json], list[Fields]]:
    """The transitions by the edge that they lie on, and all other items; a transition on no edge is one of them."""
    contents = [item for item in items if item.text("kind") != "transition"]
    if len(contents) == len(items):
        return {}, contents
    starts = {item.frame("start") for item in contents}
    edges = sorted(starts | {item.frame("start") + item.count("frames") for item in contents})
    crossings: dict[int, Json] = {}
    alone = []
    for item in items:
        if item.text("kind") == "transition":
            edge = _edge_under(item, edges, starts)
            if edge is None or edge in crossings:
                alone.append(item)
            else:
                crossings[edge] = _crossing(cut, item, edge)
    return crossings, sorted(contents + alone, key=lambda item: item.frame("start")) if alone else contents


def _edge_under(item: Fields, edges: list[int], starts: set[int]) -> int | None:
    """The edge that a transition lies on: where one clip meets the next, if there is such a place under it."""
    start, end = item.frame("start"), item.frame("start") + item.count("frames")
    under = edges[bisect_left(edges, start) : bisect_right(edges, end)]
    return next((edge for edge in under if edge in starts), under[0] if under else None)


def _crossing(cut: Cut, item: Fields, edge: int) -> Json:
    start, frames = item.frame("start"), item.count("frames")
    host = {"uid": unique_uid(cut, item), "kind": "transition", "start": start, "frames": frames}
    name = item.text("name")
    return otio_json.transition(name, "SMPTE_Dissolve", cut.time(edge - start), cut.time(start + frames - edge), host)


def _joint(cut: Cut, before: Fields | None, after: Fields | None, crossing: Json | None, room: int) -> list[Json]:
    """What stands between two items: a gap, a transition, fades. An empty gap keeps two transitions apart."""
    if crossing is not None:
        return [crossing] if room == 0 else [otio_json.gap(cut.time(room)), crossing]
    fade_out = _fade(cut, before, "fade_out")
    fade_in = _fade(cut, after, "fade_in")
    parted = room > 0 or (before is not None and after is not None and (fade_out or fade_in))
    return [*fade_out, *([otio_json.gap(cut.time(room))] if parted else []), *fade_in]


def _fade(cut: Cut, item: Fields | None, side: str) -> list[Json]:
    frames = min(item.count(side, 0), item.count("frames")) if item is not None and item.values.get(side) else 0
    if not frames:
        return []
    none, length = cut.time(0), cut.time(frames)
    offsets = (length, none) if side == "fade_out" else (none, length)
    return [otio_json.transition("", "SMPTE_Dissolve", *offsets, {"fade": side})]

# SPDX-License-Identifier: Apache-2.0
"""The quick look at an OTIO document: either it is certainly harmless, or the thorough check has to decide.

Nearly all documents are harmless, and reading a cut has to stay cheap, so this look names no places and mends
nothing. json.loads hands each object to `_look` as soon as it is complete, its own objects before it. What comes out
are the document's values (see `values`), in which times, half of all objects, are slim.
"""

from __future__ import annotations

import json
from typing import Any

from greenroom_otio.values import Values

__all__ = ["harmless_values"]

_CONTAINERS = frozenset((dict, list))
_NUMBER = frozenset((float, int))

# What OpenTimelineIO 0.18 writes and what needs no other look.
_PLAIN = frozenset(
    (
        "Effect.1",
        "ExternalReference.1",
        "FreezeFrame.1",
        "GeneratorReference.1",
        "LinearTimeWarp.1",
        "MissingReference.1",
        "TimeEffect.1",
        "Transition.1",
    )
)
_ITEMS = frozenset(("Gap.1", "Track.1", "Stack.1", "SerializableCollection.1"))


class _Unsure(Exception):
    """The document has something that the thorough check has to judge."""


def harmless_values(data: bytes, depth: int) -> Values | None:
    """The values of a UTF-8 document that can be given to OpenTimelineIO as it is, no deeper than `depth` levels.

    None where that is not certain.

    Raises:
        ValueError: as json.loads does, for what is no JSON.
    """
    try:
        values = json.loads(data.decode(), object_pairs_hook=_look)
    except (_Unsure, RecursionError):
        return None
    return values if _is_object(values) and _depth_within(values, depth) else None


def _depth_within(values: Values, limit: int) -> bool:
    """Whether no object or list lies deeper than `limit` levels."""
    level: list[Any] = [values]
    for _ in range(limit):
        level = [
            inner
            for node in level
            for inner in (node.values() if type(node) is dict else node)
            if inner and type(inner) in _CONTAINERS
        ]
        if not level:
            return True
    return False


def _look(pairs: list[tuple[str, Any]]) -> Any:
    """Judge one object, whose own objects were judged before, and give its value."""
    count = len(pairs)
    if count == 3:
        (key, label), (first, one), (second, other) = pairs
        if label == "RationalTime.1" and key == "OTIO_SCHEMA":
            numbers = first == "rate" and second == "value" and type(one) in _NUMBER and type(other) in _NUMBER
            if numbers and 0 < one < 1e6 and -1e15 < other < 1e15:
                return other, one
            raise _Unsure
        if label == "TimeRange.1" and key == "OTIO_SCHEMA":
            times = type(one) is type(other) is tuple and len(one) == len(other) == 2
            if times and first == "duration" and second == "start_time":
                return other + one
            raise _Unsure
    elif not count:
        return {}
    node = dict(pairs)
    if len(node) != count or count > 1000:
        raise _Unsure
    label = node.get("OTIO_SCHEMA")
    if label is None or (type(label) is str and (label in _PLAIN or _is_good(label, node))):
        return node
    raise _Unsure


def _is_object(value: Any) -> bool:
    return type(value) is dict and "OTIO_SCHEMA" in value


def _is_good(label: str, node: Values) -> bool:
    if label in _ITEMS:
        return _is_good_item(node)
    rule = _RULES.get(label)
    return rule is not None and rule(node)


def _is_good_item(node: Values) -> bool:
    return all(_is_good_list(node.get(field)) for field in ("children", "markers", "effects"))


def _is_good_list(values: Any) -> bool:
    return values is None or (type(values) is list and None not in values)


def _is_good_clip(node: Values) -> bool:
    references = node.get("media_references")
    return (
        type(references) is dict
        and type(node.get("active_media_reference_key")) is str
        and node["active_media_reference_key"] in references
        and _is_good_list(node.get("markers"))
        and _is_good_list(node.get("effects"))
    )


def _is_good_timeline(node: Values) -> bool:
    return _is_object(node.get("tracks"))


def _is_good_marker(node: Values) -> bool:
    """Resolve's markers carry their note in metadata: the thorough check moves it."""
    metadata = node.get("metadata")
    return type(metadata) is dict and "Resolve_OTIO" not in metadata


def _is_good_sequence(node: Values) -> bool:
    padding, step, rate = (node.get(key, 1) for key in ("frame_zero_padding", "frame_step", "rate"))
    if not (type(padding) is type(step) is int and type(rate) in _NUMBER):
        return False
    return 0 <= padding <= 20 and step != 0 and 0 < rate < 1e6


_RULES = {
    "Clip.2": _is_good_clip,
    "ImageSequenceReference.1": _is_good_sequence,
    "Marker.2": _is_good_marker,
    "Timeline.1": _is_good_timeline,
}

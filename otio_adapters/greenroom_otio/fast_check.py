# SPDX-License-Identifier: Apache-2.0
"""The quick look at an OTIO document: either OpenTimelineIO certainly reads it and comes to no harm, or the thorough
check and OpenTimelineIO itself have to decide.

Nearly all documents are harmless, and reading a cut has to stay cheap, so this look names no places and mends
nothing. Whoever only looks at such a cut needs no timeline: its values are what OpenTimelineIO would have read.
json.loads hands each object to `_look` as soon as it is complete, its own objects before it. What comes out are the
document's values (see `values`), in which times, half of all objects, are slim.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NoReturn, TypeAlias

from greenroom_otio.values import Values

__all__ = ["harmless_values"]

_CONTAINERS = frozenset((dict, list))
_NUMBER = frozenset((float, int))
_TEXT = frozenset((str, type(None)))
_MAPPING, _LIST, _BOOL = frozenset((dict,)), frozenset((list,)), frozenset((bool,))
_WHOLE, _TIME, _NOTHING = frozenset((int,)), frozenset((tuple,)), frozenset((type(None),))
_MAY_BE_TIME = _TIME | _NOTHING
_NEEDED = object()  # stands for a field that is not there, and is of no kind that any may have

# What OpenTimelineIO 0.18.1 reads of each schema: field, what its absence stands for, kinds that it takes. Found by
# trying each kind in each field; a test does so again. Fields that it doesn't know it keeps, whatever they are.
_Kinds: TypeAlias = frozenset[Any]
_Fields: TypeAlias = tuple[tuple[str, Any, _Kinds], ...]
_NAMED: _Fields = (("metadata", {}, _MAPPING), ("name", None, _TEXT))
_ITEM: _Fields = (
    *_NAMED,
    ("source_range", None, _MAY_BE_TIME),
    ("effects", [], _LIST),
    ("markers", [], _LIST),
    ("enabled", True, _BOOL),
    ("color", None, _NOTHING),
)
_COMPOSITION: _Fields = (*_ITEM, ("children", _NEEDED, _LIST))
_EFFECT: _Fields = (*_NAMED, ("effect_name", _NEEDED, _TEXT), ("enabled", True, _BOOL))
_WARP: _Fields = (*_EFFECT, ("time_scalar", _NEEDED, _NUMBER))
_MEDIA: _Fields = (*_NAMED, ("available_range", None, _MAY_BE_TIME), ("available_image_bounds", None, _NOTHING))
_SEQUENCE: _Fields = (
    *_MEDIA,
    *((key, _NEEDED, _TEXT) for key in ("target_url_base", "name_prefix", "name_suffix")),
    *((key, _NEEDED, _WHOLE) for key in ("start_frame", "frame_step", "frame_zero_padding")),
    ("rate", _NEEDED, _NUMBER),
    ("missing_frame_policy", _NEEDED, frozenset((str,))),
)
_SCHEMAS: dict[str, _Fields] = {
    "Clip.2": (*_ITEM, ("media_references", _NEEDED, _MAPPING), ("active_media_reference_key", _NEEDED, _TEXT)),
    "Effect.1": _EFFECT,
    "ExternalReference.1": (*_MEDIA, ("target_url", _NEEDED, _TEXT)),
    "FreezeFrame.1": _WARP,
    "Gap.1": _ITEM,
    "GeneratorReference.1": (*_MEDIA, ("generator_kind", _NEEDED, _TEXT), ("parameters", _NEEDED, _MAPPING)),
    "ImageSequenceReference.1": _SEQUENCE,
    "LinearTimeWarp.1": _WARP,
    "Marker.2": (*_NAMED, ("color", None, _TEXT), ("comment", None, _TEXT), ("marked_range", _NEEDED, _TIME)),
    "MissingReference.1": _MEDIA,
    "SerializableCollection.1": (*_NAMED, ("children", _NEEDED, _LIST)),
    "Stack.1": _COMPOSITION,
    "TimeEffect.1": _EFFECT,
    "Timeline.1": (*_NAMED, ("global_start_time", None, _MAY_BE_TIME), ("tracks", _NEEDED, _MAPPING)),
    "Track.1": (*_COMPOSITION, ("kind", _NEEDED, _TEXT)),
    "Transition.1": (
        *_NAMED,
        ("in_offset", _NEEDED, _TIME),
        ("out_offset", _NEEDED, _TIME),
        ("transition_type", _NEEDED, _TEXT),
    ),
}
_RANGES = ("source_range", "available_range", "marked_range")  # four numbers; other times are two

_COMPOSABLES = frozenset(("Clip.2", "Gap.1", "Stack.1", "Track.1", "Transition.1"))
_EFFECTS = frozenset(("Effect.1", "FreezeFrame.1", "LinearTimeWarp.1", "TimeEffect.1"))
_MARKERS = frozenset(("Marker.2",))
_REFERENCES = frozenset(
    ("ExternalReference.1", "GeneratorReference.1", "ImageSequenceReference.1", "MissingReference.1")
)
_POLICIES = frozenset(("error", "hold", "black"))
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # Python takes half of a character, OpenTimelineIO's parser doesn't


class _Unsure(Exception):
    """The document has something that the thorough check has to judge."""


def harmless_values(data: bytes, depth: int) -> Values | None:
    """The values of a UTF-8 document that can be given to OpenTimelineIO as it is, no deeper than `depth` levels.

    None where that is not certain.

    Raises:
        ValueError: as json.loads does, for what is no JSON.
    """
    if _SURROGATE.search(data):
        return None
    try:
        values = json.loads(data.decode(), object_pairs_hook=_look, parse_constant=_unsure)
    except (_Unsure, RecursionError):
        return None
    return values if _is_object(values) and _depth_within(values, depth) else None


def _unsure(_: str) -> NoReturn:
    raise _Unsure


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
    label = node.get("OTIO_SCHEMA", _NEEDED)
    if label is _NEEDED or (type(label) is str and label in _SCHEMAS and _is_good(label, node)):
        return node
    raise _Unsure


def _is_object(value: Any) -> bool:
    return type(value) is dict and "OTIO_SCHEMA" in value


def _is_good(label: str, node: Values) -> bool:
    for key, otherwise, kinds in _SCHEMAS[label]:
        value: Any = node.get(key, otherwise)
        if type(value) not in kinds or (type(value) is tuple and len(value) != (4 if key in _RANGES else 2)):
            return False
        if kinds is _MAPPING and key != "tracks" and "OTIO_SCHEMA" in value:
            return False  # an object, where a plain mapping has to be
    rule = _RULES.get(label)
    return rule is None or rule(node)


def _are(values: Iterable[Any], labels: frozenset[str]) -> bool:
    return all(type(value) is dict and value.get("OTIO_SCHEMA") in labels for value in values)


def _is_good_item(node: Values) -> bool:
    effects, markers = node.get("effects"), node.get("markers")
    return (not effects or _are(effects, _EFFECTS)) and (not markers or _are(markers, _MARKERS))


def _is_good_clip(node: Values) -> bool:
    references = node["media_references"]
    return (
        node["active_media_reference_key"] in references
        and _are(references.values(), _REFERENCES)
        and _is_good_item(node)
    )


def _is_good_composition(node: Values) -> bool:
    return _are(node["children"], _COMPOSABLES) and _is_good_item(node)


def _is_good_collection(node: Values) -> bool:
    return all(_is_object(child) for child in node["children"])


def _is_good_warp(node: Values) -> bool:
    return bool(abs(node["time_scalar"]) < 1e15)  # and no infinity


def _is_good_timeline(node: Values) -> bool:
    return bool(node["tracks"].get("OTIO_SCHEMA") == "Stack.1")


def _is_good_marker(node: Values) -> bool:
    """Resolve's markers carry their note in metadata: the thorough check moves it."""
    return "Resolve_OTIO" not in node.get("metadata", ())


def _is_good_sequence(node: Values) -> bool:
    padding, step, rate = node["frame_zero_padding"], node["frame_step"], node["rate"]
    if node["missing_frame_policy"] not in _POLICIES or abs(node["start_frame"]) > 1e9:
        return False
    return bool(0 <= padding <= 20 and 0 < abs(step) < 1e9 and 0 < rate < 1e6)


_RULES = {
    "Clip.2": _is_good_clip,
    "FreezeFrame.1": _is_good_warp,
    "Gap.1": _is_good_item,
    "ImageSequenceReference.1": _is_good_sequence,
    "LinearTimeWarp.1": _is_good_warp,
    "Marker.2": _is_good_marker,
    "SerializableCollection.1": _is_good_collection,
    "Stack.1": _is_good_composition,
    "Timeline.1": _is_good_timeline,
    "Track.1": _is_good_composition,
}

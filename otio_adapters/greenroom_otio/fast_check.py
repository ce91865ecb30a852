# SPDX-License-Identifier: Apache-2.0
"""The quick look at an OTIO document: either it is certainly harmless, or the thorough check has to decide.

Nearly all documents are harmless, and reading a cut has to stay cheap, so this look names no places and mends
nothing. json.loads hands each object to `_Look` as soon as it is complete; what is found good is let go at once,
which keeps the tree small and costs little more than json.loads alone (at 10,000 clips half of OTIO's own read).
"""

from __future__ import annotations

import json
from typing import Any

__all__ = ["is_harmless"]

_OPEN = (b"{}", b"[]")
_STRUCTURE = b'{}[]"'
_NOT_STRUCTURE = bytes(set(range(256)) - set(_STRUCTURE))
_GOOD = object()  # stands for an object that was looked at and let go
_NUMBER = frozenset((float, int))

# What OpenTimelineIO 0.18 writes and what can be let go without another look.
_PLAIN = frozenset(
    (
        "Effect.1",
        "ExternalReference.1",
        "FreezeFrame.1",
        "GeneratorReference.1",
        "LinearTimeWarp.1",
        "MissingReference.1",
        "TimeEffect.1",
        "TimeRange.1",
        "Transition.1",
    )
)
_ITEMS = frozenset(("Gap.1", "Track.1", "Stack.1", "SerializableCollection.1"))


class _Unsure(Exception):
    """The document has something that the thorough check has to judge."""


def is_harmless(data: bytes, depth: int) -> bool:
    """Whether the UTF-8 document can be given to OpenTimelineIO as it is: no deeper than `depth` levels.

    Spaces go first, two thirds of a document: between tokens they mean nothing, and in texts they don't matter here.

    Raises:
        ValueError: as json.loads does, for what is no JSON.
    """
    data = data.translate(None, b" \r\n")
    if not _depth_within(data, depth):
        return False
    try:
        return json.loads(data.decode(), object_pairs_hook=_look) is _GOOD
    except _Unsure:
        return False


def _depth_within(data: bytes, limit: int) -> bool:
    """Whether no object or list lies deeper than `limit` levels. `data` need not be valid JSON.

    Only brackets and quotation marks are kept; texts without brackets vanish; then the innermost pairs are taken
    away, level by level. What isn't balanced counts as too deep: the parser will say what is wrong with it.
    """
    rest = _structure(data).replace(b'""', b"")
    if b'"' in rest:
        rest = b"".join(rest.split(b'"')[::2])  # every other piece is inside a text
    for _ in range(limit):
        if not rest:
            return True
        for pair in _OPEN:
            rest = rest.replace(pair, b"")
    return not rest


def _structure(data: bytes) -> bytes:
    """The brackets and quotation marks of `data` in their order, without the escaped marks."""
    pieces = data.split(b"\\")
    kept = [pieces[0].translate(None, _NOT_STRUCTURE)]
    after_backslash = True
    for piece in pieces[1:]:
        if not piece:  # nothing between two backslashes: the second one is escaped by the first, and escapes nothing
            after_backslash = not after_backslash
            continue
        marks = piece.translate(None, _NOT_STRUCTURE)
        kept.append(marks[1:] if after_backslash and piece[0] in _STRUCTURE else marks)
        after_backslash = True
    return b"".join(kept)


def _look(pairs: list[tuple[str, Any]]) -> Any:
    """Judge one object, whose own objects were judged before. Tables without a schema are kept for their owner."""
    if len(pairs) == 3 and pairs[0][1] == "RationalTime.1":
        (first, _), (second, rate), (third, value) = pairs
        if first == "OTIO_SCHEMA" and second == "rate" and third == "value":
            if type(rate) in _NUMBER and type(value) in _NUMBER and 0 < rate < 1e6 and -1e15 < value < 1e15:
                return _GOOD
            raise _Unsure
    if len(pairs) == 3 and pairs[0][1] == "TimeRange.1" and pairs[1][1] is pairs[2][1] is _GOOD:
        return _GOOD
    node = dict(pairs)
    if len(node) != len(pairs) or len(node) > 1000:
        raise _Unsure
    label = node.get("OTIO_SCHEMA")
    if label is None:
        return node
    if type(label) is not str:
        raise _Unsure
    if label in _PLAIN or (label in _ITEMS and _is_good_item(node)):
        return _GOOD
    rule = _RULES.get(label)
    if rule is None or not rule(node):
        raise _Unsure
    return _GOOD


def _is_good_item(node: dict[str, Any]) -> bool:
    return all(_is_good_list(node.get(field)) for field in ("children", "markers", "effects"))


def _is_good_list(values: Any) -> bool:
    return values is None or (type(values) is list and None not in values)


def _is_good_clip(node: dict[str, Any]) -> bool:
    references = node.get("media_references")
    return (
        type(references) is dict
        and type(node.get("active_media_reference_key")) is str
        and node["active_media_reference_key"] in references
        and _is_good_list(node.get("markers"))
        and _is_good_list(node.get("effects"))
    )


def _is_good_timeline(node: dict[str, Any]) -> bool:
    return node.get("tracks") is _GOOD


def _is_good_marker(node: dict[str, Any]) -> bool:
    """Resolve's markers carry their note in metadata: the thorough check moves it."""
    metadata = node.get("metadata")
    return type(metadata) is dict and "Resolve_OTIO" not in metadata


_RULES = {"Clip.2": _is_good_clip, "Timeline.1": _is_good_timeline, "Marker.2": _is_good_marker}

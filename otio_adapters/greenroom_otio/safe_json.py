# SPDX-License-Identifier: Apache-2.0
"""OTIO documents, checked before OpenTimelineIO's C++ reader sees them.

OpenTimelineIO 0.18 trusts its input: an UnknownSchema aborts the process, a Clip.1 with several references or a
Timeline without tracks crashes it, deep nesting overflows the stack. Python's json parser does none of that, so
each document passes through it first. The check is one pass over the levels of the tree, in comprehensions over
whole levels: at 10,000 clips it costs a fifth of the read itself, json.loads another third.

What OpenTimelineIO then parses is the same text, so the two parsers must agree on it. They differ in one thing,
doubled keys (the last one wins, but the C++ reader builds the first one too): those are refused.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, compress, repeat
from operator import eq, itemgetter, not_
from typing import Any

import opentimelineio as otio

from greenroom_otio.document_rules import MAX_MEMBERS, MAX_RATE, MAX_TIME, RULES, Refused, find_bad_time
from greenroom_otio.errors import ReadError
from greenroom_otio.losses import Warnings

__all__ = ["MAX_BYTES", "checked_document", "parse_otio"]

MAX_BYTES = 512 << 20  # 200,000 clips; json.loads takes about 2.5 times as much memory
MAX_DEPTH = 200  # facts: a thread with 256 KB of stack dies at 2,000; nested stacks get slow far earlier
_INF = re.compile(r"(?<=[:\[,\s])(-?)Inf(?=[\s,\]}])")


def parse_otio(data: bytes, where: str) -> tuple[Any, Warnings]:
    """The OTIO object that `data` holds, and what was mended on the way.

    Raises:
        ReadError: not an OTIO document, or one that OpenTimelineIO can't be trusted with.
    """
    text, warnings = checked_document(data, where)
    try:
        return otio.core.deserialize_json_from_string(text), warnings
    except Exception as error:  # a foreign parser: ValueError, KeyError, TypeError, its own
        raise _foreign(error, where) from error


def checked_document(data: bytes, where: str) -> tuple[str, Warnings]:
    """The text that is safe to parse: the document itself, or its mended twin.

    Raises:
        ReadError: with the place in the document.
    """
    text = _decoded(data, where)
    with _no_garbage_collection():
        tree = _tree(text, where)
        try:
            warnings, changed = _check(tree, text)
        except Refused as refused:
            place = f"{where}, {refused.place}" if refused.place else where
            raise ReadError(refused.message, hint=refused.hint, where=place) from None
        if changed:
            text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
        return text, warnings


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Hundreds of thousands of new dicts make the collector run for nothing: a quarter of the time of json.loads."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _decoded(data: bytes, where: str) -> str:
    if not data.strip():
        raise ReadError("The file is empty", hint="Export the cut again.", where=where)
    if len(data) > MAX_BYTES:
        raise ReadError(
            f"The file has {len(data) >> 20} MB, more than {MAX_BYTES >> 20}",
            hint="Export the reels of the cut one by one.",
            where=where,
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadError(
            f"This is not text in UTF-8 (byte {error.start})",
            hint="An .otio file is JSON text. Export the cut again, or check the suffix.",
            where=where,
        ) from None


def _tree(text: str, where: str) -> Any:
    try:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            # OpenTimelineIO writes infinity as Inf, which JSON doesn't know and Python spells out.
            if "Inf" not in text:
                raise
            return json.loads(_spelled_out(text))
    except json.JSONDecodeError as error:
        raise _broken(error, text, where) from None
    except RecursionError:
        raise ReadError(_TOO_DEEP, hint=_DAMAGED, where=where) from None
    except ValueError as error:  # a number of thousands of digits
        raise ReadError(f"This is not a cut: {error}", hint="Export the cut again.", where=where) from None


def _spelled_out(text: str) -> str:
    return _INF.sub(r"\1Infinity", text) if "Inf" in text else text


_TIME = "RationalTime.1"
_DAMAGED = "The file is damaged: export the cut again."
_TOO_DEEP = f"The document is nested deeper than {MAX_DEPTH} levels"


def _broken(error: json.JSONDecodeError, text: str, where: str) -> ReadError:
    place = f"{where}, line {error.lineno} column {error.colno}"
    if not text[error.pos :].strip():
        return ReadError("The file ends too early", hint="It was cut short: export or copy it again.", where=place)
    if error.pos == 0:
        return ReadError(
            "This is not an OTIO document", hint="Check the suffix, or export the cut as OTIO.", where=where
        )
    return ReadError(f"This is not JSON: {error.msg}", hint="The file is damaged: export the cut again.", where=place)


def _check(tree: Any, text: str) -> tuple[Warnings, bool]:
    """Walk the tree level by level. Returns warnings and whether the tree was mended."""
    if type(tree) is not dict or "OTIO_SCHEMA" not in tree:
        raise Refused("This is JSON, but not an OTIO document", hint="Export the cut as OTIO.")
    names = texts = depth = 0
    mended = False
    warnings: Warnings = []
    level: list[Any] = [tree]
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise Refused(_TOO_DEEP, hint=_DAMAGED)
        objects = [node for node in level if type(node) is dict]
        names += sum(map(len, objects))
        objects, times = _without_times(objects, tree)
        texts += times
        values = list(chain.from_iterable(map(dict.values, objects)))
        values.extend(chain.from_iterable(node for node in level if type(node) is list))
        texts += list(map(type, values)).count(str)
        level = [value for value in values if type(value) is dict or type(value) is list]
        mended |= _check_objects(objects, tree, warnings)  # last: what a rule adds is not in the text
    _refuse_doubled_keys(text, 2 * (names + texts))
    return warnings, mended


def _without_times(objects: list[dict[str, Any]], tree: Any) -> tuple[list[dict[str, Any]], int]:
    """Check the times among `objects`; the others, and how many times were left out.

    Times are more than half of all objects. A time of three fields has no children, so it needs no further look.
    """
    labels = [node.get("OTIO_SCHEMA") for node in objects]
    is_time = list(map(eq, labels, repeat(_TIME)))
    times = list(compress(objects, is_time))
    if times and _are_good_times(times, tree) and max(map(len, times)) == 3:
        return list(compress(objects, map(not_, is_time))), len(times)
    return objects, 0


def _are_good_times(times: list[dict[str, Any]], tree: Any) -> bool:
    """All times of a level at once; only where something is odd, look for the place.

    False where the odd one lies in metadata, so that nothing calculates with it.
    """
    try:
        rates = set(map(itemgetter("rate"), times))
        values = list(map(itemgetter("value"), times))
        kinds = set(map(type, rates)) | set(map(type, values))
        if kinds <= {int, float} and min(rates) > 0 and max(rates) < MAX_RATE:
            total = sum(values)
            if total == total and min(values) > -MAX_TIME and max(values) < MAX_TIME:  # a NaN makes the sum NaN
                return True
    except (KeyError, TypeError):
        pass
    find_bad_time(tree)
    return False


def _check_objects(objects: list[dict[str, Any]], tree: Any, warnings: Warnings) -> bool:
    if objects and max(map(len, objects)) > MAX_MEMBERS:
        raise Refused(f"An object with {max(map(len, objects))} keys", hint=_DAMAGED)
    labels = [node.get("OTIO_SCHEMA") for node in objects]
    try:
        kinds = set(labels) - {None}
    except TypeError:
        kinds = {0}
    if any(type(kind) is not str for kind in kinds):
        raise Refused("An OTIO_SCHEMA that is not text", hint=_DAMAGED)
    mended = False
    for kind in kinds:
        rule = RULES.get(str(kind).partition(".")[0])
        if rule is not None:
            for node in list(compress(objects, map(eq, labels, repeat(kind)))):
                mended |= rule(node, str(kind), tree, warnings)
    return mended


def _refuse_doubled_keys(text: str, marks: int) -> None:
    """Each key and each text of the tree has two quotation marks: a doubled key leaves more of them in the document."""
    if text.count('"') == marks + _escaped_marks(text):
        return
    try:
        json.loads(_spelled_out(text), object_pairs_hook=_unique)
    except RecursionError:
        raise Refused(_TOO_DEEP, hint=_DAMAGED) from None


def _escaped_marks(text: str) -> int:
    """How many quotation marks are part of a text: those behind a backslash that is not escaped itself."""
    pieces = text.split("\\")
    marks = 0
    index = 1
    while index < len(pieces):
        piece = pieces[index]
        marks += piece.startswith('"')
        index += 1 if piece else 2  # an empty piece is a backslash behind a backslash: the pair is one character
    return marks


def _unique(pairs: list[tuple[str, Any]]) -> None:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Refused(f'The key "{twice[:60]}" stands twice in one object', hint="Export the cut again.")


def _foreign(error: Exception, where: str) -> ReadError:
    kind = type(error).__name__
    text = " ".join(str(error).split())[:400]
    if kind == "UnsupportedSchemaError":
        return ReadError(
            f"The document was written by a newer OpenTimelineIO ({text})",
            hint="Export it for OTIO 0.18 (otiotool --downgrade OTIO_CORE:0.18.1), or as FCP7 XML.",
            where=where,
        )
    if isinstance(error, KeyError):
        text = f"a field is missing: {text}"
    return ReadError(f"OpenTimelineIO can't read it: {text}", hint="Export the cut again.", where=where)

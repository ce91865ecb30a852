# SPDX-License-Identifier: Apache-2.0
"""OTIO documents, checked before OpenTimelineIO's C++ reader sees them.

OpenTimelineIO 0.18 trusts its input: an UnknownSchema aborts the process, a Clip.1 with several references or a
Timeline without tracks crashes it, deep nesting overflows the stack. Python's json parser does none of that, so
each document passes through it first: the quick look of `fast_check`, and where that is not sure, the thorough
check here, which names the place and mends what can be mended.

What OpenTimelineIO then parses is the same text, so the two parsers must agree on it. They differ in one thing,
doubled keys (the last one wins, but the C++ reader builds the first one too): those are refused.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from functools import cached_property
from itertools import chain
from typing import Any

import opentimelineio as otio

from greenroom_otio.collector import no_collector
from greenroom_otio.document_rules import MAX_MEMBERS, RULES, Refused
from greenroom_otio.errors import ReadError
from greenroom_otio.fast_check import harmless_values
from greenroom_otio.losses import Warnings
from greenroom_otio.values import Values

__all__ = ["MAX_BYTES", "Parsed", "parse_otio"]

MAX_BYTES = 512 << 20  # 200,000 clips; json.loads takes about 2.5 times as much memory
MAX_DEPTH = 200  # facts: a thread with 256 KB of stack dies at 2,000; nested stacks get slow far earlier
_INF = re.compile(r"(?<=[:\[,\s])(-?)Inf(?=[\s,\]}])")


class Parsed:
    """A checked document: what was mended in it, and its values where the check made them anyway.

    Where there are values, OpenTimelineIO reads the document too, and may do so late or never.
    """

    def __init__(self, document: bytes | str, where: str, warnings: Warnings, values: Values | None) -> None:
        self.warnings = warnings
        self.values = values
        self._document = document
        self._where = where

    @cached_property
    def found(self) -> Any:
        """The OTIO object.

        Raises:
            ReadError: OpenTimelineIO doesn't know what stands there.
        """
        try:
            return otio.core.deserialize_json_from_string(self._document)
        except Exception as error:  # a foreign parser: ValueError, KeyError, TypeError, its own
            raise _foreign(error, self._where) from error


def parse_otio(data: bytes, where: str) -> Parsed:
    """The OTIO document that `data` holds.

    Raises:
        ReadError: not an OTIO document, or one that OpenTimelineIO can't be trusted with.
    """
    plain = data.removeprefix(BOM_UTF8)
    mended, warnings, values = _checked(plain, where)
    return Parsed(plain if mended is None else mended, where, warnings, values)


def _checked(data: bytes, where: str) -> tuple[str | None, Warnings, Values | None]:
    """The mended document, or None where `data` is safe to parse as it is; warnings; values, where they are known.

    Raises:
        ReadError: with the place in the document.
    """
    if not data.strip():
        raise ReadError("The file is empty", hint="Export the cut again.", where=where)
    with no_collector():
        try:
            values = harmless_values(data, MAX_DEPTH)
        except ValueError:
            values = None  # the thorough check says what is wrong with it, and where
        if values is not None:
            return None, [], values
        return *_checked_thoroughly(_decoded(data, where), where), None


def _checked_thoroughly(text: str, where: str) -> tuple[str | None, Warnings]:
    tree = _tree(text, where)
    warnings: Warnings = []
    try:
        mended = _check(tree, text, warnings)
    except Refused as refused:
        place = f"{where}, {refused.place}" if refused.place else where
        raise ReadError(refused.message, hint=refused.hint, where=place) from None
    return (json.dumps(tree, ensure_ascii=False, separators=(",", ":")) if mended else None), warnings


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode()
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


def _check(tree: Any, text: str, warnings: Warnings) -> bool:
    """Walk the tree level by level; returns whether something was mended."""
    if type(tree) is not dict or "OTIO_SCHEMA" not in tree:
        raise Refused("This is JSON, but not an OTIO document", hint="Export the cut as OTIO.")
    mended = False
    level: list[Any] = [tree]
    for _ in range(MAX_DEPTH):
        for node in level:
            mended |= type(node) is dict and _check_object(node, tree, warnings)
        values = chain.from_iterable(node.values() if type(node) is dict else node for node in level)
        level = [value for value in values if type(value) is dict or type(value) is list]
        if not level:
            json.loads(_spelled_out(text), object_pairs_hook=_unique)
            return mended
    raise Refused(_TOO_DEEP)


def _check_object(node: dict[str, Any], tree: Any, warnings: Warnings) -> bool:
    label = node.get("OTIO_SCHEMA", "")
    if type(label) is not str:
        raise Refused(f"An OTIO_SCHEMA that is not text: {label!r:.60}")
    if len(node) > MAX_MEMBERS:
        raise Refused(f"An object with {len(node)} keys")
    rule = RULES.get(label.partition(".")[0])
    return rule is not None and rule(node, label, tree, warnings)


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
    if "type mismatch while decoding" in text:
        place = text.rpartition("(")[2].rstrip(")") if text.endswith(")") else "an unknown line"
        return ReadError(
            f"Something stands where OpenTimelineIO knows nothing of its kind ({place})",
            hint="Export the cut again, or as FCP7 XML.",
            where=where,
        )
    if isinstance(error, KeyError):
        text = f"a field is missing: {text}"
    return ReadError(f"OpenTimelineIO can't read it: {text}", hint="Export the cut again.", where=where)

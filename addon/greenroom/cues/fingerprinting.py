# SPDX-License-Identifier: Apache-2.0
"""A fingerprint of everything that a performance depends on: equal fingerprints need no second take."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

__all__ = ["fingerprint"]


def fingerprint(parts: Mapping[str, Any]) -> str:
    """The sha256 (hex) of `parts` as canonical JSON: sorted keys, no spaces, UTF-8.

    Values are text, whole numbers, finite floats, booleans, None, mappings with text keys and sequences of these.
    Rates are given as text ("24000/1001"), files as hashes of their bytes.

    Raises:
        TypeError: a value that is not one of these. A `Fraction` or a `Path` is refused on purpose: the first has
            many spellings, the second names a place and not what is there.
        ValueError: a float that is not finite.
    """
    text = json.dumps(_canonical(parts, "parts"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} is {value}, which no fingerprint can hold")
        return value
    if isinstance(value, Mapping):
        return {_key(key, where): _canonical(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_canonical(item, f"{where}[{index}]") for index, item in enumerate(value)]
    advice = "write it as text" if isinstance(value, Fraction) else "give its hash or its text"
    raise TypeError(f"{where} is a {type(value).__name__}: {advice}")


def _key(key: Any, where: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{where} has the key {key!r}, which is no text")
    return str(key)

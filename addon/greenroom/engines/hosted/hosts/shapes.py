# SPDX-License-Identifier: Apache-2.0
"""From the catalogue's flat wire names to the nested JSON that some hosts want.

nested({"input.image_url": "oss://a", "parameters.mode": "wan-std"})
-> {"input": {"image_url": "oss://a"}, "parameters": {"mode": "wan-std"}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["leaves", "nested", "replaced"]


def nested(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """`inputs` with every dot in a name taken as a step inside; a list's "[]" is no part of its name.

    Raises ValueError where two names contradict.
    """
    result: dict[str, Any] = {}
    for name, value in inputs.items():
        *steps, last = name.removesuffix("[]").split(".")
        inside = result
        for step in steps:
            inside = inside.setdefault(step, {})
            if not isinstance(inside, dict):
                raise ValueError(f"{name}: {step} is already a value")
        inside[last] = dict(value) if isinstance(value, Mapping) else value
    return result


def leaves(value: Any) -> Iterator[str]:
    """Every text in a JSON value, however deep, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from leaves(each)


def replaced(value: Any, texts: Mapping[str, Any]) -> Any:
    """The JSON value with every text that `texts` holds replaced, whole texts only. The value itself stays as it is."""
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, Mapping):
        return {name: replaced(each, texts) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [replaced(each, texts) for each in value]
    return value

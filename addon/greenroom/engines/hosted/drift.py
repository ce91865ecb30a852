# SPDX-License-Identifier: Apache-2.0
"""Whether a host's live schema still is what the catalogue says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["drift_of", "not_taken"]


def not_taken(schema: Mapping[str, Any], sent: Mapping[str, Any]) -> tuple[str, ...]:
    """What keeps the host from doing what is asked: names that it has no more, and new ones that it needs."""
    known = schema.get("properties")
    if not isinstance(known, Mapping) or not known:
        return ()
    needed = [name for name in schema.get("required") or () if name not in sent]
    gone = [name for name in sent if name not in known]
    return (*(f"{name} is needed and isn't known here" for name in needed), *(f"{name} is gone" for name in gone))


def drift_of(schema: Mapping[str, Any], sent: Mapping[str, Any]) -> tuple[str, ...]:
    """Values that the host's schema doesn't list for their name."""
    known = schema.get("properties") or {}
    found = []
    for name, value in sent.items():
        about = known.get(name)
        listed = about.get("enum") if isinstance(about, Mapping) else None
        if isinstance(listed, list) and value not in listed:
            found.append(f"{name} can't be {value!r} any more: {', '.join(map(str, listed))}")
    return tuple(found)

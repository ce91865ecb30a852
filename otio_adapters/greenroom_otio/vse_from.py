# SPDX-License-Identifier: Apache-2.0
"""What the way from OTIO to a snapshot counts with: exact rates, lengths, uids, markers and losses."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from greenroom_otio.losses import Loss
from greenroom_otio.values import Values, schema_of
from greenroom_otio.vse_values import HOST_KEY, Json

__all__ = ["Place", "exact", "host_of", "length_of", "metadata_of", "number", "pair", "whole"]

_SNAP = Fraction(2, 1000)  # a document's float is within 0.002 of what it means (23.976 for 24000/1001)


def exact(rate: float) -> Fraction:
    """The rate that a float means."""
    near = Fraction(round(rate * 1.001) * 1000, 1001)
    if not float(rate).is_integer() and abs(near - Fraction(rate)) <= _SNAP:
        return near
    return Fraction(rate).limit_denominator(10_000)


def pair(value: Fraction) -> list[int]:
    return [value.numerator, value.denominator]


def whole(position: Fraction) -> int:
    """The nearest frame edge (half up)."""
    return math.floor(position + Fraction(1, 2))


def number(value: Fraction) -> int | float:
    """As JSON has it: whole where it is."""
    return value.numerator if value.denominator == 1 else float(value)


def metadata_of(item: Values) -> Values:
    found = item.get("metadata")
    return found if isinstance(found, dict) else {}


def host_of(item: Values) -> Values:
    """What an object keeps of its item in the host; {} where it came from elsewhere."""
    found = metadata_of(item).get(HOST_KEY)
    return found if isinstance(found, dict) else {}


@dataclass
class Place:
    """What all items share: `origin` is the host's frame at OTIO's 0, `folder` is where relative paths count from."""

    rate: Fraction
    origin: int
    folder: str
    losses: list[Loss] = field(default_factory=list)
    uids: set[str] = field(default_factory=set)

    def frames(self, value: float, rate: float) -> Fraction:
        """A time in frames of the cut; 0 where it is no time."""
        if not math.isfinite(value) or not 0 < rate < math.inf:
            return Fraction(0)
        return Fraction(value).limit_denominator(1_000_000) * self.rate / exact(rate)

    def lose(self, what: str, where: str, why: str) -> None:
        self.losses.append(Loss(what, where, why))

    def uid(self, known: Any) -> str:
        """The uid that an item came with, or a new one; never the same twice."""
        uid = known if isinstance(known, str) and known and known not in self.uids else uuid.uuid4().hex
        self.uids.add(uid)
        return uid

    def marker(self, marker: Values, zero: int) -> Json:
        """A marker whose times count from the host's frame `zero`."""
        marked, host = marker["marked_range"], host_of(marker)
        frames = whole(self.frames(*marked[2:]))
        return {
            "frame": zero + whole(self.frames(*marked[:2])),
            "frames": host.get("frames", max(1, frames)) if frames <= 1 else frames,
            "name": marker.get("name") or "",
            "note": marker.get("comment") or "",
            "colour": _colour(marker, host),
        }


def _colour(marker: Values, host: Values) -> str:
    """In the host's own spelling, unless somebody changed it."""
    colour, known = str(marker.get("color") or ""), host.get("colour")
    return known if isinstance(known, str) and known.upper() == colour else colour


def length_of(item: Values, place: Place) -> Fraction:
    """The frames that an item takes on its track; 0 where nothing says how many."""
    shown = item.get("source_range")
    if shown is None and schema_of(item) == "Clip":
        reference = item["media_references"].get(item["active_media_reference_key"]) or {}
        shown = reference.get("available_range")
    if shown is not None:
        return max(Fraction(0), place.frames(*shown[2:]))
    lengths = [length_of(each, place) for each in item.get("children") or () if schema_of(each) != "Transition"]
    if schema_of(item) == "Stack":
        return max(lengths, default=Fraction(0))
    return sum(lengths, Fraction(0))

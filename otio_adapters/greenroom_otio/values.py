# SPDX-License-Identifier: Apache-2.0
"""A cut as plain values: its document as Python's json parser gives it, with times as tuples.

    RationalTime    (value, rate)
    TimeRange       (start value, start rate, duration value, duration rate)
    anything else   the dict of its fields, with "OTIO_SCHEMA" among them

Whoever only looks at a cut does so here several times as fast as through OpenTimelineIO's objects, and what is
found stays as it is when somebody changes the timeline. Nobody changes values.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import opentimelineio as otio

from greenroom_otio.collector import no_collector

__all__ = ["Values", "schema_of", "values_of"]

Values: TypeAlias = dict[str, Any]


def values_of(timeline: Any) -> Values:
    """The values of a timeline; those of a file come with `look_at_cut`, without the way through text."""
    text = otio.core.serialize_json_to_string(timeline, {}, -1)
    with no_collector():
        values: Values = json.loads(text, object_hook=_slim)
    return values


def schema_of(values: Values) -> str:
    """ "Clip" for a clip of whatever version."""
    return str(values["OTIO_SCHEMA"]).partition(".")[0]


def _slim(node: Values) -> Any:
    label = node.get("OTIO_SCHEMA")
    if label == "RationalTime.1":
        return node["value"], node["rate"]
    if label == "TimeRange.1":
        return node["start_time"] + node["duration"]
    return node

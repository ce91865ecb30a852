# SPDX-License-Identifier: Apache-2.0
"""The quick look at OTIO documents promises that OpenTimelineIO reads what it lets through: each field is tried."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom.cues.layout import layout_of, layout_of_values
from greenroom_otio import look_at_cut, read_cut
from greenroom_otio.fast_check import harmless_values

Json = dict[str, Any]
schema, time = otio.schema, otio.opentime.RationalTime(5, 24)
span = otio.opentime.TimeRange(time, time)


def plain(thing: Any) -> Json:
    found: Json = json.loads(otio.adapters.write_to_string(thing, "otio_json"))
    return found


def timeline() -> Any:
    """One object of each schema that the quick look knows."""
    clip = schema.Clip("clip", schema.ExternalReference("a.mov", span), span)
    clip.effects.extend([schema.Effect("blur", "Blur"), schema.LinearTimeWarp("fast", 2.0)])
    clip.markers.append(schema.Marker("GR: actor=MARA", span))
    frozen = schema.Clip(
        "frozen", schema.ImageSequenceReference("file:///a/", "b.", ".exr", available_range=span), span
    )
    frozen.effects.extend([schema.FreezeFrame(), schema.TimeEffect("ramp", "Ramp")])
    solid = schema.Clip("solid", schema.GeneratorReference("g", "SolidColor", span, {"colour": "black"}), span)
    nest = schema.Stack("nest")
    nest.append(schema.Track("inside", [schema.Clip("lost", schema.MissingReference(), span)]))
    children = [
        clip,
        schema.Transition("t", "SMPTE_Dissolve", time, time),
        frozen,
        schema.Gap("gap", span),
        solid,
        nest,
    ]
    cut = schema.Timeline("cut", global_start_time=time)
    cut.tracks.append(schema.Track("V1", children, kind="Video"))
    return cut


VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "whole": 1,
    "huge": 10**12,
    "float": 1.5,
    "text": "x",
    "list": [],
    "map": {},
    "map of nothing": {"DEFAULT_MEDIA": None},
    "list of nothing": [None],
    "list of maps": [{}],
    "time": plain(time),
    "span": plain(span),
    "list of times": [plain(time)],
    "clip": plain(schema.Clip()),
    "clips": [plain(schema.Clip())],
    "markers": [plain(schema.Marker())],
    "effects": [plain(schema.Effect())],
    "references": {"DEFAULT_MEDIA": plain(schema.MissingReference())},
    "timeline": plain(schema.Timeline()),
    "timelines": [plain(schema.Timeline())],
}


def objects(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        if "OTIO_SCHEMA" in node:
            yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


def changed() -> Iterator[tuple[str, Json]]:
    """The document with one field of one object left out, or holding something else."""
    whole = plain(timeline())
    for index, node in enumerate(objects(whole)):
        for field in [*(key for key in node if key != "OTIO_SCHEMA"), "unknown"]:
            for name in ("nothing", *VALUES):
                document = copy.deepcopy(whole)
                twin = list(objects(document))[index]
                twin.pop(field, None)
                if name != "nothing":
                    twin[field] = copy.deepcopy(VALUES[name])
                yield f"{node['OTIO_SCHEMA']}.{field} = {name}", document


def test_a_document_as_opentimelineio_writes_it_is_harmless() -> None:
    values = harmless_values(json.dumps(plain(timeline())).encode(), 100)
    assert values is not None
    assert {node["OTIO_SCHEMA"].partition(".")[0] for node in objects(values)} == {
        *("Timeline", "Stack", "Track", "Clip", "Gap", "Transition", "Marker", "Effect", "LinearTimeWarp"),
        *("FreezeFrame", "TimeEffect", "ExternalReference", "ImageSequenceReference", "GeneratorReference"),
        "MissingReference",
    }


def test_whatever_the_quick_look_lets_through_opentimelineio_reads() -> None:
    let_through, refused = 0, 0
    for what, document in changed():
        text = json.dumps(document)
        if harmless_values(text.encode(), 100) is None:
            refused += 1
            continue
        let_through += 1
        try:
            otio.core.deserialize_json_from_string(text)
        except Exception as error:  # noqa: BLE001 - a foreign parser
            pytest.fail(f"{what}: {error}")
    assert let_through > 500
    assert refused > 2000


@pytest.mark.parametrize(
    "text",
    [
        '{"OTIO_SCHEMA":"Timeline.1","name":"\\ud800","tracks":{"OTIO_SCHEMA":"Stack.1","children":[]}}',
        '{"OTIO_SCHEMA":"Timeline.1","metadata":{"a":NaN},"tracks":{"OTIO_SCHEMA":"Stack.1","children":[]}}',
        '{"OTIO_SCHEMA":"Timeline.1","metadata":{"a":-Infinity},"tracks":{"OTIO_SCHEMA":"Stack.1","children":[]}}',
        '{"OTIO_SCHEMA":"Timeline.1","name":"a","name":"b","tracks":{"OTIO_SCHEMA":"Stack.1","children":[]}}',
    ],
    ids=["half a character", "NaN", "Infinity", "a key twice"],
)
def test_what_the_two_parsers_may_see_differently_is_not_sure(text: str) -> None:
    assert harmless_values(text.encode(), 100) is None


def test_a_cut_is_laid_out_alike_from_its_text_and_from_its_timeline(tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    otio.adapters.write_to_file(timeline(), str(path))
    assert layout_of_values(look_at_cut(path).values, path=path) == layout_of(read_cut(path), path=path)

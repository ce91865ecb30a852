# SPDX-License-Identifier: Apache-2.0
"""A ComfyUI workflow with named slots: which inputs of which nodes a cue fills in.

The file is what ComfyUI saves as "Export (API)". A slot is marked in one of two ways:

    the node's title        greenroom:portrait, on a LoadImage; greenroom:seed.noise_seed names the input too
    an input's own value    "text": "greenroom:prompt"

Slots are named as the offer names its inputs: greenroom:portrait, greenroom:dialogue, greenroom:stand_in,
greenroom:driver, greenroom:prompt, greenroom:seed, greenroom:seconds. Several nodes may share one; a list
(reference_pictures) is dealt out to them in the order of their numbers. A title that names no input means the node's
first one of `_USUAL` that isn't linked. What a slot marked by its title is not given stays as it was saved; a slot that
is marked by its value has to be given.

greenroom:output in a title marks the nodes whose files are the result; without any, all saved files are. Every
filename_prefix is made the job's own: ComfyUI answers a repeated workflow with the old file's name, also when that file
is gone.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.errors import EngineError

__all__ = ["Place", "Workflow", "marked_outputs", "read_workflow"]

_SLOT = re.compile(r"greenroom:([a-z][a-z0-9_]*)(?:\.(\w+))?", re.IGNORECASE)
_USUAL = ("image", "audio", "file", "video", "text", "prompt", "value", "string", "seed", "noise_seed")
_OUTPUT = "output"
_EXPORT = 'In ComfyUI: Workflow, "Export (API)".'


@dataclass(frozen=True)
class Place:
    """One input of one node. `by_value`: the slot's name stands where its value belongs."""

    node: str
    input: str
    by_value: bool


@dataclass(frozen=True)
class Workflow:
    """`slots` by name; "output" is none of them, since nothing is filled in there."""

    name: str
    graph: Mapping[str, Any]
    slots: Mapping[str, tuple[Place, ...]]

    def filled(self, inputs: Mapping[str, Any], prefix: str, needed: Collection[str] = ()) -> dict[str, Any]:
        """The graph for one job. `needed` are names of inputs that must not go unused (files).

        Raises:
            EngineError: a slot without a value, or a needed value without a slot.
        """
        given = {name.removesuffix("[]"): value for name, value in inputs.items() if value is not None}
        self._check(given, {name.removesuffix("[]") for name in needed})
        graph = copy.deepcopy(dict(self.graph))
        for slot, places in self.slots.items():
            if slot not in given:
                continue
            value = given[slot]
            for number, place in enumerate(places):
                each = value[min(number, len(value) - 1)] if isinstance(value, list | tuple) else value
                graph[place.node]["inputs"][place.input] = each
        for node in graph.values():
            written = node["inputs"].get("filename_prefix")
            if isinstance(written, str):
                node["inputs"]["filename_prefix"] = f"{prefix}/{_plain(written)}"
        return graph

    def _check(self, given: Mapping[str, Any], needed: Collection[str]) -> None:
        for slot, places in self.slots.items():
            if slot not in given and any(place.by_value for place in places):
                raise EngineError(f"{self.name} wants greenroom:{slot}, and this cue has nothing for it")
        for name in needed:
            if name not in self.slots:
                raise EngineError(
                    f"{self.name} has no place for the {name.replace('_', ' ')}",
                    hint=f"Title the node that loads it greenroom:{name}, and export the workflow again.",
                )


def read_workflow(path: Path) -> Workflow:
    """The workflow in a file.

    Raises:
        EngineError: no such file, not a workflow in API form, a slot that fits no input.
    """
    try:
        graph = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise EngineError(
            f"the workflow {path} can't be read ({error.strerror})",
            hint="endpoint of the comfyui offer is a workflow file of your own; docs/hosts.md tells how to make one.",
        ) from None
    except ValueError:
        raise EngineError(f"the workflow {path} is no JSON", hint=_EXPORT) from None
    if not _is_api_form(graph):
        raise EngineError(f"{path.name} is not a workflow in API form", hint=_EXPORT)
    return Workflow(path.name, graph, _slots(path.name, graph))


def marked_outputs(graph: Any) -> tuple[str, ...]:
    """The nodes that are marked as the result, also of a graph that the server gives back."""
    nodes = graph.items() if isinstance(graph, Mapping) else ()
    return tuple(str(number) for number, node in nodes if (title := _title(node)) and title[1].lower() == _OUTPUT)


def _is_api_form(graph: Any) -> bool:
    """The other form, {"nodes": [], "links": []}, is what the editor saves; the server answers it with 500."""
    nodes = list(graph.values()) if isinstance(graph, dict) else []
    return bool(nodes) and all(isinstance(n, dict) and "class_type" in n and "inputs" in n for n in nodes)


def _slots(name: str, graph: Mapping[str, Any]) -> dict[str, tuple[Place, ...]]:
    slots: dict[str, list[Place]] = {}
    for number in sorted(graph, key=_order):
        node = graph[number]
        title = _title(node)
        if title and title[1].lower() != _OUTPUT:
            place = Place(number, title[2] or _usual(name, number, node, title[0]), by_value=False)
            slots.setdefault(title[1].lower(), []).append(place)
        for field, value in node["inputs"].items():
            written = _SLOT.fullmatch(value) if isinstance(value, str) else None
            if written:
                slots.setdefault(written[1].lower(), []).append(Place(number, field, by_value=True))
    return {slot: tuple(places) for slot, places in slots.items()}


def _title(node: Any) -> re.Match[str] | None:
    meta = node.get("_meta") if isinstance(node, Mapping) else None
    return _SLOT.search(str(meta.get("title", ""))) if isinstance(meta, Mapping) else None


def _usual(name: str, number: str, node: Mapping[str, Any], slot: str) -> str:
    free = [field for field in _USUAL if field in node["inputs"] and not isinstance(node["inputs"][field], list)]
    if not free:
        raise EngineError(
            f"{name}: node {number} ({node['class_type']}) has no input that {slot} would usually mean",
            hint=f"Name it in the title: {slot}.INPUT",
        )
    return free[0]


def _order(number: str) -> tuple[int, str]:
    return (int(number) if number.isdecimal() else 1 << 30, number)


def _plain(prefix: str) -> str:
    """The last part of a prefix, in letters that every file system takes."""
    return re.sub(r"[^\w-]+", "_", re.split(r"[\\/]", prefix)[-1]).strip("_") or "take"

# SPDX-License-Identifier: Apache-2.0
"""What credentials say of a take, out of its take.json. Pure.

Source types are IPTC's (cv.iptc.org/newscodes/digitalsourcetype): a performance by a trained model is
trainedAlgorithmicMedia; one that changes footage, or lies over it, compositeWithTrainedAlgorithmicMedia. Previz moves a
portrait without a trained model that makes pictures: algorithmicMedia, over footage compositeSynthetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "COMPOSITE",
    "IPTC",
    "TAKE",
    "altered",
    "cut_definition",
    "definition",
    "generator",
    "part_definition",
    "source_type",
]

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TAKE = "org.greenroom.take"
"""Our own assertion: which performance this is."""

COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
_ALTERING = ("replace", "lipsync")


def altered(record: Mapping[str, Any]) -> bool:
    """Whether the take is somebody's footage, changed."""
    return str(record["request"]["mode"]) in _ALTERING


def source_type(record: Mapping[str, Any]) -> str:
    """IPTC's word for how the take came to be."""
    request = record["request"]
    over_footage = altered(record) or request.get("plate") is not None
    if record["engine"].get("label") == "previz":
        return "compositeSynthetic" if over_footage else "algorithmicMedia"
    return COMPOSITE if over_footage else "trainedAlgorithmicMedia"


def generator(version: str) -> list[dict[str, str]]:
    return [{"name": "Greenroom", "version": version}]


def definition(
    record: Mapping[str, Any], *, title: str, version: str, opened: bool, prompts: bool = False
) -> dict[str, Any]:
    """The manifest of a take. `opened`: its first ingredient is its parent, which it was made out of."""
    engine = record["engine"]
    agent = {"name": str(engine.get("title") or engine["name"]), "version": str(engine.get("version", ""))}
    made = {"digitalSourceType": IPTC + source_type(record), "softwareAgent": agent}
    if opened:
        actions = [
            {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}},
            {"action": "c2pa.edited", **made, "parameters": {"description": _deed(record)}},
        ]
    else:
        actions = [{"action": "c2pa.created", **made, "parameters": {"description": _deed(record)}}]
    if record.get("report", {}).get("conform"):
        greenroom = {"name": "Greenroom", "version": version}
        actions.append({"action": "c2pa.transcoded", "softwareAgent": greenroom})
    return _manifest(title, version, actions, _take(record, prompts=prompts))


def part_definition(
    record: Mapping[str, Any], *, title: str, version: str, description: str, encoded: bool
) -> dict[str, Any]:
    """The manifest of frames that were taken out of a take's file, which is its parent. `encoded`: not copied as they
    were.
    """
    greenroom = {"name": "Greenroom", "version": version}
    made = {"digitalSourceType": IPTC + source_type(record), "softwareAgent": greenroom}
    actions: list[dict[str, Any]] = [
        {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}},
        {"action": "c2pa.trimmed", **made, "parameters": {"description": description}},
    ]
    if encoded:
        actions.append({"action": "c2pa.transcoded", "softwareAgent": greenroom})
    return _manifest(title, version, actions, _take(record, prompts=False))


def _manifest(title: str, version: str, actions: list[dict[str, Any]], take: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "claim_generator_info": generator(version),
        "title": title,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": TAKE, "data": take},
        ],
    }


def _deed(record: Mapping[str, Any]) -> str:
    request = record["request"]
    actor = request["actor"]["name"]
    return f"{request['mode']}{' as ' + actor if actor else ''}"


def _take(record: Mapping[str, Any], *, prompts: bool) -> dict[str, Any]:
    """Which performance it is: the fingerprint is of all that it depends on, so that a duplicated clip shares it."""
    request, engine = record["request"], record["engine"]
    listing = engine.get("listing") or {}
    said = {
        "fingerprint": record["fingerprint"],
        "variant": record["variant"],
        "mode": request["mode"],
        "actor": request["actor"]["name"],
        "actor_version": request["actor"]["version"],
        "engine": engine["name"],
        "engine_version": engine.get("version", ""),
        "model": listing.get("model", ""),
        "host": listing.get("host", ""),
        "seed": request["seed"],
        "label": engine.get("label", ""),
    }
    if prompts:
        said |= {"line": request["line"], "motion": request["motion"], "prompt": request["actor"].get("prompt", "")}
    return said


def cut_definition(title: str, version: str, parts: Sequence[tuple[str, str]], kinds: Sequence[str]) -> dict[str, Any]:
    """The manifest of an export of a cut: `parts` are (ingredient id, description) of the takes placed in it, `kinds`
    their source types. C2PA allows one parent, and a cut has as many as it has shots: each take is a component.
    """
    trained = any("rainedAlgorithmic" in kind for kind in kinds)
    whole = IPTC + (COMPOSITE if trained else "compositeSynthetic")
    greenroom = {"name": "Greenroom", "version": version}
    actions: list[dict[str, Any]] = [
        {"action": "c2pa.created", "digitalSourceType": whole, "softwareAgent": greenroom},
        *(
            {"action": "c2pa.placed", "parameters": {"ingredientIds": [part], "description": text}}
            for part, text in parts
        ),
    ]
    return {
        "claim_generator_info": generator(version),
        "title": title,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }

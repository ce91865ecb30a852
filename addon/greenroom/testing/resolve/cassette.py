# SPDX-License-Identifier: Apache-2.0
"""Plays a cassette that `greenroom resolve record` made on a real Resolve.

`play` gives a handle that answers as that Resolve did, call by call, so that scripts can be tried against it;
`found_in` says what the survey found out, among it what `Unknowns` should be set to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from greenroom.testing.resolve.client.DaVinciResolveScript import RemoteObject, Wire

__all__ = ["UnexpectedCallError", "facts_of", "found_in", "play"]


class UnexpectedCallError(Exception):
    """A script asked something else than what was recorded at this place."""


def facts_of(path: Path) -> Mapping[str, Any]:
    """{"product", "version"} of the Resolve that was recorded."""
    first: dict[str, Any] = json.loads(path.read_text("utf-8").splitlines()[0])
    return first


def found_in(path: Path) -> Mapping[str, Any]:
    """What the survey found out: among it the values of `Unknowns`."""
    notes = [line["note"] for line in _lines(path) if "note" in line]
    return notes[-1] if notes else {}


def play(path: Path) -> RemoteObject:
    """A handle that answers as recorded. A call out of order raises UnexpectedCallError."""
    calls = [line for line in _lines(path) if "method" in line]
    visible: dict[str, set[str]] = {}
    for call in calls:
        visible.setdefault(call["on"][1], set()).add(call["method"])
    waiting = iter(calls)

    def ask(question: list[Any]) -> Any:
        _, number, method, arguments = question
        call = next(waiting, None)
        if call is None or (call["on"][0], call["method"], call["arguments"]) != (number, method, arguments):
            wanted = "nothing more" if call is None else f"{call['on']}.{call['method']}{call['arguments']}"
            raise UnexpectedCallError(f"recorded is {wanted}, asked was {number}.{method}{arguments}")
        return call["answer"]

    hello = {"visible": {kind: sorted(names) for kind, names in visible.items()}, "constants": {}}
    return RemoteObject(Wire(ask, hello), calls[0]["on"][0], "Resolve")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

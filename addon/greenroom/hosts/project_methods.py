# SPDX-License-Identifier: Apache-2.0
"""Methods about the project and the machine: init, cast, add_actor, engines, doctor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from greenroom.desk import road
from greenroom.desk.results_json import added_actor_json, cast_json, doctor_json, engines_json, project_json
from greenroom.hosts.params import Params

__all__ = ["METHODS"]

Json = dict[str, Any]


def init(params: Params) -> Json:
    home = road.init(params.path("folder"), rate=params.rate("rate"), handles=params.number("handles", 8))
    value = project_json(home)
    return {**value, "project": value["folder"]}


def cast(params: Params) -> Json:
    return cast_json(road.cast(params.path("project")))


def add_actor(params: Params) -> Json:
    name, portrait = params.text("name"), params.path("portrait")
    return added_actor_json(road.add_actor(name, portrait=portrait, project=params.path("project")))


def engines(params: Params) -> Json:
    return engines_json(road.engines(params.project()))


def doctor(params: Params) -> Json:
    from greenroom.desk.project.doctor import examine

    return doctor_json(examine(params.project() or Path.home()))


METHODS: Mapping[str, Callable[[Params], Json]] = {
    "init": init,
    "cast": cast,
    "add_actor": add_actor,
    "engines": engines,
    "doctor": doctor,
}

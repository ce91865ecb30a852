# SPDX-License-Identifier: Apache-2.0
"""Methods about work: generate, jobs, resume."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from greenroom.desk import road
from greenroom.hosts.host_cut import read_snapshot
from greenroom.hosts.params import Params

if TYPE_CHECKING:
    from greenroom.hosts.batches import Batches

__all__ = ["methods"]

Json = dict[str, Any]


def methods(batches: Batches) -> Mapping[str, Callable[[Params], Json]]:
    return {
        "generate": partial(generate, batches),
        "jobs": partial(jobs, batches),
        "resume": partial(resume, batches),
    }


def generate(batches: Batches, params: Params) -> Json:
    """Queues a batch. What is wrong with the call itself, or with the project, is told at once."""
    params.takes(), params.texts("only"), params.flag("yes")
    cut = read_snapshot(params.snapshot(), params.notes())
    home = road.find_project(cut.cut, params.project())
    call = Params({**params.values, "project": str(home.folder)})
    return {"batch": batches.add(call, batches.pending(home).keep(call.values))}


def jobs(batches: Batches, params: Params) -> Json:
    from greenroom.desk.generating.settling import jobs_json, listed

    folder = params.path("project")
    interrupted = batches.pending(road.find_project(None, folder)).interrupted()
    return {
        "jobs": jobs_json(listed(folder))["jobs"],
        "interrupted": [_told(call) for _, call in interrupted],
    }


def _told(call: Mapping[str, Any]) -> Json:
    snapshot = call["snapshot"]
    host, head = snapshot.get("host"), snapshot.get("timeline")
    return {
        "document": host.get("document", "") if isinstance(host, Mapping) else "",
        "timeline": head.get("uid", "") if isinstance(head, Mapping) else "",
        "engine": engine if isinstance(engine := call.get("engine"), str) else "",
    }


def resume(batches: Batches, params: Params) -> Json:
    """Takes up what was cut short; of the timeline that is given, or, without one, of all."""
    pending = batches.pending(road.find_project(None, params.path("project")))
    now = params.snapshot() if params.values.get("snapshot") is not None else None
    started = []
    for path, call in list(pending.interrupted()):
        if now is not None and _told(call)["timeline"] != _told({"snapshot": now})["timeline"]:
            continue
        own = pending.take_over(path)
        if own is not None:
            values = {**call, "snapshot": now} if now is not None else call
            started.append(batches.add(Params(values), own))
    return {"batches": started}

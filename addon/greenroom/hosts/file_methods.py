# SPDX-License-Identifier: Apache-2.0
"""Methods about files: export and import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from greenroom.desk import road
from greenroom.desk.as_json import problems_json
from greenroom.desk.open_cut import read_layout, timeline_of
from greenroom.desk.results_json import losses_json
from greenroom.hosts.host_cut import read_snapshot
from greenroom.hosts.params import Params

__all__ = ["METHODS"]

Json = dict[str, Any]
_UNHELD = "the snapshot of the host's timeline doesn't hold it"


def export(params: Params) -> Json:
    """Writes the timeline; what the host could not send is lost too."""
    cut = read_snapshot(params.snapshot())
    unheld = [
        {"what": said, "where": item["name"] or item["uid"], "why": _UNHELD}
        for item in cut.items()
        for said in item.get("unheld", ())
    ]
    done = road.export(cut.cut, params.path("path"), to=params.text("to", "") or None, project=params.project())
    return {
        "path": str(done.output),
        "summary": list(done.edits.summary),
        "losses": [*unheld, *losses_json(done.losses)],
        "problems": problems_json(done.problems),
    }


def import_(params: Params) -> Json:
    """Any cut that Greenroom reads, as a snapshot."""
    from greenroom_otio.vse_writing import snapshot_of

    source, layout = read_layout(params.path("path"), params.rate("rate"), None)
    snapshot, losses = snapshot_of(timeline_of(source))
    return {"snapshot": snapshot, "losses": losses_json(losses), "problems": problems_json(layout.problems)}


METHODS: Mapping[str, Callable[[Params], Json]] = {"export": export, "import": import_}

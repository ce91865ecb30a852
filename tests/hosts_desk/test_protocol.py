# SPDX-License-Identifier: Apache-2.0
"""protocol.py is the contract: the page is made of it, and what runs does what it says."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from greenroom.hosts.batches import Batches
from greenroom.hosts.methods import methods
from greenroom.hosts.page import page
from greenroom.hosts.protocol import EDITS, METHODS, NOTIFICATIONS, SNAPSHOT
from greenroom.hosts.wire import Wire
from greenroom_otio.vse import document_of, timeline_of
from greenroom_otio.vse_writing import snapshot_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "host-protocol.md"


def documented(messages: Any, name: str) -> set[str]:
    (found,) = [each for each in messages if each.name == name]
    return {member.rstrip("?") for member in found.members}


def test_the_page_is_made_of_the_protocol() -> None:
    assert PAGE.read_text("utf-8").split() == page().split(), "make docs"


def test_every_method_of_the_contract_is_there_and_no_other() -> None:
    answered = set(methods(Batches(Wire(io.BytesIO(), io.BytesIO()))))
    assert {method.name for method in METHODS} == answered | {"hello", "cancel", "shutdown"}


def test_results_have_the_members_that_the_contract_names(child: Any, timeline: Any, project: Path) -> None:
    results = {method.name: {name for name in method.result if "." not in name} for method in METHODS}
    calls: dict[str, dict[str, Any]] = {
        "hello": {"protocol": 1},
        "cast": {"project": str(project)},
        "engines": {},
        "cues": {"snapshot": timeline.values},
        "plan": {"snapshot": timeline.values},
        "foretell": {"snapshot": timeline.values},
        "apply": {"snapshot": timeline.values},
        "restore": {"snapshot": timeline.values},
        "takes": {"snapshot": timeline.values, "item": "slug-1"},
        "jobs": {"project": str(project)},
        "resume": {"project": str(project)},
        "export": {"snapshot": timeline.values, "path": str(project / "cut.otio")},
        "import": {"path": str(project / "cut.otio")},
        "doctor": {},
        "cancel": {"batch": "b7"},
    }
    for name, params in calls.items():
        assert results[name] <= set(child.call(name, **params)), name


def test_notifications_and_edits_have_the_members_that_the_contract_names(child: Any, timeline: Any) -> None:
    batch = child.call("generate", snapshot=timeline.values, only=["slug-1"])["batch"]
    done = child.finished(batch)
    assert set(done) == documented(NOTIFICATIONS, "finished")
    assert set(child.progress("done")) == documented(NOTIFICATIONS, "progress")
    for edit in done["edits"]:
        assert set(edit) - {"do"} == documented(EDITS, edit["do"])
    for edit in done["edits"][:1]:
        timeline.show(edit)
    (edit,) = child.call("restore", snapshot=timeline.values)["edits"]
    assert set(edit) - {"do"} == documented(EDITS, "remove_take")


def test_snapshots_have_the_members_that_the_contract_names(timeline: Any) -> None:
    clip = timeline.item(5, "images", "images", 101, markers=[{"frame": 103}], channels="mono", media_frames=20)
    clip["sequence"] = {"folder": "/a", "prefix": "a", "suffix": ".png", "padding": 4, "first": 1}
    written, _ = snapshot_of(timeline_of(document_of(timeline.values)))
    assert set(written) == documented(SNAPSHOT, "snapshot")
    assert set(written["timeline"]) == documented(SNAPSHOT, "timeline")
    assert set(written["tracks"][0]) == documented(SNAPSHOT, "track")
    items = [item for track in written["tracks"] for item in track["items"]]
    assert {member for item in items for member in item} == documented(SNAPSHOT, "item")
    (marker,) = [marker for item in items for marker in item["markers"]]
    assert set(marker) == documented(SNAPSHOT, "marker")

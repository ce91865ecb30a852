# SPDX-License-Identifier: Apache-2.0
"""Cues, plan and quote of a timeline that a host sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_cues_name_the_hosts_items_and_frames(child: Any, timeline: Any, project: Path) -> None:
    found = child.call("cues", snapshot=timeline.values)
    assert found["project"] == str(project)
    first, second = found["cues"]
    assert (first["item"], first["start"], first["frames"]) == ("slug-1", 151, 10)
    assert (first["actor"], first["mode"], first["line"]) == ("mara", "talk", "I never left.")
    assert (first["status"], first["takes"], first["circled"], first["shown"]) == ("open", [], None, None)
    assert (second["item"], second["start"]) == ("slug-2", 161)
    assert first["dialogue"] == ["speech"]


def test_an_actor_that_nobody_is_is_told_at_the_clip(child: Any, timeline: Any) -> None:
    timeline.values["tracks"][0]["items"][0]["note"] = "GR: actor=THEO mode=talk"
    found = child.call("cues", snapshot=timeline.values)
    assert found["cues"][0]["status"] == "error"
    problem = next(each for each in found["problems"] if each["code"] == "unknown-actor")
    assert "slug-1" in problem["where"]
    assert "mara" in problem["hint"]


def test_without_a_project_there_are_cues_and_a_word_about_it(child: Any, new_timeline: Any, tmp_path: Path) -> None:
    saved, unsaved = (tmp_path / "elsewhere" / "a.blend", "greenroom init"), (None, "Save it first")
    for document, said in (saved, unsaved, (Path("untitled.blend"), "Save it first")):
        timeline = new_timeline(document)
        timeline.item(2, "a", "text", 101, note="@mara: hello")
        found = child.call("cues", snapshot=timeline.values)
        assert [cue["item"] for cue in found["cues"]] == ["a"]
        assert found["project"] is None
        problem = next(each for each in found["problems"] if each["code"] == "no-project")
        assert said in problem["hint"]
        error = child.error("plan", snapshot=timeline.values)
        assert error["data"]["kind"] == "project"
        assert said in error["data"]["hint"]
        assert child.error("generate", snapshot=timeline.values)["data"]["kind"] == "project"


def test_placeholders_are_suggested_and_other_items_are_not(child: Any, new_timeline: Any) -> None:
    timeline = new_timeline()
    kinds = ("colour", "text", "image", "missing", "generator", "compound", "transition", "other")
    for number, kind in enumerate(kinds):
        timeline.item(2, kind, kind, 101 + 20 * number)
    found = child.call("cues", snapshot=timeline.values)
    suggested = [each["item"] for each in found["suggestions"]]
    assert suggested == ["colour", "text", "image", "missing", "generator"]


def test_a_timeline_marker_counts_for_the_item_under_it(child: Any, new_timeline: Any) -> None:
    timeline = new_timeline()
    timeline.item(2, "a", "colour", 111)
    timeline.values["markers"] = [{"frame": 115, "frames": 1, "name": "GR: actor=mara", "note": "", "colour": ""}]
    (cue,) = child.call("cues", snapshot=timeline.values)["cues"]
    assert cue["item"] == "a"


def test_another_note_can_be_tried_without_writing_it(child: Any, timeline: Any) -> None:
    notes = {"slug-1": "@mara animate: looks up"}
    planned = child.call("plan", snapshot=timeline.values, notes=notes, only=["slug-1"])
    (cue,) = planned["plan"]["cues"]
    assert (cue["item"], cue["cue"]["mode"], cue["cue"]["motion"]) == ("slug-1", "animate", "looks up")
    assert (planned["cost"], planned["to_make"], planned["cached"]) == ("0", 1, 0)


def test_only_takes_uids_and_cue_ids(child: Any, timeline: Any) -> None:
    cues = child.call("cues", snapshot=timeline.values)["cues"]
    for only in (["slug-2"], [cues[1]["id"]], ["#" + cues[1]["id"].upper()], ["slug-2", cues[1]["id"]]):
        planned = child.call("plan", snapshot=timeline.values, only=only)
        assert [cue["item"] for cue in planned["plan"]["cues"]] == ["slug-2"]
    timeline.item(5, "bare", "colour", 301)
    assert "no note on this item" in child.error("plan", snapshot=timeline.values, only=["bare"])["message"]
    assert "no cue and no item" in child.error("plan", snapshot=timeline.values, only=["gone"])["message"]


def test_a_snapshot_that_is_none_is_refused_with_the_item(child: Any, timeline: Any) -> None:
    timeline.values["tracks"][0]["items"][0]["frames"] = "ten"
    error = child.error("cues", snapshot=timeline.values)
    assert error["data"]["kind"] == "timeline"
    assert "frames" in error["message"]
    assert "Channel 3" in error["data"]["where"]
    assert "schema 2" in child.error("cues", snapshot={"greenroom": "snapshot", "schema": 2})["message"]

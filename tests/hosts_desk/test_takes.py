# SPDX-License-Identifier: Apache-2.0
"""Choosing among takes, going back to the stand-in, and files in other programs' formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom_otio import read_cut


@pytest.fixture
def with_takes(child: Any, timeline: Any) -> Any:
    """Three takes of the first placeholder; the newest is on the timeline."""
    done = child.finished(child.call("generate", snapshot=timeline.values, only=["slug-1"], takes=3)["batch"])
    for edit in done["edits"]:
        if edit["do"] == "place_take":
            timeline.show(edit)
    return timeline


def test_takes_are_chosen_one_after_another_and_back(child: Any, with_takes: Any) -> None:
    def choose(take: Any) -> int:
        chosen = child.call("choose", snapshot=with_takes.values, item="slug-1", take=take)
        (edit,) = [edit for edit in chosen["edits"] if edit["do"] == "place_take"]
        assert (edit["take"], chosen["of"], edit["item"]) == (chosen["take"], 3, "slug-1")
        assert f"take_{edit['take']:03d}" in edit["path"]
        with_takes.show(edit)
        return int(chosen["take"])

    assert [choose(each) for each in ("next", "next", "previous", "previous", 2)] == [1, 2, 1, 3, 2]
    best = choose("best")  # which measures them
    found = child.call("takes", snapshot=with_takes.values, item="slug-1")["takes"]
    lights = ["green", "amber", "red"]
    ranks = {take["number"]: (lights.index(take["light"]), -take["review"]["score"]) for take in found}
    assert len(ranks) == 3
    assert ranks[best] == min(ranks.values())
    assert choose(3) == 3
    found = child.call("takes", snapshot=with_takes.values, item="slug-1")
    assert [(take["number"], take["circled"]) for take in found["takes"]] == [(1, False), (2, False), (3, True)]
    assert found["shown"] == 3
    first = found["takes"][0]
    assert (first["frames"], first["label"], first["engine"], first["cost"]) == (26, "previz", "previz", None)
    assert Path(first["path"]).is_file()
    assert (
        "There are: 1, 2, 3."
        in child.error("choose", snapshot=with_takes.values, item="slug-1", take=9)["data"]["hint"]
    )
    assert "Generate" in child.error("choose", snapshot=with_takes.values, item="slug-2", take="next")["data"]["hint"]

    again = child.call("restore", snapshot=with_takes.values, items=["slug-1"])
    assert again["edits"] == [{"do": "remove_take", "item": "slug-1", "cue": found["cue"]}]
    assert child.call("restore", snapshot=with_takes.values)["edits"] == again["edits"]
    assert child.call("restore", snapshot=with_takes.values, items=["slug-2"])["edits"] == []
    with_takes.values["tracks"][0]["items"][0]["uid"] = "another"  # the item is gone, its take is not
    loose = {"do": "remove_take", "item": None, "cue": found["cue"]}
    assert loose in child.call("restore", snapshot=with_takes.values)["edits"]

    export_and_import(child, with_takes)


def export_and_import(child: Any, timeline: Any) -> None:
    """The timeline as OTIO holds the takes; read back, it is the timeline without them."""
    timeline.values["tracks"][0]["items"][0]["uid"] = "slug-1"
    timeline.values["tracks"][0]["items"][1]["unheld"] = ["a wipe"]
    folder = Path(timeline.values["host"]["document"]).parent
    done = child.call("export", snapshot=timeline.values, path=str(folder / "cut.otio"))
    assert [loss["what"] for loss in done["losses"]] == ["a wipe"]
    assert done["losses"][0]["where"] == timeline.values["tracks"][0]["items"][1]["name"]
    cut = read_cut(folder / "cut.otio")
    clip = next(clip for clip in cut.find_clips() if clip.name == "slug-1")
    assert sorted(clip.media_references()) == ["DEFAULT_MEDIA", *(f"greenroom.take_00{n}" for n in (1, 2, 3))]
    assert clip.active_media_reference_key == "greenroom.take_003"

    back = child.call("import", path=str(folder / "cut.otio"))["snapshot"]
    items = {item["uid"]: item for track in back["tracks"] for item in track["items"]}
    assert set(items) == {"slug-1", "slug-2", "speech"}
    assert (items["slug-1"]["start"], items["slug-1"]["frames"], items["slug-1"]["source_start"]) == (151, 10, 0)
    assert items["slug-1"]["note"].startswith("GR#")
    back["host"] = timeline.values["host"]
    edits = child.call("apply", snapshot=back)["edits"]
    assert [(edit["do"], edit["item"]) for edit in edits] == [("place_take", "slug-1"), ("mark", "slug-1")]


def test_a_timeline_without_a_project_is_exported_too(child: Any, new_timeline: Any, tmp_path: Path) -> None:
    timeline = new_timeline(tmp_path / "else" / "a.blend")
    timeline.item(1, "a", "movie", 101, media="/m/a.mov", media_rate=[24, 1], media_frames=50, plays="frames")
    timeline.item(1, "b", "colour", 111)
    losses = child.call("export", snapshot=timeline.values, path=str(tmp_path / "cut.edl"))["losses"]
    assert losses
    back = child.call("import", path=str(tmp_path / "cut.edl"), rate=[24, 1])["snapshot"]
    starts = [item["start"] for item in back["tracks"][0]["items"]]
    assert starts == [101, 111] or starts == [101]
    error = child.error("export", snapshot=timeline.values, path=str(tmp_path / "cut.mp4"))
    assert "Known" in error["data"]["hint"]
    assert "rate" in child.error("import", path=str(tmp_path / "cut.edl"))["message"]


def test_another_programs_cut_says_what_is_lost(child: Any, tmp_path: Path) -> None:
    at, rate = otio.opentime.RationalTime, 25.0
    clip = otio.schema.Clip(
        "a",
        otio.schema.ExternalReference("media/a.mov", otio.opentime.TimeRange(at(90000, rate), at(100, rate))),
        otio.opentime.TimeRange(at(90010, rate), at(20, rate)),
    )
    clip.effects.append(otio.schema.Effect("Glow", "Glow"))
    clip.effects.append(otio.schema.LinearTimeWarp("", 2.0))
    marked = otio.opentime.TimeRange(at(90015, rate), at(1, rate))
    clip.markers.append(otio.schema.Marker("GR: actor=mara", marked, "RED", comment="softly"))
    track = otio.schema.Track("V", kind="Video")
    track.extend([otio.schema.Gap(duration=at(10, rate)), clip])
    nested = otio.schema.Stack("inside")
    nested.append(track.deepcopy())
    track.append(nested)
    timeline = otio.schema.Timeline("cut", global_start_time=at(90000, rate))
    timeline.tracks.append(track)
    otio.adapters.write_to_file(timeline, str(tmp_path / "cut.otio"))
    done = child.call("import", path=str(tmp_path / "cut.otio"))
    first, second = done["snapshot"]["tracks"][0]["items"]
    assert (first["start"], first["frames"], first["source_start"], first["media_rate"]) == (90010, 20, 10, [25, 1])
    assert (first["media_frames"], first["speed"], first["plays"]) == (100, [2, 1], "time")
    assert first["media"] == str(tmp_path / "media" / "a.mov")
    assert first["markers"] == [
        {"frame": 90015, "frames": 1, "name": "GR: actor=mara", "note": "softly", "colour": "RED"}
    ]
    assert (second["kind"], second["start"], second["frames"]) == ("compound", 90030, 30)
    assert [loss["what"] for loss in done["losses"]] == ['the effect "Glow"', "what lies inside of it"]


def test_what_is_foretold_is_what_comes(child: Any, timeline: Any) -> None:
    """Number, path, frames and note of takes that aren't made yet; only their bytes are not known."""

    def bare(edits: Any) -> Any:
        for edit in edits:
            edit.get("metadata", {}).pop("sha256", None)
        return edits

    def compare(**wishes: Any) -> Any:
        told = child.call("foretell", snapshot=timeline.values, **wishes)
        done = child.finished(child.call("generate", snapshot=timeline.values, **wishes)["batch"])
        assert (told["refused"], done["problems"]) == (None, told["problems"])
        assert bare(done["edits"]) == bare(told["edits"])
        assert all(Path(each["path"]).is_file() for each in done["edits"] if each["do"] == "place_take")
        return told

    assert compare(only=["slug-1"])["to_make"] == 1
    assert compare(takes=2)["to_make"] == 3  # another of the first, two of the second
    child.call("choose", snapshot=timeline.values, item="slug-1", take=1)  # an editor's choice stays
    told = compare(takes=3)
    shown = {edit["item"]: edit["take"] for edit in told["edits"] if edit["do"] == "place_take"}
    assert shown == {"slug-1": 1, "slug-2": 3}
    others = [[each["take"] for each in edit["others"]] for edit in told["edits"] if edit["do"] == "place_take"]
    assert others == [[2, 3], [1, 2]]
    assert compare(takes=3)["to_make"] == 0


def test_foretelling_reserves_and_writes_nothing(child: Any, timeline: Any, project: Path) -> None:
    first = child.call("foretell", snapshot=timeline.values, takes=2)
    assert first["edits"] == child.call("foretell", snapshot=timeline.values, takes=2)["edits"]
    assert not list(project.glob("takes/*/*"))
    assert child.call("jobs", project=str(project))["jobs"] == []
    nobody = timeline.item(3, "slug-3", "colour", 250, note="@nobody talk: Hello.")
    told = child.call("foretell", snapshot=timeline.values, only=[nobody["uid"]])
    assert (told["edits"], told["refused"]["code"]) == ([], "plan")

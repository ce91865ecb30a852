# SPDX-License-Identifier: Apache-2.0
"""What `generate` makes of a cut after a recut: nothing that a take covers, and only what is missing of the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom.desk import road


def planned(scene: Any, name: str = "new.out.otio") -> dict[str, Any]:
    """By clip: the plan of the cue."""
    made = road.plan(scene.folder / name, installed={"tiny": scene.engine})
    return {each.cue.event.name: each for each in made.cues}


def costs(scene: Any, name: str = "new.out.otio") -> dict[str, int]:
    return {
        clip: int(sum(take.estimate.cost or 0 for take in each.takes)) for clip, each in planned(scene, name).items()
    }


def test_what_was_trimmed_slipped_or_split_costs_nothing_afterwards(scene: Any, old: Path, noted: list[Any]) -> None:
    one, two, black, three, four = noted
    shots = [
        replace(one, first=103, frames=18, speech=43),  # trimmed at both ends
        replace(two, frames=10),  # split
        replace(two, first=110, frames=14, speech=74),
        black,
        replace(three, first=90055),  # slipped
        replace(four, frames=30, speech=124),  # extended within its handles
    ]
    scene.conform(scene.write("new.otio", shots), was=old)
    assert set(costs(scene).values()) == {0}
    made = road.generate(scene.folder / "new.out.otio", scene.folder / "made.otio", installed={"tiny": scene.engine})
    assert not scene.engine.requests
    assert not made.report.results
    clips = scene.read("made.otio")
    starts = [clip.source_range.start_time.value for clip in clips if len(clip.markers)]
    assert starts == [86403, 86400, 86410, 90055, 86400]
    assert all(clip.active_media_reference_key == "greenroom.take_001" for clip in clips if len(clip.markers))


def test_a_stand_in_that_was_trimmed_needs_no_conform_for_that(scene: Any, noted: list[Any]) -> None:
    """Its own count says where the take lies."""
    shots = list(noted)
    shots[3] = replace(noted[3], first=90052, frames=20)
    scene.write("new.out.otio", shots)
    assert costs(scene)["shot three"] == 0


@pytest.mark.parametrize("what", ["line", "motion", "seed", "actor", "dialogue", "mode"])
def test_what_the_take_was_not_made_from_is_made(scene: Any, old: Path, noted: list[Any], what: str) -> None:
    shots = [*noted[:4], replace(noted[4], frames=20)]
    notes = {
        "motion": "note=nods",
        "seed": "seed=5",
        "actor": "actor=THEO",
        "mode": "mode=animate",
    }
    scene.conform(scene.write("new.otio", shots), was=old)
    assert costs(scene)["shot four"] == 0
    timeline = otio.adapters.read_from_file(str(scene.folder / "new.out.otio"))
    clip = next(clip for clip in timeline.tracks[0] if clip.name == "shot four")
    marker = clip.markers[0]
    if what == "dialogue":
        timeline.tracks[1][4].source_range = otio.opentime.TimeRange(
            otio.opentime.RationalTime(300, 24), timeline.tracks[1][4].source_range.duration
        )
    elif what == "line":
        marker.name = marker.name.replace("Nobody.", "Somebody else.")
    else:
        key = notes[what].partition("=")[0]
        words = [word for word in marker.name.split(" ") if not word.startswith(f"{key}=")]
        marker.name = " ".join([*words, notes[what]])
    otio.adapters.write_to_file(timeline, str(scene.folder / "changed.otio"))
    assert costs(scene, "changed.otio")["shot four"] == 1, marker.name


def test_a_take_goes_on_where_its_engine_can(scene: Any, old: Path, noted: list[Any]) -> None:
    """Asked for, quoted and told: the missing frames alone."""
    scene.going_on()
    shots = [*noted[:4], replace(noted[4], first=96, frames=44, speech=120, said=48)]
    four = noted[4].note[3:9]
    road.circle(four, 1, project=scene.folder)
    made = scene.conform(scene.write("new.otio", shots), was=old)
    change = next(each for each in made.changes if each.clip == "shot four")
    assert [each.text for each in change.changes] == [
        "extended 4 f at the head, within handles",
        "extended beyond handles by 8 f at the tail",
    ]
    assert str(change.consequence) == "extend"
    assert change.why == "20 f are made and joined on to take 1, handles included; by tiny"
    assert change.cost == 20
    take = planned(scene)["shot four"].takes[0]
    assert take.estimate.cost == 20
    assert (
        "take 1 goes on: 4 f at the head and 16 f at the tail are made, 40 f are kept"
        in planned(scene)["shot four"].notes
    )
    made = road.generate(
        scene.folder / "new.out.otio", scene.folder / "made.otio", installed={"tiny": scene.engine}, yes=True
    )
    assert made.complete
    (request,) = scene.engine.requests
    assert request.continued.take == 1
    assert request.continued.first == 4
    assert request.continued.request.spec.slot == 24
    assert request.continued.media.is_file()
    assert set(costs(scene, "made.otio").values()) == {0}
    assert scene.read("made.otio")[4].active_media_reference_key == "greenroom.take_002"
    found = road.takes(scene.folder / "made.otio", installed={"tiny": scene.engine}).cues
    circled = next(each.circled for each in found if each.cue.id == four)
    assert (circled.number, circled.by) == (2, "editor")  # the one that was circled went on


def test_a_handle_that_was_made_with_the_neighbours_words(scene: Any, old: Path, noted: list[Any]) -> None:
    """Shot two's words lay under shot one's handle. Longer, shot one goes on with its own: from where they differ."""
    scene.going_on()
    longer = [replace(noted[0], frames=30, speech=40), replace(noted[1], speech=200)]
    timeline = scene.write("new.otio", [*longer, *noted[2:]])
    cut = otio.adapters.read_from_file(str(timeline))
    cut.tracks[1][0].source_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(40, 24), otio.opentime.RationalTime(24, 24)
    )
    rest = cut.tracks[1][0].deepcopy()
    rest.source_range = otio.opentime.TimeRange(otio.opentime.RationalTime(330, 24), otio.opentime.RationalTime(6, 24))
    cut.tracks[1].insert(1, rest)  # other words now lie where the handle was
    otio.adapters.write_to_file(cut, str(timeline))
    made = scene.conform(timeline, was=old)
    change = next(each for each in made.changes if each.clip == "shot one")
    assert [str(each.kind) for each in change.changes] == ["extended", "dialogue"]
    assert str(change.consequence) == "extend"
    (take,) = planned(scene)["shot one"].takes
    assert take.continued.usable.start == 0
    assert 32 <= take.continued.usable.stop <= 34
    assert take.estimate.cost == 46 - take.continued.usable.stop


def test_longer_handles_are_made_where_they_are_asked_for(scene: Any, old: Path) -> None:
    settings = scene.folder / "greenroom.toml"
    settings.write_text(settings.read_text("utf-8").replace("handles = 8", "handles = 12", 1), "utf-8")
    assert set(costs(scene, old.name).values()) == {1}
    scene.going_on()
    assert costs(scene, old.name)["shot one"] == 8  # four frames more on each side
    settings.write_text(settings.read_text("utf-8").replace("handles = 12", "handles = 4", 1), "utf-8")
    assert set(costs(scene, old.name).values()) == {0}

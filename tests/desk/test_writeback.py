# SPDX-License-Identifier: Apache-2.0
"""Takes into a cut and out again: nothing of the editor's is lost, and a swap is one key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom.desk.planning.facts import Survey
from greenroom.desk.planning.plan import PlanSettings, plan
from greenroom.desk.writing_back.apply import apply_to_timeline
from greenroom.desk.writing_back.restore import restore
from greenroom.desk.writing_back.writeback import TakesOfCue, edit_plan
from greenroom.errors import TimelineError
from greenroom.takes.states import CircledTake, Take
from greenroom_otio import copied_references

WriteBack = Callable[..., Any]


@pytest.fixture
def write_back(survey_of: Callable[..., Survey], take_of: Callable[..., Take]) -> WriteBack:
    """Plans all cues of a cut, pretends that each got `count` takes, and brings them into its timeline."""

    def run(cut: Any, count: int = 1, circle: int | None = None, **changes: Any) -> Any:
        sheet = cut.sheet()
        planned = plan(sheet, survey_of(sheet), PlanSettings())
        by = CircledTake("", circle, "editor") if circle else None
        takes = {
            each.cue.id: TakesOfCue(tuple(take_of(each, number, **changes) for number in range(1, count + 1)), by)
            for each in planned.cues
        }
        edits = edit_plan(sheet, takes)
        apply_to_timeline(cut.timeline, edits)
        return edits

    return run


def text_of(timeline: Any) -> str:
    return str(timeline.to_json_string())


SITUATIONS = (
    "placeholder with a marker",
    "placeholder with its note in the comment",
    "gap with a marker",
    "clip named by a note",
    "timeline marker",
    "stand-in",
    "stand-in at another rate",
    "stand-in at double speed",
    "stand-in in transitions",
    "stand-in with other markers",
    "clip with two references",
    "inside a compound",
)


@pytest.fixture(params=SITUATIONS)
def situation(request: pytest.FixtureRequest, new_cut: Any) -> Any:
    cut = new_cut()
    cut.dialogue(400)
    note = "@mara talk: I never left."
    match request.param:
        case "placeholder with a marker":
            cut.note(cut.placeholder(), note, comment="ask Jen about the coat")
        case "placeholder with its note in the comment":
            cut.note(cut.placeholder(), "Marker 1", comment='GR: actor=MARA line="I never left."')
        case "gap with a marker":
            cut.stand_in()
            gap = cut.note(cut.gap(36), "GR: actor=mara")
            gap.metadata["host"] = {"id": 7}
        case "clip named by a note":
            cut.placeholder(name="@mara talk: I never left.")
        case "timeline marker":
            cut.placeholder(24)
            cut.placeholder(48)
            marker = otio.schema.Marker(note, cut.range(30, 1), color="BLUE")
            cut.timeline.tracks.markers.append(marker)
        case "stand-in":
            cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
        case "stand-in at another rate":
            cut.note(cut.stand_in(60, start=100, available=(0, 400), rate=30.0), "GR: actor=MARA mode=replace")
        case "stand-in at double speed":
            cut.note(cut.stand_in(speed=2.0), "GR: actor=MARA mode=replace", at=90010)
        case "stand-in in transitions":
            cut.stand_in(path="/footage/before.mov")
            cut.picture.append(transition(cut, 6))
            cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
            cut.picture.append(transition(cut, 4))
            cut.stand_in(path="/footage/after.mov")
        case "stand-in with other markers":
            clip = cut.note(cut.stand_in(), "good bit", at=90012)
            cut.note(clip, "GR: actor=MARA mode=replace")
            cut.note(clip, "louder", comment="really", at=90040)
        case "clip with two references":
            clip = cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
            references = copied_references(clip)
            references["proxy"] = otio.schema.ExternalReference("file:///footage/proxy.mov", cut.range(89900, 400))
            clip.set_media_references(references, "proxy")
        case _:
            cut.note(cut.placeholder(), note)
            inner = cut.picture[0].deepcopy()
            track = otio.schema.Track("inner", [inner])
            del cut.picture[0]
            cut.picture.append(otio.schema.Stack("compound", [track]))
    return cut


def transition(cut: Any, offset: int) -> Any:
    time = otio.opentime.RationalTime(offset, cut.rate)
    return otio.schema.Transition("dissolve", "SMPTE_Dissolve", time, time)


def clips_with_takes(timeline: Any) -> list[Any]:
    return [clip for clip in timeline.find_clips() if len(clip.media_references()) > 1 and "greenroom" in clip.metadata]


def test_restore_gives_back_exactly_what_the_editor_had(situation: Any, write_back: WriteBack) -> None:
    before = text_of(situation.timeline)
    write_back(situation, count=2)
    assert text_of(situation.timeline) != before
    assert restore(situation.timeline) == 1
    assert text_of(situation.timeline) == before


def test_restore_works_on_the_file_too(situation: Any, write_back: WriteBack, tmp_path: Path) -> None:
    before = text_of(situation.timeline)
    write_back(situation)
    otio.adapters.write_to_file(situation.timeline, str(tmp_path / "cut.otio"))
    read = otio.adapters.read_from_file(str(tmp_path / "cut.otio"))
    restore(read)
    assert text_of(read) == before


def test_what_the_editor_had_stays_beside_the_takes(situation: Any, write_back: WriteBack) -> None:
    had = [reference_texts(clip) for clip in situation.timeline.find_clips()]
    write_back(situation, count=2)
    (clip,) = clips_with_takes(situation.timeline)
    now = reference_texts(clip)
    assert now.pop("greenroom.take_001") != now.pop("greenroom.take_002")
    assert now in had or now == {"DEFAULT_MEDIA": str(otio.schema.MissingReference())}


def reference_texts(clip: Any) -> dict[str, str]:
    return {key: str(reference) for key, reference in clip.media_references().items()}


def test_the_source_range_lies_inside_of_every_take(situation: Any, write_back: WriteBack) -> None:
    write_back(situation, count=2)
    (clip,) = clips_with_takes(situation.timeline)
    for key, reference in clip.media_references().items():
        if key.startswith("greenroom."):
            available, shown = reference.available_range, clip.source_range
            assert available.start_time <= shown.start_time
            assert shown.end_time_exclusive() <= available.end_time_exclusive()


def test_the_cut_keeps_its_length_and_order(situation: Any, write_back: WriteBack) -> None:
    before = [(event.record, event.visible) for event in situation.sheet().layout.tracks[0].events]
    write_back(situation)
    assert [(event.record, event.visible) for event in situation.sheet().layout.tracks[0].events] == before


def test_a_second_write_back_changes_nothing(situation: Any, write_back: WriteBack) -> None:
    write_back(situation, count=2)
    once = text_of(situation.timeline)
    write_back(situation, count=2)
    assert text_of(situation.timeline) == once


def test_the_written_cut_asks_for_the_same(situation: Any, write_back: WriteBack) -> None:
    (before,) = situation.sheet().cues
    write_back(situation)
    (after,) = situation.sheet().cues
    assert after.written
    assert (after.id, after.mode, after.line, after.motion) == (before.id, before.mode, before.line, before.motion)
    assert after.actor.casefold() == before.actor.casefold()
    assert (after.slot, after.event.media) == (before.slot, before.event.media)


def test_the_written_cut_has_the_same_fingerprint(
    situation: Any, write_back: WriteBack, survey_of: Callable[..., Survey]
) -> None:
    sheet = situation.sheet()
    before = plan(sheet, survey_of(sheet), PlanSettings()).cues[0].fingerprint
    write_back(situation)
    sheet = situation.sheet()
    assert plan(sheet, survey_of(sheet), PlanSettings()).cues[0].fingerprint == before


def test_circling_changes_only_the_active_key(situation: Any, write_back: WriteBack) -> None:
    write_back(situation, count=2, circle=1)
    first = text_of(situation.timeline)
    write_back(situation, count=2, circle=2)
    second = text_of(situation.timeline)
    was, now = (
        '"active_media_reference_key": "greenroom.take_001"',
        '"active_media_reference_key": "greenroom.take_002"',
    )
    assert first.count(was) == 1
    assert first.replace(was, now) == second


def test_a_stand_in_at_the_cuts_rate_keeps_its_source_range(cut: Any, write_back: WriteBack) -> None:
    clip = cut.note(cut.stand_in(start=90000), "GR: actor=MARA mode=replace")
    write_back(cut)
    assert clip.source_range == cut.range(90000, 48)
    assert clip.media_reference.available_range == cut.range(89992, 64)


def test_a_placeholder_counts_from_one_hour(cut: Any, write_back: WriteBack) -> None:
    cut.dialogue(100)
    clip = cut.note(cut.placeholder(48), "@mara talk: I never left.")
    write_back(cut)
    assert clip.source_range == cut.range(86400, 48)
    assert clip.media_reference.available_range == cut.range(86392, 64)


def test_a_take_that_the_editor_slipped_stays_slipped(cut: Any, write_back: WriteBack) -> None:
    cut.dialogue(100)
    clip = cut.note(cut.placeholder(48), "@mara talk: I never left.")
    write_back(cut)
    clip.source_range = cut.range(86405, 48)
    write_back(cut)
    assert clip.source_range == cut.range(86405, 48)


def test_a_trim_after_the_write_back_survives_restore(cut: Any, write_back: WriteBack) -> None:
    cut.dialogue(100)
    clip = cut.note(cut.placeholder(48, start=10), "@mara talk: I never left.")
    write_back(cut)
    clip.source_range = cut.range(86405, 40)
    restore(cut.timeline)
    assert clip.source_range == cut.range(15, 40)


def test_an_editors_words_survive_restore(cut: Any, write_back: WriteBack) -> None:
    cut.dialogue(100)
    clip = cut.note(cut.placeholder(48), "@mara talk: I never left.")
    write_back(cut)
    clip.markers[0].name = "@mara talk: I did leave."
    restore(cut.timeline)
    assert clip.markers[0].name == "@mara talk: I did leave."


def test_footage_cut_into_a_filled_gap_survives_restore(cut: Any, write_back: WriteBack) -> None:
    cut.note(cut.gap(48), "GR: actor=mara mode=talk")
    cut.dialogue(100)
    write_back(cut)
    clip = cut.picture[0]
    references = copied_references(clip)
    references["DEFAULT_MEDIA"] = otio.schema.ExternalReference("file:///footage/real.mov", cut.range(86400, 48))
    clip.set_media_references(references, "DEFAULT_MEDIA")
    restore(cut.timeline)
    assert cut.picture[0].media_reference.target_url == "file:///footage/real.mov"


def test_takes_without_our_metadata_are_taken_out_too(cut: Any, write_back: WriteBack) -> None:
    clip = cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
    write_back(cut)
    del clip.metadata["greenroom"]
    restore(cut.timeline)
    assert list(clip.media_references()) == ["DEFAULT_MEDIA"]


def test_a_take_that_no_longer_covers_its_slot_is_left_out_and_named(cut: Any, write_back: WriteBack) -> None:
    cut.dialogue(100)
    cut.note(cut.placeholder(48), "@mara talk: I never left.")
    before = text_of(cut.timeline)
    edits = write_back(cut, frames=40)
    assert [problem.code for problem in edits.problems] == ["take-too-short"]
    assert text_of(cut.timeline) == before


def test_a_circled_take_that_is_gone_is_named(cut: Any, write_back: WriteBack) -> None:
    cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
    edits = write_back(cut, count=2, circle=5)
    assert [problem.code for problem in edits.problems] == ["unknown-take"]
    assert "1, 2" in edits.problems[0].hint


def test_a_number_in_the_note_chooses_until_the_editor_circles(cut: Any, write_back: WriteBack) -> None:
    clip = cut.note(cut.stand_in(), "GR: actor=MARA mode=replace take=1")
    write_back(cut, count=3)
    assert clip.active_media_reference_key == "greenroom.take_001"
    write_back(cut, count=3, circle=2)
    assert clip.active_media_reference_key == "greenroom.take_002"


def test_a_note_of_the_long_form_only_gets_its_id(cut: Any, write_back: WriteBack) -> None:
    clip = cut.note(cut.stand_in(), "gr : actor=MARA mode=replace camara=low, please")
    (cue,) = cut.sheet().cues
    write_back(cut)
    assert clip.markers[0].name == f"gr#{cue.id} : actor=MARA mode=replace camara=low, please"


def test_an_editors_comment_stays(cut: Any, write_back: WriteBack) -> None:
    cut.dialogue(100)
    clip = cut.note(cut.placeholder(), "@mara talk: I never left.", comment="ask Jen about the coat")
    write_back(cut)
    assert clip.markers[0].comment == "ask Jen about the coat"
    assert clip.markers[0].name.startswith("GR#")


def test_markers_keep_their_place_when_the_source_moves(cut: Any, write_back: WriteBack) -> None:
    cut.dialogue(100)
    clip = cut.note(cut.placeholder(48, start=10), "@mara talk: I never left.", at=22)
    write_back(cut)
    assert clip.markers[0].marked_range.start_time.value == 86412


def test_a_plan_of_another_cut_is_refused(cut: Any, new_cut: Any, write_back: WriteBack) -> None:
    cut.placeholder()
    cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
    edits = write_back(cut)
    with pytest.raises(TimelineError, match="another cut"):
        apply_to_timeline(new_cut().timeline, edits)


def test_a_cut_of_a_newer_greenroom_is_refused(cut: Any, write_back: WriteBack) -> None:
    clip = cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
    write_back(cut)
    clip.metadata["greenroom"]["schema"] = 2
    with pytest.raises(TimelineError, match="newer Greenroom"):
        restore(cut.timeline)


def test_the_summary_has_a_line_for_each_cue(cut: Any, write_back: WriteBack) -> None:
    cut.note(cut.stand_in(), "GR#7f3a: actor=MARA mode=replace")
    edits = write_back(cut)
    assert edits.summary == ("take 1 of 7f3a at 01:00:00:00 (48 f + 8 and 8 f handles, previz)",)

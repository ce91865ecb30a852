# SPDX-License-Identifier: Apache-2.0
"""Which note counts for which clip, and what becomes of it."""

from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom.cues import layout_of, read_cues
from greenroom.cues.model import Cue, CueSheet, Event, EventKind, Mode, Origin
from greenroom.errors import Severity


def _sheet(timeline: Any, **known: Any) -> CueSheet:
    return read_cues(layout_of(timeline, path=None), **known)


def _codes(problems: Any) -> list[str]:
    return [problem.code for problem in problems]


def test_a_marker_on_a_slug_is_a_cue_at_its_record_range(bench: Any) -> None:
    slug = bench.marked(bench.slug(frames=48), 'GR: actor=MARA mode=talk line="I never left." seed=7')
    cue = _sheet(bench.cut([bench.gap(24), slug])).cues[0]
    assert (cue.actor, cue.mode, cue.line, cue.seed) == ("MARA", Mode.TALK, "I never left.", 7)
    assert (cue.slot.start, cue.slot.duration, cue.slot.rate) == (86424, 48, Fraction(24))
    assert (cue.origin, cue.event.kind, cue.event.address) == (Origin.CLIP_MARKER, EventKind.PLACEHOLDER, (0, 1))
    assert cue.note is not None
    assert cue.note.marker == 0
    assert cue.problems == ()


def test_a_clip_of_negative_length_is_told_once(bench: Any) -> None:
    clip = bench.marked(bench.clip("bad", -5), "GR: actor=mara mode=stage", at=86424)
    sheet = _sheet(bench.cut([clip, bench.clip("b", 20)]))
    told = [problem for problem in (*sheet.problems, *sheet.cues[0].problems) if problem.severity is Severity.ERROR]
    assert _codes(told) == ["bad-range"]
    assert _codes(sheet.cues[0].problems) == ["bad-range"]
    assert "a range of -5" in told[0].message


def test_a_bad_range_without_a_note_stays_with_the_cut(bench: Any) -> None:
    sheet = _sheet(bench.cut([bench.clip("bad", -5), bench.marked(bench.clip("b", 20), "GR: actor=mara mode=stage")]))
    assert "bad-range" in _codes(sheet.problems)
    assert _codes(sheet.cues[0].problems) == []


def test_a_marker_on_a_gap_is_a_cue(bench: Any) -> None:
    gap = bench.marked(bench.gap(30), "remember the door", "@mara: walks in")
    cue = _sheet(bench.cut([bench.clip(), gap])).cues[0]
    assert (cue.origin, cue.mode, cue.motion) == (Origin.GAP_MARKER, Mode.ANIMATE, "walks in")
    assert cue.note is not None
    assert cue.note.marker == 1
    assert cue.slot.duration == 30


def test_a_note_may_stand_in_the_marker_s_comment(bench: Any) -> None:
    clip = bench.marked(bench.slug(), "Marker 1", comment="@mara animate: turns round")
    cue = _sheet(bench.cut([clip])).cues[0]
    assert cue.note is not None
    assert (cue.note.in_comment, cue.note.marker, cue.motion) == (True, 0, "turns round")


def test_the_clip_marker_wins_over_timeline_marker_name_and_comment(bench: Any) -> None:
    clip = bench.slug(name="GR: actor=NAME")
    clip.metadata["cmx_3600"] = {"comments": ["GR: actor=COMMENT"]}
    timeline = bench.cut([clip])
    assert _sheet(timeline).cues[0].actor == "NAME"
    timeline.tracks.markers.append(otio.schema.Marker("GR: actor=TIMELINE", bench.range(10, 1)))
    assert _sheet(timeline).cues[0].actor == "TIMELINE"
    bench.marked(clip, "GR: actor=CLIP")
    cues = _sheet(timeline).cues
    assert [cue.actor for cue in cues] == ["CLIP"]


def test_an_edl_comment_is_the_last_resort(bench: Any) -> None:
    clip = bench.slug()
    clip.metadata["cmx_3600"] = {"comments": ["* AUDIO LEVEL", "GR: ACTOR=MARA MODE=TALK"]}
    cue = _sheet(bench.cut([clip])).cues[0]
    assert (cue.origin, cue.actor, cue.mode) == (Origin.COMMENT, "MARA", Mode.TALK)


def test_a_timeline_marker_goes_to_the_lowest_track_with_a_clip(bench: Any) -> None:
    timeline = bench.cut([bench.gap(100)], [bench.gap(20), bench.slug("upper", 80)], [bench.slug("top", 100)])
    timeline.tracks.markers.append(otio.schema.Marker("@mara:", bench.range(30, 1)))
    timeline.tracks.markers.append(otio.schema.Marker("@theo: track=V1", bench.range(10, 1)))
    cues = {cue.actor: cue for cue in _sheet(timeline).cues}
    assert cues["mara"].event.name == "upper"
    assert cues["mara"].origin is Origin.TIMELINE_MARKER
    assert cues["theo"].event.name == "top"  # a short form has no keys: its text is for the actor


def test_a_timeline_marker_may_name_its_track(bench: Any) -> None:
    timeline = bench.cut([bench.slug("low", 100)], [bench.slug("high", 100)])
    timeline.tracks.markers.append(otio.schema.Marker("GR: actor=MARA track=v2", bench.range(30, 1)))
    assert _sheet(timeline).cues[0].event.name == "high"
    timeline.tracks.markers[0].name = "GR: actor=MARA track=V7"
    sheet = _sheet(timeline)
    assert sheet.cues == ()
    assert _codes(sheet.problems) == ["unknown-track"]


def test_a_timeline_marker_over_gaps_only_fills_the_lowest_gap(bench: Any) -> None:
    timeline = bench.cut([bench.clip(), bench.gap(40), bench.clip()], [bench.gap(136)])
    timeline.tracks.markers.append(otio.schema.Marker("@mara:", bench.range(50, 1)))
    cue = _sheet(timeline).cues[0]
    assert (cue.event.kind, cue.event.address, cue.slot.duration) == (EventKind.GAP, (0, 1), 40)


def test_a_timeline_marker_beyond_the_cut_is_reported(bench: Any) -> None:
    timeline = bench.cut([bench.slug()])
    timeline.tracks.markers.append(otio.schema.Marker("@mara:", bench.range(5000, 1)))
    sheet = _sheet(timeline)
    assert (sheet.cues, _codes(sheet.problems)) == ((), ["nothing-there"])


def test_timeline_markers_counted_from_midnight_are_understood(bench: Any) -> None:
    timeline = bench.cut([bench.slug("a"), bench.slug("b")])
    timeline.tracks.markers.append(otio.schema.Marker("@mara:", bench.range(86400 + 60, 1)))
    assert _sheet(timeline).cues[0].event.name == "b"


def test_a_marker_of_a_track_is_a_note_for_the_clip_under_it(bench: Any) -> None:
    timeline = bench.cut([bench.slug("a")], [bench.slug("b"), bench.slug("c")])
    timeline.tracks[1].markers.append(otio.schema.Marker("@mara:", bench.range(60, 1)))
    cue = _sheet(timeline).cues[0]
    assert cue.event.name == "c"
    assert cue.note is not None
    assert cue.note.marker is None


def test_without_a_mode_dialogue_under_a_placeholder_decides(bench: Any) -> None:
    track = bench.track(bench.gap(96), bench.sound(frames=20), kind="Audio")
    notes = [bench.marked(bench.slug(str(i)), f"@mara{i}:") for i in range(3)]
    sheet = _sheet(bench.cut(notes, track))
    assert [cue.mode for cue in sheet.cues] == [Mode.ANIMATE, Mode.ANIMATE, Mode.TALK]
    # the second one's handles hear the line, its slot doesn't
    assert [len(cue.dialogue) for cue in sheet.cues] == [0, 1, 1]


def test_without_a_mode_a_clip_with_picture_is_replaced(bench: Any) -> None:
    cue = _sheet(bench.cut([bench.marked(bench.clip(), "GR: actor=MARA")])).cues[0]
    assert cue.mode is Mode.REPLACE


def test_a_line_that_nobody_would_speak_is_a_warning(bench: Any) -> None:
    cue = _sheet(bench.cut([bench.marked(bench.slug(), 'GR: actor=MARA line="Hello."')])).cues[0]
    assert (cue.mode, _codes(cue.problems)) == (Mode.ANIMATE, ["line-unspoken"])


@pytest.mark.parametrize(
    ("note", "code", "hint"),
    [
        ("GR: actor=MARA mode=tlak", "unknown-mode", 'Did you mean "talk"?'),
        ("GR: mode=talk", "no-actor", "actor=NAME"),
        ("GR: actor=MARA takes=0", "bad-value", "from 1 to 99"),
        ("GR: actor=MARA handles=-8", "bad-value", "from 0 to 1000"),
        ("GR: actor=MARA seed=99999999999999999999", "bad-value", "whole number"),
        ("GR: actor=MARA take=worst", "bad-value", "or best"),
        ("GR: actor=MARA audio=A7", "unknown-track", "Known: A1"),
    ],
)
def test_what_can_t_be_meant_is_an_error_of_its_cue(bench: Any, note: str, code: str, hint: str) -> None:
    timeline = bench.cut([bench.marked(bench.slug("slug"), note)], bench.track(bench.sound(), kind="Audio"))
    (problem,) = _sheet(timeline).cues[0].problems
    assert (problem.code, problem.severity) == (code, Severity.ERROR)
    assert hint in problem.hint
    assert problem.where == "V1 01:00:00:00 slug"


def test_lipsync_needs_no_actor(bench: Any) -> None:
    assert _sheet(bench.cut([bench.marked(bench.clip(), "GR: mode=lipsync")])).cues[0].problems == ()


def test_an_unknown_actor_names_the_nearest(bench: Any) -> None:
    cue = _sheet(bench.cut([bench.marked(bench.slug(), "GR: actor=MRA")]), known_actors=["mara", "theo"]).cues[0]
    assert _codes(cue.problems) == ["unknown-actor"]
    assert cue.problems[0].hint == 'Did you mean "mara"? Known: mara, theo.'


def test_actors_compare_whatever_their_case_and_unicode_form(bench: Any) -> None:
    clip = bench.marked(bench.slug(), "GR: actor=E\u0301LODIE")
    assert _sheet(bench.cut([clip]), known_actors=["élodie"]).cues[0].problems == ()


def test_a_remark_to_a_colleague_is_no_cue(bench: Any) -> None:
    clip = bench.marked(bench.slug(), "@john: louder please")
    sheet = _sheet(bench.cut([clip]), known_actors=["mara"])
    assert (sheet.cues, _codes(sheet.problems)) == ((), ["remark"])
    assert [
        cue.actor for cue in _sheet(bench.cut([bench.marked(bench.clip(), "@mra: hi")]), known_actors=["mara"]).cues
    ]


def test_two_notes_on_one_clip_keep_the_first_and_say_so(bench: Any) -> None:
    cue = _sheet(bench.cut([bench.marked(bench.slug(), "@mara: walks", "remark", "@theo: runs")])).cues[0]
    assert cue.actor == "mara"
    assert _codes(cue.problems) == ["two-cues"]
    assert '"@theo: runs"' in cue.problems[0].message


def test_name_and_comment_of_one_marker_are_one_note(bench: Any) -> None:
    clip = bench.marked(bench.slug(), "GR#7f3a: actor=MARA", comment="GR: actor=MARA")
    assert _sheet(bench.cut([clip])).cues[0].problems == ()


def test_the_same_id_twice_gives_the_later_one_a_new_id(bench: Any) -> None:
    copies = [bench.marked(bench.slug(name), "GR#7f3a: actor=MARA") for name in ("first", "copy", "again")]
    cues = _sheet(bench.cut([copies[0], bench.clip()], [bench.gap(50), copies[1]], [bench.gap(60), copies[2]])).cues
    assert cues[0].id == "7f3a"
    assert [cue.written for cue in cues] == [True, False, False]
    assert len({cue.id for cue in cues}) == 3
    assert _codes(cues[1].problems) == ["copied-id"]
    assert _codes(cues[0].problems) == []


def test_ids_stay_the_same_when_other_cues_come_and_go(bench: Any) -> None:
    def ids(*names: str) -> dict[str, str]:
        clips = [bench.marked(bench.slug(name), *(["@mara:"] if name in names else [])) for name in "abcd"]
        return {cue.event.name: cue.id for cue in _sheet(bench.cut(clips)).cues}

    everything, some = ids("a", "b", "c", "d"), ids("b", "d")
    assert some == {name: everything[name] for name in "bd"}
    assert all(len(id) == 6 and id.isalnum() and id == id.lower() for id in everything.values())


def test_a_slot_of_no_frames_is_an_error_and_one_frame_is_fine(bench: Any) -> None:
    timeline = bench.cut([bench.marked(bench.slug("none", 0), "@mara:"), bench.marked(bench.slug("one", 1), "@mara:")])
    none, one = sorted(_sheet(timeline).cues, key=lambda cue: cue.slot.duration)
    assert _codes(none.problems) == ["empty-slot"]
    assert (one.slot.duration, one.problems) == (1, ())


def test_a_clip_that_is_off_is_a_cue_with_a_warning_and_never_suggested(bench: Any) -> None:
    noted, plain = bench.marked(bench.slug("noted"), "@mara:"), bench.slug("plain")
    noted.enabled = plain.enabled = False
    sheet = _sheet(bench.cut([noted, plain]))
    assert _codes(sheet.cues[0].problems) == ["disabled-clip"]
    assert sheet.suggestions == ()


def test_placeholders_without_a_note_are_suggested(bench: Any, tmp_path: Path) -> None:
    (tmp_path / "here.mov").touch()
    missing = otio.schema.Clip("Text+", otio.schema.MissingReference(), bench.range(0, 10))
    clips = [
        bench.slug("black"),
        missing,
        bench.clip("shot", media=bench.media("here.mov")),
        bench.clip("Stand-in Theo", media=bench.media("here.mov")),
        bench.clip("lost", media=bench.media("gone.mov")),
        bench.gap(10),
    ]
    timeline = bench.cut(clips, bench.track(bench.slug("silence"), kind="Audio"))
    sheet = read_cues(layout_of(timeline, path=tmp_path / "cut.otio"))
    assert [(cue.event.name, cue.mode) for cue in sheet.suggestions] == [
        ("black", Mode.ANIMATE),
        ("Text+", Mode.ANIMATE),
        ("Stand-in Theo", Mode.REPLACE),
        ("lost", Mode.REPLACE),
    ]
    assert all(cue.suggested and cue.note is None for cue in sheet.suggestions)
    assert sheet.cues == ()


def test_where_no_media_is_here_a_drive_is_missing_not_pictures(bench: Any, tmp_path: Path) -> None:
    timeline = bench.cut([bench.clip(str(i), media=bench.media(f"{i}.mov")) for i in range(3)])
    sheet = read_cues(layout_of(timeline, path=tmp_path / "cut.otio"))
    assert sheet.suggestions == ()
    assert "none of the 3 media files" in sheet.problems[0].message


def test_reels_of_an_edl_are_not_suggested(bench: Any) -> None:
    reel = otio.schema.Clip("shot", otio.schema.MissingReference(), bench.range(0, 10))
    slug = otio.schema.Clip("SLUG 2", otio.schema.MissingReference(), bench.range(0, 10))
    sheet = read_cues(layout_of(bench.cut([reel, slug]), path=Path("cut.edl")))
    assert [cue.event.name for cue in sheet.suggestions] == ["SLUG 2"]


def test_a_note_on_sound_is_reported_unless_the_picture_carries_it_too(bench: Any) -> None:
    sound = bench.marked(bench.sound(), "@mara:")
    sheet = _sheet(bench.cut([bench.clip()], bench.track(sound, kind="Audio")))
    assert (sheet.cues, _codes(sheet.problems)) == ((), ["on-sound", "media-offline"])
    linked = bench.marked(bench.sound(), "@mara:")
    sheet = _sheet(bench.cut([bench.marked(bench.clip(), "@mara:")], bench.track(linked, kind="Audio")))
    assert (len(sheet.cues), _codes(sheet.problems)) == (1, [])


def test_what_nearly_is_a_note_is_never_passed_over_in_silence(bench: Any) -> None:
    sheet = _sheet(bench.cut([bench.marked(bench.slug("s"), "GR actor=MARA")]))
    assert _codes(sheet.problems) == ["no-note"]
    assert sheet.problems[0].where == "V1 01:00:00:00 s"


def test_cues_are_plain_values_in_record_order(bench: Any) -> None:
    timeline = bench.cut(
        [bench.gap(60), bench.marked(bench.slug("late"), "@mara:")], [bench.marked(bench.slug("early"), "@theo:")]
    )
    layout = layout_of(timeline, path=None)
    sheet = read_cues(layout)
    assert [cue.event.name for cue in sheet.cues] == ["early", "late"]
    assert sheet.cues[1].event == layout.tracks[0].events[1]
    asked = pickle.loads(pickle.dumps(read_cues(layout_of(timeline, path=None)).cues))
    assert {type(cue) for cue in asked} == {Cue}
    assert {type(cue.event) for cue in asked} == {Event}
    assert asked == sheet.cues


def test_a_sheet_stays_as_it_is_when_the_timeline_is_changed(bench: Any) -> None:
    def cut() -> Any:
        picture = [bench.gap(60), bench.marked(bench.clip("shot"), "@mara replace:")]
        return bench.cut(picture, bench.track(bench.gap(60), bench.sound(), kind="Audio"))

    before, timeline = read_cues(layout_of(cut(), path=None)), cut()
    (cue,) = read_cues(layout_of(timeline, path=None)).cues
    for track in timeline.tracks:
        track[1].source_range = bench.range(0, 1)
        track[1].media_reference = otio.schema.MissingReference()
        track[1].markers.clear()
        del track[0]
    assert cue == before.cues[0]
    assert [clip.name for clip in cue.dialogue] == ["line"]

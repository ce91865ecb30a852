# SPDX-License-Identifier: Apache-2.0
"""Cuts laid out in record frames: positions, trims, compounds, speeds, rates, and clips that are broken."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.cues import layout_of
from greenroom.cues.model import Event, EventKind, Layout, Origin
from greenroom.errors import TimelineError

schema, opentime = otio.schema, otio.opentime


def _layout(timeline: Any, **how: Any) -> Layout:
    return layout_of(timeline, **{"path": None, **how})


def _places(layout: Layout, track: int = 0) -> list[tuple[str, int, int]]:
    return [(event.name, event.record.start, event.record.duration) for event in layout.tracks[track].events]


def test_tracks_are_named_by_position_and_kind(bench: Any) -> None:
    layout = _layout(
        bench.cut(
            bench.track(bench.clip(), name="Picture"),
            bench.track(bench.sound(), kind="Audio", name="Boom"),
            bench.track(bench.clip()),
            bench.track(bench.clip(), kind="Subtitle"),
            bench.track(bench.sound(), kind="Audio"),
        )
    )
    assert [(t.index, t.name, t.label, t.kind) for t in layout.tracks] == [
        (0, "V1", "Picture", "video"),
        (1, "A1", "Boom", "audio"),
        (2, "V2", "", "video"),
        (4, "A2", "", "audio"),
    ]
    assert [problem.code for problem in layout.problems] == ["track-kind"]


def test_positions_are_absolute_record_frames(bench: Any) -> None:
    layout = _layout(bench.cut([bench.clip("a", 10), bench.gap(5), bench.clip("b", 20)], start=90000))
    assert _places(layout) == [("a", 90000, 10), ("", 90010, 5), ("b", 90015, 20)]
    assert [event.address for event in layout.tracks[0].events] == [(0, 0), (0, 1), (0, 2)]
    assert layout.start == 90000


@given(lengths=st.lists(st.integers(0, 50), max_size=12), start=st.sampled_from([0, 86400, 2073600 - 10]))
def test_positions_are_those_of_otio(lengths: list[int], start: int) -> None:
    track = schema.Track(kind="Video")
    for index, length in enumerate(lengths):
        span = opentime.TimeRange(opentime.RationalTime(7, 24), opentime.RationalTime(length, 24))
        track.append(schema.Clip(source_range=span) if index % 3 else schema.Gap(source_range=span))
    timeline = schema.Timeline(global_start_time=opentime.RationalTime(start, 24))
    timeline.tracks.append(track)
    events = layout_of(timeline, path=None).tracks[0].events
    theirs = [track.range_of_child_at_index(index) for index in range(len(lengths))]
    assert [(e.record.start - start, e.record.duration) for e in events] == [
        (int(r.start_time.value), int(r.duration.value)) for r in theirs
    ]


def test_media_counts_as_the_source_range_does(bench: Any) -> None:
    clip = bench.clip(start=86424, frames=48, media=bench.media("shots/a b.mov", 86400, 1000))
    media = _layout(bench.cut([clip]), path=Path("/show/cut.otio")).tracks[0].events[0].media
    assert media is not None
    assert media.path == Path("/show/shots/a b.mov")
    assert (media.source.start, media.source.duration, media.source.rate) == (86424, 48, 24)
    assert (media.available_start, media.available_frames, media.media_start) == (86400, 1000, 24)


def test_an_event_shows_its_own_media_whatever_take_is_active(bench: Any) -> None:
    clip = bench.clip()
    take = bench.media("takes/7f3a/mara.mov", 86416, 64)
    clip.set_media_references({"DEFAULT_MEDIA": clip.media_reference, "greenroom.take_001": take}, "greenroom.take_001")
    event = _layout(bench.cut([clip]), path=Path("/show/cut.otio")).tracks[0].events[0]
    assert event.active_key == "greenroom.take_001"
    assert event.media is not None
    assert event.media.path == Path("/show/shots/mara_walks.mov")


def test_placeholders_have_no_media(bench: Any) -> None:
    missing = schema.Clip("Text+", schema.MissingReference(), bench.range(0, 10))
    events = _layout(bench.cut([bench.slug(), missing, bench.gap()])).tracks[0].events
    assert [event.kind for event in events] == [EventKind.PLACEHOLDER, EventKind.PLACEHOLDER, EventKind.GAP]
    assert [event.media for event in events] == [None, None, None]


def test_an_image_sequence_is_media(bench: Any) -> None:
    reference = schema.ImageSequenceReference(
        "pictures/", "mara.", ".png", 101, 1, 24, 4, available_range=bench.range(0, 240)
    )
    clip = schema.Clip("mara", reference, bench.range(12, 24))
    event = _layout(bench.cut([clip]), path=Path("/show/cut.otio")).tracks[0].events[0]
    assert event.media is not None
    assert event.media.sequence is not None
    assert event.media.sequence.path(0) == Path("/show/pictures/mara.0101.png")
    assert (event.media.sequence.count, event.unsupported) == (240, "")


def test_media_elsewhere_is_named_as_the_reason(bench: Any) -> None:
    clip = bench.clip(media=bench.media("https://example.org/mara.mov"))
    event = _layout(bench.cut([clip])).tracks[0].events[0]
    assert "no local file" in event.unsupported


@pytest.mark.parametrize(("before", "after"), [(6, 6), (0, 12), (12, 0)])
def test_transitions_widen_what_their_neighbours_show(bench: Any, before: int, after: int) -> None:
    timeline = bench.cut([bench.clip("a", 40), bench.dissolve(before, after), bench.clip("b", 40)])
    first, second = _layout(timeline).tracks[0].events
    assert (first.record.duration, second.record.start) == (40, 86440)
    assert (first.visible.start, first.visible.end) == (86400, 86440 + after)
    assert (second.visible.start, second.visible.end) == (86440 - before, 86480)
    assert second.address == (0, 2)


def test_a_clip_without_a_range_does_not_poison_its_track(bench: Any) -> None:
    bad = schema.Clip("bad", schema.ExternalReference("a.mov"))
    layout = _layout(bench.cut([bench.clip("a", 10), bad, bench.clip("b", 20)]))
    assert _places(layout) == [("a", 86400, 10), ("bad", 86410, 0), ("b", 86410, 20)]
    (problem,) = layout.problems
    assert (problem.code, problem.where) == ("bad-range", "V1 01:00:00:10 bad")
    assert layout.tracks[0].events[1].unsupported


@pytest.mark.parametrize(
    ("value", "rate"),
    [(float("nan"), 24), (float("inf"), 24), (-5, 24), (10, 0), (10, -24), (10, float("nan")), (1e300, 24)],
)
def test_ranges_that_no_clip_can_have_are_reported(bench: Any, value: float, rate: float) -> None:
    span = opentime.TimeRange(opentime.RationalTime(0, 24), opentime.RationalTime(value, rate))
    layout = _layout(bench.cut([schema.Clip("bad", bench.media(), span), bench.clip("b", 20)]))
    assert _places(layout) == [("bad", 86400, 0), ("b", 86400, 20)]
    assert [problem.code for problem in layout.problems][:1] == ["bad-range"]


def test_a_missing_source_range_means_all_of_the_media(bench: Any) -> None:
    clip = schema.Clip("a", bench.media(start=86400, frames=100))
    event = _layout(bench.cut([clip])).tracks[0].events[0]
    assert event.record.duration == 100
    assert event.media is not None
    assert event.media.media_start == 0


@pytest.mark.parametrize(
    ("scalar", "speed", "first"),
    [(2.0, Fraction(2), 24), (0.5, Fraction(1, 2), 24), (2.8333333333333335, Fraction(17, 6), 24)],
)
def test_a_constant_speed_is_exact(bench: Any, scalar: float, speed: Fraction, first: int) -> None:
    clip = bench.clip()
    clip.effects.append(schema.LinearTimeWarp(time_scalar=scalar))
    event = _layout(bench.cut([clip])).tracks[0].events[0]
    assert event.media is not None
    assert (event.media.speed, event.media.media_start, event.unsupported) == (speed, first, "")
    assert event.record.duration == 48


def test_a_reversed_clip_begins_with_its_last_frame(bench: Any) -> None:
    clip = bench.clip(start=86424, frames=48)
    clip.effects.append(schema.LinearTimeWarp(time_scalar=-1.0))
    media = _layout(bench.cut([clip])).tracks[0].events[0].media
    assert media is not None
    assert (media.speed, media.media_start) == (-1, 24 + 47)


def test_a_freeze_stands_still(bench: Any) -> None:
    clip = bench.clip()
    clip.effects.append(schema.FreezeFrame())
    media = _layout(bench.cut([clip])).tracks[0].events[0].media
    assert media is not None
    assert (media.frozen, media.media_start) == (True, 24)


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (schema.TimeEffect("Speed ramp"), "Speed ramp"),
        (schema.LinearTimeWarp(time_scalar=float("nan")), "speed is nan"),
        (
            schema.Effect(
                metadata={
                    "fcp_xml": {
                        "effectid": "timeremap",
                        "parameter": [{"parameterid": "variablespeed", "value": "1"}],
                    }
                }
            ),
            "Time Remap",
        ),
        (
            schema.Effect(
                metadata={
                    "Resolve_OTIO": {
                        "Effect Name": "Retime and Scaling",
                        "Parameters": [{"Key Frames": {"0": {}, "48": {}}}],
                    }
                }
            ),
            "keyframes",
        ),
    ],
)
def test_ramps_are_named_and_refused(bench: Any, effect: Any, reason: str) -> None:
    clip = bench.clip()
    clip.effects.append(effect)
    assert reason in _layout(bench.cut([clip])).tracks[0].events[0].unsupported


def test_effects_that_leave_time_alone_are_only_listed(bench: Any) -> None:
    clip = bench.clip()
    clip.effects.append(schema.Effect(effect_name="Blur"))
    clip.effects.append(
        schema.Effect(metadata={"Resolve_OTIO": {"Effect Name": "Retime and Scaling", "Parameters": []}})
    )
    event = _layout(bench.cut([clip])).tracks[0].events[0]
    assert (event.effects, event.unsupported) == (("Blur", "Retime and Scaling"), "")


def test_media_of_another_rate_counts_at_its_own(bench: Any) -> None:
    # as Resolve writes a 24 fps sequence on a 25 fps cut: 6 frames of the cut in
    media = schema.ExternalReference("/a.mov", bench.range(87399, 101, 24))
    clip = schema.Clip("a", media, opentime.TimeRange(bench.time(91046.625, 25), bench.time(74, 25)))
    timeline = bench.cut([clip])
    timeline.global_start_time = bench.time(90000, 25)
    layout = _layout(timeline)
    use = layout.tracks[0].events[0].media
    assert use is not None
    assert (layout.rate, layout.tracks[0].events[0].record.duration) == (25, 74)
    assert (use.source.rate, use.available_start, use.source.start) == (24, 87399, 87404)
    assert use.media_start == Fraction(576, 100)


def test_clips_of_another_rate_keep_their_length_in_time(bench: Any) -> None:
    layout = _layout(
        bench.cut([bench.clip("a", 24), schema.Clip("b", bench.media(), bench.range(0, 50, 25)), bench.clip("c", 24)])
    )
    assert _places(layout) == [("a", 86400, 24), ("b", 86424, 48), ("c", 86472, 24)]


def test_edges_between_frames_are_rounded_and_said_and_never_drift(bench: Any) -> None:
    clips = [schema.Clip(str(i), bench.media(), bench.range(0, 1, 25)) for i in range(100)]
    layout = _layout(bench.cut([bench.clip("first", 10), *clips, bench.clip("last", 10)]))
    assert _places(layout)[-1] == ("last", 86410 + 96, 10)
    assert [problem.code for problem in layout.problems] == ["between-frames", "mixed-rates"]
    records = [event.record for event in layout.tracks[0].events]
    assert all(one.end == two.start for one, two in itertools.pairwise(records))


@pytest.mark.parametrize("written", [23.976, 23.98, 24000 / 1001, 23.976023976])
def test_fractional_rates_are_one_rate(bench_at: Callable[[float], Any], written: float) -> None:
    bench = bench_at(written)
    layout = _layout(bench.cut([bench.clip("a", 10), bench_at(24000 / 1001).clip("b", 10)]))
    assert layout.rate == Fraction(24000, 1001)
    assert _places(layout) == [("a", 86400, 10), ("b", 86410, 10)]
    assert layout.problems == ()


def test_the_rate_comes_from_the_clips_where_the_start_is_only_a_default(bench_at: Callable[[float], Any]) -> None:
    bench = bench_at(25)
    timeline = bench.cut([bench.clip()])
    timeline.global_start_time = opentime.RationalTime(0, 24)
    assert _layout(timeline).rate == 25
    timeline.global_start_time = None
    assert (_layout(timeline).rate, _layout(timeline).start) == (25, 0)
    assert _layout(timeline, rate=Fraction(50)).tracks[0].events[0].record.duration == 96


def test_sound_in_samples_is_no_rate_of_a_cut(bench: Any) -> None:
    samples = opentime.TimeRange(opentime.RationalTime(0, 48000), opentime.RationalTime(96000, 48000))
    track = bench.track(schema.Clip("a", bench.media("a.wav"), samples), kind="Audio")
    timeline = bench.cut(track, [bench.clip()])
    timeline.global_start_time = None
    layout = _layout(timeline)
    assert (layout.rate, layout.tracks[0].events[0].record.duration) == (24, 48)


def test_a_cut_that_says_no_rate_asks_for_it() -> None:
    timeline = schema.Timeline("empty")
    timeline.tracks.append(schema.Track())
    with pytest.raises(TimelineError, match="--rate 24"):
        layout_of(timeline, path=None)
    assert layout_of(timeline, path=None, rate=Fraction(24)).tracks[0].events == ()


@pytest.mark.parametrize(("start", "drop"), [(107892, True), (108000, False), (0, False)])
def test_a_start_on_a_drop_frame_hour_gives_drop_frame_away(
    bench_at: Callable[[float], Any], start: int, drop: bool
) -> None:
    bench = bench_at(30000 / 1001)
    assert _layout(bench.cut([bench.clip()], start=start)).drop_frame is drop


def test_what_the_reader_says_of_the_cut_is_used(bench: Any) -> None:
    timeline = bench.cut([bench.clip()])
    timeline.metadata["greenroom_read"] = {
        "format": "edl",
        "drop_frame": False,
        "rate": 25.0,
        "width": 1920,
        "height": 1080,
        "warnings": [{"code": "rate-guess", "message": "the rate is a guess", "where": "cut.edl"}],
    }
    layout = _layout(timeline)
    assert (layout.rate, layout.width, layout.height) == (25, 1920, 1080)
    assert (layout.problems[0].code, layout.problems[0].where) == ("rate-guess", "cut.edl")


def test_clips_in_a_compound_are_events_with_deeper_addresses(bench: Any) -> None:
    nest = schema.Stack("compound", source_range=bench.range(0, 60))
    nest.append(bench.track(bench.clip("x", 20), bench.slug("y", 40)))
    nest.append(bench.track(bench.sound("z", 60), kind="Audio"))
    layout = _layout(bench.cut([bench.clip("a", 10), nest, bench.clip("b", 10)]))
    assert _places(layout) == [("a", 86400, 10), ("x", 86410, 20), ("y", 86430, 40), ("b", 86470, 10)]
    assert [event.address for event in layout.tracks[0].events] == [(0, 0), (0, 1, 0, 0), (0, 1, 0, 1), (0, 2)]
    assert layout.tracks[0].events[2].unsupported == ""


def test_a_trimmed_compound_shows_a_part_of_its_clips(bench: Any) -> None:
    nest = schema.Stack("compound", source_range=bench.range(10, 30))
    nest.append(
        bench.track(bench.clip("x", 20, start=86424), bench.clip("y", 10), bench.clip("z", 50), bench.clip("gone"))
    )
    layout = _layout(bench.cut([bench.clip("a", 5), nest, bench.clip("b", 10)]))
    assert _places(layout) == [("a", 86400, 5), ("x", 86405, 10), ("y", 86415, 10), ("z", 86425, 10), ("b", 86435, 10)]
    events = layout.tracks[0].events
    assert [bool(event.unsupported) for event in events] == [False, True, False, True, False]
    assert events[1].media is not None
    assert events[1].media.media_start == 24 + 10


def test_a_compound_may_be_off_or_of_another_speed(bench: Any) -> None:
    off, fast = schema.Stack("off"), schema.Stack("fast")
    off.append(bench.track(bench.slug("x")))
    fast.append(bench.track(bench.slug("y")))
    off.enabled = False
    fast.effects.append(schema.LinearTimeWarp(time_scalar=2.0))
    x, y = _layout(bench.cut([off, fast])).tracks[0].events
    assert (x.enabled, x.unsupported) == (False, "")
    assert "changes its speed" in y.unsupported


def test_a_note_on_a_compound_itself_can_t_be_filled(bench: Any) -> None:
    nest = schema.Stack("compound")
    nest.append(bench.track(bench.clip("x", 20)))
    bench.marked(nest, "@mara:", at=0)
    events = _layout(bench.cut([nest])).tracks[0].events
    assert [event.name for event in events] == ["compound", "x"]
    assert "compound" in events[0].unsupported


def test_compounds_without_end_are_cut_off(bench: Any) -> None:
    inner: Any = bench.track(bench.clip())
    for _ in range(120):
        outer = schema.Stack()
        outer.append(inner)
        inner = bench.track(outer)
    layout = _layout(bench.cut(inner))
    assert [problem.code for problem in layout.problems] == ["too-deep"]


def test_a_trimmed_track_is_trimmed(bench: Any) -> None:
    track = bench.track(bench.clip("a", 20), bench.clip("b", 20), bench.clip("c", 20))
    track.source_range = bench.range(20, 30)
    assert _places(_layout(bench.cut(track))) == [("b", 86400, 20), ("c", 86420, 10)]


def test_the_range_that_edl_readers_leave_on_a_track_is_passed_over(bench: Any) -> None:
    track = bench.track(bench.clip("a", 20))
    track.source_range = bench.range(-86400, 20)
    assert _places(_layout(bench.cut(track))) == [("a", 86400, 20)]


def test_markers_know_their_record_frame(bench: Any) -> None:
    clip = bench.marked(bench.clip(start=86424), "here", at=86430)
    timeline = bench.cut([bench.gap(10), clip])
    timeline.tracks.markers.append(schema.Marker("there", bench.range(33, 1)))
    layout = _layout(timeline)
    (note,) = layout.tracks[0].events[1].notes
    assert (note.text, note.origin, note.record_frame) == ("here", Origin.CLIP_MARKER, 86416)
    assert layout.timeline_notes[0].record_frame == 86433


@pytest.mark.parametrize(("space", "key"), [("Resolve_OTIO", "Note"), ("fcp_xml", "comment"), ("AAF", "Comment")])
def test_comments_are_found_where_hosts_keep_them(bench: Any, space: str, key: str) -> None:
    clip = bench.marked(bench.clip(), "Marker 1")
    clip.markers[0].metadata[space] = {key: "GR: actor=MARA"}
    notes = _layout(bench.cut([clip])).tracks[0].events[0].notes
    assert [(note.text, note.in_comment) for note in notes] == [("Marker 1", False), ("GR: actor=MARA", True)]


def test_events_pickle_as_plain_values(bench: Any) -> None:
    layout = _layout(bench.cut([bench.clip(), bench.slug()]))
    again = pickle.loads(pickle.dumps(layout))
    assert again == layout
    assert all(type(event) is Event for event in again.tracks[0].events)


def test_a_source_that_write_back_moved_is_read_as_the_editor_had_it(bench: Any) -> None:
    clip = bench.clip("fast", 24, start=86424)
    old, moved = clip.source_range, bench.range(86408, 24)
    take = bench.media("takes/mara.mov", 86400, 40)
    clip.set_media_references({"DEFAULT_MEDIA": clip.media_reference, "greenroom.take_001": take}, "greenroom.take_001")
    clip.source_range = bench.range(86410, 20)  # trimmed by the editor afterwards: 2 frames in, 2 out
    clip.metadata["greenroom"] = {
        "schema": 1,
        "previous": {
            "source_range": old,
            "moved_to": moved.start_time,
            "moved_frames": 24.0,
            "effects": [schema.LinearTimeWarp(time_scalar=2.0)],
            "speed": 2.0,
        },
    }
    event = _layout(bench.cut([clip])).tracks[0].events[0]
    assert event.record.duration == 20
    assert event.media is not None
    assert (event.media.speed, event.media.media_start) == (2, 24 + 2 * 2)

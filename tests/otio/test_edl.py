# SPDX-License-Identifier: Apache-2.0
"""EDLs: the rate is asked for, times are where the EDL has them, and what can't be trusted is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom_otio import ReadError, read_cut, write_cut

FIXTURES = Path(__file__).parent / "fixtures"


def warnings_of(timeline: Any) -> list[str]:
    return [warning["code"] for warning in timeline.metadata["greenroom_read"]["warnings"]]


def positions(timeline: Any, track: int) -> list[tuple[str, int, int]]:
    """Name, record frame from the cut's start, and length of each clip and gap."""
    placed = timeline.tracks[track].range_of_all_children()
    children = [child for child in timeline.tracks[track] if isinstance(child, otio.core.Item)]
    return [(c.name, int(placed[c].start_time.value), int(placed[c].duration.value)) for c in children]


def notes(clip: Any) -> list[tuple[str, float]]:
    return [(marker.name, marker.marked_range.start_time.value) for marker in clip.markers]


def test_the_rate_has_to_be_given() -> None:
    with pytest.raises(ReadError) as caught:
        read_cut(FIXTURES / "two_tracks_with_locators.edl")
    assert "--rate" in caught.value.hint


@pytest.mark.parametrize("rate", ["fast", "0", -25, float("nan"), 1000])
def test_a_rate_that_is_none_is_refused(rate: Any) -> None:
    with pytest.raises(ReadError, match=r"23\.976"):
        read_cut(FIXTURES / "two_tracks_with_locators.edl", rate=rate)


def test_a_frame_number_beyond_the_rate_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "cut.edl").write_text("001  A V C 01:00:00:00 01:00:00:24 01:00:00:00 01:00:00:24\n")
    with pytest.raises(ReadError, match="--rate 25") as caught:
        read_cut(tmp_path / "cut.edl", rate="23.976")
    assert caught.value.where == "cut.edl, line 1"


def test_a_rate_that_is_hardly_right_is_doubted(tmp_path: Path) -> None:
    lines = [
        f"{n:03}  A V C 01:00:00:{n % 24:02} 01:00:01:{n % 24:02} 01:00:{n:02}:00 01:00:{n + 1:02}:00"
        for n in range(1, 30)
    ]
    (tmp_path / "cut.edl").write_text("\n".join(lines))
    assert warnings_of(read_cut(tmp_path / "cut.edl", rate=30)) == ["rate-doubtful"]
    assert warnings_of(read_cut(tmp_path / "cut.edl", rate=24)) == []


def test_tracks_lie_where_the_record_timecode_says() -> None:
    timeline = read_cut(FIXTURES / "two_tracks_with_locators.edl", rate=25)
    assert timeline.global_start_time == otio.opentime.RationalTime(900_000, 25)
    assert [track.name for track in timeline.tracks] == ["V", "A1", "A2"]
    assert positions(timeline, 0) == [("SHOT_010", 0, 50), ("", 50, 25), ("002", 75, 100)]
    assert positions(timeline, 1) == [("", 0, 125), ("WILD TRACK", 125, 25)]
    (first, _) = timeline.video_tracks()[0].find_clips()
    assert first.trimmed_range_in_parent() == first.range_in_parent()


def test_locators_become_markers_in_source_time() -> None:
    timeline = read_cut(FIXTURES / "two_tracks_with_locators.edl", rate=25)
    shot, black = timeline.tracks[0].find_clips()
    source = 90_000 + 10 * 25
    assert notes(shot)[:2] == [("GR: ACTOR=MARA MODE=TALK", source + 30), ("BANANA IN SOURCE TIME", source + 25)]
    assert [marker.color for marker in shot.markers] == ["GREEN", "RED", "RED"]
    assert warnings_of(timeline) == ["locator-outside"]
    assert list(black.metadata["cmx_3600"]["comments"]) == ["GR: ACTOR=THEO"]


def test_a_note_on_two_tracks_is_one_note() -> None:
    timeline = read_cut(FIXTURES / "two_tracks_with_locators.edl", rate=25)
    assert [notes(clip) for track in timeline.tracks[1:] for clip in track.find_clips()] == [
        [("@THEO: ONCE", 180_010.0)],
        [],
    ]


def test_drop_frame_by_mode_counts_without_semicolons() -> None:
    timeline = read_cut(FIXTURES / "drop_frame_by_mode.edl", rate="29.97")
    read = timeline.metadata["greenroom_read"]
    assert (read["drop_frame"], read["rate"]) == (True, "30000/1001")
    # 00:59:59;00 is 30 frames before the hour's 107,892; 01:01:00;02 is the first label of its minute.
    assert timeline.global_start_time.value == 107_862
    assert [clip.source_range.start_time.value for clip in timeline.find_clips()] == [107_892, 109_692]


def test_drop_frame_at_a_rate_that_has_none_is_refused_or_ignored(tmp_path: Path) -> None:
    timeline = read_cut(FIXTURES / "drop_frame_by_mode.edl", rate=30)
    assert "drop-frame-ignored" in warnings_of(timeline)
    (tmp_path / "cut.edl").write_text("001  A V C 01:00:00;00 01:00:01;00 01:00:00;00 01:00:01;00\n")
    with pytest.raises(ReadError, match=r"29\.97"):
        read_cut(tmp_path / "cut.edl", rate=30)


def test_speeds_count_frames_of_timecode() -> None:
    timeline = read_cut(FIXTURES / "double_speed_at_23976.edl", rate="23.976")
    fast, frozen = timeline.find_clips()
    assert fast.effects[0].time_scalar == 2.0
    assert fast.duration().value == 48
    assert isinstance(frozen.effects[0], otio.schema.FreezeFrame)


def test_lengths_that_disagree_are_read_and_told() -> None:
    timeline = read_cut(FIXTURES / "lengths_disagree.edl", rate=24)
    assert warnings_of(timeline) == ["edl-mismatch", "event-moved"]
    first, second = timeline.metadata["greenroom_read"]["warnings"]
    assert "source has 48 frames, the record 24, in clip SHOT_010" in first["message"]
    assert "lies at 01:00:02:00, the EDL has it at 01:00:01:00" in second["message"]
    assert second["where"] == "V, event 002, SHOT_020"


def test_one_number_on_two_tracks_is_two_events() -> None:
    timeline = read_cut(FIXTURES / "one_number_on_two_tracks.edl", rate=24)
    assert [(track.name, len(list(track.find_clips()))) for track in timeline.tracks] == [("V", 2), ("A1", 1)]
    assert positions(timeline, 0) == [("001", 0, 24), ("IN", 24, 24)]
    assert isinstance(timeline.tracks[0][1], otio.schema.Transition)


@pytest.mark.parametrize(
    ("line", "word"),
    [("001  A V C 01:00:00:00", "fields"), ("001 A V C 1 2 x y", "timecodes"), ("* only a comment", "no events")],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, word: str) -> None:
    (tmp_path / "cut.edl").write_text(f"TITLE: X\n{line}\n")
    with pytest.raises(ReadError, match=word) as caught:
        read_cut(tmp_path / "cut.edl", rate=24)
    assert caught.value.hint


def test_resolves_list_of_markers_is_applied() -> None:
    markers = FIXTURES / "resolve_markers.edl"
    timeline = read_cut(FIXTURES / "two_tracks_with_locators.edl", rate=25, markers=markers)
    first, second = timeline.tracks.markers
    assert (first.name, first.comment, first.color) == ("Marker 1", 'GR: actor=MARA line="I never left."', "PINK")
    assert (first.marked_range.start_time.value, first.marked_range.duration.value) == (25, 48)
    assert (second.name, second.comment, second.marked_range.start_time.value) == ("@theo:", "", 112)
    with pytest.raises(ReadError, match="not a cut"):
        read_cut(markers, rate=25)


@pytest.mark.parametrize(
    ("rate", "start", "drop_frame", "first"),
    [
        (24.0, 86_400, False, "01:00:00:00"),
        (24000 / 1001, 86_400, False, "01:00:00:00"),
        (25.0, 0, False, "00:00:00:00"),
        (30000 / 1001, 107_892, True, "01:00:00;00"),
        (30000 / 1001, 108_000, False, "01:00:00:00"),
        (60000 / 1001, 215_784, True, "01:00:00;00"),
        (50.0, 4_319_500 - 50, False, "23:59:49:00"),
    ],
)
def test_there_and_back(tmp_path: Path, rate: float, start: int, drop_frame: bool, first: str) -> None:
    def times(begin: int, length: int) -> Any:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(begin, rate), otio.opentime.RationalTime(length, rate)
        )

    shot = otio.schema.Clip("SHOT", otio.schema.ExternalReference("/m/a.mov"), times(100, 30))
    shot.markers.append(otio.schema.Marker("GR: ACTOR=MARA", times(110, 1), "GREEN"))
    fast = otio.schema.Clip("FAST", otio.schema.ExternalReference("/m/b.mov"), times(10, 20))
    fast.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    gap = otio.schema.Gap(duration=otio.opentime.RationalTime(10, rate))
    timeline = otio.schema.Timeline("X", global_start_time=otio.opentime.RationalTime(start, rate))
    timeline.tracks.append(otio.schema.Track("V1", [shot, gap, fast], kind="Video"))
    timeline.metadata["greenroom_read"] = {"drop_frame": drop_frame}
    write_cut(timeline, tmp_path / "cut.edl")

    text = (tmp_path / "cut.edl").read_text()
    assert text.splitlines()[1] == f"FCM: {'DROP FRAME' if drop_frame else 'NON-DROP FRAME'}"
    assert first in text
    back = read_cut(tmp_path / "cut.edl", rate=rate)
    assert back.global_start_time.value == start
    assert warnings_of(back) == []
    assert positions(back, 0) == [("SHOT", 0, 30), ("", 30, 10), ("FAST", 40, 20)]
    again, twice = back.find_clips()
    assert again.source_range.start_time.value == 100
    assert notes(again) == [("GR: ACTOR=MARA", 110.0)]
    assert twice.effects[0].time_scalar == 2.0


@pytest.fixture
def two_tracks_with_timeline_markers() -> Any:
    """V1 has a shot, a gap and a shot, V2 a shot over all; markers on the timeline and on V1."""

    def times(begin: int, length: int) -> Any:
        return otio.opentime.TimeRange(otio.opentime.RationalTime(begin, 25), otio.opentime.RationalTime(length, 25))

    def shot(name: str, begin: int, length: int) -> Any:
        return otio.schema.Clip(name, otio.schema.ExternalReference(f"/m/{name}.mov"), times(begin, length))

    own = otio.schema.Marker("GR#AAAA: ACTOR=MARA", times(105, 1))
    first, second, above = shot("ONE", 100, 20), shot("TWO", 500, 20), shot("ABOVE", 0, 50)
    first.markers.append(own)
    gap = otio.schema.Gap(duration=otio.opentime.RationalTime(10, 25))
    timeline = otio.schema.Timeline("X", global_start_time=otio.opentime.RationalTime(90_000, 25))
    timeline.tracks.append(otio.schema.Track("V1", [first, gap, second], kind="Video"))
    timeline.tracks.append(otio.schema.Track("V2", [above], kind="Video"))
    timeline.tracks.markers.extend(
        [
            otio.schema.Marker("scene 3", times(10, 4), "GREEN", comment="GR#BBBB: ACTOR=THEO"),
            otio.schema.Marker("OVER THE GAP", times(25, 1)),
            otio.schema.Marker("GR#CCCC: ACTOR=INES TRACK=V2", times(31, 1)),
            otio.schema.Marker("COUNTED FROM MIDNIGHT", times(90_030, 1)),
        ]
    )
    timeline.tracks[0].markers.append(otio.schema.Marker("GR#DDDD: ACTOR=INES TRACK=V1", times(49, 1)))
    return timeline


def test_timeline_markers_become_locators_of_the_clips_under_them(
    tmp_path: Path, two_tracks_with_timeline_markers: Any
) -> None:
    report = write_cut(two_tracks_with_timeline_markers, tmp_path / "cut.edl")
    back = read_cut(tmp_path / "cut.edl", rate=25)
    one, two = back.find_clips()
    assert notes(one) == [("GR#AAAA: ACTOR=MARA", 105.0), ("GR#BBBB: ACTOR=THEO", 110.0)]
    assert notes(two) == [("COUNTED FROM MIDNIGHT", 500.0), ("GR#DDDD: ACTOR=INES TRACK=V1", 519.0)]
    assert [marker.color for marker in one.markers] == ["RED", "GREEN"]
    assert warnings_of(back) == []
    lost = [loss.what for loss in report if loss.what.startswith("the timeline marker")]
    assert lost == ['the timeline marker "OVER THE GAP"', 'the timeline marker "GR#CCCC: ACTOR=INES TRACK=V2"']


def test_a_timecode_that_no_clock_shows_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "cut.edl").write_text("001  A V C 00:00:00:00 00:00:75:00 01:00:00:00 01:00:75:00\n")
    with pytest.raises(ReadError, match="00:00:75:00 is no timecode") as caught:
        read_cut(tmp_path / "cut.edl", rate=24)
    assert caught.value.where == "cut.edl, line 1"


def test_a_note_between_two_dissolves_stays_on_its_own_clip(tmp_path: Path) -> None:
    """A dissolve names the clip that it comes from once more, with its locators."""
    dissolves = (FIXTURES / "note_between_dissolves.edl").read_text()
    assert dissolves.count("GR#7F3A") == 2
    timeline = read_cut(FIXTURES / "note_between_dissolves.edl", rate=24)
    noted = {clip.name: [marker.name for marker in clip.markers] for clip in timeline.find_clips()}
    assert noted == {"OPENING": [], "PLACEHOLDER": ["GR#7F3A: ACTOR=MARA MODE=TALK"], "CLOSING": []}

# SPDX-License-Identifier: Apache-2.0
"""FCP7 XML, FCPXML, AAF and Resolve's dialect: notes arrive, losses are told, the timeline is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom_otio import Loss, WriteError, media_path, read_cut, write_cut

FIXTURES = Path(__file__).parent / "fixtures"


def times(begin: float, length: float, rate: float = 24) -> Any:
    return otio.opentime.TimeRange(otio.opentime.RationalTime(begin, rate), otio.opentime.RationalTime(length, rate))


def placed(timeline: Any, track: int = 0) -> list[tuple[str, float, float]]:
    ranges = timeline.tracks[track].range_of_all_children()
    items = [child for child in timeline.tracks[track] if isinstance(child, otio.schema.Clip)]
    return [(item.name, ranges[item].start_time.value, ranges[item].duration.value) for item in items]


@pytest.fixture
def scene(tmp_path: Path) -> Any:
    """A cut with takes, a gap with a note, a slug, offline media, a disabled clip, a speed, a dissolve and sound."""
    shot = otio.schema.Clip(
        "shot 1", otio.schema.ExternalReference("media/a b.mov", times(86400, 200)), times(86424, 48)
    )
    take = otio.schema.ExternalReference("takes/mara.mov", times(86416, 64))
    shot.set_media_references({**shot.media_references(), "greenroom.take_001": take}, "greenroom.take_001")
    shot.metadata["greenroom"] = {"schema": 1}
    shot.markers.append(otio.schema.Marker("a note", times(86430, 1), "GREEN", comment="GR#7f3a: actor=MARA"))
    gap = otio.schema.Gap(duration=otio.opentime.RationalTime(24, 24))
    gap.markers.append(otio.schema.Marker("@theo: hello", times(3, 1)))
    slug = otio.schema.Clip("slug", otio.schema.GeneratorReference("slug", "black"), times(0, 36))
    dissolve = otio.schema.Transition("d", "SMPTE_Dissolve", *(otio.opentime.RationalTime(6, 24),) * 2)
    offline = otio.schema.Clip("offline", otio.schema.MissingReference(), times(12, 36))
    disabled = otio.schema.Clip("off", otio.schema.ExternalReference("file:///m/off.mov", times(0, 30)))
    disabled.enabled = False
    fast = otio.schema.Clip("fast", otio.schema.ExternalReference("file:///m/fast.mov"), times(10, 20))
    fast.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    sound = otio.schema.Clip("sound", otio.schema.ExternalReference("file:///m/s.wav", times(0, 300)), times(0, 100))
    timeline = otio.schema.Timeline("scene 3", global_start_time=otio.opentime.RationalTime(86400, 24))
    video = [shot, gap, slug, dissolve, offline, disabled, fast]
    timeline.tracks.append(otio.schema.Track("Video 1", video, kind="Video"))
    timeline.tracks.append(otio.schema.Track("Audio 1", [sound], kind="Audio"))
    timeline.tracks.markers.append(otio.schema.Marker("@ines: go", times(100, 1), comment="why"))
    return timeline


def losses_at(report: tuple[Loss, ...], where: str) -> list[str]:
    return [loss.what for loss in report if loss.where.endswith(where)]


@pytest.mark.parametrize("to", ["otio", "resolve-otio", "edl", "fcp7", "fcpxml", "aaf"])
def test_writing_leaves_the_timeline_alone_and_tells_losses(tmp_path: Path, scene: Any, to: str) -> None:
    before = scene.to_json_string()
    report = write_cut(scene, tmp_path / "cut", to=to)
    assert scene.to_json_string() == before
    assert (tmp_path / "cut").stat().st_size > 100
    assert [path.name for path in tmp_path.iterdir()] == ["cut"]
    told = " ".join(map(str, report))
    assert ("DEFAULT_MEDIA" in told) == (to != "otio")
    assert ("Greenroom's metadata" in told) == (to != "otio")
    assert all(loss.what and loss.why for loss in report)


def test_fcpxml_tells_that_its_dissolves_are_gone(tmp_path: Path, scene: Any) -> None:
    report = write_cut(scene, tmp_path / "cut.fcpxml")
    assert losses_at(report, "Video 1").count("the transition SMPTE_Dissolve") == 1


def test_fcp7_there_and_back(tmp_path: Path, scene: Any) -> None:
    report = write_cut(scene, tmp_path / "cut.xml")
    back = read_cut(tmp_path / "cut.xml")
    assert back.global_start_time == scene.global_start_time
    assert placed(back) == placed(scene)
    shot = next(iter(back.find_clips()))
    marker = shot.markers[0]
    assert (marker.name, marker.comment) == ("a note", "GR#7f3a: actor=MARA")
    assert marker.marked_range.start_time.value == 86430
    assert media_path(shot.media_reference, "/elsewhere") == tmp_path / "takes" / "mara.mov"
    assert [clip.name for clip in back.find_clips() if not clip.enabled] == ["off"]
    on_sequence = {(m.name, m.comment, m.marked_range.start_time.value) for m in back.tracks.markers}
    assert on_sequence == {("@ines: go", "why", 100), ("@theo: hello", "", 51)}
    assert losses_at(report, "clip fast") == ["the speed of 200%"]
    assert losses_at(report, "clip slug") == ['the generator "black"']


def test_premieres_notes_arrive() -> None:
    timeline = read_cut(FIXTURES / "premiere_notes.xml")
    read = timeline.metadata["greenroom_read"]
    assert (read["format"], read["rate"], read["drop_frame"]) == ("fcp7", "30000/1001", True)
    assert (read["width"], read["height"]) == (1920, 1080)
    assert timeline.global_start_time.value == 107_892
    first, second = timeline.find_clips()
    assert (first.enabled, second.enabled) == (True, False)
    (marker,) = first.markers
    assert marker.comment == "GR: actor=MARA mode=talk"
    # Eight frames into the clip: in=20 of the media, whose timecode is 02:00:00:00, against in=12 of the clip.
    assert marker.marked_range.start_time.value - first.source_range.start_time.value == 8
    assert [marker.comment for marker in timeline.tracks.markers] == ["@ines: go"]
    assert media_path(first.media_reference, "/") == Path("/Volumes/media/shot 1.mov")


def test_fcpxml_notes_arrive_and_dropped_titles_are_told() -> None:
    timeline = read_cut(FIXTURES / "titles_and_notes.fcpxml")
    (shot,) = (clip for clip in timeline.find_clips() if clip.name == "shot 1")
    assert [(m.name, m.comment) for m in shot.markers] == [("note & more", "GR: actor=MARA"), ("note & more", "second")]
    assert [w["code"] for w in timeline.metadata["greenroom_read"]["warnings"]] == ["titles-dropped"]


def test_aaf_there_and_back(tmp_path: Path, scene: Any) -> None:
    report = write_cut(scene, tmp_path / "cut.aaf")
    back = read_cut(tmp_path / "cut.aaf")
    assert back.metadata["greenroom_read"]["format"] == "aaf"
    assert back.global_start_time == scene.global_start_time
    assert [item[0] for item in placed(back)] == ["shot 1", "slug", "offline", "off", "fast"]
    assert 'the marker "a note"' in losses_at(report, "clip shot 1")


def test_resolves_notes_become_comments() -> None:
    timeline = read_cut(FIXTURES / "resolve_export.otio")
    assert timeline.metadata["greenroom_read"]["format"] == "resolve-otio"
    (clip,) = timeline.find_clips()
    assert (clip.markers[0].name, clip.markers[0].comment) == ("Marker 1", "GR: actor=MARA")
    assert clip.source_range.start_time.value == 91046.625
    assert media_path(clip.media_reference, "/cut") == Path("C:/media/plate #1.mov")


def test_resolve_gets_what_its_importer_accepts(tmp_path: Path, scene: Any) -> None:
    report = write_cut(scene, tmp_path / "cut.otio", to="resolve-otio")
    back = read_cut(tmp_path / "cut.otio")
    references = [clip.media_reference for clip in back.find_clips()]
    assert not any(isinstance(reference, otio.schema.MissingReference) for reference in references)
    assert all(clip.active_media_reference_key == "DEFAULT_MEDIA" for clip in back.find_clips())
    shot = next(iter(back.find_clips()))
    assert shot.media_reference.target_url == str(tmp_path / "takes" / "mara.mov")
    marker = shot.markers[0]
    assert marker.metadata["Resolve_OTIO"]["Note"] == marker.comment == "GR#7f3a: actor=MARA"
    assert back.metadata["Resolve_OTIO"]["Resolve OTIO Meta Version"] == "1.0"
    assert placed(back) == placed(scene)
    assert losses_at(report, "clip offline") == ["that the clip has no media"]


def test_an_edl_says_what_it_left_out(tmp_path: Path, scene: Any) -> None:
    report = write_cut(scene, tmp_path / "cut.edl")
    assert losses_at(report, "clip off") == ["a disabled clip"]
    assert losses_at(report, "Audio 1") == ["the audio track Audio 1"]
    # The note stands in the comment, which an EDL has no room for: it takes the name's place.
    assert "GR#7F3A: ACTOR=MARA" in (tmp_path / "cut.edl").read_text()


@pytest.mark.parametrize(("name", "to"), [("cut.mov", None), ("cut.otio", "avi")])
def test_an_unknown_format_lists_the_known(tmp_path: Path, name: str, to: str | None) -> None:
    with pytest.raises(WriteError, match="fcpxml"):
        write_cut(otio.schema.Timeline(), tmp_path / name, to=to)


@pytest.mark.parametrize("suffix", [".edl", ".xml", ".fcpxml", ".aaf"])
def test_a_cut_without_clips_is_refused_with_the_next_step(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(WriteError) as caught:
        write_cut(otio.schema.Timeline("empty"), tmp_path / f"cut{suffix}")
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_otio_finds_the_adapter_by_name_only(tmp_path: Path) -> None:
    source = FIXTURES / "two_tracks_with_locators.edl"
    timeline = otio.adapters.read_from_file(str(source), adapter_name="greenroom_safe", rate=25)
    assert timeline.global_start_time.value == 900_000
    otio.adapters.write_to_file(timeline, str(tmp_path / "cut.xml"), adapter_name="greenroom_safe")
    assert read_cut(tmp_path / "cut.xml").global_start_time.value == 900_000
    assert "greenroom_safe" not in otio.adapters.suffixes_with_defined_adapters()


def test_a_status_in_the_comment_never_takes_the_place_of_the_note(tmp_path: Path) -> None:
    clip = otio.schema.Clip("shot", otio.schema.ExternalReference("file:///m/a.mov", times(0, 48)), times(0, 48))
    status = "Greenroom: 2 takes (previz)"
    clip.markers.append(otio.schema.Marker("GR#7f3a: actor=MARA", times(3, 1), "GREEN", comment=status))
    timeline = otio.schema.Timeline("t", global_start_time=otio.opentime.RationalTime(86400, 24))
    timeline.tracks.append(otio.schema.Track("V", [clip], kind="Video"))
    lost = write_cut(timeline, tmp_path / "t.edl", to="edl")
    assert "GR#7F3A: ACTOR=MARA" in (tmp_path / "t.edl").read_text("utf-8")
    assert any("comment of the marker" in loss.what for loss in lost)


def test_fcp7_names_the_first_picture_of_a_sequence(tmp_path: Path) -> None:
    house = otio.schema.ImageSequenceReference("house", "h.", ".png", 1001, 1, 24, 4, available_range=times(0, 48))
    timeline = otio.schema.Timeline("t")
    timeline.tracks.append(otio.schema.Track("V", [otio.schema.Clip("house", house, times(0, 48))], kind="Video"))
    lost = write_cut(timeline, tmp_path / "t.xml", to="fcp7")
    assert "h.1001.png" in (tmp_path / "t.xml").read_text("utf-8")
    assert any("image sequence" in loss.what for loss in lost)

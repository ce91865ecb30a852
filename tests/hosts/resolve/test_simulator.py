# SPDX-License-Identifier: Apache-2.0
"""The simulated Resolve behaves as published measurements say that Resolve does. Each test names its source.

The sources are named as the fact page names them: [doc] Blackmagic's README and release notes, [meas] somebody's
published measurement with its build, [infer] a conclusion. What nobody knows is in `Unknowns`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.testing.resolve import SimulatedResolve

Movies = Callable[..., Path]
Resolves = Callable[..., SimulatedResolve]


def timeline_of(handle: Any) -> Any:
    return handle.GetProjectManager().GetCurrentProject().GetCurrentTimeline()


def pool_of(handle: Any) -> Any:
    return handle.GetProjectManager().GetCurrentProject().GetMediaPool()


@pytest.mark.parametrize(
    ("release", "inside", "outside"),
    [
        ("20.3 Studio", True, True),
        ("21.0.4", True, False),
        ("21.0.4 Studio", True, True),
        ("21.1", False, False),
        ("21.1 Studio", True, True),
    ],
)
def test_who_gets_a_handle(resolves: Resolves, release: str, inside: bool, outside: bool) -> None:
    """[doc] release notes of 21.1: Python is Studio-only; free editions never had it from outside."""
    resolve = resolves(release)
    assert (resolve.handle() is not None, resolve.handle(outside=True) is not None) == (inside, outside)


def test_scriptapp_is_none_where_scripting_is_switched_off(resolve: SimulatedResolve) -> None:
    """[doc] Preferences > System > General > External scripting using."""
    resolve.scripting = False
    assert resolve.handle(outside=True) is None
    assert resolve.handle() is not None  # the menu is another matter


def test_after_quitting_everything_answers_none(resolve: SimulatedResolve) -> None:
    """[meas] a handle outlives the program, and answers None."""
    resolve.new_timeline("Reel 1")
    handle = resolve.handle()
    manager = handle.GetProjectManager()
    resolve.quit()
    assert manager.GetCurrentProject() is None
    assert manager.SaveProject() is None
    assert resolve.handle() is None


def test_every_name_is_there_and_unknown_ones_are_none(resolve: SimulatedResolve) -> None:
    """[meas] hasattr() is constantly true on live objects; dir() and callable() tell."""
    handle = resolve.handle()
    assert hasattr(handle, "NoSuchMethod")
    assert handle.NoSuchMethod is None
    assert "GetVersion" in dir(handle)
    assert "NoSuchMethod" not in dir(handle)


def test_keywords_are_refused_and_wrong_numbers_of_arguments_fail_in_silence(resolve: SimulatedResolve) -> None:
    """[UNKNOWN] whether the remote object takes keywords: so nobody may rely on it."""
    timeline = resolve.new_timeline("Reel 1")
    handle = timeline_of(resolve.handle())
    with pytest.raises(TypeError, match="by position"):
        handle.GetTrackCount(trackType="video")
    assert handle.GetTrackCount() is None
    assert handle.AddTrack() is False
    assert [text.split(":")[0] for text in resolve.gate.misuses] == ["Timeline.GetTrackCount", "Timeline.AddTrack"]
    resolve.gate.misuses.clear()
    assert timeline.GetTrackCount("video") == 1


def test_the_enumeration_differs_between_versions(resolves: Resolves) -> None:
    """[meas 21.1] enums have to be read off the live handle; a hard-coded one is silently refused."""
    first, second = resolves("21.0.4 Studio").handle(), resolves("21.1 Studio").handle()
    assert isinstance(first.EXPORT_OTIO, float)
    assert first.EXPORT_OTIO != second.EXPORT_OTIO


@pytest.mark.parametrize(
    ("rate", "start", "frame"),
    [
        ("24", "01:00:00:00", 86400),
        ("23.976", "01:00:00:00", 86400),
        ("25", "01:00:00:00", 90000),
        ("29.97", "01:00:00:00", 108000),
        ("29.97", "01:00:00;00", 107892),
        ("30", "01:00:00:00", 108000),
        ("24", "00:00:00:00", 0),
    ],
)
def test_where_timelines_start(resolves: Resolves, rate: str, start: str, frame: int) -> None:
    """[doc] README and [meas] auto-subs#16: absolute frames; drop-frame 01:00:00;00 is 107892."""
    resolve = resolves(rate=rate)
    resolve.new_timeline("Reel 1", start=start)
    handle = timeline_of(resolve.handle())
    assert (handle.GetStartFrame(), handle.GetStartTimecode()) == (frame, start)


def test_markers_count_from_the_start_and_an_absolute_frame_marks_an_hour_late(resolve: SimulatedResolve) -> None:
    """[meas] AddMarker(GetStartFrame()+50) returns True, an hour late."""
    resolve.new_timeline("Reel 1")
    handle = timeline_of(resolve.handle())
    assert handle.AddMarker(handle.GetStartFrame() + 50, "Blue", "late", "", 1) is True
    assert list(handle.GetMarkers()) == [86450.0]


def test_one_marker_a_frame_sixteen_colours(resolve: SimulatedResolve) -> None:
    """[doc] the colours; [infer] one marker for each frame of an object."""
    resolve.new_timeline("Reel 1")
    handle = timeline_of(resolve.handle())
    assert handle.AddMarker(5, "Blue", "one", "", 1, "mine") is True
    assert handle.AddMarker(5, "Red", "two", "", 1) is False
    assert handle.AddMarker(6, "Orange", "a clip colour", "", 1) is False
    assert handle.GetMarkerByCustomData("mine")["name"] == "one"
    assert handle.UpdateMarkerCustomData(5, "yours") is True
    assert handle.DeleteMarkerByCustomData("mine") is False
    assert handle.DeleteMarkersByColor("Blue") is True
    assert handle.GetMarkers() == {}


@pytest.mark.parametrize(("release", "kind"), [("21.0.4 Studio", float), ("21.1 Studio", int)])
def test_marker_numbers_are_floats_before_21_1(resolves: Resolves, release: str, kind: type) -> None:
    """[doc] README: floats; the 21.1 stub: ints."""
    resolve = resolves(release)
    resolve.new_timeline("Reel 1")
    handle = timeline_of(resolve.handle())
    handle.AddMarker(5, "Blue", "", "", 3)
    ((frame, marker),) = handle.GetMarkers().items()
    assert (type(frame), type(marker["duration"])) == (kind, kind)


def test_clip_colours_are_others_and_lie_on_generators(resolve: SimulatedResolve, movies: Movies) -> None:
    """[meas] SetClipColor says True on a generator and keeps nothing; marker-only names are refused."""
    timeline = resolve.new_timeline("Reel 1")
    clip = resolve.place(timeline, movies(), record=86400, frames=10)
    solid = resolve.generator(timeline, record=86500, frames=10)
    resolve.handle()
    assert (clip.SetClipColor("Orange"), clip.GetClipColor()) == (True, "Orange")
    assert clip.SetClipColor("Cream") is False
    assert (solid.SetClipColor("Orange"), solid.GetClipColor()) == (True, "")


def append(handle: Any, media: Any, **more: Any) -> Any:
    return pool_of(handle).AppendToTimeline([{"mediaPoolItem": media, "mediaType": 1, **more}])


def imported(handle: Any, path: Path) -> Any:
    return pool_of(handle).ImportMedia([str(path)])[0]


def test_the_end_of_an_append_is_exclusive(resolve: SimulatedResolve, movies: Movies) -> None:
    """[meas 20.3 to 21.1] 25..75 makes 50 frames; GetEnd is exclusive too."""
    resolve.new_timeline("Reel 1")
    handle = resolve.handle()
    (item,) = append(handle, imported(handle, movies(frames=80)), startFrame=25, endFrame=75, recordFrame=86400)
    assert (item.GetStart(), item.GetEnd(), item.GetDuration()) == (86400, 86450, 50)
    assert (item.GetLeftOffset(), item.GetSourceStartFrame()) == (25, 25)


def test_an_end_without_a_start_is_ignored(resolve: SimulatedResolve, movies: Movies) -> None:
    """[meas] endFrame without startFrame."""
    resolve.new_timeline("Reel 1")
    handle = resolve.handle()
    (item,) = append(handle, imported(handle, movies()), endFrame=10, recordFrame=86400)
    assert item.GetDuration() == 60


def test_of_an_overlap_the_earlier_clip_wins(resolve: SimulatedResolve, movies: Movies) -> None:
    """[meas] the later one is dropped: AppendToTimeline may return [None]."""
    resolve.new_timeline("Reel 1")
    handle = resolve.handle()
    media = imported(handle, movies())
    append(handle, media, startFrame=0, endFrame=50, recordFrame=86400)
    assert append(handle, media, startFrame=0, endFrame=50, recordFrame=86420) == [None]
    assert len(timeline_of(handle).GetItemListInTrack("video", 1)) == 1


def test_a_track_beyond_the_last_is_track_one(resolve: SimulatedResolve, movies: Movies) -> None:
    """[meas] trackIndex beyond the count doesn't fail (davinci-resolve-mcp#74)."""
    resolve.new_timeline("Reel 1")
    handle = resolve.handle()
    (item,) = append(handle, imported(handle, movies()), startFrame=0, endFrame=10, trackIndex=7, recordFrame=86400)
    assert item.GetTrackTypeAndIndex() == ["video", 1]


def test_a_locked_track_refuses(resolve: SimulatedResolve, movies: Movies) -> None:
    """[infer]"""
    timeline = resolve.new_timeline("Reel 1")
    item = resolve.place(timeline, movies(), record=86500, frames=10)
    handle = resolve.handle()
    timeline_of(handle).SetTrackLock("video", 1, True)
    media = imported(handle, movies())
    assert append(handle, media, startFrame=0, endFrame=10, recordFrame=86400) == [None]
    (held,) = timeline_of(handle).GetItemListInTrack("video", 1)
    assert held.AddTake(media, 0, 10) is False
    assert held.SetClipEnabled(False) is False
    assert item.enabled


def test_another_rate_is_floored_to_timeline_frames(resolves: Resolves, movies: Movies) -> None:
    """[meas] start and end count source frames; a slot can come out a frame short."""
    resolve = resolves(rate="25")
    resolve.new_timeline("Reel 1")
    handle = resolve.handle()
    (item,) = append(handle, imported(handle, movies("24")), startFrame=0, endFrame=49, recordFrame=90000)
    assert item.GetDuration() == 51  # 49 / 24 * 25 = 51.04


def test_sound_takes_on_the_rate_of_the_project(resolves: Resolves, tmp_path: Path) -> None:
    """[meas] davinci-resolve-mcp PR#144: a WAV freezes the project's rate at import."""
    import numpy as np

    from greenroom.media import write_wav

    write_wav(tmp_path / "a.wav", np.zeros(96000, np.float32), 48000)
    resolve = resolves(rate="29.97")
    handle = resolve.handle()
    properties = imported(handle, tmp_path / "a.wav").GetClipProperty()
    assert (properties["Type"], properties["FPS"], properties["File Path"]) == ("Audio", 29.97, str(tmp_path / "a.wav"))


def test_without_a_media_type_picture_and_sound_are_linked(resolve: SimulatedResolve, tmp_path: Path) -> None:
    """[meas] the list that comes back may hold the picture only."""
    from fractions import Fraction

    import numpy as np

    from greenroom.media import write_wav
    from greenroom.testing.resolve.media import Media
    from greenroom.testing.resolve.pool import MediaPoolItem

    write_wav(tmp_path / "a.wav", np.zeros(48000, np.float32), 48000)
    timeline = resolve.new_timeline("Reel 1")
    both = MediaPoolItem(Media(str(tmp_path / "a.mov"), "Video + Audio", Fraction(24), 48, channels=2), resolve.project)
    made = resolve.project.pool.AppendToTimeline([both])
    assert [item.track.kind for item in made] == ["video"]
    (sound,) = made[0].GetLinkedItems()
    assert timeline.tracks["audio"][0].items == [sound]


def test_clips_are_deleted_on_the_edit_page_only(resolve: SimulatedResolve, movies: Movies) -> None:
    """[meas 21.0] DeleteClips was False for 132 items on the Fairlight page."""
    timeline = resolve.new_timeline("Reel 1")
    resolve.place(timeline, movies(), record=86400, frames=10)
    handle = resolve.handle()
    held = timeline_of(handle).GetItemListInTrack("video", 1)
    handle.OpenPage("fairlight")
    assert timeline_of(handle).DeleteClips(held) is False
    handle.OpenPage("edit")
    assert timeline_of(handle).DeleteClips(held) is True
    assert held[0].GetName() is None  # a handle of what is gone


def test_an_open_dialog_makes_calls_fail(resolve: SimulatedResolve) -> None:
    """[meas] an open menu or dialog: False and None, for calls that have nothing to do with it."""
    resolve.new_timeline("Reel 1")
    handle = resolve.handle()
    manager = handle.GetProjectManager()
    resolve.open_dialog()
    assert (handle.GetCurrentPage(), manager.SaveProject()) == (None, False)
    resolve.close_dialog()
    assert (handle.GetCurrentPage(), manager.SaveProject()) == ("edit", True)


def test_an_open_dialog_may_block_calls(resolve: SimulatedResolve) -> None:
    """[meas] or they block until somebody clicks."""
    handle = resolve.handle()
    resolve.open_dialog(blocks=True)
    threading.Timer(0.1, resolve.close_dialog).start()
    assert handle.GetCurrentPage() == "edit"


def test_a_studio_call_on_the_free_edition_spoils_the_calls_after_it(resolves: Resolves) -> None:
    """[meas] an upsell window opens, and unrelated calls (SaveProject) are False until a human clicks."""
    resolve = resolves("21.0.4")
    resolve.new_timeline("Reel 1")
    handle = resolve.handle()
    manager = handle.GetProjectManager()
    assert timeline_of(handle).CreateSubtitlesFromAudio() is False
    assert manager.SaveProject() is False
    resolve.close_dialog()
    assert manager.SaveProject() is True


def test_a_fault_is_silent_and_ends(resolve: SimulatedResolve) -> None:
    """[doc] failure is False, None, [] or ''; AI calls give a text."""
    timeline = resolve.new_timeline("Reel 1")
    handle = timeline_of(resolve.handle())
    resolve.gate.fail("AddTrack", times=1, after=1)
    assert [handle.AddTrack("video") for _ in range(3)] == [True, False, True]
    resolve.gate.fail("AddTrack", "Extras are missing", times=1)
    assert handle.AddTrack("video") == "Extras are missing"
    assert timeline.GetTrackCount("video") == 3


def test_what_a_user_does_meanwhile(resolve: SimulatedResolve) -> None:
    """[doc] calls act on the current timeline, which is shared with the user."""
    first, second = resolve.new_timeline("Reel 1"), resolve.new_timeline("Reel 2")
    resolve.project.current = first
    project = resolve.handle().GetProjectManager().GetCurrentProject()
    resolve.gate.meanwhile("GetTimelineCount", lambda: resolve.project.SetCurrentTimeline(second))
    assert project.GetCurrentTimeline().GetName() == "Reel 1"
    assert project.GetTimelineCount() == 2
    assert project.GetCurrentTimeline().GetName() == "Reel 2"


def test_takes_are_numbered_from_the_original(resolve: SimulatedResolve, movies: Movies) -> None:
    """[meas 21.0.4.5] after the first AddTake there are two, and number 2 is the new one; 0 without a selector."""
    timeline = resolve.new_timeline("Reel 1")
    resolve.place(timeline, movies(), record=86400, frames=10, source=5)
    handle = resolve.handle()
    (item,) = timeline_of(handle).GetItemListInTrack("video", 1)
    assert (item.GetTakesCount(), item.GetSelectedTakeIndex(), item.GetTakeByIndex(1)) == (0, 0, None)
    assert item.FinalizeTake() is False
    other = imported(handle, movies(frames=40, name="B"))
    assert item.AddTake(other, 8, 18) is True
    assert (item.GetTakesCount(), item.GetSelectedTakeIndex()) == (2, 2)
    assert item.GetMediaPoolItem() != other  # no two handles are equal, as nobody knows whether they are
    assert item.GetMediaPoolItem().GetUniqueId() == other.GetUniqueId()  # in place: the source is another
    assert (item.GetStart(), item.GetDuration(), item.GetLeftOffset()) == (86400, 10, 8)
    take = item.GetTakeByIndex(2)
    assert (take["startFrame"], take["endFrame"], take["mediaPoolItem"].GetName()) == (8, 18, other.GetName())
    assert item.SelectTakeByIndex(1) is True
    assert item.GetLeftOffset() == 5
    assert item.DeleteTakeByIndex(2) is True
    assert item.FinalizeTake() is True


def test_generators_and_titles_have_no_takes(resolve: SimulatedResolve, movies: Movies) -> None:
    """[meas] the take swap applies only to items that have a MediaPoolItem."""
    timeline = resolve.new_timeline("Reel 1")
    resolve.generator(timeline, record=86400, frames=10)
    handle = resolve.handle()
    (item,) = timeline_of(handle).GetItemListInTrack("video", 1)
    assert item.GetMediaPoolItem() is None
    assert item.AddTake(imported(handle, movies())) is False


def test_transitions_are_items(resolves: Resolves) -> None:
    """[meas] without properties and media; 21.1 names their type."""
    for release in ("21.0.4 Studio", "21.1 Studio"):
        resolve = resolves(release)
        resolve.transition(resolve.new_timeline("Reel 1"), at=86424)
        (item,) = timeline_of(resolve.handle()).GetItemListInTrack("video", 1)
        assert (item.GetProperty(), item.GetMediaPoolItem()) == ({}, None)
        assert (item.GetType is None) == (release != "21.1 Studio")
    assert item.GetType() == "transition"


def test_replacing_a_clip_changes_every_use(resolve: SimulatedResolve, movies: Movies) -> None:
    """[doc] ReplaceClip replaces media and metadata of the media pool's clip, in every timeline."""
    first, second = resolve.new_timeline("Reel 1"), resolve.new_timeline("Reel 2")
    media = resolve.take_in(movies())
    items = [resolve.place(timeline, media, record=86400, frames=10) for timeline in (first, second)]
    media.SetMetadata({"Scene": "1"})
    assert media.ReplaceClip(str(movies(frames=40, name="B"))) is True
    assert {item.media.media.frames for item in items} == {40}
    assert media.GetMetadata() == {}


def test_a_save_may_throw_away_what_an_append_seemed_to_make(resolve: SimulatedResolve, movies: Movies) -> None:
    """[meas] an errored append can show items that the save loses: save, read again, compare."""
    timeline = resolve.new_timeline("Reel 1")
    item = resolve.place(timeline, movies(), record=86400, frames=10)
    item.suspect = True
    handle = resolve.handle()
    assert len(timeline_of(handle).GetItemListInTrack("video", 1)) == 1
    assert handle.GetProjectManager().SaveProject() is True
    assert timeline_of(handle).GetItemListInTrack("video", 1) == []


def test_a_project_without_a_name_is_not_saved(resolve: SimulatedResolve) -> None:
    """[meas] False in the GUI; headless it hangs forever."""
    resolve.project.name = "Untitled Project"
    assert resolve.handle().GetProjectManager().SaveProject() is False


def test_the_rate_is_a_number_or_a_text_by_the_build(resolves: Resolves) -> None:
    """[meas] GetSetting('timelineFrameRate')."""
    found = []
    for release in ("20.3 Studio", "21.0.4 Studio"):
        resolve = resolves(release, rate="23.976")
        resolve.new_timeline("Reel 1")
        found.append(timeline_of(resolve.handle()).GetSetting("timelineFrameRate"))
    assert found == [23.976, "23.976"]


def test_a_render_job_ends_complete_failed_or_without_a_file(resolve: SimulatedResolve, tmp_path: Path) -> None:
    """[doc] the states; [meas] settings are inherited, so that a 'video' job may have no video, and no getter tells."""
    resolve.new_timeline("Reel 1")
    project = resolve.handle().GetProjectManager().GetCurrentProject()
    assert project.SetCurrentRenderFormatAndCodec("wav", "lpcm") is False  # out of reach before 21.1
    assert project.AddRenderJob() == ""  # no folder to render to
    assert project.LoadRenderPreset("Audio Only") is True
    project.SetRenderSettings({"TargetDir": str(tmp_path), "CustomName": "d", "MarkIn": 86400, "MarkOut": 86423})
    job = project.AddRenderJob()
    assert project.StartRendering([job]) is True
    states = [project.GetRenderJobStatus(job)["JobStatus"] for _ in range(3)]
    assert states == ["Rendering", "Complete", "Complete"]
    assert (tmp_path / "d.wav").stat().st_size == 44 + 4 * 48000  # MarkOut is inclusive: one second
    resolve.project.fails_with = "the disk is full"
    other = project.AddRenderJob()
    project.StartRendering([other])
    assert project.GetRenderJobStatus(other)["Error"] == "the disk is full"
    resolve.project.fails_with, resolve.project.loses_file = "", True
    project.SetRenderSettings({"CustomName": "lost"})
    lost = project.AddRenderJob()
    project.StartRendering([lost])
    assert [project.GetRenderJobStatus(lost)["JobStatus"] for _ in range(2)][-1] == "Complete"
    assert not (tmp_path / "lost.wav").exists()


def test_a_timeline_name_that_no_file_can_have_fails_a_render(resolve: SimulatedResolve, tmp_path: Path) -> None:
    """[meas] '/' or ':' in the timeline's name: set CustomName."""
    resolve.new_timeline("Reel 1: new")
    project = resolve.handle().GetProjectManager().GetCurrentProject()
    project.SetRenderSettings({"TargetDir": str(tmp_path)})
    assert project.AddRenderJob() == ""
    project.SetRenderSettings({"CustomName": "reel"})
    assert project.AddRenderJob()


def test_the_example_in_the_docs_runs() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "resolve.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.S)
    exec(compile(example, "docs/resolve.md", "exec"), {})

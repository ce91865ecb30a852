# SPDX-License-Identifier: Apache-2.0
"""Sound that is in no file: rendered when asked for, with queue, deliver settings and tracks as they were."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from greenroom.media import write_wav
from greenroom.testing.resolve import SimulatedResolve
from greenroom_resolve.calling import ResolveError
from greenroom_resolve.rendering import render_sound, rendered_sounds, unheard
from greenroom_resolve.session import Session
from greenroom_resolve.snapshot import snapshot_of

Sessions = Callable[[SimulatedResolve], Session]


@pytest.fixture(params=["24", "23.976", "25", "29.97", "59.94"])
def scene(
    request: pytest.FixtureRequest,
    resolves: Callable[..., SimulatedResolve],
    movies: Callable[..., Path],
    tmp_path: Path,
) -> SimulatedResolve:
    """A stand-in over a compound clip's sound on A1, and music from a file on A2."""
    resolve = resolves(rate=request.param)
    timeline = resolve.new_timeline("Reel 1: new")
    at = timeline.start + 10
    resolve.place(timeline, movies(request.param), record=at, frames=20, source=5)
    resolve.compound(timeline, record=at - 5, frames=60, kind="audio")
    write_wav(tmp_path / "music.wav", np.zeros(48000 * 5, np.float32), 48000)
    resolve.place(timeline, tmp_path / "music.wav", record=timeline.start, frames=80, kind="audio", track=2)
    resolve.project.render_settings = {"format": "mp4", "codec": "H264", "TargetDir": "/films", "ExportVideo": True}
    return resolve


def render(resolve: SimulatedResolve, sessions: Sessions, project: Path) -> Any:
    cut = sessions(resolve).cut
    return render_sound(cut, cut.items()[0], project, pause=lambda seconds: None)


def test_what_no_file_holds_is_rendered_and_stands_for_it(
    scene: SimulatedResolve, sessions: Sessions, tmp_path: Path
) -> None:
    before = dict(scene.project.render_settings)
    timeline = scene.project.current
    made = render(scene, sessions, tmp_path)
    assert (made.start, made.frames) == (timeline.start + 10, 20)
    with wave.open(str(made.path)) as file:
        assert abs(file.getnframes() - 20 * 48000 / timeline.rate) <= 1
    assert scene.project.render_settings == before
    assert (scene.project.jobs, scene.project.presets) == ({}, {})
    assert [track.enabled for track in timeline.tracks["audio"]] == [True, True]
    switched = [call.arguments for call in scene.gate.calls if call.method == "SetTrackEnable"]
    assert switched == [("audio", 2, False), ("audio", 2, True)]

    cut = sessions(scene).cut
    told = snapshot_of(cut, rendered_sounds(cut, tmp_path))
    sound = [track for track in told["tracks"] if track["kind"] == "audio"]
    assert [len(track["items"]) for track in sound] == [0, 1, 1]  # the rendered file instead of the compound
    (item,) = sound[2]["items"]
    assert (item["media"], item["start"], item["frames"], item["source_start"]) == (
        str(made.path),
        timeline.start + 10,
        20,
        0,
    )
    assert render(scene, sessions, tmp_path).path == made.path  # again, after a change


@pytest.mark.parametrize(
    ("method", "answer", "told"),
    [
        ("SaveAsNewRenderPreset", False, "could not be kept"),
        ("LoadRenderPreset", False, "no preset"),
        ("SetRenderSettings", False, "no preset"),
        ("AddRenderJob", "", "add a render job"),
        ("StartRendering", False, "start rendering"),
        ("GetRenderJobStatus", {"JobStatus": "Failed", "Error": "disk full"}, "ended as Failed: disk full"),
        ("GetRenderJobStatus", {"JobStatus": "Cancelled"}, "ended as Cancelled"),
        ("GetRenderJobStatus", {"JobStatus": "Rendering"}, "ended as too slow"),
        ("GetRenderJobStatus", None, "ended as unknown"),
    ],
)
@pytest.mark.parametrize("scene", ["24"], indirect=True)
def test_a_render_that_fails_leaves_all_as_it_was(
    scene: SimulatedResolve, sessions: Sessions, tmp_path: Path, method: str, answer: Any, told: str
) -> None:
    before = dict(scene.project.render_settings)
    times = 1 if method == "LoadRenderPreset" else 10**6
    scene.gate.fail(method, answer, times=times)
    with pytest.raises(ResolveError, match=told):
        render(scene, sessions, tmp_path)
    assert scene.project.render_settings == before
    assert (scene.project.jobs, scene.project.presets) == ({}, {})
    assert all(track.enabled for track in scene.project.current.tracks["audio"])


@pytest.mark.parametrize("scene", ["24"], indirect=True)
def test_no_file_and_a_file_of_another_length_are_told(
    scene: SimulatedResolve, sessions: Sessions, tmp_path: Path
) -> None:
    scene.project.loses_file = True
    with pytest.raises(ResolveError, match=r"rendered no \.wav"):
        render(scene, sessions, tmp_path)
    scene.project.loses_file = False
    cut = sessions(scene).cut
    path = tmp_path / "resolve" / "dialogue" / f"{cut.uid}_86410_20.wav"
    scene.gate.meanwhile("DeleteRenderJob", lambda: write_wav(path, np.zeros(38000, np.float32), 48000))
    with pytest.raises(ResolveError, match="has 38000 samples, the clip needs 40000"):
        render_sound(cut, cut.items()[0], tmp_path, pause=lambda seconds: None)
    assert not path.exists()
    scene.gate.meanwhile("DeleteRenderJob", lambda: path.write_bytes(b"RIFF....WAVEjunk"))
    with pytest.raises(ResolveError, match="can be read"):
        render_sound(cut, cut.items()[0], tmp_path, pause=lambda seconds: None)


@pytest.mark.parametrize("scene", ["24"], indirect=True)
def test_sound_with_effects_is_rendered_as_it_is_played(
    scene: SimulatedResolve, sessions: Sessions, tmp_path: Path
) -> None:
    """No script sees Fairlight's effects: who asks gets all tracks that are on, and the rest of each clip stays."""
    timeline = scene.project.current
    timeline.tracks["audio"][0].items.clear()
    made = render(scene, sessions, tmp_path)
    assert made.tracks == [2]
    cut = sessions(scene).cut
    sound = [track for track in snapshot_of(cut, rendered_sounds(cut, tmp_path))["tracks"] if track["kind"] == "audio"]
    assert [(item["start"], item["frames"], item["source_start"]) for item in sound[1]["items"]] == [
        (86400, 10, 0),
        (86430, 50, 30),
    ]
    assert len({item["uid"] for track in sound for item in track["items"]}) == 3
    assert [item["media"] for item in sound[2]["items"]] == [str(made.path)]


@pytest.mark.parametrize("scene", ["24"], indirect=True)
def test_nothing_to_render_and_a_render_of_the_editors_under_way(
    scene: SimulatedResolve, sessions: Sessions, tmp_path: Path
) -> None:
    scene.gate.fail("IsRenderingInProgress", True, times=1)
    with pytest.raises(ResolveError, match="rendering just now"):
        render(scene, sessions, tmp_path)
    for track in scene.project.current.tracks["audio"]:
        track.items.clear()
    with pytest.raises(ResolveError, match="there is no sound under this clip"):
        render(scene, sessions, tmp_path)
    assert scene.gate.changes() == []


@pytest.mark.parametrize("scene", ["24"], indirect=True)
def test_a_retimed_clip_is_rendered_and_a_render_of_what_was_changed_since_counts_no_more(
    scene: SimulatedResolve, sessions: Sessions, tmp_path: Path
) -> None:
    from fractions import Fraction

    music = scene.project.current.tracks["audio"][1].items[0]
    music.speed, scene.project.render_mode = Fraction(2), 0
    made = render(scene, sessions, tmp_path)
    assert (made.tracks, scene.project.render_mode) == ([1, 2], 0)
    cut = sessions(scene).cut
    told = [track for track in snapshot_of(cut, rendered_sounds(cut, tmp_path))["tracks"] if track["kind"] == "audio"]
    assert [len(track["items"]) for track in told] == [0, 0, 1]
    assert unheard(cut, cut.items()[0], rendered_sounds(cut, tmp_path)) == []
    music.start += 1
    cut = sessions(scene).cut
    assert rendered_sounds(cut, tmp_path) == []
    assert len(unheard(cut, cut.items()[0], [])) == 2


@pytest.mark.parametrize("scene", ["24"], indirect=True)
def test_settings_that_a_broken_off_render_had_kept_come_back(
    scene: SimulatedResolve, sessions: Sessions, tmp_path: Path
) -> None:
    before = dict(scene.project.render_settings)
    scene.project.SaveAsNewRenderPreset("Greenroom keeps your settings")
    scene.project.LoadRenderPreset("Audio Only")
    render(scene, sessions, tmp_path)
    assert (scene.project.render_settings, scene.project.presets) == (before, {})

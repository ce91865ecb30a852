# SPDX-License-Identifier: Apache-2.0
"""The media linker, by OpenTimelineIO's own tools: the same cut as `greenroom conform` gives."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest


def convert(*words: str | Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("otioconvert")
    return subprocess.run([tool, *map(str, words)], capture_output=True, text=True, check=False)


def shown(path: Path) -> list[tuple[str, float, float, str, str]]:
    timeline = otio.adapters.read_from_file(str(path))
    found = []
    for clip in timeline.find_clips():
        track = clip.parent()
        if track.kind == otio.schema.TrackKind.Video:
            media = str(getattr(clip.media_reference, "target_url", ""))
            key = clip.active_media_reference_key
            start, frames = clip.source_range.start_time.value, clip.source_range.duration.value
            found.append((clip.name, start, frames, key, media.rsplit("/", 1)[-1]))
    return found


@pytest.fixture
def recut(scene: Any, noted: list[Any]) -> Path:
    """Slipped, trimmed and swapped; written by an editing program that keeps ids and nothing else of ours."""
    one, two, black, three, four = noted
    shots = [two, replace(three, first=90055), black, replace(four, frames=20, said=20), one]
    return scene.write("new.otio", shots)


def test_otioconvert_conforms_as_we_do(scene: Any, recut: Path) -> None:
    out = scene.folder / "linked.otio"
    ran = convert("-i", recut, "-o", out, "--media-linker", "greenroom_takes", "-M", f"project={scene.folder}")
    assert ran.returncode == 0, ran.stderr
    scene.conform(recut)
    assert shown(out) == shown(scene.folder / "new.out.otio")
    assert [each[3] for each in shown(out)] == ["greenroom.take_001"] * 2 + ["DEFAULT_MEDIA"] + [
        "greenroom.take_001"
    ] * 2


def test_an_edl_becomes_a_cut_with_takes(scene: Any, recut: Path) -> None:
    made = scene.conform(recut, "handed.edl")
    assert made.applied.output.is_file()
    out = scene.folder / "linked.otio"
    project = f"project={scene.folder}"
    ran = convert("-i", scene.folder / "handed.edl", "-a", "rate=24", "-o", out, "-m", "greenroom_takes", "-M", project)
    assert ran.returncode == 0, ran.stderr
    takes = [each for each in shown(out) if each[3].startswith("greenroom.")]
    assert len(takes) == 4
    assert [(each[1], each[2]) for each in takes] == [(86400, 24), (90055, 24), (86400, 20), (86400, 24)]


def test_what_was_linked_can_be_restored(scene: Any, recut: Path) -> None:
    from greenroom.desk import road

    out = scene.folder / "linked.otio"
    convert("-i", recut, "-o", out, "-m", "greenroom_takes", "-M", f"project={scene.folder}")
    road.restore(out, scene.folder / "restored.otio")
    assert shown(scene.folder / "restored.otio") == shown(recut)


def test_without_a_project_it_says_so(scene: Any, recut: Path, tmp_path: Path) -> None:
    ran = convert("-i", recut, "-o", tmp_path / "a.otio", "-m", "greenroom_takes")
    assert ran.returncode != 0
    assert "-M project=DIR" in ran.stderr
    ran = convert("-i", recut, "-o", tmp_path / "a.otio", "-m", "greenroom_takes", "-M", f"project={tmp_path}")
    assert "greenroom.toml" in ran.stderr

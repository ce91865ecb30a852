# SPDX-License-Identifier: Apache-2.0
"""Where results may be written: never over the editor's own files, and a wrong place is told before any work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Files = Callable[[], dict[str, bytes]]
WRITING = [
    ("generate", "new.otio"),
    ("apply", "new.otio"),
    ("restore", "new.otio"),
    ("sheet", "sheet.png"),
    ("preview", "preview.mov"),
]


@pytest.mark.parametrize("command", ["sheet", "preview"])
def test_a_picture_never_replaces_the_cut(
    run: Callable[..., Any], two_cues: Path, files_of: Files, command: str
) -> None:
    before = files_of()
    ran = run(command, two_cues, "-o", two_cues)
    assert ran.status == 2
    assert "another name" in ran.err
    assert files_of() == before


def test_a_preview_never_replaces_media_of_the_cut(
    run: Callable[..., Any], write_cut: Callable[..., Path], project: Path
) -> None:
    shutil.copy(project / "speech.wav", project / "speech.mov")
    cut = write_cut(("SC01", "GR: actor=MARA mode=talk"), sound="speech.mov")
    before = (project / "speech.mov").read_bytes()
    ran = run("preview", cut, "-o", "speech.mov")
    assert ran.status == 2
    assert "the cut plays this file" in ran.err
    assert (project / "speech.mov").read_bytes() == before


@pytest.mark.parametrize("place", ["takes/new.otio", "cast/mara/new.otio"])
def test_the_projects_own_folders_are_not_written_to(
    run: Callable[..., Any], two_cues: Path, project: Path, place: str
) -> None:
    (project / place).parent.mkdir(exist_ok=True)
    ran = run("apply", two_cues, "-o", place)
    assert ran.status == 2
    assert "beside greenroom.toml" in ran.err
    assert not (project / place).exists()


@pytest.mark.parametrize(("command", "name"), WRITING)
def test_a_missing_folder_is_told_before_any_work(
    run: Callable[..., Any], two_cues: Path, files_of: Files, command: str, name: str
) -> None:
    before = files_of()
    ran = run(command, two_cues, "-o", f"gone/{name}")
    assert ran.status == 2
    assert "there is no folder" in ran.err
    assert files_of() == before


@pytest.mark.parametrize(("command", "name"), [("generate", "new.mp3"), ("sheet", "sheet.jpg"), ("preview", "a.mp4")])
def test_a_suffix_that_is_not_written_is_told_before_any_work(
    run: Callable[..., Any], two_cues: Path, files_of: Files, command: str, name: str
) -> None:
    before = files_of()
    ran = run(command, two_cues, "-o", name)
    assert ran.status == 2
    assert name in ran.err
    assert files_of() == before


def test_a_folder_is_no_output(run: Callable[..., Any], two_cues: Path, files_of: Files) -> None:
    before = files_of()
    ran = run("generate", two_cues, "-o", ".")
    assert ran.status == 2
    assert "folder" in ran.err
    assert files_of() == before

# SPDX-License-Identifier: Apache-2.0
"""greenroom resolve record: what nobody has measured is found out, written down, and played back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.testing.resolve import SimulatedResolve
from greenroom.testing.resolve.cassette import UnexpectedCallError, facts_of, found_in, play
from greenroom_resolve.calling import ResolveError
from greenroom_resolve.entries import ENTRIES
from greenroom_resolve.session import Session

UNKNOWNS = [(True, False, True, 1), (False, True, False, 0)]


@pytest.mark.parametrize(("inclusive", "selects", "takes_length", "off_by"), UNKNOWNS)
def test_what_is_found_is_what_is_so(
    resolve: SimulatedResolve,
    movies: Callable[..., Path],
    sessions: Callable[[SimulatedResolve], Session],
    tmp_path: Path,
    inclusive: bool,
    selects: bool,
    takes_length: bool,
    off_by: int,
) -> None:
    unknowns = resolve.project.unknowns
    unknowns.take_end_is_inclusive, unknowns.adding_selects = inclusive, selects
    unknowns.selecting_takes_the_takes_length, unknowns.source_start_off_by = takes_length, off_by
    timeline = resolve.new_timeline("Reel 1")
    resolve.place(timeline, movies(), record=86400, frames=10)
    resolve.gate.calls.clear()
    cassette = tmp_path / "resolve.jsonl"
    answer = ENTRIES["record"](sessions(resolve), path=str(cassette))
    found = found_in(cassette)
    assert found == answer["found"]
    assert (found["take_end_is_inclusive"], found["adding_selects"]) == (inclusive, selects)
    assert (found["selecting_takes_the_takes_length"], found["source_start_off_by"]) == (takes_length, off_by)
    assert (found["append_returns_for_an_overlap"], found["unselected_takes_are_exported"]) == ("[None]", False)
    assert (found["end_of_append_is_exclusive"], found["a_locked_track_refuses_takes"]) == (True, True)
    assert facts_of(cassette)["version"] == "21.0.4"

    assert resolve.project.current is timeline  # all of it is gone again
    assert [each.name for each in resolve.project.timelines] == ["Reel 1"]
    assert len(resolve.project.pool.everything()) == 1
    assert str(tmp_path) not in cassette.read_text("utf-8")  # no folder of the user's


def test_a_cassette_plays(
    resolve: SimulatedResolve, sessions: Callable[[SimulatedResolve], Session], tmp_path: Path
) -> None:
    resolve.new_timeline("Reel 1")
    cassette = tmp_path / "resolve.jsonl"
    ENTRIES["record"](sessions(resolve), path=str(cassette))
    calls = [json.loads(line) for line in cassette.read_text("utf-8").splitlines()]
    first = [call for call in calls if "method" in call][:2]
    assert [call["method"] for call in first] == ["GetProjectManager", "GetCurrentDatabase"]
    handle: Any = play(cassette)
    manager = handle.GetProjectManager()
    assert manager.GetCurrentDatabase() == {"DbType": "Disk", "DbName": "Local Database"}
    with pytest.raises(UnexpectedCallError, match=r"recorded is .*GetCurrentProject.*, asked was .*GetCurrentDatabase"):
        manager.GetCurrentDatabase()


def test_what_fails_meanwhile_leaves_nothing_behind(
    resolve: SimulatedResolve, sessions: Callable[[SimulatedResolve], Session], tmp_path: Path
) -> None:
    timeline = resolve.new_timeline("Reel 1")
    for number, method in enumerate(("AppendToTimeline", "ImportMedia", "CreateEmptyTimeline")):
        resolve.gate.fail(method, times=1)
        with pytest.raises(ResolveError):
            ENTRIES["record"](sessions(resolve), path=str(tmp_path / f"{number}.jsonl"))
        assert resolve.project.timelines == [timeline]
    with pytest.raises(ResolveError, match="there already"):
        ENTRIES["record"](sessions(resolve), path=str(tmp_path / "0.jsonl"))


def test_a_slate_says_its_note_and_counts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from fractions import Fraction

    import numpy as np

    from greenroom.cli import main
    from greenroom.media import read_frames
    from greenroom.media.probe import probe

    path = tmp_path / "slate.mov"
    words = ["slate", "@mara talk: I never left.", "-o", str(path), "--frames", "30", "--rate", "29.97"]
    assert main([*words, "--size", "320x180", "--start", "01:00:00;00"]) == 0
    info = probe(path)
    assert (info.frames, info.rate, info.start_timecode) == (30, Fraction(30000, 1001), "01:00:00;00")
    pictures = [frame.to_ndarray(format="rgb24") for frame in read_frames(path, [0, 12])]
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() > 60  # each frame has a number of its own
    assert main(["slate", " ", "-o", str(path)]) == 2
    assert "the slate has no text" in capfd.readouterr().err
    assert main(["slate", "x", "-o", str(path), "--size", "321x180"]) == 2
    assert main(["slate", "x", "-o", str(tmp_path / "slate.mp4")]) == 2
    assert main(["slate", "x", "-o", str(path), "--frames", "36000", "--rate", "24"]) == 2

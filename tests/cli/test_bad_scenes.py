# SPDX-License-Identifier: Apache-2.0
"""Cuts that can be read and ask for what can't be made; projects and portraits that can't be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Cut = Callable[..., Path]
GOOD = "GR#aaaa: actor=MARA mode=talk"


def problems(value: dict[str, Any]) -> list[dict[str, str]]:
    cues = value["cues"]
    return [
        *value["problems"],
        *(p for cue in cues for p in [*cue.get("cue", {}).get("problems", ()), *cue["problems"]]),
    ]


def test_an_unknown_actor_names_the_nearest_and_the_place(run: Callable[..., Any], write_cut: Cut) -> None:
    ran = run("plan", write_cut(("SC01", "GR: actor=MARRA mode=talk"), ("SC02", GOOD)), "--json")
    assert ran.status == 1
    told = next(p for p in problems(ran.value) if p["severity"] == "error")
    assert "mara" in told["hint"]
    assert "01:00:00:00" in told["where"]


def test_all_problems_are_told_at_once(run: Callable[..., Any], write_cut: Cut) -> None:
    cut = write_cut(
        ("SC01", "GR: actor=NOBODY mode=talk"),
        ("SC02", "GR: actor=MARA mode=sing"),
        ("SC03", "GR: actor=MARA mode=talk colour=red"),
    )
    told = run("plan", cut).err + run("plan", cut).out
    for word in ("NOBODY", "sing", "colour"):
        assert word in told


def test_a_cue_that_cannot_be_made_is_left_out_and_the_rest_is_written(
    run: Callable[..., Any], write_cut: Cut, project: Path
) -> None:
    cut = write_cut(("SC01", "GR#cccc: actor=NOBODY mode=talk"), ("SC02", GOOD))
    ran = run("generate", cut, "-o", "new.otio", "--json")
    assert ran.status == 1, ran.err
    assert ran.value["left_out"] == ["cccc"]
    assert ran.value["counts"]["made"] == 1
    assert (project / "new.otio").exists()


def test_where_nothing_can_be_made_nothing_is_written(
    run: Callable[..., Any], write_cut: Cut, files_of: Callable[[], dict[str, bytes]]
) -> None:
    cut = write_cut(("SC01", "GR: actor=NOBODY mode=talk"))
    before = files_of()
    ran = run("generate", cut, "-o", "new.otio", "--json")
    assert ran.status == 2
    assert ran.error["problems"][0]["hint"]
    assert files_of() == before


def test_two_notes_on_one_clip_and_one_id_twice_are_told(run: Callable[..., Any], write_cut: Cut) -> None:
    cut = write_cut(("SC01", GOOD), ("SC02", GOOD))
    ran = run("cues", cut, "--json")
    assert ran.status == 0
    assert len({cue["id"] for cue in ran.value["cues"]}) == 2
    assert any("aaaa" in p["message"] for p in problems(ran.value))


@pytest.mark.parametrize("content", [None, b"", b"RIFF" + bytes(60)], ids=["missing", "empty", "corrupt"])
def test_dialogue_that_cannot_be_heard(
    run: Callable[..., Any], write_cut: Cut, project: Path, content: bytes | None
) -> None:
    if content is not None:
        (project / "other.wav").write_bytes(content)
    ran = run("plan", write_cut(("SC01", GOOD), sound="other.wav"), "--json")
    assert ran.status == 1
    told = [p for p in problems(ran.value) if p["severity"] == "error"]
    assert any("other.wav" in p["where"] + p["message"] for p in told)
    assert all(p["hint"] for p in told)


def test_an_unknown_engine_lists_the_known_ones(run: Callable[..., Any], two_cues: Path) -> None:
    ran = run("plan", two_cues, "--engine", "previs")
    assert ran.status in {1, 2}
    assert "previz" in ran.out + ran.err


def test_an_unknown_cue_lists_the_known_ones(run: Callable[..., Any], two_cues: Path, project: Path) -> None:
    ran = run("generate", two_cues, "-o", "new.otio", "--cue", "zzzz")
    assert ran.status == 2
    assert "aaaa" in ran.err
    assert not (project / "new.otio").exists()


def test_no_project_says_how_to_make_one(
    run: Callable[..., Any], two_cues: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    monkeypatch.chdir(alone)
    (alone / "cut.otio").write_bytes(two_cues.read_bytes())
    ran = run("plan", "cut.otio")
    assert ran.status == 2
    assert "greenroom init" in ran.err
    assert run("cues", "cut.otio").status == 0  # notes can be read without one


def test_a_project_of_a_newer_version_is_not_touched(
    run: Callable[..., Any], two_cues: Path, project: Path, files_of: Callable[[], dict[str, bytes]]
) -> None:
    toml = project / "greenroom.toml"
    toml.write_text(toml.read_text("utf-8").replace("schema = 1", "schema = 99"), "utf-8")
    before = files_of()
    for words in (["plan", two_cues], ["generate", two_cues, "-o", "new.otio"], ["cast", "list"]):
        ran = run(*words)
        assert ran.status == 2
        assert "newer" in ran.err
    assert files_of() == before


def test_init_where_a_project_is(run: Callable[..., Any], project: Path) -> None:
    ran = run("init")
    assert ran.status == 2
    assert "greenroom.toml" in ran.err


def test_init_below_a_file(run: Callable[..., Any], two_cues: Path) -> None:
    ran = run("init", two_cues / "here")
    assert ran.status == 2
    assert "here" in ran.err


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "grey", "sound"])
def test_a_portrait_that_is_none_is_refused_and_nobody_joins(
    run: Callable[..., Any], project: Path, files_of: Callable[[], dict[str, bytes]], kind: str
) -> None:
    from greenroom.media import write_png

    picture = project / "who.png"
    if kind == "grey":
        write_png(picture, np.full((480, 640, 3), 128, np.uint8))
    elif kind == "sound":
        picture = project / "speech.wav"
    elif kind != "missing":
        picture.write_bytes(b"" if kind == "empty" else b"not a picture")
    before = files_of()
    ran = run("cast", "add", "who", "--portrait", picture)
    assert ran.status == 2, ran.err
    assert picture.name in ran.err
    assert files_of() == before
    assert "who" not in [actor["name"] for actor in run("cast", "list", "--json").value["actors"]]


def test_an_unknown_actor_of_the_cast(run: Callable[..., Any], project: Path) -> None:
    ran = run("cast", "show", "marra")
    assert ran.status == 2
    assert 'Did you mean "mara"?' in ran.err


def test_circle_without_takes(run: Callable[..., Any], project: Path) -> None:
    ran = run("circle", "aaaa", "1")
    assert ran.status == 2
    assert "aaaa" in ran.err


def test_a_demo_never_moves_into_a_folder_with_something_else(
    run: Callable[..., Any], project: Path, files_of: Callable[[], dict[str, bytes]]
) -> None:
    before = files_of()
    ran = run("demo", project)
    assert ran.status == 2
    assert "Choose a new folder" in ran.err
    assert files_of() == before

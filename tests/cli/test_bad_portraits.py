# SPDX-License-Identifier: Apache-2.0
"""Portraits that can't be used, before an actor is made of them and after; and what the doctor says of a project."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from greenroom.media import TakeWriter
from greenroom.media.types import Codec, TakeSpec


def two_people(path: Path, drawn: np.ndarray) -> None:
    person = drawn[:, 250:780]
    cv2.imwrite(str(path), np.hstack([person, person]))


def lying_on_its_side(path: Path, drawn: np.ndarray) -> None:
    cv2.imwrite(str(path), cv2.rotate(drawn, cv2.ROTATE_90_CLOCKWISE))


def nobody(path: Path, drawn: np.ndarray) -> None:
    cv2.imwrite(str(path), np.full_like(drawn, 128))


def a_movie(path: Path, drawn: np.ndarray) -> None:
    height, width = drawn.shape[:2]
    with TakeWriter(path, TakeSpec(Fraction(24), 1, 0, 0, width, height, 0, codec=Codec.H264)) as writer:
        writer.write(drawn)


def empty(path: Path, drawn: np.ndarray) -> None:
    path.write_bytes(b"")


def cut_short(path: Path, drawn: np.ndarray) -> None:
    good = cv2.imencode(".png", drawn)[1].tobytes()
    path.write_bytes(good[: len(good) // 2])


def not_there(path: Path, drawn: np.ndarray) -> None:
    path.unlink(missing_ok=True)


BAD = [
    ("two.png", two_people, "2 faces"),
    ("side.png", lying_on_its_side, "degrees from upright"),
    ("nobody.png", nobody, "no face"),
    ("movie.mov", a_movie, "single picture"),
    ("empty.png", empty, "0 bytes"),
    ("short.png", cut_short, "can't be read"),
    ("gone.png", not_there, "no such picture"),
]


@pytest.mark.parametrize(("name", "make", "told"), BAD, ids=lambda value: getattr(value, "__name__", None))
def test_a_portrait_that_cannot_be_used_is_refused(
    run: Callable[..., Any],
    project: Path,
    drawn_portrait: Path,
    name: str,
    make: Callable[[Path, np.ndarray], None],
    told: str,
) -> None:
    make(project / name, cv2.imread(str(drawn_portrait)))
    ran = run("cast", "add", "theo", "--portrait", name, "--json")
    assert ran.status == 2
    assert told in ran.error["message"]
    assert ran.error["hint"]
    assert "clip" not in ran.error["hint"]  # it is a portrait, and nothing on a timeline
    assert not (project / "cast" / "theo").exists()


@pytest.mark.parametrize("damage", [empty, cut_short])
def test_a_portrait_that_was_damaged_since_is_told_in_plain_words(
    run: Callable[..., Any],
    two_cues: Path,
    project: Path,
    drawn_portrait: Path,
    damage: Callable[[Path, np.ndarray], None],
) -> None:
    portrait = project / "cast" / "mara" / "portrait.png"
    damage(portrait, cv2.imread(str(drawn_portrait)))
    told = run("plan", two_cues).out
    assert "portrait.png: the portrait is not a picture, or damaged" in told or "no face" in told
    assert "OpenCV" not in told


def test_the_doctor_calls_a_broken_project_a_problem(run: Callable[..., Any], project: Path) -> None:
    (project / "cast" / "mara" / "actor.toml").write_text("][", "utf-8")
    ran = run("doctor", "--json")
    assert ran.status == 1
    assert [check["name"] for check in ran.value["checks"] if check["health"] == "problem"] == ["cast"]
    (project / "greenroom.toml").write_text("schema = 99", "utf-8")
    ran = run("doctor", "--json")
    assert ran.status == 1
    assert [check["name"] for check in ran.value["checks"] if check["health"] == "problem"] == ["project"]


def test_the_doctor_looks_into_the_ledger(run: Callable[..., Any], two_cues: Path, project: Path) -> None:
    run("plan", two_cues)
    assert "ledger: 0 takes" in run("doctor").out
    (ledger,) = project.parent.rglob("ledger.sqlite")
    for extra in ledger.parent.glob("ledger.sqlite-*"):
        if extra.is_dir():
            shutil.rmtree(extra)
        else:
            extra.unlink()
    ledger.write_bytes(b"no database at all" * 200)
    ran = run("doctor")
    assert ran.status == 1
    assert "ledger" in next(line for line in ran.out.splitlines() if line.startswith("problem"))


def test_a_missing_file_is_named_with_the_folder_where_it_was_looked_for(
    run: Callable[..., Any], write_cut: Callable[..., Path], project: Path
) -> None:
    out = run("plan", write_cut(("SC01", "GR: actor=MARA mode=talk"), sound="takes of the day/speech 1.wav")).out
    assert str(project / "takes of the day" / "speech 1.wav") in out


def test_a_number_that_is_none_is_told_in_words(run: Callable[..., Any], two_cues: Path) -> None:
    assert "not a valid whole number" in run("plan", two_cues, "--takes", "many").err

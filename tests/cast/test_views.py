# SPDX-License-Identifier: Apache-2.0
"""cast sheet: views in the actor's own words, held against the portrait; what shows somebody else is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from greenroom.cast import save_actor
from greenroom.desk.casting.likeness import Likeness, Verdict, compare
from greenroom.desk.casting.pictures import read_picture
from greenroom.engines.contract import Performer, Request
from greenroom.engines.previz.portrait import render_portrait
from greenroom.media.types import TakeSpec
from greenroom.perception.faces import FaceFinder

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder()


@pytest.fixture(scope="session")
def turned_astronaut(astronaut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photograph with its head turned to the picture's left, as the local engine turns it."""
    spec = TakeSpec(Fraction(24), 1, 0, 0, 660, 660, start_frame=0, still=True)
    work = tmp_path_factory.mktemp("turned")
    performer = Performer("astronaut", "", astronaut)
    view = {"view": "three_quarter_left"}
    return render_portrait(Request("j", "c", 1, "portrait", performer, spec, 1, work, options=view)).path


def compared(portrait: Path, picture: Path, view: str, finder: FaceFinder, *, drawn: bool = False) -> Likeness:
    return compare(read_picture(portrait), read_picture(picture), view, drawn=drawn, finder=finder)


def test_the_same_face_is_known_from_the_front_and_turned(
    astronaut: Path, turned_astronaut: Path, finder: FaceFinder
) -> None:
    assert compared(astronaut, astronaut, "front", finder).verdict is Verdict.SAME
    turned = compared(astronaut, turned_astronaut, "three_quarter_left", finder)
    assert turned.verdict is Verdict.SAME
    assert turned.yaw is not None
    assert 10 < turned.yaw < 20
    assert turned.distance is not None
    assert 0.02 < turned.distance < 0.5


def test_another_face_is_refused(astronaut: Path, hopper: Path, finder: FaceFinder) -> None:
    likeness = compared(astronaut, hopper, "front", finder)
    assert (likeness.verdict, likeness.refused) == (Verdict.DIFFERENT, True)
    assert "another face" in likeness.why


def test_a_view_from_the_wrong_side_is_refused(astronaut: Path, turned_astronaut: Path, finder: FaceFinder) -> None:
    assert compared(astronaut, turned_astronaut, "three_quarter_right", finder).why == "the face looks to the left"
    assert "no three-quarter view" in compared(astronaut, astronaut, "three_quarter_left", finder).why
    assert "no profile" in compared(astronaut, astronaut, "profile", finder).why


def test_what_can_not_be_measured_is_inconclusive_and_never_refused(
    astronaut: Path, drawn: Callable[[str], Path], finder: FaceFinder
) -> None:
    nobody = compared(astronaut, drawn("nobody"), "profile", finder)
    assert (nobody.verdict, nobody.distance) == (Verdict.INCONCLUSIVE, None)
    assert compared(drawn("mara"), drawn("mara"), "front", finder, drawn=True).verdict is Verdict.INCONCLUSIVE


def test_a_front_view_without_a_face_is_refused(
    astronaut: Path, drawn: Callable[[str], Path], finder: FaceFinder
) -> None:
    assert compared(astronaut, drawn("nobody"), "front", finder).refused


def test_the_local_engine_turns_the_portrait_and_says_what_it_can_not(
    run: Run, nobody_cast: Path, drawn: Callable[[str], Path]
) -> None:
    save_actor(nobody_cast / "cast", "mara", portrait=drawn("mara"), seed=7)
    made = run("cast", "sheet", "mara", "--json")
    assert made.status == 0, made.err
    value = made.value
    assert [each["view"] for each in value["views"]] == ["front", "three_quarter_left", "three_quarter_right"]
    assert [round(each["yaw"] / 15) for each in value["views"]] == [0, 1, -1]
    assert {each["label"] for each in value["views"]} == {"previz"}
    errors = [each["code"] for each in value["quote"]["problems"] if each["severity"] == "error"]
    assert errors == ["view-not-made"]
    assert "as far as previz goes" in value["views"][1]["notes"][0]
    sheet = tomllib.loads((nobody_cast / "cast" / "mara" / "actor.toml").read_text("utf-8"))["sheet"]
    assert sorted(sheet) == ["front", "three_quarter_left", "three_quarter_right"]
    assert cv2.imread(value["sheet"]).shape[1] > 900
    again = run("cast", "sheet", "mara", "--view", "front", "--json").value
    assert (again["quote"]["to_make"], again["quote"]["cached"]) == (0, 1)


def test_views_are_asked_for_in_the_same_words_but_for_light_and_angle(
    run: Run, open_host: Run, nobody_cast: Path, astronaut: Path
) -> None:
    fal = open_host("fal", astronaut)
    save_actor(
        nobody_cast / "cast",
        "ada",
        portrait=astronaut,
        seed=99,
        identity="an astronaut",
        prompt={"light": "soft light"},
    )
    made = run("cast", "sheet", "ada", "--engine", "nano-banana-pro-edit", "--light", "hard sun", "--json")
    assert made.status == 1  # the host answers with the front of the face, whatever it is asked for
    words = {job.inputs["prompt"].rsplit(" Light: ", 1)[0] for job in fal.jobs}
    assert words == {"The same person as in the reference picture, with the same face, hair and clothes. an astronaut."}
    assert all("Light: hard sun." in job.inputs["prompt"] for job in fal.jobs)
    assert len({job.inputs["prompt"] for job in fal.jobs}) == 4
    assert {(job.inputs["seed"], len(job.inputs["image_urls"])) for job in fal.jobs} == {(99, 1)}
    kept = {each["view"]: (each["kept"], each["verdict"]) for each in made.value["views"]}
    assert kept["front"] == (True, "same")
    assert kept["three_quarter_left"] == (False, "different")
    assert kept["profile"] == (False, "different")
    assert sorted(made.value["actor"]["sheet"]) == ["front"]
    assert fal.billed() == 4
    run("cast", "sheet", "ada", "--engine", "nano-banana-pro-edit", "--light", "hard sun")
    assert fal.billed() == 4  # though the actor has another version by now


def test_angles_go_out_as_numbers_and_a_mirrored_view_gets_its_right_name(
    run: Run, open_host: Run, nobody_cast: Path, astronaut: Path, turned_astronaut: Path, tmp_path: Path
) -> None:
    mirrored = tmp_path / "mirrored.png"
    cv2.imwrite(str(mirrored), np.ascontiguousarray(read_picture(turned_astronaut)[:, ::-1]))
    fal = open_host("fal", mirrored)
    save_actor(nobody_cast / "cast", "ada", portrait=astronaut, seed=3)
    made = run("cast", "sheet", "ada", "--engine", "qwen-angles", "--view", "three_quarter_left", "--json")
    assert made.status == 0, made.out
    (job,) = fal.jobs
    assert (job.inputs["horizontal_angle"], job.inputs["vertical_angle"], job.inputs["seed"]) == (315, 0, 3)
    assert "view" not in job.inputs["additional_prompt"]
    (view,) = made.value["views"]
    assert (view["view"], view["kept"], view["verdict"]) == ("three_quarter_right", True, "same")
    assert "mirrored" in view["notes"][0]


def test_another_person_never_gets_into_the_sheet(
    run: Run, open_host: Run, nobody_cast: Path, astronaut: Path, hopper: Path
) -> None:
    open_host("fal", hopper)
    save_actor(nobody_cast / "cast", "ada", portrait=astronaut, sheet={"front": astronaut})
    made = run("cast", "sheet", "ada", "--engine", "seedream-4.5-edit", "--view", "front", "--json")
    assert made.status == 1
    assert [(each["kept"], each["verdict"]) for each in made.value["views"]] == [(False, "different")]
    assert made.value["problems"][0]["code"] == "view-refused"
    assert Path(made.value["actor"]["sheet"]["front"]).read_bytes() == astronaut.read_bytes()


def test_a_model_of_words_alone_can_not_keep_a_face(run: Run, open_host: Run, nobody_cast: Path, drawn: Run) -> None:
    fal = open_host("fal")
    save_actor(nobody_cast / "cast", "mara", portrait=drawn("mara"), identity="a woman")
    refused = run("cast", "sheet", "mara", "--engine", "imagen-4", "--json", "--yes")
    assert refused.status == 2
    assert refused.error["problems"][0]["code"] == "no-reference"
    assert fal.requests == []


def test_a_picture_is_no_take_of_a_cut(tmp_path: Path, drawn: Callable[[str], Path]) -> None:
    from greenroom.engines.previz.engine import PrevizEngine

    spec = TakeSpec(Fraction(24), 24, 0, 0, 640, 640, start_frame=0)
    request = Request("j", "c", 1, "portrait", Performer("mara", "", drawn("mara")), spec, 1, tmp_path)
    assert [problem.code for problem in PrevizEngine().check(request)] == ["not-a-take"]

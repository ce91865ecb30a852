# SPDX-License-Identifier: Apache-2.0
"""A prompt in parts, what it lacks, and the actors that keep it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from greenroom.cast import PARTS, lacking, prompt_text, save_actor
from greenroom.engines.previz.drawn.invented import invent


def test_a_whole_prompt_lacks_nothing() -> None:
    assert lacking({part.name: part.example for part in PARTS}) == ()


def test_each_example_says_its_part() -> None:
    for part in PARTS:
        if part.name != "identity":
            codes = [problem.code for problem in lacking({"identity": part.example})]
            assert f"no-{part.name}" not in codes, part


def test_parts_of_words_are_no_words() -> None:
    assert "no-hair" in [problem.code for problem in lacking({"identity": "a woman in an armchair"})]


def test_the_prompt_keeps_its_order_whatever_comes_first() -> None:
    parts = {"light": "window light", "hair": "auburn.", "identity": "a woman of forty,"}
    assert prompt_text(parts) == "a woman of forty, auburn, window light"
    assert prompt_text(parts, but=("light",)) == "a woman of forty, auburn"


def test_new_parts_change_an_actors_version_and_none_keeps_it(tmp_path: Path, drawn: Callable[[str], Path]) -> None:
    portrait = drawn("mara")
    plain = save_actor(tmp_path, "mara", portrait=portrait, identity="a woman")
    same = save_actor(tmp_path, "mara", prompt={"hair": ""})
    other = save_actor(tmp_path, "mara", prompt={"hair": "auburn"})
    assert (same.version, other.parts) == (plain.version, {"identity": "a woman", "hair": "auburn"})
    assert other.version != plain.version


def test_an_empty_sheet_is_taken_out_and_its_pictures_stay(tmp_path: Path, drawn: Callable[[str], Path]) -> None:
    save_actor(tmp_path, "mara", portrait=drawn("mara"), sheet={"three_quarter_left": drawn("ines")})
    actor = save_actor(tmp_path, "mara", sheet={})
    assert (dict(actor.sheet), (tmp_path / "mara" / "three_quarter_left.png").is_file()) == ({}, True)


def test_words_decide_and_the_seed_decides_the_rest() -> None:
    words = {"identity": "a woman of seventy, thin lips", "hair": "white bob", "eyes": "blue", "skin": "dark brown"}
    one, other = invent(words, 1), invent(words, 2)
    assert one.look.hair == other.look.hair == (204, 206, 208)
    assert one.look.features.skin == other.look.features.skin == (50, 70, 112)
    assert one.look.features.iris == (168, 132, 92)
    assert one.look.features.lip_fullness == -0.10
    assert one.look.features.stubble == 0
    assert one.look.features.chin != other.look.features.chin
    assert invent(words, 1).look.features == one.look.features
    assert "seventy" in one.taken


def test_what_can_not_be_drawn_is_said() -> None:
    assert invent({"identity": "a man", "lens": "85 mm", "light": ""}, 3).left_out == ("lens",)


def test_a_colour_belongs_to_the_thing_after_it() -> None:
    look = invent({"identity": "a man with green eyes, red hair and a navy coat, clean shaven"}, 5).look
    assert (look.features.iris, look.hair, look.cloth) == ((92, 122, 88), (38, 88, 172), (72, 48, 36))
    assert look.features.stubble == 0


def test_a_hundred_seeds_are_a_hundred_faces() -> None:
    faces = {tuple(np.round(list(_measures(seed)), 4)) for seed in range(100)}
    assert len(faces) == 100


def _measures(seed: int) -> tuple[float, ...]:
    features = invent({"identity": "somebody"}, seed).look.features
    return (features.width, features.jaw, features.chin, features.nose_length, features.eye_size)

# SPDX-License-Identifier: Apache-2.0
"""Names that every department, and Windows, can open."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.takes.names import cue_folder_name, legal_name, media_name, take_folder_name, take_number

LEGAL = re.compile(r"^[a-z0-9][a-z0-9._-]*$")


@given(st.text())
def test_any_name_becomes_legal(text: str) -> None:
    name = legal_name(text)
    assert LEGAL.match(name)
    assert len(name) <= 41
    assert legal_name(text) == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Mara", "mara"),
        ("ZOË", "zoe"),
        ("Ana María  de la O", "ana_maria_de_la_o"),
        ("../../etc/passwd", "etc_passwd"),
        ("a#b%c?.mov", "a_b_c_.mov"),
        ("CON", "con_"),
        ("com1", "com1_"),
        ("nul.png", "nul.png_"),
    ],
)
def test_names_stay_readable(written: str, name: str) -> None:
    assert legal_name(written) == name


def test_names_without_a_latin_letter_stay_apart() -> None:
    assert legal_name("李雷") != legal_name("韩梅梅")
    assert legal_name("Ωmega") != legal_name("")


def test_composed_and_decomposed_letters_are_one_name() -> None:
    assert legal_name("Zoe\u0308") == legal_name("Zo\u00eb")


def test_long_names_are_cut_and_stay_apart() -> None:
    assert legal_name("a" * 300 + "x") != legal_name("a" * 300 + "y")


def test_media_is_named_as_the_rules_ask() -> None:
    assert media_name("Mara", "7f3a", "talk", 12, ".mov") == "mara_7f3a_talk_v012.mov"


def test_a_cue_id_is_its_folder() -> None:
    assert cue_folder_name("7f3a") == "7f3a"
    assert cue_folder_name("com1") == "com1_"


@given(st.text(), st.text())
def test_no_two_cues_share_a_folder(one: str, other: str) -> None:
    assert (cue_folder_name(one) == cue_folder_name(other)) == (one == other)


def test_take_folders_tell_their_number() -> None:
    assert take_number(take_folder_name(7)) == 7
    assert take_number(take_folder_name(1234)) == 1234
    assert take_number(".partial-x") is None
    assert take_number("take_1") is None

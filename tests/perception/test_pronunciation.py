# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.perception.pronunciation import guess_phones, words_of

VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}
STOPS = {"B", "CH", "D", "G", "JH", "K", "P", "T"}
HUMS = {"L", "M", "N", "NG", "R", "W", "Y"}
HISSES = {"DH", "F", "HH", "S", "SH", "TH", "V", "Z", "ZH"}
ARPABET = VOWELS | STOPS | HUMS | HISSES


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("I never left.", ["i", "never", "left"]),
        ("I NEVER LEFT", ["i", "never", "left"]),
        ("Don’t — don't!", ["don't", "don't"]),
        ("(beat) Well [laughs] yes", ["well", "yes"]),
        ("Mr. & Mrs. Dvořák", ["mister", "missus", "dvorak"]),
        ("cold-hearted", ["cold", "hearted"]),
        (
            "It's 7 of 1,240, room 305",
            [
                "it's",
                "seven",
                "of",
                "one",
                "thousand",
                "two",
                "hundred",
                "forty",
                "room",
                "three",
                "hundred",
                "five",
            ],
        ),
        ("ＦＵＬＬ width", ["full", "width"]),
        ("Straße", ["strasse"]),
        ("こんにちは", []),
        ("...", []),
        ("", []),
    ],
)
def test_words_of_a_line(line: str, words: list[str]) -> None:
    assert words_of(line) == words


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("mara", "M AA R AH"),
        ("theo", "TH IY OW"),
        ("phoebe", "F"),
        ("jane", "JH EY N"),
        ("kitty", "K IH T IY"),
        ("cecil", "S EH S IH L"),
        ("bob", "B AA B"),
        ("nation", "N AE SH AH N"),
    ],
)
def test_names_are_guessed_from_their_spelling(word: str, phones: str) -> None:
    guessed = guess_phones(word)
    assert guessed[: len(phones.split())] == phones.split()


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=20))
def test_any_word_has_phones_that_the_model_knows(word: str) -> None:
    phones = guess_phones(word)
    assert phones
    assert set(phones) <= ARPABET


@given(st.text(max_size=60))
def test_any_line_gives_plain_words(line: str) -> None:
    assert all(set(word) <= set("abcdefghijklmnopqrstuvwxyz'") and word for word in words_of(line))


@given(st.integers(0, 10**9))
def test_any_number_can_be_said(number: int) -> None:
    words = words_of(str(number))
    assert words
    assert all(word.isalpha() for word in words)

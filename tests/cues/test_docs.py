# SPDX-License-Identifier: Apache-2.0
"""docs/cues.md says what the code does: every key, every mode, and examples that parse."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from greenroom.cues import parse_note
from greenroom.cues.grammar import KNOWN_KEYS
from greenroom.cues.keys import KEY_MODES, wish_problems
from greenroom.cues.model import Mode
from greenroom.engines.previz.acting.motions import VOCABULARY
from greenroom.engines.previz.acting.temper import TONES
from greenroom.engines.previz.compositing.backdrop import SETTINGS
from greenroom.engines.previz.compositing.camera import MOVES


@pytest.fixture(scope="module")
def page() -> str:
    return (Path(__file__).parents[2] / "docs" / "cues.md").read_text(encoding="utf-8")


def test_every_key_has_its_row(page: str) -> None:
    keys = page.split("## Keys")[1].split("## Modes")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", keys, re.MULTILINE)) == sorted(KNOWN_KEYS)


def test_the_page_says_which_key_is_for_which_mode(page: str) -> None:
    keys = page.split("## Keys")[1].split("## Modes")[0]
    said = dict(re.findall(r"^\| `(\w+)` \| ([\w, ]+?) \|", keys, re.MULTILINE))
    assert set(said) == set(KNOWN_KEYS)
    for key, modes in said.items():
        assert modes == "all" if key not in KEY_MODES else set(modes.split(", ")) == set(KEY_MODES[key]), key


def test_every_mode_has_its_row(page: str) -> None:
    modes = page.split("## Modes")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", modes, re.MULTILINE) == list(Mode)


def test_every_example_parses_without_a_warning(page: str) -> None:
    keys = page.split("## Keys")[1].split("## Modes")[0]
    examples = [f"GR: {example}" for example in re.findall(r"\| `(\w+=[^`]+)` \|$", keys, re.MULTILINE)]
    notes = re.search(r"```\n(.+?)```", page, re.DOTALL)
    assert notes is not None
    examples += notes[1].splitlines()
    assert len(examples) == len(KNOWN_KEYS) + 1
    indented = re.findall(r"^    (GR: .+?)(?:   .*)?$", page, re.MULTILINE)
    assert len(indented) >= 7
    examples += indented
    for example in examples:
        parsed = parse_note(example)
        assert parsed is not None, example
        assert parsed.problems == (), example


def test_the_examples_of_both_pages_mean_what_their_modes_listen_to(page: str) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide.md").read_text(encoding="utf-8")
    examples = re.findall(r"^    (GR: .+?)(?:   .*)?$", page + guide, re.MULTILINE)
    assert len(examples) >= 15
    for example in examples:
        parsed = parse_note(example)
        assert parsed is not None, example
        assert parsed.problems == (), example
        assert list(wish_problems(parsed.pairs, Mode(parsed.pairs["mode"]), Fraction(24), 86400)) == [], example


def test_the_words_of_the_local_engine_are_all_on_the_page(page: str) -> None:
    moving = page.split("## What animate understands")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (action|direction|pace|strength|count) \| (.+?) \| (.+?) \|$", moving, re.MULTILINE)
    assert rows == [(word.kind, ", ".join(word.written), word.does) for word in VOCABULARY]
    staged = page.split("## What stage understands")[1].split("\n## ")[0].replace("\n", " ")
    assert re.findall(r"`([^`]+)`", staged) == ["setting=", *SETTINGS, "camera=", *MOVES]
    toned = page.split("## What tone= understands")[1].split("\n## ")[0].replace("\n", " ")
    assert re.findall(r"`([^`]+)`", toned) == ["tone=", *TONES]

# SPDX-License-Identifier: Apache-2.0
"""The other keys of a note: what their values mean, which can't be meant, and which mode listens to which."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from greenroom.cues.find import read_cues
from greenroom.cues.grammar import KNOWN_KEYS
from greenroom.cues.keys import KEY_MODES
from greenroom.cues.layout import layout_of
from greenroom.cues.model import Cue, Mode
from greenroom.cues.wishes import Place, Who, read_place, read_spans, read_who, read_yes
from greenroom.errors import Severity


@pytest.fixture
def read(bench: Any) -> Any:
    """The cue of a note on a clip with picture that starts at one hour."""

    def cue_of(note: str) -> Cue:
        track = bench.track(bench.sound(), kind="Audio")
        return read_cues(layout_of(bench.cut([bench.marked(bench.clip(), note)], track), path=None)).cues[0]

    return cue_of


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("LEFT", Who(side="left")),
        ("largest", Who(side="largest")),
        ("2", Who(number=2)),
        ("30%, 40%", Who(point=(0.3, 0.4))),
        ("0", None),
        ("me", None),
        ("130%,40%", None),
    ],
)
def test_who(text: str, who: Who | None) -> None:
    assert read_who(text) == who


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("left", Place(0.33, None, None)),
        ("Wide, centre", Place(0.5, None, 0.15)),
        ("30%,40%,25%", Place(0.3, 0.4, 0.25)),
        ("left right", None),
        ("a night train", None),
        ("30%,40%,0%", None),
    ],
)
def test_place(text: str, place: Place | None) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("0-12", ((0, 12),)),
        ("01:00:00:06-01:00:01:00, 30-31", ((6, 24), (30, 31))),
        ("-8-4", ((-8, 4),)),
        ("-8--2", ((-8, -2),)),
        ("00:59:59:20-01:00:00:02", ((-4, 2),)),
        ("12-12", None),
        ("mouth", None),
        ("12", None),
    ],
)
def test_spans_count_from_the_slot_s_first_frame(text: str, spans: Any) -> None:
    assert read_spans(text, Fraction(24), 86400) == spans


def test_yes_and_no_in_any_case() -> None:
    assert [read_yes(text) for text in ("YES", "on", "No", "perhaps")] == [True, True, False, None]


@pytest.mark.parametrize(
    ("note", "hint"),
    [
        ("mode=replace who=me", "left, right, largest"),
        ('mode=talk place="a night train"', "close, medium or wide"),
        ("mode=lipsync only=mouth", "01:00:02:00-01:00:03:12"),
        ("mode=replace not=12-4", "frames of the slot"),
        ("mode=replace style=heads", 'Did you mean "head"?'),
        ("mode=stage alpha=perhaps", "alpha=yes or alpha=no"),
        ("mode=talk hold=head", "hold=tail"),
    ],
)
def test_a_value_that_can_t_be_meant_is_an_error_with_the_next_step(read: Any, note: str, hint: str) -> None:
    (problem,) = read(f"GR: actor=MARA {note}").problems
    assert (problem.code, problem.severity) == ("bad-value", Severity.ERROR)
    assert hint in problem.hint
    assert problem.where == "V1 01:00:00:00 shot"


@pytest.mark.parametrize(
    "note",
    [
        "mode=replace who=2 style=HEAD not=0-4,40-48",
        'mode=stage setting="a night train" camera="slow push in" place="left close" alpha=yes look=off',
        "mode=mimic driver=V2 who=left over=V1",
        "mode=talk look=off tone=tired line=Yes. audio=A1",
        "mode=lipsync only=01:00:00:00-01:00:01:00",
    ],
)
def test_what_the_mode_listens_to_is_no_problem(read: Any, note: str) -> None:
    assert read(f"GR: actor=MARA {note}").problems == ()


def test_a_key_that_says_nothing_to_the_mode_is_a_warning(read: Any) -> None:
    (problem,) = read("GR: actor=MARA mode=lipsync place=left").problems
    assert (problem.code, problem.severity) == ("idle-key", Severity.WARNING)
    assert problem.message == "place= says nothing to lipsync"
    assert problem.hint == "It is for talk, animate, mimic and stage."
    (problem,) = read("GR: actor=MARA mode=talk camera=still").problems
    assert problem.hint == "It is for stage."


def test_what_is_idle_is_not_judged(read: Any) -> None:
    assert [problem.code for problem in read("GR: actor=MARA mode=talk who=nobody").problems] == ["idle-key"]


def test_a_look_that_few_engines_know_is_a_warning(read: Any) -> None:
    (problem,) = read("GR: actor=MARA mode=talk look=lefft").problems
    assert (problem.code, problem.severity) == ("unknown-look", Severity.WARNING)
    assert 'Did you mean "left"?' in problem.hint


def test_a_line_that_nobody_speaks_is_said_once(read: Any) -> None:
    assert [problem.code for problem in read('GR: actor=MARA line="Hello."').problems] == ["line-unspoken"]
    assert [problem.code for problem in read('GR: actor=MARA mode=replace line="Hello."').problems] == ["idle-key"]


def test_the_table_of_keys_names_known_keys_and_modes() -> None:
    assert set(KEY_MODES) < set(KNOWN_KEYS)
    assert {mode for modes in KEY_MODES.values() for mode in modes} <= set(Mode)


@pytest.mark.parametrize(
    ("note", "problem"),
    [("seed=2147483647", ""), ("seed=2147483648", "0 to 2147483647"), ("handles=1000", ""), ("handles=1001", "1000")],
)
def test_one_limit_for_seed_and_handles(read: Any, note: str, problem: str) -> None:
    found = read(f"GR: actor=MARA mode=replace {note}").problems
    assert [problem in each.hint for each in found] == ([True] if problem else [])

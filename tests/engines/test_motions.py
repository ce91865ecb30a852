# SPDX-License-Identifier: Apache-2.0
"""Motion notes as text: what is understood, what is said, and the curves that come of it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.engines.previz.acting.life import live
from greenroom.engines.previz.acting.motion_curves import MOST_PITCH, MOST_TURNED, Moves, act
from greenroom.engines.previz.acting.motions import VOCABULARY, Action, Word, read_motion

ACTIONS = [word.name for word in VOCABULARY if word.kind == "action"]
HEAD, SLOT = 6, 48


def moves(action: Action | None, *, rate: Fraction = Fraction(24), slot: int = SLOT, head: int = HEAD) -> Moves:
    return act(action, live(head + slot + head, rate, 3, np.zeros(0)), rate, head, slot)


@pytest.mark.parametrize(
    ("note", "understood"),
    [
        ("Mara turns slowly to camera", "slow turn camera"),
        ("a slight smile", "slight smile"),
        ("NODS TWICE", "nod"),
        ("shakes her head quickly", "quick shake"),
        ("raises her eyebrows", "brows up"),
        ("lowers the brows", "brows down"),
        ("lifts her chin", "turn up"),
        ("slowly, turns left", "slow turn left"),
        ("turns left right away", "turn left"),
        ("leans in", "lean"),
        ("breathes deeply", "strong breathe"),
        ("glances off", "look away"),
    ],
)
def test_notes_as_editors_write_them(note: str, understood: str) -> None:
    reading = read_motion(note, names=("mara",))
    assert str(reading.action) == understood
    assert reading.warnings() == []


@pytest.mark.parametrize("word", VOCABULARY, ids=lambda word: f"{word.kind} {word.name}")
def test_every_way_to_write_a_word_is_read(word: Word) -> None:
    for written in word.written:
        assert read_motion(written).unknown == ()


def test_one_action_is_kept_and_the_others_are_told() -> None:
    reading = read_motion("turns slowly to camera, subtle smile, then nods")
    assert str(reading.action) == "slow turn camera", "the smile's manner stays with the smile"
    assert reading.dropped == ("smile", "nod")
    assert "smile, nod" in reading.warnings()[0]


def test_words_without_a_meaning_are_listed_as_written() -> None:
    reading = read_motion("Pirouettes and nods, très lentement")
    assert reading.unknown == ("Pirouettes", "très", "lentement")
    assert "mean nothing to the previz engine: Pirouettes, très, lentement" in reading.warnings()[0]


def test_what_must_not_happen_does_not() -> None:
    reading = read_motion("doesn't smile, looks away")
    assert str(reading.action) == "look away"
    assert reading.denied == ("smile",)
    assert "smile" in reading.warnings()[0]


def test_another_language_is_told_what_the_engine_knows() -> None:
    told = read_motion("dreht sich langsam um").warnings()
    assert "in English: turn, nod" in told[-1]


def test_an_empty_note_says_that_the_actor_only_lives() -> None:
    assert read_motion(" \n").warnings() == ["there is no motion note: the actor only breathes, sways and blinks"]


@given(st.text() | st.lists(st.sampled_from([way for word in VOCABULARY for way in word.written])).map(" ".join))
def test_any_note_is_read(note: str) -> None:
    reading = read_motion(note)
    assert reading.action is None or reading.action.name in ACTIONS
    assert all(isinstance(line, str) for line in reading.warnings())
    assert (reading.action is not None) or reading.warnings()


@given(
    st.sampled_from(ACTIONS),
    st.sampled_from(["", *(word.name for word in VOCABULARY if word.kind == "direction")]),
    st.sampled_from(["", "slow", "quick"]),
    st.sampled_from(["", "slight", "strong"]),
    st.integers(0, 99),
    st.integers(1, 30),
)
def test_any_action_stays_within_what_a_portrait_bears(
    name: str, direction: str, pace: str, strength: str, count: int, slot: int
) -> None:
    found = moves(Action(name, direction, pace, strength, count), slot=slot)
    assert all(np.isfinite(curve).all() for curve in vars(found).values())
    assert np.abs(found.yaw).max() < MOST_TURNED
    assert np.abs(found.pitch).max() < MOST_PITCH
    assert found.smile.max() <= 1
    assert found.blink.max() <= 1


@pytest.mark.parametrize("name", ["turn", "smile", "frown", "brows", "lean"])
def test_handles_hold_what_is_there_before_and_after(name: str) -> None:
    life = moves(None)
    done = moves(Action(name))
    curves = ("yaw", "smile", "frown", "brow", "zoom")
    change = np.sum([np.abs(getattr(done, curve) - getattr(life, curve)) for curve in curves], axis=0)
    assert change[: HEAD + 1].max() < 0.05
    assert np.ptp(change[-HEAD - 3 :]) < 0.25 * change.max()
    assert change[-1] > 0.05


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(60)])
def test_any_rate_shows_the_same_movement(rate: Fraction) -> None:
    base, other = (moves(Action("turn", "left"), rate=r, head=0, slot=round(2 * r)) for r in (Fraction(24), rate))
    at = (np.arange(len(other.yaw)) + 0.5) / float(rate)
    assert np.abs(np.interp(at, (np.arange(48) + 0.5) / 24, base.yaw) - other.yaw).max() < 0.4


def test_slow_takes_longer_than_quick() -> None:
    slow, quick = (moves(Action("smile", pace=pace)).smile for pace in ("slow", "quick"))
    assert np.count_nonzero((quick > 0.01) & (quick < 0.7)) < 12 < np.count_nonzero((slow > 0.01) & (slow < 0.7))


def test_two_blinks_are_two() -> None:
    blink = moves(Action("blink", count=2)).blink
    assert np.count_nonzero(np.diff((blink > 0.9).astype(int)) == 1) == 2

# SPDX-License-Identifier: Apache-2.0
"""Ids that are stable and unique; fingerprints that are equal for equal parts only."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.cues import derived_id, fingerprint

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(track=st.text(), media=st.text(), start=st.integers())
def test_an_id_is_six_digits_and_always_the_same(track: str, media: str, start: int) -> None:
    id = derived_id(track, media, start)
    assert len(id) == 6
    assert set(id) <= set("0123456789abcdefghijklmnopqrstuvwxyz")
    assert id == derived_id(track, media, start)


def test_an_id_that_is_taken_is_passed_over() -> None:
    first = derived_id("V1", "a.mov", 86400)
    second = derived_id("V1", "a.mov", 86400, taken={first})
    third = derived_id("V1", "a.mov", 86400, taken={first, second})
    assert len({first, second, third, derived_id("V1", "a.mov", 86401)}) == 4


def test_known_values_stay_what_they_are() -> None:
    """Ids stand in editors' cuts and fingerprints in ledgers: another value would orphan every take."""
    assert derived_id("V1", "shots/mara.mov", 86400) == "3rn0ja"
    assert (
        fingerprint({"mode": "talk", "rate": "24000/1001", "frames": [1, 2]})
        == "136c1c8f5032b0b82c35319b39e7ea8d39633daa8ebaa528f3dfb8316d245e97"
    )


@given(parts=st.dictionaries(st.text(), _values, max_size=6))
def test_the_order_of_keys_does_not_count(parts: dict[str, Any]) -> None:
    assert fingerprint(parts) == fingerprint(dict(reversed(parts.items())))


@pytest.mark.parametrize("other", [2, 1.0, True, "1", [1], {"1": 1}, None])
def test_what_differs_in_value_or_kind_has_another_fingerprint(other: Any) -> None:
    assert fingerprint({"x": 1}) != fingerprint({"x": other})
    assert fingerprint({"x": [1, 1]}) != fingerprint({"x": [1, other]})


@pytest.mark.parametrize("value", [Fraction(24), Path("a.mov"), b"bytes", {1: "a"}, {"a"}, object()])
def test_what_has_no_canonical_text_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"parts\.x"):
        fingerprint({"x": value})


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match=r"parts\.x is nan"):
        fingerprint({"x": float("nan")})

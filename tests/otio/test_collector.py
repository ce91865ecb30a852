# SPDX-License-Identifier: Apache-2.0
"""The garbage collector is held back while a cut is read, and is as it was afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from greenroom_otio import no_collector


@pytest.fixture
def collector_off() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_what_was_made_meanwhile_is_old_at_once() -> None:
    """Young objects would be gone through twice in the next moments, and there are hundreds of thousands of them."""
    with no_collector():
        made = [[number] for number in range(1000)]
        assert not gc.isenabled()
    assert gc.isenabled()
    assert any(each is made for each in gc.get_objects(generation=2))


def test_a_collector_that_was_off_stays_off(collector_off: None) -> None:
    with no_collector(), no_collector():
        pass
    assert not gc.isenabled()


def test_garbage_of_a_reading_is_found_by_the_next_full_collection() -> None:
    with no_collector():
        ring: list[object] = []
        ring.append(ring)
        known = id(ring)
        del ring
    gc.collect()
    assert all(id(each) != known or not (type(each) is list and each and each[0] is each) for each in gc.get_objects())

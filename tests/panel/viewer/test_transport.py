# SPDX-License-Identifier: Apache-2.0
"""Which frame is due, and which are decoded ahead: by a clock of the test's own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from greenroom.panel.viewer.picture import Box, FaceBoxes, Picture
from greenroom.panel.viewer.plan import Wish, ahead, least_wanted
from greenroom.panel.viewer.transport import Transport

SECOND = 10**9
RATES = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)]


class Clock:
    now = 5 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transport(clock: Clock) -> Transport:
    made = Transport(clock)
    made.load(100, Fraction(24))
    return made


@pytest.mark.parametrize("rate", RATES)
def test_an_hour_has_as_many_frames_as_it_should(rate: Fraction, clock: Clock) -> None:
    transport = Transport(clock)
    transport.load(10**6, rate)
    transport.play(1)
    clock.now += 3600 * SECOND
    assert transport.due() == int(3600 * rate)


def test_play_ends_on_the_last_frame(transport: Transport, clock: Clock) -> None:
    transport.play(1)
    clock.now += 5 * SECOND
    assert (transport.due(), transport.speed) == (99, 0)
    transport.play(1)
    assert transport.due() == 0
    transport.play(-1)
    assert transport.due() == 99
    clock.now += 5 * SECOND
    assert (transport.due(), transport.speed) == (0, 0)


def test_faster_play_leaves_frames_out_evenly(transport: Transport, clock: Clock) -> None:
    transport.play(4)
    seen = []
    for _ in range(48):
        seen.append(transport.due())
        clock.now += SECOND // 48
    assert sorted(set(seen)) == list(range(0, 93, 4))


def test_a_loop_goes_round_both_ways(transport: Transport, clock: Clock) -> None:
    transport.go_to(10)
    transport.mark_in(10)
    transport.mark_out(19)
    transport.loop = True
    transport.play(1)
    clock.now += SECOND
    assert transport.due() == 14  # 24 frames on, in a loop of ten
    transport.play(-1)
    clock.now += SECOND
    assert transport.due() == 10


def test_marks_that_cross_give_way(transport: Transport) -> None:
    transport.mark_out(30)
    transport.mark_in(60)
    assert (transport.low, transport.high) == (60, 100)
    transport.mark_out(20)
    assert (transport.low, transport.high) == (0, 21)


def test_marks_set_while_it_plays_move_nothing(transport: Transport, clock: Clock) -> None:
    transport.play(1)
    clock.now += SECOND
    transport.mark_in(transport.due())
    assert (transport.low, transport.due(), transport.playing) == (24, 24, True)


def wish(frame: int, step: int = 1, *, loop: bool = False, low: int = 0, high: int = 50) -> Wish:
    return Wish(frame, step, low, high, loop, True, (64, 36))


def test_what_is_decoded_ahead() -> None:
    assert list(ahead(wish(47), 6)) == [47, 48, 49]
    assert list(ahead(wish(47, loop=True, low=40), 6)) == [47, 48, 49, 40, 41, 42]
    assert list(ahead(wish(4, -2), 6)) == [4, 2, 0]
    assert list(ahead(wish(10), 3, lead=2)) == [12, 13, 14]


def test_what_was_shown_goes_first() -> None:
    assert least_wanted(iter([10, 11, 19, 20, 21]), wish(20)) == 10
    assert least_wanted(iter([19, 20, 21, 22]), wish(20, -1)) == 22
    assert least_wanted(iter([41, 45, 49]), wish(45, loop=True, low=40)) == 41


def test_faces_and_file_frames() -> None:
    faces = FaceBoxes(5, (Box(0, 0, 1, 1), None))
    assert faces.at(4) is not None
    assert faces.at(5) is None
    assert faces.at(50) is None
    picture = Picture(Path("take.mov"), Fraction(25), 10, 50)
    assert [picture.file_frame(frame, Fraction(50)) for frame in range(3)] == [11, 13, 15]

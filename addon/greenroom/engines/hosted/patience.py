# SPDX-License-Identifier: Apache-2.0
"""How long to wait before asking again. The clock is a value, so that tests take no time."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_PAUSE", "Clock", "pause", "told_to_wait"]

LONGEST_PAUSE = 120.0
"""Seconds: a host that asks for more (an hour's quota) is asked again after this, and then told of as busy."""

_FIRST_PAUSE = 0.5  # seconds, doubled each time
_LONGEST_GUESS = 30.0  # seconds, where the host doesn't say


@dataclass(frozen=True)
class Clock:
    """Time as the hosted room sees it. `wall` is seconds since 1970, `passed` only runs forward, `chance` is 0 to 1."""

    wall: Callable[[], float] = time.time
    passed: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    chance: Callable[[], float] = random.random


def pause(clock: Clock, attempt: int, headers: Mapping[str, str]) -> float:
    """Seconds to wait after the attempt number `attempt` (from 1).

    What the host asks for is never undercut but by LONGEST_PAUSE, and up to a tenth is added, so that a batch's jobs
    don't all come back in the same moment.
    """
    asked = told_to_wait(clock, headers)
    if asked is not None:
        return min(asked, LONGEST_PAUSE) * (1 + clock.chance() / 10) + clock.chance() / 10
    guess: float = min(_FIRST_PAUSE * 2.0 ** (attempt - 1), _LONGEST_GUESS)
    return guess * (0.5 + clock.chance() / 2)


def told_to_wait(clock: Clock, headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer's headers ask to wait; None where they don't.

    Retry-After is seconds or a date (RFC 9110, 10.2.3). The date is held against the answer's own Date, since this
    machine's clock may be wrong. Replicate sends ratelimit-reset instead, in seconds.
    """
    value = headers.get("retry-after", "").strip() or headers.get("ratelimit-reset", "").strip()
    if not value:
        return None
    if value.replace(".", "", 1).isdecimal():
        return float(value)
    until = _moment(value)
    if until is None:
        return None
    now = _moment(headers.get("date", ""))
    return max(0.0, until - (clock.wall() if now is None else now))


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None

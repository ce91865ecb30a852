# SPDX-License-Identifier: Apache-2.0
"""What paid jobs cost, as values. Sums are kept in whole millionths of a currency's unit: they add up exactly."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

__all__ = ["Bill", "Cap", "Charge", "ChargeState", "amount_of", "millionths"]

_MILLION = 1_000_000


class ChargeState(enum.StrEnum):
    """What became of the money of one attempt."""

    RESERVED = "reserved"  # sent, or being sent: it counts as gone until it is known
    SETTLED = "settled"
    REFUNDED = "refunded"  # it surely failed, or never arrived


@dataclass(frozen=True)
class Cap:
    """What a project may spend in all, in one currency. `limit` None: no limit.

    Under a limit, a price that nobody knows or one in another currency is refused, unless `allow_unknown`: then it is
    sent, written down, and not counted.
    """

    limit: Decimal | None = None
    currency: str = "USD"
    allow_unknown: bool = False


@dataclass(frozen=True)
class Bill:
    """What a take.json says that its job cost. `reported`: by the host; else it is the quote."""

    job: str
    cost: Decimal
    currency: str
    reported: bool


@dataclass(frozen=True)
class Charge:
    """The money of one attempt of one job. `reserved` is the quote and `paid` what it came to; None where nobody knows.

    `basis` says where `paid` comes from: "reported" by the host, "estimate", "possible" (it failed, and may be billed
    all the same) or "given up". `doubtful`: its job is unknown. `day` is that of the reservation, in UTC.
    """

    job: str
    attempt: int
    cue: str
    actor: str
    mode: str
    engine: str
    currency: str
    state: ChargeState
    reserved: Decimal | None
    paid: Decimal | None
    basis: str
    day: str
    doubtful: bool = False


def millionths(amount: Decimal | None) -> int | None:
    """Begun millionths count as whole ones."""
    return None if amount is None else int((amount * _MILLION).to_integral_value(ROUND_CEILING))


def amount_of(count: int | None) -> Decimal | None:
    """The reverse of `millionths`, without zeros that say nothing: 0.25, 3, 0.0562."""
    if count is None:
        return None
    amount = (Decimal(count) / _MILLION).normalize()
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount

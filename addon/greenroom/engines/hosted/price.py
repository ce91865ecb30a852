# SPDX-License-Identifier: Apache-2.0
"""What a take will cost and what the model will do to the picture, before anything is sent. Pure.

Begun units count as whole ones, since hosts bill so. What nobody knows is None, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from greenroom.engines.contract import Estimate, Request
from greenroom.engines.hosted.fit import Order, order_of
from greenroom.engines.hosted.offers import Model, Offer, Price
from greenroom.frames import write_rate
from greenroom.media.types import TakeSpec

__all__ = ["estimate", "price_words", "units_of"]

_WORDS = {
    "seen": "as the provider's page said on {dated}",
    "second-hand": "second-hand, of {dated}",
    "inferred": "inferred, of {dated}",
    "unknown": "unknown",
}
_MEGAPIXEL = 1_000_000


def estimate(model: Model, offer: Offer, request: Request) -> Estimate:
    """The quote for one take. Money of another currency than USD is only noted: a budget is in one."""
    order = order_of(offer, request.spec)
    price = offer.price
    count = units_of(offer, order, request.spec)
    notes = tuple(_notes(model, offer, order, request.spec))
    if price.amount is None:
        return Estimate(None, confidence=_WORDS["unknown"], notes=("what it costs is not known", *notes))
    cost = price.amount if count else Decimal(0)
    cost += (price.amount if price.further is None else price.further) * (count - 1)
    words = _WORDS[price.confidence].format(dated=price.dated)
    if price.currency != "USD":
        return Estimate(None, confidence=words, notes=(f"about {cost} {price.currency}", *notes))
    return Estimate(cost, confidence=words, notes=notes)


def units_of(offer: Offer, order: Order, spec: TakeSpec) -> int:
    """How many units are billed for this order, begun ones as whole ones."""
    match offer.price.unit:
        case "output second" | "input second":
            return math.ceil(order.seconds)
        case "5 s":
            return math.ceil(order.seconds / 5)
        case "16 frames":
            return math.ceil(Fraction(order.frames, 16))
        case "frame":
            return order.frames
        case "megapixel":
            return math.ceil(Fraction(spec.width * spec.height, _MEGAPIXEL))
        case _:
            return 1


def price_words(price: Price) -> str:
    """A price for a table: "0.15 USD / output second (seen)"."""
    if price.amount is None:
        return "unknown"
    further = f", then {price.further}" if price.further is not None else ""
    return f"{price.amount}{further} {price.currency} / {price.unit} ({price.confidence})"


def _notes(model: Model, offer: Offer, order: Order, spec: TakeSpec) -> Iterator[str]:
    output = offer.output
    if output.size:
        yield f"{model.title} makes {output.size}; it is brought to {spec.width} x {spec.height}"
    if output.rate is not None and output.rate != spec.rate and model.kind == "video":
        yield f"{model.title} makes {write_rate(output.rate)} fps; it is brought to {write_rate(spec.rate)}"
    if output.trims:
        yield output.trims
    took = spec.frames / spec.rate
    if model.kind == "video" and order.seconds > took:
        yield f"{float(order.seconds):.2f} s are asked for, {float(took):.2f} s are used"
    if order.indices and order.rate != spec.rate:
        yield f"the footage is sent at {write_rate(order.rate)} fps"

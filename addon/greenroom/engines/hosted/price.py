# SPDX-License-Identifier: Apache-2.0
"""What a take will cost and what the model will do to the picture, before anything is sent. Pure.

Begun units count as whole ones, since hosts bill so. What nobody knows is None, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from greenroom.engines.contract import Estimate, Request
from greenroom.engines.hosted.continuing import continued_spans
from greenroom.engines.hosted.fit import Order, order_of
from greenroom.engines.hosted.offers import Model, Offer, Price
from greenroom.engines.hosted.settings import HOSTS
from greenroom.engines.hosted.spans import Span, part_of, spans_of
from greenroom.frames import write_rate
from greenroom.media.types import TakeSpec

__all__ = ["estimate", "estimate_of_one", "price_words", "units_of"]

_WORDS = {
    "seen": "as the provider's page said on {dated}",
    "second-hand": "second-hand, of {dated}",
    "inferred": "inferred, of {dated}",
    "unknown": "unknown",
}
_MEGAPIXEL = 1_000_000


def estimate(model: Model, offer: Offer, request: Request) -> Estimate:
    """The quote for one take, its spans added up.

    Raises:
        MediaError: a long slot's dialogue has to be heard, and can't be read.
    """
    if request.continued is not None and (spans := continued_spans(offer, request)):
        return _going_on(model, offer, request, spans)
    spans = spans_of(offer, request)
    if len(spans) == 1:
        return estimate_of_one(model, offer, request)
    parts = [estimate_of_one(model, offer, part_of(request, spans, number)) for number in range(len(spans))]
    costs = [part.cost for part in parts]
    known = [cost for cost in costs if cost is not None]
    cost = sum(known, Decimal(0)) if len(known) == len(costs) else None
    notes = [_span_words(spans, costs, parts[0].currency), *_join_words(spans)]
    notes += [note for part in parts for note in part.notes]
    return replace(parts[0], cost=cost, notes=tuple(dict.fromkeys(notes)))


def _going_on(model: Model, offer: Offer, request: Request, spans: Sequence[Span]) -> Estimate:
    """Of the missing frames alone."""
    one, was = estimate_of_one(model, offer, part_of(request, spans, 1)), request.continued
    rest = spans[1]
    seam = "dissolves into it" if rest.lap > 1 else "starts from its last picture" if rest.lap else "is cut to it"
    number = was.take if was is not None else 0
    note = f"goes on from take {number}: {rest.frames - rest.lap} f are sent for, the new part {seam}"
    return replace(one, notes=(note, *one.notes))


def _span_words(spans: Sequence[Span], costs: Sequence[Decimal | None], currency: str) -> str:
    parts = (
        f"{span.frames} f for {'an unknown sum' if cost is None else f'{cost} {currency}'}"
        for span, cost in zip(spans, costs, strict=True)
    )
    return f"longer than the model takes at once: {len(spans)} jobs, one after another: {', '.join(parts)}"


def _join_words(spans: Sequence[Span]) -> Iterator[str]:
    for before, span in pairwise(spans):
        if not span.quiet:
            place = before.first + before.frames
            yield f"nobody is silent near frame {place} of the take: it is cut there, at the quietest place in reach"


def estimate_of_one(model: Model, offer: Offer, request: Request) -> Estimate:
    """One job's quote, in the currency that the host bills in."""
    order = order_of(offer, request.spec)
    price = offer.price
    count = units_of(offer, order, request.spec)
    notes = tuple(_notes(model, offer, order, request.spec))
    if price.amount is None and not HOSTS[offer.host].needs_key:
        return Estimate(Decimal(0), confidence="your own machine", notes=notes)
    if price.amount is None:
        return Estimate(None, confidence=_WORDS["unknown"], notes=("what it costs is not known", *notes))
    cost = price.amount if count else Decimal(0)
    cost += (price.amount if price.further is None else price.further) * (count - 1)
    words = _WORDS[price.confidence].format(dated=price.dated)
    return Estimate(cost, price.currency, confidence=words, notes=notes)


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
        brought = "" if spec.still else f"; it is brought to {spec.width} x {spec.height}"  # pictures are kept as made
        yield f"{model.title} makes {output.size}{brought}"
    if output.rate is not None and output.rate != spec.rate and model.kind == "video":
        yield f"{model.title} makes {write_rate(output.rate)} fps; it is brought to {write_rate(spec.rate)}"
    if output.trims:
        yield output.trims
    took = spec.frames / spec.rate
    if model.kind == "video" and order.seconds > took:
        yield f"{float(order.seconds):.2f} s are asked for, {float(took):.2f} s are used"
    if order.indices and order.rate != spec.rate:
        yield f"the footage is sent at {write_rate(order.rate)} fps"

# SPDX-License-Identifier: Apache-2.0
"""How long a take is asked for, at which rate, and what that costs: rounded up as hosts bill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from greenroom.engines.contract import Performer, Request
from greenroom.engines.hosted.catalogue import catalogue
from greenroom.engines.hosted.fit import order_of
from greenroom.engines.hosted.offers import Limits, Model, Offer, Price
from greenroom.engines.hosted.price import estimate
from greenroom.media.types import TakeSpec

FILM = Fraction(24000, 1001)


def offer_of(name: str) -> tuple[Model, Offer]:
    model_id, _, host = name.partition("@")
    model = catalogue().models[model_id]
    return model, next(offer for offer in model.hosts if offer.host == host)


@pytest.fixture
def ask() -> Callable[..., Request]:
    def make(frames: int, rate: Fraction = Fraction(24), mode: str = "talk") -> Request:
        spec = TakeSpec(rate, frames, 0, 0, 1920, 1080, start_frame=0)
        return Request("job", "cue", 1, mode, Performer("mara", "1", Path("mara.png")), spec, 7, Path())

    return make


@pytest.mark.parametrize(
    ("rate", "sent", "frames", "stretch"),
    [
        (Fraction(24), 24, 48, Fraction(1)),
        (FILM, 24, 48, Fraction(1001, 1000)),
        (Fraction(30000, 1001), 30, 48, Fraction(1001, 1000)),
        (Fraction(25), 25, 48, Fraction(1)),
        (Fraction(50), 25, 24, Fraction(1)),
        (Fraction(60000, 1001), 30, 24, Fraction(1001, 1000)),
        (Fraction(12), 24, 96, Fraction(1)),
    ],
)
def test_footage_goes_out_at_a_whole_rate_frame_for_frame(
    ask: Callable[..., Request], rate: Fraction, sent: int, frames: int, stretch: Fraction
) -> None:
    order = order_of(offer_of("lipsync-2-pro@sync")[1], ask(48, rate).spec)
    assert (order.rate, order.frames, order.stretch) == (sent, frames, stretch)
    assert order.indices[0] == 0
    assert order.indices[-1] in (46, 47)


def test_a_model_with_a_least_length_is_asked_for_it_and_the_last_frame_is_held(ask: Callable[..., Request]) -> None:
    order = order_of(offer_of("kling-v3-motion-control@fal")[1], ask(24).spec)
    assert (order.seconds, len(order.indices)) == (3, 72)
    assert order.indices[22:26] == (22, 23, 23, 23)


def test_a_grid_is_filled(ask: Callable[..., Request]) -> None:
    order = order_of(offer_of("wan-2.2-animate-replace@comfyui")[1], ask(40).spec)
    assert order.frames == 41


def test_spare_is_asked_for_only_within_the_limit(ask: Callable[..., Request]) -> None:
    model, offer = offer_of("kling-avatar-v2@fal")
    short = replace(offer, limits=Limits(max_seconds=Fraction(2)))
    assert order_of(offer, ask(48).spec).frames == 51
    assert order_of(short, ask(48).spec).frames == 48
    assert model.kind == "video"


@pytest.mark.parametrize(
    ("name", "frames", "rate", "cost"),
    [
        ("fabric-1.0@fal", 60, 24, "0.45"),  # 2.6 s: three seconds
        ("kling-lip-sync@fal", 48, 24, "0.07"),  # begun five seconds
        ("kling-lip-sync@fal", 130, 24, "0.14"),
        ("wan-2.2-animate-replace@fal", 33, 24, "0.24"),  # three times 16 frames
        ("wan-2.2-animate-replace@fal", 33 * 60, 60, "4.96"),  # at 30 a second: 990 frames
        ("lipsync-2-pro@sync", 100, 25, "0.33200"),
        ("wan-2.7-r2v@fal", 50, 24, "0.45"),  # whole seconds
        ("flux-2-pro@fal", 1, 24, "0.060"),  # 1920 x 1080: the first megapixel and two more
    ],
)
def test_begun_units_are_billed_whole(
    ask: Callable[..., Request], name: str, frames: int, rate: int, cost: str
) -> None:
    quote = estimate(*offer_of(name), ask(frames, Fraction(rate)))
    assert quote.cost == Decimal(cost)
    assert quote.currency == "USD"


def test_what_nobody_knows_is_no_number(ask: Callable[..., Request]) -> None:
    quote = estimate(*offer_of("dreamactor-m2.0@replicate"), ask(48, mode="mimic"))
    assert (quote.cost, quote.confidence) == (None, "unknown")


def test_money_of_another_currency_stays_what_it_is(ask: Callable[..., Request]) -> None:
    quote = estimate(*offer_of("wan-2.2-animate-replace@dashscope"), ask(48, mode="replace"))
    assert (quote.cost, quote.currency) == (Decimal("1.20"), "CNY")


def test_the_quote_says_what_the_model_does_to_the_picture(ask: Callable[..., Request]) -> None:
    fabric = " ".join(estimate(*offer_of("fabric-1.0@fal"), ask(48)).notes)
    assert "1312 x 736" in fabric
    wan = " ".join(estimate(*offer_of("wan-2.2-animate-replace@replicate"), ask(48, FILM, mode="replace")).notes)
    assert "30 fps" in wan
    assert "sent at 24 fps" in wan


def test_a_price_says_how_sure_it_is(ask: Callable[..., Request]) -> None:
    model, offer = offer_of("fabric-1.0@fal")
    assert "provider's page" in estimate(model, offer, ask(48)).confidence
    guessed = replace(offer, price=Price(Decimal(1), confidence="inferred", dated="2026-11-22"))
    assert estimate(model, guessed, ask(48)).confidence == "inferred, of 2026-11-22"

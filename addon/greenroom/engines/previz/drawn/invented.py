# SPDX-License-Identifier: Apache-2.0
"""A drawn actor out of words and a seed: what the words leave open, the seed decides. The same words and the same seed
give the same actor, and nobody's likeness.

It knows some 160 words of English (`words`), finds colours before the thing that has them ("green eyes", "an
auburn crop") or anywhere in the prompt part that is about it, and tells what it took and what it left alone.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from greenroom.engines.previz.drawn import hair as drawn_hair
from greenroom.engines.previz.drawn import words
from greenroom.engines.previz.drawn.actors import Look, Paint, jacket, jumper, rollneck
from greenroom.engines.previz.drawn.canvas import Canvas
from greenroom.engines.previz.drawn.faces import Features

__all__ = ["Invented", "invent"]

_BEFORE = 3  # words between a colour and its thing: "green, wide-set eyes"
_Value = TypeVar("_Value")
_WALLS = (
    ((206, 204, 196), (128, 122, 112)),
    ((176, 186, 192), (84, 92, 98)),
    ((196, 186, 176), (116, 100, 88)),
    ((188, 196, 188), (104, 112, 104)),
)
_STYLES: Mapping[str, tuple[Paint, Paint]] = {
    "waves": (drawn_hair.waves_behind, drawn_hair.waves_in_front),
    "short": (drawn_hair.short_behind, drawn_hair.short_in_front),
    "curls": (drawn_hair.curls_behind, drawn_hair.curls_in_front),
}
_DRESSES: Mapping[str, Callable[[Canvas, Look], None]] = {"jumper": jumper, "rollneck": rollneck, "jacket": jacket}


@dataclass(frozen=True)
class Invented:
    """The look, the words that made it so, and the prompt parts of which nothing could be drawn."""

    look: Look
    taken: tuple[str, ...]
    left_out: tuple[str, ...]


def invent(parts: Mapping[str, str], seed: int) -> Invented:
    """An actor out of prompt parts by name ("identity", "hair" ...) and a seed."""
    return _Inventor(parts, seed).invented()


class _Inventor:
    def __init__(self, parts: Mapping[str, str], seed: int) -> None:
        self.parts = {name: _words_of(text) for name, text in parts.items()}
        self.random = np.random.default_rng(seed)
        self.seed = seed
        self.taken: dict[str, None] = {}

    def invented(self) -> Invented:
        # every draw is made, in this order, whatever the words say: one word changes one thing
        man = self.random.random() < 0.5
        said = self.said("identity", words.SEXES)
        man = man if said is None else said
        years = int(self.random.integers(22, 66))
        years = self.years() or years
        age = float(np.clip((years - 32) / 38, 0, 1))
        skin, colour = self.skin_and_hair(years)
        style = self.style(man=man)
        look = Look(
            features=self.features(man=man, age=age, skin=skin, hair=colour),
            hair=colour,
            behind=_STYLES[style][0],
            in_front=self.in_front(style, age),
            cloth=self.one("wardrobe", words.CLOTHS, words.GARMENT_WORDS),
            dress=_DRESSES[self.garment(man=man)],
            wall=_WALLS[int(self.random.integers(len(_WALLS)))],
            neck=4.9 if man else 3.9,
            shoulders=20.2 if man else 17.2,
            ears=0.0 if style == "waves" else 1.0,
        )
        left_out = tuple(name for name in words.UNDRAWN if self.parts.get(name))
        return Invented(look, tuple(self.taken), left_out)

    def features(self, *, man: bool, age: float, skin: words.Skin, hair: words.Colour) -> Features:
        between = self.random.uniform
        shape = self.one("identity", words.SHAPES, ("face", "jaw", "features"))
        lips = self.said("identity", words.LIPS)
        fullness = between(-0.10, 0.08) if man else between(0.0, 0.28)
        beard = self.said("identity", words.BEARDS) or self.said("hair", words.BEARDS)
        grown = 1.0 if self.random.random() < 0.4 else 0.0
        freckles, dotted = self.said("skin", words.FRECKLES), self.random.random() < 0.2
        iris = self.one("eyes", words.EYES, ("eyes", "eye"))
        return Features(
            skin=skin.skin,
            iris=iris,
            brow=_darker(hair),
            lips=skin.lips,
            width=between(0.90, 0.97) * shape.width,
            jaw=between(1.02, 1.14) * shape.jaw if man else between(0.90, 1.0) * shape.jaw,
            cheeks=between(0.96, 1.05),
            temples=between(0.97, 1.03),
            chin=between(1.0, 1.12) * shape.chin if man else between(0.90, 1.0) * shape.chin,
            pointed=shape.pointed + (0.0 if man else between(0.0, 0.08)),
            forehead=between(0.94, 1.06),
            nose_width=between(0.86, 1.22),
            nose_length=between(-0.25, 0.50),
            lip_width=between(1.02, 1.15),
            lip_fullness=fullness if lips is None else lips,
            smile=between(0.14, 0.28),
            eye_size=between(1.10, 1.28),
            eye_opening=between(0.22, 0.33),
            eye_apart=between(-0.05, 0.10),
            eye_tilt=between(-0.06, 0.10),
            brow_height=between(-0.16, 0.16) - (0.06 if man else 0.0),
            brow_arch=between(0.08, 0.20),
            brow_width=between(0.48, 0.60) if man else between(0.34, 0.44),
            lashes=0.085 if man else 0.155,
            freckles=150 if freckles or (freckles is None and dotted and skin in words.FAIR_SKINS) else 0,
            stubble=(grown if man else 0.0) if beard is None else beard,
            age=age,
            seed=self.seed % 1000 + 1,
        )

    def skin_and_hair(self, years: int) -> tuple[words.Skin, words.Colour]:
        """Both together: where the words leave one open, it is one that is seen with the other."""
        usual = words.USUAL_SKINS[int(self.random.integers(len(words.USUAL_SKINS)))]
        place = int(self.random.integers(60))  # divides by the length of every list of hairs
        said = self.found("skin", words.SKINS, ("skin", "skinned", "complexion"))
        hair = self.found("hair", words.HAIRS, words.HAIR_WORDS)
        fair_hair = hair in words.FAIR_HAIRS
        skin = said or (words.FAIREST if fair_hair and usual not in words.FAIR_SKINS else usual)
        names: tuple[str, ...] = words.OLD_HAIRS if years >= 55 else words.YOUNG_HAIRS
        if years < 55 and skin not in words.FAIR_SKINS:
            names = words.DARK_HAIRS
        return skin, words.HAIRS[names[place % len(names)]] if hair is None else hair

    def style(self, *, man: bool) -> str:
        usual = ("short", "short", "curls") if man else ("waves", "waves", "curls", "short")
        drawn = usual[int(self.random.integers(len(usual)))]
        return self.said("hair", words.STYLES) or drawn

    def in_front(self, style: str, age: float) -> Paint:
        if style != "short":
            return _STYLES[style][1]
        greying = float(np.clip((age - 0.35) / 0.5, 0, 1))
        return functools.partial(drawn_hair.short_in_front, greying=greying)

    def garment(self, *, man: bool) -> str:
        usual = ("jumper", "jacket") if man else ("jumper", "rollneck")
        drawn = usual[int(self.random.integers(len(usual)))]
        return self.said("wardrobe", words.GARMENTS) or drawn

    def years(self) -> int | None:
        """The age that the prompt tells, in words or numbers; None where it doesn't."""
        for place, word in enumerate(self._all()):
            if word.isdigit() and 18 <= int(word) <= 95:
                return self._take(word, int(word))
            if word in words.AGES:
                younger = self._all()[place - 1] if place else ""
                more = words.PARTS_OF_A_DECADE.get(younger, 0)
                return self._take(f"{younger} {word}" if more else word, words.AGES[word] + more)
        return None

    def one(self, part: str, known: Mapping[str, _Value], things: Sequence[str]) -> _Value:
        """What the words say of `part`, else any of what is known, as the seed has it."""
        values = list(dict.fromkeys(known.values()))
        drawn = values[int(self.random.integers(len(values)))]
        said = self.found(part, known, things)
        return drawn if said is None else said

    def found(self, part: str, known: Mapping[str, _Value], things: Sequence[str]) -> _Value | None:
        """A known word in the part that is about it, or shortly before its thing anywhere."""
        own = self.parts.get(part, []) if part != "identity" else []
        for word in _with_pairs(own):
            if word in known:
                return self._take(f"{word} {things[0]}", known[word])
        for text in self.parts.values():
            for place, word in enumerate(text):
                if word in things:
                    for near in reversed(_with_pairs(text[max(0, place - _BEFORE) : place])):
                        if near in known:
                            return self._take(f"{near} {word}", known[near])
        return None

    def said(self, part: str, known: Mapping[str, _Value]) -> _Value | None:
        """A word that needs no thing beside it ("woman", "freckles"): in its own part first, then anywhere."""
        for word in (*_with_pairs(self.parts.get(part, [])), *_with_pairs(self._all())):
            if word in known:
                return self._take(word, known[word])
        return None

    def _all(self) -> list[str]:
        return [word for name, text in self.parts.items() if name not in words.UNDRAWN for word in text]

    def _take(self, word: str, value: _Value) -> _Value:
        self.taken[word] = None
        return value


def _words_of(text: str) -> list[str]:
    return re.findall(r"[a-z]+(?:'s)?|\d+", text.casefold())


def _with_pairs(text: Iterable[str]) -> list[str]:
    """Pairs of words before single ones, so that "dark brown" isn't read as "dark"."""
    single = list(text)
    return [*(f"{first} {second}" for first, second in itertools.pairwise(single)), *single]


def _darker(hair: words.Colour) -> tuple[float, float, float]:
    """Brows are darker than hair; those of fair hair by far."""
    bright = max(hair)
    share = 0.62 if bright > 150 else 0.72
    return (hair[0] * share, hair[1] * share, hair[2] * share)

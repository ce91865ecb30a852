# SPDX-License-Identifier: Apache-2.0
"""The words that drawn actors are invented from. Data alone; colours are BGR. docs/casting.md says what there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "AGES",
    "BEARDS",
    "CLOTHS",
    "DARK_HAIRS",
    "EYES",
    "FAIREST",
    "FAIR_HAIRS",
    "FAIR_SKINS",
    "FRECKLES",
    "GARMENTS",
    "GARMENT_WORDS",
    "HAIRS",
    "HAIR_WORDS",
    "LIPS",
    "OLD_HAIRS",
    "PARTS_OF_A_DECADE",
    "SEXES",
    "SHAPES",
    "SKINS",
    "STYLES",
    "UNDRAWN",
    "USUAL_SKINS",
    "YOUNG_HAIRS",
    "Colour",
    "Shape",
    "Skin",
]

Colour: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Skin:
    """Skin, and lips that go with it."""

    skin: Colour
    lips: Colour


@dataclass(frozen=True)
class Shape:
    """Factors on a face's measures."""

    width: float = 1.0
    jaw: float = 1.0
    chin: float = 1.0
    pointed: float = 0.0


def _named(table: Mapping[str, tuple[str, ...]], values: Mapping[str, Colour]) -> dict[str, Colour]:
    return {word: values[name] for name, synonyms in table.items() for word in (name, *synonyms)}


UNDRAWN = ("asymmetry", "lens", "light")
"""Prompt parts that a drawn actor has no room for: one face, one lamp, one camera."""

SEXES = {
    **dict.fromkeys(("man", "male", "he", "boy", "gentleman", "father", "grandfather", "husband", "guy", "king"), True),
    **dict.fromkeys(("woman", "female", "she", "girl", "lady", "mother", "grandmother", "wife", "queen"), False),
}
"""Whether it is a man."""

AGES = {
    "teens": 19, "twenties": 22, "twenty": 22, "thirties": 32, "thirty": 31, "forties": 42, "forty": 41,
    "fifties": 52, "fifty": 51, "sixties": 62, "sixty": 61, "seventies": 72, "seventy": 71, "eighties": 82,
    "young": 25, "elderly": 72, "old": 70,
}  # fmt: skip
PARTS_OF_A_DECADE = {"early": 1, "mid": 4, "late": 6}

_PALE, _FAIR = Skin((172, 198, 236), (126, 122, 198)), Skin((158, 186, 230), (116, 114, 196))
_OLIVE, _TAN = Skin((126, 162, 204), (108, 114, 180)), Skin((104, 140, 194), (96, 98, 168))
_BROWN, _DARK = Skin((74, 104, 158), (80, 76, 146)), Skin((50, 70, 112), (62, 58, 112))
SKINS = {
    "pale": _PALE, "white": _PALE, "porcelain": _PALE, "fair": _FAIR, "light": _FAIR, "freckled": _FAIR,
    "rosy": _FAIR, "olive": _OLIVE, "mediterranean": _OLIVE, "weathered": _OLIVE, "tan": _TAN, "tanned": _TAN,
    "golden": _TAN, "brown": _BROWN, "warm brown": _BROWN, "light brown": _TAN, "dark brown": _DARK, "dark": _DARK,
    "black": _DARK, "deep": _DARK, "ebony": _DARK,
}  # fmt: skip
USUAL_SKINS = (_PALE, _FAIR, _FAIR, _OLIVE, _TAN, _BROWN, _DARK)
FAIR_SKINS, FAIREST = (_PALE, _FAIR), _FAIR
FRECKLES = {"freckles": True, "freckled": True, "freckle": True, "no freckles": False, "without freckles": False}

_HAIR_COLOURS: Mapping[str, Colour] = {
    "black": (30, 30, 34), "dark": (34, 42, 60), "brown": (44, 64, 98), "auburn": (46, 78, 148),
    "red": (38, 88, 172), "blonde": (112, 160, 204), "grey": (138, 142, 146), "white": (204, 206, 208),
}  # fmt: skip
HAIRS = _named(
    {
        "black": ("raven", "jet"),
        "dark": ("dark brown", "brunette"),
        "brown": ("chestnut", "light brown", "hazel"),
        "auburn": ("copper",),
        "red": ("ginger", "redhead"),
        "blonde": ("blond", "fair", "golden", "sandy", "dark blonde"),
        "grey": ("gray", "greying", "graying", "salt"),
        "white": ("silver",),
    },
    _HAIR_COLOURS,
)
HAIR_WORDS = (
    *("hair", "haired", "curls", "waves", "crop", "bob", "locks", "mane", "beard", "fringe", "curly", "wavy", "short"),
)
YOUNG_HAIRS = ("black", "dark", "brown", "brown", "auburn", "blonde", "red")
DARK_HAIRS = ("black", "black", "dark")
OLD_HAIRS = ("grey", "grey", "white", "dark")
FAIR_HAIRS = tuple(_HAIR_COLOURS[name] for name in ("auburn", "red", "blonde"))
STYLES = {
    **dict.fromkeys(("short", "cropped", "crop", "buzz", "shaved", "combed", "receding"), "short"),
    **dict.fromkeys(("curls", "curly", "afro", "coils", "coily", "ringlets"), "curls"),
    **dict.fromkeys(("long", "waves", "wavy", "shoulder", "straight", "bob"), "waves"),
}
BEARDS = {
    **dict.fromkeys(("beard", "bearded", "moustache", "mustache"), 1.0),
    **dict.fromkeys(("stubble", "stubbly", "unshaven"), 0.55),
    **dict.fromkeys(("shaven", "beardless", "no beard", "without beard", "clean shaven"), 0.0),
}

EYES = _named(
    {"blue": ("pale blue",), "green": (), "grey": ("gray",), "brown": ("dark brown",), "hazel": ("amber",),
     "dark": ("black",)},
    {"blue": (168, 132, 92), "green": (92, 122, 88), "grey": (124, 112, 100), "brown": (36, 54, 92),
     "hazel": (58, 92, 112), "dark": (26, 36, 54)},
)  # fmt: skip

_OVAL, _ROUND = Shape(), Shape(width=1.04, jaw=1.03, chin=0.93)
_SQUARE, _LONG = Shape(jaw=1.08, chin=1.04), Shape(width=0.97, chin=1.08)
_NARROW, _HEART = Shape(width=0.96, jaw=0.97), Shape(jaw=0.95, pointed=0.06)
SHAPES = {
    "oval": _OVAL, "round": _ROUND, "full": _ROUND, "square": _SQUARE, "strong": _SQUARE, "angular": _SQUARE,
    "long": _LONG, "narrow": _NARROW, "thin": _NARROW, "gaunt": _NARROW, "heart": _HEART, "pointed": _HEART,
    "delicate": _HEART,
}  # fmt: skip
LIPS = {"full lips": 0.30, "full lipped": 0.30, "thin lips": -0.10, "thin lipped": -0.10}

CLOTHS: Mapping[str, Colour] = {
    "red": (52, 48, 168), "green": (72, 104, 52), "teal": (112, 104, 44), "blue": (142, 92, 52),
    "navy": (72, 48, 36), "ochre": (46, 136, 206), "yellow": (70, 176, 214), "black": (38, 36, 36),
    "white": (214, 214, 216), "grey": (112, 112, 112), "gray": (112, 112, 112), "brown": (52, 76, 106),
    "beige": (150, 178, 198), "camel": (96, 138, 178), "pink": (150, 132, 206), "purple": (118, 62, 104),
    "burgundy": (48, 34, 96), "orange": (44, 112, 214),
}  # fmt: skip
GARMENTS = {
    **dict.fromkeys(("jumper", "sweater", "pullover", "shirt", "dress", "tee", "top", "cardigan"), "jumper"),
    **dict.fromkeys(("rollneck", "turtleneck", "polo", "scarf"), "rollneck"),
    **dict.fromkeys(("jacket", "suit", "coat", "raincoat", "blazer", "trenchcoat", "uniform", "parka"), "jacket"),
}
GARMENT_WORDS = tuple(GARMENTS)

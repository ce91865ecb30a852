# SPDX-License-Identifier: Apache-2.0
"""A model, who hosts it, what it takes, what it gives and what that costs. Frozen values, read from catalogue.toml.

An offer's `inputs` say what goes under which name of the host's: wire name -> a word of ours (`SOURCES`). A wire name
with dots, "input.prompt", is taken apart by its host's module. "image_urls[]" is sent as a list, "options/sync_mode"
lies in a table, "input[video]" is one of a list of {"type": "video", "url": ...}. A word with "?" is left out where
there is nothing to send; what follows a colon narrows it down:

    portrait          the actor's portrait, whole          portrait:close     cropped to the face for a close dialogue
    reference_pictures  portrait and character sheet       aspect:16:9,1:1    the nearest shape of these
    dialogue          the sound under slot and handles     stand_in, driver   footage as H.264 at a constant rate
    prompt            actor, motion, setting, camera, line prompt:Image 1     the same, and what the actor is called
    prompt:angled     a portrait's, whose view is a number  angle             that number: degrees from the front
    seed              the take's                           seconds, seconds:text  whole seconds, as number or text
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

__all__ = [
    "CONFIDENCES",
    "KINDS",
    "PICTURES",
    "SOURCES",
    "UNITS",
    "VIDEOS",
    "Choice",
    "FileLimits",
    "Limits",
    "Model",
    "Offer",
    "OutputHabits",
    "Price",
    "Source",
]

SOURCES = (
    "portrait",
    "reference_pictures",
    "dialogue",
    "stand_in",
    "driver",
    "prompt",
    "seed",
    "seconds",
    "aspect",
    "angle",
)
PICTURES = ("portrait", "reference_pictures")
VIDEOS = ("stand_in", "driver")
UNITS = ("output second", "input second", "5 s", "16 frames", "frame", "image", "megapixel")
CONFIDENCES = ("seen", "second-hand", "inferred", "unknown")
KINDS = ("video", "image")


@dataclass(frozen=True)
class Source:
    """What is sent under one wire name. `detail` is what stands behind the colon."""

    word: str
    detail: str = ""
    optional: bool = False

    @classmethod
    def of(cls, written: str) -> Source:
        word, _, detail = written.removesuffix("?").partition(":")
        return cls(word.strip(), detail.strip(), written.endswith("?"))

    def __str__(self) -> str:
        return f"{self.word}{':' + self.detail if self.detail else ''}{'?' if self.optional else ''}"


@dataclass(frozen=True)
class FileLimits:
    """What a host takes of one kind of file; None and () where nothing is known. Sides are in pixels.

    `formats` are file endings, the best first. `aspect` is the least and most of width / height. `rates` are for
    video.
    """

    formats: tuple[str, ...] = ()
    max_mb: Decimal | None = None
    min_side: int | None = None
    max_width: int | None = None
    max_height: int | None = None
    aspect: tuple[Fraction, Fraction] | None = None
    rates: tuple[Fraction, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What is known before anything is sent. `frame_grid` (16, 1): 16 n + 1 frames. `whole_seconds`: the length is
    asked for in whole seconds. `prompt_letters` and `references` are the most that are taken.
    """

    min_seconds: Fraction | None = None
    max_seconds: Fraction | None = None
    whole_seconds: bool = False
    frame_grid: tuple[int, int] | None = None
    prompt_letters: int | None = None
    references: int | None = None
    picture: FileLimits = FileLimits()
    audio: FileLimits = FileLimits()
    video: FileLimits = FileLimits()


@dataclass(frozen=True)
class Price:
    """`amount` for each begun `unit`; None where nobody knows. `further` is for each unit after the first, where it
    differs. `dated` is when the source was read.
    """

    amount: Decimal | None = None
    currency: str = "USD"
    unit: str = "output second"
    confidence: str = "unknown"
    source: str = ""
    dated: str = ""
    further: Decimal | None = None


@dataclass(frozen=True)
class OutputHabits:
    """What the model makes of the picture, whatever it was asked. `rate` None: unknown. `spare` is how many seconds
    more are asked for, so that a length rounded down to the model's own frames is still enough.
    `starts_from_portrait`: the portrait is the first picture, and moves.
    """

    rate: Fraction | None = None
    size: str = ""
    length: str = ""
    trims: str = ""
    spare: Fraction = Fraction(0)
    starts_from_portrait: bool = False


@dataclass(frozen=True)
class Choice:
    """One value that a setting can have, with what it changes."""

    amount: Decimal | None = None
    max_seconds: Fraction | None = None


@dataclass(frozen=True)
class Offer:
    """One model at one host. `fixed` is sent as it is; `choices` are those of it that settings may change
    ([engines."fabric-1.0@fal"] resolution = "480p"): wire name -> value -> what that changes.
    """

    host: str
    endpoint: str
    inputs: Mapping[str, Source]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, Choice]] = field(default_factory=dict)
    limits: Limits = Limits()
    price: Price = Price()
    output: OutputHabits = OutputHabits()
    confidence: str = "unknown"
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unusable: str = ""  # why Greenroom can't use it yet

    def sends(self, *words: str) -> bool:
        """Whether one of these is among its inputs."""
        return any(source.word in words for source in self.inputs.values())

    def chosen(self, settings: Mapping[str, Any]) -> Offer:
        """The offer as these settings have it; settings that aren't choices are left alone."""
        offer = self
        for name, values in self.choices.items():
            choice = values.get(str(settings[name])) if name in settings else None
            if choice is None:
                continue
            plain = type(offer.fixed[name])  # a number stays one
            offer = replace(offer, fixed={**offer.fixed, name: plain(settings[name])})
            if choice.amount is not None:
                offer = replace(offer, price=replace(offer.price, amount=choice.amount))
            if choice.max_seconds is not None:
                offer = replace(offer, limits=replace(offer.limits, max_seconds=choice.max_seconds))
        return offer

    @property
    def digest(self) -> str:
        """Of what decides the result: endpoint, inputs and fixed values."""
        parts = [self.endpoint, {name: str(source) for name, source in self.inputs.items()}, dict(self.fixed)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Model:
    """A model and its offers, the host that comes first first. `aliases` are shorter names of it."""

    id: str
    title: str
    modes: tuple[str, ...]
    kind: str
    hosts: tuple[Offer, ...]
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

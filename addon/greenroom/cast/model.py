# SPDX-License-Identifier: Apache-2.0
"""An actor: a character's whole profile, as kept in cast/NAME/actor.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Actor"]


@dataclass(frozen=True)
class Actor:
    """A character of the cast.

    `version` is a sha256 over everything that a performance depends on (pictures' bytes, prompt, seed, voice,
    not the consent record or the preferred engines): a recast or a new sheet changes it.
    """

    name: str  # folder name: casefolded, Netflix-legal
    display_name: str
    folder: Path
    portrait: Path
    version: str
    sheet: Mapping[str, Path] = field(default_factory=dict)  # "front", "three_quarter", "profile"
    identity: str = ""  # prompt parts
    wardrobe: str = ""
    prompt: Mapping[str, str] = field(default_factory=dict)  # the other parts: skin, eyes, hair, lens ...
    seed: int | None = None  # locked seed
    voice: str = ""  # scratch voice
    engines: Mapping[str, str] = field(default_factory=dict)  # mode -> engine
    consent: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=dict)  # how `cast new` made the portrait: engine, candidate, label

    @property
    def parts(self) -> dict[str, str]:
        """All prompt parts that there are, by name."""
        every = {"identity": self.identity, "wardrobe": self.wardrobe, **self.prompt}
        return {name: text for name, text in every.items() if text}

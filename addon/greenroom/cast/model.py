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
    seed: int | None = None  # locked seed
    voice: str = ""  # scratch voice
    engines: Mapping[str, str] = field(default_factory=dict)  # mode -> engine
    consent: Mapping[str, str] = field(default_factory=dict)

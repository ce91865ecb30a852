# SPDX-License-Identifier: Apache-2.0
"""An actor's version: a hash over everything that a performance depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["actor_version"]


def actor_version(
    *,
    portrait: Path,
    sheet: Mapping[str, Path] | None = None,
    identity: str = "",
    wardrobe: str = "",
    seed: int | None = None,
    voice: str = "",
    voice_file: Path | None = None,
    prompt: Mapping[str, str] | None = None,
) -> str:
    """The sha256 (hex) of the pictures' bytes, the prompt parts, the seed and the voice. `prompt` are the parts beside
    identity and wardrobe.

    Not of the display name, the consent record or the preferred engines: they don't change what is seen. File names
    don't count either, only what is in the files.

    Raises:
        OSError: a picture can't be read.
    """
    parts: dict[str, Any] = {
        "portrait": _digest(portrait),
        "sheet": {view: _digest(path) for view, path in (sheet or {}).items()},
        "identity": identity,
        "wardrobe": wardrobe,
        "seed": seed,
        "voice": _digest(voice_file) if voice_file is not None else voice,
    }
    further = {name: text for name, text in (prompt or {}).items() if text}
    if further:  # only where there are any: actors without keep the version that their takes were made with
        parts["prompt"] = further
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

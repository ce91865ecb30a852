# SPDX-License-Identifier: Apache-2.0
"""What was found out about files, kept in the ledger, so that a second run over an unchanged cut opens no media.

A key holds the file's identity (size, time of change, path): a changed file is a new key. The leading word carries a
version, which is raised when what is kept under it changes its meaning.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.media.identity import file_identity
from greenroom.media.types import AudioStream, Colour, MediaInfo, MediaKind
from greenroom.takes.ledger import Ledger

__all__ = ["Memory", "media_info_of", "media_info_text"]

_AT_ONCE = 50  # entries in one commit: few enough that an interrupted first run keeps nearly all of its work


class Memory:
    """Asks the ledger first. Use it as a context manager: leaving it writes what was found out."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._fresh: dict[str, str] = {}
        self._identities: dict[Path, str] = {}

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *_: object) -> None:
        self._write()

    def identity(self, path: Path) -> str:
        """`media.file_identity`, asked once a run.

        Raises:
            MediaError: no such file.
        """
        known = self._identities.get(path)
        if known is None:
            known = self._identities[path] = file_identity(path)
        return known

    def text(self, key: str, find_out: Callable[[], str]) -> str:
        """What is kept under `key`, else what `find_out` says, which is then kept."""
        known = self._fresh.get(key) or self._ledger.digest(key)
        if known is None:
            known = self._fresh[key] = find_out()
            if len(self._fresh) >= _AT_ONCE:
                self._write()
        return known

    def _write(self) -> None:
        if not self._fresh:
            return
        self._ledger.remember_digests(self._fresh)
        self._fresh.clear()


def media_info_text(info: MediaInfo) -> str:
    """A probe as JSON, without its path."""
    facts = {name: getattr(info, name) for name in MediaInfo.__dataclass_fields__ if name != "path"}
    facts["rate"] = None if info.rate is None else str(info.rate)
    facts["pixel_aspect"] = str(info.pixel_aspect)
    facts["colour"] = [info.colour.primaries, info.colour.transfer, info.colour.matrix, info.colour.full_range]
    facts["audio"] = [[stream.channels, stream.sample_rate, stream.samples] for stream in info.audio]
    return json.dumps(facts)


def media_info_of(text: str, path: Path) -> MediaInfo:
    """The probe that `media_info_text` wrote."""
    facts: Mapping[str, Any] = json.loads(text)
    return MediaInfo(
        **{
            **facts,
            "path": path,
            "kind": MediaKind(facts["kind"]),
            "rate": None if facts["rate"] is None else Fraction(facts["rate"]),
            "pixel_aspect": Fraction(facts["pixel_aspect"]),
            "colour": Colour(*facts["colour"]),
            "audio": tuple(AudioStream(*stream) for stream in facts["audio"]),
        }
    )

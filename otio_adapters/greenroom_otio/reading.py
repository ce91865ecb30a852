# SPDX-License-Identifier: Apache-2.0
"""One way in for cuts of every format.

What a timeline has after `read_cut`, whatever it came from: notes in marker names and comments, marker times in the
clip's source time, global_start_time where the format knows it, and `metadata["greenroom_read"]` with the format,
drop-frame, rate, picture size and warnings. Nothing of it is guessed silently.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom_otio.errors import ReadError
from greenroom_otio.losses import Warnings, warning
from greenroom_otio.safe_json import MAX_BYTES, parse_otio

__all__ = ["READ_KEY", "read_cut"]

READ_KEY = "greenroom_read"


def read_cut(
    path: str | Path, *, rate: str | float | Fraction | None = None, timeout: float = 60.0
) -> otio.schema.Timeline:
    """The cut in `path` as a timeline, safe to walk and normalised.

    `rate` is needed for EDLs, which don't carry it: frames a second, "23.976", 25 or "30000/1001".
    `timeout` in seconds bounds the adapters of other formats, which run in a child process.

    Raises:
        ReadError: with message, hint and where.
    """
    path = Path(path)
    data = read_bytes(path)
    found, warnings = parse_otio(data, path.name)
    timeline = _as_timeline(found, path, warnings)
    resolve = "Resolve_OTIO" in timeline.metadata
    describe(timeline, warnings, file_format="resolve-otio" if resolve else "otio")
    return timeline


def read_bytes(path: Path) -> bytes:
    """The file whole, up to the size that a cut can have.

    Raises:
        ReadError: missing, a folder, no permission, empty.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _too_big(path)
        return path.read_bytes()
    except FileNotFoundError:
        raise ReadError("There is no such file", hint="Check the path.", where=str(path)) from None
    except IsADirectoryError:
        raise ReadError("This is a folder, not a cut", hint="Name the file of the cut.", where=str(path)) from None
    except PermissionError:
        raise ReadError("The file may not be read", hint="Check its permissions.", where=str(path)) from None
    except OSError as error:
        raise ReadError(f"The file can't be read: {error.strerror}", where=str(path)) from error


def _too_big(path: Path) -> ReadError:
    megabytes = path.stat().st_size >> 20
    return ReadError(
        f"The file has {megabytes} MB, more than the {MAX_BYTES >> 20} MB that a cut can have",
        hint="Export the reels of the cut one by one.",
        where=str(path),
    )


def describe(timeline: Any, warnings: Warnings, *, file_format: str, **facts: Any) -> None:
    """Note down in metadata what the read found out: see the module's docstring."""
    known: dict[str, Any] = {
        "format": file_format,
        "drop_frame": None,
        "rate": None,
        "width": None,
        "height": None,
        "warnings": warnings,
    }
    timeline.metadata[READ_KEY] = {**known, **facts}


def _as_timeline(found: Any, path: Path, warnings: Warnings) -> otio.schema.Timeline:
    """The one timeline that a file holds; a lone clip, track or stack becomes a timeline of its own."""
    if isinstance(found, otio.schema.Timeline):
        return found
    if isinstance(found, otio.schema.SerializableCollection):
        return _only_timeline(found, path, warnings)
    if not isinstance(found, otio.core.Composable):
        kind = type(found).__name__
        raise ReadError(f"The file holds no timeline, but one {kind}", hint="Export the cut.", where=path.name)
    kind = found.schema_name().lower()
    message = f"The file holds a single {kind}; it is read as a cut with nothing else"
    warnings.append(warning("not-a-timeline", message, where=path.name))
    return _wrapped(found, path.stem)


def _only_timeline(found: Any, path: Path, warnings: Warnings) -> otio.schema.Timeline:
    timelines = list(found.find_children(descended_from_type=otio.schema.Timeline))
    if len(timelines) == 1:
        if len(found) > 1:
            warnings.append(warning("other-objects", f"Beside the cut, the file holds {len(found) - 1} objects"))
        return timelines[0]
    if timelines:
        names = ", ".join(f'"{timeline.name}"' for timeline in timelines[:12])
        raise ReadError(
            f"The file holds {len(timelines)} cuts: {names}",
            hint="Export the one that you mean by itself.",
            where=path.name,
        )
    raise ReadError("The file holds clips, but no cut", hint="Export the timeline, not the bin.", where=path.name)


def _wrapped(found: Any, name: str) -> otio.schema.Timeline:
    timeline = otio.schema.Timeline(name)
    if isinstance(found, otio.schema.Stack):
        timeline.tracks = found
        return timeline
    if not isinstance(found, otio.schema.Track):
        track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
        track.append(found)
        found = track
    timeline.tracks.append(found)
    return timeline

# SPDX-License-Identifier: Apache-2.0
"""One way out for cuts: whole or not at all, and with a list of what the format could not keep."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom_otio.edl_writing import edl_copy, edl_text
from greenroom_otio.errors import WriteError
from greenroom_otio.foreign import write_foreign
from greenroom_otio.losses import Loss, LossReport
from greenroom_otio.moving import moved_to
from greenroom_otio.prepare import Preparation, prepared_copy
from greenroom_otio.rates import has_drop_frame, rate_of
from greenroom_otio.reading import READ_KEY
from greenroom_otio.resolve_dialect import resolve_copy
from greenroom_otio.xml_writing import finish_aaf, finish_fcp7, finish_fcpxml

__all__ = ["format_of", "write_cut"]

TIMEOUT = 120.0  # seconds; the EDL writer is quadratic: 10,000 events take it 20
_FORMATS = {".otio": "otio", ".edl": "edl", ".xml": "fcp7", ".fcpxml": "fcpxml", ".aaf": "aaf"}
_KNOWN = ("otio", "resolve-otio", "edl", "fcp7", "fcpxml", "aaf")
_SUFFIXES = {"fcp7": ".xml", "fcpxml": ".fcpxml", "aaf": ".aaf"}
_FINISH = {"fcp7": finish_fcp7, "fcpxml": finish_fcpxml, "aaf": finish_aaf}


def write_cut(
    timeline: Any, path: str | Path, *, to: str | None = None, rate: str | float | Fraction | None = None
) -> LossReport:
    """Write `timeline` to `path` and say what the format loses. The timeline itself is not changed.

    `to` is one of "otio", "resolve-otio", "edl", "fcp7", "fcpxml", "aaf"; without it, the suffix decides.

    Raises:
        WriteError: with message, hint and where; the old file, if any, is then as it was.
    """
    path = Path(path)
    file_format = format_of(path, to)
    timeline = moved_to(timeline, _folder_of(timeline), path.parent)
    if file_format == "otio":
        _replace_file(path, _document(timeline))
        return ()
    if file_format == "resolve-otio":
        copy, losses = resolve_copy(timeline, path.parent)
        _replace_file(path, _document(copy))
        return _report(losses)
    try:
        work = prepared_copy(timeline, file_format, path.parent)
        made = _made(work, file_format, _rate_of_cut(timeline, rate))
    except WriteError as error:
        raise WriteError(error.message, hint=error.hint, where=error.where or path.name) from error
    except (otio.exceptions.OTIOError, ValueError, TypeError, AttributeError) as error:
        # A cut that OpenTimelineIO itself can't calculate with; its bindings raise what they like.
        hint = "Write it as OTIO, or mend the clips that `greenroom cues` names."
        raise WriteError(f"The cut can't be prepared: {error}", hint=hint, where=path.name) from error
    _replace_file(path, [made])
    return _report(work.losses)


def format_of(path: Path, to: str | None = None) -> str:
    """The format that `write_cut` would write: `to`, or by the suffix of `path`.

    Raises:
        WriteError: neither is known; the hint lists what is.
    """
    chosen = to or _FORMATS.get(path.suffix.lower())
    if chosen in _KNOWN:
        return str(chosen)
    wanted = f'the format "{to}"' if to else f'the suffix "{path.suffix}"'
    known = _KNOWN if to else tuple(_FORMATS)
    raise WriteError(f"Greenroom can't write {wanted}", hint=f"Known: {', '.join(known)}.", where=str(path))


def _folder_of(timeline: Any) -> Path | None:
    """The folder that the cut was read from, where it was read from one."""
    read = timeline.metadata.get(READ_KEY)
    folder = read.get("folder") if read is not None else None
    return Path(folder) if folder else None


def _report(losses: list[Loss]) -> LossReport:
    """Each loss once, in the order in which it was found."""
    return tuple(dict.fromkeys(losses))


def _rate_of_cut(timeline: Any, rate: str | float | Fraction | None) -> Fraction:
    """The given rate, that of the start time, or that of the first clip on a video track."""
    if rate is None:
        start = timeline.global_start_time
        rate = start.rate if start is not None and start.rate > 1 else _rate_of_first_clip(timeline)
    try:
        return rate_of(rate)
    except ValueError as error:
        raise WriteError(str(error), hint="Give the cut's rate: 23.976, 24, 25, 29.97, 30, 50 or 59.94.") from None


def _rate_of_first_clip(timeline: Any) -> float:
    for track in sorted(timeline.tracks, key=lambda track: track.kind != otio.schema.TrackKind.Video):
        for child in track:
            source = getattr(child, "source_range", None)
            if source is not None and source.duration.rate > 1:
                return float(source.duration.rate)
    raise WriteError("The cut has no rate: nothing on it has a length", hint="Give it: rate=25.")


def _made(work: Preparation, file_format: str, rate: Fraction) -> bytes:
    """The bytes of the file, by the adapter in a child process."""
    timeline, options = work.timeline, {}
    if file_format == "edl":
        drop_frame = _drop_frame(work.timeline, rate)
        timeline, spoken = edl_copy(work, rate, drop_frame=drop_frame)
        text = write_foreign("edl", _plain(timeline), timeout=TIMEOUT, suffix=".edl", rate=spoken)
        return edl_text(text, timeline.name, rate, drop_frame=drop_frame)
    if file_format == "aaf":
        options = {"use_empty_mob_ids": True}
    timeline = _FINISH[file_format](work, float(rate))
    return write_foreign(file_format, _plain(timeline), timeout=TIMEOUT, suffix=_SUFFIXES[file_format], **options)


def _plain(timeline: Any) -> str:
    """For the child: without our notes, which writers would take for metadata of the format."""
    timeline.metadata.pop(READ_KEY, None)
    return str(otio.core.serialize_json_to_string(timeline, {}, -1))


def _drop_frame(timeline: Any, rate: Fraction) -> bool:
    """As it was read; without that, 29.97 and 59.94 are counted without dropping, as OTIO's numbers are."""
    read = timeline.metadata.get(READ_KEY)
    return bool(read is not None and read.get("drop_frame")) and has_drop_frame(rate)


def _document(timeline: Any) -> list[memoryview]:
    """The OTIO document of `timeline` in pieces, four spaces deep as OpenTimelineIO writes it, without our notes."""
    try:
        text = otio.core.serialize_json_to_string(timeline, _targets(), 4)
    except Exception as error:  # ValueError and others for cycles and wrong types in metadata
        raise WriteError(
            f"OpenTimelineIO can't write this cut: {error}", hint="Mend the cut, or read it anew."
        ) from error
    return _without_read_notes(text.encode())


def _targets() -> dict[str, int]:
    """OpenTimelineIO 0.19 writes Marker.3, which nothing else reads: ask for what 0.15 and later know."""
    known = otio.versioning.fetch_map("OTIO_CORE", "0.18.1")
    return {name: known[name] for name in ("Clip", "Marker") if otio.core.type_version_map()[name] > known[name]}


def _without_read_notes(document: bytes) -> list[memoryview]:
    """Cut our notes of the read out of the root's metadata.

    In the document, because the timeline stays as it is. Exact, because no text of a JSON document has a bare line
    break: eight spaces at the start of a line are the root's metadata and nothing else. Pieces of one buffer, because
    a cut of 100,000 clips has 260 MB.
    """
    whole = memoryview(document)
    head = document.find(b"\n    },")  # where the root's metadata ends
    start = document.find(f'\n        "{READ_KEY}": {{'.encode(), 0, max(head, 0))
    if start < 0:
        return [whole]
    end = document.index(b"\n        }", start) + len(b"\n        }")
    if document[end : end + 1] == b",":
        return [whole[:start], whole[end + 1 :]]
    if document[start - 1 : start] == b",":  # the last entry takes the comma before it along
        return [whole[: start - 1], whole[end:]]
    return [whole[:start], whole[end + len(b"\n    ") :]]  # the only one leaves an empty table: {}


def _replace_file(path: Path, pieces: Sequence[bytes | memoryview]) -> None:
    """Put `pieces` at `path` in one step: whoever reads sees the old file or the new one.

    Raises:
        WriteError: no such folder, no permission, disk full.
    """
    partial = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("xb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            partial.chmod(path.stat().st_mode & 0o777)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> WriteError:
    reason = error.strerror or str(error)
    return WriteError(f"The cut can't be written: {reason}", hint="Check the folder and its space.", where=str(path))

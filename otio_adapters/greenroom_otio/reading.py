# SPDX-License-Identifier: Apache-2.0
"""One way in for cuts of every format.

What a timeline has after `read_cut`, whatever it came from: notes in marker names and comments, marker times in the
clip's source time, global_start_time where the format knows it, and `metadata["greenroom_read"]` with the format,
drop-frame, rate, picture size and warnings. Nothing of it is guessed silently.
"""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom_otio.edl_reading import decoded_text, read_edl
from greenroom_otio.errors import ReadError
from greenroom_otio.foreign import ADAPTERS, read_foreign
from greenroom_otio.losses import Warnings, warning
from greenroom_otio.marker_list import apply_marker_list
from greenroom_otio.notes import normalise_aaf, normalise_fcp7, normalise_fcpxml
from greenroom_otio.rates import rate_of
from greenroom_otio.safe_json import MAX_BYTES, parse_otio
from greenroom_otio.values import Values, schema_of, values_of
from greenroom_otio.vse import document_of, timeline_of

__all__ = ["READ_KEY", "Reading", "look_at_cut", "read_cut"]

READ_KEY = "greenroom_read"

_FORMATS = {
    ".otio": "otio",
    ".otioz": "otio",
    ".edl": "edl",
    ".xml": "fcp7",
    ".fcpxml": "fcpxml",
    ".aaf": "aaf",
    ".vse": "vse",
}
_BUNDLES = {".otiod": "content.otio", ".fcpxmld": "Info.fcpxml"}
_NO_CUTS = {
    ".ale": "An Avid log lists clips, not a cut: export the sequence as AAF or EDL.",
    ".drp": "Export the timeline from Resolve as OTIO.",
    ".drt": "Export the timeline from Resolve as OTIO.",
    ".prproj": "Export the sequence from Premiere Pro as Final Cut Pro XML.",
    ".kdenlive": "Export the project from Kdenlive as OTIO.",
    ".blend": "Use the Blender extension; its Open Greenroom Panel writes a .vse that can be read.",
}
_AAF = bytes.fromhex("d0cf11e0a1b11ae1")  # a structured-storage file
_AGAIN = "The file is damaged: export the cut again."


def read_cut(
    path: str | Path,
    *,
    rate: str | float | Fraction | None = None,
    timeout: float = 60.0,
    markers: str | Path | None = None,
) -> otio.schema.Timeline:
    """The cut in `path` as a timeline, safe to walk and normalised.

    `rate` is needed for EDLs, which don't carry it: frames a second, "23.976", 25 or "30000/1001".
    `timeout` in seconds bounds the adapters of other formats, which run in a child process.
    `markers` is Resolve's marker EDL of the same timeline: its markers are added to the timeline's.

    Raises:
        ReadError: with message, hint and where.
    """
    timeline = _read(_main_file(Path(path)), rate, timeout).timeline
    if markers is not None:
        _apply_markers(timeline, Path(markers), rate)
    return timeline


class Reading:
    """A cut that was read: as plain values (see `values`) for whoever looks at it, and as a timeline for whoever
    changes it. The check of an OTIO file makes the values anyway; its timeline is built when it is first asked for.
    """

    def __init__(self, build: Callable[[], otio.schema.Timeline], values: Values | None) -> None:
        self._build = build
        self._values = values

    @cached_property
    def timeline(self) -> otio.schema.Timeline:
        return self._build()

    @cached_property
    def values(self) -> Values:
        """Those of the cut as it was read."""
        return self._values if self._values is not None else values_of(self.timeline)


def look_at_cut(path: str | Path, *, rate: str | float | Fraction | None = None, timeout: float = 60.0) -> Reading:
    """`read_cut` for those who may need no timeline."""
    return _read(_main_file(Path(path)), rate, timeout)


def _read(path: Path, rate: str | float | Fraction | None, timeout: float) -> Reading:
    file_format = _format_of(path)
    warnings: Warnings = []
    with _unchanged(path):
        data = read_bytes(path)
        if file_format == "otio":
            return _read_otio(data, path, warnings)
        if file_format == "vse":
            return _read_snapshot(data, path)
        if file_format == "edl":
            timeline, facts = read_edl(data, path.name, rate, timeout, warnings)
        else:
            timeline, facts = _read_by_adapter(file_format, path, data, timeout, warnings)
    describe(timeline, warnings, file_format=file_format, folder=str(path.parent.absolute()), **facts)
    return Reading(lambda: timeline, None)


@contextmanager
def _unchanged(path: Path) -> Iterator[None]:
    """Files are read twice, for the check and by their reader: a host that saves in between would go unnoticed."""
    before = _state(path)
    try:
        yield
    except ReadError:
        if _state(path) == before:
            raise
    if _state(path) != before:
        raise ReadError(
            "The file changed while it was read", hint="Wait for the export, and try again.", where=path.name
        )


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        known = path.stat()
    except OSError:
        return None
    return known.st_size, known.st_mtime_ns, known.st_ino


def _main_file(path: Path) -> Path:
    """Bundles are folders: the document inside is the cut, and media count from there."""
    inside = _BUNDLES.get(path.suffix.lower())
    return path / inside if inside and path.is_dir() else path


def _format_of(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in _FORMATS:
        return _FORMATS[suffix]
    known = "It reads .otio, .otioz, .edl, .xml (FCP7), .fcpxml, .aaf and .vse."
    hint = _NO_CUTS.get(suffix, "Export the cut from the editing program.")
    raise ReadError(f"Greenroom knows no cuts with the suffix {suffix!r}", hint=f"{hint} {known}", where=str(path))


def _read_otio(data: bytes, path: Path, warnings: Warnings) -> Reading:
    if path.suffix.lower() == ".otioz":
        data = _document_of_bundle(path, data)
        message = "Media inside of a .otioz bundle can't be played from there"
        hint = "Unpack it (it is a zip) and read content.otio from the folder."
        warnings.append(warning("media-in-bundle", message, where=path.name, hint=hint))
    parsed = parse_otio(data, path.name)
    warnings.extend(parsed.warnings)

    def build() -> otio.schema.Timeline:
        timeline = _as_timeline(parsed.found, path, warnings)
        resolve = "Resolve_OTIO" in timeline.metadata
        describe(timeline, warnings, file_format=_otio_format(resolve), folder=str(path.parent.absolute()))
        return timeline

    values = parsed.values
    if values is None or schema_of(values) != "Timeline":
        timeline = build()  # what is wrong with it is said now
        return Reading(lambda: timeline, None)
    metadata = values.setdefault("metadata", {})
    folder = str(path.parent.absolute())
    metadata[READ_KEY] = description(warnings, file_format=_otio_format("Resolve_OTIO" in metadata), folder=folder)
    return Reading(build, values)


def _read_snapshot(data: bytes, path: Path) -> Reading:
    """A host's timeline that was kept in a file. It is checked field by field as it becomes a document."""
    try:
        document = document_of(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise ReadError(f"This is no snapshot: {error}", hint="Write it again in the host.", where=path.name) from None
    document["metadata"][READ_KEY]["folder"] = str(path.parent.absolute())
    timeline = timeline_of(document)
    return Reading(lambda: timeline, None)


def _otio_format(resolve: bool) -> str:
    return "resolve-otio" if resolve else "otio"


def _document_of_bundle(path: Path, data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle, bundle.open("content.otio") as document:
            content = document.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ReadError(f"This is not an OTIO bundle: {error}", hint="Export it again.", where=path.name) from None
    if len(content) > MAX_BYTES:
        raise ReadError("The document in the bundle is too big", hint="Export the cut alone.", where=path.name)
    return content


def _read_by_adapter(
    file_format: str, path: Path, data: bytes, timeout: float, warnings: Warnings
) -> tuple[Any, dict[str, Any]]:
    text = decoded_text(data) if file_format != "aaf" else ""
    _refuse_foreign_bytes(file_format, data, text, path.name)
    document = read_foreign(file_format, path, path.name, timeout=timeout)
    parsed = parse_otio(document, path.name)
    warnings.extend(parsed.warnings)
    timeline = _as_timeline(parsed.found, path, warnings)
    if file_format == "fcp7":
        return timeline, normalise_fcp7(timeline)
    if file_format == "aaf":
        return timeline, normalise_aaf(timeline)
    _say_what_is_missing(timeline, text, path.name, warnings)
    return timeline, normalise_fcpxml(timeline, text)


def _refuse_foreign_bytes(file_format: str, data: bytes, text: str, where: str) -> None:
    """What is plainly another thing is said here, in an editor's words, rather than by an XML parser."""
    if not data.strip():
        raise ReadError("The file is empty", hint="Export the cut again.", where=where)
    if file_format == "aaf":
        if not data.startswith(_AAF):
            raise ReadError("This is not an AAF file", hint="Export the cut again as AAF.", where=where)
        return
    root = "xmeml" if file_format == "fcp7" else "fcpxml"
    if "<!ENTITY" in text:
        raise ReadError("The XML defines entities, as no editing program does", hint=_AGAIN, where=where)
    if f"<{root}" not in text:
        title = ADAPTERS[file_format].title
        raise ReadError(f"This is not {title}: it has no <{root}>", hint=f"Export the cut as {title}.", where=where)


def _say_what_is_missing(timeline: Any, text: str, where: str, warnings: Warnings) -> None:
    """The FCPXML adapter leaves titles and generators out without a word."""
    count = len(re.findall(r"<title\b", text))
    if count:
        message = f"{count} titles are not read from FCPXML"
        hint = "Use clips with media as placeholders, or export FCP7 XML."
        warnings.append(warning("titles-dropped", message, where=where, hint=hint))


def _apply_markers(timeline: Any, path: Path, rate: str | float | Fraction | None) -> None:
    if rate is None:
        start = timeline.global_start_time
        if start is None:
            raise ReadError("The rate of the marker list is not known", hint="Give it: rate=25.", where=path.name)
        rate = start.rate
    try:
        exact = rate_of(rate)
    except ValueError as error:
        raise ReadError(str(error), hint="Give 23.976, 24, 25, 29.97, 30, 50 or 59.94.", where=path.name) from None
    apply_marker_list(timeline, decoded_text(read_bytes(path)), exact, path.name)


def read_bytes(path: Path) -> bytes:
    """The file whole, up to the size that a cut can have.

    Raises:
        ReadError: missing, a folder, no permission, empty.
    """
    try:
        known = path.stat()
        if not stat.S_ISREG(known.st_mode) and not stat.S_ISDIR(known.st_mode):
            # a pipe or a device has no end
            raise ReadError("This is not a file", hint="Name the file of the cut.", where=str(path))
        if known.st_size > MAX_BYTES:
            raise _too_big(path)
        return path.read_bytes()
    except FileNotFoundError:
        raise ReadError("There is no such file", hint="Check the path.", where=str(path)) from None
    except IsADirectoryError:
        raise ReadError("This is a folder, not a cut", hint="Name the file of the cut.", where=str(path)) from None
    except PermissionError:
        raise ReadError("The file may not be read", hint="Check its permissions.", where=str(path)) from None
    except OSError as error:
        raise ReadError(f"The file can't be read: {error.strerror}", hint="Check the path.", where=str(path)) from error


def _too_big(path: Path) -> ReadError:
    megabytes = path.stat().st_size >> 20
    return ReadError(
        f"The file has {megabytes} MB, more than the {MAX_BYTES >> 20} MB that a cut can have",
        hint="Export the reels of the cut one by one.",
        where=str(path),
    )


def describe(timeline: Any, warnings: Warnings, *, file_format: str, **facts: Any) -> None:
    """Note down in metadata what the read found out: see the module's docstring."""
    timeline.metadata[READ_KEY] = description(warnings, file_format=file_format, **facts)


def description(warnings: Warnings, *, file_format: str, **facts: Any) -> dict[str, Any]:
    """What `describe` notes down."""
    known: dict[str, Any] = {
        "format": file_format,
        "drop_frame": None,
        "rate": None,
        "width": None,
        "height": None,
        "warnings": warnings,
    }
    return {**known, **facts}


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

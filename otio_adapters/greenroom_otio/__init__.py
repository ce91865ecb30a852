# SPDX-License-Identifier: Apache-2.0
"""Reading and writing cuts, so that no file can take the host down and no note gets lost.

    read_cut(path, rate=None)         any known suffix -> an OpenTimelineIO timeline, checked and normalised
    write_cut(timeline, path, to=None)  OTIO, Resolve's OTIO, EDL, FCP7 XML, FCPXML, AAF -> what the format lost
    values_of(timeline)               the cut as plain values; look_at_cut(path) gives both, the timeline when asked
    media_path(reference, folder)     a reference's file on this machine; url_of(path) the other way

Only OpenTimelineIO and the standard library may enter here: this package could ship alone, and hosts import it.
Never: the core of Greenroom, an OTIO SchemaDef (files would not open elsewhere), an OTIO hook (they run on every
read of every tool). Importing the package is cheap; OpenTimelineIO is loaded with the first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greenroom_otio.collector import no_collector
    from greenroom_otio.errors import ReadError, WriteError
    from greenroom_otio.losses import Loss, LossReport
    from greenroom_otio.reading import Reading, look_at_cut, read_cut
    from greenroom_otio.references import copied_references
    from greenroom_otio.urls import PictureFiles, media_path, url_of
    from greenroom_otio.values import Values, schema_of, values_of
    from greenroom_otio.writing import format_of, write_cut

__all__ = [
    "Loss",
    "LossReport",
    "PictureFiles",
    "ReadError",
    "Reading",
    "Values",
    "WriteError",
    "copied_references",
    "format_of",
    "look_at_cut",
    "media_path",
    "no_collector",
    "read_cut",
    "schema_of",
    "url_of",
    "values_of",
    "write_cut",
]

_HOMES = {
    "Loss": "losses",
    "LossReport": "losses",
    "PictureFiles": "urls",
    "ReadError": "errors",
    "Reading": "reading",
    "Values": "values",
    "WriteError": "errors",
    "copied_references": "references",
    "format_of": "writing",
    "look_at_cut": "reading",
    "media_path": "urls",
    "no_collector": "collector",
    "read_cut": "reading",
    "schema_of": "values",
    "url_of": "urls",
    "values_of": "values",
    "write_cut": "writing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)

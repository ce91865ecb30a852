# SPDX-License-Identifier: Apache-2.0
"""OpenTimelineIO adapter "greenroom_vse": a host's timeline as plain JSON (`.vse`), the snapshot that Blender's
Video Sequence Editor and DaVinci Resolve send to Greenroom. docs/host-protocol.md shows one.

Kept both ways: rate, start, drop-frame and size; tracks with number, name, lock and switch; items with id, kind,
place, media, source position, speed, gain, fades and channels; notes and markers of items and of the timeline;
transitions on a cut. What OTIO has no field for stands in `metadata["greenroom_host"]`.

    A channel that holds picture and sound becomes a track of each.
    Colours, texts, stills, titles and compounds become GeneratorReferences: they hold room.
    Blender plays frame for frame: a file of 25 fps in a cut of 24 gets a LinearTimeWarp of 24/25.
    Greenroom's own takes on the host's timeline are left out, and what they cover counts as switched on.

Lost: what a snapshot doesn't hold in the first place. The host names it ("unheld"), and it becomes a warning in
`metadata["greenroom_read"]`.
"""

from __future__ import annotations

import json
from typing import Any

__all__ = ["document_of", "read_from_string", "timeline_of", "write_to_string"]


def document_of(snapshot: Any) -> dict[str, Any]:
    """The OTIO document of a snapshot (parsed JSON): what `timeline_of` parses, and what tells its items' uids.

    Raises:
        ReadError: it is no snapshot, or something in it can't be; the error names the item.
    """
    from greenroom_otio.collector import no_collector
    from greenroom_otio.reading import READ_KEY
    from greenroom_otio.vse_reading import document_of as read
    from greenroom_otio.vse_values import HOST_KEY

    with no_collector():
        document, warnings = read(snapshot)
    host = document["metadata"][HOST_KEY]
    width, height = host["size"] or (None, None)
    document["metadata"][READ_KEY] = {
        "format": "vse",
        "drop_frame": host["drop_frame"],
        "rate": "{}/{}".format(*host["rate"]),
        "width": width,
        "height": height,
        "warnings": warnings,
        "folder": "",
    }
    return document


def timeline_of(document: dict[str, Any]) -> Any:
    """The OTIO timeline of a document that `document_of` made."""
    import opentimelineio as otio

    return otio.core.deserialize_json_from_string(json.dumps(document, ensure_ascii=False))


def read_from_string(input_str: str) -> Any:
    """The timeline of a snapshot's text."""
    from greenroom_otio.errors import ReadError

    try:
        snapshot = json.loads(input_str)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"This is no snapshot: {error}", hint="Send the host's timeline again.") from None
    return timeline_of(document_of(snapshot))


def write_to_string(input_otio: Any) -> str:
    """The snapshot of a timeline, as text. What it can't hold is told by `vse_writing.snapshot_of`."""
    from greenroom_otio.vse_writing import snapshot_of

    return json.dumps(snapshot_of(input_otio)[0], ensure_ascii=False, indent=1) + "\n"

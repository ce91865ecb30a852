# SPDX-License-Identifier: Apache-2.0
"""OpenTimelineIO adapter "greenroom_safe": cuts of any known format, checked before they are parsed.

It claims no suffix, because each has an adapter already; ask for it by name:

    otioconvert -i cut.edl -I greenroom_safe -a rate=25 -o cut.otio

Reads: OTIO, OTIOZ, EDL, FCP7 XML, FCPXML, AAF. Writes: the same without OTIOZ; what a format loses is only
told by `greenroom_otio.write_cut`, so prefer that from Python.
"""

from __future__ import annotations

from typing import Any


def read_from_file(filepath: str, rate: str | float | None = None) -> Any:
    """The cut in `filepath` as a timeline. An EDL needs its `rate`."""
    from greenroom_otio.reading import read_cut

    return read_cut(filepath, rate=rate)


def write_to_file(input_otio: Any, filepath: str, to: str | None = None, rate: str | float | None = None) -> None:
    """Write a timeline in the format of the suffix, or in the one that `to` names."""
    from greenroom_otio.writing import write_cut

    write_cut(input_otio, filepath, to=to, rate=rate)

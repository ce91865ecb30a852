# SPDX-License-Identifier: Apache-2.0
"""Reading a cut from a file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.errors import TimelineError

if TYPE_CHECKING:
    from greenroom.cues.model import Layout

__all__ = ["load"]


def load(path: Path, rate: Fraction | None = None) -> tuple[Any, Layout]:
    """The OTIO timeline in `path` and its layout. `rate` is needed for EDLs, which don't say theirs.

    Raises:
        TimelineError: the file can't be read; the error says why and what to do.
    """
    from greenroom.cues.layout import layout_of
    from greenroom_otio import ReadError, no_collector, read_cut_and_values

    with no_collector():
        try:
            timeline, values = read_cut_and_values(path, rate=rate)
        except ReadError as error:
            raise TimelineError(error.message, hint=error.hint, where=error.where) from error
        return timeline, layout_of(timeline, path=path, rate=rate, values=values)

# SPDX-License-Identifier: Apache-2.0
"""Reading a cut from a file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.errors import TimelineError

if TYPE_CHECKING:
    from greenroom.cues.model import Layout
    from greenroom_otio import Reading

__all__ = ["load"]


def load(path: Path, rate: Fraction | None = None) -> tuple[Reading, Layout]:
    """The cut in `path`, whose timeline is built when it is asked for, and its layout. `rate` is needed for EDLs, which
    don't say theirs.

    Raises:
        TimelineError: the file can't be read; the error says why and what to do.
    """
    from greenroom.cues.layout import layout_of_values
    from greenroom_otio import ReadError, look_at_cut, no_collector

    with no_collector():
        try:
            reading = look_at_cut(path, rate=rate)
        except ReadError as error:
            raise TimelineError(error.message, hint=error.hint, where=error.where) from error
        return reading, layout_of_values(reading.values, path=path, rate=rate)

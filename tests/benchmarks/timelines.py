# SPDX-License-Identifier: Apache-2.0
"""Reading, finding cues and writing back, beside OpenTimelineIO's own read and write of the same files."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
from measure import Row, compare, seconds_of
from scenes import big_cut

from greenroom.cues.find import read_cues
from greenroom.cues.loading import load

CLIPS = 10_000


def rows(folder: Path) -> list[Row]:
    """The rows of this room; writes its cuts into `folder`."""
    ten = big_cut(folder / "ten_thousand.otio", CLIPS, cues=1000)
    hundred = big_cut(folder / "hundred_thousand.otio", 10 * CLIPS)
    return [_read(ten), _linear(ten, hundred)]


def _cues(path: Path) -> int:
    _, layout = load(path)
    return len(read_cues(layout).cues)


def _read(path: Path) -> Row:
    return compare(
        "read + cues, 10,000 clips, 1,000 notes",
        lambda: _cues(path),
        lambda: otio.adapters.read_from_file(str(path)),
        at_most=2.0,
        names=("read + cues", "OTIO's read"),
    )


def _linear(ten: Path, hundred: Path) -> Row:
    """Time of 100,000 clips over ten times that of 10,000: 1 is linear."""
    small = min(seconds_of(lambda: _cues(ten)) for _ in range(3))
    large = seconds_of(lambda: _cues(hundred))
    figure = large / (10 * small)
    detail = f"100,000 clips {large:.1f} s, 10,000 clips {small:.2f} s"
    return Row("read + cues, 100,000 clips, over 10 x 10,000", "<= 1.5", figure, figure, figure, figure <= 1.5, detail)

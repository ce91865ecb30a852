# SPDX-License-Identifier: Apache-2.0
"""What happens in the demo scene: its shots in order, who speaks, and the way in which each note is written. Data.

All lengths are frames of the cut. The same script is cut at 24 and at 23.976 frames a second.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["ABOVE", "HOUSE_FRAMES", "RATE", "SCENE", "SECONDS", "STAND_IN", "START", "Shot", "Way"]

RATE = Fraction(24)
START = 86400  # 01:00:00:00 at 24 and, non-drop, at 23.976 frames a second
HOUSE_FRAMES = 120

SECONDS = {  # of each recording; the demo's tests hold these against the files
    "0870": Fraction(71, 10),
    "0880": Fraction(299, 100),
    "0890": Fraction(53, 10),
    "0920": Fraction(605, 100),
    "0930": Fraction(329, 100),
}
_SPLIT = 101  # in 0870 a pause of a quarter of a second begins at 4.16 s


class Way(enum.StrEnum):
    """How the shot holds its place and where its note stands."""

    PICTURES = "image sequence, no note"
    SLATE = "slate; GR: on its clip marker"
    OFFLINE = "missing media; @name mode: on its clip marker"
    GAP = "gap; GR: on a marker of the gap"
    COLOUR = "colour; GR: on a timeline marker"
    NAMED = "missing media; the clip's name is the note"
    STAND_IN = "stand-in performance with sound; its note on a clip marker"
    DUBBED = "the same performance under other words; GR: on its clip marker"
    SLUG = "a slug where nobody speaks; @name mode: on its clip marker"
    ABOVE = "a slug on the second track, over the picture on the first; GR: on its clip marker"


@dataclass(frozen=True)
class Shot:
    """One shot. `speech` is the recording under it, from `speech_start` (in frames); "" where nobody speaks.
    `source_start` is the first frame shown of pictures, or of the stand-in's performance.
    """

    name: str
    way: Way
    frames: int
    note: str = ""
    actor: str = ""
    line: str = ""
    speech: str = ""
    speech_start: int = 0
    source_start: int = 0


def _frames(speech: str) -> int:
    return math.ceil(SECONDS[speech] * RATE)


def _spoken(name: str, way: Way, actor: str, line: str, speech: str, note: str, start: int = 0, end: int = 0) -> Shot:
    frames = (end or _frames(speech)) - start
    return Shot(name, way, frames, note.format(line=line), actor, line, speech, start)


SCENE = (
    Shot("HOUSE", Way.PICTURES, 48),
    _spoken(
        "SC01_0010",
        Way.SLATE,
        "mara",
        "And Mister John Dashwood had then leisure to consider how much",
        "0870",
        'GR: actor=MARA mode=talk line="{line}"',
        end=_SPLIT,
    ),
    _spoken(
        "SC01_0020",
        Way.OFFLINE,
        "theo",
        "there might be prudently in his power to do for them.",
        "0870",
        "@theo talk: {line}",
        start=_SPLIT,
    ),
    _spoken(
        "SC01_0030",
        Way.GAP,
        "ines",
        "He was not an ill disposed young man,",
        "0880",
        'GR: actor=INES mode=talk takes=2 line="{line}"',
    ),
    _spoken(
        "SC01_0040",
        Way.COLOUR,
        "mara",
        "unless to be rather cold hearted and rather selfish is to be ill disposed.",
        "0890",
        'GR: actor=MARA mode=talk line="{line}"',
    ),
    _spoken(
        "SC01_0050",
        Way.NAMED,
        "theo",
        "Had he married a more a amiable woman, he might have been made still more respectable than he was.",
        "0920",
        "@theo talk: {line}",
    ),
    _spoken(
        "SC01_0060",
        Way.STAND_IN,
        "mara",
        "He might even have been made amiable himself.",
        "0930",
        'GR: actor=MARA mode=talk line="{line}"',
    ),
    Shot("SC01_0070", Way.STAND_IN, 60, "GR: actor=THEO mode=replace style=head", "theo", speech="0930"),
    Shot("SC01_0080", Way.STAND_IN, 60, "GR: actor=MARA mode=replace style=face", "mara", speech="0930"),
    _spoken(
        "SC01_0090",
        Way.DUBBED,
        "",
        "He was not an ill disposed young man,",
        "0880",
        'GR: mode=lipsync line="{line}"',
    ),
    Shot("SC01_0100", Way.STAND_IN, 60, "@mara mimic:", "mara", speech="0930"),
    Shot("SC01_0110", Way.SLUG, 60, "@theo animate: turns slowly to camera, subtle smile", "theo"),
    Shot("HOUSE", Way.PICTURES, HOUSE_FRAMES - 48, source_start=48),
)

ABOVE = Shot(
    "SC01_0120",
    Way.ABOVE,
    HOUSE_FRAMES - 48,
    'GR: actor=INES mode=stage over=V1 place="right medium" alpha=yes note="slow look left"',
    "ines",
)
"""On the second track, over the scene's last shot."""

STAND_IN = next(shot for shot in SCENE if shot.way is Way.STAND_IN)
"""The shot that the stand-in was filmed for: its length is the performance's."""

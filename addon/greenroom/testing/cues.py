# SPDX-License-Identifier: Apache-2.0
"""Cues of half a second, one beside the other, for tests that need many takes and no cut."""

from __future__ import annotations

from fractions import Fraction

from greenroom.cues.model import Cue, Event, EventKind, Layout, Mode, Origin
from greenroom.frames import FrameRange
from greenroom.media.types import Codec, TakeSpec

__all__ = ["small_cue", "small_layout", "small_spec"]

_SLOT, _HANDLES = 8, 2  # frames
_START = 86400


def small_spec(rate: Fraction) -> TakeSpec:
    """What the takes of all of them have to be."""
    return TakeSpec(
        rate,
        slot=_SLOT,
        head=_HANDLES,
        tail=_HANDLES,
        width=128,
        height=72,
        start_frame=_START - _HANDLES,
        codec=Codec.H264,
    )


def small_cue(index: int, mode: Mode, rate: Fraction, *, line: str = "", motion: str = "") -> Cue:
    """Number `index` from 0: mara, on a placeholder."""
    record = FrameRange(_START + index * _SLOT, _SLOT, rate)
    return Cue(
        id=f"c{index:04}",
        written=True,
        mode=mode,
        actor="MARA",
        line=line,
        motion=motion,
        origin=Origin.CLIP_MARKER,
        event=Event((0, index), "V1", f"Mara {index}", EventKind.PLACEHOLDER, record, record),
        note=None,
        slot=record,
        dialogue=(),
        dialogue_track="",
    )


def small_layout(rate: Fraction) -> Layout:
    """The cut that they would be of."""
    return Layout("Scene 3", None, rate, _START, False, 128, 72, ())

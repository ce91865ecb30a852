# SPDX-License-Identifier: Apache-2.0
"""Where a file begins, as a cut counts it that doesn't say what its media has: EDLs, and OTIO without available ranges.

Such a cut names source timecode, and only the file knows the one that it begins with: a movie's timecode track, a
Broadcast Wave's time reference (EBU Tech 3285: samples since midnight).
"""

from __future__ import annotations

from fractions import Fraction

from greenroom.frames import frame_of, nominal
from greenroom.media.types import MediaInfo

__all__ = ["counted_start", "from_first"]


def counted_start(info: MediaInfo, rate: Fraction) -> Fraction:
    """The file's first picture or sample as timecode counts at `rate`; 0 where it embeds no timecode.

    Between rates the label is what stays: 10:00:00:12 of a file at 24 fps is 10:00:00:12.5 of a cut at 25. Drop-frame
    labels and time references are true to the clock, so there the time stays.

    Raises:
        FrameError: a sound file's timecode that does not exist at `rate`.
    """
    if info.start_sample and info.audio:
        return Fraction(info.start_sample, info.audio[0].sample_rate) * rate
    label = info.start_timecode or ""
    if info.rate is None:
        return Fraction(frame_of(label, rate) if label else 0)
    if info.rate == rate or ";" in label or "." in label:
        return info.start_frame / info.rate * rate
    return Fraction(info.start_frame * nominal(rate), nominal(info.rate))


def from_first(position: Fraction, info: MediaInfo, rate: Fraction, *, early: Fraction = Fraction(0)) -> Fraction:
    """`position`, in frames at `rate` as the cut counts, from the file's first picture or sample.

    A cut counts from the file's timecode, or from 0 where it names a place before that. `early` frames are allowed for
    before the file: a clip that begins under a transition.
    """
    start = counted_start(info, rate)
    # rounded to a sample or a frame, a file's start may lie a little after the cut's own
    return position - start if position + early > start - 1 else position

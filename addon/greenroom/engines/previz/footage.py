# SPDX-License-Identifier: Apache-2.0
"""What the modes that change footage share: which frames a note lets them change, and what is said of the others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from greenroom.cues.wishes import read_spans
from greenroom.errors import CueError
from greenroom.media.types import TakeSpec

__all__ = ["KEPT", "UNTOUCHED", "allowed_frames"]

KEPT = "kept plate"
"""State of a frame that should change, but shows no face: it stays as it is."""

UNTOUCHED = "untouched"
"""State of a frame that is the plate's to the bit: outside of only=, inside of not=, or where lips are silent."""


def allowed_frames(options: Mapping[str, str], spec: TakeSpec) -> NDArray[np.bool_]:
    """(spec.frames,) Where only= and not= let the picture be changed. Both count from the slot's first frame.

    Raises:
        CueError: frames that can't be read.
    """
    allowed = np.ones(spec.frames, bool)
    if options.get("only"):
        allowed[:] = False
    for key, value in (("only", True), ("not", False)):
        text = options.get(key, "")
        spans = read_spans(text, spec.rate, 0) if text else ()
        if spans is None:
            raise CueError(f"{key}={text} names no frames", hint=f"Write {key}=IN-OUT, for example {key}=0-24.")
        for first, end in spans:
            allowed[max(0, spec.head + first) : max(0, spec.head + end)] = value
    return allowed

# SPDX-License-Identifier: Apache-2.0
"""Words burnt into a reference movie: cue and take at the top left, the record timecode at the top right."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from greenroom.desk.looking.lettering import draw_text, fitted, text_width
from greenroom.desk.looking.preview import Run
from greenroom.desk.looking.showing import Picture
from greenroom.frames import timecode

__all__ = ["Burner"]

_BOX, _TEXT = (18, 20, 24), (238, 238, 238)
_SHARE = 24  # of the picture's height: as large as slates have it, and legible in a small player


class Burner:
    """What `write_preview` calls for each picture. `texts` are said while the event of that address is seen."""

    def __init__(self, texts: Mapping[tuple[int, ...], str], rate: Fraction, *, drop_frame: bool) -> None:
        self._texts = texts
        self._rate = rate
        self._drop_frame = drop_frame

    def __call__(self, picture: Picture, run: Run, frame: int) -> Picture:
        made = picture.copy()
        height, width = made.shape[:2]
        size = max(10, height // _SHARE)
        margin = size // 2
        clock = _clock(timecode(frame, self._rate, drop_frame=self._drop_frame), size)
        _lay(made, clock, margin, width - margin - clock.shape[1])
        text = self._texts.get(run.event.address, "") if run.event is not None else ""
        if text:
            _lay(made, _label(text, size, width - clock.shape[1] - 4 * margin), margin, margin)
        return made


def _lay(picture: Picture, label: Picture, top: int, left: int) -> None:
    """`label` into `picture`; what doesn't fit on it is left out."""
    height, width = picture.shape[:2]
    left = max(0, left)
    part = label[: max(0, height - top), : max(0, width - left)]
    picture[top : top + part.shape[0], left : left + part.shape[1]] = part


def _clock(text: str, size: int) -> Picture:
    """Each sign in a box of its own width, so that the numbers stand still while they count."""
    return np.concatenate([_sign(" ", size), *(_sign(sign, size) for sign in text), _sign(" ", size)], axis=1)


@lru_cache(maxsize=64)
def _sign(sign: str, size: int) -> Picture:
    wide = round(max(text_width(digit, size) for digit in "0123456789")) if sign.isdigit() else size // 3
    return _drawn(sign, size, max(2, wide))


@lru_cache(maxsize=64)
def _label(text: str, size: int, most: int) -> Picture:
    text = fitted(text, size, max(size, most - size))
    return _drawn(text, size, round(text_width(text, size)) + size)


def _drawn(text: str, size: int, width: int) -> Picture:
    image = Image.new("RGB", (width, round(size * 1.5)), _BOX)
    draw_text(ImageDraw.Draw(image), (width / 2, size * 0.75), text, size, _TEXT, anchor="mm")
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])

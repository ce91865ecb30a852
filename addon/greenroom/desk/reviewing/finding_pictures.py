# SPDX-License-Identifier: Apache-2.0
"""A picture of a finding: the frame before, the frame itself and the frame after, and what is the matter below."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from greenroom.desk.looking.lettering import draw_text, fitted
from greenroom.frames import timecode
from greenroom.media.pictures import read_pictures
from greenroom.media.posters import write_png
from greenroom.review.findings import Finding, Light
from greenroom.takes.states import Take

__all__ = ["LIGHTS", "write_finding"]

LIGHTS = {Light.GREEN: (96, 176, 106), Light.AMBER: (232, 168, 58), Light.RED: (222, 84, 74)}
"""RGB."""

_BACK, _TEXT, _DIM = (22, 22, 24), (235, 235, 238), (150, 150, 156)
_WIDTH, _GAP, _FOOT = 480, 6, 64


def write_finding(finding: Finding, take: Take, path: Path) -> None:
    """Three neighbouring frames with their numbers; the middle one has the finding's light around it.

    Raises:
        MediaError: the take can't be read.
        StoreError: the picture can't be written.
    """
    at = min(max(finding.picture_at or 0, 0), take.frames - 1)
    frames = [frame for frame in (at - 1, at, at + 1) if 0 <= frame < take.frames]
    shown = list(read_pictures(take.media, frames, width=_WIDTH))
    height = shown[0].shape[0]
    image = Image.new("RGB", (3 * (_WIDTH + _GAP) + _GAP, height + _FOOT + 2 * _GAP), _BACK)
    draw = ImageDraw.Draw(image)
    colour = LIGHTS[finding.light]
    for frame, picture in zip(frames, shown, strict=True):
        left = _GAP + (frame - at + 1) * (_WIDTH + _GAP)
        image.paste(Image.fromarray(np.ascontiguousarray(picture[:, :, ::-1])), (left, _GAP))
        if frame == at:
            box = (left - 3, _GAP - 3, left + _WIDTH + 2, _GAP + height + 2)
            draw.rectangle(box, outline=colour, width=4)
        place = timecode(take.start_frame + frame, Fraction(take.rate), drop_frame=take.drop_frame)
        draw_text(draw, (left + 4, _GAP + height + 8), f"frame {frame}   {place}", 15, _DIM)
    draw.ellipse((_GAP + 4, _GAP + height + 36, _GAP + 18, _GAP + height + 50), fill=colour)
    draw_text(draw, (_GAP + 28, _GAP + height + 32), fitted(finding.message, 19, image.width - 60), 19, _TEXT)
    write_png(path, np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))

# SPDX-License-Identifier: Apache-2.0
"""The notice as pictures: a card for the head or the credits, and a strip with nothing behind it, to be laid over a
shot.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from greenroom.desk.looking.lettering import draw_text, wrapped
from greenroom.takes.disk import storing

__all__ = ["write_card", "write_strip"]

_BACKGROUND, _BRIGHT = (12, 12, 14), (240, 240, 240)


def write_card(lines: Sequence[str], size: tuple[int, int], path: Path) -> None:
    """A PNG of the cut's size with the texts in its middle.

    Raises:
        StoreError: it can't be written.
    """
    width, height = size
    picture = Image.new("RGB", size, _BACKGROUND)
    draw = ImageDraw.Draw(picture)
    large = max(10, height // 22)
    rows = [row for line in lines for row in (*wrapped(line, large, width * 0.8, 4), "")][:-1]
    top = height / 2 - (len(rows) - 1) * large * 0.75
    for number, row in enumerate(rows):
        draw_text(draw, (width / 2, top + number * large * 1.5), row, large, _BRIGHT, anchor="mm")
    with storing(path):
        picture.save(path, "PNG")


def write_strip(text: str, size: tuple[int, int], path: Path) -> None:
    """A PNG with alpha: the text at the lower edge within the title-safe area (90 %), and nothing else.

    Raises:
        StoreError: it can't be written.
    """
    width, height = size
    small = max(9, height // 36)
    mask = Image.new("RGB", size, (0, 0, 0))
    draw = ImageDraw.Draw(mask)
    rows = wrapped(text, small, width * 0.86, 2)
    for number, row in enumerate(reversed(rows)):
        draw_text(draw, (width / 2, height * 0.93 - number * small * 1.4), row, small, (255, 255, 255), anchor="mm")
    letters = mask.convert("L")
    shade = letters.point(lambda value: 170 if value else 0)
    dark = Image.new("RGBA", size, (0, 0, 0, 0))
    dark.paste((0, 0, 0, 170), (2, 2), shade)
    dark.paste((255, 255, 255, 255), (0, 0), letters)
    with storing(path):
        dark.save(path, "PNG")

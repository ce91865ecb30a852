# SPDX-License-Identifier: Apache-2.0
"""Contact sheets of casting: a tile for each candidate, view or audition, with what it is and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from greenroom.desk.looking.lettering import Draw, draw_text, fitted, text_width, wrapped
from greenroom.media.posters import write_png

__all__ = ["Remark", "Tile", "write_board"]

Picture = NDArray[np.uint8]  # (height, width, 3) BGR

_BACK, _CARD = (22, 22, 24), (32, 32, 35)
_WHITE, _TEXT, _DIM = (240, 240, 240), (205, 205, 208), (140, 140, 146)
_RING, _LABEL = (232, 178, 58), (58, 74, 92)
_TONES = {"error": (236, 108, 92), "warning": _RING, "note": _DIM, "good": (122, 190, 128)}
_MARGIN, _GAP, _TITLE, _HEADER, _LINE = 28, 14, 84, 46, 21
_PICTURE = 480  # pixels of width of a tile's picture, alone
_SEVERAL = 300  # where a tile has several
_LINES = 4  # of remarks


@dataclass(frozen=True)
class Remark:
    """One thing to be said of a tile; `tone` is "error", "warning", "note" or "good"."""

    text: str
    tone: str = "note"


@dataclass(frozen=True, eq=False)
class Tile:
    """One card of the sheet: `head` in large letters, `facts` beside it, a `label` ("previz") on the picture, and
    `remarks` below. `chosen` has film's ring round it.
    """

    head: str
    pictures: tuple[Picture, ...]
    facts: str = ""
    label: str = ""
    remarks: tuple[Remark, ...] = ()
    chosen: bool = False


def write_board(title: str, facts: str, tiles: Sequence[Tile], output: Path) -> tuple[int, int]:
    """Writes the sheet as PNG; its size (width, height).

    Raises:
        StoreError: it can't be written.
    """
    several = max((len(tile.pictures) for tile in tiles), default=1)
    wide = _PICTURE if several == 1 else _SEVERAL
    high = max((_height(tile, wide) for tile in tiles), default=wide * 9 // 16)
    columns = min(2, max(1, len(tiles))) if several == 1 else 1
    rows = -(-len(tiles) // columns)
    lines = [[_lines(tile, several * wide) for tile in tiles[row * columns :][:columns]] for row in range(rows)]
    heights = [_HEADER + high + _GAP + _LINE * max(len(each) for each in row) + 8 for row in lines]
    card = several * wide + (several - 1) * 6 + 2 * _GAP
    size = (2 * _MARGIN + columns * card + (columns - 1) * _GAP, _TITLE + sum(heights) + rows * _GAP + _GAP)
    image = Image.new("RGB", size, _BACK)
    draw = ImageDraw.Draw(image)
    draw_text(draw, (_MARGIN, 24), fitted(title, 28, size[0] - 3 * _MARGIN - text_width(facts, 17)), 28, _WHITE)
    draw_text(draw, (size[0] - _MARGIN, 34), facts, 17, _DIM, anchor="ra")
    top = _TITLE
    for row in range(rows):
        for column, tile in enumerate(tiles[row * columns :][:columns]):
            corner = (_MARGIN + column * (card + _GAP), top)
            _draw_tile(image, draw, tile, corner, (card, heights[row]), (wide, high), lines[row][column])
        top += heights[row] + _GAP
    write_png(output, np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))
    return size


def _height(tile: Tile, wide: int) -> int:
    """Of the tile's pictures at this width; upright ones no higher than wide."""
    return max(min(wide, wide * int(each.shape[0]) // int(each.shape[1])) for each in tile.pictures)


def _lines(tile: Tile, width: int) -> list[Remark]:
    found = [
        Remark(line, remark.tone) for remark in tile.remarks for line in wrapped(remark.text, 15, width - 8, 2) if line
    ]
    if len(found) > 2 * _LINES:
        found = [*found[: 2 * _LINES - 1], Remark("...", "note")]
    return found


def _draw_tile(
    image: Image.Image,
    draw: Draw,
    tile: Tile,
    corner: tuple[int, int],
    card: tuple[int, int],
    picture: tuple[int, int],
    lines: Sequence[Remark],
) -> None:
    left, top = corner
    draw.rounded_rectangle((left, top, left + card[0] - 1, top + card[1] - 1), radius=6, fill=_CARD)
    at = _draw_head(draw, tile, (left + _GAP, top))
    facts = fitted(tile.facts, 15, card[0] - (at - left) - 2 * _GAP)
    draw_text(draw, (left + card[0] - _GAP, top + 16), facts, 15, _DIM, anchor="ra")
    for number, each in enumerate(tile.pictures):
        x = left + _GAP + number * (picture[0] + 6)
        image.paste(_within(each, picture), (x, top + _HEADER))
    if tile.label:
        _draw_label(draw, tile.label, (left + _GAP + 8, top + _HEADER + picture[1] - 34))
    for number, line in enumerate(lines):
        y = top + _HEADER + picture[1] + _GAP - 4 + number * _LINE
        draw_text(draw, (left + _GAP, y), line.text, 15, _TONES.get(line.tone, _TEXT))


def _draw_head(draw: Draw, tile: Tile, corner: tuple[int, int]) -> float:
    """The tile's name, ringed where it is the chosen one; where it ends."""
    left, top = corner
    wide = text_width(tile.head, 22)
    shift = 12 if tile.chosen else 0
    draw_text(draw, (left + shift, top + 23), tile.head, 22, _WHITE, anchor="lm")
    if tile.chosen:
        box = (left - 2, top + 6, left + wide + 2 * shift + 2, top + 40)
        draw.rounded_rectangle(box, radius=17, outline=_RING, width=3)
    return left + wide + 2 * shift


def _draw_label(draw: Draw, label: str, corner: tuple[int, int]) -> None:
    left, top = corner
    draw.rounded_rectangle((left, top, left + text_width(label, 15) + 14, top + 25), radius=4, fill=_LABEL)
    draw_text(draw, (left + 7, top + 13), label, 15, _WHITE, anchor="lm")


def _within(picture: Picture, size: tuple[int, int]) -> Image.Image:
    """The whole picture in a frame of this size."""
    scale = min(size[0] / picture.shape[1], size[1] / picture.shape[0])
    wide, high = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(picture, (wide, high), interpolation=kind)
    frame = np.full((size[1], size[0], 3), 16, np.uint8)
    top, left = (size[1] - high) // 2, (size[0] - wide) // 2
    frame[top : top + high, left : left + wide] = small
    return Image.fromarray(np.ascontiguousarray(frame[:, :, ::-1]))

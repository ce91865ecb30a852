# SPDX-License-Identifier: Apache-2.0
"""Text in pictures, in whatever script an editor writes.

Pillow's own font has no accents. So the fonts that systems bring are tried first, and a text takes the first one that
has all of its letters; where none has, letters lose their accents rather than become boxes.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TypeAlias

from PIL import ImageDraw, ImageFont

__all__ = ["Draw", "draw_text", "fitted", "text_width", "wrapped"]

Draw: TypeAlias = ImageDraw.ImageDraw
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

_OWN = ""  # Pillow's own
_REGULAR = (_OWN, "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "arial.ttf", "Arial.ttf",
            "segoeui.ttf", "Arial Unicode.ttf", "NotoSansCJK-Regular.ttc", "msyh.ttc", "PingFang.ttc")  # fmt: skip
_MISSING = "\uffff"  # no font has a letter for it: its picture is that of a missing one
_PLAIN = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L",
          "đ": "d", "Đ": "D", "þ": "th", "Þ": "Th", "ð": "d", "–": "-", "—": "-", "‘": "'", "’": "'"}  # fmt: skip


def draw_text(
    draw: Draw,
    position: tuple[float, float],
    text: str,
    size: int,
    fill: tuple[int, int, int],
    *,
    anchor: str = "la",
) -> None:
    """Writes one line; `anchor` as Pillow has it ("la" = left and ascender, "mm" = the middle)."""
    text, font = _lettered(text, size)
    draw.text(position, text, fill=fill, font=font, anchor=anchor)


def text_width(text: str, size: int) -> float:
    """Pixels that `text` takes."""
    text, font = _lettered(text, size)
    return float(font.getlength(text))


def fitted(text: str, size: int, width: float) -> str:
    """`text`, cut short with an ellipsis where it is wider than `width` pixels."""
    if text_width(text, size) <= width:
        return text
    short, long = 0, len(text)
    while short < long:
        middle = (short + long + 1) // 2
        if text_width(text[:middle].rstrip() + "…", size) <= width:
            short = middle
        else:
            long = middle - 1
    return text[:short].rstrip() + "…"


def wrapped(text: str, size: int, width: float, lines: int) -> list[str]:
    """`text` in at most `lines` lines of `width` pixels; what doesn't fit ends in an ellipsis."""
    found: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, size) > width:
            found.append(line)
            line = word
        else:
            line = longer
    found.append(line)
    if len(found) > lines:
        found = [*found[: lines - 1], " ".join(found[lines - 1 :])]
    return [fitted(line, size, width) for line in found]


def _lettered(text: str, size: int) -> tuple[str, Font]:
    """The text as it can be written, and a font that has all of it."""
    text = unicodedata.normalize("NFC", "".join(c if c.isprintable() else " " for c in text))
    for name in _REGULAR:
        font = _font(name, size)
        if font is not None and all(_has(name, letter) for letter in set(text)):
            return text, font
    own = _font(_OWN, size) or ImageFont.load_default()
    return "".join(_plain(letter) for letter in text), own


def _plain(letter: str) -> str:
    if _has(_OWN, letter):
        return letter
    bare = "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
    written = _PLAIN.get(letter, bare)
    return written if written and all(_has(_OWN, c) for c in written) else "?"


@lru_cache(maxsize=128)
def _font(name: str, size: int) -> Font | None:
    if name == _OWN:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


@lru_cache(maxsize=4096)
def _has(name: str, letter: str) -> bool:
    font = _font(name, 24)
    if font is None:
        return False
    if letter.isspace():
        return True
    return bytes(font.getmask(letter)) != bytes(font.getmask(_MISSING))

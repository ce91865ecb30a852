# SPDX-License-Identifier: Apache-2.0
"""Text in pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from greenroom.desk.looking.lettering import draw_text, fitted, text_width, wrapped
from greenroom.desk.looking.showing import slate


def inked(text: str) -> int:
    image = Image.new("L", (600, 60))
    draw_text(ImageDraw.Draw(image), (5, 5), text, 28, 255)
    return int((np.asarray(image) > 128).sum())


@pytest.mark.parametrize("text", ["Mara", "Théo", "Łódź", "größer", "MARA “I never left.”"])
def test_letters_are_never_boxes(text: str) -> None:
    boxes = inked("\uffff" * len(text))
    assert 0 < inked(text) != boxes


def test_controls_and_line_breaks_take_no_picture_down() -> None:
    assert inked("a\x00b\nc\ud800") > 0


def test_text_is_cut_short_to_its_room() -> None:
    long = "I never left. " * 30
    short = fitted(long, 16, 300)
    assert short.endswith("…")
    assert text_width(short, 16) <= 300
    assert fitted("I never left.", 16, 300) == "I never left."
    assert fitted("", 16, 300) == ""


def test_text_is_wrapped_into_its_lines() -> None:
    lines = wrapped("I never left. " * 30, 16, 300, 2)
    assert len(lines) == 2
    assert all(text_width(line, 16) <= 300 for line in lines)


@pytest.mark.parametrize("size", [(256, 144), (64, 36), (1280, 720), (100, 400)])
def test_a_slate_has_its_size_and_words(size: tuple[int, int]) -> None:
    picture = slate("MARA talk", ["“I never left.”"], *size)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.max() > 120

# SPDX-License-Identifier: Apache-2.0
"""The demo's drawn pictures: slates, and the house at dusk that the scene opens on. No photograph, no likeness.

All pictures are arrays (height, width, 3) of uint8 in BGR, as everywhere in Greenroom.
"""

from __future__ import annotations

import textwrap
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Picture", "house", "slate"]

Picture: TypeAlias = NDArray[np.uint8]

_CHALK, _DIM, _CARD, _STRIPE = (232, 236, 238), (150, 156, 160), (44, 40, 38), (205, 210, 214)
_FONT = cv2.FONT_HERSHEY_DUPLEX


def slate(scene: str, actor: str, line: str, frames: int, width: int = 1280, height: int = 720) -> Picture:
    """A slate that holds room on the cut: scene number, who, what is said, and how many frames."""
    unit = height / 720
    card = np.full((height, width, 3), _CARD, np.uint8)
    _clapper(card, unit)
    _write(card, scene, (90, 270), 2.6, _CHALK, unit)
    _write(card, f"{actor}    {frames} frames", (94, 345), 1.2, _DIM, unit)
    for row, words in enumerate(textwrap.wrap(line, 50)[:4]):
        _write(card, words, (94, 440 + 62 * row), 1.25, _CHALK, unit)
    _write(card, "placeholder: a take goes here", (94, 680), 0.8, _DIM, unit)
    return card


def _clapper(card: Picture, unit: float) -> None:
    width = card.shape[1]
    top, bottom, slant, step = 40 * unit, 130 * unit, 60 * unit, 160 * unit
    for left in np.arange(-step, width + step, step):
        stripe = [(left + slant, top), (left + slant + step / 2, top), (left + step / 2, bottom), (left, bottom)]
        cv2.fillPoly(card, [np.round(stripe).astype(np.int32)], _STRIPE, cv2.LINE_AA)


def _write(
    card: Picture, text: str, at: tuple[int, int], size: float, colour: tuple[int, int, int], unit: float
) -> None:
    place = (round(at[0] * unit), round(at[1] * unit))
    cv2.putText(card, text, place, _FONT, size * unit, colour, max(1, round(1.6 * size * unit)), cv2.LINE_AA)


def house(frame: int, frames: int, width: int = 1280, height: int = 720) -> Picture:
    """One frame of the opening shot: a country house at dusk, the camera slowly moving in, lamps coming on."""
    picture = _sky(width, height)
    _moon(picture)
    along = frame / max(1, frames - 1)
    _hills(picture, along)
    _walls(picture, lamps=min(1.0, along * 1.6))
    return _push_in(picture, 1 + 0.08 * along)


def _sky(width: int, height: int) -> Picture:
    top, low = np.array((96, 58, 44.0)), np.array((120, 150, 214.0))
    down = np.linspace(0, 1, height)[:, None, None] ** 1.4
    return np.broadcast_to(top * (1 - down) + low * down, (height, width, 3)).astype(np.uint8).copy()


def _moon(picture: Picture) -> None:
    height, width = picture.shape[:2]
    at, radius = (round(width * 0.8), round(height * 0.17)), round(height * 0.045)
    cv2.circle(picture, at, radius, (206, 226, 236), -1, cv2.LINE_AA)


def _hills(picture: Picture, along: float) -> None:
    height, width = picture.shape[:2]
    across = np.linspace(0, 1, 160)
    # three ridges; the nearer one moves further, which is what makes the camera's move read as one
    for base, swell, waves, colour, parallax in (
        (0.62, 0.05, 2.1, (98, 84, 76), 0.01),
        (0.69, 0.04, 3.3, (74, 62, 54), 0.02),
        (0.80, 0.02, 4.7, (44, 40, 34), 0.04),
    ):
        ridge = base - swell * np.sin((across + parallax * along) * waves * np.pi)
        outline = np.stack([across * width, ridge * height], 1)
        ground = np.vstack([outline, [(width, height), (0, height)]])
        cv2.fillPoly(picture, [np.round(ground).astype(np.int32)], colour, cv2.LINE_AA)


def _walls(picture: Picture, lamps: float) -> None:
    height, width = picture.shape[:2]

    def box(left: float, top: float, right: float, bottom: float, colour: tuple[int, int, int]) -> None:
        first, second = (round(left * width), round(top * height)), (round(right * width), round(bottom * height))
        cv2.rectangle(picture, first, second, colour, -1)

    wall, roof = (58, 52, 56), (38, 34, 38)
    box(0.26, 0.52, 0.66, 0.80, wall)
    box(0.40, 0.46, 0.52, 0.80, wall)
    for gable in ([(0.25, 0.52), (0.67, 0.52), (0.63, 0.45), (0.29, 0.45)], [(0.39, 0.46), (0.53, 0.46), (0.46, 0.37)]):
        cv2.fillPoly(picture, [np.round(np.array(gable) * (width, height)).astype(np.int32)], roof, cv2.LINE_AA)
    box(0.31, 0.40, 0.325, 0.47, roof)
    box(0.595, 0.40, 0.61, 0.47, roof)
    for number, left in enumerate((0.285, 0.335, 0.425, 0.475, 0.555, 0.605)):
        for storey, top in enumerate((0.555, 0.665)):
            lit = np.clip(lamps * 3 - (number * 5 + storey * 3) % 7 / 3.5, 0, 1)
            dark, warm = np.array((70, 60, 58)), np.array((96, 190, 246))
            colour = dark * (1 - lit) + warm * lit
            box(left, top, left + 0.024, top + 0.065, (int(colour[0]), int(colour[1]), int(colour[2])))


def _push_in(picture: Picture, zoom: float) -> Picture:
    height, width = picture.shape[:2]
    centre = np.array([width * 0.46, height * 0.6])
    move = np.array([[zoom, 0, centre[0] * (1 - zoom)], [0, zoom, centre[1] * (1 - zoom)]])
    return np.asarray(
        cv2.warpAffine(picture, move, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )

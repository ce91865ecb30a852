# SPDX-License-Identifier: Apache-2.0
"""`setting=` without a plate: a lit, soft background that says the time of day and inside or outside, no more.

It is previz: it stands for a place and gives the actor its light; what can't be shown is listed, not ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import Request
from greenroom.engines.previz.compositing.camera import Move, read_camera
from greenroom.engines.previz.puppet.framing import Framed
from greenroom.engines.previz.puppet.warp import Box

__all__ = ["SETTINGS", "Backdrop", "Setting", "paint", "read_setting"]

Picture = NDArray[np.uint8]
Vectors = NDArray[np.float64]

_TIMES = {"day": "day", "daylight": "day", "noon": "day", "morning": "day", "afternoon": "day", "night": "night",
          "midnight": "night", "evening": "dusk", "dusk": "dusk", "dawn": "dusk", "sunset": "sunset",
          "sunrise": "sunset"}  # fmt: skip
_PLACES = {"interior": "interior", "int": "interior", "inside": "interior", "indoors": "interior", "room": "interior",
           "exterior": "exterior", "ext": "exterior", "outside": "exterior", "outdoors": "exterior",
           "studio": "studio", "plain": "studio", "neutral": "studio", "grey": "studio", "gray": "studio"}  # fmt: skip
_MOODS = ("warm", "cool", "bright", "dim", "dark")
SETTINGS = (*dict.fromkeys(_TIMES.values()), *dict.fromkeys(_PLACES.values()), *_MOODS)
"""What `setting=` understands, their synonyms aside."""

_FILLERS = frozenset(["a", "an", "the", "in", "at", "of", "on", "with", "and", "time", "light", "lit"])

# BGR, top and bottom of what is above the line (wall or sky), what is below it (floor or ground), the light's colour
# and how strong it is. Painted by eye; the greys of the studio are those of a photographer's paper roll.
_TONES: dict[tuple[str, str], tuple[tuple[int, int, int], ...]] = {
    ("studio", "day"): ((128, 126, 124), (116, 114, 112), (98, 96, 94), (48, 48, 48)),
    ("interior", "day"): ((176, 184, 190), (160, 170, 178), (92, 104, 120), (64, 58, 48)),
    ("interior", "night"): ((36, 40, 48), (34, 42, 54), (18, 22, 30), (34, 74, 112)),
    ("interior", "dusk"): ((96, 88, 92), (84, 84, 98), (44, 46, 58), (52, 84, 120)),
    ("interior", "sunset"): ((84, 104, 136), (76, 100, 140), (38, 52, 78), (40, 96, 150)),
    ("exterior", "day"): ((226, 190, 150), (232, 222, 208), (112, 134, 128), (24, 26, 28)),
    ("exterior", "night"): ((34, 20, 12), (52, 34, 22), (18, 16, 14), (60, 52, 40)),
    ("exterior", "dusk"): ((140, 96, 66), (150, 132, 148), (58, 54, 54), (46, 40, 52)),
    ("exterior", "sunset"): ((150, 112, 96), (96, 150, 232), (44, 52, 66), (20, 60, 100)),
}
_LINE = {"studio": 0.86, "interior": 0.80, "exterior": 0.66}  # of the height: where floor or ground begins


@dataclass(frozen=True)
class Setting:
    """A place ("studio", "interior", "exterior"), a time ("day", "night", "dusk", "sunset") and moods."""

    place: str = "studio"
    time: str = "day"
    moods: tuple[str, ...] = ()


def read_setting(text: str) -> tuple[Setting, tuple[str, ...]]:
    """The setting that `text` describes, and what has to be said about it: the words that can't be shown.

    >>> read_setting("night exterior")
    (Setting(place='exterior', time='night', moods=()), ())
    """
    place, time, moods, unknown = "", "", [], []
    for word in re.findall(r"[^\s,;./-]+", text.casefold()):
        if word in _PLACES:
            place = place or _PLACES[word]
        elif word in _TIMES:
            time = time or _TIMES[word]
        elif word in _MOODS:
            moods.append(word)
        elif word not in _FILLERS:
            unknown.append(word)
    warnings: tuple[str, ...] = ()
    if unknown:
        words = ", ".join(unknown)
        warnings = (f"setting= can't show: {words}. Previz knows: {', '.join(SETTINGS)}; for more lay a plate below",)
    if not place:
        place = "interior" if time else "studio"
    return Setting(place, "day" if place == "studio" else time or "day", tuple(dict.fromkeys(moods))), warnings


def paint(setting: Setting, width: int, height: int) -> Picture:
    """The set, (height, width, 3) BGR: out of focus, with one light."""
    top, bottom, ground, light = (np.array(tone, float) for tone in _TONES[setting.place, setting.time])
    x = np.linspace(0, 1, width)[None, :, None]
    y = np.linspace(0, 1, height)[:, None, None]
    line = _LINE[setting.place]
    wall = top + (bottom - top) * np.clip(y / line, 0, 1)
    floor = ground * (1 - 0.25 * np.clip((y - line) / (1 - line), 0, 1))
    soft = 0.10 if setting.place == "studio" else 0.02
    below = 1 / (1 + np.exp(-(y - line) / soft * 2))
    picture = wall * (1 - below) + floor * below + np.zeros_like(x)
    picture += light * _light(setting, x, y)
    picture *= _mood(setting.moods)
    picture *= 1 - 0.16 * (((x - 0.5) * 1.6) ** 2 + ((y - 0.5) * 1.2) ** 2)  # as a lens does
    noise = np.random.default_rng(30).uniform(-0.5, 0.5, (height, width, 1))  # keeps gradients from banding
    return np.asarray(np.clip(picture + noise + 0.5, 0, 255), np.uint8)


def _light(setting: Setting, x: Vectors, y: Vectors) -> Vectors:
    """How much of the light falls where: a window or lamp to the left, a glow above the horizon."""
    if setting.place == "studio":
        return np.exp(-(((x - 0.42) / 0.38) ** 2) - ((y - 0.42) / 0.5) ** 2)
    if setting.place == "exterior":
        glow = np.exp(-(((x - 0.22) / 0.35) ** 2) - ((y - _LINE["exterior"]) / 0.16) ** 2)
        return np.asarray(glow)
    pane = 1 / (1 + np.exp(-(0.13 - np.abs(x - 0.17)) / 0.015)) / (1 + np.exp(-(0.26 - np.abs(y - 0.36)) / 0.02))
    spill = np.exp(-(((x - 0.17) / 0.36) ** 2) - ((y - 0.42) / 0.55) ** 2)
    return np.asarray(spill if setting.time == "night" else 0.9 * pane + 0.6 * spill)


def _mood(moods: tuple[str, ...]) -> Vectors:
    factor = np.ones(3)
    for mood in moods:
        factor *= {"warm": (0.82, 0.98, 1.12), "cool": (1.12, 1.0, 0.86), "bright": (1.25,) * 3, "dim": (0.6,) * 3,
                   "dark": (0.38,) * 3}[mood]  # fmt: skip
    return factor


class Backdrop:
    """The set of one take, and the camera that looks at it and at the actor."""

    def __init__(self, setting: Setting, move: Move, size: tuple[int, int], frames: int, about: Vectors) -> None:
        self._move, self._size, self._frames, self._about = move, size, frames, about
        self.warnings: tuple[str, ...] = ()
        across, down = move.reach(size)
        self._margin = np.array([across, down], float)
        self._whole = paint(setting, size[0] + 2 * across, size[1] + 2 * down)

    @classmethod
    def of(cls, request: Request, framed: Framed) -> Backdrop:
        """What `setting=` and `camera=` of the request say."""
        setting, unknown = read_setting(request.options.get("setting", ""))
        move, said = read_camera(request.options.get("camera", ""))
        assert framed.box is not None
        about = framed.points[:468, :2].mean(0) + framed.box.origin
        backdrop = cls(setting, move, (request.spec.width, request.spec.height), request.spec.frames, about)
        backdrop.warnings = (*unknown, *said)
        return backdrop

    def picture(self, index: int) -> Picture:
        """The set behind the actor in frame `index`, an array of its own."""
        matrix = self._move.matrix(index, self._frames, self._size, self._about, behind=True)
        matrix[:, 2] -= matrix[:, :2] @ self._margin
        return np.asarray(cv2.warpAffine(self._whole, matrix, self._size, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    def moved(self, actor: Picture, box: Box, index: int) -> tuple[Picture, Box]:
        """The actor (BGRA, at `box`) as the camera has them in frame `index`, and where that is."""
        matrix = self._move.matrix(index, self._frames, self._size, self._about)
        corners = np.array([[box.left, box.top], [box.right, box.bottom]], float) @ matrix[:, :2].T + matrix[:, 2]
        there = Box.around(corners, 0, Box(0, 0, *self._size))
        if np.array_equal(matrix, np.eye(2, 3)):
            return actor[there.within(box)], there
        matrix[:, 2] += matrix[:, :2] @ box.origin - there.origin
        size = (there.width, there.height)
        return np.asarray(cv2.warpAffine(actor, matrix, size, flags=cv2.INTER_LINEAR), np.uint8), there

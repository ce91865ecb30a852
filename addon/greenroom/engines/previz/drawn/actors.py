# SPDX-License-Identifier: Apache-2.0
"""Three drawn demo actors: nobody's likeness, nobody's licence.

mara   in her thirties: oval face, freckles, green eyes, auburn waves, a teal jumper
theo   in his fifties: long square face, strong nose and brows, greying hair, a short beard, shirt and jacket
ines   in her twenties: round face, full lips, dark eyes, a crown of curls, gold hoops, an ochre rollneck
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.drawn import hair as drawn_hair
from greenroom.engines.previz.drawn.canvas import Canvas, Colour, Floats, by, closed_curve, open_curve
from greenroom.engines.previz.drawn.faces import Features, paint_face, shaped
from greenroom.errors import CastError, nearest

__all__ = ["ACTORS", "Look", "draw", "draw_look", "jacket", "jumper", "rollneck"]

Paint = Callable[[Canvas, Colour], None]


@dataclass(frozen=True)
class Look:
    """What a drawn actor looks like: face, hair, clothes and the wall behind."""

    features: Features
    hair: Colour
    behind: Paint
    in_front: Paint
    cloth: Colour
    dress: Callable[[Canvas, Look], None]
    wall: tuple[Colour, Colour]  # bright, dark
    neck: float = 4.3  # half width, cm
    shoulders: float = 19.0
    ears: float = 1.0  # 0: hidden by hair


def draw(name: str, width: int = 1280, height: int = 720) -> NDArray[np.uint8]:
    """The portrait of "mara", "theo" or "ines", (height, width, 3) BGR: facing the camera, mouth closed.

    Raises:
        CastError: another name; the hint names the nearest.
    """
    if name.casefold() not in _LOOKS:
        raise CastError(f'no drawn actor is called "{name}"', hint=nearest(name, _LOOKS))
    return draw_look(_LOOKS[name.casefold()], width, height)


def draw_look(look: Look, width: int, height: int) -> NDArray[np.uint8]:
    """The portrait of whoever looks so, as `draw` makes it."""
    density = min(height / 34.6, width / 30.0)  # room above the hair, and for both shoulders
    canvas = Canvas(width, height, density, (width / 2, height * 0.49))
    _paint_wall(canvas, look)
    look.behind(canvas, look.hair)
    _paint_neck(canvas, look)
    look.dress(canvas, look)
    if look.ears:
        _paint_ears(canvas, look)
    paint_face(canvas, shaped(look.features), look.features)
    look.in_front(canvas, look.hair)
    return canvas.finished()


def _paint_wall(canvas: Canvas, look: Look) -> None:
    bright, dark = (np.asarray(c, np.float32) for c in look.wall)
    where = canvas.everywhere()
    x, y = canvas.grid(where)
    away = (1 - np.exp(-(((x + 7) / 24) ** 2) - ((y + 4) / 19) ** 2))[..., None]
    canvas.pixels[:] = bright * (1 - away) + dark * away
    random = np.random.default_rng(5)
    grain = random.standard_normal((canvas.pixels.shape[0] // 2, canvas.pixels.shape[1] // 2)).astype(np.float32)
    canvas.pixels += 1.6 * cv2.resize(grain, canvas.pixels.shape[1::-1])[..., None]  # keeps the fall-off from banding


def _side_light(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.clip(1.06 - 0.030 * x - 0.006 * (y - 14), 0.45, 1.3), np.float32)


def _paint_neck(canvas: Canvas, look: Look) -> None:
    n = look.neck
    half = [(n, 4), (n * 0.97, 8.5), (n * 1.08, 11.2), (n * 1.5, 13.2), (n * 1.9, 14.4), (n * 1.2, 18), (0, 19)]
    outline = closed_curve([*half, *[(-x, y) for x, y in half[::-1][1:]]])

    def rounded(x: Floats, y: Floats) -> Floats:
        turn = np.sqrt(np.clip(1 - (x / (1.75 * n)) ** 2, 0.08, 1))
        shadow = 0.38 * np.exp(-(((y - 8.6 + 0.05 * x * x) / 2.3) ** 2)) * np.exp(-((x / (1.6 * n)) ** 4))
        return np.asarray(turn * (0.98 - 0.028 * x) * (1 - shadow), np.float32)

    canvas.shape(outline, np.asarray(look.features.skin) * [0.88, 0.89, 0.92], 0.08, 1.0, rounded)
    for side in (-1, 1):
        tendon = [(side * n * 0.82, 9.4), (side * n * 0.60, 12.2), (side * n * 0.22, 14.8)]
        canvas.line(tendon, [0.1, 0.35, 0.2], np.asarray(look.features.skin) * 0.62, 0.25, 0.22)
    canvas.glow((0, 14.6), (0.7, 0.5), (-0.16, -0.15, -0.11))


def _paint_ears(canvas: Canvas, look: Look) -> None:
    skin = np.asarray(look.features.skin, float)
    edge = 7.55 * look.features.width * look.features.cheeks
    for side, tone in ((-1, 0.97), (1, 0.74)):
        outer = [
            (edge - 0.7, -2.6),
            (edge + 0.5, -3.0),
            (edge + 1.0, -1.6),
            (edge + 0.7, 0.6),
            (edge, 2.2),
            (edge - 0.8, 2.4),
        ]
        canvas.shape(closed_curve(np.array(outer) * [side, 1]), skin * tone * [0.90, 0.90, 0.97], 0.06)
        rim = np.array([(edge + 0.1, -2.0), (edge + 0.55, -1.7), (edge + 0.42, 0.0), (edge + 0.05, 1.0)]) * [side, 1]
        canvas.line(rim, [0.08, 0.20, 0.08], skin * tone * [0.58, 0.58, 0.68], 0.09, 0.75)


def _body(look: Look, top: float, collar: float) -> NDArray[np.float64]:
    """Shoulders from the base of the neck at height `top` and half width `collar`."""
    s = look.shoulders
    half = [(collar, top), (s * 0.52, top + 1.9), (s * 0.83, top + 3.6), (s * 0.98, top + 6.8), (s * 1.05, 30), (0, 31)]
    return closed_curve([*half, *[(-x, y) for x, y in half[::-1][1:]], (0, top + 1.0)])


def _woven(canvas: Canvas, outline: NDArray[np.float64], colour: Colour, texture: float) -> None:
    """Cloth: lit from the left, with folds and a fine weave."""
    canvas.shape(outline, colour, 0.07, 1.0, _side_light)
    where = canvas.around(outline, 0.2)
    shape = (where[0].stop - where[0].start, where[1].stop - where[1].start)
    random = np.random.default_rng(6)
    coarse = cv2.resize(random.standard_normal((8, 14)).astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
    fine = cv2.GaussianBlur(random.standard_normal(shape).astype(np.float32), (0, 0), 0.06 * canvas.density)
    pattern = 1 + 0.05 * coarse + texture * fine / (fine.std() + 1e-6)
    mask = canvas.mask(outline, 0.07, where)[..., None]
    canvas.pixels[where] *= 1 + mask * (pattern[..., None] - 1)


def jumper(canvas: Canvas, look: Look) -> None:
    cloth = np.asarray(look.cloth, float)
    _woven(canvas, _body(look, 12.4, 5.6), cloth, 0.022)
    neckline = [(-6.1, 12.2), (-4.6, 14.6), (-2.4, 16.1), (0, 16.6), (2.4, 16.1), (4.6, 14.6), (6.1, 12.2)]
    _show_skin(canvas, look, neckline)
    canvas.line([(x, y + 0.5) for x, y in neckline], 1.0, cloth * 1.16, 0.07)
    canvas.line([(x, y + 1.1) for x, y in neckline], 0.10, cloth * 0.62, 0.07, 0.8)
    ribs = open_curve(neckline, 90)
    paths = [np.stack([p + by(0, 0.08), p + by(0.02 * p[0], 0.95)]) for p in ribs]
    canvas.strands(paths, [cloth * 0.82] * len(paths), 0.05, 0.5)


def _show_skin(canvas: Canvas, look: Look, neckline: list[tuple[float, float]]) -> None:
    """Take the cloth away above `neckline`, so that throat and collarbones show."""
    line = open_curve(neckline, 80)
    outline = np.concatenate([line, [(neckline[-1][0], 10.0), (neckline[0][0], 10.0)]])
    where = canvas.around(outline, 0.3)
    neck = copy.copy(canvas)
    neck.pixels = canvas.pixels.copy()
    _paint_neck(neck, look)
    x, y = canvas.grid(where)
    skin = np.asarray(look.features.skin, np.float32) * [0.92, 0.93, 0.95]
    chest = skin * (_side_light(x, y) * np.ones_like(x * y))[..., None]
    mask = canvas.mask(outline, 0.05, where)[..., None]
    under = neck.pixels[where]
    blend = np.clip((y - 12.0) / 2.5, 0, 1)[..., None] * 0.35
    part = canvas.pixels[where]
    part += mask * (under * (1 - blend) + chest.astype(np.float32) * blend - part)


def rollneck(canvas: Canvas, look: Look) -> None:
    cloth = np.asarray(look.cloth, float)
    _woven(canvas, _body(look, 12.6, 5.4), cloth, 0.022)
    n = look.neck
    half = [(n * 1.02, 10.2), (n * 1.16, 12.0), (n * 1.30, 14.2), (0, 15.4)]
    collar = closed_curve([(0, 11.2), *half, *[(-x, y) for x, y in half[::-1][1:]]])
    canvas.shape(
        collar, cloth * 1.06, 0.08, 1.0, lambda x, y: _side_light(x, y) * np.sqrt(np.clip(1 - (x / 7) ** 2, 0.1, 1))
    )
    canvas.line([(-n * 1.1, 12.0), (0, 13.0), (n * 1.1, 12.0)], [0.1, 0.22, 0.1], cloth * 0.66, 0.12, 0.6)
    canvas.line([(-n * 1.3, 14.2), (0, 15.5), (n * 1.3, 14.2)], [0.1, 0.3, 0.1], cloth * 0.58, 0.14, 0.7)
    canvas.glow((0, 10.6), (3.2, 0.9), (-0.30, -0.28, -0.24))


def _rollneck_and_hoops(canvas: Canvas, look: Look) -> None:
    rollneck(canvas, look)
    for side in (-1, 1):
        hoop = closed_curve([(side * 7.35 + 0.95 * np.cos(a), 4.15 + 1.25 * np.sin(a)) for a in np.linspace(0, 5.6, 9)])
        ring = np.concatenate([hoop, hoop[:1]])
        canvas.strands([ring], [(60, 130, 196)], 0.20, 1.0)
        canvas.strands([ring + by(-0.04, -0.04)], [(150, 214, 250)], 0.07, 0.9)


def jacket(canvas: Canvas, look: Look) -> None:
    cloth, shirt = np.asarray(look.cloth, float), np.array([222, 214, 206.0])
    _woven(canvas, _body(look, 12.0, 5.8), cloth, 0.02)
    opening = [(-5.6, 11.8), (-4.4, 18), (-1.6, 27), (1.6, 27), (4.4, 18), (5.6, 11.8), (0, 13)]
    canvas.shape(opening, shirt, 0.06, 1.0, lambda x, y: _side_light(x, y) * 0.96)
    _show_skin(canvas, look, [(-4.5, 10.8), (-2.4, 15.2), (0, 19.2), (2.4, 15.2), (4.5, 10.8)])
    canvas.line([(0, 19.2), (0.05, 23), (0, 28)], 0.10, shirt * 0.72, 0.05, 0.7)
    for side in (-1, 1):
        leaf = np.array([(4.4, 10.3), (5.9, 12.2), (4.9, 17.2), (1.5, 18.9), (0.2, 17.6), (2.6, 14.0)]) * [side, 1]
        canvas.shape(leaf + by(0.05, 0.25), shirt * 0.45, 0.20, 0.45)
        canvas.shape(leaf, shirt * (1.06 if side < 0 else 0.90), 0.05, 1.0, lambda x, y: np.float32(1.0) + 0 * x * y)
        lapel = np.array(
            [(5.7, 12.0), (7.6, 14.0), (9.6, 19.2), (7.4, 20.4), (8.2, 21.4), (3.0, 31), (1.2, 31), (4.5, 18.0)]
        )
        canvas.shape(lapel * [side, 1] + by(0.1, 0.3), cloth * 0.4, 0.25, 0.6)
        canvas.shape(lapel * [side, 1], cloth * 1.18, 0.06, 1.0, _side_light)


_LOOKS: dict[str, Look] = {
    "mara": Look(
        Features(
            skin=(158, 186, 230), iris=(92, 122, 88), brow=(42, 58, 98), lips=(116, 114, 196),
            width=0.905, jaw=0.90, cheeks=1.0, chin=0.97, pointed=0.11, forehead=0.95,
            nose_width=0.86, nose_length=0.05,
            lip_width=1.12, lip_fullness=0.10, smile=0.26, eye_size=1.24, eye_opening=0.32, eye_tilt=0.10,
            brow_height=0.10, brow_arch=0.20, brow_width=0.36, lashes=0.15, freckles=150, seed=1,
        ),
        hair=(46, 78, 148), behind=drawn_hair.waves_behind, in_front=drawn_hair.waves_in_front,
        cloth=(112, 104, 44), dress=jumper, wall=((206, 204, 196), (128, 122, 112)),
        neck=3.9, shoulders=17.5, ears=0.0,
    ),
    "theo": Look(
        Features(
            skin=(132, 164, 210), iris=(122, 104, 84), brow=(52, 56, 62), lips=(118, 126, 182),
            width=0.94, jaw=1.15, cheeks=0.97, temples=0.97, chin=1.14,
            forehead=1.06, nose_width=1.14, nose_length=0.50,
            lip_width=1.08, lip_fullness=-0.10, smile=0.20, eye_size=1.10, eye_opening=0.22, eye_tilt=-0.06,
            brow_height=-0.16, brow_arch=0.10, brow_width=0.58, lashes=0.085, stubble=1.0, age=0.85, seed=2,
        ),
        hair=(54, 58, 64), behind=drawn_hair.short_behind, in_front=drawn_hair.short_in_front,
        cloth=(72, 52, 40), dress=jacket, wall=((176, 186, 192), (84, 92, 98)), neck=5.1, shoulders=20.5,
    ),
    "ines": Look(
        Features(
            skin=(74, 104, 158), iris=(36, 54, 92), brow=(20, 22, 30), lips=(80, 76, 146),
            width=0.97, jaw=1.03, cheeks=1.07, temples=1.02, chin=0.87, pointed=0.02, forehead=0.94, nose_width=1.24,
            nose_length=-0.25, lip_width=1.14, lip_fullness=0.30, smile=0.24, eye_size=1.28, eye_opening=0.32,
            eye_apart=0.10, eye_tilt=0.06, brow_height=0.16, brow_arch=0.14, brow_width=0.42, lashes=0.16, seed=3,
        ),
        hair=(34, 38, 52), behind=drawn_hair.curls_behind, in_front=drawn_hair.curls_in_front,
        cloth=(46, 136, 206), dress=_rollneck_and_hoops, wall=((196, 186, 176), (116, 100, 88)),
        neck=3.9, shoulders=17.0,
    ),
}  # fmt: skip

ACTORS = tuple(_LOOKS)

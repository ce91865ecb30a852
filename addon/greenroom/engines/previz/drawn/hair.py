# SPDX-License-Identifier: Apache-2.0
"""Hair of the drawn actors, strand by strand: waves, a short cut, curls."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from greenroom.engines.previz.drawn.canvas import Canvas, Colour, Floats, by, closed_curve, open_curve

__all__ = [
    "curls",
    "curls_behind",
    "curls_in_front",
    "short_behind",
    "short_in_front",
    "waves_behind",
    "waves_in_front",
]

Vectors = NDArray[np.float64]


def _lit(x: ArrayLike, y: ArrayLike) -> Floats:
    """Light on a round mass of hair: from the upper left, dark below and to the right."""
    x, y = np.asarray(x), np.asarray(y)
    glow = 0.30 * np.exp(-(((x + 3.5) / 6.0) ** 2) - ((y + 9.5) / 4.5) ** 2)
    return np.asarray(np.clip(0.92 + glow - 0.028 * x - 0.018 * y, 0.4, 1.5), np.float32)


def _mirrored(points: ArrayLike) -> Vectors:
    return np.asarray(points, float) * [-1, 1]


def _sweep(
    canvas: Canvas,
    guides: Sequence[ArrayLike],
    colour: Colour,
    count: int,
    seed: int,
    *,
    sheen: float = 0.35,
    wave: float = 0.0,
) -> None:
    """`count` strands between neighbouring `guides` (each the same number of points, root first), in three passes
    from dark to bright.
    """
    random = np.random.default_rng(seed)
    lines = np.stack([open_curve(guide, 36) for guide in guides])
    for tone, share, alpha, width in ((0.62, 0.40, 0.55, 0.075), (1.0, 0.40, 0.50, 0.05), (1.45, 0.20, 0.36, 0.04)):
        paths, colours = [], []
        for _ in range(int(count * share)):
            place = random.random() * (len(lines) - 1)
            k = min(int(place), len(lines) - 2)
            path = lines[k] * (1 - place + k) + lines[k + 1] * (place - k)
            first = int(random.integers(0, 16))
            last = int(random.integers(first + 10, 37))
            along = np.linspace(0, 1, 36)
            phase = random.normal(0, 0.5) + 2.0 * place
            path = path + random.normal(0, 0.07, 2)
            path[:, 0] += wave * np.sin(along * 15 + phase) * np.clip(along * 2.2 - 0.5, 0, 1)
            middle = path[(first + last) // 2]
            band = float(np.exp(-((along[(first + last) // 2] - 0.24) ** 2) / 0.018))
            bright = float(_lit(*middle)) * (1 + sheen * band)
            paths.append(path[first:last])
            colours.append(np.clip(np.asarray(colour, float) * tone * bright * (0.85 + 0.3 * random.random()), 0, 255))
        canvas.strands(paths, colours, width, alpha)


def _falls_on(canvas: Canvas, outline: Vectors, down: float, amount: float) -> None:
    """The shadow of `outline` on what lies beneath it."""
    shadow = outline + by(0.10, down)
    where = canvas.around(shadow, 1.0)
    canvas.pixels[where] *= 1 - amount * canvas.mask(shadow, 0.28, where)[..., None] * np.array(
        [1, 0.97, 0.88], np.float32
    )


# Mara: auburn waves to the shoulders, parted on the side.


def waves_behind(canvas: Canvas, colour: Colour) -> None:
    left = [(0, -12.2), (-5.4, -11.2), (-8.3, -7), (-9.0, -1), (-9.5, 4.5), (-9.7, 9.5), (-8.2, 13.0), (-5.2, 13.6)]
    right = [(5.0, 13.8), (8.1, 12.9), (9.6, 9.0), (9.2, 4), (8.9, -1), (8.2, -7), (5.4, -11.2)]
    canvas.shape(closed_curve(left + right), np.asarray(colour, float) * 0.50, 0.08, 1.0, _lit)
    guides = [
        [(0.8 + 1.6 * k, -11.4 + 0.5 * k), (5.4 + k, -6), (6.1 + 0.9 * k, 1), (5.0 + 1.25 * k, 8), (4.4 + k, 13.2)]
        for k in range(4)
    ]
    for lines in (guides, [_mirrored(guide) for guide in guides]):
        _sweep(canvas, lines, np.asarray(colour, float) * 0.72, 700, 11, wave=0.28)


def waves_in_front(canvas: Canvas, colour: Colour) -> None:
    """Two falls from a parting that runs from the crown (2.3, -12) forward to the hairline (2.3, -8.1)."""
    left = [
        [(2.3, -12.5), (-2.0, -12.9), (-6.6, -10.2), (-8.5, -4.4), (-9.0, 2.0), (-9.5, 7.5), (-8.6, 12.8)],
        [(2.3, -10.8), (-2.0, -11.0), (-6.2, -8.6), (-8.0, -3.6), (-8.5, 2.4), (-8.8, 7.5), (-7.7, 13.1)],
        [(2.3, -9.5), (-1.6, -9.6), (-5.6, -7.6), (-7.4, -3.2), (-7.9, 2.2), (-7.9, 7.0), (-6.6, 12.9)],
        [(2.3, -8.0), (-0.6, -8.2), (-4.5, -6.9), (-6.7, -3.9), (-7.3, 1.4), (-7.1, 6.0), (-5.8, 12.0)],
    ]
    right = [
        [(2.3, -12.5), (5.0, -12.0), (7.8, -9.0), (8.7, -3.6), (9.1, 2.0), (9.5, 7.5), (8.6, 12.8)],
        [(2.3, -10.8), (4.8, -10.4), (7.1, -7.8), (8.1, -3.2), (8.5, 2.2), (8.8, 7.5), (7.7, 13.1)],
        [(2.3, -9.5), (4.4, -9.0), (6.4, -6.9), (7.4, -2.8), (7.8, 2.2), (7.8, 7.0), (6.6, 12.8)],
        [(2.3, -8.0), (3.8, -7.6), (5.6, -6.2), (6.8, -3.0), (7.3, 1.4), (7.1, 6.0), (5.8, 11.8)],
    ]
    for guides, seed in ((right, 22), (left, 21)):
        outline = np.concatenate([open_curve(guides[0], 60), open_curve(guides[-1], 60)[::-1]])
        _falls_on(canvas, outline, 0.30, 0.30)
        canvas.shape(outline, np.asarray(colour, float) * 0.70, 0.08, 1.0, _lit)
        _sweep(canvas, guides, colour, 1900, seed, wave=0.22)
    parting = [(2.3, -11.9), (2.34, -10.0), (2.3, -8.1)]
    canvas.line(parting, [0.05, 0.12, 0.10], np.asarray(colour, float) * 0.42, 0.06, 0.7)


# Theo: short, greying, combed up and to the side, high at the temples.


_SHORT_OUTER = [(0, -12.3), (4.0, -11.9), (6.6, -10.0), (7.7, -6.8), (7.7, -4.0), (7.35, -2.2), (7.1, 0.2)]
_SHORT_INNER = [(6.75, 0.3), (6.7, -2.4), (6.45, -4.6), (5.9, -6.5), (5.3, -7.9), (2.8, -8.5), (0, -8.2)]


def short_behind(canvas: Canvas, colour: Colour) -> None:
    half = [(0, -11.8), (4.2, -11.2), (6.9, -8.6), (7.4, -4), (7.0, 1), (6.0, 3.0)]
    outline = closed_curve([*half, *(_mirrored(half)[::-1][:-1]).tolist()])
    canvas.shape(outline, np.asarray(colour, float) * 0.55, 0.12, 1.0, _lit)


def short_in_front(canvas: Canvas, colour: Colour, *, greying: float = 1.0) -> None:
    """`greying` 0: no grey hair among the others, whatever `colour` is."""
    outer = [*_mirrored(_SHORT_OUTER)[::-1].tolist(), *_SHORT_OUTER[1:]]
    inner = [*_SHORT_INNER, *_mirrored(_SHORT_INNER)[::-1][1:].tolist()]
    outline = np.concatenate([open_curve(outer, 90), open_curve(inner, 90)])
    _falls_on(canvas, outline, 0.22, 0.22)
    canvas.shape(outline, np.asarray(colour, float) * 0.74, 0.16, 1.0, _lit)
    random = np.random.default_rng(31)
    rim, root = open_curve(outer, 200), open_curve(inner[::-1], 200)
    for tone, count, alpha, width in ((0.5, 1500, 0.5, 0.06), (1.0, 1500, 0.5, 0.05), (1.7, 800, 0.42, 0.04)):
        paths, colours = [], []
        for _ in range(count):
            k = int(random.integers(0, 200))
            depth = random.random() ** 0.8 * 1.04
            start = root[k] * (1 - depth) + rim[k] * depth
            out = rim[k] - root[k]
            out = out / (np.linalg.norm(out) + 1e-6)
            top = 1 - min(1.0, abs(float(start[0])) / 7)
            lean = out * 0.55 + np.array([-0.55 * top, -0.10]) + random.normal(0, 0.12, 2)
            end = start + lean * (0.55 + 0.75 * top)
            grey = random.random() < greying * (0.30 + 0.5 * (abs(float(start[0])) > 5.6))
            base = np.array([172, 174, 176.0]) * 0.72 if grey else np.asarray(colour, float)
            bright = float(_lit(*start))
            paths.append(np.stack([start, (start + end) / 2 + out * 0.08, end]))
            colours.append(np.clip(base * tone * bright * (0.85 + 0.3 * random.random()), 0, 235))
        canvas.strands(paths, colours, width, alpha)


# Ines: a round crown of small curls.


def curls_behind(canvas: Canvas, colour: Colour) -> None:
    canvas.shape(_crown(0.985), np.asarray(colour, float) * 0.62, 0.14, 1.0, _lit)
    curls(canvas, _crown(1.0), colour, 6500, 41, grown=0.30)


def curls_in_front(canvas: Canvas, colour: Colour) -> None:
    hairline = [(6.95, -0.6), (7.0, -3.0), (6.2, -5.4), (4.6, -6.9), (2.4, -7.7), (0, -7.9)]
    rim = [(0, -11.6), (4.6, -11.2), (7.8, -8.4), (9.0, -4.6), (8.9, -1.2)]
    inner = [*hairline, *_mirrored(hairline)[::-1][1:].tolist()]
    outer = [*_mirrored(rim)[::-1].tolist(), *rim[1:]]
    outline = np.concatenate([open_curve(outer, 90), open_curve(inner, 90)])
    _falls_on(canvas, outline, 0.32, 0.30)
    canvas.shape(outline, np.asarray(colour, float) * 0.66, 0.30, 1.0, _lit)
    curls(canvas, outline, colour, 4200, 42, grown=0.14)


def _crown(size: float) -> Vectors:
    half = [(0, -13.9), (4.6, -13.4), (8.6, -10.8), (10.6, -6.6), (10.9, -2.0), (9.9, 2.2), (7.6, 4.6), (4.5, 5.2)]
    return closed_curve([*half, *_mirrored(half)[::-1][:-1].tolist()]) * size


def curls(canvas: Canvas, outline: Vectors, colour: Colour, count: int, seed: int, *, grown: float) -> None:
    """Small curls scattered over `outline`, some reaching `grown` cm past it, dark ones under bright ones."""
    random = np.random.default_rng(seed)
    low, high = outline.min(0) - grown, outline.max(0) + grown
    inside = outline.astype(np.float32)
    turn = np.linspace(0, 1, 14)
    for tone, share, alpha, width in ((0.45, 0.35, 0.70, 0.10), (0.95, 0.40, 0.55, 0.06), (1.7, 0.25, 0.42, 0.04)):
        paths: list[Vectors] = []
        colours: list[Vectors] = []
        while len(paths) < count * share:
            at = random.uniform(low, high)
            if cv2.pointPolygonTest(inside, (float(at[0]), float(at[1])), True) < -grown * random.random():
                continue
            radius, start = random.uniform(0.10, 0.34), random.uniform(0, 2 * np.pi)
            angle = start + random.uniform(2.0, 7.5) * turn * random.choice([-1, 1])
            curl = np.stack([np.cos(angle), 0.85 * np.sin(angle)], 1) * (radius * (1 - 0.55 * turn))[:, None]
            paths.append(at + curl)
            bright = float(_lit(*at))
            colours.append(np.clip(np.asarray(colour, float) * tone * bright * random.uniform(0.8, 1.2), 0, 255))
        canvas.strands(paths, colours, width, alpha)

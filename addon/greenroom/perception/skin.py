# SPDX-License-Identifier: Apache-2.0
"""What of a tracked face is face, and what is something in front of it.

The model keeps what the face looks like, place by place, in a flat chart of it (unwrap.py), and compares each frame
with that after taking out the light, which may drift over the face and change from frame to frame. So lips, brows,
eyes, a beard or glasses that belong to the face are part of it, and a hand before the mouth is told by the lips that
it hides. Only then are colours asked: what looks like this person's skin somewhere may do so elsewhere (a brow is
raised, an eye closes).

A hand of the skin's own tone is told by the lips and brows that turn to skin in one piece: its colour is then known,
and how far it reaches follows from comparing both explanations place by place.

What it can't tell, or only in part:
- A hand of the very same tone that lies on cheek or forehead alone, without a shadow: it is taken for face. Of a bar
  of such a tone that crosses the whole face 2 to 7 of 10 pixels are seen, most of them while it is well before lips or
  brows; none where lips and brows hardly differ from it (Ines, tanned bar). Other tones are seen anywhere.
- What is there in the first frame of a shot over mouth, chin or eyes, on both sides of the face: it could be a beard,
  a moustache, sunglasses. On one side only, or over forehead, nose or cheeks, it is seen.
- Hair over forehead and temples is never face, nor is the far cheek of a turned head, where nothing is known.
- A hard shadow as dark as an object counts as an object: the plate wins there, which is the lesser fault.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.perception import mesh
from greenroom.perception.edges import guided
from greenroom.perception.unwrap import SIDE, chart, spread

__all__ = ["SkinModel"]

Floats = NDArray[np.float64]
Map = NDArray[np.float32]
Mask = NDArray[np.bool_]
Picture = NDArray[np.uint8]

# Work is done where the face is this wide, so that a texel of the chart is about a pixel.
_WIDTH = 96.0
_REACH = 1.5  # pixels at that size
_EDGES = 0.05  # radius of the guided filter's windows, in face widths
_SIDE = 200  # pixels of the region's longer side at which that is worked out
_RIM = 5.0  # texels that mouth and eyes look around: with less, a lip stretched thin and dark would decide
_SPECK = 5  # texels; what is smaller in front of a face isn't told from a glint or a fold
_FEATURE = 7  # texels that lips, eyes and brows are wider than their landmarks: liner, lashes, movement
_HOLE = 7  # texels: mouth and eyes reach three beyond their line, where lips part over the dark and lashes move
_LOPSIDED = 5  # texels that a face's halves may differ
_THING = 25  # texels of bare skin that a thing over an eye hides as well
_ALIKE_SIDES = 0.7  # of glasses or a fringe lie on both sides
_MOUSTACHE = 8  # texels above the lips
_BROWS = (mesh.RIGHT_BROW, mesh.LEFT_BROW)
_HOLES = (mesh.LIPS_INNER_OUTLINE, mesh.RIGHT_EYE_OUTLINE, mesh.LEFT_EYE_OUTLINE)
# How far, in levels of Lab (L 0..100, a and b in their own), a place may be off its expected look: lightness moves
# with expressions, shadows and the turn of the head, colour hardly.
_SPREAD = np.array([6.0, 3.0, 3.0])
_CONTRAST = 0.8  # how much of the look's own contrast around a place is added: landmarks are some tenths of a texel off
_ALIKE, _UNLIKE = 2.2, 3.4  # distances in spreads from which a place begins to count as something else, and surely does
_LEARNT = 0.04  # how much of a frame goes into the expected look where it agrees: a second or so is remembered
_SKIN_SPREAD = np.array([8.0, 3.0, 3.0])  # at least; drawn faces are more even than any light on them
_STIFF = 20.0  # what a slope of the light costs: as much as that many texels that disagree
_HAND_STAYS = 8  # frames for which it is still looked for after that
_GONE = 8  # texels of lips or brows that have to be gone before a hand of the skin's own tone is looked for
_HAND_SPREAD = np.array([5.0, 2.0, 2.0])
_AGREES = 0.25  # of the face must agree with the light as it was, or it is taken to have changed at once


@dataclass(frozen=True, eq=False)
class _Zones:
    """Of the chart's texels: what lies above a moustache, what of that is bare skin on anyone, what is a hole (mouth,
    eyes), and each one's counterpart on the other half of the face."""

    upper: Mask
    bare: Mask
    holes: Mask
    mirror: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class _Skin:
    """The skin's colour as one cloud: median (3,) and the inverse of its covariance (3, 3)."""

    middle: Floats
    inverse: Floats

    @classmethod
    def of(cls, colours: Floats) -> _Skin:
        """From colours (n, 3), up to half of which may be something else."""
        kept = colours
        for _ in range(4):
            middle = np.median(kept, axis=0)
            away = np.linalg.norm((colours - middle) / _SKIN_SPREAD, axis=1)
            kept = colours[away <= max(2.5, float(np.quantile(away, 0.5)))]
        covariance = np.cov(kept.T) + np.diag((_SKIN_SPREAD / 2) ** 2)
        return cls(np.median(kept, axis=0).astype(np.float64), np.linalg.inv(covariance).astype(np.float64))

    def alike(self, colours: Floats) -> Floats:
        """(n,) 0..1 of colours (n, 3)."""
        off = colours - self.middle
        return _falling(np.sqrt(np.einsum("ij,jk,ik->i", off, self.inverse, off)))


class SkinModel:
    """One person in one shot: `of` its first frame, then `update` with every other one; for one thread at a time."""

    def __init__(self, look: Floats, seen: Mask) -> None:
        zones = _zones()
        sample = zones.bare & seen
        self._skin = _Skin.of(look[sample if sample.any() else slice(None)])
        self._look = look
        self._light = np.zeros((6, 3))
        self._hand: Floats | None = None  # the colour of a hand of the skin's own tone, if one is before the face
        self._unseen = 0  # for how many frames nothing has told of it
        self._known = _plausible(self._skin.alike(look) > 0.5)
        self._points: Floats = np.zeros((478, 3))
        self._shown = seen
        self._alike = np.ones(len(look))

    @classmethod
    def of(cls, bgr: Picture, points: Floats) -> SkinModel:
        """From a picture (h, w, 3) and landmarks (478, 3) in its pixels; needs no `update` with the same."""
        model = cls(*_read(bgr, points))
        model.update(bgr, points)
        return model

    def update(self, bgr: Picture, points: Floats) -> None:
        """The next frame: where the face is now, and what of it shows. 5 ms, whatever the picture's size."""
        colours, self._shown = _read(bgr, points)
        self._points = np.asarray(points, np.float64)
        spread_ = _contrast(self._look) * _CONTRAST + _SPREAD
        self._light = self._fitted(colours, spread_)
        plain = colours - _waves() @ self._light
        as_ever = _falling(np.linalg.norm((plain - self._look) / spread_, axis=1)) * self._known
        skin = self._skin.alike(plain)
        # Where the look is skin, it says more than the cloud: there only the look counts.
        bare = self._known & (self._skin.alike(self._look) > 0.5)
        alike = np.where(bare, as_ever, np.maximum(as_ever, skin))
        alike *= 1 - self._hidden(colours, plain, spread_, as_ever, skin)
        self._alike = _settled(alike * self._shown, self._shown)
        self._learn(plain, skin > 0.5)

    def likelihood(self, region: Picture, origin: tuple[int, int]) -> Map:
        """(h, w) float32, 0..1, for a region of the frame last updated with, whose left top pixel is `origin` (x, y).

        1: this person's skin or features, as far as the face reaches; 0: something in front. Beyond the face's outline
        it goes on as at the nearest place of the face, so that an edge may be feathered.
        """
        height, width = region.shape[:2]
        if not region.size:
            return np.zeros((height, width), np.float32)
        scale = min(1.0, _scale(self._points))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        by = np.array([size[0] / width, size[1] / height])
        places = (chart().places(self._points) - origin + 0.5) * by - 0.5
        rough = spread(places[self._shown], self._alike[self._shown, None].astype(np.float32), size, _REACH)[..., 0]
        fine = guided(region, rough, radius=_EDGES * _WIDTH / max(size), side=_SIDE)
        return np.clip((fine - 0.1) / 0.8, 0, 1, out=fine)

    def _fitted(self, colours: Floats, spread_: Floats) -> Floats:
        """The light of this frame against the look: a smooth field over the face, (6, 3) in _waves()."""
        usable = self._known & self._shown & ~_zones().holes
        off, waves, width = (colours - self._look)[usable], _waves()[usable], spread_[usable]
        light = self._light
        if len(off) < 50:
            return light
        if _agreeing(off - waves @ light, width).mean() < _AGREES:
            light = np.zeros((6, 3))
            light[0] = np.median(off, axis=0)
        for _ in range(3):
            weight = _agreeing(off - waves @ light, width)
            normal = (waves * weight[:, None]).T @ waves + np.diag([1e-3, *[_STIFF] * 5])
            light = np.linalg.solve(normal, (waves * weight[:, None]).T @ off).astype(np.float64)
        return light

    def _hidden(self, colours: Floats, plain: Floats, spread_: Floats, as_ever: Floats, skin: Floats) -> Floats:
        """(n,) 0..1: what something of the skin's own tone hides, as told by features that are gone.

        Lips and brows that turn to skin in one piece are behind something; its colour is then known, and tells how far
        it reaches.
        """
        places, zones = chart(), _zones()
        distinct = self._known & self._shown & ~zones.holes & (self._skin.alike(self._look) < 0.2)
        replaced = places.square((distinct & (as_ever < 0.2) & (skin > 0.5)).astype(np.float32))
        in_one_piece = cv2.morphologyEx(replaced, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        gone = in_one_piece[places.rows, places.columns] > 0
        if gone.sum() >= _GONE:
            self._hand, self._unseen = np.median(colours[gone], axis=0), 0
        hand, self._unseen = self._hand, self._unseen + 1
        if hand is None or self._unseen > _HAND_STAYS:
            return np.zeros(len(gone))
        for_face = (((plain - self._look) / spread_) ** 2).sum(axis=1)
        for_hand = (((colours - hand) / _HAND_SPREAD) ** 2).sum(axis=1)
        sides = np.stack([np.clip(for_face - for_hand, -8, 8) * self._shown, self._shown], axis=1)
        soft = cv2.GaussianBlur(places.square(sides.astype(np.float32)), (0, 0), 2.0)
        ratio = (soft[..., 0] / np.maximum(soft[..., 1], 1e-6))[places.rows, places.columns]
        return np.clip(ratio + 0.5, 0, 1)

    def _learn(self, plain: Floats, skin: Mask) -> None:
        """What agrees is remembered a little; what was hidden from the start is believed once it looks like a face."""
        agrees = (self._alike > 0.8) & self._shown
        self._look = np.where(agrees[:, None], self._look + _LEARNT * (plain - self._look), self._look)
        bared = ~self._known & self._shown
        if bared.any():
            bared &= _plausible(skin)
            self._look[bared] = plain[bared]
            self._known = self._known | bared


def _agreeing(off: Floats, width: Floats) -> Floats:
    """(n,) weights, 1 for what fits, almost nothing for what is several spreads off."""
    return np.asarray((1 + ((off / width) ** 2).sum(axis=1)) ** -2, np.float64)


def _falling(away: Floats) -> Floats:
    """1 up to _ALIKE, 0 from _UNLIKE on, smooth between."""
    part = np.clip((_UNLIKE - away) / (_UNLIKE - _ALIKE), 0, 1)
    return np.asarray(part * part * (3 - 2 * part), np.float64)


def _plausible(skin: Mask) -> Mask:
    """Which places of a first frame to believe: what has to be skin and isn't is hair, a hat or an object; anything
    else may be an eye, a beard or glasses, if the other half of the face has it too, more or less at the same place."""
    places, zones = chart(), _zones()
    other = cv2.dilate(places.square((~skin).astype(np.float32)), np.ones((_LOPSIDED, _LOPSIDED), np.uint8))
    both = other[places.rows, places.columns][zones.mirror] > 0
    believed = skin | (~zones.bare & both)
    # A thing that lies over an eye reaches beyond it, on that side alone.
    upper = ~skin & zones.upper
    _, pieces = cv2.connectedComponents(places.square(upper.astype(np.float32)).astype(np.uint8))
    for piece in range(1, int(np.max(pieces)) + 1):
        inside = pieces[places.rows, places.columns] == piece
        if (inside & zones.bare).sum() > _THING and both[inside].mean() < _ALIKE_SIDES:
            believed &= ~inside
    return believed


def _settled(alike: Floats, shown: Mask) -> Floats:
    """Without specks, and with mouth and eyes, which look different all the time, as their rims are."""
    places = chart()
    outer = shown & ~_zones().holes
    planes = places.square(np.stack([alike * outer, outer], axis=1).astype(np.float32))
    soft = cv2.GaussianBlur(planes, (0, 0), _RIM)
    around = np.clip(2 * soft[..., 0] / np.maximum(soft[..., 1], 1e-6) - 0.5, 0, 1)
    square = np.where(planes[..., 1] > 0, planes[..., 0], around)
    kernel = np.ones((_SPECK, _SPECK), np.uint8)
    square = cv2.morphologyEx(square.astype(np.float32), cv2.MORPH_CLOSE, kernel)
    square = cv2.morphologyEx(square, cv2.MORPH_OPEN, kernel)
    return np.asarray(square[places.rows, places.columns], np.float64)


def _contrast(look: Floats) -> Floats:
    """(n, 3): the standard deviation of the look in 3 x 3 texels."""
    places = chart()
    ones = np.ones((len(look), 1))
    squares = places.square(np.hstack([ones, look, look**2]).astype(np.float32))
    sums = cv2.blur(squares[..., :4], (3, 3)), cv2.blur(squares[..., 4:], (3, 3))
    count = np.maximum(sums[0][..., :1], 1e-6)
    variance = sums[1] / count - (sums[0][..., 1:] / count) ** 2
    return np.sqrt(np.maximum(variance, 0))[places.rows, places.columns].astype(np.float64)


def _read(bgr: Picture, points: Floats) -> tuple[Floats, Mask]:
    """Lab (n, 3) of the chart's places in a picture, and which of them it shows."""
    places = chart().places(np.asarray(points, np.float64))
    height, width = bgr.shape[:2]
    inside = ((places > -0.5) & (places < (width - 0.5, height - 0.5))).all(axis=1)
    low, high = np.floor(places.min(axis=0)).astype(int) - 4, np.ceil(places.max(axis=0)).astype(int) + 5
    left, top = np.clip(low, 0, (width - 1, height - 1))
    right, bottom = np.clip(high, (left + 1, top + 1), (width, height))
    part = bgr[top:bottom, left:right]
    scale = min(1.0, _scale(points))
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_BGR2Lab)
    at = (places - (left, top) + 0.5) * (size[0] / part.shape[1], size[1] / part.shape[0]) - 0.5
    x, y = (np.ascontiguousarray(at[:, axis, None], np.float32) for axis in (0, 1))
    colours = cv2.remap(lab, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return colours[:, 0].astype(np.float64), inside & chart().facing(points)


def _scale(points: Floats) -> float:
    return _WIDTH / max(float(np.ptp(points[:, 0])), float(np.ptp(points[:, 1])) * 0.75, 1.0)


@functools.cache
def _waves() -> Floats:
    """(n, 6): constant, slopes and curves over the chart, -1..1."""
    u, v = (2 * at / (SIDE - 1) - 1 for at in (chart().columns, chart().rows))
    return np.stack([np.ones(len(u)), u, v, u * v, u * u, v * v], axis=1)


@functools.cache
def _zones() -> _Zones:
    places = chart()
    features = [mesh.LIPS_OUTER_OUTLINE, mesh.RIGHT_EYE_OUTLINE, mesh.LEFT_EYE_OUTLINE, *map(_ring, _BROWS)]
    drawn = np.zeros(len(places.rows), np.float32)
    for outline in features:
        drawn[places.within(outline)] = 1
    wide = cv2.dilate(places.square(drawn), np.ones((_FEATURE, _FEATURE), np.uint8))[places.rows, places.columns] > 0
    hollow = np.any([places.within(line) for line in _HOLES], axis=0).astype(np.float32)
    holes = cv2.dilate(places.square(hollow), np.ones((_HOLE, _HOLE), np.uint8))[places.rows, places.columns] > 0
    mouth_line = np.min(places.rows[places.within(mesh.LIPS_OUTER_OUTLINE)])
    numbers = np.full((SIDE, SIDE), -1)
    numbers[places.rows, places.columns] = np.arange(len(places.rows))
    mirror = numbers[places.rows, SIDE - 1 - places.columns]
    mirror = np.where(mirror < 0, np.arange(len(places.rows)), mirror)
    # Beards begin above the mouth; forehead, nose and upper cheeks are bare on anyone.
    upper = places.rows < mouth_line - _MOUSTACHE
    return _Zones(upper, upper & ~wide, holes, mirror)


def _ring(brow: mesh.Indices) -> mesh.Indices:
    """A brow's upper and lower edge as one closed line."""
    return brow[:5] + brow[:4:-1]

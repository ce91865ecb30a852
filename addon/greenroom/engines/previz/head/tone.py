# SPDX-License-Identifier: Apache-2.0
"""The stand-in's light on the actor's head: tone and brightness of the skin, and from which side the light comes.

Skin is compared at the mesh's own vertices, so that cheek is held against cheek. All of the head gets one factor a
channel and one slope, both steadied over time: hair that has no like in the plate is lit along with the face.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.compositing.composite import Light
from greenroom.engines.previz.puppet.warp import Box
from greenroom.perception import mesh
from greenroom.perception.pose import Pose

__all__ = ["Sharpness", "Tone", "scene_light"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
Vectors = NDArray[np.float64]

_TAKEN = 0.5  # of the difference in a and b: the rest is the actor's own tone
_LIGHT_TAKEN = (0.4, 0.85)  # of the difference in L: at least, and where all of the scene differs as much
_KEY = 70.0  # percentile of L that stands for a scene's light
_GAINS = (0.25, 3.0)
_STEADY = 0.92  # kept from frame to frame: light on a face changes over half a second, noise from frame to frame
_SLOPE = 0.075  # the most that brightness may change a centimetre, as a logarithm
_SLOPE_TAKEN = 0.7
_REACH = 9.0  # cm from the face's middle, beyond which the slope levels out

_PROBES = (0.8, 2.0)  # px: the two blurs that edges are looked at through
_LOOK_EVERY, _SHARPNESS_NEW = 6, 0.25  # frames between two looks; share of the new one
_SOFTEST, _UNSEEN = 3.5, 0.3  # px


class Tone:
    """Of one shot."""

    def __init__(self, scene: float) -> None:
        """`scene` is how much lighter the plate's scene is than the portrait's, in L: see `scene_light`."""
        self._scene = scene
        self._lab: Vectors | None = None
        self._slope = np.zeros(2)

    def look(self, plate: Picture, seen: Vectors, drawn: Picture, face: Vectors, region: Box) -> None:
        """Compare the `plate` (whole frame, landmarks `seen`) with the actor `drawn` in `region`, vertices `face`."""
        skin = _skin()
        there, here = _sampled(plate, seen[skin]), _sampled(drawn, face[skin] - [*region.origin, 0])
        usable = (there[:, 0] >= 0) & (here[:, 0] >= 0)
        if usable.sum() < 20:
            return
        there, here, places = there[usable], here[usable], mesh.canonical().vertices[skin][usable, :2]
        new = np.stack([np.median(there, 0), np.median(here, 0)])
        slope = _SLOPE_TAKEN * (_slope(there[:, 0], places) - _slope(here[:, 0], places))
        slope = np.clip(slope, -_SLOPE, _SLOPE)
        first = self._lab is None
        self._lab = new if self._lab is None else _STEADY * self._lab + (1 - _STEADY) * new
        self._slope = slope if first else _STEADY * self._slope + (1 - _STEADY) * slope

    def _lit(self, there: Vectors, here: Vectors) -> Vectors:
        """The actor's skin in the plate: skin that is darker because the light is, not because the stand-in's is."""
        off = there - here
        agrees = self._scene / off[0] if abs(off[0]) > 1 else 1.0
        return np.asarray(here + off * [np.clip(agrees, *_LIGHT_TAKEN), _TAKEN, _TAKEN])

    @property
    def difference(self) -> float:
        """How far the two skins lie apart, in Lab."""
        return 0.0 if self._lab is None else float(np.linalg.norm(self._lab[0] - self._lab[1]))

    @property
    def skins(self) -> tuple[Vectors, Vectors]:
        """The stand-in's skin, and the actor's in the plate's light, BGR."""
        if self._lab is None:
            return np.full(3, 128.0), np.full(3, 128.0)
        there, here = self._lab
        return _to_bgr(there), _to_bgr(self._lit(there, here))

    def on(self, drawn: Picture, skull: Pose, region: Box) -> Picture:
        """`drawn` (the pixels of `region`) in the plate's light."""
        if self._lab is None:
            return drawn
        there, here = self._lab
        wanted, own = _to_bgr(self._lit(there, here)), _to_bgr(here)
        blue, green, red = (float(value) for value in np.clip(wanted / np.maximum(own, 4), *_GAINS))
        return self._sloped(Light((blue, green, red)).on(drawn), skull, region)

    def _sloped(self, drawn: Picture, skull: Pose, region: Box) -> Picture:
        along = self._slope @ skull.rotation[:2, :2].T / skull.scale  # a pixel, in the picture's axes
        if np.abs(along).max() * max(region.width, region.height) < 0.01:
            return drawn
        cell = 8
        columns, rows = -(-region.width // cell), -(-region.height // cell)
        x = region.left + cell * (np.arange(columns) + 0.5) - skull.translation[0]
        y = region.top + cell * (np.arange(rows) + 0.5) - skull.translation[1]
        reach = _REACH * skull.scale * max(1e-9, float(np.linalg.norm(along)))
        field = np.exp(reach * np.tanh((along[0] * x[None, :] + along[1] * y[:, None]) / reach)).astype(np.float32)
        whole = cv2.resize(field, (columns * cell, rows * cell), interpolation=cv2.INTER_LINEAR)
        whole = np.ascontiguousarray(whole[: region.height, : region.width])
        return np.asarray(cv2.multiply(drawn, cv2.merge([whole, whole, whole]), dtype=cv2.CV_8U), np.uint8)


def scene_light(picture: Picture, box: Box) -> float:
    """L, 0 to 100, of the lighter parts of what is in `box`: background, clothes and skin together."""
    part = picture[box.within(Box.of(picture))]
    step = max(1, min(part.shape[:2]) // 64)
    lab = cv2.cvtColor(np.ascontiguousarray(part[::step, ::step]), cv2.COLOR_BGR2LAB)
    return float(np.percentile(lab[..., 0], _KEY)) / 2.55


def _skin() -> NDArray[np.intp]:
    """Vertices that are bare skin on most faces: cheeks, nose, between the brows. No beard, no fringe."""
    points = mesh.canonical().vertices
    features = [*mesh.RIGHT_EYE_OUTLINE, *mesh.LEFT_EYE_OUTLINE, *mesh.RIGHT_BROW, *mesh.LEFT_BROW]
    clear = np.linalg.norm(points[:, None, :2] - points[None, features, :2], axis=2).min(1) > 0.55
    nostrils = np.max(points[[2, 98, 327], 1])
    bare = clear & (points[:, 1] < nostrils) & (points[:, 1] > points[10, 1] + 3.0)
    bare[list(mesh.FACE_OVAL)] = False
    return np.flatnonzero(bare)


def _sampled(picture: Picture, points: Vectors) -> Vectors:
    """Lab (n, 3) of a few pixels around each of `points`; -1 outside of the picture."""
    at = np.round(points[:, :2]).astype(int)
    height, width = picture.shape[:2]
    inside = (at >= 1).all(1) & (at[:, 0] < width - 1) & (at[:, 1] < height - 1)
    at = np.where(inside[:, None], at, 1)
    total = np.zeros((len(at), 3))
    for across in (-1, 0, 1):
        for down in (-1, 0, 1):
            total += picture[at[:, 1] + down, at[:, 0] + across]
    lab = cv2.cvtColor((total / 9).astype(np.float32)[None] / 255, cv2.COLOR_BGR2LAB)[0]
    return np.where(inside[:, None], lab, -1)


def _slope(light: Vectors, places: Vectors) -> Vectors:
    """How the logarithm of L changes a centimetre across and down."""
    known = np.column_stack([places, np.ones(len(places))])
    logs = np.log(np.maximum(light, 3.0))
    near = np.abs(logs - np.median(logs)) < 0.5  # highlights, spectacles, a strand of hair
    if near.sum() < 12:
        return np.zeros(2)
    return np.asarray(np.linalg.lstsq(known[near], logs[near], rcond=None)[0][:2])


def _to_bgr(lab: Vectors) -> Vectors:
    pixel = np.asarray(lab, np.float32)[None, None]
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_LAB2BGR)[0, 0] * 255, float)


class Sharpness:
    """How soft the plate's edges are against the actor's, of one shot.

    Only edges are compared, since skin and hair differ in detail: blurred by `s`, an edge's steepness after another
    blur of `b` goes with 1 / sqrt(s^2 + b^2), so two blurs tell `s`, whatever the edge's height.
    """

    def __init__(self) -> None:
        self._blur: float | None = None
        self._looked = 0

    def next_is_due(self) -> bool:
        """Whether the next frame, for which this is asked once, is to be looked at."""
        self._looked += 1
        return self._blur is None or self._looked % _LOOK_EVERY == 0

    def look(self, plate: Picture, drawn: Picture, inside: Layer) -> None:
        """Compare the plate's region with the head drawn for it, both (h, w, 3), where `inside` (h, w) is 1."""
        wanted, own = _edge_blur(plate, inside), _edge_blur(drawn, inside)
        blur = min(_SOFTEST, float(np.sqrt(max(0.0, wanted**2 - own**2))))
        self._blur = blur if self._blur is None else self._blur + _SHARPNESS_NEW * (blur - self._blur)

    @property
    def blur(self) -> float:
        """Sigma in pixels that makes the actor as soft as the plate."""
        return self._blur or 0.0

    def match(self, drawn: Picture) -> Picture:
        if self.blur < _UNSEEN:
            return drawn
        return np.asarray(cv2.GaussianBlur(drawn, (0, 0), self.blur), np.uint8)


def _edge_blur(picture: Picture, inside: Layer) -> float:
    """The blur (sigma, pixels) of the steepest edges."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    steep = []
    for sigma in _PROBES:
        soft = cv2.GaussianBlur(grey, (0, 0), sigma)
        steep.append(cv2.magnitude(cv2.Scharr(soft, cv2.CV_32F, 1, 0), cv2.Scharr(soft, cv2.CV_32F, 0, 1)))
    pixels = inside > 0.5
    if pixels.sum() < 200:
        return 0.0
    fine, coarse = steep[0][pixels], steep[1][pixels]
    edges = coarse >= np.percentile(coarse, 92)
    ratio = float(np.median((fine[edges] / np.maximum(coarse[edges], 1e-3)) ** 2))
    low, high = _PROBES[0] ** 2, _PROBES[1] ** 2
    return float(np.sqrt(max(0.0, (high - low * ratio) / max(ratio - 1, 0.05))))

# SPDX-License-Identifier: Apache-2.0
"""The actor's head cut out of the portrait: face, hair, ears and hat; not neck, not clothes.

The person's matte tells the actor from the background; a graph cut with colours learnt above the eyes (hair) and under
the chin (neck, clothes) tells the head from the rest, so that long hair stays on beside the neck.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet.expression import smoothstep
from greenroom.engines.previz.puppet.warp import Box
from greenroom.perception import mesh

__all__ = ["CutHead", "cut_head"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
Vectors = NDArray[np.float64]
MatteOf = Callable[[Picture, Box], Layer]
"""The person's matte (h, w) of a picture, which need only be right inside the box."""

_WORK = 240  # pixels of face width at which the cut is made: finer, hair is noise to a graph cut
_LOWEST = 0.8  # face widths below the chin that hair may hang
_ROUNDS = 4  # of the graph cut; it has settled by then
_COARSE = 100  # pixels of face width; from twice as many on it is made at half the size first
_UNSETTLED = 3  # coarse pixels beside that cut's edge, where it is made again at the full size
_RIM = 0.035  # of the face's width, to both sides of the cut, in which single hairs may lie
_OVAL = list(mesh.FACE_OVAL)
_CHIN, _RIGHT, _LEFT = 152, 234, 454
_CHEEKS = (50, 280, 101, 330, 36, 266, 117, 346)


@dataclass(frozen=True, eq=False)
class CutHead:
    """A portrait (h, w, 3) at the size it is used in, its landmarks in pixels, and the head's alpha (h, w), 0 to 1.

    `whole` is False where the picture's edge cuts the head off.
    """

    picture: Picture
    points: Vectors
    alpha: Layer
    whole: bool


def cut_head(portrait: Picture, points: Vectors, matte_of: MatteOf, face_width: float) -> CutHead:
    """The head of `portrait`, landmarks (478, 3), made `face_width` pixels wide (twice its own width at most)."""
    picture, found = _resized(portrait, points, min(face_width, 2 * _width(points)))
    small, seen = _resized(picture, found, min(_WORK, _width(found)))
    where = _Where(small, seen)
    person = matte_of(small, where.near)
    head = _graph_cut(small, where, _seeds(where, person))
    hair = _hair(small, where, head, person) * _jaw_line(small, seen, where, head)
    alpha = _softened(picture, _closed(hair, head, where.width), _width(found))
    return CutHead(picture, found, alpha, _touches_no_edge(head))


def _resized(picture: Picture, points: Vectors, face_width: float) -> tuple[Picture, Vectors]:
    factor = face_width / _width(points)
    size = (max(8, round(picture.shape[1] * factor)), max(8, round(picture.shape[0] * factor)))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scale = np.array([size[0] / picture.shape[1], size[1] / picture.shape[0], factor])
    moved = points * scale
    moved[:, :2] += scale[:2] / 2 - 0.5  # centres of pixels lie at half numbers
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8), moved


def _width(points: Vectors) -> float:
    return float(np.linalg.norm(points[_RIGHT, :2] - points[_LEFT, :2]))


class _Where:
    """Each pixel's place on the head, in face widths: `down` from the chin, `aside` from the face's middle."""

    def __init__(self, picture: Picture, points: Vectors) -> None:
        self.width = _width(points)
        across = (points[_LEFT, :2] - points[_RIGHT, :2]) / self.width
        below = np.array([-across[1], across[0]])
        self.middle = points[_OVAL, :2].mean(0)
        reach = 1.6 * self.width
        corners = np.stack([self.middle - reach, self.middle + reach * np.array([1, 1.1])])
        self.near = Box.around(corners, 0, Box.of(picture))
        x = np.arange(picture.shape[1], dtype=np.float32)[None, :]
        y = np.arange(picture.shape[0], dtype=np.float32)[:, None]
        chin = points[_CHIN, :2]
        self.down: Vectors = ((x - chin[0]) * below[0] + (y - chin[1]) * below[1]) / self.width
        self.aside: Vectors = np.abs((x - self.middle[0]) * across[0] + (y - self.middle[1]) * across[1]) / self.width
        self.eyes = float((points[[33, 263], :2].mean(0) - chin) @ below / self.width)
        oval = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(oval, [np.round(points[_OVAL, :2]).astype(np.int32)], 1)
        self.oval = oval > 0
        self.face = cv2.erode(oval, np.ones((5, 5), np.uint8)) > 0


def _seeds(where: _Where, person: Layer) -> Picture:
    """What is surely head or surely not, and what each other pixel more likely is."""
    below = where.down > 0.02
    seeds = np.full(person.shape, cv2.GC_PR_BGD, np.uint8)
    seeds[person > 0.5] = cv2.GC_PR_FGD
    seeds[below & (where.aside < 0.5) & ~where.oval] = cv2.GC_PR_BGD
    seeds[below & (where.aside < 0.3) & ~where.oval] = cv2.GC_BGD
    seeds[(where.down > _LOWEST) | ((where.down > 0.1) & (where.aside > 0.95)) | (person < 0.04)] = cv2.GC_BGD
    seeds[(person > 0.97) & (where.down < where.eyes)] = cv2.GC_FGD
    seeds[where.face] = cv2.GC_FGD
    return seeds


def _graph_cut(picture: Picture, where: _Where, seeds: Picture) -> Layer:
    """1 on the head, 0 elsewhere: (h, w). Only the piece that holds the face, without hairlines of background."""
    inside = where.near.within(Box.of(picture))
    cv2.setRNGSeed(1)  # the colours are clustered from random starts: the same portrait must give the same cut
    labels = _labelled(np.ascontiguousarray(picture[inside]), seeds[inside], where.width)
    head = np.zeros(picture.shape[:2], np.uint8)
    head[inside] = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    thin = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(where.width / 70) + 1,) * 2)
    opened = np.asarray(cv2.morphologyEx(head, cv2.MORPH_OPEN, thin), np.uint8)
    _, pieces = cv2.connectedComponents(np.maximum(opened, where.face.astype(np.uint8)))
    faces = pieces[where.face]
    kept = pieces == (np.argmax(np.bincount(faces)) if len(faces) else 1)
    near = cv2.dilate(kept.astype(np.uint8), thin)  # what opening took off the edge of the head itself: fine hair
    return np.asarray((head > 0) & (near > 0) & (where.down < _LOWEST), np.float32)


def _labelled(part: Picture, seeds: Picture, width: float) -> Picture:
    """grabCut's labels, (h, w): of a picture at half its size, then of all of it along the edge that was found."""
    models = np.zeros((1, 65)), np.zeros((1, 65))
    if width < 2 * _COARSE or min(part.shape[:2]) < 4:
        labels = np.ascontiguousarray(seeds)
        cv2.grabCut(part, labels, (0, 0, 0, 0), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
        return labels
    size = (part.shape[1] // 2, part.shape[0] // 2)
    rough = np.asarray(cv2.resize(seeds, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    cv2.grabCut(small, rough, (0, 0, 0, 0), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    # foreground's labels are the odd ones
    found = cv2.resize(rough & 1, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    wide = np.ones((4 * _UNSETTLED + 1,) * 2, np.uint8)
    open_ = (cv2.dilate(found, wide) != cv2.erode(found, wide)) & (seeds >= cv2.GC_PR_BGD)
    labels = np.where(open_, found + cv2.GC_PR_BGD, np.where(seeds < cv2.GC_PR_BGD, seeds, found)).astype(np.uint8)
    cv2.grabCut(part, labels, (0, 0, 0, 0), *models, 1, cv2.GC_EVAL_FREEZE_MODEL)
    return labels


def _jaw_line(picture: Picture, points: Vectors, where: _Where, head: Layer) -> Layer:
    """1 on the head, running out softly under the jaw over what has the colour of skin or is narrow: neck that the cut
    has left. Beards and long hair are neither.
    """
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 1.0), cv2.COLOR_BGR2LAB).astype(np.float32)
    at = np.round(points[list(_CHEEKS), :2]).astype(int)
    cheek = np.median(lab[np.clip(at[:, 1], 0, lab.shape[0] - 1), np.clip(at[:, 0], 0, lab.shape[1] - 1)], axis=0)
    # shade under a chin keeps the hue and loses chroma: a and b are compared as they would be at the cheek's lightness
    chroma = (lab[..., 1:] - 128) * (cheek[0] / np.maximum(lab[..., :1], 30)) - (cheek[1:] - 128)
    off = np.hypot(chroma[..., 0], chroma[..., 1]).astype(float)
    skin = (1 - smoothstep(14, 26, off)) * smoothstep(0.6, 0.72, lab[..., 0].astype(float) / cheek[0])
    away = np.asarray(cv2.distanceTransform((~where.oval).astype(np.uint8), cv2.DIST_L2, 3), float) / where.width
    beyond = smoothstep(-0.32, -0.22, where.down) * smoothstep(0.015, 0.06, away)
    left = (head * (1 - skin * beyond) > 0.5).astype(np.float32)
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(0.045 * where.width) + 1,) * 2)
    narrow = left - cv2.morphologyEx(left, cv2.MORPH_OPEN, wide)
    neck = np.maximum(skin, narrow * ((where.aside < 0.55) | (where.down > -0.08))) * beyond
    throat = smoothstep(0.02, 0.11, away) * smoothstep(-0.12, -0.03, where.down) * (where.aside < 0.32)
    return np.asarray((1 - neck) * (1 - throat), np.float32)


def _hair(picture: Picture, where: _Where, head: Layer, person: Layer) -> Layer:
    """The cut with its rim above the chin unmixed: how much of each pixel is hair, by its colour between the head's
    inside and the background beside it. Where both look alike, or the background is busy, the cut stays.
    """
    reach = max(2, round(_RIM * where.width))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    inside = np.asarray(cv2.erode(head, kernel), np.float32)
    around = np.asarray(cv2.dilate(head, kernel), np.float32)
    nobody = np.asarray(cv2.erode((person < 0.3).astype(np.float32), np.ones((3, 3), np.uint8)), np.float32)
    outside, rim = (1 - around) * nobody, around - inside
    colours = picture.astype(np.float32)
    hair, _, some_hair = _beside(colours, inside, 2 * reach)
    behind, busy, some_behind = _beside(colours, outside, 2 * reach)
    apart = hair - behind
    length = np.sqrt((apart * apart).sum(2)).astype(float)
    share = ((colours - behind) * apart).sum(2) / np.maximum(length * length, 1)
    share = np.clip((share - 0.15) / 0.6, 0, 1)
    sure = smoothstep(25, 60, length) * (1 - smoothstep(12, 28, busy)) * (some_hair & some_behind)
    weight = rim * sure * (where.down < -0.35) * (1 - where.face)
    return np.asarray(head + weight * (share - head), np.float32)


def _beside(colours: Layer, known: Layer, reach: int) -> tuple[Layer, Vectors, NDArray[np.bool_]]:
    """The mean colour of what is `known` near each pixel, how much it varies there, and whether there is any."""
    side = (2 * reach + 1, 2 * reach + 1)
    share = cv2.blur(known, side)
    some = np.maximum(share, 1e-3)[..., None]
    mean = cv2.blur(colours * known[..., None], side) / some
    square = cv2.blur(colours * colours * known[..., None], side) / some
    varies = np.sqrt(np.maximum(square - mean * mean, 0).mean(2)).astype(float)
    return np.asarray(mean, np.float32), varies, np.asarray(share > 0.02)


def _closed(hair: Layer, head: Layer, width: float) -> Layer:
    """Without the pinholes that single pixels of another colour leave in a beard."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(0.02 * width) + 1,) * 2)
    return np.asarray(np.maximum(hair, head * cv2.morphologyEx(hair, cv2.MORPH_CLOSE, kernel)), np.float32)


def _softened(picture: Picture, head: Layer, width: float) -> Layer:
    """The cut at the picture's own size, its edge led along the picture's edges (guided filter)."""
    size = (picture.shape[1], picture.shape[0])
    mask = np.asarray(cv2.resize(head, size, interpolation=cv2.INTER_LINEAR), np.float32)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    reach = 2 * max(1, round(width / 80)) + 1

    def mean(layer: NDArray[np.generic]) -> Layer:
        return np.asarray(cv2.blur(np.asarray(layer, np.float32), (reach, reach)), np.float32)

    grey_mean, mask_mean = mean(grey), mean(mask)
    slope = (mean(grey * mask) - grey_mean * mask_mean) / (mean(grey * grey) - grey_mean**2 + 4e-4)
    led = mean(slope) * grey + mean(mask_mean - slope * grey_mean)
    alpha = np.clip((led - 0.15) / 0.75, 0, 1)
    rim = max(2.0, width / 60)
    across = np.minimum(np.arange(size[0]), np.arange(size[0])[::-1])
    down = np.minimum(np.arange(size[1]), np.arange(size[1])[::-1])
    edge = smoothstep(0.5, rim, np.minimum(across[None, :], down[:, None]).astype(float))
    return np.asarray(alpha * edge, np.float32)


def _touches_no_edge(head: Layer) -> bool:
    return not (head[0].any() or head[:, 0].any() or head[:, -1].any())

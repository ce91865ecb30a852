# SPDX-License-Identifier: Apache-2.0
"""Any portrait in a frame of any size and shape: the face at a talking head's size, eyes on the upper line, and the
background carried on where the portrait ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.puppet.warp import Box
from greenroom.perception import mesh

__all__ = ["Framed", "carried_on", "frame_portrait", "grain_like", "layout"]

Vectors = NDArray[np.float64]
Picture = NDArray[np.uint8]

_EYE_LINE = 0.43  # of the frame's height
_FACE_HEIGHT = 0.44  # forehead to chin, of the frame's height, where the portrait has to be placed anew
_FACE_WIDTH = 0.46  # of the frame's width: what limits upright frames
_TIGHTEST, _WIDEST = 0.60, 0.24  # face heights at which a portrait that fills the frame is left as it is
_HAIR = 0.38  # of the face's height: what stands above the forehead
_SOFTER = (1.0, 4.0, 12.0, 36.0, 108.0)  # sigmas of the carried-on edge at growing distance


@dataclass(frozen=True)
class Framed:
    """The framed portrait, its landmarks in the frame's pixels, and what was done to it.

    Where the actor is to be laid over something, `box` is their part of the take's frame, and `picture` (box height,
    box width, 4) is the actor alone, BGRA with straight alpha; landmarks are in its pixels. See `seating`.
    """

    picture: Picture
    points: Vectors
    scale: float
    notes: tuple[str, ...]
    box: Box | None = None


def frame_portrait(portrait: Picture, points: Vectors, width: int, height: int) -> Framed:
    """`portrait` (h, w, 3) with landmarks `points` (n, 3; pixels) as a picture of `width` x `height`."""
    scale, left, top = layout(portrait, points, width, height)
    box = (left, top, round(portrait.shape[1] * scale), round(portrait.shape[0] * scale))
    picture = _placed(portrait, box, width, height)
    exact = np.array([box[2] / portrait.shape[1], box[3] / portrait.shape[0]])
    moved = np.asarray(points, float).copy()
    moved[:, :2] = (moved[:, :2] + 0.5) * exact - 0.5 + [left, top]
    moved[:, 2] *= scale
    return Framed(picture, moved, scale, _notes(box, scale, width, height))


def layout(portrait: Picture, points: Vectors, width: int, height: int) -> tuple[float, int, int]:
    """Scale, and where the portrait's top left corner comes to lie, in the frame's pixels."""
    rows, columns = portrait.shape[:2]
    oval = points[list(mesh.FACE_OVAL), :2]
    low, high = oval.min(0), oval.max(0)
    eyes = float(points[[33, 263], 1].mean())
    cover = max(width / columns, height / rows)

    def top_at(scale: float) -> int:
        wanted = _EYE_LINE * height - eyes * scale
        hair = (_HAIR * (high[1] - low[1]) - low[1]) * scale + 0.03 * height  # as much as the hair needs
        return _kept(round(max(wanted, hair)), height - round(rows * scale))

    face = (high - low) * cover / [width, height]
    eye_line = (eyes * cover + top_at(cover)) / height
    fills_well = _WIDEST <= face[1] <= _TIGHTEST and face[0] <= 0.62 and 0.30 <= eye_line <= 0.52
    scale = cover if fills_well else _anew(high - low, rows - eyes, cover, width, height)
    centre = float(low[0] + high[0]) / 2
    left = _kept(round(width / 2 - centre * scale), width - round(columns * scale))
    return scale, left, top_at(scale)


def _anew(face: Vectors, below: float, cover: float, width: int, height: int) -> float:
    """The scale that gives the face a talking head's size; `below` is what the portrait has under the eyes."""
    scale = min(_FACE_HEIGHT * height / face[1], _FACE_WIDTH * width / face[0])
    scale = max(scale, (1 - _EYE_LINE - 0.04) * height / below)  # never a frame without a body below
    return float(max(scale, cover) if face[1] * cover < _WIDEST * height else scale)


def _kept(wanted: int, furthest: int) -> int:
    """Keep the portrait's edges outside of the frame where it is wide enough for that."""
    return min(0, max(furthest, wanted)) if furthest <= 0 else wanted


def _notes(box: tuple[int, int, int, int], scale: float, width: int, height: int) -> tuple[str, ...]:
    left, top, columns, rows = box
    notes = []
    if left > 0 or top > 0 or left + columns < width or top + rows < height:
        notes.append("the portrait is narrower than the frame: its background is carried on")
    if scale > 2.5:
        notes.append(f"the portrait is enlarged {scale:.1f} times: it will look soft")
    return tuple(notes)


def _placed(portrait: Picture, box: tuple[int, int, int, int], width: int, height: int) -> Picture:
    left, top, columns, rows = box
    if (columns, rows) == (portrait.shape[1], portrait.shape[0]):
        sized = portrait
    else:
        kind = cv2.INTER_AREA if columns < portrait.shape[1] else cv2.INTER_LANCZOS4
        sized = np.asarray(cv2.resize(portrait, (columns, rows), interpolation=kind), np.uint8)
    first_x, last_x = max(0, left), min(width, left + columns)
    first_y, last_y = max(0, top), min(height, top + rows)
    cut = sized[first_y - top : last_y - top, first_x - left : last_x - left]
    if cut.shape[:2] == (height, width):
        return np.array(cut)
    part = cut.astype(np.float32)
    wide = np.concatenate(
        [carried_on(part[:, ::-1], first_x)[:, ::-1], part, carried_on(part, width - last_x)],
        axis=1,
    )
    tall = wide.transpose(1, 0, 2)
    tall = np.concatenate(
        [carried_on(tall[:, ::-1], first_y)[:, ::-1], tall, carried_on(tall, height - last_y)],
        axis=1,
    )
    return np.ascontiguousarray(np.clip(tall.transpose(1, 0, 2) + 0.5, 0, 255).astype(np.uint8))


def carried_on(part: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """`count` columns that carry on the right edge of `part`: mirrored, ever softer away from the edge, in its grain.

    Only a strip along the edge is mirrored, again and again: more of the picture would bring a second, blurred person.
    """
    if count <= 0:
        return np.zeros((part.shape[0], 0, 3), np.float32)
    near = min(part.shape[1], max(8, part.shape[1] // 12))
    whole = np.pad(part[:, -near:], ((0, 0), (0, count), (0, 0)), mode="symmetric")
    sigma = np.clip(1 + 0.30 * np.arange(count), _SOFTER[0], _SOFTER[-1])
    place = np.interp(np.log(sigma), np.log(_SOFTER), np.arange(len(_SOFTER)))
    lower = np.minimum(place.astype(int), len(_SOFTER) - 2)
    carried = np.zeros((part.shape[0], count, 3), np.float32)
    for level, soft in enumerate(_SOFTER):
        share = np.where(lower == level, lower + 1 - place, np.where(lower + 1 == level, place - lower, 0))
        if share.any():
            carried += _softened(whole, soft)[:, near:] * share[None, :, None].astype(np.float32)
    return carried + grain_like(part, carried.shape)


def _softened(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian blur; wide ones on a smaller picture, where they cost little."""
    smaller = max(1, int(sigma / 3))
    rows, columns = picture.shape[:2]
    small = picture
    if smaller > 1:
        size = (max(1, columns // smaller), max(1, rows // smaller))
        small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    small = np.asarray(cv2.GaussianBlur(small, (0, 0), sigma / smaller, borderType=cv2.BORDER_REFLECT), np.float32)
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)


def grain_like(part: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Noise as strong as the finest detail at the edge of `part`; its median, so that structures don't count."""
    band = part[:, -min(48, part.shape[1]) :]
    fine = np.abs(band - cv2.GaussianBlur(band, (0, 0), 1.2))
    noise = np.random.default_rng(1).standard_normal((*shape[:2], 1))
    return np.asarray(noise * min(4.0, 1.48 * float(np.median(fine))), np.float32)

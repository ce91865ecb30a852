# SPDX-License-Identifier: Apache-2.0
"""Where an actor sits in a frame: cut out of the portrait, at the size and place that were asked for, and whole.

An actor never floats: what the portrait cuts off and the frame would show is carried on, the body downwards, a cut
shoulder rounded off.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from greenroom.cues.wishes import Place, read_place, read_yes
from greenroom.engines.contract import PictureSource, Request
from greenroom.engines.previz.compositing.camera import read_camera
from greenroom.engines.previz.compositing.composite import foreground
from greenroom.engines.previz.compositing.matting import cut_out, own_alpha
from greenroom.engines.previz.puppet.framing import Framed, carried_on, frame_portrait, grain_like, layout
from greenroom.engines.previz.puppet.warp import Box
from greenroom.media.pictures import read_pictures
from greenroom.media.probe import probe_source
from greenroom.media.shape import placement
from greenroom.media.types import TakeSpec
from greenroom.perception.faces import FaceFinder

__all__ = ["framed_for", "is_laid_over", "wants_alpha"]

Picture = NDArray[np.uint8]
Alpha = NDArray[np.float32]
Vectors = NDArray[np.float64]

_MEDIUM = 0.27  # of the frame's height: the face of a medium shot, as `place=medium` has it
_EYE_LEVEL = 0.42  # of the frame's height: where the middle of the face is, if the portrait's body reaches down
_LARGEST = 0.80
_BODY_MORE = 1.1  # face heights that a body may be carried on without asking: a chest, no legs
_SHOULDER, _FALL = 0.55, 1.0  # of the face's width: how far a cut shoulder reaches on, how far it falls
_FUZZY = 0.03  # of the face's width: mattes are unsure along the picture's edge
_WIDER = 0.42  # of the face's width: how much wider a body that is carried on becomes on each side
_DARKER = 0.25  # how much less light falls on what is carried on, at its end
_ROOM = 0.30  # of the face's width around the actor: what turning heads need
_KEPT = 3  # cut-out portraits
_LOOKED_AT = 48  # frames of the stand-in that are searched for its face

_kept: dict[tuple[str, bytes], tuple[Picture, Alpha]] = {}


@dataclass(frozen=True)
class _Spot:
    """The middle of the face and its height, forehead to chin, in pixels of the frame."""

    x: float
    y: float
    height: float


def wants_alpha(request: Request) -> bool:
    return bool(read_yes(request.options.get("alpha", "no")))


def is_laid_over(request: Request) -> bool:
    """Whether the actor is cut out of the portrait: over a plate, over a set, or over nothing, with alpha."""
    return request.plate is not None or request.mode == "stage" or wants_alpha(request)


def framed_for(request: Request, portrait: Picture, points: Vectors) -> Framed:
    """The portrait as the take shows it: filling the frame, or cut out and seated where the request says."""
    spec = request.spec
    if not is_laid_over(request):
        return frame_portrait(portrait, points, spec.width, spec.height)
    picture, alpha = _cut(request.performer.portrait, portrait, points)
    return _Seating(picture, alpha, points, spec).seated(request)


def _cut(path: Path, portrait: Picture, points: Vectors) -> tuple[Picture, Alpha]:
    """The portrait's clean colours and its matte; kept, since a scene has many takes of few actors."""
    key = (str(path), hashlib.sha256(portrait.tobytes()).digest())
    if key not in _kept:
        alpha = own_alpha(path)
        if alpha is None or alpha.shape != portrait.shape[:2]:
            alpha = cut_out(portrait, points)
        while len(_kept) >= _KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[key] = foreground(portrait, alpha), alpha
    return _kept[key]


class _Seating:
    """One cut-out portrait and the frame that it goes into."""

    def __init__(self, picture: Picture, alpha: Alpha, points: Vectors, spec: TakeSpec) -> None:
        self._picture, self._alpha, self._points, self._spec = picture, alpha, points, spec
        self._face_height = float(np.linalg.norm(points[10, :2] - points[152, :2]))
        self._face_width = float(np.linalg.norm(points[234, :2] - points[454, :2]))
        self._middle = (points[10, :2] + points[152, :2]) / 2
        self._notes: list[str] = []
        self._seen = Box(0, 0, spec.width, spec.height)

    def seated(self, request: Request) -> Framed:
        self._seen = self._visible(request)
        spot = self._bounded(self._spot(request))
        scale = spot.height / self._face_height
        left, top = np.round([spot.x, spot.y] - self._middle * scale).astype(int).tolist()
        picture, left, top = self._completed(scale, left, top)
        box = self._box(picture, left, top, scale)
        part = np.ascontiguousarray(picture[box.top - top : box.bottom - top, box.left - left : box.right - left])
        points = np.asarray(self._points, float).copy()
        points[:, :2] = [spot.x, spot.y] + (points[:, :2] - self._middle) * scale - box.origin
        points[:, 2] *= scale
        if scale > 2.5:
            self._notes.append(f"the portrait is enlarged {scale:.1f} times: it will look soft")
        return Framed(part, points, scale, tuple(self._notes), box)

    def _visible(self, request: Request) -> Box:
        """What is ever seen of the frame: the plate without black bars, or as much more as a camera move shows."""
        spec = self._spec
        if request.plate is not None:
            info = probe_source(request.plate.media)
            size = info.width or spec.width, info.height or spec.height
            place = placement(size, (spec.width, spec.height), spec.fit, grid=2)  # as plates are laid
            whole = Box(place.left, place.top, place.left + place.width, place.top + place.height)
            return whole.cut(Box(0, 0, spec.width, spec.height))
        if request.mode != "stage":
            return Box(0, 0, spec.width, spec.height)
        move, _ = read_camera(request.options.get("camera", ""))
        across, down = move.reach((spec.width, spec.height))
        return Box(-across, -down, spec.width + across, spec.height)

    def _spot(self, request: Request) -> _Spot:
        spec, place = self._spec, read_place(request.options.get("place", ""))
        if place is None and request.stand_in is not None and request.plate is not None:
            place = self._place_of(request.stand_in)
        if place is None and request.plate is None and request.mode != "stage":
            scale, left, top = layout(self._picture, self._points, spec.width, spec.height)
            x, y = self._middle * scale + [left, top]
            return _Spot(float(x), float(y), self._face_height * scale)
        place = place or Place()
        height = min(place.face_height or _MEDIUM, _LARGEST) * spec.height
        x = (0.5 if place.x is None else place.x) * spec.width
        if place.y is not None:
            return _Spot(x, place.y * spec.height, height)
        below = (self._picture.shape[0] - self._middle[1]) / self._face_height + _BODY_MORE
        return _Spot(x, max(_EYE_LEVEL * spec.height, self._seen.bottom - below * height), height)

    def _place_of(self, stand_in: PictureSource) -> Place | None:
        """Where the stand-in's face is first found, and how large."""
        spec, finder = self._spec, FaceFinder()
        frames = read_pictures(
            stand_in.media, stand_in.indices[:_LOOKED_AT], width=spec.width, height=spec.height, fit=spec.fit
        )
        for index, frame in enumerate(frames):
            found = finder.find(frame)
            if found is not None:
                top, chin = found.points[10, :2], found.points[152, :2]
                x, y = (top + chin) / 2 / [spec.width, spec.height]
                height = float(np.linalg.norm(top - chin)) / spec.height
                self._notes.append(f"seated where the stand-in's face is in frame {index} of the take")
                return Place(float(x), float(y), height)
        self._notes.append(f"no face in the stand-in's first {_LOOKED_AT} frames: seated in the middle; use place=")
        return None

    def _bounded(self, spot: _Spot) -> _Spot:
        """Moved until the whole face is in the frame: there is nothing to animate outside of it."""
        spec = self._spec
        half = 0.55 * spot.height * self._face_width / self._face_height
        x = float(np.clip(spot.x, min(half, spec.width / 2), max(spec.width - half, spec.width / 2)))
        y = float(np.clip(spot.y, 0.55 * spot.height, max(spec.height - 0.55 * spot.height, 0.55 * spot.height)))
        if abs(x - spot.x) + abs(y - spot.y) > 1:
            self._notes.append("the place was moved until the whole face is in the frame")
        return replace(spot, x=x, y=y)

    def _completed(self, scale: float, left: int, top: int) -> tuple[Picture, int, int]:
        """The actor (h, w, 4) at `scale`, with what the frame would show beyond the portrait's edges; its corner."""
        height, width = (round(side * scale) for side in self._picture.shape[:2])
        kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LANCZOS4
        colour = cv2.resize(self._picture, (width, height), interpolation=kind)
        cover = cv2.resize(
            self._alpha, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        actor = np.dstack([colour, np.rint(np.clip(cover, 0, 1) * 255).astype(np.uint8)])
        face_width = self._face_width * scale
        if left + width < self._seen.right:
            actor = _shouldered(actor, face_width)
        if left > self._seen.left:
            grown = _shouldered(actor[:, ::-1], face_width)[:, ::-1]
            left -= grown.shape[1] - actor.shape[1]
            actor = grown
        missing = self._seen.bottom - top - height
        if missing > 0 and actor[-1, :, 3].max() > 127:
            room = round(_WIDER * face_width)
            actor, left = _carried_down(actor, missing, room), left - room
            if missing > 0.02 * self._spec.height:
                self._notes.append(f"the portrait ends {missing} px above the frame's edge: the body is carried on")
        return actor, left, top

    def _box(self, actor: Picture, left: int, top: int, scale: float) -> Box:
        """The part of the frame that the actor may touch."""
        seen = actor[..., 3] > 0
        rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
        room = round(_ROOM * self._face_width * scale)
        box = Box(left + int(columns[0]) - room, top + int(rows[0]) - room,
                  left + int(columns[-1]) + 1 + room, top + int(rows[-1]) + 1 + room)  # fmt: skip
        whole = Box(left, top, left + actor.shape[1], top + actor.shape[0])
        return box.cut(whole).cut(self._seen)


def _shouldered(actor: Picture, face_width: float) -> Picture:
    """`actor` with its cut right shoulder rounded off to an arm; as it is where nothing is cut there."""
    last = max(3, round(_FUZZY * face_width))
    edge = actor[:, -last:, 3].max(1) > 127
    if not edge[-1]:
        return actor
    outline = _tops(actor[:, -last - round(0.2 * face_width) : -last, 3])
    shoulder = float(outline[-1])
    slope = float(np.clip((outline[-1] - outline[0]) / max(1, len(outline) - 1), 0, 3))
    reach = max(2, round(_SHOULDER * face_width / (1 + slope)))
    out = np.arange(reach + last) + 0.5
    line = shoulder + slope * out + _FALL * face_width * (1 - np.sqrt(1 - (out / (reach + last)) ** 2))
    rows = np.arange(len(edge), dtype=np.float64)[:, None]
    cover = np.clip(rows - line[None, :] + 0.5, 0, 1) * 255
    kept = actor[:, :-last]
    colour = carried_on(kept[..., :3].astype(np.float32), reach + last)
    more = np.dstack([np.clip(colour, 0, 255), cover]).round().astype(np.uint8)
    return np.concatenate([kept, more], axis=1)


def _tops(cover: NDArray[np.uint8]) -> Vectors:
    """The first row of the body in each column: of what reaches down to the lowest row."""
    solid = cover[::-1] > 127
    return np.asarray(np.where(solid.all(0), 0, len(cover) - np.argmin(solid, axis=0)), float)


def _carried_down(actor: Picture, count: int, room: int) -> Picture:
    """`actor` with `room` columns on both sides and `count` more rows of body: its lowest rows, wider as its outline
    was becoming wider, and then straight down like arms.
    """
    wide = np.pad(actor, ((0, 0), (room, room), (0, 0)))
    wide[:, :room, :3], wide[:, -room:, :3] = actor[:, :1, :3], actor[:, -1:, :3]
    lowest = wide[-3:].astype(np.float32).mean(0)
    seen = np.flatnonzero(lowest[:, 3] > 127)
    first, last = int(seen[0]), int(seen[-1])
    middle = (first + last) / 2
    down = np.arange(1, count + 1, dtype=np.float64)[:, None]
    across = np.arange(wide.shape[1], dtype=np.float64)[None, :]
    left, right = (_widening(wide[..., 3], side) for side in (1, -1))
    grown = [room * (1 - np.exp(-slope * down / max(room, 1))) for slope in (left, right)]
    half = (last - first) / 2
    shrink = np.where(across < middle, half / (half + grown[0]), half / (half + grown[1]))
    source = middle + (across - middle) * shrink
    # a button or a bit of skin must not become a stripe
    calm = median_filter(lowest[:, :3], size=(2 * round(0.11 * half) + 1, 1))
    soft = np.asarray(cv2.GaussianBlur(calm[None], (0, 0), max(1.0, 0.022 * half)), np.float32)[0]
    away = np.clip(down / (0.25 * half + 1), 0, 1)
    columns = np.arange(len(lowest))
    more = np.empty((count, wide.shape[1], 4), np.float32)
    for channel in range(3):
        sharp, smooth = (np.interp(source, columns, row[:, channel]) for row in (lowest, soft))
        more[..., channel] = (sharp + (smooth - sharp) * away) * (1 - _DARKER * np.clip(down / (2 * half + 1), 0, 1))
    # the edge of a sloping shoulder is a wide ramp in one row; that of an arm isn't
    more[..., 3] = np.clip((np.interp(source, columns, lowest[:, 3]) - 127.5) * (1 + 4 * away) + 127.5, 0, 255)
    more[..., :3] += grain_like(
        actor[:, first - room : last - room, :3].transpose(1, 0, 2).astype(np.float32), more.shape
    )
    return np.concatenate([wide, np.clip(more, 0, 255).round().astype(np.uint8)], axis=0)


def _widening(cover: NDArray[np.uint8], side: int) -> float:
    """How many columns the body gains with each row at its lower end, on its left (1) or right (-1)."""
    rows = cover[-24:, ::side] > 127
    edges = np.where(rows.any(1), np.argmax(rows, axis=1), cover.shape[1])
    return float(np.clip((edges[0] - edges[-1]) / (len(edges) - 1), 0, 4))

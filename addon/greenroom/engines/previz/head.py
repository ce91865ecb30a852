# SPDX-License-Identifier: Apache-2.0
"""Head replacement: the actor's whole head, hair included, on the stand-in's shoulders.

For each frame: the stand-in's head is taken out (what was behind it comes from the rest of the shot), the actor's is
drawn in the same pose with the stand-in's expression and mouth, lit and grained as the plate is, and laid on the
stand-in's neck. Nothing outside the head's surroundings is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import PictureSource, Request
from greenroom.engines.previz.clean_plate import CleanPlate
from greenroom.engines.previz.composite import Grain, add_grain, foreground, grain_of, over
from greenroom.engines.previz.delivery import read_portrait
from greenroom.engines.previz.driver import Driver
from greenroom.engines.previz.expression import smoothstep
from greenroom.engines.previz.eyes import Eyes
from greenroom.engines.previz.face_mask import mouth_hole
from greenroom.engines.previz.head_cut import CutHead, cut_head
from greenroom.engines.previz.head_hair import LongHair
from greenroom.engines.previz.head_neck import on_head, tint_neck
from greenroom.engines.previz.head_shape import HeadShape, Posed
from greenroom.engines.previz.head_tone import Sharpness, Tone
from greenroom.engines.previz.rig import Placed, Rig
from greenroom.engines.previz.warp import Box, Sampler, View
from greenroom.errors import CastError
from greenroom.media.pictures import read_pictures
from greenroom.perception import mesh
from greenroom.perception.faces import FaceFinder
from greenroom.perception.matte import PersonMatte
from greenroom.perception.pose import Pose

__all__ = ["Head", "head_frames"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
Vectors = NDArray[np.float64]

_FINER = 1.3  # the portrait's face width against the plate's largest: sharp when sampled linearly, and no aliasing
_LARGEST = 900  # pixels of face width
_SIGHTS = 32  # frames of a shot that its background is gathered from
_HAIR_SIGHTS = 3  # of them, in which long hair is looked for
_FACE_WIDTH = 14.3  # cm, of the canonical face, from vertex 234 to 454
_HEAD = (13.5, 15.5)  # cm: half axes of the area that a head with its hair fills
_HEAD_MIDDLE = np.array([0.0, -4.5])  # of that area, in cm from the middle of the face
_NECK = np.array([[0.0, 10.0, 7.0]])  # a point inside the neck, canonical cm
_HAIR_TIPS = 0.55  # cm that are taken out around the matte, which loses fine hair
_CLEAR = 1.0  # cm away from the matte, from where background is surely seen


@dataclass(frozen=True, eq=False)
class Head:
    """The actor's head, cut out and rigged at the size that a take needs."""

    cut: CutHead
    rig: Rig
    eyes: Eyes
    sampler: Sampler
    outline: Vectors

    @classmethod
    def of(cls, portrait: Picture, points: Vectors, face_width: float) -> Head:
        """`points` (478, 3) lie in `portrait`; `face_width` is the largest in the plate, in pixels."""
        cut = cut_head(portrait, points, matted, min(_LARGEST, _FINER * face_width))
        colours = foreground(cut.picture, cut.alpha)
        rig = Rig(colours, cut.points, scale=1.5)
        layers = np.dstack([colours, np.round(cut.alpha * 255).astype(np.uint8)])
        rows, columns = np.flatnonzero((cut.alpha > 0.01).any(1)), np.flatnonzero((cut.alpha > 0.01).any(0))
        corners = np.array([[x, y] for x in columns[[0, -1]] for y in rows[[0, -1]]], float)
        return cls(cut, rig, Eyes(rig), Sampler(np.ascontiguousarray(layers), rig.region), corners)

    def placed(self, posed: Posed, frame: Box) -> Placed:
        """Where the head lies in a frame, and no more of it than there is to see."""
        whole = self.rig.place_in(posed.face, posed.skull, frame, rings=True)
        there = cv2.invertAffineTransform(whole.view.affine)
        reach = np.concatenate([self.outline @ there[:, :2].T + there[:, 2], posed.face[:, :2]])
        region = Box.around(reach, round(1.5 * posed.skull.scale), whole.view.region)
        return Placed(whole.face, whole.rings, whole.pose, View(region, whole.view.step, whole.view.base))


class _Shot:
    """What is kept from frame to frame of one shot."""

    def __init__(self, head: Head, driver: Driver, shot: int) -> None:
        self.head = head
        self.shape = HeadShape(head.rig, driver.neutral_of(shot))
        self.tone = Tone()
        self.sharpness = Sharpness()
        self.matte = PersonMatte()
        self.grain = Grain()
        self.behind: CleanPlate | None = None
        self.hair = LongHair(None)

    def frame(self, plate: Picture, seen: Vectors, pose: Pose, index: int) -> Picture:
        """`plate` with the actor's head; `seen` are the stand-in's landmarks."""
        assert self.behind is not None
        frame = plate.copy()
        self._take_out(frame, plate, seen, pose, index)
        self._lay_in(frame, plate, seen, pose, index)
        return frame

    def _take_out(self, frame: Picture, plate: Picture, seen: Vectors, pose: Pose, index: int) -> None:
        behind = self.behind
        assert behind is not None
        box = behind.aligned(_surroundings(pose, Box.of(plate)))
        if box.width < 8 or box.height < 8:
            return
        person = person_in(self.matte, plate, box)
        gone = removed(person, seen, pose, box, self.hair)
        picture = behind.behind(plate, box, free_of(person, pose.scale))
        clothes = self.hair.clothes(plate, person, gone, pose, box)
        if clothes is not None:
            over(picture, *clothes)
        add_grain(picture, gone, self.grain, index)
        over(frame[box.within(Box.of(frame))], picture, gone)

    def _lay_in(self, frame: Picture, plate: Picture, seen: Vectors, pose: Pose, index: int) -> None:
        head, canonical = self.head, pose.to_canonical(seen)
        posed = self.shape.at(canonical, pose)
        placed = head.placed(posed, Box.of(plate))
        region = placed.view.region
        if region.width < 8 or region.height < 8:
            return
        lips = Box.around(posed.face[list(mesh.LIPS_OUTER_OUTLINE)], 6, region)
        layers = head.rig.warp(placed, (*head.eyes.windows(placed, posed.blink), lips), head.sampler)
        drawn, alpha = np.ascontiguousarray(layers[..., :3]), _unit(layers[..., 3]) * _covered(placed)
        head.eyes.paint(drawn, placed, posed.blink, posed.gaze)
        self.tone.look(plate, seen, drawn, posed.face, region)
        drawn = self.tone.on(drawn, posed.skull, region)
        tint_neck(frame, *self.tone.skins, seen, pose)
        width = float(np.linalg.norm(posed.face[234, :2] - posed.face[454, :2]))
        there = plate[region.within(Box.of(plate))]
        self.sharpness.look(there, drawn, _face_mask(posed.face, region))
        drawn = self.sharpness.match(drawn)
        add_grain(drawn, alpha, self.grain, index)
        _lay_mouth(drawn, plate, seen, posed.face, region, width)
        soft = cv2.GaussianBlur(alpha, (0, 0), max(0.6, width / 250))
        over(frame[region.within(Box.of(frame))], drawn, np.asarray(soft, np.float32))


def head_frames(
    request: Request, driver: Driver, wanted: NDArray[np.bool_], report: dict[str, Any]
) -> Iterator[Picture]:
    """The take's frames (h, w, 3 BGR). Those that aren't `wanted`, and those without the face, are the plate's own.

    What is found out while they are made is added to `report`.

    Raises:
        CastError: no face in the portrait.
        MediaError: the portrait or the footage can't be read.
    """
    portrait = read_portrait(request)
    found = FaceFinder().find(portrait)
    if found is None:
        hint = "Use a picture in which one face looks towards the camera."
        raise CastError("no face in the portrait", hint=hint, where=str(request.performer.portrait))
    source = request.stand_in
    assert source is not None
    spec = request.spec

    def pictures(indices: tuple[int, ...]) -> Iterator[Picture]:
        return read_pictures(source.media, indices, width=spec.width, height=spec.height, fit=spec.fit)

    head = Head.of(portrait, found.points, _largest(driver))
    shot, number = None, -1
    for index, plate in enumerate(pictures(source.indices)):
        seen, pose = driver.points(index), driver.pose(index)
        if seen is None or pose is None or not wanted[index]:
            yield plate
            continue
        if shot is None or driver.shot(index) != number:
            number = driver.shot(index)
            shot = _Shot(head, driver, number)
            shot.behind, shot.hair = gathered(driver, number, source, pictures, Box.of(plate))
            shot.grain = grain_of(plate)
        yield shot.frame(plate, seen, pose, index)


def gathered(
    driver: Driver,
    shot: int,
    source: PictureSource,
    pictures: Callable[[tuple[int, ...]], Iterator[Picture]],
    frame: Box,
) -> tuple[CleanPlate, LongHair]:
    """The background of `shot` and what hangs below the stand-in's jaw, from frames all over it."""
    own = [index for index in range(driver.count) if driver.shot(index) == shot and not driver.lost[index]]
    sights = own[:: max(1, len(own) // _SIGHTS)]
    poses = {index: pose for index in sights if (pose := driver.pose(index)) is not None}
    boxes = [_surroundings(pose, frame) for pose in poses.values()]
    corners = np.array([[box.left, box.top] for box in boxes] + [[box.right, box.bottom] for box in boxes], float)
    plate = CleanPlate(Box.around(corners, round(0.05 * float(np.ptp(corners[:, 0]))), frame))
    matte = PersonMatte()
    looks = []
    for index, picture in zip(sights, pictures(tuple(source.indices[index] for index in sights)), strict=True):
        matte.reset()
        plate.add(picture, free_of(person_in(matte, picture, plate.box), poses[index].scale))
        seen = driver.points(index)
        if index in sights[:: max(1, len(sights) // _HAIR_SIGHTS)] and seen is not None:
            looks.append((picture, seen, poses[index]))
    plate.finish()
    return plate, LongHair.of(looks, matted)


def matted(picture: Picture, near: Box) -> Layer:
    """The person of one picture (h, w), looked for in `near`."""
    found = PersonMatte().matte(picture, near=(near.left, near.top, near.right, near.bottom))
    return np.asarray(found, np.float32)


def person_in(matte: PersonMatte, plate: Picture, box: Box) -> Layer:
    """The matte of whoever is in `box`: (height, width), 0 to 1."""
    whole = matte.matte(plate, near=(box.left, box.top, box.right, box.bottom))
    return np.asarray(whole[box.within(Box.of(plate))], np.float32)


def free_of(person: Layer, scale: float) -> Layer:
    """Where background is surely seen: some millimetres away from the person."""
    cell = max(1, round(scale / 9))
    size = (-(-person.shape[1] // cell), -(-person.shape[0] // cell))
    coarse = cv2.resize(person, size, interpolation=cv2.INTER_AREA)
    wide = 2 * max(1, round(_CLEAR * scale / cell)) + 1
    near = cv2.dilate(np.clip(4 * coarse, 0, 1), np.ones((wide, wide), np.uint8))
    return np.asarray(1 - cv2.resize(near, person.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def removed(person: Layer, seen: Vectors, pose: Pose, box: Box, hair: LongHair) -> Layer:
    """Where the stand-in's head is taken out of `box`: (height, width), 0 to 1. `person` is the matte there."""
    cell = max(1, round(pose.scale / 9))  # the edge of what is taken out lies over background: it needs no detail
    size = (-(-box.width // cell), -(-box.height // cell))
    coarse = cv2.resize(person, size, interpolation=cv2.INTER_AREA)
    wide = 2 * max(1, round(_HAIR_TIPS * pose.scale / cell)) + 1
    whole = cv2.dilate(np.clip(2.5 * coarse, 0, 1), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide)))
    soft = cv2.GaussianBlur(whole, (0, 0), max(0.7, 0.12 * pose.scale / cell))
    soft = soft * np.maximum(_head_zone(seen, pose, box, cell), hair.within(pose, box, cell))
    enlarged = cv2.resize(soft, (size[0] * cell, size[1] * cell), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(enlarged[: box.height, : box.width], np.float32)


def _head_zone(seen: Vectors, pose: Pose, box: Box, cell: int) -> Layer:
    """Where a head is looked for, in cells of the box: 0 to 1, soft under the jaw.

    Beside the chin the neck is spared: the actor's narrower jaw leaves part of the stand-in's in sight, and skin reads
    as neck there, a hole wouldn't.
    """
    x = box.left + cell * (np.arange(-(-box.width // cell)) + 0.5)
    y = box.top + cell * (np.arange(-(-box.height // cell)) + 0.5)
    across, down = on_head(pose, x[None, :], y[:, None])
    marks = [seen[152], seen[[61, 291]].mean(0), seen[397], seen[172], pose.to_picture(_NECK)[0]]
    aside, below = on_head(pose, *np.array(marks)[:, :2].T)
    chin, mouth, jaw, neck = below[0], below[1], abs(aside[2] - aside[3]) / 2, aside[4]
    above = np.clip((chin + 0.3 - down) / 1.4, 0, 1)
    away = np.hypot((across - _HEAD_MIDDLE[0]) / _HEAD[0], (down - _HEAD_MIDDLE[1]) / _HEAD[1])
    near = 1 - smoothstep(0.85, 1.0, away)
    column = smoothstep(-0.6, 0.6, 0.85 * jaw - np.abs(across - neck)) * smoothstep(mouth - 0.5, mouth + 1.5, down)
    return np.asarray(above * near * (1 - column), np.float32)


def _surroundings(pose: Pose, frame: Box) -> Box:
    """The box of `frame` that holds a head in `pose`, its hair, and enough of neck and shoulders for a matte."""
    low, high = np.array([-17.0, -21.0]), np.array([17.0, 23.0])  # cm from the middle of the face
    cos, sin = np.cos(np.radians(pose.roll)), np.sin(np.radians(pose.roll))
    corners = np.array([[x, y] for x in (low[0], high[0]) for y in (low[1], high[1])])
    turned = corners @ np.array([[cos, sin], [-sin, cos]])
    return Box.around(pose.translation[:2] + pose.scale * turned, 0, frame)


def _largest(driver: Driver) -> float:
    """The stand-in's largest face width in pixels, looked for in some hundred frames."""
    some = range(0, driver.count, max(1, driver.count // 100))
    scales = [pose.scale for index in some if (pose := driver.pose(index)) is not None]
    return _FACE_WIDTH * max(scales, default=10.0)


def _covered(placed: Placed) -> Layer:
    """1 inside the outermost ring: what lies beyond is not the portrait moved, but repeated."""
    region = placed.view.region
    mask = np.zeros((region.height, region.width), np.uint8)
    outermost = placed.rings[-len(mesh.FACE_OVAL) :, :2] - region.origin
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(outermost).astype(np.int32)), 1)
    return mask.astype(np.float32)


def _unit(layer: Picture) -> Layer:
    """0 to 255 as 0 to 1."""
    return np.asarray(layer, np.float32) / np.float32(255)


def _face_mask(face: Vectors, region: Box) -> Layer:
    """1 in the middle of the face, where hair and outline don't count: (height, width) of `region`."""
    mask = np.zeros((region.height, region.width), np.uint8)
    oval = face[list(mesh.FACE_OVAL), :2] - region.origin
    middle = oval.mean(0)
    cv2.fillPoly(mask, [np.round(middle + 0.85 * (oval - middle)).astype(np.int32)], 1)
    return mask.astype(np.float32)


def _lay_mouth(drawn: Picture, plate: Picture, seen: Vectors, face: Vectors, region: Box, width: float) -> None:
    """The inside of the stand-in's own mouth between the actor's lips."""
    box, hole = mouth_hole(face, region, width)
    if not hole.size:
        return
    corners = [78, 308]
    own, there = seen[:, :2], face[:, :2]
    gap_own, gap = (float(np.linalg.norm(points[14] - points[13])) for points in (own, there))
    if gap_own < 0.012 * width:
        return
    across_own, across = (points[corners[1]] - points[corners[0]] for points in (own, there))
    wider = float(np.linalg.norm(across) / max(1e-6, float(np.linalg.norm(across_own))))
    taller = float(np.clip(gap / gap_own, 0.7, 1.5))
    middle_own = own[list(mesh.LIPS_INNER_OUTLINE)].mean(0)
    middle = there[list(mesh.LIPS_INNER_OUTLINE)].mean(0)
    along = across_own / max(1e-6, float(np.linalg.norm(across_own)))
    axes = np.stack([along, [-along[1], along[0]]])
    linear = axes.T @ np.diag([wider, taller]) @ axes
    matrix = np.column_stack([linear, middle - box.origin - linear @ middle_own])
    inside = cv2.warpAffine(plate, matrix, (box.width, box.height), borderMode=cv2.BORDER_REPLICATE)
    part = drawn[box.within(region)]
    over(part, np.asarray(inside, np.uint8), hole * float(smoothstep(0.010, 0.03, gap_own / width)))

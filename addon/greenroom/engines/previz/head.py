# SPDX-License-Identifier: Apache-2.0
"""Head replacement: the actor's whole head, hair included, on the stand-in's shoulders.

For each frame: the stand-in's head is taken out (what was behind it comes from the rest of the shot), the actor's is
drawn in the same pose with the stand-in's expression and mouth, lit and grained as the plate is, and laid on the
stand-in's neck. Nothing outside the head's surroundings is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import Request
from greenroom.engines.previz.composite import Grain, foreground, grain_of, over
from greenroom.engines.previz.delivery import read_portrait
from greenroom.engines.previz.driver import Driver
from greenroom.engines.previz.expression import smoothstep
from greenroom.engines.previz.eyes import Eyes
from greenroom.engines.previz.face_mask import Grid, mouth_hole
from greenroom.engines.previz.head_cut import CutHead, cut_head
from greenroom.engines.previz.head_front import Grains
from greenroom.engines.previz.head_neck import tint_neck
from greenroom.engines.previz.head_out import EmptyPlate, head_box, matted
from greenroom.engines.previz.head_shape import HeadShape, Posed
from greenroom.engines.previz.head_tone import Sharpness, Tone, scene_light
from greenroom.engines.previz.rig import Placed, Rig
from greenroom.engines.previz.warp import Box, Sampler, View
from greenroom.engines.previz.window import Window
from greenroom.errors import CastError
from greenroom.media.pictures import read_pictures
from greenroom.media.plates import Plate, read_plates
from greenroom.media.relay import ahead
from greenroom.perception import mesh
from greenroom.perception.faces import FaceFinder
from greenroom.perception.pose import Pose

__all__ = ["Head", "head_frames"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
Vectors = NDArray[np.float64]

_FINER = 1.3  # the portrait's face width against the plate's largest: sharp when sampled linearly, and no aliasing
_LARGEST = 900  # pixels of face width
_FACE_WIDTH = 14.3  # cm, of the canonical face, from vertex 234 to 454
_GRAINY = 160  # px; in a smaller picture everything is fine enough to be taken for grain
_LEAST = 8  # px; of less of a head nothing is drawn


@dataclass(frozen=True, eq=False)
class Head:
    """The actor's head, cut out and rigged at the size that a take needs."""

    cut: CutHead
    rig: Rig
    eyes: Eyes
    sampler: Sampler
    outline: Vectors
    scene: float

    @classmethod
    def of(cls, portrait: Picture, points: Vectors, face_width: float) -> Head:
        """`points` (478, 3) lie in `portrait`; `face_width` is the largest in the plate, in pixels."""
        cut = cut_head(portrait, points, matted, min(_LARGEST, _FINER * face_width))
        colours = foreground(cut.picture, cut.alpha)
        rig = Rig(colours, cut.points, scale=1.5)
        scene = scene_light(cut.picture, head_box(rig.pose, rig.frame))
        layers = np.dstack([colours, np.round(cut.alpha * 255).astype(np.uint8)])
        rows, columns = np.flatnonzero((cut.alpha > 0.01).any(1)), np.flatnonzero((cut.alpha > 0.01).any(0))
        corners = np.array([[x, y] for x in columns[[0, -1]] for y in rows[[0, -1]]], float)
        return cls(cut, rig, Eyes(rig), Sampler(np.ascontiguousarray(layers), rig.region), corners, scene)

    def placed(self, posed: Posed, bounds: Box) -> Placed:
        """Where the head lies in a frame, and no more of it than there is to see inside `bounds`."""
        whole = self.rig.place_in(posed.face, posed.skull, bounds, rings=True)
        corners = np.column_stack([self.outline, np.ones(len(self.outline))])
        reach = np.concatenate([corners @ self._carried(whole.face, whole.rings), posed.face[:, :2]])
        region = Box.around(reach, round(2.5 * posed.skull.scale), whole.view.region)
        return Placed(whole.face, whole.rings, whole.pose, View(region, whole.view.step, whole.view.base))

    def _carried(self, face: Vectors, rings: Vectors) -> Vectors:
        """The affine (3, 2) from the portrait to the frame that suits the hair: face and rings count alike."""
        known = np.column_stack([self.rig.source, np.ones(len(self.rig.source))])
        weight = np.sqrt(np.where(np.arange(len(known)) < len(face), 1 / len(face), 1 / len(rings)))[:, None]
        there = np.concatenate([face[:, :2], rings[:, :2]])
        return np.asarray(np.linalg.lstsq(known * weight, there * weight, rcond=None)[0])


class _Shot:
    """What is kept from frame to frame of one shot."""

    def __init__(self, head: Head, own: Vectors, empty: EmptyPlate, grain: Grain, scene: float) -> None:
        self.head = head
        self.shape = HeadShape(head.rig, own)
        self.empty = empty
        self.tone = Tone(scene - head.scene)
        self.sharpness = Sharpness()
        self.grains = Grains(grain)

    def draw(self, frame: Picture, plate: Picture, seen: Vectors, pose: Pose, index: int) -> None:
        """Put the actor's head into `frame`, a copy of `plate`; `seen` are the stand-in's landmarks.

        Both are as large as the frame; nothing outside of the head's box is read or written.
        """
        whole = Box.of(plate)
        self.grains.lay(frame, *self.empty.clear(frame, plate, seen, pose), index)
        posed = self.shape.at(pose.to_canonical(seen), pose)
        placed = self.head.placed(posed, head_box(pose, whole))
        region = placed.view.region
        if min(region.width, region.height) < _LEAST:
            return
        drawn, alpha = self._drawn(plate, seen, posed, placed, index)
        tint_neck(frame, *self.tone.skins, seen, pose)
        _lay_mouth(drawn, plate, seen, posed.face, region)
        width = _width(posed.face)
        soft = cv2.GaussianBlur(alpha, (0, 0), max(0.6, width / 250))
        grid = Grid.of(region, width)
        shown = np.asarray(soft * (1 - grid.enlarged(self.empty.front.within(grid))), np.float32)
        over(frame[region.within(whole)], drawn, shown)

    def _drawn(self, plate: Picture, seen: Vectors, posed: Posed, placed: Placed, index: int) -> tuple[Picture, Layer]:
        """The actor's head in the plate's light, and its alpha."""
        head, region = self.head, placed.view.region
        lips = Box.around(posed.face[list(mesh.LIPS_OUTER_OUTLINE)], 6, region)
        layers = head.rig.warp(placed, (*head.eyes.windows(placed, posed.blink), lips), head.sampler)
        drawn, alpha = np.ascontiguousarray(layers[..., :3]), _unit(layers[..., 3]) * _covered(placed)
        head.eyes.paint(drawn, placed, posed.blink, posed.gaze)
        self.tone.look(plate, seen, drawn, posed.face, region)
        drawn = self.tone.on(drawn, posed.skull, region)
        self.sharpness.look(plate[region.within(Box.of(plate))], drawn, _face_mask(posed.face, region))
        drawn = self.sharpness.match(drawn)
        self.grains.lay(drawn, Box.of(drawn), alpha, index)
        return drawn, alpha


def head_frames(request: Request, driver: Driver, wanted: NDArray[np.bool_], report: dict[str, Any]) -> Iterator[Plate]:
    """The take's frames. Those that aren't `wanted`, and those without the face, are the plate's own.

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
    _tell(report, head)
    shot, number = None, -1
    whole = Box(0, 0, spec.width, spec.height)
    before, after = Window(spec.width, spec.height), Window(spec.width, spec.height)
    for index, plate in enumerate(ahead(read_plates(source.media, source.indices, spec))):
        seen, pose = driver.points(index), driver.pose(index)
        if seen is None or pose is None or not wanted[index]:
            yield plate
            continue
        if shot is None or driver.shot(index) != number:
            number = driver.shot(index)
            empty = EmptyPlate.of(driver, number, source, pictures, whole)
            first = plate.bgr()
            grain = grain_of(first) if min(plate.size) >= _GRAINY else Grain()
            shot = _Shot(head, driver.neutral_of(number), empty, grain, scene_light(first, head_box(pose, whole)))
        box = head_box(pose, whole)
        pixels = plate.region(box)
        frame = after.showing(box, pixels)
        shot.draw(frame, before.showing(box, pixels), seen, pose, index)
        plate.put(box, frame[box.within(whole)])
        yield plate


def _tell(report: dict[str, Any], head: Head) -> None:
    """Add what an editor has to know of this head to the report's warnings and limits."""
    warnings, limits = report.setdefault("warnings", []), report.setdefault("limits", [])
    if not head.cut.whole:
        warnings.append("the portrait cuts the head off at its edge: leave room above and beside the hair")
    limits.append("background that no frame of the shot shows is filled in softly from around it")
    limits.append("the background is gathered as if the camera stood still: a pan leaves it soft behind the head")
    limits.append("what lies in front of the hair is replaced with it; in front of the face it stays in front")


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


def _width(face: Vectors) -> float:
    """Of a face (468 or more, 3), in pixels."""
    return float(np.linalg.norm(face[234, :2] - face[454, :2]))


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


def _lay_mouth(drawn: Picture, plate: Picture, seen: Vectors, face: Vectors, region: Box) -> None:
    """The inside of the stand-in's own mouth between the actor's lips."""
    width = _width(face)
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

# SPDX-License-Identifier: Apache-2.0
"""Head replacement: the actor's whole head, hair included, on the stand-in's shoulders.

For each frame: the stand-in's head is taken out (what was behind it comes from the rest of the shot), the actor's is
drawn in the same pose with the stand-in's expression and mouth, lit and grained as the plate is, and laid on the
stand-in's neck. Nothing outside the head's surroundings is touched.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import PictureSource, Request
from greenroom.engines.previz.acting.driver import Driver
from greenroom.engines.previz.compositing.composite import Grain, foreground, grain_of, over
from greenroom.engines.previz.compositing.window import Window
from greenroom.engines.previz.face.light import plain_around
from greenroom.engines.previz.face.mask import Grid, mouth_hole
from greenroom.engines.previz.head.cut import CutHead, cut_head
from greenroom.engines.previz.head.head_out import Cleared, EmptyPlate, head_box, matted
from greenroom.engines.previz.head.in_front import Grains
from greenroom.engines.previz.head.neck import tint_neck, under_jaw
from greenroom.engines.previz.head.shape import HeadShape, Posed
from greenroom.engines.previz.head.throat import shave_throat
from greenroom.engines.previz.head.tone import Sharpness, Tone, scene_light
from greenroom.engines.previz.puppet.expression import smoothstep
from greenroom.engines.previz.puppet.eyes import Eyes
from greenroom.engines.previz.puppet.rig import Placed, Rig
from greenroom.engines.previz.puppet.warp import Box, Sampler, View
from greenroom.media.pictures import read_pictures
from greenroom.media.plates import Plate, read_plates
from greenroom.media.relay import ahead
from greenroom.perception import mesh
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


@dataclass(frozen=True, eq=False)
class _Ground:
    """What is known of a shot before anything is drawn: the stand-in's rest face (478, 3), their surroundings."""

    own: Vectors
    empty: EmptyPlate
    grain: Grain
    scene: float


@dataclass(frozen=True, eq=False)
class _Bare:
    """A frame of which is known how its head is taken out."""

    index: int
    seen: Vectors
    pose: Pose
    cleared: Cleared
    ground: _Ground


class _Shot:
    """What is kept from frame to frame of one shot."""

    def __init__(self, head: Head, ground: _Ground) -> None:
        self.head, self.ground = head, ground
        self.shape = HeadShape(head.rig, ground.own)
        self.tone = Tone(ground.scene - head.scene)
        self.sharpness = Sharpness()
        self.grains = Grains(ground.grain)

    def draw(self, plate: Plate, bare: _Bare, windows: tuple[Window, Window]) -> None:
        """Put the actor's head into `plate`. Only what is changed is read as BGR, and the face."""
        seen, pose, cleared = bare.seen, bare.pose, bare.cleared
        whole = Box(0, 0, *plate.size)
        bounds = head_box(pose, whole)
        posed = self.shape.at(pose.to_canonical(seen), pose)
        placed = self.head.placed(posed, bounds)
        region = placed.view.region
        drawn = min(region.width, region.height) >= _LEAST
        changed = (cleared.box, under_jaw(seen, pose, whole), region) if drawn else (cleared.box,)
        box = _around(Box.around(seen, 2, whole), *changed).cut(bounds)
        if not box.width or not box.height:
            return
        pixels = plate.region(box)
        before, frame = (window.showing(box, pixels) for window in windows)
        cleared.empty(frame)
        self.grains.lay(frame, cleared.box, cleared.gone, bare.index)
        if drawn:
            self._lay(frame, before, bare, posed, placed)
        plate.put(box, frame[box.within(whole)])

    def _lay(self, frame: Picture, plate: Picture, bare: _Bare, posed: Posed, placed: Placed) -> None:
        """The actor's head on the emptied `frame`, which was `plate`: both windows."""
        seen, region, hidden = bare.seen, placed.view.region, bare.cleared.hidden
        drawn, alpha = self._drawn(plate, seen, posed, placed, bare.index)
        shaven = shave_throat(frame, plate, self.tone.skins[0], seen, bare.pose)
        if shaven is not None:
            self.grains.lay(frame, *shaven, bare.index)
        tint_neck(frame, *self.tone.skins, seen, bare.pose)
        _lay_mouth(drawn, plate, seen, posed.face, region)
        width = _width(posed.face)
        shown = cv2.GaussianBlur(alpha, (0, 0), max(0.6, width / 250))
        if hidden.cover is not None:
            grid = Grid.of(region, width)
            shown = shown * (1 - grid.enlarged(hidden.within(grid)))
        over(frame[region.within(Box.of(frame))], drawn, np.asarray(shown, np.float32))

    def _drawn(self, plate: Picture, seen: Vectors, posed: Posed, placed: Placed, index: int) -> tuple[Picture, Layer]:
        """The actor's head in the plate's light, and its alpha."""
        head, region = self.head, placed.view.region
        lips = Box.around(posed.face[list(mesh.LIPS_OUTER_OUTLINE)], 6, region)
        layers = head.rig.warp(placed, (*head.eyes.windows(placed, posed.blink), lips), head.sampler)
        drawn = np.asarray(cv2.cvtColor(layers, cv2.COLOR_BGRA2BGR), np.uint8)
        alpha = _unit(np.asarray(cv2.extractChannel(layers, 3), np.uint8)) * _covered(placed)
        head.eyes.paint(drawn, placed, posed.blink, posed.gaze)
        self.tone.look(plate, seen, drawn, posed.face, region)
        drawn = self.tone.on(drawn, posed.skull, region)
        if self.sharpness.next_is_due():
            self.sharpness.look(plate[region.within(Box.of(plate))], drawn, _face_mask(posed.face, region))
        drawn = self.sharpness.match(drawn)
        self.grains.lay(drawn, Box.of(drawn), alpha, index)
        return drawn, alpha


def head_frames(
    request: Request,
    source: PictureSource,
    driver: Driver,
    actor: tuple[Picture, Vectors],
    wanted: NDArray[np.bool_],
    report: dict[str, Any],
) -> Iterator[Plate]:
    """The take's frames, with the head of `actor`: a portrait, and its landmarks (478, 3). Frames that aren't `wanted`,
    and those without the face, are the plate's own.

    What is found out while they are made is added to `report`.

    Raises:
        MediaError: the footage can't be read.
    """
    grounds = _Grounds(request, driver, source, wanted)
    windows = Window(*driver.size), Window(*driver.size)
    with ThreadPoolExecutor(1, "greenroom-previz-portrait") as pool:
        making, head = pool.submit(Head.of, *actor, _largest(driver)), None
        shot = None
        # one frame is emptied while another is drawn: the encoder alone doesn't fill a core
        for plate, bare in ahead(grounds.frames(), depth=1):
            if bare is not None:
                if head is None:
                    head = making.result()
                    _tell(report, head)
                if shot is None or shot.ground is not bare.ground:
                    shot = _Shot(head, bare.ground)
                shot.draw(plate, bare, windows)
            yield plate


class _Grounds:
    """The plates of a take, and where a head is to be replaced, what is behind it."""

    def __init__(self, request: Request, driver: Driver, source: PictureSource, wanted: NDArray[np.bool_]) -> None:
        self._spec, self._driver, self._source = request.spec, driver, source
        self._wanted = wanted
        self._whole = Box(0, 0, request.spec.width, request.spec.height)

    def frames(self) -> Generator[tuple[Plate, _Bare | None]]:
        number, ground = -1, None
        for index, plate in enumerate(ahead(read_plates(self._source.media, self._source.indices, self._spec))):
            seen, pose = self._driver.points(index), self._driver.pose(index)
            if seen is None or pose is None or not self._wanted[index]:
                yield plate, None
                continue
            if ground is None or self._driver.shot(index) != number:
                number = self._driver.shot(index)
                ground = self._ground(number, plate, pose)
            yield plate, _Bare(index, seen, pose, ground.empty.clear(plate, seen, pose), ground)

    def _ground(self, number: int, plate: Plate, pose: Pose) -> _Ground:
        first = Plate(plate.frame).bgr()  # the take's own converter may be at work in another thread
        empty = EmptyPlate.of(self._driver, number, self._source, self._pictures, self._whole)
        box = head_box(pose, self._whole)
        grain = (
            grain_of(first[plain_around(box, self._whole).within(self._whole)])
            if min(plate.size) >= _GRAINY
            else Grain()
        )
        return _Ground(self._driver.neutral_of(number), empty, grain, scene_light(first, box))

    def _pictures(self, indices: tuple[int, ...]) -> Iterator[Picture]:
        spec = self._spec
        return read_pictures(self._source.media, indices, width=spec.width, height=spec.height, fit=spec.fit)


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


def _around(*boxes: Box) -> Box:
    """The box of all those that aren't empty."""
    some = [box for box in boxes if box.width and box.height]
    return Box(
        *(min(side) for side in zip(*((box.left, box.top) for box in some), strict=True)),
        *(max(side) for side in zip(*((box.right, box.bottom) for box in some), strict=True)),
    )


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

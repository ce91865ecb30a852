# SPDX-License-Identifier: Apache-2.0
"""The stand-in's head taken out of the plate: where it is, how softly it ends on the neck, and what was behind it.

Masks are kept in cells of one or two millimetres of the stand-in's head: their edges lie over background, which needs
no more, and the cost doesn't grow with the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import PictureSource
from greenroom.engines.previz.acting.driver import Driver
from greenroom.engines.previz.compositing.composite import over
from greenroom.engines.previz.face.mask import Grid
from greenroom.engines.previz.head.clean_plate import CleanPlate, Sight
from greenroom.engines.previz.head.hair import LongHair
from greenroom.engines.previz.head.in_front import Hidden, InFront
from greenroom.engines.previz.head.neck import on_head
from greenroom.engines.previz.puppet.warp import Box
from greenroom.media.plates import Plate
from greenroom.perception.matte import PersonMatte
from greenroom.perception.pose import Pose

__all__ = ["Cleared", "EmptyPlate", "head_box", "matted"]

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
Vectors = NDArray[np.float64]
Pictures = Callable[[tuple[int, ...]], Iterator[Picture]]

_SIGHTS = 12  # frames of a shot that its background is gathered from
_FEWEST_SIGHTS, _HELD = 6, 130e6  # bytes that these frames may take meanwhile
_OBSTRUCTED = 0.02  # of the face, hidden beyond the usual, from which something is in front of it
_HAIR_SIGHTS = 3  # of them, in which long hair is looked for
_CELLS = 6.0  # a centimetre
_STAYS = 0.25  # cm that a head may move until its matte is looked at again
_HEAD = (13.5, 15.5)  # cm: half axes of the area that a head with its hair fills
_HEAD_MIDDLE = (0.0, -4.5)  # of that area, in cm from the middle of the face
_AROUND = ((-17.0, -21.0), (17.0, 23.0))  # cm from there: head, long hair, and shoulders enough for a matte
_NECK = np.array([[0.0, 10.0, 7.0]])  # a point inside the neck, canonical cm
_HAIR_TIPS = 0.8  # cm that are taken out around the matte, which loses fine hair
_MATTE_SIDE = 200  # cells of the head's surroundings: what is taken out is widened by more than that loses
_CLEAR = 1.0  # cm away from the matte, from where background is surely seen


@dataclass(frozen=True, eq=False)
class Cleared:
    """What is taken out of a frame: `gone` (height, width of `box`; 0 to 1), what is `behind` it there, BGR, and what
    stays in front of the face.
    """

    box: Box
    gone: Layer
    behind: Picture
    hidden: Hidden

    def empty(self, frame: Picture) -> None:
        """Take it out of `frame`, in place."""
        over(frame[self.box.within(Box.of(frame))], self.behind, self.gone)


@dataclass(frozen=True, eq=False)
class EmptyPlate:
    """One shot without the stand-in's head: its background, and what hangs below the jaw."""

    background: CleanPlate
    hair: LongHair
    front: InFront
    matte: _Person

    @classmethod
    def of(cls, driver: Driver, shot: int, source: PictureSource, pictures: Pictures, frame: Box) -> EmptyPlate:
        """From frames all over `shot`. `pictures` reads file frames at the size of `frame`."""
        sights = _sights(driver, shot, frame)
        poses = {index: pose for index in sights if (pose := driver.pose(index)) is not None}
        boxes = [_surroundings(pose, frame) for pose in poses.values()]
        corners = np.array([[box.left, box.top] for box in boxes] + [[box.right, box.bottom] for box in boxes], float)
        box = Box.around(corners, round(0.05 * float(np.ptp(corners[:, 0]))), frame)
        matte, front = PersonMatte(side=_MATTE_SIDE), InFront()
        found, covered, looks = [], [], []
        for index, picture in zip(sights, pictures(tuple(source.indices[index] for index in sights)), strict=True):
            matte.reset()
            pose, seen = poses[index], driver.points(index)
            grid = _grid(box, pose)
            free = np.ascontiguousarray(grid.enlarged(_free(_matte(matte, _small(picture, grid)), pose, grid)))
            found.append(Sight(np.ascontiguousarray(picture[box.within(frame)]), free))
            covered.append(0.0 if seen is None else front.learn(picture, seen))
            if seen is not None and index in sights[:: -(-len(sights) // _HAIR_SIGHTS)]:
                looks.append((picture, seen, pose))
        background = CleanPlate.of(box, _unobstructed(found, covered))
        return cls(background, LongHair.of(looks, matted), front, _Person())

    def clear(self, plate: Plate, seen: Vectors, pose: Pose) -> Cleared:
        """What is to be taken out of `plate`; `seen` (478, 3) are the stand-in's landmarks.

        What lies in front of the face stays.
        """
        hidden = self.front.look(plate, seen)
        box = self.region(pose, Box(0, 0, *plate.size))
        grid = _grid(box, pose)
        small = grid.seen(plate)
        person = self.matte.of(small, pose, grid)
        gone = self._gone(person, seen, pose, grid) * (1 - hidden.within(grid))
        part = grid.around(gone)
        if not part.region.width:
            return Cleared(part.region, np.zeros((0, 0), np.float32), np.zeros((0, 0, 3), np.uint8), hidden)
        behind = self.background.behind(small, box, _free(person, pose, grid), part.region)
        clothes = self.hair.clothes(small, person, gone, pose, grid)
        if clothes is not None:
            cells = grid.cells(part)
            colours, cover = clothes[0][cells].astype(np.float32), np.ascontiguousarray(clothes[1][cells])
            # hair above the mouth hides no clothes
            low = slice(max(0, round(pose.translation[1]) - part.region.top), part.region.height)
            picture, share = part.enlarged(colours), part.enlarged(cover)
            over(behind[low], picture[low].astype(np.uint8), np.ascontiguousarray(share[low]))
        return Cleared(part.region, np.ascontiguousarray(part.enlarged(gone[grid.cells(part)])), behind, hidden)

    def region(self, pose: Pose, frame: Box) -> Box:
        """The box of a frame in which `clear` may change pixels."""
        return self.background.aligned(_surroundings(pose, frame))  # whole cells, still inside of head_box

    def _gone(self, person: Layer, seen: Vectors, pose: Pose, grid: Grid) -> Layer:
        """Where the head is taken out, in the grid's cells, 0 to 1. `person` is the matte there."""
        density = pose.scale / grid.cell
        wide = 2 * max(1, round(_HAIR_TIPS * density)) + 1
        whole = cv2.dilate(np.clip(2.5 * person, 0, 1), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide)))
        soft = cv2.GaussianBlur(whole, (0, 0), max(0.7, 0.3 * density))
        zone = np.maximum(_head_zone(seen, pose, grid), self.hair.within(pose, grid))
        return np.asarray(soft * zone, np.float32)


def _sights(driver: Driver, shot: int, frame: Box) -> list[int]:
    """The frames from all over `shot` that its background is gathered from: fewer of larger pictures."""
    own = [index for index in range(driver.count) if driver.shot(index) == shot and not driver.lost[index]]
    count = int(np.clip(_HELD // (3 * frame.width * frame.height), _FEWEST_SIGHTS, _SIGHTS))
    return own[:: -(-len(own) // count)]


def _unobstructed(sights: list[Sight], covered: list[float]) -> list[Sight]:
    """Without those in which more of the face is hidden than usual: what hides it is no background either."""
    usual = float(np.median(covered))
    return [sight for sight, share in zip(sights, covered, strict=True) if share <= usual + _OBSTRUCTED]


def matted(picture: Picture, near: Box) -> Layer:
    """The person of one picture (h, w), looked for in `near`."""
    found = PersonMatte().matte(picture, near=(near.left, near.top, near.right, near.bottom))
    return np.asarray(found, np.float32)


def _grid(box: Box, pose: Pose) -> Grid:
    return Grid(box, max(1, round(pose.scale / _CELLS)))


class _Person:
    """The matte of one shot's stand-in, frame by frame: looked for in every other one while the head hardly moves, and
    carried along with it in between.
    """

    def __init__(self) -> None:
        self._matte = PersonMatte(side=_MATTE_SIDE)
        self._last: tuple[Pose, Grid, Layer] | None = None

    def of(self, small: Picture, pose: Pose, grid: Grid) -> Layer:
        """In cells of `grid`, of which `small` has the colours."""
        if self._last is not None and _apart(self._last[0], pose) < _STAYS:
            before, self._last = self._last, None
            return _carried(*before, pose, grid)
        person = _matte(self._matte, small)
        self._last = pose, grid, person
        return person


def _apart(before: Pose, now: Pose) -> float:
    """Centimetres that the head has moved, at its crown or its chin."""
    ends = np.array([[0.0, -15.0, 0.0], [0.0, 9.0, 0.0]])
    moved = now.to_picture(ends)[:, :2] - before.to_picture(ends)[:, :2]
    return float(np.max(np.linalg.norm(moved, axis=1)) / now.scale)


def _carried(before: Pose, old: Grid, person: Layer, now: Pose, grid: Grid) -> Layer:
    """The matte `person` of an `old` grid as it lies in `grid`, moved as the head was."""
    size, turn = before.scale / now.scale, np.radians(before.roll - now.roll)
    linear = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    # from the middle of a cell to a pixel, to the pixel where it was, to the old grid's cells
    first = grid.region.origin + (grid.cell - 1) / 2
    there = before.translation[:2] + linear @ (first - now.translation[:2])
    offset = (there - old.region.origin - (old.cell - 1) / 2) / old.cell
    back = np.column_stack([linear * (grid.cell / old.cell), offset])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(person, back, grid.size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _small(plate: Picture, grid: Grid) -> Picture:
    """The grid's region of a frame, one pixel a cell."""
    return grid.shrunk(np.ascontiguousarray(plate[grid.region.within(Box.of(plate))]))


def _matte(matte: PersonMatte, small: Picture) -> Layer:
    return np.asarray(matte.matte(small), np.float32)


def _free(person: Layer, pose: Pose, grid: Grid) -> Layer:
    """Where background is surely seen: some millimetres away from the person."""
    wide = 2 * max(1, round(_CLEAR * pose.scale / grid.cell)) + 1
    return np.asarray(1 - cv2.dilate(np.clip(4 * person, 0, 1), np.ones((wide, wide), np.uint8)), np.float32)


def _head_zone(seen: Vectors, pose: Pose, grid: Grid) -> Layer:
    """Where a head is looked for, in the grid's cells: 0 to 1, soft under the jaw.

    Beside the chin the neck is spared: the actor's narrower jaw leaves part of the stand-in's in sight, and skin reads
    as neck there, a hole wouldn't.
    """
    columns, rows = grid.size
    x = (grid.region.left + grid.cell * (np.arange(columns) + 0.5)).astype(np.float32)
    y = (grid.region.top + grid.cell * (np.arange(rows) + 0.5)).astype(np.float32)
    across, down = on_head(pose, x[None, :], y[:, None])
    marks = [seen[152], seen[[61, 291]].mean(0), seen[397], seen[172], pose.to_picture(_NECK)[0]]
    aside, below = on_head(pose, *np.array(marks)[:, :2].T)
    chin, mouth = below[:2].tolist()
    jaw, neck = float(abs(aside[2] - aside[3])) / 2, float(aside[4])
    above = np.clip((chin + 0.3 - down) / 1.4, 0, 1)
    away = np.hypot((across - _HEAD_MIDDLE[0]) / _HEAD[0], (down - _HEAD_MIDDLE[1]) / _HEAD[1])
    near = np.clip((1.0 - away) / 0.15, 0, 1)
    column = np.clip((0.85 * jaw - np.abs(across - neck)) / 1.2 + 0.5, 0, 1)
    column = column * np.clip((down - mouth + 0.5) / 2.0, 0, 1)
    return np.asarray(above * near * (1 - column), np.float32)


def head_box(pose: Pose, frame: Box) -> Box:
    """The box of `frame` outside of which replacing a head in `pose` changes nothing."""
    around = _surroundings(pose, frame)
    more = round(3 * pose.scale) + 8  # what grows out of the surroundings: wide hair, and whole cells
    return Box(around.left - more, around.top - more, around.right + more, around.bottom + more).cut(frame)


def _surroundings(pose: Pose, frame: Box) -> Box:
    """The box of `frame` that holds a head in `pose`, its hair, and enough of neck and shoulders for a matte."""
    cos, sin = np.cos(np.radians(pose.roll)), np.sin(np.radians(pose.roll))
    corners = np.array([[x, y] for x in (_AROUND[0][0], _AROUND[1][0]) for y in (_AROUND[0][1], _AROUND[1][1])])
    turned = corners @ np.array([[cos, sin], [-sin, cos]])
    return Box.around(pose.translation[:2] + pose.scale * turned, 0, frame)

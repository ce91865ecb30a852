# SPDX-License-Identifier: Apache-2.0
"""A followed face: what drives an actor, be it the stand-in that is replaced or a performance that is mimicked.

One pass over the footage writes the landmarks of every frame into a file in the request's work folder; then the rest
face of each shot is known, and the frames are read back as they are needed. Of a clip's length only a few bytes a
frame are kept in memory.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from greenroom.cues.wishes import Who
from greenroom.engines.contract import PictureSource, Request
from greenroom.media.glimpses import Glimpse, Looked, read_glimpses
from greenroom.perception import mesh
from greenroom.perception.faces import FaceFinder, TrackedFace
from greenroom.perception.people import choose_by
from greenroom.perception.pose import Pose, fit_pose
from greenroom.perception.steadying import steadied

__all__ = ["LOST", "RE_DETECTED", "TRACKED", "Driver", "Look", "runs"]

Picture = NDArray[np.uint8]
Vectors = NDArray[np.float64]
_Item = TypeVar("_Item")

Look: TypeAlias = Callable[[Picture, Vectors], None]
"""What wants to see the followed face now and then: a picture (h, w, 3) of it, and its landmarks (478, 3) in there."""

TRACKED, RE_DETECTED, LOST = "tracked", "re-detected", "lost"
"""States of a frame: followed from the last one; found anew after it was lost; no face."""

_STATES = (LOST, TRACKED, RE_DETECTED)
_POINTS = 478
_FACE = 468
_FRAME_BYTES = _POINTS * 3 * 4
_BLOCK = 32  # frames read at once: 180 kB
_CALM = 6  # the calmest sixth of a shot shows the face at rest (facts, section 5.3)
_FEWEST, _MOST = 5, 240  # frames of it: so many at least make a median, more make no better one
_NOWHERE = np.full((_POINTS, 3), np.nan, np.float32)
_LIPS = (13, 14)  # the middle of the inner lips
_LOOK_EVERY = 24  # frames with the face between two looks


@dataclass(eq=False)
class Driver:
    """The face of each of `count` frames, in pixels of the pictures that it was found in (`size`: width, height).

    Frames are numbered from the source's first, which is the take's first. A frame without the face has no points, no
    pose and no expression.
    """

    path: Path
    size: tuple[int, int]
    _found: NDArray[np.uint8]
    _shots: NDArray[np.int32]
    _openings: NDArray[np.float32]
    _block: tuple[int, NDArray[np.float32]] | None = field(default=None, init=False)

    @classmethod
    def read(
        cls,
        request: Request,
        source: PictureSource,
        *,
        who: Who | None = None,
        size: tuple[int, int] | None = None,
        name: str = "landmarks",
        keep_seen: bool = False,
        look: Look | None = None,
    ) -> Driver:
        """Follow one person of `source`, chosen by `who` (None: the largest), through every frame of the request.

        Pictures are read at the take's size as all footage modes draw them, or at `size`. The landmarks go to
        `name`.f32 in the request's work folder. With `keep_seen` those of each frame alone are kept beside them. `look`
        is shown the face in its first frame, and in some later ones.

        Raises:
            MediaError: the footage can't be read.
        """
        width, height = size or (request.spec.width, request.spec.height)
        pictures = read_glimpses(source.media, source.indices, width=width, height=height, fit=request.spec.fit)
        path = request.work / f"{name}.f32"
        return cls.of(_faces(_ahead(pictures), who, look), path, (width, height), keep_seen=keep_seen)

    @classmethod
    def follow(
        cls,
        pictures: Iterable[Looked],
        path: Path,
        size: tuple[int, int],
        *,
        who: Who | None = None,
        keep_seen: bool = False,
    ) -> Driver:
        """The same of any `pictures` (height, width, 3 BGR), with the landmarks written to `path`."""
        return cls.of(_faces(pictures, who), path, size, keep_seen=keep_seen)

    @classmethod
    def of(
        cls, track: Iterable[TrackedFace | None], path: Path, size: tuple[int, int], *, keep_seen: bool = False
    ) -> Driver:
        """Of a face that was followed already: one entry a frame, None where it isn't seen."""
        found, shots, openings = bytearray(), [], []
        with path.open("wb") as file, contextlib.ExitStack() as more:
            second = more.enter_context(_beside(path).open("wb")) if keep_seen else None
            shot = 0
            for face in track:
                shot = shot if face is None else face.shot
                points = _NOWHERE if face is None else face.points.astype(np.float32)
                file.write(points.tobytes())
                if second:
                    seen = points if face is None or face.seen is None else face.seen.astype(np.float32)
                    second.write(seen.tobytes())
                found.append(_STATES.index(LOST if face is None else face.found))
                shots.append(shot)
                openings.append(np.nan if face is None else _opening(points))
        states = np.frombuffer(bytes(found), np.uint8)
        return cls(path, size, states, np.array(shots, np.int32), np.array(openings, np.float32))

    @property
    def count(self) -> int:
        return len(self._found)

    @property
    def found(self) -> list[str]:
        """The state of each frame: TRACKED, RE_DETECTED or LOST."""
        return [_STATES[state] for state in self._found]

    @property
    def lost(self) -> NDArray[np.bool_]:
        """(count,) Where there is no face."""
        return np.asarray(self._found == 0)

    def shot(self, index: int) -> int:
        """The number of the shot that frame `index` belongs to, from 0."""
        return int(self._shots[index])

    def points(self, index: int) -> Vectors | None:
        """The landmarks (478, 3) of frame `index` in pixels, steadied over time."""
        if self._found[index] == 0:
            return None
        first = index - index % _BLOCK
        if self._block is None or self._block[0] != first:
            self._block = first, self._read(first, _BLOCK)
        return np.asarray(self._block[1][index - first], np.float64)

    def seen(self, index: int) -> Vectors | None:
        """The landmarks (478, 3) as frame `index` alone showed them: nothing lags, all trembles.

        Raises:
            FileNotFoundError: they weren't asked for when the face was followed.
        """
        if self._found[index] == 0:
            return None
        values = np.fromfile(_beside(self.path), np.float32, _POINTS * 3, offset=index * _FRAME_BYTES)
        return np.asarray(values.reshape(_POINTS, 3), np.float64)

    def pose(self, index: int) -> Pose | None:
        """How the skull lies in frame `index`; a moving mouth doesn't nod it."""
        points = self.points(index)
        return None if points is None else fit_pose(points, rigid=True)

    def canonical(self, index: int) -> Vectors | None:
        """The face (478, 3) of frame `index` in canonical centimetres, irises last."""
        points = self.points(index)
        return None if points is None else fit_pose(points, rigid=True).to_canonical(points)

    def expression(self, index: int) -> Vectors | None:
        """How the face (468, 3) of frame `index` differs from its shot's rest face, in canonical centimetres."""
        face = self.canonical(index)
        return None if face is None else face[:_FACE] - self.neutral_of(self.shot(index))[:_FACE]

    @property
    def neutral(self) -> Vectors:
        """The rest face (468, 3) of the shot that shows the face longest, in canonical centimetres."""
        known = self._shots[self._found > 0]
        if not len(known):
            return np.array(mesh.canonical().vertices)
        return self.neutral_of(int(np.argmax(np.bincount(known))))[:_FACE]

    def neutral_of(self, shot: int) -> Vectors:
        """The rest face (478, 3) of `shot` in canonical centimetres: the median of the frames whose mouth is calmest.

        Raises:
            KeyError: no frame of that shot shows the face.
        """
        if shot not in self._neutrals:
            self._neutrals[shot] = self._at_rest(self.calmest(shot))
        return self._neutrals[shot]

    def calmest(self, shot: int) -> list[int]:
        """The frames of `shot` whose lips are closest: a sixth of those with a face, 240 at most, in order."""
        own = np.flatnonzero((self._shots == shot) & (self._found > 0))
        if not len(own):
            raise KeyError(shot)
        calm = own[np.argsort(self._openings[own], kind="stable")][: max(_FEWEST, len(own) // _CALM)]
        calm.sort()
        return [int(index) for index in calm[:: -(-len(calm) // _MOST)]]

    @cached_property
    def _neutrals(self) -> dict[int, Vectors]:
        return {}

    def _at_rest(self, indices: list[int]) -> Vectors:
        faces = [face for index in indices if (face := self.canonical(index)) is not None]
        return np.asarray(np.median(np.stack(faces), axis=0))

    def _read(self, first: int, count: int) -> NDArray[np.float32]:
        values = np.fromfile(self.path, np.float32, count * _POINTS * 3, offset=first * _FRAME_BYTES)
        return values.reshape(-1, _POINTS, 3)


def runs(states: Iterable[str]) -> list[list[str | int]]:
    """States frame by frame as [state, first, last] of each run, as take.json lists them.

    >>> runs(["tracked", "tracked", "held"])
    [['tracked', 0, 1], ['held', 2, 2]]
    """
    listed: list[list[str | int]] = []
    for index, state in enumerate(states):
        if listed and listed[-1][0] == state:
            listed[-1][2] = index
        else:
            listed.append([state, index, index])
    return listed


def _beside(path: Path) -> Path:
    """Where landmarks go that are those of each frame alone."""
    return path.with_name(f"{path.stem}-seen.f32")


def _ahead(pictures: Iterator[_Item]) -> Iterator[_Item]:
    """The same pictures, each decoded while the last one is looked at: nothing is encoded yet, so a core is free."""
    with ThreadPoolExecutor(1, "greenroom-previz-decoder") as pool:
        coming = pool.submit(next, pictures, None)
        while (picture := coming.result()) is not None:
            coming = pool.submit(next, pictures, None)
            yield picture


def _faces(pictures: Iterable[Looked], who: Who | None, look: Look | None = None) -> Iterator[TrackedFace | None]:
    """The chosen face of each picture."""
    who = who or Who()
    choose = choose_by(side=who.side, number=who.number, point=who.point)
    # nothing is encoded yet: both cores are free
    if look is None:
        return FaceFinder().follow(pictures, choose=choose, two_cores=True)
    shown: deque[Looked] = deque()
    track = FaceFinder().follow(_noting(pictures, shown), choose=choose, smooth=False, two_cores=True)
    return steadied(_looking(track, shown, look))


def _noting(pictures: Iterable[Looked], shown: deque[Looked]) -> Iterator[Looked]:
    """The same; `shown` holds those that are out."""
    for picture in pictures:
        shown.append(picture)
        yield picture


def _looking(track: Iterable[TrackedFace | None], shown: deque[Looked], look: Look) -> Iterator[TrackedFace | None]:
    """The same; now and then `look` is told of the face in its picture, the first that is `shown`."""
    seen = 0
    for face in track:
        picture = shown.popleft()
        if face is not None:
            if seen % _LOOK_EVERY == 0:
                look(*_face_of(picture, face.points))
            seen += 1
        yield face


def _face_of(picture: Looked, points: Vectors) -> tuple[Picture, Vectors]:
    """The pixels round landmarks (478, 3), and the landmarks in them."""
    high, wide = picture.shape[:2]
    low = np.clip(points[:, :2].min(axis=0) - 4, 0, [max(0, wide - 2), max(0, high - 2)]).astype(int) // 2 * 2
    ends = np.clip(points[:, :2].max(axis=0) + 4, low + 1, [wide, high]).astype(int)
    (left, top), (columns, rows) = low.tolist(), (ends - low).tolist()
    moved = points - [left, top, 0]
    if isinstance(picture, Glimpse):
        return picture.part(left, top, columns, rows), moved
    return picture[top : top + rows, left : left + columns], moved


def _opening(points: NDArray[np.float32]) -> float:
    """How far the inner lips are apart, against the face's height."""
    upper, lower = points[list(_LIPS)]
    return float(np.linalg.norm(lower - upper) / max(1e-6, float(np.linalg.norm(points[152] - points[10]))))

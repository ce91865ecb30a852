# SPDX-License-Identifier: Apache-2.0
"""Mode lipsync: the picture that is there, with lips that say the dialogue under it.

Only the mouth, the chin and the jaw change, in one box around them; every other pixel is the plate's. In silence, and
outside of what only= and not= allow, the whole frame is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenroom.cues.wishes import read_who
from greenroom.engines.contract import Delivery, PictureSource, Request
from greenroom.engines.previz.acting.driver import Driver, runs
from greenroom.engines.previz.compositing.window import Window
from greenroom.engines.previz.delivery import deliver, read_dialogue
from greenroom.engines.previz.footage import KEPT, UNTOUCHED, allowed_frames
from greenroom.engines.previz.lips.edges import lip_edges
from greenroom.engines.previz.lips.in_front import InFront
from greenroom.engines.previz.lips.lower_face import FIRM, LowerFace, Moved
from greenroom.engines.previz.lips.paint import LipPainter, looked_at
from greenroom.engines.previz.lips.timing import shares, speaking
from greenroom.engines.previz.puppet.expression import Face
from greenroom.engines.previz.puppet.warp import Box
from greenroom.engines.previz.talk import Speech, hear
from greenroom.errors import CueError, EngineError
from greenroom.media.pictures import read_pictures
from greenroom.media.plates import Plate, read_plates
from greenroom.media.relay import ahead
from greenroom.perception.pose import Pose

__all__ = ["Resync", "prepare", "render_lipsync"]

Picture = NDArray[np.uint8]
Vectors = NDArray[np.float64]

_SMALL = 60  # pixels between the ears below which lips are a few pixels high
_TURNED = 35.0  # degrees of yaw from which half of the mouth is hidden
_HURRY = 0.014
"""Of the face's height: a parting or closing of the plate's lips within five frames. Where they move less, steadied
landmarks are within 0.33 % of the height of what the frame alone shows (median 0.09 %); where more, up to 1 %.
"""
_SPARE = 0.04  # of the face's width, around what steadied landmarks would change
_TONES_FROM = 3  # frames of a shot that are looked at for the mouth's tones


@dataclass(frozen=True, eq=False)
class _Known:
    """A frame of which all is known but where its lips really end. `hidden` is of the `region` that may change."""

    region: Box
    points: Vectors
    pose: Pose
    face: Face
    share: float
    lower: LowerFace
    painter: LipPainter
    hidden: NDArray[np.float32] | None

    def paint(self, frame: Picture, edges: Vectors) -> None:
        """Move the lips in `frame`; `edges` are what `lip_edges` saw in it."""
        moved = self.lower.move(self.points, self.pose, self.face, self.share, self.region, edges)
        drawn = moved.placed.view.region.within(self.region)
        hidden = None if self.hidden is None else self.hidden[drawn]
        self.painter.paint(frame, self.points, moved, self.face, self.share, hidden)


@dataclass(eq=False)
class Resync:
    """Everything that a take's frames depend on. `frames()` may be run any number of times."""

    request: Request
    source: PictureSource
    driver: Driver
    speech: Speech
    wanted: NDArray[np.bool_]
    share: Vectors
    report: dict[str, Any] = field(default_factory=dict)
    _faces: dict[int, LowerFace] = field(default_factory=dict, init=False)

    def face(self, index: int) -> Face:
        """What the mouth does on frame `index`."""
        return Face(*self.speech.mouths[index].tolist())

    def state(self, index: int) -> str:
        """What was done to frame `index`: "tracked", "re-detected", UNTOUCHED or KEPT."""
        if self.share[index] > 0:
            return self.driver.found[index]
        return KEPT if self.wanted[index] and self.driver.lost[index] else UNTOUCHED

    def states(self) -> list[str]:
        return [self.state(index) for index in range(len(self.share))]

    def region(self, index: int) -> Box | None:
        """The only pixels of frame `index` that may differ from the plate's; None where none do."""
        found = self.anchored(index) if self.share[index] > 0 else None
        if found is None:
            return None
        whole = Box(0, 0, *self.driver.size)
        box = self.moved(index, *found, whole).placed.view.region
        spare = round(_SPARE * float(np.linalg.norm(found[0][234, :2] - found[0][454, :2])))
        return Box(box.left - spare, box.top - spare, box.right + spare, box.bottom + spare).cut(whole)

    def moved(self, index: int, points: Vectors, pose: Pose, inside: Box, edges: Vectors | None = None) -> Moved:
        """Where the lower face of frame `index`, with these landmarks (at least 468, 3), goes; drawn `inside`."""
        lower = self.lower_face(self.driver.shot(index))
        return lower.move(points, pose, self.face(index), float(self.share[index]), inside, edges)

    def hurried(self, index: int) -> bool:
        """Whether the plate's own lips move so fast around frame `index` that steadied landmarks lag behind them."""
        around = range(max(0, index - 2), min(self.driver.count, index + 3))
        faces = [points for near in around if (points := self.driver.points(near)) is not None]
        gaps = [np.linalg.norm(face[14] - face[13]) / np.linalg.norm(face[152] - face[10]) for face in faces]
        return bool(np.ptp(gaps) > _HURRY)

    def anchored(self, index: int) -> tuple[Vectors, Pose] | None:
        """Landmarks (478, 3) and pose of frame `index`, where its face was seen; None where the face is lost.

        Steadied landmarks lag behind a head that shakes, and the new lips would swim on it. What doesn't move in
        speech is seen by so many points that their mean needs no steadying.
        """
        points, pose, seen = self.driver.points(index), self.driver.pose(index), self.driver.seen(index)
        if points is None or pose is None or seen is None:
            return None
        off = np.array([*(seen - points)[FIRM, :2].mean(0), 0.0])
        points, pose = points + off, Pose(pose.rotation, pose.scale, pose.translation + off)
        return points, self.lower_face(self.driver.shot(index)).anchored(points, pose)

    def lower_face(self, shot: int) -> LowerFace:
        if shot not in self._faces:
            self._faces[shot] = LowerFace(self.driver.neutral_of(shot))
        return self._faces[shot]

    def frames(self) -> Iterator[Plate]:
        """The take's frames."""
        whole = Box(0, 0, *self.driver.size)
        window = Window(whole.width, whole.height)
        # one frame is looked over while another is painted: the encoder alone doesn't fill a core
        for plate, known in ahead(self._looked_over(), depth=1):
            if known is not None:
                box = looked_at(known.points, known.region, whole)
                frame = window.showing(box, plate.region(box))
                known.paint(frame, lip_edges(frame, known.points))
                plate.put(known.region, frame[known.region.within(whole)])
            yield plate

    def _looked_over(self) -> Generator[tuple[Plate, _Known | None]]:
        """The plates of the take, and what is to be known of those that change."""
        painters: dict[int, tuple[LipPainter, InFront]] = {}
        for index, plate in enumerate(ahead(read_plates(self.source.media, self.source.indices, self.request.spec))):
            region, found = self.region(index), self.anchored(index)
            if region is None or found is None:
                yield plate, None
                continue
            points, pose = found
            seen = self.driver.seen(index) if self.hurried(index) else None
            points = points if seen is None else LowerFace.refreshed(points, seen)
            shot = self.driver.shot(index)
            if shot not in painters:
                painters = {shot: (self.painter(shot), InFront())}  # shots come in turn: one is kept
            painter, in_front = painters[shot]
            hidden = in_front.hidden(plate, found[0], region)
            mouth = self.face(index), float(self.share[index])
            yield plate, _Known(region, points, pose, *mouth, self.lower_face(shot), painter, hidden)

    def painter(self, shot: int) -> LipPainter:
        """With tones from one of the shot's calm frames, neither the brightest nor the darkest."""
        calm = self.driver.calmest(shot)
        chosen = calm[:: max(1, len(calm) // _TONES_FROM)][:_TONES_FROM]
        pictures = list(self.pictures([self.source.indices[index] for index in chosen]))
        middle = int(np.argsort([picture.mean() for picture in pictures], kind="stable")[len(pictures) // 2])
        found = self.anchored(chosen[middle])
        assert found is not None, "calm frames show the face"
        return LipPainter(self.lower_face(shot), pictures[middle], *found)

    def pictures(self, indices: tuple[int, ...] | list[int]) -> Iterator[Picture]:
        width, height = self.driver.size
        return read_pictures(self.source.media, indices, width=width, height=height, fit=self.request.spec.fit)


def render_lipsync(request: Request) -> Delivery:
    """Make the take and write it as request.spec orders it, into request.work.

    Raises:
        EngineError: the cue has no picture, or nobody is in it.
        CueError: who=, only= or not= can't be read.
        MediaError: picture or dialogue can't be read.
    """
    resync = prepare(request)
    return deliver(request, resync.frames(), resync.report)


def prepare(request: Request) -> Resync:
    """Follow the speaker, find the phones, and plan every frame."""
    source = request.stand_in
    if source is None:
        raise EngineError(
            "there is no picture whose lips could be moved",
            hint="Put the note on a clip with picture; for a portrait that speaks, use mode=talk.",
            where=request.cue,
        )
    who = read_who(request.options["who"]) if request.options.get("who") else None
    if request.options.get("who") and who is None:
        raise CueError(f"who={request.options['who']} names nobody", hint="Write who=left, right, largest or 2.")
    allowed = allowed_frames(request.options, request.spec)
    # nothing is encoded yet: there is time to listen while the face is followed
    with ThreadPoolExecutor(1, "greenroom-previz-hearing") as pool:
        hearing = pool.submit(hear, read_dialogue(request), request.line, request.spec)
        driver = Driver.read(request, source, who=who, keep_seen=True)
        speech = hearing.result()
    if driver.lost.all():
        raise EngineError(
            "nobody's face was found in the picture",
            hint="Use a shot in which the speaker's face can be seen, or take the note off this clip.",
            where=str(source.media),
        )
    return _planned(request, source, driver, speech, allowed)


def _planned(
    request: Request, source: PictureSource, driver: Driver, speech: Speech, allowed: NDArray[np.bool_]
) -> Resync:
    rate = request.spec.rate
    shots = np.array([driver.shot(index) for index in range(driver.count)], np.int32)
    spoken = speaking(speech.mouths, rate)
    share = shares(spoken, allowed & ~driver.lost, shots, rate)
    resync = Resync(request, source, driver, speech, allowed & spoken, share)
    resync.report.update(
        timing=speech.method,
        matched=round(speech.matched, 3),
        region="mouth, chin and jaw",
        frames=runs(resync.states()),
        warnings=[*_said(speech), *_warnings(resync), *_unheard(resync, allowed & ~spoken)],
    )
    return resync


def _said(speech: Speech) -> tuple[str, ...]:
    if speech.method == "silence":
        return ("no speech in the dialogue: the picture stays as it is",)
    return speech.notes


def _unheard(resync: Resync, silent: NDArray[np.bool_]) -> list[str]:
    """Whether the person talks on in the plate where the new dialogue is silent."""
    if resync.speech.method == "silence":
        return []
    candidates = np.flatnonzero(silent & ~resync.driver.lost & (resync.share == 0)).tolist()
    moving = sum(resync.hurried(index) for index in candidates)
    if moving < resync.request.spec.rate / 4:
        return []
    return [f"the person's own mouth moves in {moving} frames in which the new dialogue is silent: it is kept as it is"]


def _warnings(resync: Resync) -> list[str]:
    driver, changed = resync.driver, np.flatnonzero(resync.share > 0).tolist()
    notes = []
    kept = sum(state == KEPT for state in resync.states())
    if kept:
        notes.append(f"the face can't be seen in {kept} spoken frames: they keep the plate's picture")
    poses = [pose for index in changed if (pose := driver.pose(index)) is not None]
    turned = sum(abs(pose.yaw) > _TURNED for pose in poses)
    if turned:
        notes.append(f"the head is turned by more than {_TURNED:.0f} degrees in {turned} frames: the lips may smear")
    widths = [
        float(np.linalg.norm(points[234, :2] - points[454, :2]))
        for index in changed[:: max(1, len(changed) // 50)]
        if (points := driver.points(index)) is not None
    ]
    if widths and np.median(widths) < _SMALL:
        notes.append(f"the face is only {np.median(widths):.0f} px wide: the lips are coarse")
    return notes

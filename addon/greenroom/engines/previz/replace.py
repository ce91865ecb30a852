# SPDX-License-Identifier: Apache-2.0
"""Mode replace: the actor takes the stand-in's place in the editor's own footage.

Two passes over the footage: one follows the stand-in's face through the whole take, the other draws. Frames where the
face is lost keep the plate, and so does every pixel outside of the face's box.
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
from greenroom.engines.previz.acting.driver import LOST, Driver, runs
from greenroom.engines.previz.checks import SMALLEST_FACE, TURNED
from greenroom.engines.previz.delivery import deliver, read_portrait
from greenroom.engines.previz.face.actor_face import ActorFace, skin_tone
from greenroom.engines.previz.face.shape import at_rest, outline_difference
from greenroom.engines.previz.face.swap import FaceSwap, face_width
from greenroom.engines.previz.footage import KEPT, UNTOUCHED, allowed_frames
from greenroom.engines.previz.puppet.warp import Box
from greenroom.errors import CastError, EngineError
from greenroom.media.plates import Plate, read_plates
from greenroom.media.relay import ahead
from greenroom.perception.faces import FaceFinder

__all__ = ["Replacement", "prepare", "render_replace"]

Picture = NDArray[np.uint8]
Vectors = NDArray[np.float64]

_LIGHTNESS = 0.5  # weight against hue: exposure differs from shot to shot, hue hardly
# One face under warmer, cooler, darker and brighter light is up to 11 from itself, fair actors are 4 to 18 from each
# other's footage, a dark-skinned one 22 from a fair stand-in's.
_OTHER_TONE = 14.0  # from here the editor is told
_FAR_TONE = 20.0  # from here the face would not be the actor's any more
_FAR_SHAPE = 0.75  # cm between the outlines; five faces are 0.16 to 0.66 apart
_ENLARGED = 2.0  # times, from which a portrait looks soft in the plate
_HIDDEN = 0.25  # part of the portrait's forehead


@dataclass(frozen=True)
class Replacement:
    """Everything that a take's frames depend on. `frames()` may be run any number of times.

    `landmarks` (478, 3) lie in `portrait`.
    """

    request: Request
    source: PictureSource
    driver: Driver
    portrait: Picture
    landmarks: Vectors
    actor: ActorFace
    wanted: NDArray[np.bool_]
    report: dict[str, Any] = field(default_factory=dict)

    def frames(self) -> Iterator[Plate]:
        """The take's frames."""
        if self.report["style"] == "head":
            from greenroom.engines.previz.head.replaced import head_frames

            actor = self.portrait, self.landmarks
            yield from head_frames(self.request, self.source, self.driver, actor, self.wanted, self.report)
            return
        swap = FaceSwap(self.actor, self.driver, self.request.seed)
        for index, plate in enumerate(ahead(plates(self.request, self.source))):
            if self.wanted[index]:
                swap.paint(plate, index)
            yield plate

    def region(self, index: int) -> Box | None:
        """The box of frame `index` outside of which its pixels are the plate's; None: all of them are."""
        if not self.wanted[index]:
            return None
        if self.report["style"] == "head":
            from greenroom.engines.previz.head.head_out import head_box

            pose = self.driver.pose(index)
            return None if pose is None else head_box(pose, Box(0, 0, *self.driver.size))
        return FaceSwap(self.actor, self.driver, 0).region(index)


def render_replace(request: Request) -> Delivery:
    """Make the take and write it as request.spec orders it, into request.work.

    Raises:
        CastError: no face in the portrait.
        CueError: only= or not= can't be read.
        EngineError: no stand-in, or nobody seen in it.
        MediaError: portrait, stand-in or dialogue can't be read.
    """
    replacement = prepare(request)
    return deliver(request, replacement.frames(), replacement.report)


def plates(request: Request, source: PictureSource) -> Generator[Plate]:
    """The footage as the take shows it, frame by frame."""
    return read_plates(source.media, source.indices, request.spec)


def prepare(request: Request) -> Replacement:
    """Follow the stand-in, look the actor over, and decide how to replace."""
    source = request.stand_in
    where = f"cue {request.cue}"
    if source is None:
        raise EngineError("there is no stand-in", hint="Put the note on a clip with picture.", where=where)
    who = request.options.get("who", "")
    tones = _Tones()
    # nothing is encoded yet: one core follows, the other looks the portrait over
    with ThreadPoolExecutor(1, "greenroom-previz-portrait") as pool:
        looking = pool.submit(_actor, request)
        driver = Driver.read(request, source, who=read_who(who) if who else None, look=tones.look)
        portrait, landmarks, actor = looking.result()
    wanted = allowed_frames(request.options, request.spec)
    report = _report(request, driver, actor, wanted, tones)
    return Replacement(request, source, driver, portrait, landmarks, actor, wanted, report)


def _actor(request: Request) -> tuple[Picture, Vectors, ActorFace]:
    """The portrait, its landmarks (478, 3), and its face made ready."""
    portrait = read_portrait(request)
    found = FaceFinder().find(portrait)
    if found is None:
        hint = "Use a picture in which one face looks towards the camera."
        raise CastError("no face in the portrait", hint=hint, where=str(request.performer.portrait))
    return portrait, found.points, ActorFace(portrait, found.points)


def _report(
    request: Request, driver: Driver, actor: ActorFace, wanted: NDArray[np.bool_], tones: _Tones
) -> dict[str, Any]:
    states = [
        UNTOUCHED if not use else KEPT if state == LOST else state
        for state, use in zip(driver.found, wanted.tolist(), strict=True)
    ]
    seen = np.flatnonzero(~driver.lost)
    if not len(seen):
        raise EngineError(
            "nobody was seen in the stand-in's footage",
            hint="Put the note on a clip in which a face can be seen, or name the person with who=30%,40%.",
            where=f"cue {request.cue}",
        )
    tone, shape = tones.difference(actor), _shape_difference(driver, actor)
    style, why = _style(request, tone, shape)
    warnings = [*_of_match(style, tone, actor), *_of_footage(driver, actor, seen, states)]
    return {
        "style": style,
        "style chosen": why,
        "frames": runs(states),
        "skin difference": round(tone, 1),
        "outline difference": round(shape, 2),
        "face width": round(_middle_width(driver, seen)),
        "warnings": warnings,
        "limits": [
            "the plate's own light is taken over as far as it is soft",
            "hair, ears and neck stay the stand-in's" if style == "face" else "hair and head shape are the portrait's",
            f"the head may turn up to {TURNED:.0f} degrees from the camera",
        ],
    }


def _style(request: Request, tone: float, shape: float) -> tuple[str, str]:
    """face or head, and why."""
    asked = request.options.get("style", "")
    if asked:
        return asked.casefold(), "asked for"
    far = [
        words
        for words, is_far in (
            (f"skin differs by {tone:.0f}", tone > _FAR_TONE),
            (f"outlines differ by {shape:.2f} cm", shape > _FAR_SHAPE),
        )
        if is_far
    ]
    if far:
        return "head", " and ".join(far)
    return "face", f"skin ({tone:.0f}) and outline ({shape:.2f} cm) are near enough"


class _Tones:
    """The stand-in's skin, looked at every second or so while the face is followed."""

    def __init__(self) -> None:
        self._seen: list[Vectors] = []

    def look(self, picture: Picture, points: Vectors) -> None:
        self._seen.append(skin_tone(picture, points))

    def difference(self, actor: ActorFace) -> float:
        """How far it is from the actor's in CIE Lab, lightness counting half."""
        away = np.median(self._seen, axis=0) - actor.skin
        away[0] *= 100 / 255 * _LIGHTNESS
        return float(np.linalg.norm(away))


def _shape_difference(driver: Driver, actor: ActorFace) -> float:
    return outline_difference(driver.neutral, at_rest(actor.sized(actor.width).rig))


def _middle_width(driver: Driver, seen: NDArray[np.intp]) -> float:
    some = seen[:: max(1, len(seen) // 24)]
    return float(np.median([face_width(points) for index in some if (points := driver.points(int(index))) is not None]))


def _of_match(style: str, tone: float, actor: ActorFace) -> Iterator[str]:
    if tone > _OTHER_TONE and style == "face":
        yield (
            f"the stand-in's skin differs from the actor's by {tone:.0f} (from {_OTHER_TONE:.0f} on it shows): "
            "the face takes on the stand-in's tone. Try style=head, or a stand-in of the actor's colouring."
        )
    if actor.hidden > _HIDDEN:
        yield f"{actor.hidden:.0%} of the portrait's forehead is hidden by hair or a hat: painted over with skin"


def _of_footage(driver: Driver, actor: ActorFace, seen: NDArray[np.intp], states: list[str]) -> Iterator[str]:
    width = _middle_width(driver, seen)
    if width < SMALLEST_FACE:
        yield f"the face is only {width:.0f} pixels wide: expect a likeness, not a portrait"
    if width > _ENLARGED * actor.width:
        yield (
            f"the portrait's face is {actor.width:.0f} pixels wide and the plate's {width:.0f}: it is enlarged "
            f"{width / actor.width:.1f} times and looks soft. Use a larger portrait."
        )
    turned = sum(1 for index in seen if (pose := driver.pose(int(index))) is not None and abs(pose.yaw) > TURNED)
    if turned:
        yield f"in {turned} of {len(states)} frames the head is turned by more than {TURNED:.0f} degrees"
    kept = states.count(KEPT)
    if kept:
        yield f"the face was lost in {kept} of {len(states)} frames: they show the plate"

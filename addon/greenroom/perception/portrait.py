# SPDX-License-Identifier: Apache-2.0
"""Can this portrait be animated well? All that speaks against it at once, each with its number and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.errors import Problem, Severity
from greenroom.perception import mesh
from greenroom.perception.faces import FaceFinder, Landmarks
from greenroom.perception.pose import Pose, fit_pose

__all__ = ["PortraitReport", "check_portrait"]

Picture = NDArray[np.uint8]

SHORTEST_SIDE = 256  # pixels of the picture
NARROWEST_FACE = 150  # pixels; below, a 720p take is soft
MOST_YAW = 20.0  # degrees; beyond, the far cheek isn't in the picture
MOST_PITCH = 25.0
MOST_ROLL = 45.0  # beyond, it is the picture that lies on its side, not the head that leans
MOST_JAW = 0.3  # of ARKit's jawOpen; a toothy smile has 0.02, a shout 0.8
MOST_BLINK = 0.5  # of ARKit's eyeBlink; a relaxed look has 0.05
MOST_FACE = 0.65  # of the picture's width; beyond, the head has no room to move
# The net's belief in a frontal face: portraits reach 1.0, a man in profile 0.86, a colour wheel 0.76.
_FRONTAL = 0.9
# Part of the main face's width from which another one counts: smaller ones are passers-by.
_SECOND_FACE = 0.25
# Faces that stand upright reach 1.000; drawn ones that stand on their head 0.989, and photographs none at all.
_UPRIGHT = 0.999
# How far an upside-down reading's mesh lies from the canonical one against the upright reading's: 1.6 and more.
_STRANGER = 1.3
# Contrast in percent along the nose's bridge and under the eyes. Glasses: 26 and 29 to 43, at any size; five faces
# without: at most 8 and 22.
_BRIDGE_CONTRAST, _RIM_CONTRAST = 15.0, 25.0


@dataclass(frozen=True, eq=False)
class PortraitReport:
    """What was seen. landmarks and pose are of the main face, None where there is none; face_width is in pixels.
    `others` are the faces that are too many.
    """

    problems: tuple[Problem, ...]
    landmarks: Landmarks | None = None
    pose: Pose | None = None
    face_width: int = 0
    jaw_open: float = 0.0
    glasses: bool = False
    others: tuple[Landmarks, ...] = ()

    @property
    def usable(self) -> bool:
        """No problem is an error."""
        return all(problem.severity is not Severity.ERROR for problem in self.problems)


def check_portrait(bgr: Picture, *, finder: FaceFinder | None = None) -> PortraitReport:
    """Look a portrait over, (height, width, 3) uint8 BGR. Problems have no `where`: the caller knows the file."""
    finder = finder or FaceFinder()
    faces = [face for face in finder.find_all(bgr) if face.presence >= _FRONTAL]
    if _is_upside_down(bgr, faces, finder):
        message, hint = "the picture is upside down", "Turn it by 180 degrees, and save it."
        return PortraitReport((_error("picture-rotated", message, hint),))
    problems = list(_of_picture(bgr, faces))
    if not faces:
        return PortraitReport(tuple(problems))
    face = faces[0]
    pose, shapes = fit_pose(face.points), finder.blendshapes(face.points)
    glasses = _wears_glasses(bgr, face)
    problems += [*_of_place(bgr, face), *_of_pose(pose), *_of_expression(shapes, glasses)]
    others = tuple(_others(faces))
    return PortraitReport(tuple(problems), face, pose, round(face.box[2]), shapes["jawOpen"], glasses, others)


def _error(code: str, message: str, hint: str) -> Problem:
    return Problem(Severity.ERROR, code, message, hint)


def _warning(code: str, message: str, hint: str) -> Problem:
    return Problem(Severity.WARNING, code, message, hint)


def _of_picture(bgr: Picture, faces: list[Landmarks]) -> Iterator[Problem]:
    height, width = bgr.shape[:2]
    if min(height, width) < SHORTEST_SIDE:
        yield _error(
            "portrait-small",
            f"the picture has {width} x {height} pixels, at least {SHORTEST_SIDE} on the shorter side are needed",
            "Export a larger picture of the actor; 1080 pixels or more are good.",
        )
    if not faces:
        yield _error(
            "no-face",
            "no face that looks to the camera was found",
            "Use a picture of one person from the front, with the whole face lit and in sight.",
        )
    others = _others(faces)
    if others:
        yield _error(
            "several-faces",
            f"{len(others) + 1} faces were found, {_widths([faces[0], *others])} pixels wide",
            "Crop the picture to the actor.",
        )


def _others(faces: list[Landmarks]) -> list[Landmarks]:
    return [face for face in faces[1:] if face.box[2] > _SECOND_FACE * faces[0].box[2]]


def _widths(faces: list[Landmarks]) -> str:
    return " and ".join(str(round(face.box[2])) for face in faces)


def _of_place(bgr: Picture, face: Landmarks) -> Iterator[Problem]:
    height, width = bgr.shape[:2]
    left, top, wide, tall = face.box
    if wide < NARROWEST_FACE:
        yield _error(
            "face-small",
            f"the face is {wide:.0f} pixels wide, at least {NARROWEST_FACE} are needed",
            "Use a larger picture or a closer crop of the original; enlarging this one adds no detail.",
        )
    if left < 0 or top < 0 or left + wide > width or top + tall > height:
        yield _error(
            "face-cut-off",
            f"the face reaches from {left:.0f} to {left + wide:.0f} of {width} pixels across "
            f"and from {top:.0f} to {top + tall:.0f} of {height} down",
            "Use a picture that shows the whole face, with some room round the head.",
        )
    elif wide > MOST_FACE * width:
        yield _warning(
            "close-crop",
            f"the face fills {wide / width:.0%} of the picture's width, so the head has no room to move",
            f"Use a wider crop: the face should fill less than {MOST_FACE:.0%}.",
        )


def _of_pose(pose: Pose) -> Iterator[Problem]:
    if abs(pose.yaw) > MOST_YAW:
        yield _error(
            "head-turned",
            f"the head is turned {abs(pose.yaw):.0f} degrees to the side, up to {MOST_YAW:.0f} can be animated",
            "Use a picture from the front; the profile belongs on the character sheet.",
        )
    if abs(pose.roll) > MOST_ROLL:
        yield _error(
            "picture-rotated",
            f"the face is {abs(pose.roll):.0f} degrees from upright, up to {MOST_ROLL:.0f} can be animated",
            "Rotate the picture so that the head is upright, and save it.",
        )
    if abs(pose.pitch) > MOST_PITCH:
        yield _error(
            "head-tilted",
            f"the head looks {abs(pose.pitch):.0f} degrees {'down' if pose.pitch > 0 else 'up'}, "
            f"up to {MOST_PITCH:.0f} can be animated",
            "Use a picture taken from the height of the eyes.",
        )


def _of_expression(shapes: dict[str, float], glasses: bool) -> Iterator[Problem]:
    if shapes["jawOpen"] > MOST_JAW:
        yield _error(
            "mouth-open",
            f"the mouth is {shapes['jawOpen']:.0%} open, up to {MOST_JAW:.0%} closes well",
            "Use a picture with closed lips; a smile with teeth is fine.",
        )
    if min(shapes["eyeBlinkLeft"], shapes["eyeBlinkRight"]) > MOST_BLINK:
        yield _warning(
            "eyes-closed",
            f"the eyes are {min(shapes['eyeBlinkLeft'], shapes['eyeBlinkRight']):.0%} closed and will stay so",
            "Use a picture with open eyes.",
        )
    if glasses:
        yield _warning(
            "glasses",
            "the actor seems to wear glasses, which bend a little with the lids and brows",
            "It works for talking heads; for replacing a stand-in, a picture without glasses is better.",
        )


def _is_upside_down(bgr: Picture, faces: list[Landmarks], finder: FaceFinder) -> bool:
    """Whether a face that is none, or hardly one, is plainly one on the turned picture. The net reads a drawn face that
    stands on its head as an upright one, with a chin for a brow.
    """
    if faces and faces[0].presence >= _UPRIGHT:
        return False
    turned = [face for face in finder.find_all(np.rot90(bgr, 2).copy()) if face.presence >= _UPRIGHT]
    return bool(turned) and (not faces or _strangeness(faces[0]) > _STRANGER * _strangeness(turned[0]))


def _strangeness(face: Landmarks) -> float:
    """How far the face's mesh lies from the canonical one, in centimetres of the head over all vertices."""
    known = mesh.canonical().vertices
    return float(np.linalg.norm(fit_pose(face.points).to_canonical(face.points[: len(known)]) - known))


def _wears_glasses(bgr: Picture, face: Landmarks) -> bool:
    """A frame shows as level edges where a bare face has none: across the nose's bridge and under both eyes.

    Rimless glasses aren't seen.
    """
    grey = _eye_strip(bgr, face)
    bridge = _contrast(grey[70:120, 118:139])
    rims = [_contrast(grey[100:140, 72:98]), _contrast(grey[100:140, 158:184])]
    return bridge > _BRIDGE_CONTRAST and min(rims) > _RIM_CONTRAST


def _eye_strip(bgr: Picture, face: Landmarks) -> NDArray[np.float32]:
    """256 square grey picture, slightly blurred, with the outer eye corners at (70, 90) and (186, 90)."""
    right, left = face.points[33, :2], face.points[263, :2]
    (dx, dy), middle = left - right, (left + right) / 2
    turn = np.array([[dx, dy], [-dy, dx]]) * (0.45 * 256) / (dx * dx + dy * dy)
    shift = np.array([128.0, 0.35 * 256]) - turn @ middle
    square = cv2.warpAffine(bgr, np.column_stack([turn, shift]), (256, 256), borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.cvtColor(square, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.5), np.float32)


def _contrast(patch: NDArray[np.float32]) -> float:
    """How far the rows' means swing round their slow course, in percent of the patch's brightness."""
    rows = patch.mean(axis=1, keepdims=True)
    swing = rows - cv2.GaussianBlur(rows, (1, 49), 8.0)
    return float(np.ptp(swing) / max(1.0, float(rows.mean())) * 100)

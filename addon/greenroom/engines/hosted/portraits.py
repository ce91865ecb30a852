# SPDX-License-Identifier: Apache-2.0
"""What image models are told: a portrait out of prompt parts, or the same person from another side. Pure.

All pictures of one actor are asked for in the same words; only light and angle differ. So the view comes last, and a
model that takes angles as numbers is told none in words.
"""

from __future__ import annotations

from collections.abc import Mapping

from greenroom.engines.contract import Request

__all__ = ["angle_of", "portrait_prompt"]

_VIEWS = {
    "front": "Facing the camera straight on, mouth closed, head and shoulders, the whole head in the picture",
    "three_quarter_left": "Three-quarter view, the face turned 45 degrees so that the nose points to the left "
    "edge of the picture, mouth closed, head and shoulders",
    "three_quarter_right": "Three-quarter view, the face turned 45 degrees so that the nose points to the right "
    "edge of the picture, mouth closed, head and shoulders",
    "profile": "Strict profile view, the nose points to the left edge of the picture, mouth closed, head and shoulders",
}
_SAME = "The same person as in the reference picture, with the same face, hair and clothes"
# Where the camera stands: 90 is the subject's right (facts of fal-ai/qwen-image-edit-2511-multiple-angles), from where
# the nose points to the picture's right; a person's right is the picture's left.
_ANGLES: Mapping[str, int] = {"front": 0, "three_quarter_left": 315, "three_quarter_right": 45, "profile": 270}


def portrait_prompt(request: Request, *, angled: bool = False) -> str:
    """The prompt as sentences. `angled`: the model gets the view as a number."""
    view = request.options.get("view", "front")
    light = request.options.get("light", "").strip()
    parts = [
        _SAME if request.performer.portrait.name else "",
        request.performer.prompt.strip(),
        light and f"Light: {light}",
        "" if angled else _VIEWS.get(view, view.replace("_", " ")),
    ]
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def angle_of(request: Request) -> int:
    """Degrees round the person from the front, by the view that is asked for."""
    return _ANGLES.get(request.options.get("view", "front"), 0)

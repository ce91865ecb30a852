# SPDX-License-Identifier: Apache-2.0
"""A face's prompt in parts. Pictures of one actor are asked for with the same parts, and only light and angle change.

What a prompt leaves out, a model makes up, and makes up anew each time: so a weak prompt is told what it lacks before
anything is paid for. A free text is looked through for words that say that a part is in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from greenroom.errors import Problem, Severity

__all__ = ["PARTS", "Part", "lacking", "prompt_text"]


@dataclass(frozen=True)
class Part:
    """One part of a prompt. `why` it is needed and an `example`, for messages; `words` show that a text has it."""

    name: str
    why: str
    example: str
    words: tuple[str, ...]


PARTS = (
    Part("identity", "who it is: age, build, the shape of the face", "a woman of forty, long face, high cheekbones",
         ("woman", "man", "girl", "boy", "person", "lady", "gentleman", "mother", "father", "she", "he", "grandmother",
          "grandfather", "actor", "actress", "fisherman", "old", "young")),
    Part("skin", "models smooth skin that nobody describes", "fair skin with pores, freckles, a scar on the chin",
         ("skin", "freckles", "freckled", "pores", "complexion", "weathered", "wrinkles", "scar", "tanned", "pale")),
    Part("eyes", "their colour changes from view to view", "grey eyes, heavy lids",
         ("eyes", "eye", "eyed", "gaze", "lids", "iris")),
    Part("asymmetry", "perfectly even faces look made", "left brow higher, nose slightly bent",
         ("asymmetry", "asymmetric", "asymmetrical", "crooked", "uneven", "bent", "lopsided", "higher", "broken")),
    Part("hair", "its cut and colour are what audiences know an actor by", "auburn waves to the shoulders, parted left",
         ("hair", "haired", "bald", "waves", "wavy", "curls", "curly", "bob", "crop", "beard", "bearded", "moustache",
          "shaved", "blonde", "blond", "brunette", "redhead", "ponytail", "braids")),
    Part("wardrobe", "clothes change from picture to picture", "a teal wool jumper",
         ("wearing", "wears", "jumper", "sweater", "jacket", "coat", "raincoat", "shirt", "dress", "suit", "uniform",
          "rollneck", "turtleneck", "blouse", "cardigan", "scarf", "blazer", "parka")),
    Part("lens", "the lens decides the shape of a face", "85 mm, f/4, eye level",
         ("lens", "mm", "f/2", "f/4", "f/8", "close-up", "focal", "telephoto", "portrait lens")),
    Part("light", "only light and angle may change between pictures", "soft window light from the left, grey wall",
         ("light", "lit", "lighting", "daylight", "window", "softbox", "backlit", "sunset", "overcast", "studio")),
)  # fmt: skip


def lacking(parts: Mapping[str, str]) -> tuple[Problem, ...]:
    """A warning for each part that the prompt doesn't have, neither by itself nor in the identity's words.

    >>> [problem.code for problem in lacking({"identity": "a woman with grey eyes and freckles, 85 mm lens"})]
    ['no-asymmetry', 'no-hair', 'no-wardrobe', 'no-light']
    """
    said = " ".join(parts.values()).casefold()
    return tuple(
        Problem(
            Severity.WARNING,
            f"no-{part.name}",
            f"the prompt says nothing of {part.name}: {part.why}",
            f'Add it: --{part.name} "{part.example}"',
        )
        for part in PARTS
        if not parts.get(part.name, "").strip() and not _has(said, part.words)
    )


def prompt_text(parts: Mapping[str, str], *, but: tuple[str, ...] = ()) -> str:
    """The parts in their own order, as a prompt; those in `but` are left out."""
    texts = (parts.get(part.name, "").strip().rstrip(",.;") for part in PARTS if part.name not in but)
    return ", ".join(text for text in texts if text)


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text) for word in words)

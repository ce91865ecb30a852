# SPDX-License-Identifier: Apache-2.0
"""Does a motion note ask for one thing? Any engine's notes are read here, as free English, so more verbs count than
the local engine performs. What a face does on the side (a smile, a blink, a breath, a look) is part of an action.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from greenroom.review.preflight.facts import CueFacts, Said
from greenroom.review.preflight.table import rules

__all__ = ["actions_in", "handheld", "several_actions", "walking_figure"]

_VERBS = {
    form: verb
    for verb, forms in {
        "bend": "bends bending bows bowing",
        "climb": "climbs climbing",
        "close": "closes closing shuts shutting",
        "cry": "cries crying weeps weeping",
        "dance": "dances dancing",
        "drink": "drinks drinking sips sipping",
        "eat": "eats eating",
        "enter": "enters entering leaves leaving exits exiting",
        "fall": "falls falling",
        "grab": "grabs grabbing grasps picks picking takes taking",
        "jump": "jumps jumping",
        "kneel": "kneels kneeling crouches crouching",
        "laugh": "laughs laughing",
        "lean": "leans leaning",
        "lie": "lies",
        "nod": "nods nodding",
        "open": "opens opening",
        "point": "points pointing",
        "pull": "pulls pulling pushes pushing",
        "reach": "reaches reaching",
        "rise": "rises rising stands standing",
        "run": "runs running",
        "shake": "shakes shaking",
        "sit": "sits sitting",
        "throw": "throws throwing",
        "turn": "turns turning rotates",
        "walk": "walks walking strolls steps stepping",
        "wave": "waves waving",
        "write": "writes writing",
    }.items()
    for form in (verb, *forms.split())
}
_PLACES = frozenset(("the", "a", "an", "his", "her", "their", "in", "at", "of", "with", "no", "eyes"))
"""Words before which, or after which, such a word is a thing: "the point", "with open eyes", "a walk"."""
_WHOLE = re.compile(r"\b(full[- ](body|figure|shot|length)|head[- ]to[- ](toe|foot)|whole (body|figure)|wide)\b")
_TOKEN = re.compile(r"[a-z]+")


def several_actions(facts: CueFacts) -> Iterator[Said]:
    """More than one action in a row, in the motion note."""
    rule = rules()["GR104"]
    found = actions_in(facts.motion)
    if len(found) > rule.limits["actions"]:
        message = f"the motion note asks for {len(found)} actions: {', '.join(found)}"
        yield Said("several-actions", message, rule.remedy)


def walking_figure(facts: CueFacts) -> Iterator[Said]:
    """A whole body that walks: the framing that shows every artefact."""
    said = f"{facts.motion} {facts.options.get('setting', '')} {facts.options.get('place', '')}".casefold()
    if _WHOLE.search(said) and {"walk", "run", "dance", "climb"} & {_VERBS[word] for word in actions_in(facts.motion)}:
        message = "the note asks for a whole figure that walks"
        yield Said("walking-figure", message, rules()["GR603"].remedy)


def actions_in(text: str) -> list[str]:
    """The verbs of action in their order, as written; one that comes again counts once.

    >>> actions_in("turns to the camera, then slowly walks to the door")
    ['turns', 'walks']
    >>> actions_in("turns slowly to camera, subtle smile"), actions_in("waits, her hands in the open coat")
    (['turns'], [])
    """
    words = _TOKEN.findall(text.casefold())
    found: dict[str, str] = {}
    for before, word in zip(["", *words], words, strict=False):
        verb = _VERBS.get(word)
        if verb is not None and before not in _PLACES:
            found.setdefault(verb, word)
    return list(found.values())


def handheld(facts: CueFacts) -> Iterator[Said]:
    """Footage whose camera trembles."""
    rule = rules()["GR604"]
    shake = facts.seen.shake
    if shake is not None and shake > rule.limits["shake"]:
        message = f"the footage's camera trembles by {shake:.2f} % of the picture's width, as one in a hand"
        yield Said("handheld", message, rule.remedy)

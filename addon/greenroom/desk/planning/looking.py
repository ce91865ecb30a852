# SPDX-License-Identifier: Apache-2.0
"""What preflight wants to know of the pictures that a cue is made from: the actor's portrait and views, the footage.
Looked at once, and kept by the files' own identity. The local engine looks at its portraits and stand-ins by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenroom.cast.model import Actor
from greenroom.cues.model import Mode
from greenroom.desk.planning.memory import Memory
from greenroom.desk.planning.model import CuePlan
from greenroom.desk.planning.prepare import draft_request
from greenroom.engines.contract import PictureSource, Request
from greenroom.errors import GreenroomError, Problem, Severity
from greenroom.media.types import ImageSequence
from greenroom.review.preflight.facts import Seen

__all__ = ["Looked", "look"]

_FACELESS = (Mode.LIPSYNC,)
_LOOKED = 36  # frames of footage in the middle of the slot: a hand trembles 2 to 5 times a second
_PORTRAIT = ("GR301", "GR302", "GR303", "GR304", "GR305", "GR306")
_FRAMING = ("GR301", "GR302", "GR601")


@dataclass(frozen=True)
class Looked:
    """What was seen: numbers for the rules, and problems that who looked has told in words already."""

    seen: Seen = field(default_factory=Seen)
    problems: tuple[Problem, ...] = ()


def look(planned: CuePlan, actor: Actor | None, *, hosted: bool, switches: Mapping[str, str], memory: Memory) -> Looked:
    """The pictures of one cue. What can't be opened was told by the survey, and says nothing here."""
    request = draft_request(planned, planned.takes[0])
    problems: list[Problem] = []
    if hosted and planned.cue.mode not in _FACELESS and planned.performer.portrait.name and _on(_PORTRAIT, switches):
        problems += _portrait(planned.performer.portrait, memory)
    if hosted and _on(_FRAMING, switches):
        problems += _footage(request, memory)
    views = _views(actor, memory) if hosted and actor is not None and _on(("GR404",), switches) else ()
    shake = _shake(planned, memory) if _on(("GR604",), switches) else None
    return Looked(Seen(views, shake), tuple(problems))


def _on(rules: Iterable[str], switches: Mapping[str, str]) -> bool:
    return any(switches.get(rule) != "off" for rule in rules)


def _portrait(portrait: Path, memory: Memory) -> list[Problem]:
    from greenroom.engines.previz.checks import portrait_problems

    return _kept("portrait", [portrait], memory, lambda: portrait_problems(portrait), str(portrait))


def _footage(request: Request, memory: Memory) -> list[Problem]:
    from greenroom.engines.previz.checks import footage_problems

    source = request.driver if request.mode == "mimic" else request.stand_in
    if source is None:
        return []
    spec = request.spec
    slot = [*source.indices[spec.head : spec.head + spec.slot]]
    asked = repr((slot[0], slot[-1], len(slot), request.options.get("who", ""), spec.width, spec.height, str(spec.fit)))
    return _kept(f"framing:{asked}", _files(source), memory, lambda: footage_problems(request))


def _kept(
    what: str, files: Iterable[Path], memory: Memory, find: Callable[[], Iterable[Problem]], where: str = ""
) -> list[Problem]:
    """Problems by the identity of what was looked at. A hosted model may make something of what the local one can't, so
    that none of them keeps a cue from being made.
    """

    def text() -> str:
        return json.dumps([[str(found.severity), found.code, found.message, found.hint] for found in find()])

    try:
        key = f"preflight-picture/1:{what}:{'|'.join(memory.identity(file) for file in files)}"
        told = json.loads(memory.text(key, text))
    except GreenroomError:
        return []
    least = {str(Severity.NOTE): Severity.NOTE}
    return [
        Problem(least.get(level, Severity.WARNING), code, message, hint, where) for level, code, message, hint in told
    ]


def _views(actor: Actor, memory: Memory) -> tuple[tuple[str, str], ...]:
    """Views of the sheet that are another face than the portrait's, and why."""
    if actor.made.get("label") == "previz":
        return ()  # drawn faces share a mesh
    told = ((view, _why_another(actor.portrait, path, view, memory)) for view, path in actor.sheet.items())
    return tuple((view, why) for view, why in told if why)


def _why_another(portrait: Path, path: Path, view: str, memory: Memory) -> str:
    try:
        key = f"preflight-view/1:{view}:{memory.identity(portrait)}|{memory.identity(path)}"
        return memory.text(key, lambda: _another(portrait, path, view))
    except GreenroomError:
        return ""


def _another(portrait: Path, path: Path, view: str) -> str:
    from greenroom.desk.casting.likeness import compare
    from greenroom.media.pictures import read_pictures
    from greenroom.perception.faces import FaceFinder

    own, other = (next(iter(read_pictures(each, [0]))) for each in (portrait, path))
    likeness = compare(own, other, view, drawn=False, finder=FaceFinder())
    return likeness.why if likeness.refused else ""


def _shake(planned: CuePlan, memory: Memory) -> float | None:
    """Of a plate that an actor is laid over, and of a stand-in that is replaced."""
    source = planned.plate or (planned.stand_in if planned.cue.mode is Mode.REPLACE else None)
    if source is None:
        return None
    spec = planned.spec
    slot = source.indices[spec.head : spec.head + spec.slot]
    shown = slot[max(0, (len(slot) - _LOOKED) // 2) :][:_LOOKED]
    if len(set(shown)) < len(shown):
        return None  # it stands still, or runs at another speed
    try:
        key = f"preflight-shake/1:{shown[0]}:{len(shown)}:{'|'.join(map(memory.identity, _files(source)))}"
        return _number(json.loads(memory.text(key, lambda: json.dumps(_measured(source, shown)))))
    except (GreenroomError, IndexError):
        return None


def _measured(source: PictureSource, shown: tuple[int, ...]) -> float | None:
    import cv2
    import numpy as np

    from greenroom.media.pictures import read_pictures
    from greenroom.review.camera import LOOK_WIDTH, shake_of

    pictures = read_pictures(source.media, shown, width=LOOK_WIDTH, quick=True)
    return shake_of(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8) for picture in pictures)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _files(source: PictureSource) -> list[Path]:
    media = source.media
    return [media.path(0), media.path(media.count - 1)] if isinstance(media, ImageSequence) else [media]

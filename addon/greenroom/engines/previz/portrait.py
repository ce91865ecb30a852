# SPDX-License-Identifier: Apache-2.0
"""Mode portrait: a drawn actor out of prompt parts and a seed, or another view of a portrait that is there.

A view is the portrait itself, turned as far as the puppet goes. That is far from a true three-quarter view, and the
result says so; a profile can't be had from a picture of the front, and is refused before anything is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import Delivery, Request
from greenroom.engines.previz.delivery import COMMENT
from greenroom.errors import Problem, Severity

__all__ = ["TURN", "picture_problems", "render_portrait"]

Picture = NDArray[np.uint8]

TURN = 18.0
"""Degrees that the puppet is asked to turn; beyond, near the far cheek background is pulled along."""

_SEEN = 14  # degrees of that which the face tracker finds in the result: 13 to 15
_TURNS = {"front": 0.0, "three_quarter_left": TURN, "three_quarter_right": -TURN}


def picture_problems(request: Request) -> Iterator[Problem]:
    """What this engine can't do of what is asked for."""
    view = request.options.get("view", "front")
    if not request.spec.still:
        hint = "Make portraits with greenroom cast new; a cue performs: mode=talk, or mode=animate."
        yield Problem(Severity.ERROR, "not-a-take", "a portrait is a single picture, no take of a cut", hint)
    if request.performer.portrait.name and request.options.get("identity"):
        hint = "Leave --reference out, or choose a model that changes pictures, such as flux-kontext-pro."
        yield Problem(Severity.ERROR, "no-reference", "previz draws out of words alone", hint)
    if view not in _TURNS:
        message = f"previz can't make a {view.replace('_', ' ')}: it moves the portrait's own pixels"
        hint = "Leave it out (--view front), or use a model that turns heads: greenroom engines lists them."
        yield Problem(Severity.ERROR, "view-not-made", message, hint)


def render_portrait(request: Request) -> Delivery:
    """The picture as request.spec has its size, in the request's work folder.

    Raises:
        CastError: no face in the portrait that is to be turned.
        MediaError: it can't be read.
        StoreError: no room to write.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    from greenroom.media.files import replacing

    picture, report = _turned(request) if request.performer.portrait.name else _drawn(request)
    label = PngInfo()
    label.add_text("Comment", COMMENT)
    path = request.work / "portrait.png"
    with replacing(path) as partial:
        Image.fromarray(np.ascontiguousarray(picture[:, :, ::-1])).save(partial, "PNG", pnginfo=label)
    return Delivery(path, conformed=False, report={"method": "portrait", "label": "previz", **report})


def _drawn(request: Request) -> tuple[Picture, dict[str, Any]]:
    from greenroom.engines.previz.drawn.actors import draw_look
    from greenroom.engines.previz.drawn.invented import invent

    invented = invent(request.options, request.seed)
    left_out = ", ".join(invented.left_out)
    warnings = [f"previz can't draw {left_out}: kept for other engines"] if left_out else []
    report = {"drawn_from": list(invented.taken), "seed": request.seed, "warnings": warnings}
    return draw_look(invented.look, request.spec.width, request.spec.height), report


def _turned(request: Request) -> tuple[Picture, dict[str, Any]]:
    from greenroom.engines.previz.puppet.expression import Face
    from greenroom.engines.previz.puppet.puppet import Held, Puppet, framed_actor
    from greenroom.engines.previz.puppet.rig import Head

    framed = framed_actor(request)
    turn = _TURNS[request.options.get("view", "front")]
    warnings = list(framed.notes)
    if turn:
        warnings.append(f"the head is turned by some {_SEEN} degrees, as far as previz goes; three-quarter is 30 to 45")
    report: dict[str, Any] = {"turned": turn, "warnings": warnings}
    if not turn:
        return framed.picture, report
    held = Held(np.zeros((468, 3)), Face(), Head(yaw=turn))
    return next(Puppet(framed).frames([held])), report

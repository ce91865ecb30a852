# SPDX-License-Identifier: Apache-2.0
"""The last step of a mode whose actor may be laid over something: a plate, a set, or nothing but alpha.

A mode frames its portrait with `seating.framed_for`, says what the actor does (a `Performed`, whose frames of a cut-out
actor have four channels and the size of their box), and delivers it with `deliver_layered`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import Delivery, Request
from greenroom.engines.previz.compositing.backdrop import Backdrop
from greenroom.engines.previz.compositing.composite import (
    UNCHANGED,
    Grain,
    Light,
    add_grain,
    grain_of,
    match_light,
    over,
)
from greenroom.engines.previz.compositing.seating import wants_alpha
from greenroom.engines.previz.delivery import COMMENT, deliver
from greenroom.engines.previz.puppet.framing import Framed
from greenroom.engines.previz.puppet.puppet import Performed
from greenroom.engines.previz.puppet.warp import Box
from greenroom.media.plates import Plate, read_plates
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec
from greenroom.perception.shots import ShotWatch

__all__ = ["composited", "deliver_layered"]

Picture = NDArray[np.uint8]

_AROUND = 0.15  # of the box's size: how much of the plate beside the actor tells its light
_SOFT, _SOFTER = 0.65, 0.75  # grain's sigma in pixels from which a plate counts as soft; how much of it is taken over
_GLANCE = 180  # lines in which a cut is looked for
_GRAIN_PATCH = 512  # pixels of the plate's middle in which its grain is measured


def deliver_layered(request: Request, performed: Performed) -> Delivery:
    """As `delivery.deliver`, with the actor laid over what the request says; `extras["alpha"]` where it asks for it.

    Raises:
        DeliveryError, MediaError, StoreError: see `delivery.deliver`; the plate can't be read.
    """
    framed, report = performed.framed, performed.report
    if framed.box is None:
        return deliver(request, performed.plates(request.spec.codec), report)
    alone = request.work / f"{request.mode}_alpha.mov" if request.plate is not None and wants_alpha(request) else None
    delivery = deliver(request, composited(request, framed, performed.frames(), report, alone=alone), report)
    return delivery if alone is None else replace(delivery, extras={**delivery.extras, "alpha": alone})


def composited(
    request: Request, framed: Framed, actors: Iterator[Picture], report: dict[str, Any], *, alone: Path | None = None
) -> Iterator[Picture | Plate]:
    """The take's frames: plates, else (height, width, 3), or (height, width, 4) where the take itself has alpha.

    `actors` are as large as `framed.box`, BGRA. Outside of the box the plate's pixels stay as they are. With `alone`
    the actor is written there too, as ProRes 4444 with the take's frames and timecode.
    """
    if framed.box is None:
        yield from actors
        return
    layers = _Layers(request, framed)
    report["region"] = [framed.box.left, framed.box.top, framed.box.right, framed.box.bottom]
    report["warnings"] = [*report.get("warnings", ()), *layers.warnings]
    with ExitStack() as stack:
        writer = None
        if alone is not None:
            spec = replace(request.spec, codec=Codec.PRORES_4444)
            writer = stack.enter_context(TakeWriter(alone, spec, comment=COMMENT))
        plates = stack.enter_context(closing(layers.plates()))
        for index, (actor, plate) in enumerate(zip(actors, plates, strict=True)):
            bgra, box = layers.actor(actor, plate, index)
            if writer is not None:
                writer.write(layers.alone(bgra, box))
            yield layers.laid(bgra, box, plate)
    report["light"] = [round(gain, 3) for gain in layers.light.gain]
    report["grain"] = list(layers.grain.strength)
    report["softened"] = layers.softened


class _Layers:
    """The actor and what is behind, frame by frame."""

    def __init__(self, request: Request, framed: Framed) -> None:
        assert framed.box is not None
        self._request, self._spec, self._box = request, request.spec, framed.box
        self._see_through = request.plate is None and wants_alpha(request)
        staged = request.mode == "stage" and request.plate is None
        self._backdrop = Backdrop.of(request, framed) if staged else None
        self.warnings = self._unused() if self._backdrop is None else self._backdrop.warnings
        if staged and self._see_through and request.options.get("setting"):
            self.warnings = (*self.warnings, "setting= is not used: with alpha=yes nothing is behind the actor")
        self.light: Light = UNCHANGED
        self.grain = Grain()
        self._own: Grain | None = None
        self.softened = 0.0
        self._watch = ShotWatch()
        self._face = Box.around(framed.points[:468], 0, Box.of(framed.picture))

    def _unused(self) -> tuple[str, ...]:
        keys = [key for key in ("setting", "camera") if self._request.options.get(key)]
        why = "the plate has its own" if self._request.plate is not None else "only mode stage has one"
        return tuple(f"{key}= is not used: {why}" for key in keys)

    def plates(self) -> Generator[Picture | Plate | None]:
        """What is behind the actor; None: nothing."""
        spec, plate = self._spec, self._request.plate
        if plate is not None:
            yield from read_plates(plate.media, plate.indices, spec)
            return
        for index in range(spec.frames):
            yield None if self._see_through or self._backdrop is None else self._backdrop.picture(index)

    def actor(self, actor: Picture, plate: Picture | Plate | None, index: int) -> tuple[Picture, Box]:
        """The actor of frame `index` in the plate's light and grain, BGRA, and where in the frame."""
        box = self._box
        if self._backdrop is not None:
            actor, box = self._backdrop.moved(actor, box, index)
        if plate is None:
            return actor, box
        if self._own is None:
            self._own = grain_of(np.ascontiguousarray(actor[self._face.within(Box.of(actor))][..., :3]))
            self.grain = grain_of(_patch(plate)) if isinstance(plate, Plate) else Grain()
            self.softened = _softness(self.grain, self._own)
        if self.softened:
            actor = np.asarray(cv2.GaussianBlur(actor, (0, 0), self.softened), np.uint8)
        bgr, alpha = _parted(actor)
        whole = Box(0, 0, self._spec.width, self._spec.height)
        around = _seen(plate, _around(box, whole))
        face = self._face.cut(Box.of(bgr)).within(Box.of(bgr))  # clothes may be white or black in any light
        new_shot = self._watch.is_cut(_glance(plate))
        before = None if new_shot or not index else self.light
        self.light = match_light(around, bgr[face], alpha[face], before=before)
        lit = self.light.on(bgr)
        lit = lit.copy() if lit is bgr else lit
        add_grain(lit, alpha, self.grain, index, own=self._own)
        return np.asarray(cv2.merge([*cv2.split(lit), actor[..., 3]]), np.uint8), box

    def laid(self, bgra: Picture, box: Box, plate: Picture | Plate | None) -> Picture | Plate:
        if plate is None:
            return self.alone(bgra, box)
        region = _seen(plate, box)
        over(region, *_parted(bgra))
        if isinstance(plate, Plate):
            plate.put(box, region)
        return plate

    def alone(self, bgra: Picture, box: Box) -> Picture:
        """The actor in an empty frame (height, width, 4), with some of their colour beyond the edge."""
        frame = np.zeros((self._spec.height, self._spec.width, 4), np.uint8)
        near = cv2.dilate(bgra[..., 3], np.ones((9, 9), np.uint8)) > 0
        frame[box.within(Box.of(frame))] = bgra * near[..., None]
        return frame


def _softness(plate: Grain, actor: Grain) -> float:
    """The blur, a sigma in pixels, that makes the actor as soft as a plate whose grain is soft: enlarged or compressed
    footage. A background that is merely out of focus has sharp grain, and the lens would show the actor sharp.
    """
    if plate.size < _SOFT or max(plate.strength) < 0.3:
        return 0.0
    sigma = _SOFTER * float(np.sqrt(max(0.0, plate.size**2 - actor.size**2)))
    return round(sigma, 2) if sigma > 0.3 else 0.0


def _parted(bgra: Picture) -> tuple[Picture, NDArray[np.float32]]:
    """Colour (h, w, 3), and alpha (h, w) from 0 to 1."""
    alpha = cv2.extractChannel(bgra, 3).astype(np.float32) * np.float32(1 / 255)
    return np.asarray(cv2.cvtColor(bgra, cv2.COLOR_BGRA2BGR), np.uint8), alpha


def _seen(plate: Picture | Plate, box: Box) -> Picture:
    """The pixels of `box`, (height, width, 3)."""
    return plate.region(box) if isinstance(plate, Plate) else plate[box.within(Box.of(plate))]


def _glance(plate: Picture | Plate) -> Picture:
    """Enough of a picture to see whether it is another shot."""
    return plate.grey(max(1, min(plate.size) // _GLANCE)) if isinstance(plate, Plate) else plate


def _around(box: Box, whole: Box) -> Box:
    across, down = round(_AROUND * box.width), round(_AROUND * box.height)
    return Box(box.left - across, box.top - down, box.right + across, box.bottom + down).cut(whole)


def _patch(plate: Plate) -> Picture:
    width, height = plate.size
    top, left = max(0, (height - _GRAIN_PATCH) // 2), max(0, (width - _GRAIN_PATCH) // 2)
    return plate.region(Box(left, top, left + _GRAIN_PATCH, top + _GRAIN_PATCH).cut(Box(0, 0, width, height)))

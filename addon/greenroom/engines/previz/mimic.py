# SPDX-License-Identifier: Apache-2.0
"""Mode mimic: a driving performance moves the actor's portrait."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenroom.cues.wishes import read_who
from greenroom.engines.contract import Delivery, PictureSource, Request
from greenroom.engines.previz.acting.driver import LOST, Driver, runs
from greenroom.engines.previz.acting.imitation import CHANNELS, Imitated, Smiles, imitate, read_channels
from greenroom.engines.previz.acting.life import Life, live
from greenroom.engines.previz.compositing.layering import deliver_layered
from greenroom.engines.previz.puppet.expression import JAW_DROP, Face, driven, lip_gap
from greenroom.engines.previz.puppet.framing import Framed
from greenroom.engines.previz.puppet.handles import HANDLES
from greenroom.engines.previz.puppet.puppet import Held, Performed, framed_actor
from greenroom.engines.previz.puppet.rig import Head, Rig
from greenroom.errors import MediaError
from greenroom.media.probe import probe_source

__all__ = ["Mimicry", "prepare", "render_mimic"]

Vectors = NDArray[np.float64]

_LARGEST = 1920  # pixels of the driver's longer side; to make 1080p smaller costs more than to look at all of it
_HOLD, _REST, _RETURN, _CUT = 0.25, 0.7, 0.35, 0.13
"""Seconds: a lost driver's face is held, goes to rest, comes back when it is found; and a driver's cut is bridged."""


@dataclass(frozen=True)
class Mimicry(Performed):
    """A driving performance, what of it is imitated, and the actor's own life."""

    driver: Driver
    imitated: Imitated
    life: Life
    rate: Fraction

    def performance(self, rig: Rig) -> Iterator[Held]:
        """What `rig` does in each frame."""
        bridge = _Bridge(self.rate)
        smiles = Smiles(self.driver, np.concatenate([rig.rest, rig.irises]), rig.neutral)
        for index in range(self.driver.count):
            handles = imitate(self.driver, index, rig.neutral)
            shot = self.driver.shot(index)
            found = None if handles is None else (self.imitated.channels[index], handles + smiles.of(shot))
            led = bridge.step(found, shot)
            channels = led.lead * led.channels + (1 - led.lead) * self._alive(index)
            now = dict(zip(CHANNELS, channels.tolist(), strict=True))
            blink = min(1.0, max(0.0, now["blink"]))
            whole = driven(rig.neutral, led.handles, blink)
            face = Face(jaw=max(0.0, lip_gap(rig.neutral, whole) - 0.1) / JAW_DROP, blink=blink)
            shift = (rig.pose.scale * now["shift_x"], rig.pose.scale * now["shift_y"])
            head = Head(now["yaw"], now["pitch"], now["roll"], *shift, float(np.exp(now["zoom"])))
            yield Held(whole, face, head, (now["gaze_x"], now["gaze_y"]))

    def _alive(self, index: int) -> Vectors:
        """The channels of the actor's own life."""
        life = self.life
        now = (life.yaw, life.pitch, life.roll, life.shift_x, life.shift_y)
        return np.array([*(curve[index] for curve in now), 0.0, 0.0, 0.0, life.blink[index]])


@dataclass(frozen=True, eq=False)
class _Led:
    """Channels, handles, and how far the driver leads: 1 wholly, 0 not at all, when the actor only lives."""

    channels: Vectors
    handles: Vectors
    lead: float


class _Bridge:
    """Frame by frame, from what the driver does to what the actor does."""

    def __init__(self, rate: Fraction) -> None:
        self._second = float(rate)
        self._now = _Led(np.zeros(len(CHANNELS)), np.zeros((len(HANDLES), 3)), 0.0)
        self._from = self._now
        self._since, self._over = 0, 0.0  # frames since something broke off, and that it takes to come back
        self._lost, self._shot = False, -1

    def step(self, found: tuple[Vectors, Vectors] | None, shot: int) -> _Led:
        lost, begins = found is None, self._shot < 0
        if not begins and (lost != self._lost or (shot != self._shot and not lost)):
            # who was away for a frame or two doesn't take a third of a second to come back
            back = min(_RETURN * self._second, 1.0 + self._since) if self._lost else _CUT * self._second
            self._from, self._since, self._over = self._now, 0, back
        self._lost, self._shot = lost, shot
        self._since += 1
        self._now = self._rested() if found is None else self._followed(*found)
        return self._now

    def _rested(self) -> _Led:
        gone = _eased((self._since / self._second - _HOLD) / _REST)
        before = self._from
        return _Led(before.channels, before.handles * (1 - gone), before.lead * (1 - gone))

    def _followed(self, channels: Vectors, handles: Vectors) -> _Led:
        there, before = _eased(self._since / (self._over + 1)), self._from
        if before.lead > 0:
            channels = before.channels + (channels - before.channels) * there
        handles = before.handles + (handles - before.handles) * there
        return _Led(channels, handles, before.lead + (1 - before.lead) * there)


def _eased(share: float) -> float:
    t = min(1.0, max(0.0, share))
    return t * t * (3 - 2 * t)


def render_mimic(request: Request) -> Delivery:
    """Make the take and write it as request.spec orders it, into request.work. The driver's own sound isn't used.

    Raises:
        CastError: no face in the portrait.
        MediaError: portrait, driver or dialogue can't be read, or there is no driver, or no face in it.
    """
    mimicry = prepare(request)
    return deliver_layered(request, mimicry)


def prepare(request: Request) -> Mimicry:
    """Read the portrait, follow the driver, and plan every frame."""
    spec = request.spec
    if request.driver is None:
        raise MediaError(
            "there is no driving performance",
            hint="Lay one on the track below, or name it in the note: driver=V1 or driver=FILE.",
        )
    who = request.options.get("who", "")
    # nothing is encoded yet: one core follows, the other looks the portrait over
    with ThreadPoolExecutor(1, "greenroom-previz-portrait") as pool:
        framing = pool.submit(framed_actor, request)
        driver = Driver.read(request, request.driver, who=read_who(who) if who else None, size=_size(request.driver))
        framed = framing.result()
    if driver.lost.all():
        raise MediaError(
            "no face was found in the driving performance",
            hint="Use a clip in which a face can be seen from the front.",
            where=str(request.driver.media),
        )
    imitated = read_channels(driver, spec.rate)
    life = live(spec.frames, spec.rate, request.seed, np.zeros(0))
    report = _report(request, driver, imitated, framed)
    return Mimicry(framed, report, driver, imitated, life, spec.rate)


def _report(request: Request, driver: Driver, imitated: Imitated, framed: Framed) -> dict[str, Any]:
    states = ["held" if state == LOST else state for state in driver.found]
    held = states.count("held")
    lost = (
        (f"the driver's face is lost in {held} of {len(states)} frames: there the actor comes to rest",) if held else ()
    )
    return {
        "frames": runs(states),
        "limits": list(imitated.limits),
        "seed": request.seed,
        "warnings": [*(lost if held else ()), *imitated.notes, *framed.notes],
    }


def _size(source: PictureSource) -> tuple[int, int]:
    """The driver's own size as displayed, in even numbers, made smaller where it is very large."""
    media = probe_source(source.media)
    width, height = media.width or _LARGEST, media.height or _LARGEST
    smaller = min(1.0, _LARGEST / max(width, height))
    return max(2, round(width * smaller / 2) * 2), max(2, round(height * smaller / 2) * 2)

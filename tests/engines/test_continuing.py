# SPDX-License-Identifier: Apache-2.0
"""A take that became too short goes on: old frames stay as they are, new ones join them without a seam."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import astuple, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from greenroom.engines.contract import Continued, Request
from greenroom.engines.previz.continuing import joined, render_continued
from greenroom.engines.previz.engine import PrevizEngine
from greenroom.engines.previz.puppet.puppet import Held, Puppet
from greenroom.engines.previz.talk import render_talk
from greenroom.media.check import check_take
from greenroom.media.pictures import read_pictures
from greenroom.media.sound import read_sound
from greenroom.media.types import Codec

SIZE = (320, 180)
LONGER_HEAD, LONGER_TAIL = 9, 14


@pytest.fixture(params=[Codec.PRORES, Codec.H264], ids=str)
def extended(
    request: pytest.FixtureRequest, request_for: Callable[..., Request], speech: tuple[NDArray[np.float32], str]
) -> Request:
    return lengthened(request_for(sound=speech[0], line=speech[1], seconds=1.5, size=SIZE), speech[0], request.param)


def lengthened(old: Request, sound: NDArray[np.float32], codec: Codec) -> Request:
    """The request of a take that is longer at both ends, with the recording going on under it."""
    old = replace(old, spec=replace(old.spec, codec=codec))
    spec = replace(old.spec, slot=old.spec.slot + LONGER_HEAD + LONGER_TAIL, start_frame=86400 - LONGER_HEAD)
    whole = np.zeros(spec.frames * 2000, np.float32)
    first = (LONGER_HEAD + old.spec.head) * 2000
    whole[first:] = sound[: len(whole) - first]
    assert old.dialogue is not None
    dialogue = old.work / "longer.wav"
    soundfile.write(dialogue, whole, 48000, subtype="FLOAT")
    samples, _ = soundfile.read(old.dialogue, dtype="float32")  # handles of the old take were silent behind the slot
    samples[:] = whole[LONGER_HEAD * 2000 :][: len(samples)]
    soundfile.write(old.dialogue, samples, 48000, subtype="FLOAT")
    was = Continued(1, old.work / "talk.mov", LONGER_HEAD, old)
    work = old.work / "longer"
    work.mkdir()
    return replace(old, spec=spec, dialogue=dialogue, work=work, continued=was)


def pictures(path: Path, frames: range) -> list[NDArray[np.int16]]:
    return [picture.astype(np.int16) for picture in read_pictures(path, frames)]


def test_old_frames_stay_and_new_ones_join_them(extended: Request) -> None:
    was = extended.continued
    assert was is not None
    render_talk(was.request)
    delivery = render_continued(extended)
    assert not check_take(delivery.path, extended.spec)
    kept = was.kept(extended.spec.frames)
    assert kept == range(LONGER_HEAD, extended.spec.frames - LONGER_TAIL)
    found, before = pictures(delivery.path, range(extended.spec.frames)), pictures(was.media, range(len(kept)))
    copied = extended.spec.codec is Codec.PRORES
    changed = max(np.abs(a - b).mean() for a, b in zip(found[kept.start : kept.stop], before, strict=True))
    assert changed <= (0 if copied else 1.5)
    assert delivery.report["continued"] == {"take": 1, "kept": [kept.start, kept.stop], "copied": copied}
    steps = [float(np.abs(b - a).mean()) for a, b in itertools.pairwise(found)]
    seams = {kept.start - 1, kept.stop - 1}
    inside = sorted(step for index, step in enumerate(steps) if index not in seams)
    assert max(steps[index] for index in seams) <= inside[-3]  # no larger than what this speaker does anyway
    assert max(steps[: kept.start - 1]) > 0.01  # and what is new moves
    assert max(steps[kept.stop :]) > 0.01
    assert extended.dialogue is not None
    sound = read_sound(delivery.path, Fraction(0), extended.spec.frames * 2000, sample_rate=48000)
    cut = read_sound(extended.dialogue, Fraction(0), extended.spec.frames * 2000, sample_rate=48000)
    assert np.abs(np.asarray(sound) - np.asarray(cut)).max() < 1e-4


def test_the_face_and_head_go_on_at_the_seam(
    request_for: Callable[..., Request], speech: tuple[NDArray[np.float32], str]
) -> None:
    """Also through two extensions, the second of what the first one made."""
    once = lengthened(request_for(sound=speech[0], line=speech[1], seconds=1.5, size=SIZE), speech[0], Codec.H264)
    spec = replace(once.spec, slot=once.spec.slot + 10)
    again = replace(once, spec=spec, continued=Continued(2, once.work / "talk.mov", 0, once))
    whole = joined(again, again.continued or pytest.fail("continued"))
    rig = Puppet(whole.framed).rig
    held = [values(each) for each in whole.performance(rig)]
    before = [values(each) for each in whole.old.performance(rig)]
    assert np.allclose(held[: len(before)], before)
    head = np.array(held)[:, -8:]
    steps = np.abs(np.diff(head, axis=0))
    seams = (LONGER_HEAD - 1, once.spec.frames - LONGER_TAIL - 1, once.spec.frames - 1)
    inside = np.delete(steps, seams, axis=0)
    for seam in seams:
        assert (steps[seam] <= inside.max(0) + 1e-9).all()
        assert (np.abs(head[seam + 2] - 2 * head[seam + 1] + head[seam]) <= 0.25 * np.ptp(head, axis=0) + 1e-9).all()


def values(held: Held) -> list[Any]:
    return [*astuple(held.face), *astuple(held.head), *held.gaze]


def test_what_previz_goes_on_from(request_for: Callable[..., Request]) -> None:
    old = request_for(seconds=1.0)
    engine = PrevizEngine()
    longer = replace(old, spec=replace(old.spec, slot=36), continued=Continued(1, Path("take.mov"), 0, old))
    assert engine.continues(longer)
    seconds = [engine.estimate(request).seconds for request in (longer, replace(longer, continued=None))]
    assert seconds[0] == pytest.approx(12 / 60 * (seconds[1] or 0), abs=0.1)
    assert not engine.continues(replace(longer, mode="mimic"))
    assert not engine.continues(replace(longer, options={"alpha": "yes"}))
    assert not engine.continues(replace(longer, spec=replace(longer.spec, width=640)))
    assert not engine.continues(replace(longer, continued=Continued(1, Path("take.mov"), 500, old)))
    assert not engine.continues(old)


def test_an_action_happens_once(request_for: Callable[..., Request]) -> None:
    old = replace(request_for(seconds=2.0, size=SIZE), mode="animate", motion="turns left")
    longer = replace(old, spec=replace(old.spec, slot=old.spec.slot + 48), continued=Continued(1, Path(), 0, old))
    whole = joined(longer, longer.continued or pytest.fail("continued"))
    yaw = np.array([held.head.yaw for held in whole.performance(Puppet(whole.framed).rig)])
    turned = yaw > (yaw.max() + yaw[0]) / 2
    assert np.abs(np.diff(turned.astype(int))).sum() == 1


def test_the_engine_goes_on_by_itself(
    request_for: Callable[..., Request], speech: tuple[NDArray[np.float32], str]
) -> None:
    longer = lengthened(request_for(sound=speech[0], seconds=0.5, size=SIZE), speech[0], Codec.DNXHR)
    assert longer.continued is not None
    render_talk(longer.continued.request)

    async def fetched() -> Any:
        engine = PrevizEngine()
        return await engine.fetch(await engine.submit(longer), longer)

    delivery = asyncio.run(fetched())
    assert delivery.conformed
    assert delivery.report["continued"]["copied"]

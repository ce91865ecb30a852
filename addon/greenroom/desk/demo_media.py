# SPDX-License-Identifier: Apache-2.0
"""Makes the demo's media: portraits, recordings, slates, the house, and a stand-in performance with sound.

A file that is there already is left alone: every file appears under its name only when it is whole, so that an
interrupted demo goes on where it was.
"""

from __future__ import annotations

import asyncio
import importlib.resources
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from greenroom.desk import demo_cut
from greenroom.desk.demo_script import HOUSE_FRAMES, RATE, SCENE, SECONDS, Shot, Way
from greenroom.engines.contract import Delivery, Performer, Request
from greenroom.frames import FrameRange
from greenroom.media.types import Codec, SoundClip, TakeSpec

__all__ = ["ACTORS", "HEIGHT", "TWIN_RATE", "WIDTH", "Step", "make_media", "portrait_path"]

WIDTH, HEIGHT = 1280, 720
TWIN_RATE = Fraction(24000, 1001)
SAMPLE_RATE = 48000
ACTORS = ("mara", "theo", "ines")
_STAND_IN = "ines"


@dataclass(frozen=True)
class Step:
    """One thing that was made, or was there: `path` relative to the demo's folder."""

    what: str
    path: Path


def portrait_path(actor: str) -> Path:
    return Path("media") / "portraits" / f"{actor}.png"


def make_media(folder: Path, work: Path) -> Iterator[Step]:
    """Makes what is missing, one step at a time. `work` is a local folder for what is only needed while it is made.

    Raises:
        StoreError: the folder can't be written.
        EngineError: the stand-in can't be rendered.
    """
    for actor in ACTORS:
        yield Step(f"portrait of {actor}", _portrait(folder, actor))
    for speech in SECONDS:
        yield Step("recording", _recording(folder, speech))
    for rate in (RATE, TWIN_RATE):
        for shot in SCENE:
            if shot.way is Way.SLATE:
                yield Step("slate", _slate(folder, shot, rate))
    yield Step("opening shot, an image sequence", _house(folder))
    for shot in SCENE:
        if shot.way is Way.STAND_IN:
            yield Step("stand-in performance with sound", _stand_in(folder, shot, work))


def _portrait(folder: Path, actor: str) -> Path:
    path = portrait_path(actor)
    if not (folder / path).exists():
        from greenroom.engines.previz.drawn_actors import draw
        from greenroom.media import write_png

        _parent(folder / path)
        write_png(folder / path, draw(actor, WIDTH, HEIGHT))
    return path


def _recording(folder: Path, speech: str) -> Path:
    path = demo_cut.sound_path(speech)
    if not (folder / path).exists():
        from greenroom.media import read_sound, write_wav

        samples = math.ceil(SECONDS[speech] * SAMPLE_RATE)
        source = importlib.resources.files("greenroom.desk") / "demo_scene" / f"sense_and_sensibility_{speech}.flac"
        with importlib.resources.as_file(source) as recording:
            sound = read_sound(recording, Fraction(0), samples, sample_rate=SAMPLE_RATE)
        _parent(folder / path)
        write_wav(folder / path, sound, SAMPLE_RATE)
    return path


def _slate(folder: Path, shot: Shot, rate: Fraction) -> Path:
    path = demo_cut.slate_path(shot.name, rate)
    if not (folder / path).exists():
        from greenroom.desk.demo_pictures import slate
        from greenroom.media import TakeWriter

        handles = demo_cut.SLATE_HANDLES
        spec = TakeSpec(rate, shot.frames, handles, handles, WIDTH, HEIGHT, 0, codec=Codec.H264)
        card = slate(shot.name, shot.actor.upper(), shot.line, shot.frames, WIDTH, HEIGHT)
        _parent(folder / path)
        with TakeWriter(folder / path, spec) as writer:
            for _ in range(spec.frames):
                writer.write(card)
    return path


def _house(folder: Path) -> Path:
    from greenroom.desk.demo_pictures import house
    from greenroom.media import write_png

    pictures = Path("media") / "house"
    _parent(folder / pictures / "house")
    for frame in range(HOUSE_FRAMES):
        path = folder / pictures / f"house.{demo_cut.FIRST_PICTURE + frame:04}.png"
        if not path.exists():
            write_png(path, house(frame, HOUSE_FRAMES, WIDTH, HEIGHT))
    return pictures


def _stand_in(folder: Path, shot: Shot, work: Path) -> Path:
    """The person on the day, in another framing than the portraits, with the recording as the camera's own sound."""
    path = demo_cut.stand_in_path()
    if not (folder / path).exists():
        delivery = asyncio.run(_perform(_stand_in_request(folder, shot, work)))
        _parent(folder / path)
        partial = folder / f"{path}.partial"
        shutil.copyfile(delivery.path, partial)
        partial.replace(folder / path)
        shutil.rmtree(work, ignore_errors=True)
    return path


def _stand_in_request(folder: Path, shot: Shot, work: Path) -> Request:
    from greenroom.engines.previz.drawn_actors import draw
    from greenroom.media import mix, write_png, write_wav

    work.mkdir(parents=True, exist_ok=True)
    handles = demo_cut.STAND_IN_HANDLES
    start = demo_cut.STAND_IN_START
    spec = TakeSpec(RATE, shot.frames, handles, handles, WIDTH, HEIGHT, start, codec=Codec.H264, reel="A001C003")
    portrait, dialogue = work / "portrait.png", work / "dialogue.wav"
    # a tighter lens, and the person left of the middle
    large = draw(_STAND_IN, WIDTH * 5 // 4, HEIGHT * 5 // 4)
    top, left = HEIGHT // 16, WIDTH // 5
    write_png(portrait, large[top : top + HEIGHT, left : left + WIDTH].copy())
    whole = FrameRange(0, spec.frames, RATE)
    said = SoundClip(folder / demo_cut.sound_path(shot.speech), FrameRange(handles, shot.frames, RATE), Fraction(0))
    write_wav(dialogue, mix([said], whole, sample_rate=SAMPLE_RATE), SAMPLE_RATE)
    return Request(
        job="demo-stand-in",
        cue="stand-in",
        take=1,
        mode="talk",
        performer=Performer(_STAND_IN, "demo", portrait),
        spec=spec,
        seed=7,
        work=work,
        line=shot.line,
        dialogue=dialogue,
    )


async def _perform(request: Request) -> Delivery:
    from greenroom.engines import engine

    previz = engine("previz")
    handle = await previz.submit(request)
    return await previz.fetch(handle, request)


def _parent(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from greenroom.desk.demo import cut as demo_cut
from greenroom.desk.demo.script import HOUSE_FRAMES, RATE, SCENE, SECONDS, STAND_IN, Shot, Way
from greenroom.engines.contract import Delivery, Performer, Request
from greenroom.frames import FrameRange
from greenroom.media.types import Codec, SoundClip, TakeSpec

__all__ = ["ACTORS", "HEIGHT", "TWIN_RATE", "WIDTH", "Step", "make_media", "portrait_path"]

WIDTH, HEIGHT = 1280, 720
TWIN_RATE = Fraction(24000, 1001)
SAMPLE_RATE = 48000
ACTORS = ("mara", "theo", "ines")
_PERFORMER = "ines"


@dataclass(frozen=True)
class Step:
    """One thing that was made; `path` is relative to the demo's folder."""

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
    for what, path, make in _all_media(work):
        if not (folder / path).exists():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            make(folder / path)
            yield Step(what, path)


def _all_media(work: Path) -> Iterator[tuple[str, Path, Callable[[Path], None]]]:
    """What there has to be, where, and how it is made. The last picture of the house stands for all of them."""
    for actor in ACTORS:
        yield "portrait", portrait_path(actor), partial(_draw_portrait, actor)
    for speech in SECONDS:
        yield "recording", demo_cut.sound_path(speech), partial(_copy_recording, speech)
    for rate in (RATE, TWIN_RATE):
        for shot in SCENE:
            if shot.way is Way.SLATE:
                yield "slate", demo_cut.slate_path(shot.name, rate), partial(_film_slate, shot, rate)
    last = Path("media") / "house" / _picture_name(HOUSE_FRAMES - 1)
    yield f"opening shot, {HOUSE_FRAMES} pictures", last, _draw_house
    yield "stand-in performance", demo_cut.stand_in_path(), partial(_film_stand_in, STAND_IN, work)


def _draw_portrait(actor: str, path: Path) -> None:
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media import write_png

    write_png(path, draw(actor, WIDTH, HEIGHT))


def _copy_recording(speech: str, path: Path) -> None:
    from greenroom.media import read_sound, write_wav

    samples = math.ceil(SECONDS[speech] * SAMPLE_RATE)
    source = importlib.resources.files("greenroom.desk.demo") / "scene" / f"sense_and_sensibility_{speech}.flac"
    with importlib.resources.as_file(source) as recording:
        write_wav(path, read_sound(recording, Fraction(0), samples, sample_rate=SAMPLE_RATE), SAMPLE_RATE)


def _film_slate(shot: Shot, rate: Fraction, path: Path) -> None:
    from greenroom.desk.demo.pictures import slate
    from greenroom.media import TakeWriter

    handles = demo_cut.SLATE_HANDLES
    spec = TakeSpec(rate, shot.frames, handles, handles, WIDTH, HEIGHT, 0, codec=Codec.H264)
    card = slate(shot.name, shot.actor.upper(), shot.line, shot.frames, WIDTH, HEIGHT)
    with TakeWriter(path, spec) as writer:
        for _ in range(spec.frames):
            writer.write(card)


def _picture_name(frame: int) -> str:
    return f"house.{demo_cut.FIRST_PICTURE + frame:04}.png"


def _draw_house(last: Path) -> None:
    from greenroom.desk.demo.pictures import house
    from greenroom.media import write_png

    for frame in range(HOUSE_FRAMES):
        path = last.with_name(_picture_name(frame))
        if not path.exists():
            write_png(path, house(frame, HOUSE_FRAMES, WIDTH, HEIGHT))


def _film_stand_in(shot: Shot, work: Path, path: Path) -> None:
    """The person on the day, in another framing than the portraits, with the recording as the camera's own sound."""
    recording = path.parents[2] / demo_cut.sound_path(shot.speech)
    delivery = asyncio.run(_perform(_stand_in_request(recording, shot, work)))
    partial_file = path.with_name(path.name + ".partial")
    shutil.copyfile(delivery.path, partial_file)
    partial_file.replace(path)
    shutil.rmtree(work, ignore_errors=True)


def _stand_in_request(recording: Path, shot: Shot, work: Path) -> Request:
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media import mix, write_png, write_wav

    work.mkdir(parents=True, exist_ok=True)
    handles = demo_cut.STAND_IN_HANDLES
    start = demo_cut.STAND_IN_START
    spec = TakeSpec(RATE, shot.frames, handles, handles, WIDTH, HEIGHT, start, codec=Codec.H264, reel="A001C003")
    portrait, dialogue = work / "portrait.png", work / "dialogue.wav"
    # a tighter lens, and the person left of the middle
    large = draw(_PERFORMER, WIDTH * 5 // 4, HEIGHT * 5 // 4)
    top, left = HEIGHT // 16, WIDTH // 5
    write_png(portrait, large[top : top + HEIGHT, left : left + WIDTH].copy())
    whole = FrameRange(0, spec.frames, RATE)
    said = SoundClip(recording, FrameRange(handles, shot.frames, RATE), Fraction(0))
    write_wav(dialogue, mix([said], whole, sample_rate=SAMPLE_RATE), SAMPLE_RATE)
    return Request(
        job="demo-stand-in",
        cue="stand-in",
        take=1,
        mode="talk",
        performer=Performer(_PERFORMER, "demo", portrait),
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

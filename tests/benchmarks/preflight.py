# SPDX-License-Identifier: Apache-2.0
"""Preflight of 100 cues of 5 s, each with dialogue of its own and its line, beside the minute that it may take."""

from __future__ import annotations

import importlib.resources
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
from measure import Row, seconds_of

from greenroom.desk import road
from greenroom.engines.previz.drawn.actors import draw
from greenroom.media import read_sound, write_png, write_wav

CUES, SECONDS, RATE, SAMPLES = 100, 5, 24, 48000
MOST = 60.0  # seconds
LINE = "unless to be rather cold hearted and rather selfish is to be ill disposed."


def rows(folder: Path) -> list[Row]:
    cut = _cut(folder)
    first, again = (seconds_of(lambda: road.plan(cut)) for _ in range(2))
    detail = f"{first:.1f} s, and {again:.1f} s when nothing had changed; planning included"
    figure = first / MOST
    return [Row("preflight of 100 cues of 5 s, beside a minute", "<= 1", figure, figure, figure, figure <= 1, detail)]


def _cut(folder: Path) -> Path:
    """Every cue's sound differs by its gain, so that nothing is known before it is measured."""
    road.init(folder)
    write_png(folder / "mara.png", draw("mara", 1280, 720))
    road.add_actor("mara", portrait=folder / "mara.png", project=folder)
    scene = importlib.resources.files("greenroom.desk.demo") / "scene"
    with importlib.resources.as_file(scene / "sense_and_sensibility_0890.flac") as path:
        speech = read_sound(path, Fraction(0), SECONDS * SAMPLES, sample_rate=SAMPLES)
    timeline = otio.schema.Timeline("scene", global_start_time=otio.opentime.RationalTime(86400, RATE))
    kinds = otio.schema.TrackKind
    picture, sound = otio.schema.Track("V1", kind=kinds.Video), otio.schema.Track("A1", kind=kinds.Audio)
    for number in range(CUES):
        file = folder / f"line_{number}.wav"
        write_wav(file, np.asarray(speech * (0.5 + number / 250), np.float32), SAMPLES)
        clip = otio.schema.Clip(f"SHOT_{number}", otio.schema.MissingReference(), _range())
        clip.markers.append(otio.schema.Marker(f"@mara talk: {LINE}", _range()))
        picture.append(clip)
        sound.append(otio.schema.Clip("line", otio.schema.ExternalReference(file.as_posix(), _range()), _range()))
    timeline.tracks[:] = [picture, sound]
    otio.adapters.write_to_file(timeline, str(folder / "scene.otio"))
    return folder / "scene.otio"


def _range() -> Any:
    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(0, RATE), time(SECONDS * RATE, RATE))

# SPDX-License-Identifier: Apache-2.0
"""A project with a small cut and real takes: each frame and each sample of a take says where it is from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from greenroom.cli import main
from greenroom.desk import road
from greenroom.frames import sample_range, write_rate
from greenroom.media import TakeWriter, write_png
from greenroom.media.types import Codec, TakeSpec
from greenroom.takes import Store, Take
from greenroom.testing.commands import Run, running

SLOT = 16  # frames
HOUR = {Fraction(24): 86400, Fraction(25): 90000, Fraction(30000, 1001): 107892}


def light(number: int) -> int:
    """The grey of frame `number` of a take; far enough apart for any codec."""
    return 20 + number * 5


@dataclass
class Scene:
    """A project folder, its cut and its store."""

    folder: Path
    rate: Fraction
    store: Store

    @property
    def cut(self) -> Path:
        return self.folder / "cut.otio"

    @property
    def start(self) -> int:
        return HOUR[self.rate]

    def range(self, start: int, frames: int) -> Any:
        rate = float(write_rate(self.rate))
        time = otio.opentime.RationalTime
        return otio.opentime.TimeRange(time(start, rate), time(frames, rate))

    def write_cut(self, *notes: str, above: str = "", name: str = "Scene 1, über") -> Path:
        """Placeholders one after another, and one on V2 over the first."""
        rate = float(write_rate(self.rate))
        timeline = otio.schema.Timeline(name, global_start_time=otio.opentime.RationalTime(self.start, rate))
        for track_notes in (notes, (above,) if above else ()):
            if not track_notes:
                continue
            track = otio.schema.Track(kind=otio.schema.TrackKind.Video)
            for number, note in enumerate(track_notes, 1):
                clip = otio.schema.Clip(f"SC01_{number:03}0", otio.schema.MissingReference(), self.range(0, SLOT))
                clip.markers.append(otio.schema.Marker(note, self.range(0, 1)))
                track.append(clip)
            timeline.tracks.append(track)
        timeline.to_json_file(str(self.cut))
        return self.cut

    def add_take(
        self, cue: str, number: int = 1, *, head: int = 8, tail: int = 8, label: str = "previz",
        codec: Codec = Codec.PRORES, alpha: bool = False, actor: str = "mara",
    ) -> Take:  # fmt: skip
        """A take of 256 x 144 with stereo sound."""
        first = self.start - head
        drop = self.rate.denominator == 1001
        spec = TakeSpec(self.rate, SLOT, head, tail, 256, 144, first, drop, codec)
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        media = self._movie(work / "take.mov", spec)
        extras = {}
        if alpha:
            with_alpha = TakeSpec(self.rate, SLOT, head, tail, 256, 144, first, drop, Codec.PRORES_4444)
            extras = {"alpha": self._movie(work / "alpha.mov", with_alpha)}
        write_png(work / "poster.png", np.zeros((144, 256, 3), np.uint8))
        record = {
            "job": f"{cue}-{number}", "variant": number, "fingerprint": f"{cue}{number}".ljust(64, "f"),
            "created": "2026-11-22T15:00:00Z", "engine": {"name": "tiny", "version": "1", "label": label},
            "request": {"mode": "talk", "actor": {"name": actor}}, "warnings": [], "cost": {},
            "spec": {
                "rate": str(self.rate), "frames": spec.frames, "slot": SLOT, "head": head, "tail": tail,
                "start_frame": first, "width": 256, "height": 144, "drop_frame": drop,
            },
        }  # fmt: skip
        return self.store.publish(
            cue=cue, number=number, job=f"{cue}-{number}", media=media, poster=work / "poster.png", record=record,
            extras=extras,
        )  # fmt: skip

    def _movie(self, path: Path, spec: TakeSpec) -> Path:
        samples = sample_range(0, spec.frames, spec.rate, 48000)[1]
        ramp = np.arange(samples, dtype=np.float32) / samples
        with TakeWriter(path, spec, sound=np.stack([ramp * 0.5, -ramp * 0.25], axis=1)) as writer:
            for number in range(spec.frames):
                depth = 4 if spec.codec is Codec.PRORES_4444 else 3
                writer.write(np.full((144, 256, depth), light(number), np.uint8))
        return path


@pytest.fixture
def new_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Scene]:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))

    def make(rate: Fraction = Fraction(24)) -> Scene:
        folder = tmp_path / "Szene #1, 100% über"
        road.init(folder)
        return Scene(folder, rate, Store(folder))

    return make


@pytest.fixture
def scene(new_scene: Callable[..., Scene]) -> Scene:
    """Two cues with takes, the second with two, and one without."""
    made = new_scene()
    made.write_cut(
        'GR#aaaa: actor=MARA mode=talk line="I never left."',
        "GR#bbbb: actor=THEO mode=talk",
        "GR#cccc: actor=MARA mode=animate",
    )
    made.add_take("aaaa")
    made.add_take("bbbb", 1, actor="theo")
    made.add_take("bbbb", 2, label="", actor="theo")
    return made


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return running(main, capfd)

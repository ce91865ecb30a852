# SPDX-License-Identifier: Apache-2.0
"""The demo scene as an OpenTimelineIO cut, at 24 frames a second or as its 23.976 twin, and as an edit decision list.

Media is named relative to the cut, so that the demo's folder can be moved.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom.desk.demo.script import ABOVE, HOUSE_FRAMES, RATE, SCENE, SECONDS, STAND_IN, START, Shot, Way
from greenroom.frames import timecode, write_rate

__all__ = [
    "FIRST_PICTURE",
    "SLATE_HANDLES",
    "STAND_IN_HANDLES",
    "STAND_IN_START",
    "demo_edl",
    "demo_timeline",
    "slate_path",
    "sound_path",
    "stand_in_path",
]

SLATE_HANDLES = 24
STAND_IN_HANDLES = 24
STAND_IN_START = 10 * 3600 * 24  # 10:00:00:00, the first frame of the stand-in's file
FIRST_PICTURE = 1001
_MEDIA = Path("media")
_FOOTAGE = (Way.STAND_IN, Way.DUBBED)
_ON_CLIP = (Way.SLATE, Way.OFFLINE, Way.SLUG, Way.ABOVE, *_FOOTAGE)


def sound_path(speech: str) -> Path:
    """The recording, as the cut names it."""
    return _MEDIA / "dialogue" / f"sense_and_sensibility_{speech}.wav"


def slate_path(shot: str, rate: Fraction) -> Path:
    """The slate of a shot: one file for each rate, as a slate belongs to its cut."""
    return _MEDIA / "slates" / f"{shot}_{write_rate(rate).replace('.', '')}.mov"


def stand_in_path() -> Path:
    """The performance of the person on the day, 24 frames a second whatever the cut's rate."""
    return _MEDIA / "stand_in" / "A001_C003.mov"


def demo_timeline(rate: Fraction = RATE) -> Any:
    """The scene at `rate`. A fractional rate is written as programs write it: 23.976, not 24000/1001."""
    return _Cutter(rate).timeline()


class _Cutter:
    """Lays the shots out. Times are RationalTimes at the float that stands for `rate` in documents."""

    def __init__(self, rate: Fraction) -> None:
        self.exact = rate
        self.rate = float(write_rate(rate))

    def timeline(self) -> Any:
        name = "greenroom demo" if self.rate == 24 else "greenroom demo 23.976"
        timeline = otio.schema.Timeline(name, global_start_time=self._time(START, self.rate))
        picture = otio.schema.Track("Picture", kind=otio.schema.TrackKind.Video)
        sound = otio.schema.Track("Dialogue", kind=otio.schema.TrackKind.Audio)
        at = 0
        for shot in SCENE:
            picture.append(self._picture(shot))
            sound.append(self._sound(shot))
            if shot.way is Way.COLOUR:
                timeline.tracks.markers.append(self._marker(shot.note, at + 12, self.rate))
            at += shot.frames
        upper = otio.schema.Track("Actors", kind=otio.schema.TrackKind.Video)
        upper.append(otio.schema.Gap(source_range=self._range(0, at - ABOVE.frames, self.rate)))
        upper.append(self._picture(ABOVE))
        timeline.tracks.extend([picture, upper, sound])
        return timeline

    def _picture(self, shot: Shot) -> Any:
        if shot.way is Way.GAP:
            gap = otio.schema.Gap(name=shot.name, source_range=self._range(0, shot.frames, self.rate))
            gap.markers.append(self._marker(shot.note, 0, self.rate))
            return gap
        name = shot.note if shot.way is Way.NAMED else shot.name
        reference, start, rate = self._media(shot)
        # the stand-in counts at its own 24, and is shown as long as the slot is, at the cut's rate
        shown = otio.opentime.TimeRange(self._time(start, rate), self._time(shot.frames, self.rate))
        clip = otio.schema.Clip(name, reference, shown)
        if shot.way in _ON_CLIP:
            clip.markers.append(self._marker(shot.note, start, rate))
        return clip

    def _media(self, shot: Shot) -> tuple[Any, int, float]:
        """The reference, the first frame shown, and the rate at which it counts."""
        if shot.way is Way.PICTURES:
            return self._pictures(), shot.source_start, self.rate
        if shot.way is Way.SLATE:
            frames = shot.frames + 2 * SLATE_HANDLES
            return self._file(slate_path(shot.name, self.exact), 0, frames, self.rate), SLATE_HANDLES, self.rate
        if shot.way in _FOOTAGE:
            frames, own = STAND_IN.frames + 2 * STAND_IN_HANDLES, float(RATE)
            return self._file(stand_in_path(), STAND_IN_START, frames, own), _shown_of_stand_in(shot), own
        if shot.way in (Way.COLOUR, Way.SLUG, Way.ABOVE):
            whole = self._range(0, shot.frames, self.rate)
            return otio.schema.GeneratorReference("Colour", "SolidColor", available_range=whole), 0, self.rate
        return otio.schema.MissingReference(), 0, self.rate

    def _pictures(self) -> Any:
        whole = self._range(0, HOUSE_FRAMES, self.rate)
        return otio.schema.ImageSequenceReference(
            "media/house", "house.", ".png", FIRST_PICTURE, 1, self.rate, 4, available_range=whole
        )

    def _file(self, path: Path, start: int, frames: int, rate: float) -> Any:
        return otio.schema.ExternalReference(path.as_posix(), self._range(start, frames, rate))

    def _sound(self, shot: Shot) -> Any:
        if not shot.speech:
            return otio.schema.Gap(source_range=self._range(0, shot.frames, self.rate))
        if shot.way is Way.STAND_IN:
            reference, start, own = self._media(shot)
            shown = otio.opentime.TimeRange(self._time(start, own), self._time(shot.frames, self.rate))
            return otio.schema.Clip(stand_in_path().stem, reference, shown)
        path = sound_path(shot.speech)
        whole = math.ceil(SECONDS[shot.speech] * self.exact)
        reference = self._file(path, 0, whole, self.rate)
        return otio.schema.Clip(path.stem, reference, self._range(shot.speech_start, shot.frames, self.rate))

    def _marker(self, note: str, start: int, rate: float) -> Any:
        return otio.schema.Marker(note, self._range(start, 1, rate), otio.schema.MarkerColor.RED)

    def _range(self, start: int, frames: int, rate: float) -> Any:
        return otio.opentime.TimeRange(self._time(start, rate), self._time(frames, rate))

    def _time(self, frame: int, rate: float) -> Any:
        return otio.opentime.RationalTime(frame, rate)


def demo_edl() -> str:
    """The scene as a CMX 3600 list at 24 frames a second, notes as comments and locators, in capitals as lists have
    them. A list has one picture track: what lies above the first is not in it.
    """
    lines = ["TITLE: GREENROOM DEMO", "FCM: NON-DROP FRAME", ""]
    at, number = START, 0
    for shot in SCENE:
        number += 1
        lines += [_edl_event(number, *_edl_source(shot), "V", at, shot.frames), *_edl_notes(shot, at), ""]
        if shot.speech:
            number += 1
            path = sound_path(shot.speech)
            lines += [_edl_event(number, "AX", shot.speech_start, "A", at, shot.frames)]
            lines += [f"* FROM CLIP NAME: {path.name}", f"* FROM FILE: {path.as_posix()}", ""]
        at += shot.frames
    return "\n".join(lines)


def _shown_of_stand_in(shot: Shot) -> int:
    """The first frame that `shot` shows of the stand-in's file, as its timecode counts."""
    return STAND_IN_START + STAND_IN_HANDLES + shot.source_start


def _edl_source(shot: Shot) -> tuple[str, int]:
    if shot.way in _FOOTAGE:
        return "A001C003", _shown_of_stand_in(shot)
    return ("HOUSE" if shot.way is Way.PICTURES else "BL"), shot.source_start


def _edl_event(number: int, reel: str, source: int, channel: str, at: int, frames: int) -> str:
    times = (source, source + frames, at, at + frames)
    return f"{number:03}  {reel:<8} {channel:<5} C        {' '.join(timecode(time, RATE) for time in times)}"


def _edl_notes(shot: Shot, at: int) -> list[str]:
    lines = [f"* FROM CLIP NAME: {shot.name}"]
    if shot.way in _FOOTAGE:
        lines.append(f"* FROM FILE: {stand_in_path().as_posix()}")
    if shot.way in (Way.SLATE, Way.COLOUR, *_FOOTAGE):
        lines.append(f"* LOC: {timecode(at, RATE)} RED     {shot.note.upper()}")
    elif shot.note:
        lines.append(f"* COMMENT: {shot.note.upper()}")
    return lines

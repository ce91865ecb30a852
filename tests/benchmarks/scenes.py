# SPDX-License-Identifier: Apache-2.0
"""Cuts to measure with: big ones, as editors have them (8 picture and 8 sound tracks, gaps, markers)."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio

TRACKS = 8


def big_cut(path: Path, clips: int, cues: int | None = None) -> Path:
    """Write a cut of `clips` clips over 16 tracks, every fifth place a gap, every tenth clip with a marker.

    With `cues`, so many of the markers on picture clips are notes (`GR: actor=mara mode=talk ...`).
    """
    timeline = otio.schema.Timeline(path.stem, global_start_time=otio.opentime.RationalTime(86400, 24))
    noted = 0
    for number in range(2 * TRACKS):
        kind = otio.schema.TrackKind.Video if number < TRACKS else otio.schema.TrackKind.Audio
        track = otio.schema.Track(f"T{number}", kind=kind)
        for index in range(clips // (2 * TRACKS)):
            if index % 5 == 4:
                track.append(otio.schema.Gap(duration=otio.opentime.RationalTime(24, 24)))
            clip = _clip(f"sc{number:02}_{index:05}", index, number)
            wanted = cues is not None and noted < cues and kind == otio.schema.TrackKind.Video
            if index % 10 == 0 or wanted:
                text = f'GR: actor=mara mode=talk line="I never left, {noted}."' if wanted else f"pick up {index}"
                noted += wanted
                clip.markers.append(_marker(text, clip.source_range.start_time))
            track.append(clip)
        timeline.tracks.append(track)
    otio.adapters.write_to_file(timeline, str(path))
    return path


def _clip(name: str, index: int, track: int) -> otio.schema.Clip:
    time = otio.opentime.RationalTime
    media = otio.schema.ExternalReference(
        f"media/A{track:03}C{index:05}.mov", otio.opentime.TimeRange(time(86400, 24), time(240, 24))
    )
    return otio.schema.Clip(
        name, media, otio.opentime.TimeRange(time(86410, 24), time(48, 24)), {"reel": f"A{track:03}C{index:05}"}
    )


def _marker(text: str, start: otio.opentime.RationalTime) -> otio.schema.Marker:
    return otio.schema.Marker(text, otio.opentime.TimeRange(start, otio.opentime.RationalTime(1, 24)), "GREEN")

# SPDX-License-Identifier: Apache-2.0
"""OpenTimelineIO media linker "greenroom_takes": OTIO's own tools conform a cut to a project's takes.

    otioconvert -i new.edl -a rate=24 -o new.otio --media-linker greenroom_takes -M project=DIR

A clip is known by the id in its note, by a take's own file, or by the stand-in's file and range. The circled take, else
the newest, becomes the active media beside what the clip had; where a take counts otherwise, the source range and the
markers move, and what they were is kept as `greenroom restore` reads it. Everything is read from the project's
take.json files. What two cues may be, what a take doesn't cover and what plays at another speed or rate stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom_otio.errors import ReadError
from greenroom_otio.linked_takes import CueOnDisk, TakeOnDisk, cues_on_disk, stem
from greenroom_otio.rates import rate_of
from greenroom_otio.references import copied_references
from greenroom_otio.urls import url_of

__all__ = ["link_media_reference"]

_NOTE = re.compile(r"^\s*GR#([0-9a-z]{4,8})\s*:", re.IGNORECASE | re.MULTILINE)
_KEY = "greenroom"
_TAKES = "greenroom."
_SPEEDS = (otio.schema.TimeEffect,)
_HALF = Fraction(1, 2)  # as much of the shorter one both have to show, as in `greenroom conform`


def link_media_reference(in_clip: Any, media_linker_argument_map: Mapping[str, Any] | None = None) -> Any:
    """Gives `in_clip` its takes, in place. Returns None: what the clip had stays one of its media references.

    Raises:
        ReadError: no project was named, or there is none.
    """
    folder = Path(str((media_linker_argument_map or {}).get("project", "")))
    if not folder.name and not folder.is_absolute():
        hint = "Name its folder: -M project=DIR (the one with greenroom.toml)."
        raise ReadError("greenroom_takes needs a project", hint=hint)
    cues = cues_on_disk(folder)
    track = in_clip.parent()
    picture = getattr(track, "kind", otio.schema.TrackKind.Video) == otio.schema.TrackKind.Video
    if picture and in_clip.source_range is not None:
        found = _cue_of(in_clip, cues)
        if found is not None:
            _link(in_clip, found)


def _cue_of(clip: Any, cues: Mapping[str, CueOnDisk]) -> CueOnDisk | None:
    for text in _texts(clip):
        match = _NOTE.search(text)
        if match is not None:
            return cues.get(match[1].casefold())
    names = set(_names(clip))
    own = [cue for cue in cues.values() if names & cue.files]
    if not own:
        own = [cue for cue in cues.values() if _shown_of(clip, cue, names) >= _HALF]
    return own[0] if len(own) == 1 else None


def _texts(clip: Any) -> Iterator[str]:
    """Where notes stand: markers, the name, and an EDL's comments."""
    for marker in clip.markers:
        yield from (marker.name, marker.comment)
        table = marker.metadata.get("fcp_xml")
        if table is not None and hasattr(table, "get"):
            yield str(table.get("comment", ""))
    yield clip.name
    edl = clip.metadata.get("cmx_3600")
    for comment in (edl.get("comments") if edl is not None and hasattr(edl, "get") else None) or ():
        yield str(comment).removeprefix("COMMENT:").strip()


def _names(clip: Any) -> Iterable[str]:
    url = str(getattr(clip.media_reference, "target_url", None) or "")
    return [name for name in (stem(url), stem(clip.name)) if name]


def _shown_of(clip: Any, cue: CueOnDisk, names: set[str]) -> Fraction:
    """How much of the shorter one both the clip and the cue's stand-in show."""
    take = cue.take
    if not take.stand_in or take.stand_in not in names or _rate(clip) != take.rate:
        return Fraction(0)
    start, frames = _whole(clip.source_range.start_time.value), _whole(clip.source_range.duration.value)
    if start is None or frames is None or not frames or not take.slot:
        return Fraction(0)
    first = take.start_frame + take.head
    shared = min(start + frames, first + take.slot) - max(start, first)
    return Fraction(max(0, shared), min(frames, take.slot))


def _link(clip: Any, cue: CueOnDisk) -> None:
    start = _place(clip, cue)
    if start is None or any(isinstance(effect, _SPEEDS) for effect in clip.effects):
        return
    references = copied_references(clip)
    active = clip.active_media_reference_key
    kept = {"active": _kept(clip, "active") or active}
    for take in cue.takes:
        references[take.key] = _reference(take)
    clip.set_media_references(references, cue.take.key)
    if start != clip.source_range.start_time.value:
        kept |= _moved(clip, start)
    if _KEY not in clip.metadata:
        clip.metadata[_KEY] = {"schema": 1, "cue": cue.id, "previous": kept}


def _place(clip: Any, cue: CueOnDisk) -> int | None:
    """Where the clip's source range has to start; None where the take can't be used."""
    take = cue.take
    start, frames = _whole(clip.source_range.start_time.value), _whole(clip.source_range.duration.value)
    if start is None or frames is None or _rate(clip) != take.rate:
        return None
    end = take.start_frame + take.frames
    if take.start_frame <= start and start + frames <= end:
        return start
    names = set(_names(clip))
    if names & cue.files or take.stand_in in names or (start < end and take.start_frame < start + frames):
        return None  # it counts as the take does, and the take doesn't reach so far
    return take.start_frame + take.head if frames <= take.frames - take.head else None


def _moved(clip: Any, start: int) -> dict[str, Any]:
    """Moves source range and markers; what is kept for `greenroom restore`."""
    old = clip.source_range
    moved = otio.opentime.RationalTime(start, old.start_time.rate)
    for marker in clip.markers:
        marked = marker.marked_range
        at = moved + (marked.start_time - old.start_time)
        marker.metadata[_KEY] = {"schema": 1, "previous": {"marked_range": marked, "marked_to": at}}
        marker.marked_range = otio.opentime.TimeRange(at, marked.duration)
    clip.source_range = otio.opentime.TimeRange(moved, old.duration)
    return {"source_range": old, "moved_to": moved, "moved_frames": old.duration.value}


def _kept(clip: Any, name: str) -> Any:
    ours = clip.metadata.get(_KEY)
    previous = ours.get("previous") if ours is not None and hasattr(ours, "get") else None
    return previous.get(name) if previous is not None and hasattr(previous, "get") else None


def _reference(take: TakeOnDisk) -> Any:
    time, rate = otio.opentime.RationalTime, float(take.rate)
    reference = otio.schema.ExternalReference(
        target_url=url_of(take.media),
        available_range=otio.opentime.TimeRange(time(take.start_frame, rate), time(take.frames, rate)),
        metadata={_KEY: dict(take.facts)},
    )
    reference.name = take.media.stem
    return reference


def _rate(clip: Any) -> Fraction | None:
    try:
        return rate_of(clip.source_range.start_time.rate)
    except ValueError:
        return None


def _whole(value: float) -> int | None:
    return int(value) if float(value).is_integer() else None

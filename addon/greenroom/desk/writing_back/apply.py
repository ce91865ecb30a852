# SPDX-License-Identifier: Apache-2.0
"""Applies an edit plan to an OpenTimelineIO timeline, in place.

In place, because cloning 10,000 clips takes longer than writing them. Whatever is changed of the editor's is kept under
`metadata["greenroom"]["previous"]` of the clip or marker, once: a second write-back doesn't overwrite it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import opentimelineio as otio
from opentimelineio._otio import PyAny

from greenroom.desk.writing_back.edit_plan import AddTakes, EditPlan, MarkCue, MoveSource, TakeReference, UseMedia
from greenroom.errors import TimelineError
from greenroom_otio import copied_references, url_of

__all__ = ["DEFAULT_MEDIA", "KEY", "SCHEMA", "apply_to_timeline", "kept"]

KEY = "greenroom"
SCHEMA = 1
DEFAULT_MEDIA = "DEFAULT_MEDIA"
STATUS = "Greenroom: "  # a marker comment that begins so is ours


def apply_to_timeline(timeline: Any, plan: EditPlan, *, relative_to: Path | None = None) -> None:
    """Changes `timeline` as `plan` says. `relative_to`: write the takes' paths relative to this folder.

    Raises:
        TimelineError: an address leads nowhere: the plan was made for another cut.
    """
    address, item = None, None  # the edits of a cue follow one another: each place is looked up once
    for edit in plan.edits:
        if edit.address != address:
            address, item = edit.address, _at(timeline, edit.address)
        if isinstance(edit, AddTakes):
            item = _add_takes(timeline, item, edit, relative_to)
        elif isinstance(edit, MoveSource):
            _move_source(_clip(timeline, item), edit)
        elif isinstance(edit, UseMedia):
            _use_media(_clip(timeline, item), edit)
        else:
            _mark(timeline, item, edit)


def kept(item: Any) -> Any:
    """What Greenroom keeps with a clip or marker (live, not a copy), None where there is nothing."""
    metadata = item.metadata
    # `in metadata` and going through all of it end in an exception inside of OpenTimelineIO, at ten times the cost.
    if KEY not in islice(metadata, len(metadata)):
        return None
    held = metadata[KEY]
    if held is None or not hasattr(held, "get"):
        return None
    schema = held.get("schema", SCHEMA)
    if isinstance(schema, int) and schema > SCHEMA:
        raise TimelineError(
            f"the cut was written by a newer Greenroom (schema {schema}; this one knows {SCHEMA})",
            hint="Update Greenroom: pip install --upgrade greenroom",
            where=str(item.name),
        )
    return held


def _converted(value: Mapping[str, Any]) -> Any:
    """A table as OpenTimelineIO's metadata holds it, by way of JSON: OpenTimelineIO's own conversion asks each value
    five times what it is, which would be half of a write-back's time.
    """
    return PyAny(otio.core.deserialize_json_from_string(_JSON.encode(dict(value))))


def _as_plain(value: Any) -> Any:
    """OpenTimelineIO's times and objects."""
    return json.loads(otio.core.serialize_json_to_string(value, {}, -1))


_JSON = json.JSONEncoder(default=_as_plain)


def _keep(item: Any, cue: str, **previous: Any) -> Any:
    """Starts to keep what was there; values that are kept already stay."""
    held = kept(item)
    if held is None:
        item.metadata[KEY] = _converted({"schema": SCHEMA, "cue": cue, "previous": previous})
        return item.metadata[KEY]
    held["cue"] = cue
    if "previous" not in held:
        held["previous"] = {}
    for name, value in previous.items():
        if name not in held["previous"]:
            held["previous"][name] = value
    return held


def _at(timeline: Any, address: tuple[int, ...]) -> Any:
    item = timeline.tracks
    try:
        for index in address:
            item = item[index]
    except (IndexError, TypeError) as error:
        raise TimelineError(
            f"there is nothing at {'.'.join(map(str, address))}: the plan was made for another cut",
            hint="Make the plan again from this cut.",
            where=str(timeline.name),
        ) from error
    return item


def _clip(timeline: Any, item: Any) -> Any:
    if not isinstance(item, otio.schema.Clip):
        raise TimelineError(
            f"{item.name or 'the item'} is no clip: the plan was made for another cut",
            hint="Make the plan again from this cut.",
            where=str(timeline.name),
        )
    return item


def _add_takes(timeline: Any, item: Any, edit: AddTakes, relative_to: Path | None) -> Any:
    """Returns the clip, which is another item where a gap stood."""
    if isinstance(item, otio.schema.Gap):
        item = _fill_gap(timeline, edit, item)
    clip = _clip(timeline, item)
    references = copied_references(clip)
    active = clip.active_media_reference_key
    if active not in references:
        active = next(iter(references))
    _keep(clip, edit.cue, active=active)
    changed = False
    for take in edit.takes:
        made = _reference(take, relative_to)
        if take.key not in references or not references[take.key].is_equivalent_to(made):
            references[take.key] = made
            changed = True
    if changed:
        clip.set_media_references(references, active)
    return clip


def _fill_gap(timeline: Any, edit: AddTakes, gap: Any) -> Any:
    """A gap becomes a placeholder clip of the same length with all that the gap had."""
    copy = gap.deepcopy()  # bound to a name: its metadata dies with it
    clip = otio.schema.Clip(
        name=gap.name or f"Greenroom {edit.cue}",
        media_reference=otio.schema.MissingReference(),
        source_range=gap.source_range,
        effects=[effect.deepcopy() for effect in copy.effects],
        markers=[marker.deepcopy() for marker in copy.markers],
        metadata=copy.metadata,
    )
    clip.enabled = gap.enabled
    _keep(clip, edit.cue, active=DEFAULT_MEDIA, gap=True, name=gap.name)
    parent = _at(timeline, edit.address[:-1])
    parent[edit.address[-1]] = clip
    return clip


def _reference(take: TakeReference, relative_to: Path | None) -> Any:
    time, rate = otio.opentime.RationalTime, float(take.rate)
    reference = otio.schema.ExternalReference(
        target_url=url_of(take.path, relative_to),
        available_range=otio.opentime.TimeRange(time(take.start, rate), time(take.frames, rate)),
    )
    reference.metadata[KEY] = _converted(take.metadata)
    reference.name = take.name
    return reference


def _use_media(clip: Any, edit: UseMedia) -> None:
    if clip.active_media_reference_key != edit.key:
        clip.active_media_reference_key = edit.key


def _move_source(clip: Any, edit: MoveSource) -> None:
    rate = float(edit.rate)
    old = clip.trimmed_range()
    start = otio.opentime.RationalTime(edit.start, rate)
    new = otio.opentime.TimeRange(start, otio.opentime.RationalTime(edit.frames, rate))
    if clip.source_range is not None and clip.source_range.start_time.strictly_equal(start):
        return
    held = _keep(clip, edit.cue, source_range=clip.source_range)
    previous = held["previous"]
    if "moved_to" in previous and not edit.firm and _lies_inside(clip):
        return  # moved before, and trimmed or slipped by the editor since: that stays
    speed = _take_off_speed(clip, previous) if edit.drops_speed else 1.0
    # Moved before: the offset of what the editor trimmed since has to lead back to the same place.
    since = old.start_time - previous["moved_to"] if "moved_to" in previous else otio.opentime.RationalTime(0, rate)
    previous["moved_to"] = start - since
    previous["moved_frames"] = float(edit.frames)
    for marker in clip.markers:
        _move_marker(marker, edit.cue, old.start_time, start, speed)
    clip.source_range = new


def _lies_inside(clip: Any) -> bool:
    """Whether the clip's range lies inside of its active media."""
    available, shown = clip.media_reference.available_range, clip.source_range
    return available is not None and shown is not None and bool(available.contains(shown) or available == shown)


def _take_off_speed(clip: Any, previous: Any) -> float:
    """Removes constant speeds, which are kept with their places; returns their product."""
    speed = 1.0
    effects: list[Any] = []
    places: list[int] = []
    for place in reversed(range(len(clip.effects))):
        effect = clip.effects[place]
        if isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= effect.time_scalar
            effects.insert(0, effect.deepcopy())
            places.insert(0, place)
            del clip.effects[place]
    if effects:
        previous["effects"] = effects
        previous["effect_places"] = places
        previous["speed"] = speed
    return speed


def _move_marker(marker: Any, cue: str, old_start: Any, start: Any, speed: float) -> None:
    marked = marker.marked_range
    held = _keep(marker, cue, marked_range=marked)
    offset = marked.start_time - old_start
    scale = 1.0 / speed if speed > 0 else 1.0
    moved = start + otio.opentime.RationalTime(offset.value * scale, offset.rate).rescaled_to(start.rate)
    marker.marked_range = otio.opentime.TimeRange(moved, marked.duration)
    held["previous"]["marked_to"] = moved


def _mark(timeline: Any, item: Any, edit: MarkCue) -> None:
    markers = timeline.tracks.markers if edit.on_timeline else item.markers
    if edit.marker is None:
        _add_marker(item, edit)
        return
    if edit.marker >= len(markers):
        raise TimelineError(
            f"there is no marker {edit.marker + 1} any more: the plan was made for another cut",
            hint="Make the plan again from this cut.",
            where=str(timeline.name if edit.on_timeline else item.name),
        )
    _write_marker(markers[edit.marker], edit)


def _add_marker(item: Any, edit: MarkCue) -> None:
    for marker in item.markers:
        held = kept(marker)
        if held is not None and held.get("added") and held.get("cue") == edit.cue:
            _write_marker(marker, edit)
            return
    rate = item.trimmed_range().start_time.rate
    start = edit.source_frame if edit.source_frame is not None else item.trimmed_range().start_time.value
    marked = otio.opentime.TimeRange(otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(1, rate))
    marker = otio.schema.Marker(name=edit.text, marked_range=marked, color=edit.colour, comment=edit.comment)
    marker.metadata[KEY] = {"schema": SCHEMA, "cue": edit.cue, "added": True}
    item.markers.append(marker)


def _write_marker(marker: Any, edit: MarkCue) -> None:
    wanted = {"color": edit.colour}
    wanted["comment" if edit.in_comment else "name"] = edit.text
    # An editor's own comment is worth more than our status.
    if not edit.in_comment and (not marker.comment or marker.comment.startswith(STATUS)):
        wanted["comment"] = edit.comment
    changed = {field: value for field, value in wanted.items() if getattr(marker, field) != value}
    if not changed:
        return
    held = kept(marker)
    if held is None:
        previous = {field: getattr(marker, field) for field in changed}
        kept_now = {"schema": SCHEMA, "cue": edit.cue, "previous": previous, "written": changed}
        marker.metadata[KEY] = _converted(kept_now)
    elif not held.get("added"):
        _keep_fields(_keep(marker, edit.cue), marker, changed)
    for field, value in changed.items():
        setattr(marker, field, value)


def _keep_fields(held: Any, marker: Any, changed: Mapping[str, str]) -> None:
    if "written" not in held:
        held["written"] = {}
    for field, value in changed.items():
        present = getattr(marker, field)
        if held["written"].get(field) != present:  # the editor's own words, or changed by the editor since
            held["previous"][field] = present
        held["written"][field] = value

# SPDX-License-Identifier: Apache-2.0
"""Making a copy of a cut that an adapter can write, and listing what is lost on the way.

Facts (section 1): the writers of EDL, FCP7 XML, FCPXML and AAF crash on clips without source range, references
without length, and generators; they keep the active media only, and drop what they don't know without a word. So
the copy is given ranges, one reference a clip, and notes where the format keeps them; the rest becomes a `Loss`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom_otio.losses import Loss
from greenroom_otio.references import set_only_reference
from greenroom_otio.urls import PictureFiles, media_path, url_of

__all__ = ["Keeps", "Preparation", "clip_place", "prepare_marker", "prepared_copy"]


@dataclass(frozen=True)
class Keeps:
    """What a format has room for."""

    title: str
    comments: bool = False  # a marker's comment beside its name
    clip_markers: bool = True
    gap_markers: bool = False  # or a way to put them elsewhere
    speed: bool = False
    disabled: bool = False
    sequences: bool = False  # image sequences
    nested: bool = True
    missing: bool = True  # clips without media


# The head of a note, long or short. A comment "Greenroom: 2 takes" is none: the note's id must not give way to it.
_NOTE = re.compile(r"\s*(GR(#[0-9a-z]{4,8})?\s*:|@\w)", re.IGNORECASE)

KEEPS = {
    "edl": Keeps("EDL", speed=True, sequences=True, nested=False),
    "fcp7": Keeps("FCP7 XML", comments=True, gap_markers=True, disabled=True),
    "fcpxml": Keeps("FCPXML", missing=False),
    "aaf": Keeps("AAF", clip_markers=False),
}


@dataclass
class Preparation:
    """The copy under preparation, for one format."""

    timeline: Any
    folder: Path  # relative media count from here
    keeps: Keeps
    losses: list[Loss]

    def lose(self, what: str, where: str = "", why: str = "") -> None:
        self.losses.append(Loss(what, where, why or f"{self.keeps.title} has no room for it"))


def prepared_copy(timeline: Any, file_format: str, folder: Path) -> Preparation:
    """A copy of `timeline` that the adapter of `file_format` can write, with the losses so far."""
    work = Preparation(timeline.clone(), folder, KEEPS[file_format], [])
    for track in work.timeline.tracks:
        _prepare_composition(work, track, str(track.name or track.kind))
    if any(_has_our_metadata(item) for item in _items(work.timeline)):
        work.lose("Greenroom's metadata", why="only OTIO keeps it; the project's ledger has it all")
    return work


def clip_place(track: str, item: Any) -> str:
    """ "Video 1, clip shot_010": a place in the loss report."""
    return f"{track}, {item.schema_name().lower()} {item.name}".rstrip()


def _items(timeline: Any) -> Iterator[Any]:
    waiting = [timeline.tracks]
    while waiting:
        item = waiting.pop()
        yield item
        if isinstance(item, otio.core.Composition):
            waiting.extend(item)


def _has_our_metadata(item: Any) -> bool:
    return "greenroom" in item.metadata


def _prepare_composition(work: Preparation, composition: Any, track: str) -> None:
    for child in list(composition):
        place = clip_place(track, child)
        if isinstance(child, otio.schema.Clip):
            _prepare_clip(work, composition, child, place)
        elif isinstance(child, otio.core.Composition):
            _prepare_nested(work, composition, child, track)
        if isinstance(child, otio.core.Item):
            _prepare_markers(work, child, place)


def _prepare_nested(work: Preparation, parent: Any, child: Any, track: str) -> None:
    if work.keeps.nested:
        _prepare_composition(work, child, track)
        return
    work.lose("a nested sequence", clip_place(track, child), "left out; its place is empty")
    _replace_by_gap(parent, child)


def _prepare_clip(work: Preparation, parent: Any, clip: Any, place: str) -> None:
    _keep_active_reference(work, clip, place)
    if not _give_ranges(clip):
        work.lose("a clip without any length", place, "left out: neither it nor its media has a range")
        del parent[parent.index(clip)]
        return
    _prepare_reference(work, clip, place)
    _prepare_effects(work, clip, place)
    if not clip.enabled and not work.keeps.disabled:
        if work.keeps.title == "EDL":
            work.lose("a disabled clip", place, "left out; its place is empty")
            _replace_by_gap(parent, clip)
        else:
            work.lose("that the clip is disabled", place)


def _replace_by_gap(parent: Any, child: Any) -> None:
    try:
        duration = child.duration()
    except otio.exceptions.OTIOError:
        duration = otio.opentime.RationalTime(0, 24)
    parent[parent.index(child)] = otio.schema.Gap(duration=duration)


def _keep_active_reference(work: Preparation, clip: Any, place: str) -> None:
    references = clip.media_references()
    active = clip.media_reference or otio.schema.MissingReference()
    if len(references) > 1:
        names = ", ".join(key for key in references if key != clip.active_media_reference_key)
        work.lose(
            f"{len(references) - 1} other media ({names})", place, f"{work.keeps.title} keeps the active media only"
        )
    set_only_reference(clip, active)


def _give_ranges(clip: Any) -> bool:
    """A source range to the clip and a length to its media, each from the other. False where neither has one."""
    available = clip.media_reference.available_range
    if clip.source_range is None:
        if available is None:
            return False
        clip.source_range = available
    if available is None:
        clip.media_reference.available_range = clip.source_range
    return True


def _prepare_reference(work: Preparation, clip: Any, place: str) -> None:
    reference = clip.media_reference
    _name_whole_path(work, reference)
    if isinstance(reference, otio.schema.GeneratorReference):
        fcp = reference.metadata.get("fcp_xml")
        if work.keeps.title == "FCP7 XML" and fcp and fcp.get("effecttype") == "generator":
            return
        if work.keeps.title == "EDL":
            clip.metadata.setdefault("cmx_3600", {})
            clip.metadata["cmx_3600"]["reel"] = "BL"
        work.lose(f'the generator "{reference.generator_kind}"', place, "it becomes a clip without media")
        _set_reference(clip, otio.schema.MissingReference(name=reference.name))
    elif isinstance(reference, otio.schema.ImageSequenceReference) and not work.keeps.sequences:
        first = reference.target_url_for_image_number(0)
        work.lose("that the media is an image sequence", place, f"only {first} is named")
        _set_reference(clip, otio.schema.ExternalReference(first, metadata=dict(reference.metadata)))
    if isinstance(clip.media_reference, otio.schema.MissingReference) and not work.keeps.missing:
        work.lose("that the clip has no media", place, "it refers to a file that does not exist")


def _name_whole_path(work: Preparation, reference: Any) -> None:
    """Of relative URLs the writers make other machines (file://media/a.mov); EDLs name plain paths."""
    found = media_path(reference, work.folder.absolute())
    write = str if work.keeps.title == "EDL" else url_of
    if isinstance(found, PictureFiles):
        reference.target_url_base = write(found.folder)
    elif found is not None and found.is_absolute():
        reference.target_url = write(found)


def _set_reference(clip: Any, reference: Any) -> None:
    reference.available_range = clip.media_reference.available_range or clip.source_range
    set_only_reference(clip, reference)


def _prepare_effects(work: Preparation, clip: Any, place: str) -> None:
    kept: list[Any] = []
    for effect in list(clip.effects):
        speed = isinstance(effect, otio.schema.LinearTimeWarp)
        if speed and work.keeps.speed and not kept:
            if effect.time_scalar == 0 and not isinstance(effect, otio.schema.FreezeFrame):
                effect = otio.schema.FreezeFrame()
            effect.effect_name = type(effect).__name__
            kept.append(effect)
        elif speed:
            work.lose(f"the speed of {effect.time_scalar:.0%}", place, "it plays at 100%")
        elif not _is_default_of_resolve(effect):
            work.lose(f"the effect {effect.effect_name or effect.name or effect.schema_name()}", place)
    clip.effects[:] = kept


def _is_default_of_resolve(effect: Any) -> bool:
    """Resolve writes each of its effects on each clip, without parameters where nothing was changed."""
    resolve = effect.metadata.get("Resolve_OTIO")
    return resolve is not None and not (resolve.get("Enabled") and resolve.get("Parameters"))


def _prepare_markers(work: Preparation, item: Any, place: str) -> None:
    markers = list(item.markers)
    if not markers:
        return
    on_clip = isinstance(item, otio.schema.Clip)
    if not (work.keeps.clip_markers if on_clip else work.keeps.gap_markers):
        for marker in markers:
            work.lose(f'the marker "{marker.name}"', place)
        del item.markers[:]
        return
    for marker in markers:
        prepare_marker(work, marker, place)


def prepare_marker(work: Preparation, marker: Any, place: str) -> None:
    """Put the comment where the format has it; where it has none, a note in it becomes the name."""
    if work.keeps.comments:
        marker.metadata.setdefault("fcp_xml", {})
        marker.metadata["fcp_xml"]["comment"] = marker.comment
        return
    if not marker.comment or marker.comment == marker.name:
        return
    if not marker.name or (_NOTE.match(marker.comment) and not _NOTE.match(marker.name)):
        if marker.name:
            work.lose(f'the marker\'s name "{marker.name}"', place, "the note stands in its place")
        marker.name = marker.comment
    else:
        work.lose(f'the comment of the marker "{marker.name}"', place)

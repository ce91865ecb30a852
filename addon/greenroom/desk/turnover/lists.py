# SPDX-License-Identifier: Apache-2.0
"""The cut of a turnover: OTIO, FCP7 XML, AAF, and an EDL for each video track.

Takes are named by what lies in the turnover's own folder, relative to it, so that it can be moved; everything else of
the editor's is named by its whole path, because it is not handed on. Of the takes, only the chosen ones are in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom.desk.open_cut import write_timeline
from greenroom.desk.turnover.gather import HandedTake
from greenroom.desk.turnover.tables import MEDIA
from greenroom.desk.writing_back.apply import apply_to_timeline
from greenroom.desk.writing_back.edit_plan import AddTakes, EditPlan, TakeReference
from greenroom.desk.writing_back.writeback import reference_key
from greenroom.errors import TimelineError
from greenroom.media.files import replacing
from greenroom_otio import copied_references, media_path, url_of

__all__ = ["WrittenLists", "write_lists"]

_TAKES = "greenroom."


@dataclass(frozen=True)
class WrittenLists:
    """What the formats could not keep; `left_out` says why a list is missing."""

    losses: tuple[Any, ...]
    left_out: tuple[str, ...] = ()


def write_lists(
    timeline: Any,
    edits: EditPlan,
    takes: tuple[HandedTake, ...],
    folder: Path,
    final: Path,
    name: str,
    cut_folder: Path,
) -> WrittenLists:
    """Writes the lists called `name` into `folder`, which will be renamed to `final`. Changes `timeline`.

    Raises:
        TimelineError: the OTIO can't be written.
    """
    by_address = {each.cue.event.address: each for each in takes}
    _name_whole_paths(timeline, cut_folder)
    apply_to_timeline(timeline, _handed_edits(edits, by_address, folder), relative_to=folder)
    _keep_active(timeline)
    work = _Lists(folder, list(write_timeline(timeline, folder / f"{name}.otio", "otio")))
    named = _named_by_file(timeline, by_address)
    work.write(named, f"{name}.xml", "fcp7")
    for track, alone in _tracks(named):
        work.write(alone, f"{name}{track}.edl", "edl")
    work.write(_pointing_to(named, by_address, final), f"{name}.aaf", "aaf")
    return WrittenLists(tuple(dict.fromkeys(work.losses)), tuple(work.left_out))


@dataclass
class _Lists:
    """Lists of other formats than OTIO: one that can't be written is left out, and told."""

    folder: Path
    losses: list[Any]
    left_out: list[str] = field(default_factory=list)

    def write(self, timeline: Any, file: str, to: str) -> None:
        try:
            self.losses += write_timeline(timeline, self.folder / file, to)
        except TimelineError as error:
            self.left_out.append(f"there is no {file}: {error.message}. {error.hint}".replace("..", "."))
            return
        if to != "aaf":
            _make_relative(self.folder / file, self.folder)


def _handed_edits(edits: EditPlan, by_address: Mapping[tuple[int, ...], HandedTake], folder: Path) -> EditPlan:
    """The write-back's edits with the chosen take alone, as it lies in the turnover."""
    made = []
    for edit in edits.edits:
        each = by_address.get(edit.address)
        if each is None:
            continue
        if isinstance(edit, AddTakes):
            chosen = next(take for take in edit.takes if take.key == reference_key(each.take.number))
            edit = replace(edit, takes=(_in_folder(chosen, each, folder),))
        made.append(edit)
    return EditPlan(tuple(made))


def _in_folder(reference: TakeReference, each: HandedTake, folder: Path) -> TakeReference:
    path = folder / MEDIA / each.file
    return replace(reference, path=path, start=each.part.start, frames=each.part.duration, name=each.name)


def _name_whole_paths(timeline: Any, cut_folder: Path) -> None:
    """The editor's own media: relative paths count from where the cut was."""
    for clip in timeline.find_clips():
        for reference in clip.media_references().values():
            field = "target_url_base" if hasattr(reference, "target_url_base") else "target_url"
            url = getattr(reference, field, None)
            found = media_path(reference, cut_folder.absolute()) if url else None
            if found is not None:
                path = found if isinstance(found, Path) else found.folder
                setattr(reference, field, url_of(path))


def _keep_active(timeline: Any) -> None:
    """Takes of earlier write-backs lie in the project, which nobody gets."""
    for clip in timeline.find_clips():
        active = clip.active_media_reference_key
        keys = list(clip.media_references())
        if any(key.startswith(_TAKES) and key != active for key in keys):
            held = copied_references(clip)
            kept = {key: value for key, value in held.items() if key == active or not key.startswith(_TAKES)}
            clip.set_media_references(kept, active)


def _named_by_file(timeline: Any, by_address: Mapping[tuple[int, ...], HandedTake]) -> Any:
    """A copy whose clips are called as their files: what an EDL, XML or AAF is conformed by."""
    copy = timeline.clone()
    for address, each in by_address.items():
        clip = _at(copy, address)
        clip.name = each.name
        clip.metadata["cmx_3600"] = {"reel": each.reel}
    return copy


def _pointing_to(timeline: Any, by_address: Mapping[tuple[int, ...], HandedTake], final: Path) -> Any:
    """A copy that names the takes by whole paths: an AAF knows no other."""
    copy = timeline.clone()
    for address, each in by_address.items():
        _at(copy, address).media_reference.target_url = url_of(final / MEDIA / each.file)
    return copy


def _at(timeline: Any, address: tuple[int, ...]) -> Any:
    item = timeline.tracks
    for index in address:
        item = item[index]
    return item


def _tracks(timeline: Any) -> Iterator[tuple[str, Any]]:
    """A cut for each video track with a clip on it, and what its EDL's name ends in: nothing, where there is one."""
    video = [track for track in timeline.tracks if track.kind == otio.schema.TrackKind.Video]
    filled = [
        number for number, track in enumerate(video, 1) if any(isinstance(item, otio.schema.Clip) for item in track)
    ]
    for number in filled:
        copy = timeline.clone()
        own = [track for track in copy.tracks if track.kind == otio.schema.TrackKind.Video][number - 1]
        for index in reversed(range(len(copy.tracks))):
            if copy.tracks[index] is not own:
                del copy.tracks[index]
        if number != filled[0]:
            del copy.tracks.markers[:]  # notes over the cut as a whole stand in the first list
        yield (f"_V{number}" if len(filled) > 1 else ""), copy


def _make_relative(path: Path, folder: Path) -> None:
    """FCP7 XML and EDL are written with whole paths; those in the turnover's folder lose it."""
    text = path.read_bytes()
    absolute = folder.absolute()
    for prefix in (f"{absolute.as_uri()}/", f"{absolute}/", f"{absolute}\\"):
        text = text.replace(prefix.encode(), b"")
    with replacing(path) as partial:
        partial.write_bytes(text)

# SPDX-License-Identifier: Apache-2.0
"""Edits of the core as jobs for this timeline. Reads only; what earlier jobs will have changed is kept in `Forecast`.

A take goes into the take selector of its item where that can be: media behind it, normal speed, long enough. Else it
goes on a track Greenroom above and the item is switched off. Nothing of the editor's is moved, replaced or finalised.
"""

from pathlib import Path
from typing import Any, Dict, List, Optional

from greenroom_resolve import frames
from greenroom_resolve.calling import ask, file_key, file_of, flag, items, same, table, text
from greenroom_resolve.cut import OUR_TRACK, Cut, Item, is_ours, our_tag, speed_of
from greenroom_resolve.marking import plan_mark
from greenroom_resolve.snapshot import covered_by
from greenroom_resolve.steps import ANY, OBJECT, Job, Named, Problem, Step

__all__ = ["Forecast", "plan_jobs"]

Edit = Dict[str, Any]
_LOOK = ("Pan", "Tilt", "ZoomX", "ZoomY", "RotationAngle", "AnchorPointX", "AnchorPointY", "Pitch", "Yaw", "FlipX",
         "FlipY", "CropLeft", "CropRight", "CropTop", "CropBottom", "CompositeMode", "Opacity")  # fmt: skip


class Forecast:
    """The timeline and the media pool as they will be after the jobs so far."""

    def __init__(self, cut: Cut, copy_look: bool = False) -> None:
        self.cut, self.copy_look = cut, copy_look
        self.timeline = Named(f'timeline "{cut.name}"', cut.timeline)
        self.project = Named("project", cut.program.project)
        self.pool = Named("media pool", cut.program.pool)
        known = cut.program.media_by_path()
        self.media = {key: Named(text(handle, "GetName"), handle) for key, handle in known.items()}
        root = ask(cut.program.pool, "GetRootFolder")
        self.root = Named('bin "{}"'.format(text(root, "GetName")), root)
        found = [each for each in items(root, "GetSubFolderList") if text(each, "GetName") == OUR_TRACK]
        self.bin: Optional[Named] = Named('bin "Greenroom"', found[0]) if found else None
        self.in_bin = bool(found) and same(ask(cut.program.pool, "GetCurrentFolder"), found[0])
        self.is_current = same(ask(cut.program.project, "GetCurrentTimeline"), cut.timeline)
        self.videos = sum(1 for track in cut.tracks if track.kind == "video")
        self.lanes = [_Lane(track.index, track.items, track.locked) for track in cut.tracks if track.ours]
        self.added: Dict[str, List[str]] = {}  # uid of an item -> the files that its selector will have gained


class _Lane:
    """A track Greenroom: what lies on it, by start and end."""

    def __init__(self, index: int, held: List[Item], locked: bool = False) -> None:
        self.index, self.locked = index, locked
        self.taken = [(item.start, item.end) for item in held]

    def is_free(self, start: int, end: int) -> bool:
        return not self.locked and all(end <= first or last <= start for first, last in self.taken)


def plan_jobs(cut: Cut, edits: List[Edit], copy_look: bool = False) -> List[Any]:
    """For each edit a Job (without steps where nothing is to do) or a Problem, in order."""
    forecast = Forecast(cut, copy_look)
    return [_PLANS.get(str(edit.get("do")), _nothing)(forecast, edit) for edit in edits]


def _nothing(forecast: Forecast, edit: Edit) -> Job:
    """What a newer Greenroom may send, and this one doesn't know."""
    return Job(edit, "")


def _plan_take(forecast: Forecast, edit: Edit) -> Any:
    cut = forecast.cut
    item = cut.item(edit.get("item"))
    if item is None:
        return _gone(cut, edit)
    where = cut.where(item)
    if (item.start, item.frames) != (edit["item_start"], edit["item_frames"]):
        return Problem(
            "item-moved",
            "it lies at {} with {} frames now, and the take was made for {} with {}".format(
                cut.timecode(item.start), item.frames, cut.timecode(edit["item_start"]), edit["item_frames"]
            ),
            "Generate again; what still fits is not made twice.",
            where,
        )
    if list(edit["rate"]) != [cut.rate.numerator, cut.rate.denominator]:
        message = "the take has {}/{} frames a second, the timeline {}/{}".format(
            edit["rate"][0], edit["rate"][1], cut.rate.numerator, cut.rate.denominator
        )
        return Problem("other-rate", message, "Generate it again for this timeline.", where)
    if item.track.locked:
        return Problem("locked-track", "its track is locked", "Unlock it, and apply the takes again.", where)
    first, last = frames.take_extent(edit)
    fits = first >= 0 and last <= edit["media_frames"]
    if not fits and not edit.get("select", True):
        return Job(edit, where)  # an older take of another length: nothing to compare with
    if not fits:
        message = "the take shows frames {} to {}, the item needs {} to {}".format(0, edit["media_frames"], first, last)
        return Problem("take-too-short", message, "Generate it again.", where)
    job = Job(edit, where)
    if _takes_takes(cut, item):
        _into_selector(forecast, job, item)
    elif edit.get("select", True):
        _above(forecast, job, item)
    return job


def _gone(cut: Cut, edit: Edit) -> Problem:
    if edit.get("item"):
        where = cut.timecode(edit["start"]) if "start" in edit else ""
        return Problem("item-gone", "the clip isn't on the timeline any more", "The take stays in the project.", where)
    message = "the cue is a marker over nothing, and Resolve needs a clip to put the take in place of"
    return Problem("no-item", message, "Put a solid colour under the marker.", cut.timecode(edit["start"]))


def _takes_takes(cut: Cut, item: Item) -> bool:
    """Whether a take may go into the item's own selector."""
    facts = table(item.media, "GetClipProperty")
    kind = str(facts.get("Type", ""))
    if item.media is None or kind in ("Compound", "Timeline", "Still", "Multicam") or not facts.get("File Path"):
        return False
    return speed_of(cut, item, frames.exact_rate(facts.get("FPS", "")) or cut.rate) == 1


def _into_selector(forecast: Forecast, job: Job, item: Item) -> None:
    """Adds the take and shows it; one with "select" false is only added, for the editor to compare with."""
    edit, takes = job.edit, item.takes()
    key = file_key(edit["path"])
    if not takes and item.media is not None and file_of(item.media) == key:
        return  # our own clip on the track Greenroom, which shows it
    on = Named(forecast.cut.where(item), item.handle)
    added = forecast.added.setdefault(item.uid, [])
    paths = [file_of(take.get("mediaPoolItem")) for take in takes] or [""]
    index = (paths + added).index(key) + 1 if key in paths + added else 0
    selected = ask(item.handle, "GetSelectedTakeIndex") or 0
    first, _ = frames.take_extent(edit)
    if not index:
        media = _media(forecast, job)
        added.append(key)
        index = len(paths) + len(added)
        undo = {"undo": "take", "item": item.uid, "path": key, "select": selected or 1, "frames": item.frames}
        job.steps.append(Step(on, "AddTake", [media, *frames.take_arguments(edit)], undo=undo))
    stays = bool(key in paths and selected and edit.get("keep_choice"))  # what the editor chose in the selector
    if not edit.get("select", True) or (stays and not added):
        return
    if stays:
        index = selected
    if added or index != selected:
        undo = {"undo": "select", "item": item.uid, "index": selected or 1, "frames": item.frames}
        job.steps.append(Step(on, "SelectTakeByIndex", [index], undo=undo))
    job.expected = {"item": item.uid, "take": index, "start": item.start, "frames": item.frames}
    if not stays:
        job.expected.update(first=first, path=key)


def _media(forecast: Forecast, job: Job) -> Named:
    """The take in the media pool, in the bin Greenroom; imported once, found by its file."""
    edit = job.edit
    known = forecast.media.get(file_key(edit["path"]))
    if known is not None:
        if known.handle is not None and not our_tag(known.handle):
            job.steps.append(_tag(known, edit))
        return known
    if forecast.bin is None:
        forecast.bin = Named('bin "Greenroom"', key="bin")
        job.steps.append(Step(forecast.pool, "AddSubFolder", [forecast.root, OUR_TRACK], OBJECT, "bin"))
    if not forecast.in_bin:
        forecast.in_bin = True
        job.steps.append(Step(forecast.pool, "SetCurrentFolder", [forecast.bin]))
    made = forecast.media[file_key(edit["path"])] = Named(Path(edit["path"]).name, key="media " + edit["path"])
    undo = {"undo": "media", "path": file_key(edit["path"])}
    job.steps.append(Step(forecast.pool, "ImportMedia", [[edit["path"]]], OBJECT, made.key, undo))
    job.steps.append(_tag(made, edit))
    return made


def _tag(media: Named, edit: Edit) -> Step:
    tags = {"greenroom.cue": edit["cue"], "greenroom.take": str(edit["take"])}
    if edit.get("label"):
        tags["greenroom.label"] = edit["label"]
    return Step(media, "SetThirdPartyMetadata", [tags], ANY)  # the file's folder says it too


def _above(forecast: Forecast, job: Job, item: Item) -> None:
    cut = forecast.cut
    ours = next((each for each in _our_clips(cut) if covered_by(cut, each) is item), None)
    if ours is not None and (ours.start, ours.frames) == (item.start, item.frames) and not ours.track.locked:
        held = [file_of(ours.media), *(file_of(take.get("mediaPoolItem")) for take in ours.takes())]
        _into_selector(forecast, job, ours)
        if file_key(job.edit["path"]) in held and job.edit.get("keep_choice"):
            return  # the editor has seen it: what is switched on stays so
        _enable(forecast, job, ours, True)
    else:
        _append(forecast, job, item)
    _enable(forecast, job, item, False)


def _our_clips(cut: Cut) -> List[Item]:
    return [item for track in cut.tracks if track.ours for item in track.items if is_ours(item.media)]


def _enable(forecast: Forecast, job: Job, item: Item, enabled: bool) -> None:
    now = flag(item.handle, "GetClipEnabled")
    if now != enabled:
        undo = {"undo": "enable", "item": item.uid, "enabled": now}
        job.steps.append(Step(Named(forecast.cut.where(item), item.handle), "SetClipEnabled", [enabled], undo=undo))


def _append(forecast: Forecast, job: Job, item: Item) -> None:
    edit = job.edit
    media = _media(forecast, job)
    if not forecast.is_current:
        forecast.is_current = True
        job.steps.append(Step(forecast.project, "SetCurrentTimeline", [forecast.timeline]))
    lane = _lane(forecast, job, item)
    lane.taken.append((item.start, item.end))
    first, last = frames.take_extent(edit)
    clip: Dict[str, Any] = {"mediaPoolItem": media, "startFrame": first, "endFrame": last, "mediaType": 1}
    clip.update(trackIndex=lane.index, recordFrame=item.start)
    key = "clip for " + item.uid
    undo = {"undo": "placed", "track": lane.index, "start": item.start, "path": file_key(edit["path"])}
    job.steps.append(Step(forecast.pool, "AppendToTimeline", [[clip]], OBJECT, key, undo))
    if forecast.copy_look and item.media is not None:
        _copy_look(job, item, Named("the take above " + job.where, key=key))
    job.expected = {"track": lane.index, "start": item.start, "frames": item.frames, "first": first}
    job.expected["path"] = file_key(edit["path"])


def _lane(forecast: Forecast, job: Job, item: Item) -> _Lane:
    """A track Greenroom above the item with room for it; else a new one on top."""
    for lane in forecast.lanes:
        if lane.index > item.track.index and lane.is_free(item.start, item.end):
            return lane
    forecast.videos += 1
    lane = _Lane(forecast.videos, [])
    name = OUR_TRACK if not forecast.lanes else f"{OUR_TRACK} {len(forecast.lanes) + 1}"
    forecast.lanes.append(lane)
    undo = {"undo": "track", "name": name}
    job.steps.append(Step(forecast.timeline, "AddTrack", ["video"], undo=dict(undo, index=lane.index)))
    job.steps.append(Step(forecast.timeline, "SetTrackName", ["video", lane.index, name]))
    return lane


def _copy_look(job: Job, item: Item, made: Named) -> None:
    held = table(item.handle, "GetProperty")
    for key in _LOOK:
        if key in held:
            job.steps.append(Step(made, "SetProperty", [key, held[key]], ANY))
    job.steps.append(Step(Named(job.where, item.handle), "CopyGrades", [[made]], ANY))


def _plan_removal(forecast: Forecast, edit: Edit) -> Any:
    """Back to the stand-in. Takes stay in the selector, and clips of ours on their track, switched off."""
    cut = forecast.cut
    item = cut.item(edit.get("item"))
    job = Job(edit, cut.where(item) if item else "cue " + str(edit.get("cue", "")))
    if item is not None and item.track.locked:
        return Problem("locked-track", "its track is locked", "Unlock it, and restore again.", job.where)
    if item is not None and is_ours(item.media):
        takes = item.takes()
        own = [n for n, take in enumerate(takes, 1) if not is_ours(take.get("mediaPoolItem"))]
        if not own:
            hint = "Choose it in Resolve's take selector."
            return Problem("no-stand-in", "the stand-in isn't among its takes any more", hint, job.where)
        undo = {"undo": "select", "item": item.uid, "index": ask(item.handle, "GetSelectedTakeIndex") or 1}
        job.steps.append(Step(Named(job.where, item.handle), "SelectTakeByIndex", [own[0]], undo=undo))
        job.expected = {"item": item.uid, "take": own[0], "start": item.start, "frames": item.frames}
        return job
    for ours in _our_clips(cut):
        covered = covered_by(cut, ours)
        if covered is item if item is not None else our_tag(ours.media).get("cue") == edit.get("cue"):
            _enable(forecast, job, ours, False)
    if item is not None:
        _enable(forecast, job, item, True)
    return job


def _plan_mark(forecast: Forecast, edit: Edit) -> Any:
    return plan_mark(forecast.cut, forecast.timeline, edit)


_PLANS = {"place_take": _plan_take, "remove_take": _plan_removal, "mark": _plan_mark}

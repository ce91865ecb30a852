# SPDX-License-Identifier: Apache-2.0
"""The undo list: a file for each timeline, one line for each change, on disk before the next call is made.

`greenroom resolve undo` (and the menu) take back the last command on the timeline, in reverse. What the editor changed
since is left alone and named.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional

from greenroom_resolve import frames
from greenroom_resolve.calling import ask, file_of, flag, items, same, text
from greenroom_resolve.cut import Cut, Item, find_item, markers_of
from greenroom_resolve.program import Program

__all__ = ["UndoList", "contents", "find_timeline", "take_back"]

Entry = Dict[str, Any]


class UndoList:
    """What commands did to one timeline. Lines: {"begin": n, "command"}, entries, {"forget": count}, {"end": true},
    {"undone": n}. An entry is written before its call: one that never came back is taken back too, if it was made.
    """

    def __init__(self, folder: Path, timeline_uid: str) -> None:
        safe = "".join(c if c.isalnum() or c == "-" else "_" for c in timeline_uid)
        self.path = folder / "undo" / (safe + ".jsonl")

    def begin(self, command: str) -> None:
        self._write({"begin": len(self.commands()) + 1, "command": command})

    def add(self, entry: Entry) -> None:
        self._write(entry)

    def forget(self, entries: List[Entry]) -> None:
        """The last entries were taken back at once."""
        if entries:
            self._write({"forget": len(entries)})

    def commands(self) -> List[Dict[str, Any]]:
        """{"number", "command", "entries", "ended", "undone"} of each, oldest first. Half a line is passed over."""
        found: List[Dict[str, Any]] = []
        for line in self._lines():
            if "begin" in line:
                begun = {"number": line["begin"], "command": line["command"], "entries": []}
                found.append(dict(begun, undone=False, ended=False))
            elif found and "end" in line:
                found[-1]["ended"] = True
            elif "undone" in line:
                for each in found:
                    if each["number"] == line["undone"]:
                        each["undone"] = True
            elif found and "forget" in line:
                del found[-1]["entries"][-line["forget"] :]
            elif found:
                found[-1]["entries"].append(line)
        return found

    def last(self) -> Optional[Dict[str, Any]]:
        """The last command that did something and isn't undone."""
        return next((each for each in self.commands()[::-1] if each["entries"] and not each["undone"]), None)

    def unfinished(self) -> Optional[Dict[str, Any]]:
        """The last command, if it broke off in the middle and isn't undone."""
        last = self.commands()[-1:]
        return last[0] if last and not last[0]["ended"] and not last[0]["undone"] else None

    def end(self) -> None:
        """The command that was begun came to its end."""
        self._write({"end": True})

    def undone(self, number: int) -> None:
        self._write({"undone": number})

    def _lines(self) -> List[Dict[str, Any]]:
        if not self.path.exists():
            return []
        found = []
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                try:
                    found.append(json.loads(line))
                except ValueError:
                    continue
        return found

    def _write(self, line: Dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            # a line that was cut short (power, disk) must not take this one with it
            start = b"\n" if file.tell() and not self.path.read_bytes().endswith(b"\n") else b""
            file.write(start + json.dumps(line).encode("utf-8") + b"\n")
            file.flush()
            os.fsync(file.fileno())


def take_back(program: Program, timeline: Any, entries: List[Entry]) -> List[str]:
    """Takes entries back in the order given; says what could not be."""
    left = []
    for entry in entries:
        said = _BACK[entry["undo"]](program, timeline, entry)
        if said:
            left.append(said)
    return left


def _item(program: Program, timeline: Any, uid: Optional[str]) -> Optional[Item]:
    return find_item(timeline, uid) if uid else None


def _select(program: Program, timeline: Any, entry: Entry) -> str:
    item = _item(program, timeline, entry["item"])
    if item is None:
        return "a clip isn't on the timeline any more"
    if ask(item.handle, "GetSelectedTakeIndex") == entry["index"] or not item.takes():
        return ""
    if not flag(item.handle, "SelectTakeByIndex", entry["index"]):
        return item.name + " keeps showing its take"
    return _length(item, entry)


def _length(item: Item, entry: Entry) -> str:
    """What Resolve made of the clip's length, which nobody has measured for media of another rate."""
    now = ask(item.handle, "GetDuration")
    if now is None or entry.get("frames") in (None, frames.whole(now)):
        return ""
    return "{} has {} frames now, it had {}: trim it".format(item.name, frames.whole(now), entry["frames"])


def _take(program: Program, timeline: Any, entry: Entry) -> str:
    item = _item(program, timeline, entry["item"])
    if item is None:
        return "a clip isn't on the timeline any more"
    for index, take in enumerate(item.takes(), 1):
        if file_of(take.get("mediaPoolItem")) == entry["path"]:
            if ask(item.handle, "GetSelectedTakeIndex") == index:
                flag(item.handle, "SelectTakeByIndex", entry["select"])
            gone = flag(item.handle, "DeleteTakeByIndex", index)
            return _length(item, entry) if gone else item.name + " keeps a take in its selector"
    return ""


def _placed(program: Program, timeline: Any, entry: Entry) -> str:
    """Only the clip that we put there, known by its place and file. DeleteClips works on the Edit page only."""
    for _ in range(2):
        handle = _ours_at(timeline, entry)
        if handle is None or flag(timeline, "DeleteClips", [handle]):
            return ""
        flag(program.resolve, "OpenPage", "edit")
    return "a take on the track Greenroom stays"


def _ours_at(timeline: Any, entry: Entry) -> Any:
    for index in range(1, int(ask(timeline, "GetTrackCount", "video") or 0) + 1):
        for handle in items(timeline, "GetItemListInTrack", "video", index):
            there = ask(handle, "GetStart") == entry["start"]
            if there and file_of(ask(handle, "GetMediaPoolItem")) == entry["path"]:
                return handle
    return None


def _enable(program: Program, timeline: Any, entry: Entry) -> str:
    item = _item(program, timeline, entry["item"])
    if item is None:
        return "a clip isn't on the timeline any more"
    return "" if flag(item.handle, "SetClipEnabled", entry["enabled"]) else item.name + " stays switched off or on"


def _marker(program: Program, timeline: Any, entry: Entry) -> str:
    item = _item(program, timeline, entry["item"])
    owner = item.handle if item else None if entry["item"] else timeline
    if owner is None:
        return "a clip isn't on the timeline any more"
    before, offset = entry["before"], entry["offset"]
    if offset in markers_of(owner):
        flag(owner, "DeleteMarkerAtFrame", offset)
    if before is None:
        return ""
    arguments = [offset, before["color"], before["name"], before["note"], int(before["duration"])]
    custom = before.get("customData")
    made = flag(owner, "AddMarker", *arguments, *([custom] if custom else []))
    return "" if made else "a marker could not be put back: " + str(before["name"] or before["note"])


def _track(program: Program, timeline: Any, entry: Entry) -> str:
    """The track that we made, if it is still ours and empty."""
    for index in range(int(ask(timeline, "GetTrackCount", "video") or 0), 0, -1):
        if text(timeline, "GetTrackName", "video", index) in (entry["name"], "Video {}".format(entry["index"])):
            if index != entry["index"] or items(timeline, "GetItemListInTrack", "video", index):
                continue
            return "" if flag(timeline, "DeleteTrack", "video", index) else "the empty track Greenroom stays"
    return ""


def _media(program: Program, timeline: Any, entry: Entry) -> str:
    """Out of the media pool, where no timeline uses it. The file stays where it is."""
    media = program.media_by_path().get(entry["path"])
    if media is None or _is_used(program, media):
        return ""
    return "" if flag(program.pool, "DeleteClips", [media]) else "a take stays in the bin Greenroom"


def contents(cut: Cut) -> str:
    """What is on a timeline, in short: another text once the editor has changed something."""
    found: List[Any] = [sorted(cut.markers())]
    for track in cut.tracks:
        found.append([track.kind, track.index])
        found += [[item.start, item.frames, item.name, file_of(item.media), len(item.takes())] for item in track.items]
    return hashlib.sha256(json.dumps(found).encode("utf-8")).hexdigest()


def _timeline(program: Program, timeline: Any, entry: Entry) -> str:
    """A timeline that was imported, if the editor hasn't worked on it. The one that it came from is opened."""
    made = find_timeline(program, entry["uid"])
    if made is None:
        return ""
    if contents(Cut(program, made)) != entry["contents"]:
        return 'the timeline "{}" stays, as you have worked on it'.format(entry["name"])
    source = find_timeline(program, entry["from"])
    if source is not None and same(program.open_timeline(), made):
        flag(program.project, "SetCurrentTimeline", source)
    gone = flag(program.pool, "DeleteTimelines", [made])
    return "" if gone else 'the timeline "{}" stays'.format(entry["name"])


def find_timeline(program: Program, uid: str) -> Any:
    return next((each for each in program.timelines() if text(each, "GetUniqueId") == uid), None)


def _clips(program: Program, timeline: Any, entry: Entry) -> str:
    """Clips that an import brought into the media pool, where no timeline uses them."""
    for folder in program.bins():
        for media in items(folder, "GetClipList"):
            if text(media, "GetUniqueId") in entry["uids"] and not _is_used(program, media):
                flag(program.pool, "DeleteClips", [media])
    return ""


def _is_used(program: Program, media: Any) -> bool:
    for timeline in program.timelines():
        for item in Cut(program, timeline).items():
            if same(item.media, media) or any(same(take.get("mediaPoolItem"), media) for take in item.takes()):
                return True
    return False


_BACK = {
    "select": _select,
    "take": _take,
    "placed": _placed,
    "enable": _enable,
    "marker": _marker,
    "track": _track,
    "media": _media,
    "timeline": _timeline,
    "clips": _clips,
}

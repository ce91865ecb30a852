# SPDX-License-Identifier: Apache-2.0
"""`greenroom resolve record`: asks a real Resolve what nobody has measured, on a timeline of its own.

The scratch timeline and its two clips are taken away again; the editor's own timelines are only counted. What was
found is told as the simulator's `Unknowns`, so that it can be set to what is true.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from greenroom_resolve import frames
from greenroom_resolve.calling import ResolveError, ask, first, flag, has, number, table, text
from greenroom_resolve.desk import clean_environment
from greenroom_resolve.program import Before, Program
from greenroom_resolve.recording import Cassette, Recorded
from greenroom_resolve.session import Session

__all__ = ["record"]

_NAME = "Greenroom record"
_FRAMES, _HEAD, _SLOT, _SHORT = 60, 8, 24, 16


def record(session: Session, path: str = "", **_: Any) -> Dict[str, Any]:
    """Tries things out on a timeline of its own; the cassette is written to `path`. What was found."""
    if not path or Path(path).exists():
        raise ResolveError(f"{path} is there already", "Name a new file.")
    resolve = session.program.resolve
    cassette = Cassette(Path(path), {"product": session.program.product, "version": session.program.version})
    program = Program(Recorded(resolve, "Resolve", cassette))
    before = Before(program)
    timeline = ask(program.pool, "CreateEmptyTimeline", _free_name(program))
    if timeline is None:
        raise ResolveError("Resolve could not make a timeline to try things on", "Look whether a dialog is open.")
    media: List[Any] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for movie in _movies(session, Path(folder)):
                media.append(first(ask(program.pool, "ImportMedia", [movie])))
            found = _survey(program, timeline, media, Path(folder))
    finally:
        _clear(program, timeline, media)
        for lost in before.restore(lambda line: None):
            session.tell("Resolve didn't go back to " + lost)
    cassette.note(found)
    for what, answer in found.items():
        session.tell(f"{what}: {answer}")
    session.tell(f"Recorded: {path}. It is text: read it before you give it away.")
    return {"path": path, "found": found}


def _movies(session: Session, folder: Path) -> List[str]:
    """Two slates at the project's rate."""
    written = text(session.program.project, "GetSetting", "timelineFrameRate")
    rate = frames.exact_rate(written or ask(session.program.project, "GetSetting", "timelineFrameRate"))
    made = []
    for name in ("Greenroom record A", "Greenroom record B"):
        path = str(folder / (name + ".mov"))
        words = [*session.settings.command, "slate", name, "-o", path, "--frames", str(_FRAMES)]
        words += ["--rate", str(rate or 24), "--size", "320x180", "--start", "00:00:00:00"]
        ran = subprocess.run(words, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if ran.returncode:
            raise ResolveError("no slate could be made", ran.stdout.decode("utf-8", "replace")[-300:])
        made.append(path)
    return made


def _survey(program: Program, timeline: Any, media: List[Any], folder: Path) -> Dict[str, Any]:
    if len(media) != 2 or any(each is None for each in media):
        raise ResolveError("Resolve could not import the movies to try things with", "Look into the media pool.")
    start = frames.whole(number(timeline, "GetStartFrame"))
    item = _append(program, media[0], start + 100, 10)
    if item is None:
        raise ResolveError("Resolve could not put a clip on the timeline", "Look whether a dialog is open.")
    found: Dict[str, Any] = {"end_of_append_is_exclusive": ask(item, "GetDuration") == _SLOT}
    found["source_start_off_by"] = frames.whole(number(item, "GetSourceStartFrame")) - 10
    found["append_returns_for_an_overlap"] = _shape(_append_answer(program, media[1], start + 100, 10))
    flag(item, "AddMarker", 2, "Blue", "Greenroom", "", 1, "greenroom:test")
    found["item_marker_keys"] = [frames.whole(key) for key in table(item, "GetMarkers")]
    found.update(_takes(item, media[1]))
    found["item_marker_keys_after_a_take"] = [frames.whole(key) for key in table(item, "GetMarkers")]
    found["unselected_takes_are_exported"] = _exported(program, timeline, folder)
    flag(timeline, "SetTrackLock", "video", 1, True)
    found["a_locked_track_refuses_takes"] = not flag(item, "AddTake", media[1], 0, _SLOT)
    flag(timeline, "SetTrackLock", "video", 1, False)
    found["type_of_an_item"] = text(item, "GetType") if has(item, "GetType") else None
    return found


def _takes(item: Any, other: Any) -> Dict[str, Any]:
    whole = int(float(text(other, "GetClipProperty", "Frames") or 60))
    found: Dict[str, Any] = {"take_may_end_with_its_media": flag(item, "AddTake", other, whole - _SLOT, whole)}
    found["takes_after_the_first"] = ask(item, "GetTakesCount")
    if not found["take_may_end_with_its_media"]:
        flag(item, "AddTake", other, _HEAD, _HEAD + _SLOT)
    found["take_end_is_inclusive"] = not found["take_may_end_with_its_media"]
    found["adding_selects"] = ask(item, "GetSelectedTakeIndex") == 2
    flag(item, "SelectTakeByIndex", 1)
    flag(item, "AddTake", other, _HEAD, whole - 1)  # longer than the item
    last = ask(item, "GetTakesCount")
    flag(item, "SelectTakeByIndex", last)
    found["selecting_takes_the_takes_length"] = ask(item, "GetDuration") != _SLOT
    found["first_source_frame_of_a_take"] = ask(item, "GetLeftOffset")
    found["take_as_told"] = [ask(item, "GetTakeByIndex", last).get(key) for key in ("startFrame", "endFrame")]
    flag(item, "SelectTakeByIndex", 1)
    found["length_is_as_before"] = ask(item, "GetDuration") == _SLOT
    flag(item, "AddTake", other, _HEAD, _HEAD + _SHORT)
    flag(item, "SelectTakeByIndex", last + 1)
    found["length_with_a_shorter_take"] = ask(item, "GetDuration")
    flag(item, "SelectTakeByIndex", 1)
    found["length_after_a_shorter_take"] = ask(item, "GetDuration")
    return found


def _append_answer(program: Program, media: Any, record: int, source: int) -> Any:
    clip = {"mediaPoolItem": media, "startFrame": source, "endFrame": source + _SLOT, "mediaType": 1}
    return ask(program.pool, "AppendToTimeline", [dict(clip, trackIndex=1, recordFrame=record)])


def _append(program: Program, media: Any, record: int, source: int) -> Optional[Any]:
    return first(_append_answer(program, media, record, source))


def _shape(answer: Any) -> str:
    if isinstance(answer, list):
        return "[{}]".format(", ".join("None" if each is None else "an item" for each in answer))
    return "None" if answer is None else str(answer)


def _exported(program: Program, timeline: Any, folder: Path) -> Any:
    """Whether the OTIO of an item with takes names more than one media; None where no OTIO could be had."""
    path = folder / "record.otio"
    kind, no_kind = program.constant("EXPORT_OTIO"), program.constant("EXPORT_NONE")
    if not flag(timeline, "Export", str(path), kind, no_kind) or not path.exists():
        return None
    references = json.loads(path.read_text("utf-8"))["tracks"]["children"][0]["children"]
    clips = [each for each in references if "media_references" in each]
    return any(len(each["media_references"]) > 1 for each in clips)


def _clear(program: Program, timeline: Any, media: List[Any]) -> None:
    flag(program.pool, "DeleteTimelines", [timeline])
    ours = [each for each in media if each is not None]
    if ours:
        flag(program.pool, "DeleteClips", ours)


def _free_name(program: Program) -> str:
    taken = {text(each, "GetName") for each in program.timelines()}
    count = 1
    while f"{_NAME} {count}" in taken:
        count += 1
    return f"{_NAME} {count}"

# SPDX-License-Identifier: Apache-2.0
"""Sound as Resolve plays it, rendered when the editor asks for it, in place of what can't be heard from its file.

Dialogue is read from its source files as a rule. A compound's sound is in no file, a retimed clip's sounds otherwise,
and Fairlight's effects no script can see. The queue gets one job, which is deleted again; the deliver settings are kept
as a preset and loaded again, as Resolve has no way to read them (facts/resolve, section 6).
"""

import json
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from greenroom_resolve import frames
from greenroom_resolve.calling import ResolveError, ask, file_of, flag, table
from greenroom_resolve.cut import Cut, Item, Track, speed_of

__all__ = ["Rendered", "render_sound", "rendered_sounds", "unheard", "unreadable"]

FOLDER = ("resolve", "dialogue")  # in the project's folder
_PRESET, _KEPT = "Audio Only", "Greenroom keeps your settings"
_SINGLE_CLIP = 1  # of the render modes: one file, not one for each clip
_PATIENCE = 600.0  # seconds


class Rendered:
    """A file of the sound of some tracks, from the timeline frame `start` on."""

    def __init__(self, path: Path, start: int, frames: int, tracks: List[int]) -> None:
        self.path, self.start, self.frames, self.tracks = path, start, frames, tracks

    @property
    def end(self) -> int:
        return self.start + self.frames

    def covers(self, item: Item) -> bool:
        return item.track.index in self.tracks and self.start < item.end and item.start < self.end


def unreadable(cut: Cut, item: Item) -> bool:
    """Whether an item's sound can't be heard from a file: it has none, or is retimed."""
    if item.track.kind != "audio" or item.is_transition:
        return False
    facts = table(item.media, "GetClipProperty")
    return not facts.get("File Path") or speed_of(cut, item, frames.exact_rate(facts.get("FPS", "")) or cut.rate) != 1


def unheard(cut: Cut, item: Item, rendered: List[Rendered]) -> List[Item]:
    """The unreadable sound under an item that wasn't rendered either."""
    under = [sound for sound in _sounds(cut) if sound.start < item.end and item.start < sound.end]
    return [sound for sound in under if unreadable(cut, sound) and not any(each.covers(sound) for each in rendered)]


def rendered_sounds(cut: Cut, project: Path) -> List[Rendered]:
    """What was rendered of this timeline, as far as the same clips still lie there. NAME.json says what lay there."""
    found = []
    for path in sorted(project.joinpath(*FOLDER).glob(_safe(cut.uid) + "_*.wav")):
        try:
            held = json.loads(path.with_suffix(".json").read_text("utf-8"))
            made = Rendered(path, held["start"], held["frames"], held["tracks"])
            if held["of"] == _of(cut, made):
                found.append(made)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def _of(cut: Cut, made: Rendered) -> List[Any]:
    """The clips that a render is of; they are others once the editor has changed something."""
    covered = [sound for sound in _sounds(cut) if made.covers(sound)]
    return [
        [each.track.index, each.start, each.frames, each.name, file_of(each.media), ask(each.handle, "GetLeftOffset")]
        for each in covered
    ]


def _sounds(cut: Cut) -> List[Item]:
    return [item for track in cut.tracks if track.kind == "audio" for item in track.items]


def render_sound(cut: Cut, item: Item, project: Path, pause: Callable[[float], None] = time.sleep) -> Rendered:
    """Renders the sound under an item: of tracks with unreadable clips, or, where all are readable, of all that are on.

    Raises ResolveError. Settings, queue and tracks are as before, also then.
    """
    tracks = _tracks_to_render(cut, item)
    folder = project.joinpath(*FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_safe(cut.uid)}_{item.start}_{item.frames}.wav"
    wanted = Rendered(path, item.start, item.frames, [track.index for track in tracks])
    resolve_project = cut.program.project
    if flag(resolve_project, "IsRenderingInProgress"):
        raise ResolveError("Resolve is rendering just now", "Try again when it has finished.")
    if path.exists():
        path.unlink()  # rendered anew: ours, and older than the timeline
    # a preset of this name is what a render that broke off left behind: the settings that it kept
    kept = flag(resolve_project, "SaveAsNewRenderPreset", _KEPT) or flag(resolve_project, "LoadRenderPreset", _KEPT)
    if not kept:
        raise ResolveError("your deliver settings could not be kept as a preset", "Nothing was rendered.")
    switched = _only(cut, tracks)
    mode = ask(resolve_project, "GetCurrentRenderMode")
    try:
        flag(resolve_project, "SetCurrentRenderMode", _SINGLE_CLIP)
        _render(resolve_project, wanted, pause)
    finally:
        for track in switched:
            flag(cut.timeline, "SetTrackEnable", "audio", track.index, True)
        flag(resolve_project, "LoadRenderPreset", _KEPT)
        flag(resolve_project, "DeleteRenderPreset", _KEPT)
        if isinstance(mode, int):
            flag(resolve_project, "SetCurrentRenderMode", mode)
    _check_length(cut, wanted)
    facts = {"start": wanted.start, "frames": wanted.frames, "tracks": wanted.tracks, "of": _of(cut, wanted)}
    path.with_suffix(".json").write_text(json.dumps(facts), "utf-8")
    return wanted


def _tracks_to_render(cut: Cut, item: Item) -> List[Track]:
    under = [sound for sound in _sounds(cut) if sound.start < item.end and item.start < sound.end]
    chosen = [sound for sound in under if unreadable(cut, sound)] or [sound for sound in under if sound.track.enabled]
    if not chosen:
        raise ResolveError("there is no sound under this clip", "Put the playhead on a clip with dialogue under it.")
    indices = {sound.track.index for sound in chosen}
    return [track for track in cut.tracks if track.kind == "audio" and track.index in indices]


def _only(cut: Cut, tracks: List[Track]) -> List[Track]:
    """Switches the other audio tracks off, and says which."""
    others = [track for track in cut.tracks if track.kind == "audio" and track.enabled and track not in tracks]
    return [track for track in others if flag(cut.timeline, "SetTrackEnable", "audio", track.index, False)]


def _render(project: Any, wanted: Rendered, pause: Callable[[float], None]) -> None:
    settings: Dict[str, Any] = {"SelectAllFrames": False, "MarkIn": wanted.start, "MarkOut": wanted.end - 1}
    settings.update(TargetDir=str(wanted.path.parent), CustomName=wanted.path.stem, ExportVideo=False, ExportAudio=True)
    if not flag(project, "LoadRenderPreset", _PRESET) or not flag(project, "SetRenderSettings", settings):
        raise ResolveError('Resolve has no preset "Audio Only"', "Render the dialogue by hand, and lay it on a track.")
    job = ask(project, "AddRenderJob")
    if not isinstance(job, str) or not job:
        raise ResolveError("Resolve could not add a render job", "Look at the Deliver page.")
    try:
        if not flag(project, "StartRendering", [job]):
            raise ResolveError("Resolve could not start rendering", "Look at the Deliver page.")
        state, error = _wait(project, job, pause)
    finally:
        flag(project, "DeleteRenderJob", job)
    if state != "Complete":
        raise ResolveError(f"the render ended as {state or 'unknown'}{': ' + error if error else ''}", "Try again.")
    if not wanted.path.exists():
        raise ResolveError("Resolve rendered no .wav", f"Look into {wanted.path.parent}.")


def _wait(project: Any, job: str, pause: Callable[[float], None]) -> Tuple[str, str]:
    waited = 0.0
    while waited < _PATIENCE:
        status = table(project, "GetRenderJobStatus", job)
        state = str(status.get("JobStatus", ""))
        if state not in ("Ready", "Rendering"):
            return state, str(status.get("Error", ""))
        pause(0.25)
        waited += 0.25
    ask(project, "StopRendering")  # ours: nothing else was being rendered when it began
    return "too slow", ""


def _check_length(cut: Cut, wanted: Rendered) -> None:
    """Whether the last frame was rendered too: a frame too few would put lips out."""
    have, rate = _samples(wanted.path)
    samples = wanted.frames * rate / cut.rate
    if abs(have - samples) > 1:
        wanted.path.unlink()
        raise ResolveError(f"the render has {have} samples, the clip needs {round(samples)}", "Please report this.")


def _samples(path: Path) -> Tuple[int, int]:
    """Samples and their rate, by the chunks of the file: the module wave knows neither floats nor many channels."""
    rate, size = 0, 1
    with path.open("rb") as file:
        head = file.read(12)
        while head[:4] == b"RIFF" and head[8:] == b"WAVE":
            name, length = file.read(4), int.from_bytes(file.read(4), "little")
            if name == b"fmt ":
                body = file.read(length + length % 2)
                rate, size = int.from_bytes(body[4:8], "little"), int.from_bytes(body[12:14], "little")
            elif name == b"data" and rate and size:
                return length // size, rate
            elif len(name) < 4:
                break
            else:
                file.seek(length + length % 2, 1)
    raise ResolveError(
        f"{path.name} is no .wav that can be read", 'Look at the preset "Audio Only" on the Deliver page.'
    )


def _safe(uid: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in uid)

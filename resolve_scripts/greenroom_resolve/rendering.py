# SPDX-License-Identifier: Apache-2.0
"""Sound that no file holds: a compound clip's is rendered by Resolve, when the editor asks for it.

Dialogue is read from its source files as a rule; a compound has none. Only tracks that hold such clips are rendered.
The queue gets one job, which is deleted again; the deliver settings are kept as a preset and loaded again, as Resolve
has no way to read them (facts/resolve, section 6).
"""

import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from greenroom_resolve.calling import ResolveError, ask, flag, table, text
from greenroom_resolve.cut import Cut, Item, Track

__all__ = ["Rendered", "render_sound", "rendered_sounds", "unreadable"]

FOLDER = ("resolve", "dialogue")  # in the project's folder
_PRESET, _KEPT = "Audio Only", "Greenroom keeps your settings"
_PATIENCE = 600.0  # seconds


class Rendered:
    """A file of a timeline's sound from the timeline frame `start` on."""

    def __init__(self, path: Path, start: int, frames: int) -> None:
        self.path, self.start, self.frames = path, start, frames

    @property
    def end(self) -> int:
        return self.start + self.frames


def unreadable(item: Item) -> bool:
    """Whether an item's sound is in no file."""
    return item.track.kind == "audio" and not text(item.media, "GetClipProperty", "File Path")


def rendered_sounds(cut: Cut, project: Path) -> List[Rendered]:
    """What was rendered of this timeline, as far as something unreadable is still there: name_START_FRAMES.wav."""
    found = []
    for path in sorted(project.joinpath(*FOLDER).glob(_safe(cut.uid) + "_*.wav")):
        parts = path.stem.split("_")
        if len(parts) >= 3 and parts[-1].isdigit() and parts[-2].isdigit():
            found.append(Rendered(path, int(parts[-2]), int(parts[-1])))
    return found


def render_sound(cut: Cut, item: Item, project: Path, pause: Callable[[float], None] = time.sleep) -> Rendered:
    """Renders the unreadable sound under an item. Raises ResolveError; settings, queue and tracks are as before."""
    tracks = [
        track
        for track in cut.tracks
        if any(unreadable(each) and each.start < item.end and item.start < each.end for each in track.items)
    ]
    if not tracks:
        raise ResolveError("all sound under this clip is read from its files", "Nothing has to be rendered.")
    folder = project.joinpath(*FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = Rendered(folder / f"{_safe(cut.uid)}_{item.start}_{item.frames}.wav", item.start, item.frames)
    if wanted.path.exists():
        wanted.path.unlink()  # rendered anew: ours, and older than the timeline
    resolve_project = cut.program.project
    # a preset of this name is what a render that broke off left behind: the settings that it kept
    kept = flag(resolve_project, "SaveAsNewRenderPreset", _KEPT) or flag(resolve_project, "LoadRenderPreset", _KEPT)
    if not kept:
        raise ResolveError("your deliver settings could not be kept as a preset", "Nothing was rendered.")
    switched = _only(cut, tracks)
    try:
        _render(resolve_project, wanted, pause)
    finally:
        for track in switched:
            flag(cut.timeline, "SetTrackEnable", "audio", track.index, True)
        flag(resolve_project, "LoadRenderPreset", _KEPT)
        flag(resolve_project, "DeleteRenderPreset", _KEPT)
    _check_length(cut, wanted)
    return wanted


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

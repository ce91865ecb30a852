# SPDX-License-Identifier: Apache-2.0
"""The demo: a project with a short scene, taken down the road by the same functions that commands call.

A folder that isn't empty and isn't a demo is refused. Nothing that is there is made anew or written over, but the
results: they are those of the cut as it is, so that an editor may change the demo and run it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.desk import road
from greenroom.desk.demo import media as demo_media
from greenroom.desk.demo.cut import demo_edl, demo_timeline, stand_in_path
from greenroom.desk.demo.script import RATE
from greenroom.desk.generating.job_events import JobEvent, Outcome
from greenroom.desk.project.project import Project
from greenroom.desk.results import Generated
from greenroom.desk.rights.inventing import say_invented
from greenroom.errors import ProjectError
from greenroom.rights.consent import SYNTHETIC
from greenroom.rights.consent_writing import add_consent

__all__ = ["Demo", "DemoFile", "demo_json", "make_demo"]

CUT, TWIN, LIST = "demo.otio", "demo_23976.otio", "demo.edl"
NEW_CUT, NEW_XML, NEW_EDL = "demo.greenroom.otio", "demo.greenroom.xml", "demo.greenroom.edl"
SHEET, PREVIEW = "sheet.png", "preview.mov"
_STAMP = "DEMO.md"
_PURPOSES = {
    PREVIEW: "the finished cut with sound; look here first",
    SHEET: "contact sheet: stand-ins and takes, first, middle and last frame",
    NEW_CUT: "the cut with takes, for DaVinci Resolve and all that reads OTIO; stand-ins are still in it",
    NEW_XML: "the same for Premiere and Final Cut Pro 7",
    NEW_EDL: "the same as an edit decision list",
    CUT: "the cut before: notes on clip, gap and timeline markers and in a clip's name",
    TWIN: "its twin at 23.976 frames a second; try: greenroom plan",
    LIST: "the cut as an edit decision list with notes as comments and locators; try: greenroom cues --rate 24",
    "takes": "a folder for each cue, with every take, its poster frame and how it was made",
    "cast": "the three drawn actors",
}


@dataclass(frozen=True)
class DemoFile:
    """A file to open, relative to the demo's folder, and what it is for."""

    path: Path
    purpose: str


@dataclass(frozen=True)
class Demo:
    """What the demo made. `twin_cues` and `list_cues` were found on the cut's two twins."""

    folder: Path
    generated: Generated
    files: tuple[DemoFile, ...]
    twin_cues: int
    list_cues: int

    @property
    def complete(self) -> bool:
        return self.generated.complete

    @property
    def choice(self) -> str:
        """A cue that has two takes to choose from."""
        most = max(self.generated.plan.cues, key=lambda cue: len(cue.takes))
        return most.cue.id


def make_demo(
    folder: Path,
    *,
    on_event: Callable[[JobEvent], None] = lambda event: None,
    on_step: Callable[[str], None] = lambda step: None,
) -> Demo:
    """Makes the demo in `folder`, or goes on with the one that is there.

    Raises:
        ProjectError: the folder holds something else, or can't be written.
        GreenroomError: what the road's functions raise.
    """
    folder = folder.absolute()
    project = _begin(folder)
    for step in demo_media.make_media(folder, project.work_folder / "demo-stand-in"):
        on_step(f"{step.what}: {step.path}")
    _cast(folder, on_step)
    _stand_in(folder)
    _write_cuts(folder)
    twin = road.plan(folder / TWIN, project=folder, engine="previz")
    listed = road.cues(folder / LIST, project=folder, rate=RATE)
    on_step(f"performing {len(road.cues(folder / CUT, project=folder).cues)} cues of {CUT}")
    before = _content(folder / NEW_CUT)
    generated = road.generate(folder / CUT, folder / NEW_CUT, project=folder, engine="previz", on_event=on_event)
    if generated.interrupted:
        raise KeyboardInterrupt
    results = [folder / name for name in (NEW_XML, NEW_EDL, SHEET, PREVIEW)]
    if before != _content(folder / NEW_CUT) or not all(path.exists() for path in results):
        on_step("writing the cut for other programs, the contact sheet and the preview")
        _write_results(folder)
    files = tuple(DemoFile(Path(name), purpose) for name, purpose in _PURPOSES.items())
    return Demo(folder, generated, files, len(twin.cues), len(listed.cues))


def demo_json(demo: Demo) -> dict[str, Any]:
    """greenroom.demo/1"""
    results, planned = demo.generated.report.results, demo.generated.plan
    made = sum(result.outcome is Outcome.MADE for result in results)
    found = sum(result.outcome is Outcome.CACHED for result in results)
    return {
        "schema": "greenroom.demo/1",
        "folder": str(demo.folder),
        "complete": demo.complete,
        "made": made,
        "cached": found + sum(take.cached is not None for cue in planned.cues for take in cue.takes),
        "cues": len(planned.cues),
        "failed": [
            {"cue": result.cue, "message": result.message, "hint": result.hint, "where": result.where}
            for result in results
            if result.take is None
        ],
        "choice": demo.choice,
        "files": [{"path": str(file.path), "purpose": file.purpose} for file in demo.files],
    }


def _begin(folder: Path) -> Project:
    stamp = folder / _STAMP
    if folder.exists() and not folder.is_dir():
        raise ProjectError("is a file, not a folder", hint="Choose a folder for the demo.", where=str(folder))
    if not stamp.exists():
        if folder.exists() and any(folder.iterdir()):
            raise ProjectError(
                "the folder isn't empty and isn't a demo",
                hint="Choose a new folder for the demo.",
                where=str(folder),
            )
        _write(stamp, _stamp_text())
    if (folder / "greenroom.toml").exists():
        return Project.load(folder)
    return road.init(folder, rate=RATE)


def _cast(folder: Path, on_step: Callable[[str], None]) -> None:
    there = road.cast(folder)
    for name in demo_media.ACTORS:
        if name not in there:
            added = road.add_actor(name, portrait=folder / demo_media.portrait_path(name), project=folder)
            say_invented(added.actor, "drawn by Greenroom itself for its demo; there is no photograph, and no person")
            on_step(f"cast: {added.actor.display_name}")


def _stand_in(folder: Path) -> None:
    """Nobody stood in: the demo's footage is drawn too, and says so."""
    home = folder / "consent" / "stand-in"
    if not home.exists():
        made = "drawn by Greenroom itself for its demo; there is no footage of a person"
        media = [stand_in_path().as_posix()]
        add_consent(home, "stand-in", {"kind": SYNTHETIC, "made": made, "covers": ["face"], "media": media})


def _write_cuts(folder: Path) -> None:
    from greenroom.desk.open_cut import write_timeline

    for name, rate in ((CUT, RATE), (TWIN, demo_media.TWIN_RATE)):
        if not (folder / name).exists():
            write_timeline(demo_timeline(rate), folder / name, "otio")
    if not (folder / LIST).exists():
        _write(folder / LIST, demo_edl())


def _write_results(folder: Path) -> None:
    road.apply(folder / CUT, folder / NEW_XML, to="fcp7", project=folder)
    road.apply(folder / CUT, folder / NEW_EDL, to="edl", project=folder)
    road.sheet(folder / CUT, folder / SHEET, project=folder)
    road.preview(folder / CUT, folder / PREVIEW, project=folder)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _stamp_text() -> str:
    rows = "\n".join(f"- `{name}`: {purpose}" for name, purpose in _PURPOSES.items())
    return (
        "# Greenroom demo\n\nMade by `greenroom demo`; the same command goes on with it. Change what you like: what is"
        f" there is kept, only the results are written anew.\n\n{rows}\n\nThe speech is from LibriVox (Sense and"
        " Sensibility, public domain). The actors and pictures are drawn.\n"
    )


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        raise ProjectError(
            f"can't be written ({error.strerror or error})",
            hint="Choose a folder that you may write to.",
            where=str(path),
        ) from error
    finally:
        if path.parent.is_dir():
            partial.unlink(missing_ok=True)

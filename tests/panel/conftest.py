# SPDX-License-Identifier: Apache-2.0
"""The panel without a screen, on a real project: a cut of six cues, of which the first has two
takes, which are measured, and the second one.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from pytestqt.qtbot import QtBot

from greenroom.desk.reviewing.kept import keep
from greenroom.panel.run import application
from greenroom.panel.stalls import Stalls
from greenroom.panel.state import State
from greenroom.panel.style import use_style
from greenroom.panel.window import Window
from greenroom.review.findings import Finding, Light, Review
from greenroom.takes.states import Take
from greenroom.testing.projects import measure_nothing

Wait = Callable[[Callable[[], bool]], None]
LONGEST = 60_000  # milliseconds for anything that a test waits for
RATE, SLOT = 24.0, 10
CUES = (
    ("SC01_0010", "@mara talk: I never left."),
    ("SC01_0020", 'GR: actor=MARA mode=talk line="Never."'),
    ("SC01_0030", "@theo animate: looks up"),
    ("SC02_0010", "@mara talk: Then stay."),
    ("SC02_0020", "@nobody talk: Who am I?"),
    ("SC02_0030", ""),
)


@pytest.fixture(scope="session")
def qapp() -> object:
    """The panel's own application, as `greenroom panel` makes it; on no screen, unless one was asked for."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    made = application()
    use_style(made)
    return made


@pytest.fixture(scope="session")
def made_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copied for each test. The folder's name has all that paths should survive."""
    from greenroom.desk import road
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media import write_png, write_wav

    folder = tmp_path_factory.mktemp("panel") / "Szene #1, 100% über"
    settings = road.init(folder).file
    measure_nothing(settings)
    toml = settings.read_text("utf-8").replace('codec = "prores"', 'codec = "h264"')
    toml = toml.replace("# width = 1920", "width = 320").replace("# height = 1080", "height = 180")
    settings.write_text(toml.replace("handles = 8", "handles = 2"), "utf-8")
    for name in ("mara", "theo"):
        write_png(folder.parent / f"{name}.png", draw(name, 1024, 576))
        road.add_actor(name, portrait=folder.parent / f"{name}.png", project=folder)
    seconds = np.arange(48000 * 9) / 48000
    tone = 0.3 * np.sin(2 * np.pi * 150 * seconds) * (np.sin(2 * np.pi * 3 * seconds) > 0)
    write_wav(folder / "speech.wav", tone.astype(np.float32), 48000)
    write_cut(folder / "cut.otio", CUES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GREENROOM_DATA", str(folder.parent / "data"))
        first, second = (cue.id for cue in road.cues(folder / "cut.otio", project=folder).cues[:2])
        road.perform(folder / "cut.otio", project=folder, only=(first,), takes=2)
        road.perform(folder / "cut.otio", project=folder, only=(second,))
        for take in road.takes(folder / "cut.otio", project=folder).cues[0].takes:
            keep(review_of(take), take, {})
    return folder


def review_of(take: Take) -> Review:
    """A review as `greenroom review` would write it: measuring takes seconds, and is tested elsewhere."""
    finding = Finding("frozen", Light.AMBER, "the picture stands still for 4 frames", ((4, 8),), 4.0, "frames", 5)
    found = (finding,) if take.number == 1 else ()
    light = Light.AMBER if found else Light.GREEN
    return Review(take.cue, take.number, "1", (), found, light, 0.6 if found else 0.9)


def write_cut(path: Path, notes: Sequence[tuple[str, str]]) -> None:
    """A cut of placeholders one after another, (clip's name, note), with sound under all of them."""

    def span(start: int, frames: int) -> otio.opentime.TimeRange:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(start, RATE), otio.opentime.RationalTime(frames, RATE)
        )

    timeline = otio.schema.Timeline("Scene 1", global_start_time=otio.opentime.RationalTime(86400, RATE))
    picture = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    for name, note in notes:
        clip = otio.schema.Clip(name, otio.schema.MissingReference(), span(0, SLOT))
        if note:
            clip.markers.append(otio.schema.Marker(note, span(0, 1)))
        picture.append(clip)
    sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
    media = otio.schema.ExternalReference("speech.wav", span(0, 216))
    sound.append(otio.schema.Clip("speech", media, span(0, min(216, SLOT * len(notes)))))
    timeline.tracks.extend([picture, sound])
    path.write_text(otio.adapters.write_to_string(timeline, "otio_json"), "utf-8")


@pytest.fixture
def project(made_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = tmp_path / made_project.name
    shutil.copytree(made_project, folder)
    return folder


@pytest.fixture
def cut(project: Path) -> Path:
    return project / "cut.otio"


@pytest.fixture
def new_window(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[], Window]]:
    """Opens windows; none outlives the test."""
    windows: list[Window] = []

    def new() -> Window:
        made = Window(state=State(tmp_path / "panel.ini"))
        windows.append(made)
        qtbot.addWidget(made)
        made.resize(1280, 720)
        made.show()
        return made

    yield new
    for made in windows:
        made.close()


@pytest.fixture
def window(new_window: Callable[[], Window], cut: Path, wait: Wait) -> Window:
    """The window with the cut, read to the end."""
    made = new_window()
    made.open(cut)
    wait(lambda: settled(made))
    return made


@contextmanager
def _no_stalls() -> Iterator[None]:
    watch = Stalls()
    gc.collect()
    gc.freeze()  # as the panel does at its start: what other tests left here isn't looked through
    watch.start()
    try:
        yield
    finally:
        watch.stop()
        gc.unfreeze()
    own = [stall for stall in watch.seen if stall.own]
    assert not own, "\n\n".join(
        f"{each.wall:.3f} s, {each.computed:.3f} s computing, {each.waited:.3f} s waiting\n{each.where}" for each in own
    )


@pytest.fixture
def smoothly(qapp: object) -> Callable[[], AbstractContextManager[None]]:
    """Within, the main thread may not compute or wait for long at a stretch. Time that others had the machine isn't
    counted.
    """
    return _no_stalls


@pytest.fixture
def no_stalls(window: Window) -> Iterator[None]:
    """The whole test, after its window is open, goes smoothly."""
    with _no_stalls():
        yield


def settled(window: Window) -> bool:
    """Everything that was asked for is there."""
    board = window.shown.board
    return board is not None and board.complete and not window.work.busy


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    """Waits until something is so, while the window goes on."""

    def wait(so: Callable[[], bool]) -> None:
        qtbot.waitUntil(so, timeout=LONGEST)

    return wait

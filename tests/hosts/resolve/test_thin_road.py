# SPDX-License-Identifier: Apache-2.0
"""From the note on a stand-in to a take in the take selector, and back, as an editor goes: by the menu entries."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from greenroom.testing.resolve import SimulatedResolve
from greenroom_resolve.calling import ResolveError
from greenroom_resolve.entries import ENTRIES
from greenroom_resolve.session import Session

NOTE = "@mara animate: she waits"


@pytest.fixture(scope="module")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media import write_png

    path = tmp_path_factory.mktemp("portraits") / "mara.png"
    write_png(path, draw("mara", 1024, 576))
    return path


@pytest.fixture
def film(tmp_path: Path, portrait: Path, movies: Callable[..., Path]) -> Path:
    """A project's folder with a movie to hold room."""
    from greenroom.desk import road

    folder = tmp_path / "Szene #1"
    road.init(folder)
    toml = (folder / "greenroom.toml").read_text("utf-8")
    toml = toml.replace('codec = "prores"', 'codec = "h264"').replace("# width = 1920", "width = 160")
    (folder / "greenroom.toml").write_text(toml.replace("# height = 1080", "height = 90"), "utf-8")
    road.add_actor("mara", portrait=portrait, project=folder)
    (folder / "slate.mov").write_bytes(movies("24", 60).read_bytes())
    return folder


@pytest.fixture
def stand_in(resolve: SimulatedResolve, film: Path) -> Any:
    timeline = resolve.new_timeline("Reel 1")
    item = resolve.place(timeline, film / "slate.mov", record=86410, frames=8, source=10)
    item.AddMarker(0, "Blue", "", NOTE, 1)
    timeline.playhead = 86412
    return item


def test_a_take_comes_into_the_selector_and_goes_again(
    resolve: SimulatedResolve, stand_in: Any, in_a_menu: Callable[..., CompletedProcess[str]]
) -> None:
    made = in_a_menu(resolve, "generate_at_playhead")
    assert made.returncode == 0, made.stdout + made.stderr
    assert (stand_in.GetTakesCount(), stand_in.GetSelectedTakeIndex()) == (2, 2)
    assert (stand_in.start, stand_in.frames, stand_in.source_in) == (86410, 8, 8)
    assert stand_in.media.name.startswith("mara_")
    assert stand_in.media.own_metadata["greenroom.take"] == "1"
    marker = stand_in.markers[0]
    assert (marker.colour, marker.name) == ("Green", "Greenroom: 1 take (previz)")
    assert marker.note.startswith("GR#")
    assert marker.custom == "greenroom:" + stand_in.media.own_metadata["greenroom.cue"]

    again = in_a_menu(resolve, "generate")  # nothing is made or written twice
    assert again.returncode == 0, again.stdout
    assert "0 takes to make" in again.stdout
    assert stand_in.GetTakesCount() == 2

    restored = in_a_menu(resolve, "restore")
    assert restored.returncode == 0, restored.stdout
    assert (stand_in.media.name, stand_in.GetTakesCount()) == ("slate.mov", 2)

    for _ in range(2):  # restore, then generate
        undone = in_a_menu(resolve, "undo")
        assert undone.returncode == 0, undone.stdout
    assert (stand_in.media.name, stand_in.GetTakesCount(), stand_in.source_in) == ("slate.mov", 1, 10)
    assert (stand_in.markers[0].note, stand_in.markers[0].custom) == (NOTE, "")
    assert [item.name for item in resolve.project.pool.everything()] == ["slate.mov"]


def test_a_dry_run_tells_the_calls_of_takes_that_are_not_made_yet(
    resolve: SimulatedResolve,
    stand_in: Any,
    film: Path,
    sessions: Callable[[SimulatedResolve], Session],
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Two takes into a selector and two above a solid: told before, then made, then compared with the recorder's."""
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    solid = resolve.generator(stand_in.timeline, record=86500, frames=8)
    solid.AddMarker(0, "Blue", NOTE, "", 1)
    session = sessions(resolve)
    resolve.gate.calls.clear()

    told = ENTRIES["generate"](session, takes=2, dry=True)
    assert resolve.gate.changes() == []
    assert not list(film.glob("takes/*/take_*"))
    foretold = said[said.index("These calls would be made, if every take comes out:") + 1 :]

    said.clear()
    done = ENTRIES["generate"](session, takes=2)
    assert (done["steps"], done["problems"]) == (told["steps"], told["problems"])
    assert [line for line in said if line.endswith(")")] == foretold
    assert (stand_in.GetTakesCount(), len(resolve.project.pool.everything())) == (3, 4)
    made = [call.method for call in resolve.gate.changes()]
    assert made == [re.findall(r"\.([A-Z]\w+)\(", line)[0] for line in foretold]
    imported = [line.split("'")[1] for line in foretold if "ImportMedia" in line]
    assert [Path(path).is_file() for path in imported] == [True] * 3

    said.clear()
    again = ENTRIES["dry_run"](session)
    assert (again["steps"], "0 takes to make" in said[0]) == ([], True)


def test_a_hosted_engine_performs_for_a_host(
    resolve: SimulatedResolve,
    stand_in: Any,
    film: Path,
    sessions: Callable[[SimulatedResolve], Session],
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The quote before, the price that was asked, one paid request, progress by the way, and the take in the selector;
    a dry run sends nothing and reserves nothing.
    """
    from greenroom.testing.projects import everybody_agrees
    from greenroom.testing.servers import serve

    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    everybody_agrees(film)
    settings = (film / "greenroom.toml").read_text("utf-8")
    (film / "greenroom.toml").write_text(settings.replace("[budget]", "[budget]\nask_above = 0.01"), "utf-8")
    stand_in.markers[0].note = "@mara animate: she waits"
    with serve("fal", polls=1) as fal:
        for name, value in (("URL", fal.url), ("MEDIA_URL", fal.media_url), ("KEY", fal.key)):
            monkeypatch.setenv(f"GREENROOM_FAL_{name}", value)
        session = sessions(resolve)
        engine = "wan-2.7-r2v@fal"

        told = ENTRIES["generate"](session, engine=engine, dry=True)
        assert said[0].startswith("1 take to make for 0.")
        assert "As it is, generate would not begin:" in said
        assert fal.requests == []
        with pytest.raises(ResolveError, match="may cost"):
            ENTRIES["generate"](session, engine=engine)
        assert fal.billed() == 0

        done = ENTRIES["generate"](session, engine=engine, yes=True)
        assert (done["steps"], done["placed"]) == (told["steps"], 1)
        assert fal.billed() == 1
        assert [line for line in said if "running" in line or "submitted" in line]
        assert (stand_in.frames, stand_in.source_in, stand_in.selected_take) == (8, 8, 2)
        assert "greenroom.label" not in stand_in.media.own_metadata  # nothing to warn of: it is no previz

        said.clear()
        assert ENTRIES["generate"](session, engine=engine, yes=True)["steps"] == []
        assert (fal.billed(), said[0][:17]) == (1, "0 takes to make f")


def test_a_render_of_dialogue_that_is_in_no_file_is_offered(
    resolve: SimulatedResolve,
    stand_in: Any,
    film: Path,
    sessions: Callable[[SimulatedResolve], Session],
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Refused without it; heard after it."""
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    stand_in.markers[0].note = "@mara talk: I never left."
    resolve.compound(stand_in.timeline, record=86400, frames=40, kind="audio")
    session = sessions(resolve)
    found = ENTRIES["plan"](session)
    assert [problem["code"] for problem in found["problems"]] == ["no-dialogue"]
    assert "slate.mov (V1 01:00:00:10): Compound Clip 1 (A1 01:00:00:00) can't be heard from its file" in said[1]
    assert "Render dialogue under clip" in said[3]

    ENTRIES["render_dialogue"](session)
    said.clear()
    session.read_again()
    found = ENTRIES["plan"](session)
    assert [problem["code"] for problem in found["problems"] if problem["code"] == "no-dialogue"] == []
    assert not [line for line in said if "Render dialogue under clip" in line]

# SPDX-License-Identifier: Apache-2.0
"""greenroom install resolve, greenroom resolve, and which way the doctor says is open: in real child processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.cli import main
from greenroom.desk.installing.resolve import ENTRIES, menu_folder
from greenroom.desk.installing.resolve_ways import Outcome, Way, open_way, probe
from greenroom.errors import EngineError
from greenroom.hosts.resolve_child import Patience, in_resolve
from greenroom.testing.resolve import SimulatedResolve

Resolves = Callable[..., SimulatedResolve]


@pytest.fixture(autouse=True)
def a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Callable[[SimulatedResolve], None]:
    """Makes a simulated Resolve the one that scripts from outside find."""

    def connect(resolve: SimulatedResolve) -> None:
        for key, value in resolve.environment({}).items():
            monkeypatch.setenv(key, value)

    return connect


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("linux", "{home}/.local/share/DaVinciResolve/Fusion/Scripts/Utility/Greenroom"),
        (
            "darwin",
            "{home}/Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility/Greenroom",
        ),
        ("win32", "{home}/Blackmagic Design/DaVinci Resolve/Support/Fusion/Scripts/Utility/Greenroom"),
    ],
)
def test_where_the_menu_is(platform: str, folder: str, tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    assert menu_folder(platform, environment) == Path(folder.format(home=tmp_path))


def test_installed_entries_run_in_every_python_that_is_here(
    resolve: SimulatedResolve, movies: Callable[..., Path], pythons: list[str], tmp_path: Path
) -> None:
    assert main(["install", "resolve"]) == 0
    menu = menu_folder()
    assert sorted(path.stem for path in menu.glob("*.py")) == sorted(ENTRIES)
    resolve.place(resolve.new_timeline("Reel 1"), movies(), record=86400, frames=10)
    entry = menu / "Undo Greenroom's last command.py"
    start = "import runpy, sys, DaVinciResolveScript as d; runpy.run_path(sys.argv[1], {'resolve': d.inside()})"
    for python in pythons:
        words = [python, "-c", start, str(entry)]
        ran = subprocess.run(words, env=resolve.environment(), capture_output=True, text=True, timeout=60, check=False)
        assert (ran.returncode, ran.stderr) == (0, ""), python
        assert ran.stdout == "Greenroom: there is nothing to undo on this timeline\n", python
    assert (tmp_path / "data" / "resolve" / "greenroom.log").read_text("utf-8").count("nothing to undo") == len(pythons)


def test_every_entry_of_the_menu_is_one_of_the_scripts() -> None:
    from greenroom_resolve.entries import ENTRIES as KNOWN

    assert set(ENTRIES.values()) <= set(KNOWN)


def test_installing_twice_and_removing(tmp_path: Path) -> None:
    project = tmp_path / "film"
    assert main(["init", str(project)]) == 0
    assert main(["install", "resolve", "--project", str(project)]) == 0
    assert main(["install", "resolve", "--copy-look"]) == 0
    assert main(["install", "resolve"]) == 0  # after an update: what was said before stays
    settings = json.loads((tmp_path / "data" / "resolve" / "greenroom_resolve.json").read_text("utf-8"))
    assert (settings["project"], settings["copy_look"]) == (str(project), True)
    theirs = menu_folder() / "My script.py"
    theirs.write_text("print('mine')\n")
    assert main(["install", "resolve", "--remove"]) == 0
    assert list(menu_folder().iterdir()) == [theirs]
    assert not (tmp_path / "data" / "resolve" / "greenroom_resolve").exists()
    assert main(["install", "resolve", "--remove"]) == 0


def test_a_script_of_somebody_elses_is_not_overwritten(capfd: pytest.CaptureFixture[str]) -> None:
    menu_folder().mkdir(parents=True)
    theirs = menu_folder() / "Next take.py"
    theirs.write_text("print('mine')\n")
    assert main(["install", "resolve"]) == 2
    assert "isn't Greenroom's" in capfd.readouterr().err
    assert theirs.read_text() == "print('mine')\n"


def test_a_project_that_is_none_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "resolve", "--project", str(tmp_path)]) == 2
    assert "there is no greenroom.toml" in capfd.readouterr().err


@pytest.mark.parametrize("release", ["20.3 Studio", "21.0.4 Studio", "21.1 Studio"])
def test_studio_is_open_live(resolves: Resolves, outside: Callable[[SimulatedResolve], None], release: str) -> None:
    outside(resolves(release))
    way, found = open_way()
    assert (way, found.outcome, found.product) == (Way.LIVE, Outcome.ANSWERS, "DaVinci Resolve Studio")
    assert found.version.startswith(release.split()[0])


def test_why_it_is_not_open_from_outside(resolves: Resolves, outside: Callable[[SimulatedResolve], None]) -> None:
    outside(resolves("21.0.4"))  # free
    way, found = open_way()
    assert (way, found.outcome) == (Way.MENU, Outcome.NO_HANDLE)
    assert "Resolve Studio" in found.hint

    stuck = resolves()
    stuck.program.manager.database = None
    outside(stuck)
    assert open_way()[1].outcome is Outcome.STUCK

    starting = resolves()
    starting.starting.set()
    outside(starting)
    found = probe(sys.executable, patience=1.0)
    assert (found.outcome, "did not answer in 1 seconds" in found.message) == (Outcome.SILENT, True)


def test_a_python_that_crashes_in_resolves_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "crashing"
    folder.mkdir()
    (folder / "DaVinciResolveScript.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    found = probe(sys.executable)
    assert (found.outcome, found.message) == (Outcome.CRASHED, "Resolve's library crashes this Python (signal 11)")
    assert "GREENROOM_RESOLVE_PYTHON" in found.hint


def test_without_resolve_there_are_files() -> None:
    way, found = open_way()
    assert (way, found.outcome) == (Way.FILES, Outcome.NO_MODULE)


def test_greenroom_resolve_from_outside(
    resolve: SimulatedResolve,
    outside: Callable[[SimulatedResolve], None],
    movies: Callable[..., Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    project = tmp_path / "film"
    assert main(["init", str(project)]) == 0
    (project / "slate.mov").write_bytes(movies().read_bytes())
    item = resolve.place(resolve.new_timeline("Reel 1"), project / "slate.mov", record=86400, frames=10)
    item.AddMarker(0, "Blue", "@mara animate: waits", "", 1)
    outside(resolve)
    capfd.readouterr()
    assert main(["resolve", "cues", "--json"]) == 0
    (cue,) = json.loads(capfd.readouterr().out)["result"]["cues"]
    assert (cue["item"], cue["actor"]) == (item.uid, "mara")
    resolve.gate.calls.clear()
    assert main(["resolve", "generate", "--dry-run"]) == 1
    told = capfd.readouterr().out
    assert "As it is, generate would not begin:" in told
    assert 'nobody in the cast is called "mara"' in told
    assert resolve.gate.changes() == []
    assert main(["resolve", "undo"]) == 1
    assert "there is nothing to undo" in capfd.readouterr().err


def test_the_doctor_says_which_way_is_open(
    resolves: Resolves,
    outside: Callable[[SimulatedResolve], None],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from greenroom.desk.project.doctor import Health, examine

    def told() -> Any:
        return next(check for check in examine(tmp_path) if check.name == "DaVinci Resolve")

    assert told().message == "by files: DaVinci Resolve isn't installed here"
    outside(resolves("21.0.4"))
    assert told().health is Health.WARNING
    assert told().message.startswith("by its menu, or by files: Resolve gives no access from outside; its menu isn't")
    main(["install", "resolve"])
    outside(resolves())
    assert told().message == "live: DaVinci Resolve Studio 21.0.4 answers; its menu is installed"


def test_greenroom_resolve_without_resolve_says_which_way_is_open(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["resolve", "cues"]) == 2
    assert "Use files: docs/resolve.md" in capfd.readouterr().err


def test_the_environment_of_resolves_module_is_made_where_it_is_not_set() -> None:
    from greenroom.desk.installing.resolve_ways import scripting_environment

    made: Any = scripting_environment({"PYTHONHOME": "/wrong", "PYTHONPATH": "/own"}, "linux")
    assert "PYTHONHOME" not in made
    assert made["RESOLVE_SCRIPT_LIB"] == "/opt/resolve/libs/Fusion/fusionscript.so"
    assert made["PYTHONPATH"] == os.pathsep.join(["/own", "/opt/resolve/Developer/Scripting/Modules"])


@pytest.fixture
def stand_in(
    resolve: SimulatedResolve,
    outside: Callable[[SimulatedResolve], None],
    movies: Callable[..., Path],
    tmp_path: Path,
) -> Any:
    """A clip in a project, on the timeline of the Resolve outside."""
    from greenroom.desk import road

    road.init(tmp_path / "film")
    (tmp_path / "film" / "slate.mov").write_bytes(movies().read_bytes())
    item = resolve.place(resolve.new_timeline("Reel 1"), tmp_path / "film" / "slate.mov", record=86410, frames=16)
    outside(resolve)
    return item


_AT_ONCE = Patience(told=1.0, given_up=4.0)  # above what any call takes on a machine that is busy
_ANSWERS = """
import json, sys
for line in sys.stdin:
    result = {{"edits": [json.loads({edit!r})], "problems": []}}
    print(json.dumps({{"jsonrpc": "2.0", "id": json.loads(line)["id"], "result": result}}), flush=True)
"""


@pytest.fixture
def one_take(stand_in: Any, movies: Callable[..., Path], edit_for: Callable[..., Any], tmp_path: Path) -> None:
    """A Greenroom that answers with one take, in a process of its own: what it thinks is tested elsewhere."""
    folder = tmp_path / "data" / "resolve"
    folder.mkdir(parents=True)
    edit = json.dumps(edit_for(stand_in, movies(frames=32, name="take")))
    command = [sys.executable, "-c", _ANSWERS.format(edit=edit)]
    (folder / "greenroom_resolve.json").write_text(json.dumps({"command": command, "data": str(folder)}), "utf-8")


def nothing_is_left(resolve: SimulatedResolve, item: Any) -> bool:
    shows = (item.media.name, item.source_in, [take.media for take in item.takes if take.media is not item.media])
    return shows == ("slate.mov", 0, []) and [each.name for each in resolve.project.pool.everything()] == ["slate.mov"]


def test_a_dialog_that_opens_meanwhile_and_is_closed_is_only_told(
    resolve: SimulatedResolve, stand_in: Any, one_take: None
) -> None:
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        if "Is a dialog" in line:
            resolve.close_dialog()

    resolve.gate.meanwhile("SelectTakeByIndex", lambda: resolve.open_dialog(blocks=True))
    assert in_resolve("apply", {}, tell, _AT_ONCE)["problems"] == []
    assert stand_in.selected_take == 2
    asked = f"{stand_in.name} (V1 01:00:00:10): Resolve doesn't come back from SelectTakeByIndex."
    assert [line for line in told if line.startswith(asked)]
    assert "Resolve answers again" in told


@pytest.mark.parametrize("method", ["ImportMedia", "AddTake", "SelectTakeByIndex", "GetItemListInTrack"])
def test_a_dialog_that_stays_is_given_up_and_all_can_be_undone_when_it_has_gone(
    resolve: SimulatedResolve, stand_in: Any, one_take: None, method: str
) -> None:
    """The call that never came back is made when the dialog closes: that is undone too."""
    reads = method.startswith("Get")
    resolve.gate.meanwhile(method, lambda: resolve.open_dialog(blocks=True), after=1 if reads else 0)
    with pytest.raises(EngineError, match=f"didn't come back from {method}") as caught:
        in_resolve("apply", {}, lambda line: None, _AT_ONCE)
    assert caught.value.hint.endswith("What was done before is in the undo list: greenroom resolve undo")
    assert caught.value.where == ('timeline "Reel 1"' if reads else f"{stand_in.name} (V1 01:00:00:10)")
    resolve.close_dialog()
    if not reads:
        assert in_resolve("undo", {}, lambda line: None)["left"] == []
    assert nothing_is_left(resolve, stand_in)


def test_a_dialog_that_closes_late_is_undone_at_once(resolve: SimulatedResolve, stand_in: Any, one_take: None) -> None:
    resolve.gate.meanwhile("AddTake", lambda: resolve.open_dialog(blocks=True))
    closing = threading.Timer(8.0, resolve.close_dialog)
    closing.start()
    with pytest.raises(EngineError) as caught:
        in_resolve("apply", {}, lambda line: None, Patience(told=20.0, given_up=4.0))
    closing.join()
    assert caught.value.hint.endswith("All that was done before it is undone again.")
    assert nothing_is_left(resolve, stand_in)

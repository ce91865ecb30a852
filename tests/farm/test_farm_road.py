# SPDX-License-Identifier: Apache-2.0
"""The whole road with a farm, and by a bundle: the takes are those that would be made here, to the byte."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest
from click.testing import CliRunner

from greenroom.cli.app import app
from greenroom.desk import road
from greenroom.desk.project.project import Project
from greenroom.engines.previz.drawn.actors import draw
from greenroom.errors import EngineUnavailable, InputError
from greenroom.media.posters import write_png
from greenroom.media.sound import write_wav
from greenroom.panel.runs.following import RunRow, read_runs, start, stop
from greenroom.panel.runs.order import Order
from greenroom.testing.farm import Farm
from greenroom.testing.projects import measure_nothing

SMALL = 'codec = "h264"\nwidth = 192\nheight = 108'


@pytest.fixture(scope="module")
def small_scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose two cues are performed by the previz engine in a second each; nothing is made yet."""
    folder = tmp_path_factory.mktemp("show") / "Szene 1"
    project = Project.init(folder)
    measure_nothing(project.file)
    text = project.file.read_text("utf-8").replace('after_generate = "none"', 'after_generate = "all"', 1)
    project.file.write_text(text.replace('codec = "prores"', SMALL, 1), "utf-8")
    write_png(folder / "theo.png", draw("theo"))
    road.add_actor("theo", portrait=folder / "theo.png", project=folder)
    tone = np.sin(np.arange(48000 * 3) / 40).astype(np.float32) * np.float32(0.3)
    write_wav(folder / "dialogue.wav", tone, 48000)
    timeline = otio.schema.Timeline("cut")
    picture, sound = otio.schema.Track("V1"), otio.schema.Track("A1", kind="Audio")
    timeline.tracks.extend([picture, sound])
    for note in ("@theo talk: I never left.", "@theo animate: nod"):
        clip = otio.schema.Clip(note, source_range=_range(0, 12))
        clip.media_reference = otio.schema.MissingReference()
        clip.markers.append(otio.schema.Marker(name=note, marked_range=_range(0, 1)))
        picture.append(clip)
    reference = otio.schema.ExternalReference((folder / "dialogue.wav").as_uri(), _range(0, 72))
    sound.append(otio.schema.Clip("dialogue", reference, _range(0, 24)))
    otio.adapters.write_to_file(timeline, str(folder / "cut.otio"))
    return folder


def _range(start: int, frames: int) -> Any:
    return otio.opentime.TimeRange(otio.opentime.RationalTime(start, 24), otio.opentime.RationalTime(frames, 24))


def copied(scene: Path, to: Path) -> Path:
    """A project of its own, of the same name and place on the cut."""
    shutil.copytree(scene, to)
    file, identity = to / "greenroom.toml", f"project-{to.name.replace(' ', '-')}"
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join(f'id = "{identity}"' if line.startswith("id =") else line for line in lines), "utf-8")
    return to


def movies(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("takes/*/take_*/*.mov"))}


def reviews(folder: Path) -> dict[str, bytes]:
    """What was measured of each take, and the pictures of what was found."""
    found = [*folder.glob("takes/*/take_*/review.json"), *folder.glob("takes/*/take_*/review/*.png")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(found)}


def travelled(farm: Farm, movie: bytes) -> bool:
    """Whether a take was sent to the farm's machine, which keeps what came by its content."""
    sent = farm.folder.glob(f"scratch*/greenroom-*/*/held/{hashlib.sha256(movie).hexdigest()}/*.mov")
    return any(sent)


@pytest.fixture
def here(small_scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The scene with takes that were made here."""
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = copied(small_scene, tmp_path / "made here")
    assert road.generate(folder / "cut.otio", folder / "new.otio", jobs_at_once=2).complete
    return folder


def test_a_farm_and_a_bundle_give_the_same_takes(here: Path, small_scene: Path, tmp_path: Path, farm: Farm) -> None:
    far = copied(small_scene, tmp_path / "made far away")
    with (far / "greenroom.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[farm]\nstore = "{farm.store}"\n')
    words = ["generate", str(far / "cut.otio"), "-o", str(far / "new.otio"), "--farm", farm.address]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output
    assert len(movies(here)) == 2
    assert movies(far) == movies(here)
    assert sum(name.endswith(".json") for name in reviews(here)) == 2
    assert any(name.endswith(".png") for name in reviews(here)), "something was found, with its picture"
    assert reviews(far) == reviews(here)
    assert all(travelled(farm, movie) for movie in movies(far).values()), "they were measured there"

    bundled = copied(small_scene, tmp_path / "bundled")
    told = CliRunner().invoke(app, ["openjd", str(bundled / "cut.otio"), "-o", str(tmp_path / "job"), "--chunk", "1"])
    assert told.exit_code == 0, told.output
    openjd(["check", str(tmp_path / "job" / "template.json")])
    openjd(["run", str(tmp_path / "job" / "template.json"), "-p", f"Project={bundled}"])
    assert movies(bundled) == movies(here)
    assert reviews(bundled) == reviews(here)
    assert (bundled / "cut.greenroom.otio").is_file()


def large_and_far(scene: Path, to: Path, farm: Farm) -> Path:
    """A project whose takes are seconds of work, and whose own settings name the farm."""
    folder = copied(scene, to)
    file = folder / "greenroom.toml"
    text = file.read_text("utf-8").replace("width = 192\nheight = 108", "width = 1920\nheight = 1080")
    file.write_text(f'{text}\n[farm]\naddress = "{farm.address}"\nstore = "{farm.store}"\n', "utf-8")
    return folder


def test_a_run_of_the_panel_hears_of_a_farm_and_calls_its_work_off(
    small_scene: Path, tmp_path: Path, farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = large_and_far(small_scene, tmp_path / "asked by the panel", farm)
    at_work = f"at work on {socket.gethostname()}"
    order = start(Order(str(folder / "cut.otio"), str(folder)), Project.load(folder))
    until(folder, lambda run: any(job.message == at_work for job in run.jobs))
    stop(order)
    assert until(folder, lambda run: run.ended).interrupted


def until(project: Path, so: Callable[[RunRow], bool]) -> RunRow:
    """The project's only run, once it is as asked for."""
    ends = time.monotonic() + 100
    while time.monotonic() < ends:
        (run,) = read_runs(project)
        if so(run):
            return run
        assert not run.ended, run
        time.sleep(0.02)
    raise AssertionError(f"it never came so far: {read_runs(project)}")


def test_a_host_hears_of_a_farm_and_calls_its_work_off(small_scene: Path, tmp_path: Path, farm: Farm) -> None:
    folder = large_and_far(small_scene, tmp_path / "asked by a host", farm)
    with host(tmp_path / "data") as ask:
        batch = next(ask("generate", snapshot=snapshot(folder)))["result"]["batch"]
        for told in ask("cast", project=str(folder)):
            if told.get("params", {}).get("message") == f"at work on {socket.gethostname()}":
                break
        (ended,) = (
            each["params"] for each in ask("cancel", batch=batch) if each.get("method") in ("finished", "failed")
        )
    assert (ended["made"], ended["interrupted"]) == (0, True)
    assert movies(folder) == {}


@contextmanager
def host(data: Path) -> Iterator[Callable[..., Iterator[dict[str, Any]]]]:
    """A child as a plug-in has it; asked for something, it gives all that is said from then on, up to a batch's end."""
    words, environment = [sys.executable, "-m", "greenroom", "host"], {**os.environ, "GREENROOM_DATA": str(data)}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        stdin, stdout = child.stdin, child.stdout

        def ask(method: str, **params: Any) -> Iterator[dict[str, Any]]:
            stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}) + "\n")
            stdin.flush()
            for line in stdout:
                yield (said := json.loads(line))
                if said.get("method") in ("finished", "failed"):
                    return

        yield ask


def snapshot(folder: Path) -> dict[str, Any]:
    """A placeholder of ten seconds on a host's timeline."""
    head = {"uid": "scene", "name": "Scene", "rate": [24, 1], "start": 1, "start_timecode": "", "drop_frame": False}
    item = {"uid": "slug", "kind": "colour", "name": "slug", "start": 1, "frames": 240, "enabled": True}
    track = {"kind": "video", "index": 1, "name": "V1", "locked": False, "enabled": True}
    return {
        "greenroom": "snapshot",
        "schema": 1,
        "host": {"name": "blender", "version": "4.5.15", "document": str(folder / "scene.blend")},
        "timeline": {**head, "size": [1920, 1080]},
        "tracks": [{**track, "items": [{**item, "note": "@theo animate: nod"}]}],
        "markers": [],
    }


def openjd(words: list[str]) -> None:
    """Runs the reference implementation as its users do."""
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([scripts / "openjd", *words], capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_begun_where_the_farm_is_away(
    small_scene: Path, tmp_path: Path, farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = copied(small_scene, tmp_path / "away")
    with pytest.raises(InputError, match="no place to exchange"):
        road.generate(folder / "cut.otio", folder / "new.otio", farm=farm.address)
    with (folder / "greenroom.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[farm]\naddress = "127.0.0.1:9"\nstore = "{farm.store}"\n')
    with pytest.raises(EngineUnavailable, match="nothing listens"):
        road.generate(folder / "cut.otio", folder / "new.otio")
    assert movies(folder) == {}
    assert road.generate(folder / "cut.otio", folder / "new.otio", farm="here").complete


def test_a_bundle_of_nothing_and_a_cut_from_elsewhere_are_refused(here: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to make"):
        road.bundle(here / "cut.otio", tmp_path / "job")
    shutil.copy(here / "cut.otio", tmp_path / "elsewhere.otio")
    with pytest.raises(InputError, match="outside of the project"):
        road.bundle(tmp_path / "elsewhere.otio", tmp_path / "job", project=here)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    with pytest.raises(InputError, match="other things"):
        road.bundle(here / "cut.otio", tmp_path / "full", takes=2)
    assert not (tmp_path / "job").exists()

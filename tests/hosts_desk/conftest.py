# SPDX-License-Identifier: Apache-2.0
"""A host's side of the conversation: a real child over real pipes, and timelines as a host sends them."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from greenroom.testing.projects import measure_nothing

LONGEST = 120.0  # seconds for anything that a test waits for
FRAMES = 10  # of each slot
Json = dict[str, Any]


class Child:
    """`greenroom host`, started as a plug-in starts it."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "greenroom", "host"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
        )
        self.told: list[Json] = []  # notifications that nobody has waited for yet
        self.errors = b""
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._answers: dict[Any, Json] = {}
        self._count = 0
        for target in (self._read, self._read_errors):
            threading.Thread(target=target, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read()

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def send(self, method: str, **params: Any) -> int:
        self._count += 1
        message = {"jsonrpc": "2.0", "id": self._count, "method": method, "params": params}
        self.write(json.dumps(message).encode() + b"\n")
        return self._count

    def message(self) -> Json:
        """The next line, which has to be a message."""
        line = self._lines.get(timeout=LONGEST)
        assert line, f"the child has ended: {self.errors.decode()}"
        value = json.loads(line)
        assert value["jsonrpc"] == "2.0"
        assert line.endswith(b"\n")
        return value

    def answer(self, id: int | str | None) -> Json:
        while id not in self._answers:
            value = self.message()
            if "id" in value:
                self._answers[value["id"]] = value
            else:
                self.told.append(value)
        return self._answers.pop(id)

    def call(self, method: str, **params: Any) -> Json:
        answer = self.answer(self.send(method, **params))
        assert "result" in answer, answer
        return answer["result"]

    def error(self, method: str, **params: Any) -> Json:
        answer = self.answer(self.send(method, **params))
        assert "error" in answer, answer
        return answer["error"]

    def wait_for(self, wanted: Callable[[Json], bool]) -> Json:
        """The first notification that is `wanted`; those before it stay in `told`."""
        seen = 0
        while True:
            for place in range(seen, len(self.told)):
                if wanted(self.told[place]):
                    return self.told.pop(place)
            seen = len(self.told)
            value = self.message()
            if "id" in value:
                self._answers[value["id"]] = value
            else:
                self.told.append(value)

    def finished(self, batch: str) -> Json:
        ends = ("finished", "failed")
        end = self.wait_for(lambda each: each["method"] in ends and each["params"]["batch"] == batch)
        assert end["method"] == "finished", end
        return end["params"]

    def progress(self, state: str) -> Json:
        said = self.wait_for(lambda each: each["method"] == "progress" and each["params"]["state"] == state)
        return said["params"]

    def close(self) -> int:
        """Closes stdin, as a host that leaves."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(LONGEST)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LONGEST)


class Timeline:
    """A host's timeline, put together as an editor does."""

    def __init__(self, document: Path | None, **head: Any) -> None:
        self.values: Json = {
            "greenroom": "snapshot",
            "schema": 1,
            "host": {"name": "blender", "version": "4.5.15", "document": str(document) if document else ""},
            "timeline": {
                "uid": "scene-1",
                "name": "Scene",
                "rate": [24, 1],
                "start": 101,
                "start_timecode": "",
                "drop_frame": False,
                "size": [320, 180],
                **head,
            },
            "tracks": [],
            "markers": [],
        }

    def item(self, channel: int, uid: str, kind: str, start: int, frames: int = FRAMES, **more: Any) -> Json:
        tracks = self.values["tracks"]
        track = next((each for each in tracks if each["index"] == channel), None)
        if track is None:
            named = {"kind": "video", "index": channel, "name": f"Channel {channel}"}
            track = {**named, "locked": False, "enabled": True, "items": []}
            tracks.append(track)
        made = {"uid": uid, "kind": kind, "name": uid, "start": start, "frames": frames, "enabled": True, **more}
        track["items"].append(made)
        return made

    def show(self, edit: Json) -> None:
        """What a host does for place_take: one strip above, the item muted."""
        for track in list(self.values["tracks"]):
            track["items"] = [
                each for each in track["items"] if (each.get("greenroom") or {}).get("of") != edit["item"]
            ]
            for each in track["items"]:
                if each["uid"] == edit["item"]:
                    ours = {"role": "stand_in", "cue": edit["cue"], "muted_by_us": True}
                    each.update(enabled=False, greenroom=ours)
        ours = {"role": "take", "cue": edit["cue"], "take": edit["take"], "of": edit["item"]}
        more = {"media": edit["path"], "source_start": edit["head"], "greenroom": ours}
        self.item(edit["track"] + 1, f"take of {edit['item']}", "movie", edit["start"], edit["frames"], **more)


@pytest.fixture(scope="session")
def project_with_mara(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copied for each test. The folder's name has all that paths should survive."""
    from greenroom.desk import road
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media import write_png, write_wav

    folder = tmp_path_factory.mktemp("made") / "Szene #1, 100% über"
    measure_nothing(road.init(folder).file)
    toml = (folder / "greenroom.toml").read_text("utf-8")
    small = toml.replace('codec = "prores"', 'codec = "h264"').replace("# width = 1920", "width = 320")
    (folder / "greenroom.toml").write_text(small.replace("# height = 1080", "height = 180"), "utf-8")
    write_png(folder.parent / "mara.png", draw("mara", 1024, 576))
    road.add_actor("mara", portrait=folder.parent / "mara.png", project=folder)
    seconds = np.arange(48000 * 9) / 48000
    tone = 0.3 * np.sin(2 * np.pi * 150 * seconds) * (np.sin(2 * np.pi * 3 * seconds) > 0)
    write_wav(folder / "speech.wav", tone.astype(np.float32), 48000)
    return folder


@pytest.fixture
def project(project_with_mara: Path, tmp_path: Path) -> Path:
    folder = tmp_path / project_with_mara.name
    shutil.copytree(project_with_mara, folder)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "GREENROOM_DATA": str(tmp_path / "data"), "GREENROOM_WORKERS": "1"}


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Child]]:
    """Starts children; none outlives the test."""
    children: list[Child] = []

    def start() -> Child:
        children.append(Child(environment, tmp_path))
        return children[-1]

    yield start
    for child in children:
        child.end()


@pytest.fixture
def child(start: Callable[[], Child]) -> Child:
    return start()


@pytest.fixture
def timeline(project: Path) -> Timeline:
    """Two placeholders with notes and dialogue under both, from frame 151 of a scene that begins at 101."""
    made = Timeline(project / "scene.blend")
    made.item(3, "slug-1", "colour", 151, note="@mara talk: I never left.")
    made.item(3, "slug-2", "colour", 151 + FRAMES, note='GR: actor=MARA mode=talk line="Never."')
    media = str(project / "speech.wav")
    made.item(1, "speech", "sound", 141, 200, media=media, source_start=0, media_rate=None, gain=0.8)
    return made


@pytest.fixture
def new_timeline(project: Path) -> Callable[..., Timeline]:
    """An empty one beside the project, or, for None, of a document that was never saved."""

    def new(document: Path | None = project / "scene.blend", **head: Any) -> Timeline:
        return Timeline(document, **head)

    return new


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Any]:
    """Waits until something is so."""

    def until(so: Callable[[], Any]) -> Any:
        limit = time.monotonic() + LONGEST
        while not (found := so()):
            assert time.monotonic() < limit
            time.sleep(0.05)
        return found

    return until

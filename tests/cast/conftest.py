# SPDX-License-Identifier: Apache-2.0
"""A project without actors, the command line in its folder, and hosts on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from greenroom.cli import main
from greenroom.testing.commands import Ran, Run, running
from greenroom.testing.footage import data_file
from greenroom.testing.projects import everybody_agrees
from greenroom.testing.servers import Loopback, serve

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "greenroom.schema.json").read_text("utf-8"))
_OWN = tuple(f"greenroom.{name}/1" for name in ("cast-new", "cast-pick", "cast-sheet", "audition"))


@pytest.fixture
def nobody_cast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with small takes, its folder as the current one, of a user with no settings."""
    from greenroom.desk import road

    folder = tmp_path / "Szene #1, 100% über"
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GREENROOM_WORKERS", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    project = road.init(folder)
    small = project.file.read_text("utf-8").replace("[output]", "[unused]")
    project.file.write_text(f'{small}\n[output]\ncodec = "h264"\nwidth = 192\nheight = 108\n', "utf-8")
    everybody_agrees(folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], nobody_cast: Path) -> Run:
    """Casting's own values are held against docs/greenroom.schema.json."""
    plain = running(main, capfd)

    def run(*words: str | Path) -> Ran:
        ran = plain(*words)
        if ran.out.startswith("{") and ran.value["schema"] in _OWN:
            escaped = ran.value["schema"].replace("/", "~1")
            schema = {"$schema": SCHEMA["$schema"], "$ref": f"#/$defs/{escaped}", "$defs": SCHEMA["$defs"]}
            jsonschema.Draft202012Validator(schema).validate(ran.value)
        return ran

    return run


@pytest.fixture
def open_host(monkeypatch: pytest.MonkeyPatch, nobody_cast: Path) -> Iterator[Callable[..., Loopback]]:
    with ExitStack() as hosts:

        def start(name: str, picture: Path | None = None) -> Loopback:
            server = hosts.enter_context(serve(name, polls=0))
            server.picture = picture
            prefix = f"GREENROOM_{name.upper()}"
            monkeypatch.setenv(f"{prefix}_URL", server.url)
            monkeypatch.setenv(f"{prefix}_MEDIA_URL", server.media_url)
            monkeypatch.setenv(f"{prefix}_KEY", server.key)
            return server

        yield start


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A drawn actor's portrait by name; "turned mara" looks to the picture's right, "nobody" is a grey wall."""
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media.posters import write_png

    folder = tmp_path_factory.mktemp("portraits")

    def path_of(name: str) -> Path:
        path = folder / f"{name}.png"
        if not path.exists():
            wall = np.full((360, 640, 3), 128, np.uint8)
            write_png(path, wall if name == "nobody" else draw(name, 640, 640))
        return path

    return path_of


@pytest.fixture(scope="session")
def astronaut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph of a real person, enlarged until the face is large enough to be cast."""
    import cv2

    from greenroom.media.posters import write_png

    path = tmp_path_factory.mktemp("photographs") / "astronaut.png"
    part = cv2.imread(str(data_file("skimage", "data/astronaut.png")))[:330, 60:390]
    write_png(path, np.asarray(cv2.resize(part, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8))
    return path


@pytest.fixture(scope="session")
def hopper() -> Path:
    """A photograph of another person."""
    return data_file("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")


@pytest.fixture
def line_of_speech(tmp_path: Path) -> Path:
    """Half a second that rises and falls like a voice."""
    from greenroom.media.sound import write_wav

    seconds = np.arange(24000) / 48000
    voice = 0.3 * np.sin(2 * np.pi * 150 * seconds) * (np.sin(2 * np.pi * 4 * seconds) > 0)
    path = tmp_path / "line.wav"
    write_wav(path, voice.astype(np.float32), 48000)
    return path

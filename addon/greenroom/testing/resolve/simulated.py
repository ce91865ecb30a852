# SPDX-License-Identifier: Apache-2.0
"""A simulated DaVinci Resolve: a project with a media pool and timelines, behind the API that scripts call.

    with SimulatedResolve("21.0.4 Studio", rate="23.976") as resolve:
        timeline = resolve.new_timeline("Reel 1")
        clip = resolve.place(timeline, path, record=86400, frames=48)
        handle = resolve.handle()                       # in this process
        subprocess.run([...], env=resolve.environment())  # or for a script in a process of its own

What a test does to `resolve` itself is what the editor does by hand; what comes through a handle is what scripts do.
"""

from __future__ import annotations

import json
import math
import os
import socketserver
import threading
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.frames import exact_rate
from greenroom.testing.resolve.client.DaVinciResolveScript import ADDRESS, RemoteObject, Wire
from greenroom.testing.resolve.gate import Gate
from greenroom.testing.resolve.media import Media, look_at
from greenroom.testing.resolve.placing import place
from greenroom.testing.resolve.pool import MediaPoolItem
from greenroom.testing.resolve.project import Resolve
from greenroom.testing.resolve.timeline import Timeline
from greenroom.testing.resolve.timeline_item import TimelineItem
from greenroom.testing.resolve.versions import RELEASES, Release

__all__ = ["SimulatedResolve", "client_folder"]


def client_folder() -> Path:
    """The folder to put on a script's PYTHONPATH: it holds a module DaVinciResolveScript."""
    return Path(__file__).with_name("client")


def _constants(release: Release) -> dict[str, float]:
    """The enumeration: floats, and other numbers in every version, so that nobody gets by with hard-coded ones."""
    first = float(release.version[0] * 10 + release.version[1])
    names = ("EXPORT_NONE", "EXPORT_OTIO", "EXPORT_FCP_7_XML", "EXPORT_EDL", "EXPORT_AAF", "EXPORT_DRT")
    return {name: first + number for number, name in enumerate(names)}


class SimulatedResolve:
    """`release` is a name of `RELEASES`. `scripting`: Preferences > External scripting using; None or Local."""

    def __init__(
        self, release: str = "21.0.4 Studio", *, rate: Any = "24", size: tuple[int, int] = (1920, 1080)
    ) -> None:
        self.release = RELEASES[release]
        self.gate = Gate(self.release, _constants(self.release))
        self.program = Resolve(self.release, self.gate.constants, exact_rate(rate), size)
        self.program.upsell = self.open_dialog
        self.scripting = True
        self.starting = threading.Event()  # set: scriptapp() blocks, as while Resolve starts or quits
        self._server: socketserver.ThreadingTCPServer | None = None

    def __enter__(self) -> SimulatedResolve:
        return self

    def __exit__(self, *_: object) -> None:
        self.starting.clear()
        self.gate.running = False
        self.gate.dialog_closed.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def project(self) -> Any:
        return self.program.project

    def handle(self, *, outside: bool = False) -> RemoteObject | None:
        """What a script gets: `outside` from scriptapp, else as a menu script; None where this Resolve gives none."""
        if not self.gives_handle("outside" if outside else "inside"):
            return None
        wire = Wire(lambda question: json.loads(json.dumps(self.gate.ask(question))), self.gate.hello(self.program))
        return RemoteObject(wire, self.gate.number_of(self.program), "Resolve")

    def gives_handle(self, door: str) -> bool:
        if not self.gate.running:
            return False
        if door == "inside":
            return self.release.python_in_menus
        return self.release.python_outside and self.scripting

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """Variables for a script in a child process: where its module DaVinciResolveScript is, and this program."""
        kept = dict(os.environ if base is None else base)
        paths = [str(client_folder()), *filter(None, [kept.get("PYTHONPATH", "")])]
        return {**kept, "PYTHONPATH": os.pathsep.join(paths), ADDRESS: self._address()}

    def new_timeline(self, name: str, **how: Any) -> Timeline:
        """`rate`, `start` (a timecode), `size`: the project's, 01:00:00:00."""
        made: Timeline | None = self.project.new_timeline(name, **how)
        assert made is not None, f"there is a timeline {name}"
        return made

    def take_in(self, path: Path) -> MediaPoolItem:
        """A file into the current bin."""
        media = look_at(path, self.project.rate)
        assert media is not None, f"{path} is no media"
        made: MediaPoolItem = self.project.pool.take_in(MediaPoolItem(media, self.project))
        return made

    def place(
        self,
        timeline: Timeline,
        media: Path | MediaPoolItem,
        *,
        record: int,
        frames: int,
        source: int = 0,
        kind: str = "video",
        track: int = 1,
    ) -> TimelineItem:
        """A clip as the editor cut it: `frames` timeline frames at `record` (absolute), from media frame `source`."""
        item = media if isinstance(media, MediaPoolItem) else self.take_in(media)
        while len(timeline.tracks[kind]) < track:
            timeline.AddTrack(kind)
        held = timeline.tracks[kind][track - 1]
        span = math.ceil(Fraction(frames) / timeline.rate * item.media.rate)
        made = place(timeline, held, item, source, source + span, record)
        assert made is not None, "nothing could be placed there"
        made.frames = frames
        return made

    def generator(
        self, timeline: Timeline, *, record: int, frames: int, name: str = "Solid Color", track: int = 1
    ) -> TimelineItem:
        """A solid colour, or a title with name="Text+": without media, so without takes."""
        while len(timeline.tracks["video"]) < track:
            timeline.AddTrack("video")
        return _lay(timeline, name, record, frames, track, None)

    def compound(
        self, timeline: Timeline, *, record: int, frames: int, name: str = "Compound Clip 1", kind: str = "video"
    ) -> TimelineItem:
        media = MediaPoolItem(Media("", "Compound", timeline.rate, frames), self.project, name)
        return _lay(timeline, name, record, frames, 1, self.project.pool.take_in(media), kind)

    def transition(self, timeline: Timeline, *, at: int, frames: int = 24) -> TimelineItem:
        made = _lay(timeline, "Cross Dissolve", at - frames // 2, frames, 1, None)
        made.is_transition = True
        return made

    def quit(self) -> None:
        self.gate.running = False

    def open_dialog(self, *, blocks: bool = False) -> None:
        self.gate.dialog_closed.clear()
        self.gate.dialog = "blocks" if blocks else "answers"

    def close_dialog(self) -> None:
        self.gate.dialog = ""
        self.gate.dialog_closed.set()

    def _address(self) -> str:
        if self._server is None:
            self._server = _serve(self)
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"


def _lay(
    timeline: Timeline,
    name: str,
    record: int,
    frames: int,
    track: int,
    media: MediaPoolItem | None,
    kind: str = "video",
) -> TimelineItem:
    held = timeline.tracks[kind][track - 1]
    made = TimelineItem(timeline, held, name, record, frames, media)
    held.items.append(made)
    held.items.sort(key=lambda each: each.start)
    return made


def _serve(resolve: SimulatedResolve) -> socketserver.ThreadingTCPServer:
    """Answers scripts of other processes on a port of this machine: one line a question, one line an answer."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                question = json.loads(line)
                answer = self._hello(question[1]) if question[0] == "hello" else resolve.gate.ask(question)
                try:
                    self.wfile.write(json.dumps(answer).encode() + b"\n")
                except OSError:
                    return

        def _hello(self, door: str) -> Any:
            while resolve.starting.is_set():
                threading.Event().wait(0.05)
            return resolve.gate.hello(resolve.program) if resolve.gives_handle(door) else None

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server

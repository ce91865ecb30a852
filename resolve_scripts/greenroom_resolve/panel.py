# SPDX-License-Identifier: Apache-2.0
"""The panel beside Resolve: `greenroom panel`, a program of its own, and this script at the other end of its pipes.

It shows a snapshot of the timeline (a file in the project's folder), and asks for what only Resolve can do: go to a
cue, read the timeline again, bring takes in. The script stays until the panel is closed; Resolve goes on meanwhile.
"""

import json
import queue
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from greenroom_resolve.calling import ResolveError, flag, same, text
from greenroom_resolve.desk import clean_environment, no_window
from greenroom_resolve.files import path_for
from greenroom_resolve.frames import frame_of
from greenroom_resolve.program import Program
from greenroom_resolve.session import Json, Session

__all__ = ["serve_panel"]

_LOOK = 0.5  # seconds between two looks at the playhead


def serve_panel(session: Session, apply: Callable[..., Json]) -> Json:
    """Opens the panel and answers it until it is closed. Raises ResolveError where it can't be opened."""
    path = _write_snapshot(session)
    words = [*session.settings.command, "panel", str(path), "--project", session.project(), "--host", "stdio"]
    pipe = subprocess.PIPE
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=said, env=clean_environment(), **no_window())
        link = _Link(session, process, apply)
        link.run()
        status = process.wait()
        if status and not link.greeted:
            said.seek(0)
            words_of_it = said.read().decode("utf-8", "replace").strip().splitlines()
            raise ResolveError("the panel can't be opened: {}".format((words_of_it or ["no reason told"])[-1]))
    return {}


def _write_snapshot(session: Session) -> Path:
    """The timeline as it is now, for the panel to read."""
    path = path_for(session, ".vse")
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(session.snapshot()), "utf-8")
    partial.replace(path)
    return path


class _Link:
    """One panel: a JSON-RPC message a line, requests from it, and where the playhead is to it."""

    def __init__(self, session: Session, process: Any, apply: Callable[..., Json]) -> None:
        self._session, self._process, self._apply = session, process, apply
        self._lines: Any = queue.Queue()
        self._playhead: Optional[int] = None
        self.greeted = False
        threading.Thread(target=self._read, daemon=True).start()

    def run(self) -> None:
        while True:
            try:
                line = self._lines.get(timeout=_LOOK)
            except queue.Empty:
                self._tell_playhead()
                continue
            if line is None:
                return
            try:
                request = json.loads(line.decode("utf-8"))
            except ValueError:
                continue
            self._send(dict({"jsonrpc": "2.0", "id": request.get("id")}, **self._answer(request)))

    def _answer(self, request: Json) -> Json:
        work = _WORK.get(str(request.get("method")))
        if work is None:
            return {"error": {"code": -32601, "message": "Resolve doesn't know this"}}
        try:
            return {"result": work(self, request.get("params") or {})}
        except ResolveError as error:
            return {"error": {"code": 1, "message": error.message, "data": {"hint": error.hint, "where": error.where}}}

    def hello(self, params: Json) -> Json:
        self.greeted = True
        return {"host": "DaVinci Resolve", "document": self._session.cut.name, "version": self._session.program.version}

    def read(self, params: Json) -> Json:
        self._look_again()
        return {"path": str(_write_snapshot(self._session))}

    def go_to(self, params: Json) -> Json:
        self._look_again()
        cut, program = self._session.cut, self._session.program
        if not same(program.timeline(), cut.timeline) and not flag(program.project, "SetCurrentTimeline", cut.timeline):
            raise ResolveError(f'Resolve didn\'t open the timeline "{cut.name}"', "Open it in Resolve, and try again.")
        place = cut.timecode(cut.start + int(params.get("offset") or 0))
        if not flag(cut.timeline, "SetCurrentTimecode", place):
            raise ResolveError(f"Resolve didn't go to {place}", "Look whether a dialog is open in Resolve.")
        return {}

    def apply(self, params: Json) -> Json:
        self._look_again()
        done = self._apply(self._session, only=[str(each) for each in params.get("only") or []])
        self._session.read_again()
        _write_snapshot(self._session)
        return {"said": told_of(done)}

    def _look_again(self) -> None:
        """Handles are good for one command only, and the editor may be in another project by now."""
        self._session.program = Program(self._session.program.resolve)
        self._session.read_again()

    def _tell_playhead(self) -> None:
        cut = self._session.cut
        if not self.greeted or not same(self._session.program.open_timeline(), cut.timeline):
            return
        at = frame_of(text(cut.timeline, "GetCurrentTimecode"), cut.rate)
        if at is not None and at != self._playhead:
            self._playhead = at
            self._send({"jsonrpc": "2.0", "method": "at", "params": {"offset": at - cut.start}})

    def _send(self, message: Json) -> None:
        try:
            self._process.stdin.write(json.dumps(message).encode("utf-8") + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            pass  # it was closed: its last line follows

    def _read(self) -> None:
        try:
            for line in self._process.stdout:
                self._lines.put(line)
        except (OSError, ValueError):
            pass
        self._lines.put(None)


_WORK: Dict[str, Callable[[_Link, Json], Json]] = {
    "hello": _Link.hello,
    "read": _Link.read,
    "go_to": _Link.go_to,
    "apply": _Link.apply,
}


def told_of(done: Json) -> str:
    """What came of applying, in a line."""
    problems: List[Json] = done["problems"]
    takes = "{} {}".format(done["placed"], "take" if done["placed"] == 1 else "takes")
    wrong = [problem for problem in problems if problem.get("severity") == "error"]
    return "{} placed{}".format(takes, ", {} not: {}".format(len(wrong), wrong[0]["message"]) if wrong else "")

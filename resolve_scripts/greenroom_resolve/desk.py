# SPDX-License-Identifier: Apache-2.0
"""The child process `greenroom host` and its pipes: JSON-RPC 2.0, one message a line (docs/host-protocol.md)."""

import collections
import json
import os
import queue
import subprocess
import threading
from typing import Any, Callable, Dict, List

from greenroom_resolve.calling import ResolveError

__all__ = ["PROTOCOL", "Desk", "DeskError", "clean_environment", "no_window"]

PROTOCOL = 1
_PATIENCE = 120.0  # seconds for an answer; a batch tells of itself meanwhile
_SILENCE = 3600.0  # seconds that a batch may say nothing: a hosted model may take that long
_LAST_WORDS = 12  # lines of the child's stderr that are kept to explain its end


def clean_environment() -> Dict[str, str]:
    """Resolve's own Python settings would send Greenroom's Python to the wrong libraries."""
    return {key: value for key, value in os.environ.items() if not key.upper().startswith("PYTHON")}


def no_window() -> Dict[str, Any]:
    """For Popen on Windows, where a child would open a console."""
    return {"creationflags": 0x08000000} if os.name == "nt" else {}  # CREATE_NO_WINDOW


class DeskError(ResolveError):
    """Greenroom's own refusal; `data` has what came along."""

    def __init__(self, message: str, hint: str = "", data: Any = None) -> None:
        ResolveError.__init__(self, message, hint)
        self.data = data or {}

    def __str__(self) -> str:
        """With every problem of a plan on a line of its own."""
        lines = [ResolveError.__str__(self)]
        for problem in self.data.get("problems") or ():
            told = [problem.get("where"), problem.get("message"), problem.get("hint")]
            lines.append("    " + ": ".join(each for each in told if each))
        return "\n".join(lines)


class Desk:
    """A child that answers until it is closed. `command` starts greenroom, without "host"."""

    def __init__(self, command: List[str]) -> None:
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                [*command, "host"], stdin=pipe, stdout=pipe, stderr=pipe, env=clean_environment(), **no_window()
            )
        except OSError as error:
            raise DeskError(f"Greenroom can't be started: {error}", "Run  greenroom install resolve  again.") from error
        self._arrived: Any = queue.Queue()
        self._said: Any = collections.deque(maxlen=_LAST_WORDS)
        self._number = 0
        for work in (self._read, self._listen):
            threading.Thread(target=work, daemon=True).start()

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: Any) -> None:
        """Closing its input ends the child after it saved its jobs."""
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass
        try:
            self._process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def call(self, method: str, **parameters: Any) -> Any:
        """The result; raises DeskError where Greenroom says why not, or has ended."""
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": parameters})
        while True:
            message = self._next(_PATIENCE)
            if message.get("id") == self._number:
                return _result(message)

    def generate(self, on_progress: Callable[[Dict[str, Any]], None], **parameters: Any) -> Any:
        """The `finished` of a batch."""
        batch = self.call("generate", **parameters)["batch"]
        while True:
            message = self._next(_SILENCE)
            said = message.get("params") or {}
            if said.get("batch") != batch:
                continue
            if message["method"] == "progress":
                on_progress(said)
            elif message["method"] == "failed":
                return _result(said)
            elif message["method"] == "finished":
                return said

    def _send(self, message: Dict[str, Any]) -> None:
        line = json.dumps(message).encode("utf-8") + b"\n"
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise self._ended() from None

    def _next(self, patience: float) -> Any:
        try:
            message = self._arrived.get(timeout=patience)
        except queue.Empty:
            raise DeskError(f"Greenroom didn't answer in {patience:.0f} seconds", "Try again.") from None
        if message is None:
            raise self._ended()
        return message

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                try:
                    self._arrived.put(json.loads(line.decode("utf-8")))
                except ValueError:
                    continue
        except (OSError, ValueError):
            pass
        self._arrived.put(None)

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line.decode("utf-8", "replace").rstrip())

    def _ended(self) -> DeskError:
        words = " ".join(self._said)[-400:]
        return DeskError("Greenroom has ended{}".format(": " + words if words else ""), "Run  greenroom doctor.")


def _result(message: Dict[str, Any]) -> Any:
    error = message.get("error")
    if error is None:
        return message.get("result")
    data = error.get("data") or {}
    where = data.get("where", "")
    text = error.get("message", "Greenroom refused without a reason")
    raise DeskError(f"{where}: {text}" if where else text, data.get("hint", ""), data)

# SPDX-License-Identifier: Apache-2.0
"""A process beside the window for what computes long: reading a cut with its project, and planning. A thread would
share one interpreter with the window: ten thousand cues held it up for 0.7 s.

    python -m greenroom.panel.apart     calls come pickled over stdin, results or errors go back over stdout

It ends when its pipe is closed, however the panel ends, and is started anew where it died: media or a timeline that
takes a decoder down costs one reading.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from greenroom.errors import EngineError, GreenroomError, StoreError

__all__ = ["Apart", "main", "unexpected"]

_BREATH = 0.001  # seconds for the window after each piece of 64 KB, which unpickles in 1 to 3 ms
_ENDING = 1.0  # seconds for a killed process to be gone; longer only where a drive hangs
_log = logging.getLogger("greenroom.panel")


def unexpected(error: Exception) -> GreenroomError:
    """What a window says of an error that nobody foresaw."""
    return GreenroomError(
        f"something broke that should not have ({type(error).__name__}: {error})",
        hint="Please report it with what stands on the about page.",
    )


class Apart:
    """The panel's end: one call at a time, from threads that may wait."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._one = threading.Lock()
        self._closed = False

    def call(self, function: Callable[[], Any]) -> Any:
        """What `function` returns in the process; it and its result must be picklable.

        Raises:
            GreenroomError: `function` raised it.
            EngineError: the process died.
            StoreError: none can be started.
        """
        with self._one:
            process = self._running()
            try:
                result, error = _ask(process, function)
            except (OSError, EOFError, pickle.UnpicklingError) as broken:
                self._forget(process)
                raise EngineError(
                    "the process that reads and plans for the window died, for want of memory as a rule",
                    hint="Press F5 to read again.",
                ) from broken
        if error is not None:
            raise error
        return result

    def begin_anew(self) -> None:
        """Ends what is at work, which may hang on a drive that is away; its caller gets EngineError."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def close(self) -> None:
        """Now and for good."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_ENDING)

    def _running(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is not None and process.poll() is not None:
            self._forget(process)
            process = None
        if process is None:
            process = self._process = _start()
        if self._closed:
            process.kill()
        return process

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was still to be written finds nobody
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_ENDING)
        if self._process is process:
            self._process = None


def _start() -> subprocess.Popen[bytes]:
    """A process of a group of its own: Ctrl-C is the window's."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    command = [sys.executable, "-m", "greenroom.panel.apart"]
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **apart)
    except OSError as error:
        raise StoreError(f"no process can be started: {error}", hint="Close other programs, and try again.") from error


def _ask(process: subprocess.Popen[bytes], function: Callable[[], Any]) -> tuple[Any, GreenroomError | None]:
    to, back = process.stdin, process.stdout
    if to is None or back is None:  # both were asked for
        raise EOFError
    pickle.dump(function, to)
    to.flush()
    answer: tuple[Any, GreenroomError | None] = pickle.load(_InPieces(back))
    return answer


class _InPieces:
    """A pipe that lets the window have its turn between two pieces: unpickling one holds the interpreter."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self.readline = pipe.readline

    def read(self, size: int) -> bytes:
        time.sleep(_BREATH)
        found: bytes = self._pipe.read(size)
        return found


def main() -> int:
    """The process's end: one call after another, until the pipe is closed."""
    from greenroom.hosts.wire import private_pipes

    incoming, outgoing = private_pipes()
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            _answer(pickle.load(incoming), outgoing)
    return 0


def _answer(function: Callable[[], Any], outgoing: BinaryIO) -> None:
    answer: tuple[Any, GreenroomError | None]
    try:
        answer = (function(), None)
    except GreenroomError as error:
        answer = (None, error)
    except Exception as error:  # noqa: BLE001 - the edge of the process: the window has to say what broke
        _log.exception("broken while at work")
        answer = (None, unexpected(error))
    pickle.dump(answer, outgoing)
    outgoing.flush()


if __name__ == "__main__":
    sys.exit(main())

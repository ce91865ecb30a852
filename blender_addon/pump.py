# SPDX-License-Identifier: GPL-3.0-or-later
"""The child process `greenroom host` and its pipes: JSON-RPC 2.0, one message a line.

Threads only move lines between pipes and queues; none touches bpy. `tick`, called by a timer on Blender's main thread,
hands out what has arrived and stops after 8 ms, however much is waiting. A child that dies is told to everybody who
waits for an answer, and the next call starts a new one.
"""

import collections
import contextlib
import itertools
import json
import os
import queue
import re
import threading
import time

PROTOCOL = 1
DEADLINE = 0.008  # seconds of Blender's main thread that a tick may take
LAST_WORDS = 12  # lines of the child's stderr that are kept to explain its end
GONE = object()


_IN_BLENDER = (
    (re.compile(r"(Make one beside the cut: )?greenroom init \S+"), "Choose Start Project"),
    (re.compile(r"(A new one: )?greenroom cast add \S+ --portrait \S+"), "Choose Add Actor..."),
    (re.compile(r"(?<=and )run the same command again"), "try again"),
    (re.compile(r"Run the same command again"), "Try again"),
)


def in_blender(hint):
    """A hint with Blender's menu entries for the command line's commands."""
    for command, entry in _IN_BLENDER:
        hint = command.sub(entry, hint)
    return hint


def sentence(text):
    """The command's messages begin small, as they follow a place; Blender's begin with a capital."""
    return text[:1].upper() + text[1:]


class HostError(Exception):
    """An answer that says why not; `hint` is the next step, `data` what came along."""

    def __init__(self, message, hint="", data=None):
        super().__init__(message)
        self.message, self.hint, self.data = message, in_blender(hint), data or {}

    def __str__(self):
        where = self.data.get("where")
        text = f"{where}: {self.message}" if where else sentence(self.message)
        return f"{text.rstrip('.')}. {self.hint}".rstrip(". ")


class Host:
    """One child at a time, started by the first call. All methods are for the main thread."""

    def __init__(self, notified, ended):
        self._notified, self._ended = notified, ended
        self._process = None
        self._arrived = queue.SimpleQueue()
        self._leaving = queue.SimpleQueue()
        self._waiting = {}
        self._numbers = itertools.count(1)
        self._said = collections.deque(maxlen=LAST_WORDS)

    @property
    def running(self):
        return self._process is not None

    @property
    def busy(self):
        """Whether somebody waits for an answer."""
        return bool(self._waiting)

    def start(self, command):
        """Starts the child. Raises OSError where the command can't be started."""
        process = start_process([*command, "host"])
        self._process = process
        self._arrived, self._leaving = queue.SimpleQueue(), queue.SimpleQueue()
        self._said.clear()
        connect(process, self._arrived, self._leaving, self._said)

    def call(self, method, parameters, done, failed):
        """Sends a request. Later, in a tick: `done(result)` or `failed(HostError)`."""
        number = next(self._numbers)
        self._waiting[number] = (done, failed)
        self._leaving.put({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters})

    def tick(self, deadline=DEADLINE):
        """Hands out messages until none is left or the time is up. Whether something was handed out."""
        until = time.perf_counter() + deadline
        any_came = False
        while time.perf_counter() < until:
            try:
                message = self._arrived.get_nowait()
            except queue.Empty:
                break
            any_came = True
            if message is GONE:
                self._end()
            else:
                self._hand_out(message)
        return any_came

    def stop(self):
        """Closes the child's input, which ends it after it saved its jobs; no answer is waited for."""
        if self._process is not None:
            self._leaving.put(GONE)
            self._process = None
            self._waiting.clear()

    def kill(self):
        """For a child that no longer answers."""
        if self._process is not None:
            self._process.kill()

    def _hand_out(self, message):
        if "method" in message:
            self._notified(message["method"], message.get("params") or {})
            return
        done, failed = self._waiting.pop(message.get("id"), (None, None))
        error = message.get("error")
        if error is not None and failed:
            data = error.get("data") or {}
            failed(HostError(error.get("message", "Greenroom refused without a reason"), data.get("hint", ""), data))
        elif error is None and done:
            done(message.get("result"))

    def _end(self):
        process, self._process = self._process, None
        if process is None:
            return  # it was told to end
        status = process.wait()
        waiting, self._waiting = self._waiting, {}
        reason = HostError(f"Greenroom's process ended with status {status}", self._last_words() or _AGAIN)
        for _, failed in waiting.values():
            failed(reason)
        self._ended(reason)

    def _last_words(self):
        said = [line for line in self._said if line.strip()]
        return f"It said: {said[-1].strip()}. {_AGAIN}" if said else ""


_AGAIN = "The timeline is as it was and finished takes are kept; choose Resume Jobs to go on"


def start_process(line):
    """A child without a console window, with pipes. Raises OSError where it can't be started."""
    import subprocess  # takes as long to load as the whole add-on: when Blender starts nobody needs it

    flags = {"creationflags": subprocess.CREATE_NO_WINDOW} if os.name == "nt" else {}
    pipe = subprocess.PIPE
    return subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, env=clean_environment(), **flags)


def connect(process, arrived, leaving, said):
    """Threads that move messages between a child's pipes and queues; GONE ends either way."""
    for work, pipes in (
        (_read, (process.stdout, arrived)),
        (_write, (process.stdin, leaving)),
        (_listen, (process.stderr, said)),
    ):
        threading.Thread(target=work, args=pipes, name=f"greenroom {work.__name__}", daemon=True).start()


def clean_environment():
    """Blender's own Python settings would send the child to the wrong libraries."""
    return {key: value for key, value in os.environ.items() if not key.upper().startswith("PYTHON")}


def _read(pipe, arrived):
    with contextlib.suppress(OSError, ValueError):
        for line in pipe:
            with contextlib.suppress(ValueError):  # a line that isn't JSON is not for us
                message = json.loads(line)
                if isinstance(message, dict):
                    arrived.put(message)
    arrived.put(GONE)


def _write(pipe, leaving):
    with contextlib.suppress(OSError, ValueError):
        while True:
            message = leaving.get()
            if message is GONE:
                break
            for piece in pieces(message):
                pipe.write(piece.encode("utf-8", "replace"))
            pipe.write(b"\n")
            pipe.flush()
    with contextlib.suppress(OSError):
        pipe.close()


def pieces(value, depth=6):
    """JSON bit by bit, down to a snapshot's items: Blender's own thread waits while one is made, and a snapshot of ten
    thousand strips in one go would hold it up for a tenth of a second.
    """
    if depth == 0 or not isinstance(value, dict | list):
        yield json.dumps(value, ensure_ascii=False)
        return
    is_list = isinstance(value, list)
    separator = "[" if is_list else "{"
    for each in value:
        yield separator if is_list else f"{separator}{json.dumps(each, ensure_ascii=False)}:"
        yield from pieces(each if is_list else value[each], depth - 1)
        separator = ","
    yield {"[": "[]", "{": "{}"}.get(separator, "]" if is_list else "}")


def _listen(pipe, said):
    with contextlib.suppress(OSError, ValueError):
        for line in pipe:
            said.append(line.decode("utf-8", "replace"))

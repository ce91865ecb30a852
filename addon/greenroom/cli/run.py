# SPDX-License-Identifier: Apache-2.0
"""Runs one command line. The only place that knows exit statuses and writes errors.

    0    done
    1    some cues failed (the rest is written), or something broke
    2    wrong use or bad input
    3    refused: budget, consent, a payment whose outcome is unknown
    130  interrupted; the same command again goes on where it was
    143  ended by SIGTERM (a system that shuts down, a queue's time limit): as orderly as Ctrl-C

Results go to stdout, errors to stderr: as text, or with --json as one object of schema greenroom.error/1.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

import click

from greenroom.cli.app import app
from greenroom.errors import ConsentError, GreenroomError, PlanError

__all__ = ["INTERRUPTED", "Teller", "run"]

INTERRUPTED = 130  # 128 + SIGINT, as shells count
TERMINATED = 143  # 128 + SIGTERM
_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs `arguments` and returns the exit status; never raises for anything that an editor can meet."""
    own_process = arguments is None
    words = list(sys.argv[1:] if arguments is None else arguments)
    _never_fail_to_print()
    teller = Teller(words)
    asked: list[int] = []
    try:
        with _ending_as_ctrl_c(asked):
            status = app.main(args=words, prog_name="greenroom", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        if own_process:
            # Impatient fingers press it again: what is left to do takes a moment, and should not end in a traceback.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return teller.interrupted(TERMINATED if asked else INTERRUPTED)
    except click.ClickException as error:
        return teller.wrong_use(error)
    except GreenroomError as error:
        return teller.greenroom(error)
    except OSError as error:
        return teller.system(error)
    except Exception as error:  # noqa: BLE001 - the edge of the process: a traceback helps nobody at an editing desk
        return teller.unexpected(error)
    return status if isinstance(status, int) else 0


class Teller:
    """Says on stderr what went wrong, and gives the exit status."""

    def __init__(self, words: Sequence[str]) -> None:
        own = words[: words.index("--")] if "--" in words else words
        self.words = words
        self.json = "--json" in own
        self.verbose = "--verbose" in own or "-v" in own

    def greenroom(self, error: GreenroomError) -> int:
        from greenroom.desk.as_json import problem_json

        problems = error.problems if isinstance(error, ConsentError | PlanError) else ()
        details = {"where": error.where, "problems": [problem_json(problem) for problem in problems]}
        self._say(type(error).__name__, error.exit_status, error.message, error.hint, str(error), **details)
        return error.exit_status

    def wrong_use(self, error: click.ClickException) -> int:
        if type(error).__name__ == "NoArgsIsHelpError":  # click 8.2 and later; its message is the whole help
            error.show()
            return 2
        command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "greenroom"
        hint = f"See: {command} --help"
        message = error.format_message().rstrip(".")
        self._say("UsageError", 2, message, hint, f"{message}. {hint}")
        return 2

    def system(self, error: OSError) -> int:
        status, hint = _next_step(error)
        where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
        message = error.strerror or str(error) or type(error).__name__
        self._say(
            "SystemError", status, message, hint, f"{where + ': ' if where else ''}{message}. {hint}", where=where
        )
        return status

    def interrupted(self, status: int = INTERRUPTED) -> int:
        again = shlex.join(["greenroom", *self.words])
        hint = f"Nothing is lost; the same command goes on where it was: {again}"
        self._say("Interrupted", status, "stopped", hint, f"stopped. {hint}")
        return status

    def unexpected(self, error: Exception) -> int:
        from greenroom import __version__

        message = f"something broke that should not have ({type(error).__name__}: {error})"
        step = "Please report" if self.verbose else "Give the same command with --verbose, and please report"
        hint = f"{step} its output together with that of 'greenroom doctor'."
        if self.verbose:
            self._trace(error)
        text = f"{message}. {hint} (Greenroom {__version__}, Python {sys.version.split()[0]}, {sys.platform})"
        self._say("Unexpected", 1, message, hint, text)
        return 1

    def _trace(self, error: Exception) -> None:
        if not self.json:
            click.echo("".join(traceback.format_exception(error)), err=True, nl=False)

    def _say(self, kind: str, status: int, message: str, hint: str, text: str, **details: Any) -> None:
        if self.json:
            value = {"schema": "greenroom.error/1", "error": kind, "exit_status": status, "message": message}
            value |= {"hint": hint, "where": "", "problems": []} | details
            click.echo(json.dumps(value, indent=2, ensure_ascii=False), err=True)
        else:
            click.echo(f"Greenroom: {text}", err=True)


@contextlib.contextmanager
def _ending_as_ctrl_c(asked: list[int]) -> Iterator[None]:
    """Within, SIGTERM does what Ctrl-C does, and is noted in `asked`. Who set up SIGTERM otherwise keeps it."""

    def stop(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a job in the background of a script
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)  # whoever listens for Ctrl-C now, asyncio for one, listens for this too

    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _next_step(error: OSError) -> tuple[int, str]:
    if error.errno in _SPACE:
        return 1, "The disk is full: make room, then give the same command again."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return 2, "Greenroom may not write or read there: choose another place, or change the permissions."
    if error.errno == errno.ENAMETOOLONG:
        return 2, "The name is too long for this disk: choose a shorter one."
    return 2, "Check the path."


def _never_fail_to_print() -> None:
    # A Windows console or a pipe in Latin-1 can't show every clip's name; a question mark in a table is better than
    # no table. The escapes that this leaves in JSON are JSON's own.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")

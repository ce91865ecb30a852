# SPDX-License-Identifier: Apache-2.0
"""Commands for the timeline that is open in DaVinci Resolve Studio, from outside: its scripts, in a child process.

A child, because Resolve's module can crash the Python that loads it; it is probed first. The scripts then start
`greenroom host` as they do in Resolve's menu: there is one road.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from greenroom.desk.installing.resolve import settings_file
from greenroom.desk.installing.resolve_ways import Way, open_way, scripting_environment
from greenroom.errors import EngineError, InputError
from greenroom.hosts.resolve_watch import Patience, Stuck, Watched

__all__ = ["Patience", "in_resolve"]

Json = dict[str, Any]


_PATIENCE = Patience()


def in_resolve(
    entry: str, options: Mapping[str, Any], tell: Callable[[str], None], patience: Patience = _PATIENCE
) -> Json:
    """Runs an entry (greenroom_resolve.entries) on the open timeline; `tell` gets each line as it comes.

    Raises:
        InputError: no live way to Resolve is open; the hint says which way is.
        EngineError: Resolve or Greenroom refused, or broke off, or a call never came back.
    """
    way, found = open_way()
    if way is not Way.LIVE:
        raise InputError(found.message, hint=found.hint, where="DaVinci Resolve")
    try:
        return _run(found.python, entry, options, tell, patience)
    except Stuck as stuck:
        raise _explained(stuck, found.python, patience) from None


def _run(python: str, entry: str, options: Mapping[str, Any], tell: Callable[[str], None], patience: Patience) -> Json:
    words = [python, "-c", _START.format(folder=str(_package().parent)), entry, json.dumps(dict(options))]
    with Watched(tell, patience) as watched:
        environment = scripting_environment() | watched.environment
        environment["GREENROOM_RESOLVE_SETTINGS"] = str(_settings())
        with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            answers: list[bytes] = []
            readers = [
                threading.Thread(target=_read, args=(child.stdout, answers.append), daemon=True),
                threading.Thread(target=_listen, args=(child.stderr, tell), daemon=True),
            ]
            for reader in readers:
                reader.start()
            try:
                watched.wait_for(child)
            except BaseException:
                child.kill()
                raise
            for reader in readers:
                reader.join()
    return _result(b"".join(answers), child.returncode)


def _explained(stuck: Stuck, python: str, patience: Patience) -> EngineError:
    """The call is lost; what was done before it is taken back, if Resolve lets us by now."""
    try:
        _run(python, "undo", {"unfinished": True}, lambda line: None, Patience(patience.told, patience.told))
        done = "All that was done before it is undone again."
    except (Stuck, EngineError):
        done = "What was done before is in the undo list: greenroom resolve undo"
    hint = f"A dialog or menu is open in Resolve: close it. {done}"
    return EngineError(f"Resolve didn't come back from {stuck.method}", hint=hint, where=stuck.place)


_START = """
import sys
sys.path.insert(0, {folder!r})
from greenroom_resolve.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def _package() -> Path:
    spec = importlib.util.find_spec("greenroom_resolve")
    if spec is None or spec.origin is None:
        hint = "Install Greenroom again: pip install --force-reinstall greenroom"
        raise InputError("the Resolve scripts aren't part of this installation", hint=hint)
    return Path(spec.origin).parent


def _settings() -> Path:
    """What `greenroom install resolve` wrote; without it, what it would write."""
    path = settings_file()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        values = {"command": [sys.executable, "-m", "greenroom"], "data": str(path.parent)}
        path.write_text(json.dumps(values, indent=2) + "\n", "utf-8")
    return path


def _read(pipe: IO[bytes], keep: Callable[[bytes], None]) -> None:
    keep(pipe.read())


def _listen(pipe: IO[bytes], tell: Callable[[str], None]) -> None:
    for line in pipe:
        tell(line.decode("utf-8", "replace").rstrip())


def _result(answer: bytes, status: int) -> Json:
    try:
        value: Json = json.loads(answer.splitlines()[-1])
    except (IndexError, ValueError):
        hint = "What was done is in the undo list: greenroom resolve undo. See greenroom doctor."
        raise EngineError(f"the Resolve script broke off (status {status})", hint=hint) from None
    error = value.get("error")
    if error is None:
        return value
    problems = (error.get("data") or {}).get("problems") or ()
    more = "".join(f"\n  {problem['where']}: {problem['message']}. {problem['hint']}" for problem in problems)
    raise EngineError(error["message"] + more, hint=error["hint"], where=error["where"])

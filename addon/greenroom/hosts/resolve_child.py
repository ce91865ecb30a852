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

__all__ = ["in_resolve"]

Json = dict[str, Any]


def in_resolve(entry: str, options: Mapping[str, Any], tell: Callable[[str], None], timeout: float = 86400) -> Json:
    """Runs an entry (greenroom_resolve.entries) on the open timeline; `tell` gets each line as it comes.

    Raises:
        InputError: no live way to Resolve is open; the hint says which way is.
        EngineError: Resolve or Greenroom refused, or broke off.
    """
    way, found = open_way()
    if way is not Way.LIVE:
        raise InputError(found.message, hint=found.hint, where="DaVinci Resolve")
    words = [found.python, "-c", _START.format(folder=str(_package().parent)), entry, json.dumps(dict(options))]
    environment = scripting_environment()
    environment["GREENROOM_RESOLVE_SETTINGS"] = str(_settings())
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        listener = threading.Thread(target=_listen, args=(child.stderr, tell), daemon=True)
        listener.start()
        try:
            answer = child.stdout.read()
            child.wait(timeout)
        except BaseException:
            child.terminate()
            raise
        listener.join()
    return _result(answer, child.returncode)


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

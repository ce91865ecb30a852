# SPDX-License-Identifier: Apache-2.0
"""How an entry of Workspace > Scripts runs: what it says goes to Resolve's Console and into a log file.

Nothing may escape into Resolve: an error is told, whatever it is.
"""

import datetime
import sys
import traceback
from pathlib import Path
from typing import Any

from greenroom_resolve.calling import ResolveError
from greenroom_resolve.entries import ENTRIES, errors
from greenroom_resolve.program import handle_from_outside
from greenroom_resolve.session import Session
from greenroom_resolve.settings import Settings

__all__ = ["run"]

_LARGEST_LOG = 1 << 20


class _Teller:
    """Tells the Console (Workspace > Console) and the log."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "greenroom.log"

    def __call__(self, line: str) -> None:
        _to_the_console(f"Greenroom: {line}\n")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size > _LARGEST_LOG:
                self._path.replace(self._path.with_suffix(".old"))
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S} {line}\n")
        except OSError:
            pass  # a log that can't be written must not stop the work


def _to_the_console(text: str) -> None:
    """Resolve's console may know fewer letters than we do, and on Windows there may be none."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except UnicodeEncodeError:
        sys.stdout.write(text.encode("ascii", "replace").decode("ascii"))
    except (AttributeError, OSError, ValueError):
        pass  # the log has it


def run(entry: str, resolve: Any = None) -> bool:
    """Runs an entry with the `resolve` that the menu script has. Whether all of it was done."""
    session = None
    tell = _Teller(Path.home() / ".greenroom" / "resolve")
    try:
        settings = Settings.read()
        tell = _Teller(settings.data)
        session = Session(resolve if resolve is not None else handle_from_outside(), settings, tell)
        return not errors(ENTRIES[entry](session).get("problems") or [])
    except ResolveError as error:
        tell(str(error))
    except Exception:  # noqa: BLE001 - nothing may escape into Resolve
        tell(f"something broke that should not have: {traceback.format_exc()}")
    finally:
        if session is not None:
            session.close()
    return False

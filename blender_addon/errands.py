# SPDX-License-Identifier: GPL-3.0-or-later
"""Children with a single task: a second Blender that mixes sound, the panel's window. Nobody waits for them; the timer
asks whether they have ended. What they say goes to a file, as a full pipe would hold them up.
"""

import os
import time

from . import pump

_LONGEST = 4096  # bytes of the end of what a child said


class Errand:
    """One child. `ended(status, last line)` is called by `look`, with None as status where it was killed; not where it
    lives longer than `patience` seconds: then it is left to itself.
    """

    def __init__(self, line, ended, patience=None):
        import subprocess
        import tempfile

        own = {"start_new_session": True} if os.name != "nt" else {"creationflags": subprocess.CREATE_NO_WINDOW}
        self._ended, self._patience, self._began = ended, patience, time.monotonic()
        self._killed = False
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the child lives
        self._process = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            env=pump.clean_environment(),
            **own,
        )

    def look(self):
        """Whether nothing is left to be asked."""
        status = self._process.poll()
        if status is None:
            return self._patience is not None and time.monotonic() - self._began > self._patience
        with self._said as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LONGEST))
            said = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
        self._ended(None if self._killed else status, said[-1] if said else "")
        return True

    def kill(self):
        self._killed = True
        self._process.kill()


_under_way = []


def send(line, ended, patience=None):
    """Starts a child. Raises OSError where it can't be started."""
    errand = Errand(line, ended, patience)
    _under_way.append(errand)
    return errand


def look():
    """One turn of the timer; whether one has ended."""
    over = [errand for errand in list(_under_way) if errand.look()]
    _under_way[:] = [errand for errand in _under_way if errand not in over]
    return bool(over)


def any_left():
    return bool(_under_way)


def forget():
    """The add-on is switched off: what they do is theirs."""
    _under_way.clear()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Children with a single task, such as a second Blender that mixes sound. Nobody waits for them; the timer asks whether
they have ended. What they say goes to a file, as a full pipe would hold them up.
"""

import os

from . import pump

_LONGEST = 4096  # bytes of the end of what a child said


class Errand:
    """One child. `ended(status, last line)` is called by `look`, with None as status where it was killed."""

    lasting = False

    def __init__(self, line, ended):
        import subprocess
        import tempfile

        own = {"start_new_session": True} if os.name != "nt" else {"creationflags": subprocess.CREATE_NO_WINDOW}
        self._ended, self._killed = ended, False
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
            return False
        with self._said as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LONGEST))
            said = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
        self._ended(None if self._killed else status, said[-1] if said else "")
        return True

    def kill(self):
        self._killed = True
        self._process.kill()


_under_way = []


def send(line, ended):
    """Starts a child. Raises OSError where it can't be started."""
    errand = Errand(line, ended)
    follow(errand)
    return errand


def look():
    """One turn of the timer; whether one has ended."""
    over = [errand for errand in list(_under_way) if errand.look()]
    _under_way[:] = [errand for errand in _under_way if errand not in over]
    return bool(over)


def follow(errand):
    """Takes something else into the turns: it has `look`, and `lasting` where nobody waits for its end."""
    _under_way.append(errand)


def any_left():
    """Whether an end is awaited."""
    return any(not errand.lasting for errand in _under_way)


def any_lasting():
    return any(errand.lasting for errand in _under_way)


def forget():
    """The add-on is switched off: what they do is theirs."""
    _under_way.clear()

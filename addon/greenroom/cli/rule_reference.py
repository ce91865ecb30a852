# SPDX-License-Identifier: Apache-2.0
"""docs/preflight.md, made of the table of rules. `make docs` writes it; a test compares."""

from __future__ import annotations

import sys

from greenroom.desk.explaining import explain

__all__ = ["reference"]

_HEAD = """\
# Preflight: before a frame is made or paid for

`greenroom plan` looks at every cue that is still to be made, and says all that speaks against it at once, with place
and next step. The number behind a problem is its rule:

    greenroom explain            # all rules
    greenroom explain GR201      # one of them: why, what to do, and the numbers it goes by

A project switches rules in its greenroom.toml:

    [preflight]
    GR101 = "off"       # don't look for it
    GR207 = "error"     # don't make such a cue
    GR402 = "note"      # or "warning"

What can't be made stays an error, whatever is switched. A cue whose takes all exist isn't looked at again.

Dialogue is measured as the engine would hear it: all tracks under the slot, or the one that the note names (audio=A1),
with gain and fades. What was measured is kept by the samples themselves, so that an unchanged cut is planned at once.
Lines in other languages than English are not held against the sound. Portraits, views and footage that go to a hosted
engine are looked at here, each file once; the local engine looks at what it gets by itself. Whether everybody agreed
who would be sent there is asked too (docs/rights.md).

1xx slot and note, 2xx dialogue, 3xx portrait, 4xx one actor over several shots, 5xx engine and money, 6xx framing; 7xx
notes, 8xx the cut and its media, 9xx takes, project and machine. "As found": whoever finds the problem knows how bad it
is. This table is made of the rules by `make docs`.

| rule | severity | what | why | what to do |
|---|---|---|---|---|
"""


def reference() -> str:
    """The whole page as Markdown."""
    rows = (
        f"| {rule['rule']} | {rule['severity'] or 'as found'} | {rule['title']} | {rule['why']} | {rule['remedy']} |"
        for rule in explain()["rules"]
    )
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    # bytes, so that the page has the same line ends on every system
    sys.stdout.buffer.write(reference().encode())

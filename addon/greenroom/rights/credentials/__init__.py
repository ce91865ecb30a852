# SPDX-License-Identifier: Apache-2.0
"""Content credentials (C2PA) and XMP: what proves where a take comes from, and says it.

    certificate.py  a project's own certificate, and what is wrong with anybody's
    identity.py     whose key signs, kept beside the user's settings and never in a project
    statement.py    what is said of a take: actions, source type, ingredients. Pure
    signing.py      writes credentials into a file or beside it (the extra `provenance`)
    reading.py      reads and checks them
    xmp.py          the same in short as an XMP sidecar, standard library only

The last step of all: whatever transcodes afterwards drops them. What must never enter: keys in a project, a manifest
that says more than take.json knows, prompts that nobody wanted to publish.
"""

from __future__ import annotations

__all__: list[str] = []

# SPDX-License-Identifier: Apache-2.0
"""The takes of one cue: thumbnails to choose from, and what there is to know of the one that is looked at.

What must never enter: reading of take folders (`model/takes.py` does, off the main thread).
"""

from __future__ import annotations

__all__: list[str] = []

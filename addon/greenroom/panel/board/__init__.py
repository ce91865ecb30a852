# SPDX-License-Identifier: Apache-2.0
"""The cue board: the cut as a strip along the timeline and as a table, both of the same rows.

What must never enter: reading of files (posters come from `posters.py`, which asks `Work`), and what a status means.
"""

from __future__ import annotations

__all__: list[str] = []

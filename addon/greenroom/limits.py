# SPDX-License-Identifier: Apache-2.0
"""The limits of what an editor may write, in one place: notes, greenroom.toml, actor.toml and options keep them."""

from __future__ import annotations

__all__ = ["LARGEST_HANDLES", "LARGEST_SEED", "MOST_TAKES"]

LARGEST_SEED = 2**31 - 1
"""Seeds are 0 to this: 31 bits are what engines and hosted models take, and every format keeps them."""

LARGEST_HANDLES = 1000
"""Frames of a handle, 0 to this: half a minute at 30 fps."""

MOST_TAKES = 99
"""Takes of one cue in one run, 1 to this."""

# SPDX-License-Identifier: Apache-2.0
"""Generating: what would be made and for how much, what is being made, and what nobody knows the outcome of.

What must never enter: planning, prices and limits (the desk's), and the making itself, which `runs/` does.
"""

from __future__ import annotations

__all__: list[str] = []

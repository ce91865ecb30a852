# SPDX-License-Identifier: Apache-2.0
"""Previz: the local engine. It moves a portrait's own pixels by a face mesh; no network, no GPU, no cost.

Never in here: anything that leaves this machine, anything that claims to be a final picture. Its takes say "previz".
"""

from __future__ import annotations

from greenroom.engines.previz.engine import PrevizEngine

__all__ = ["PrevizEngine"]

# SPDX-License-Identifier: Apache-2.0
"""What is measured of a take that came back, and (in preflight/) what speaks against one before it is made.

Everything here looks and judges; nothing is made better, and no take is changed. What must never enter this room: the
desk, engines, the ledger, the store, and a verdict without its number. Where something can't be known it says
"inconclusive".
"""

from __future__ import annotations

from greenroom.review.findings import Finding, Light, Measure, Review, Verdict

__all__ = ["Finding", "Light", "Measure", "Review", "Verdict"]

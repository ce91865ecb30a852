# SPDX-License-Identifier: Apache-2.0
"""What a model does to the pictures that it was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.review.preflight.facts import CueFacts, Said
from greenroom.review.preflight.table import rules

__all__ = ["changed_pictures"]


def changed_pictures(facts: CueFacts) -> Iterator[Said]:
    """Its own size and rate, which are brought to the cut's."""
    if facts.changes:
        yield Said("model-changes-picture", "; ".join(facts.changes), rules()["GR502"].remedy)

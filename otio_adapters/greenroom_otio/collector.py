# SPDX-License-Identifier: Apache-2.0
"""Python's garbage collector, held back while a cut is read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["no_collector"]


@contextmanager
def no_collector() -> Iterator[None]:
    """Hundreds of thousands of new objects, none of them garbage, make Python's collector run for nothing: a quarter of
    the time that it takes to make them. Afterwards they count as old at once, or it would go through all of them twice
    in the next moments.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():  # somebody else's frozen objects stay frozen
                gc.freeze()
                gc.unfreeze()
            gc.enable()

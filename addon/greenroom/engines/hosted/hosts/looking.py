# SPDX-License-Identifier: Apache-2.0
"""Asking for a job that a host may not know, or not yet: a 404 is believed the third time only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from greenroom.engines.hosted.wire import Wire
from greenroom.errors import EngineError

__all__ = ["look"]

_LOOKS = 3  # Replicate answers 404 for a moment after a create (replicate-javascript#68)
_PAUSE = 2.0  # seconds between them


async def look(wire: Wire, url: str, *, gone: Collection[int] = (404, 410)) -> Mapping[str, Any] | None:
    """The JSON object at `url`; None where the host says that there is none. Errors as `Wire.get`."""
    for number in range(_LOOKS):
        if number:
            await wire.clock.sleep(_PAUSE)
        answer = await wire.get(url, accept=gone)
        if answer.fine:
            body = answer.json()
            if not isinstance(body, dict):
                raise EngineError(f"{wire.settings.title} gave an answer that can't be read", hint="Try again later.")
            return body
    return None

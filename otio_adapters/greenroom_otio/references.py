# SPDX-License-Identifier: Apache-2.0
"""Giving a clip media references so that the process outlives it.

OpenTimelineIO 0.18.1 frees the references of a clip when it gets others, also those among the others that it had
already, and also while Python holds them: the next use of one ends the process. References that
deserialize_json_from_string made were seen freed as well. So a clip only ever gets copies.
"""

from __future__ import annotations

from typing import Any

__all__ = ["copied_references", "set_only_reference"]

_ACTIVE = "DEFAULT_MEDIA"


def copied_references(clip: Any) -> dict[str, Any]:
    """Copies of a clip's media references, to be changed and set."""
    return {key: reference.clone() for key, reference in clip.media_references().items()}


def set_only_reference(clip: Any, reference: Any) -> None:
    """Make a copy of `reference`, which may be one of the clip's own, its only media."""
    clip.set_media_references({_ACTIVE: reference.clone()}, _ACTIVE)

# SPDX-License-Identifier: Apache-2.0
"""A cut that is written to another folder than it was read from: its relative media paths still have to lead there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from greenroom_otio.urls import PictureFiles, media_path, url_of

__all__ = ["moved_to"]

_ABSOLUTE = re.compile(r"^(/|\\|[A-Za-z][A-Za-z0-9+.-]*:)")


def moved_to(timeline: Any, old: Path | None, new: Path) -> Any:
    """`timeline` itself, or a copy whose relative media lead from `new` to where they led from `old`.

    Only files that are there from `old` and not from `new` are touched: takes may be relative to `new` already.
    """
    if old is None or old.absolute() == new.absolute() or not any(_moves(timeline, old, new)):
        return timeline
    copy = timeline.clone()
    for clip, key, field, url in list(_moves(copy, old, new)):
        # In place: a clip's own references may never be handed back to it (see references.py).
        setattr(clip.media_references()[key], field, url)
    return copy


def _moves(timeline: Any, old: Path, new: Path) -> Iterator[tuple[Any, str, str, str]]:
    """Clip, key of the reference, field and new URL of each path that would lead nowhere."""
    for clip in timeline.find_clips():
        for key, reference in clip.media_references().items():
            field = "target_url_base" if hasattr(reference, "target_url_base") else "target_url"
            url = str(getattr(reference, field, "") or "")
            if not url or _ABSOLUTE.match(url):
                continue
            here, there = (_path(media_path(reference, folder)) for folder in (old.absolute(), new.absolute()))
            if here is not None and here.exists() and not (there is not None and there.exists()):
                yield clip, key, field, url_of(here, new.absolute())


def _path(found: Path | PictureFiles | None) -> Path | None:
    return found.folder if isinstance(found, PictureFiles) else found

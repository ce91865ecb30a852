# SPDX-License-Identifier: Apache-2.0
"""OTIO as DaVinci Resolve's importer accepts it (facts/resolve: section 7, shapes seen in its exports).

Resolve reads one reference a clip, bare paths of the system, a marker's note from its own metadata, and refuses a
document with a missing reference. It drops metadata that it doesn't know.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom_otio.losses import Loss
from greenroom_otio.notes import all_items
from greenroom_otio.references import set_only_reference
from greenroom_otio.urls import PictureFiles, media_path

__all__ = ["resolve_copy"]

_KEY = "Resolve_OTIO"
_BARE = re.compile(r"[A-Za-z]:[\\/]|\\\\|/(?!/)")


def resolve_copy(timeline: Any, folder: Path) -> tuple[Any, list[Loss]]:
    """A copy of `timeline` in Resolve's dialect; relative media count from `folder`. With what Resolve won't keep."""
    copy = timeline.clone()
    losses: list[Loss] = []
    copy.metadata.setdefault(_KEY, {"Resolve OTIO Meta Version": "1.0"})
    ours = False
    for item in all_items(copy):
        ours |= "greenroom" in item.metadata
        if isinstance(item, otio.schema.Clip):
            _clip(item, folder, losses)
        elif isinstance(item, otio.schema.Track):
            _track(item)
        for marker in item.markers:
            _marker(marker)
    if ours:
        losses.append(Loss("Greenroom's metadata", "", "Resolve drops it on import; the project's ledger has it all"))
    return copy, losses


def _track(track: Any) -> None:
    sound = {"Audio Type": "Stereo", "SoloOn": False} if track.kind == otio.schema.TrackKind.Audio else {}
    track.metadata.setdefault(_KEY, {"Locked": False, **sound})


def _marker(marker: Any) -> None:
    marker.metadata.setdefault(_KEY, {"Keywords": []})
    marker.metadata[_KEY]["Note"] = marker.comment
    marker.color = str(marker.color or "RED").upper()


def _clip(clip: Any, folder: Path, losses: list[Loss]) -> None:
    clip.metadata.setdefault(_KEY, {})
    references = clip.media_references()
    if len(references) > 1:
        names = ", ".join(key for key in references if key != clip.active_media_reference_key)
        losses.append(Loss(f"other media ({names})", f"clip {clip.name}", "Resolve keeps the active media only"))
    reference = clip.media_reference or otio.schema.MissingReference()
    if isinstance(reference, otio.schema.MissingReference):
        losses.append(Loss("that the clip has no media", f"clip {clip.name}", "Resolve refuses it: now a solid colour"))
        reference = _solid_colour()
    set_only_reference(clip, reference)
    _bare_path(clip.media_reference, folder)
    if clip.media_reference.available_range is None and isinstance(reference, otio.schema.ExternalReference):
        clip.media_reference.available_range = clip.source_range


def _bare_path(reference: Any, folder: Path) -> None:
    """What is one already stays word for word: a path of Windows is still one when the cut passes through a Mac."""
    written = getattr(reference, "target_url", None) or getattr(reference, "target_url_base", None) or ""
    if _BARE.match(written):
        return
    found = media_path(reference, folder.absolute())
    if isinstance(found, PictureFiles):
        reference.target_url_base = str(found.folder)
    elif found is not None:
        reference.target_url = str(found)


def _solid_colour() -> Any:
    """As Resolve itself writes its generator."""
    colour = {
        "Default Parameter Value": "#000000",
        "Parameter ID": "color",
        "Parameter Value": "#000000",
        "Variant Type": "Color",
    }
    generator = {
        "Effect Name": "Solid Color",
        "Enabled": True,
        "Name": "Generator",
        "Parameters": [colour],
        "Type": 5,
    }
    return otio.schema.GeneratorReference(
        name="Solid Color",
        generator_kind="Solid Color",
        parameters={_KEY: [generator]},
        metadata={_KEY: {"Generator Type": "Solid Color"}},
    )

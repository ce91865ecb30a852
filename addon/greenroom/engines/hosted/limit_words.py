# SPDX-License-Identifier: Apache-2.0
"""An offer's limits in words, for `greenroom engines`. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from greenroom.engines.hosted.offers import PICTURES, VIDEOS, FileLimits, Model, Offer
from greenroom.frames import write_rate

__all__ = ["limit_words"]


def limit_words(model: Model, offer: Offer) -> Mapping[str, str]:
    """By what is limited: "length", "portrait", "reference", "dialogue", "footage", "output", "notes". Only what is
    known.
    """
    limits, output = offer.limits, offer.output
    words = {
        "length": _length(offer),
        "portrait": _file(limits.picture) if offer.sends(*PICTURES) else "",
        "reference": _reference(offer) if model.kind == "image" else "",
        "dialogue": _file(limits.audio) if offer.sends("dialogue") else "",
        "footage": _file(limits.video) if offer.sends(*VIDEOS) else "",
        "prompt": f"up to {limits.prompt_letters} letters" if limits.prompt_letters and offer.sends("prompt") else "",
        "output": ", ".join(
            filter(None, (output.size, f"{write_rate(output.rate)} fps" if output.rate else "", output.length))
        ),
        "notes": "; ".join((*model.notes, *offer.notes, *((output.trims,) if output.trims else ()))),
    }
    return {what: said for what, said in words.items() if said}


def _reference(offer: Offer) -> str:
    """Which pictures an image model begins with."""
    sources = [source for source in offer.inputs.values() if source.word in PICTURES]
    if not sources:
        return "none: words alone"
    most = offer.limits.references if sources[0].word == "reference_pictures" else 1
    count = "one picture" if most == 1 else f"up to {most} pictures" if most else "pictures"
    return f"{count}, or none" if sources[0].optional else f"{count}, needed"


def _length(offer: Offer) -> str:
    limits = offer.limits
    least, most = limits.min_seconds, limits.max_seconds
    parts = []
    if least is not None and most is not None:
        parts.append(f"{float(least):g} to {float(most):g} s")
    elif most is not None:
        parts.append(f"up to {float(most):g} s")
    elif least is not None:
        parts.append(f"{float(least):g} s or more")
    if limits.whole_seconds:
        parts.append("whole seconds")
    if limits.frame_grid is not None:
        parts.append(f"{limits.frame_grid[0]} n + {limits.frame_grid[1]} frames")
    if most is not None and offer.sends("dialogue", *VIDEOS):
        parts.append("longer slots are made in spans")
    return ", ".join(parts)


def _file(limits: FileLimits) -> str:
    parts = [" or ".join(limits.formats)] if limits.formats else []
    if limits.max_mb is not None:
        parts.append(f"up to {limits.max_mb} MB")
    if limits.min_side is not None:
        parts.append(f"sides of {limits.min_side} px or more")
    if limits.max_width and limits.max_height:
        parts.append(f"up to {limits.max_width} x {limits.max_height}")
    if limits.rates:
        parts.append(" or ".join(write_rate(rate) for rate in limits.rates) + " fps")
    return ", ".join(parts)

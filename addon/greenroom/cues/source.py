# SPDX-License-Identifier: Apache-2.0
"""What stands behind a clip: its own media (whatever take is active), its speed, and why a take may not fit it.

LinearTimeWarp and FreezeFrame change nothing in OTIO's ranges: 48 frames at 200 % are still written as 48, and
media frames are duration x speed. Ramps have no portable spelling, so they are named and refused.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from greenroom.cues.clock import Clock, Position, whole
from greenroom.cues.model import EventKind, MediaUse
from greenroom.frames import FrameRange
from greenroom.media.types import ImageSequence
from greenroom_otio import media_path

__all__ = [
    "NORMAL",
    "OWN_MEDIA",
    "Speed",
    "effect_name",
    "kind_of",
    "media_use",
    "own_effects",
    "own_reference",
    "own_source_range",
    "previous_of",
    "speed_of",
    "unreachable",
    "without_head",
]

OWN_MEDIA = "DEFAULT_MEDIA"
"""The key of what the editor had; takes are `greenroom.take_001` and so on (design.md promise 3)."""

_TAKES = "greenroom."
_WHOLE = Fraction(0)
_ODD = re.compile(r"[%#?:\x00\\]|^//")  # escapes, other systems' separators, schemes, drives, other machines


@dataclass(frozen=True)
class Speed:
    """A constant speed, or why there is none that could be honoured."""

    factor: Fraction = Fraction(1)
    unsupported: str = ""


NORMAL = Speed()


def own_reference(clip: Any) -> Any:
    """The media reference that the editor had; None where the file names none."""
    active = clip.active_media_reference_key
    if active == OWN_MEDIA or not active.startswith(_TAKES):
        return clip.media_reference
    references = clip.media_references()
    previous = previous_of(clip)
    for key in (previous.get("active") if previous is not None else None, OWN_MEDIA):
        if key in references:
            return references[key]
    others = [key for key in sorted(references) if not key.startswith(_TAKES)]
    return references[others[0]] if others else None


def own_source_range(clip: Any, reference: Any, previous: Any) -> Any:
    """The source range that the editor had, of `reference`; None where nothing says it.

    Write-back keeps it in metadata where it had to move it. What the editor trimmed since then counts: the offset
    from where it was moved to is added, as `restore` does. `previous` is `previous_of(clip)`.
    """
    shown = clip.source_range
    if previous is not None and "moved_to" in previous and shown is not None:
        shown = _moved_back(shown, previous, reference)
    return shown if shown is not None else reference.available_range


def _moved_back(now: Any, previous: Any, reference: Any) -> Any:
    then = previous.get("source_range") or reference.available_range
    if then is None:
        return None
    speed = abs(float(previous.get("speed", 1.0)))
    offset = now.start_time - previous["moved_to"]
    if offset.value == 0 and now.duration.value == previous.get("moved_frames"):
        return then
    moved = otio.opentime.RationalTime(offset.value * speed, offset.rate).rescaled_to(then.start_time.rate)
    return otio.opentime.TimeRange(then.start_time + moved, now.duration.rescaled_to(then.start_time.rate))


def own_effects(clip: Any, previous: Any) -> list[Any]:
    """The effects that the editor had: write-back keeps speeds in metadata, since a take plays at 100 %."""
    effects = clip.effects
    effects = list(effects) if len(effects) else []
    if previous is not None and "effects" in previous:
        effects.extend(previous["effects"])
    return effects


def previous_of(clip: Any) -> Any:
    """What write-back keeps of the clip's own state, or None.

    Asking metadata for a key that isn't there costs ten times as much as any other question (the binding raises and
    catches), so only clips that have takes are asked.
    """
    if not len(clip.metadata) or not _has_takes(clip):
        return None
    ours = clip.metadata.get("greenroom")
    previous = ours.get("previous") if ours is not None and hasattr(ours, "get") else None
    return previous if hasattr(previous, "get") else None


def _has_takes(clip: Any) -> bool:
    if not isinstance(clip, otio.schema.Clip):
        return False
    if clip.active_media_reference_key.startswith(_TAKES):
        return True
    return any(key.startswith(_TAKES) for key in clip.media_references())


def kind_of(reference: Any) -> EventKind:
    """Whether a reference is media or only holds room. A dead path is still media."""
    if isinstance(reference, otio.schema.ExternalReference | otio.schema.ImageSequenceReference):
        return EventKind.MEDIA
    return EventKind.PLACEHOLDER


def media_use(reference: Any, shown: Any, speed: Fraction, clock: Clock, folder: Path) -> MediaUse | None:
    """The media behind a clip that shows the OTIO range `shown` of it; None where a range says nothing.

    Counted at the media's own rate, which is that of its available range: NLEs write source ranges at the cut's.
    """
    available = reference.available_range
    rate = clock.exact(available.start_time.rate) if available is not None else None
    if rate is None:
        available = None
        rate = clock.exact(shown.start_time.rate) if shown is not None else None
    if rate is None or shown is None:
        return None
    start, duration = _at_rate(shown.start_time, rate, clock), _at_rate(shown.duration, rate, clock)
    first = _at_rate(available.start_time, rate, clock) if available is not None else 0
    frames = _at_rate(available.duration, rate, clock) if available is not None else None
    if start is None or duration is None or first is None or duration < 0:
        return None
    path, sequence = _files(reference, folder, clock)
    begin = math.floor(start)
    return MediaUse(
        path,
        sequence,
        FrameRange(begin, math.ceil(start + duration) - begin, rate),
        math.floor(first),
        math.floor(frames) if frames is not None and frames >= 0 else None,
        speed,
        url_of(reference),
        _WHOLE if type(start) is int else Fraction(start - begin),
    )


def _at_rate(time: Any, rate: Fraction, clock: Clock) -> Position | None:
    """An OTIO time in frames of `rate`."""
    own, value = clock.exact(time.rate), whole(time.value)
    if own is None or value is None:
        return None
    if own is rate or own == rate:
        return value
    position = value * rate / own
    return position.numerator if position.denominator == 1 else position


def url_of(reference: Any) -> str:
    """What the cut says of where the media is, as written; "" where it says nothing."""
    url = getattr(reference, "target_url", None)
    if url is None and hasattr(reference, "target_url_base"):
        url = f"{reference.target_url_base}{reference.name_prefix}#{reference.name_suffix}"
    return str(url or "")


def without_head(use: MediaUse, frames: int, rate: Fraction) -> MediaUse:
    """`use` without its first `frames` frames of the cut (at `rate`), which a trim around the clip hides."""
    begin = use.source.start + use.subframe + frames * use.source.rate * use.speed / rate
    start = math.floor(begin)
    left = max(0, use.source.duration - (start - use.source.start))
    moved = FrameRange(start, left, use.source.rate)
    return replace(use, source=moved, subframe=Fraction(begin - start))


def unreachable(use: MediaUse | None) -> str:
    """Why Greenroom can't open the media of a clip, or ""."""
    if use is None:
        return "its media has no range that could be read"
    if use.path is None and use.sequence is None:
        return f'its media is no local file: "{use.url}"' if use.url else "its media names no file"
    return ""


def _files(reference: Any, folder: Path, clock: Clock) -> tuple[Path | None, ImageSequence | None]:
    plain = _plain_path(reference, folder)
    if plain is not None:
        return plain, None
    found = media_path(reference, folder)
    if found is None or isinstance(found, Path):
        return found, None
    rate = clock.exact(found.rate)
    if rate is None or not found.count:
        return None, None
    sequence = ImageSequence(
        found.folder, found.prefix, found.suffix, found.padding, found.first, found.count, rate, found.step
    )
    return None, sequence


def _plain_path(reference: Any, folder: Path) -> Path | None:
    """The path of a url that needs no interpreting, as most do: without escapes, of this system."""
    url = getattr(reference, "target_url", None)
    if not url or os.sep != "/":
        return None
    if url.startswith("file:///"):
        url = url[len("file://") :]
    if _ODD.search(url) is not None:
        return None
    return Path(url) if url[0] == "/" else Path(f"{folder}/{url}")


def effect_name(effect: Any) -> str:
    """What an editor calls the effect."""
    host = effect.metadata.get("Resolve_OTIO") if len(effect.metadata) else None
    named = host.get("Effect Name") if host is not None else None
    return str(named or effect.name or effect.effect_name or effect.schema_name())


def speed_of(effects: list[Any]) -> Speed:
    """The constant speed of a clip with these effects."""
    factor = Fraction(1)
    for effect in effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            scalar = effect.time_scalar
            if not math.isfinite(scalar) or abs(scalar) > 1000:
                return Speed(unsupported=f"its speed is {scalar}, which no clip can have")
            factor *= _tidy(scalar)
        elif isinstance(effect, otio.schema.TimeEffect):
            name = effect.effect_name or effect.name or effect.schema_name()
            return Speed(unsupported=f'the time effect "{name}" has no constant speed')
        else:
            reason = _ramp_in_host_effect(effect)
            if reason:
                return Speed(unsupported=reason)
    return Speed(factor)


def _tidy(scalar: float) -> Fraction:
    """What the float means: EDLs write fps (68 of 24 = 2.8333333333333335), NLEs percent."""
    close = Fraction(scalar).limit_denominator(10_000)
    return close if abs(float(close) - scalar) < 1e-9 else Fraction(scalar)


def _ramp_in_host_effect(effect: Any) -> str:
    """Speed changes that a host keeps in an effect of its own: FCP7's Time Remap, Resolve's Retime curve."""
    metadata = effect.metadata
    if not len(metadata):
        return ""
    fcp = metadata.get("fcp_xml")
    if fcp is not None and str(fcp.get("effectid", "")).casefold() == "timeremap":
        return _time_remap(fcp)
    resolve = metadata.get("Resolve_OTIO")
    if resolve is not None and "retime" in str(resolve.get("Effect Name", "")).casefold():
        moving = [p for p in resolve.get("Parameters") or () if len(p.get("Key Frames") or ()) > 1]
        return "its retime curve has keyframes" if moving else ""
    return ""


def _time_remap(fcp: Any) -> str:
    """FCP7 writes a changed speed with in and out points in retimed frames: nothing says which media frame is meant."""
    values = {str(p.get("parameterid", "")): str(p.get("value", "")).upper() for p in _listed(fcp.get("parameter"))}
    steady = values.get("variablespeed", "0") in {"0", "FALSE", ""}
    forwards = values.get("reverse", "FALSE") in {"FALSE", "0", ""}
    if steady and forwards and values.get("speed", "100") in {"100", "100.0", ""}:
        return ""
    return "its speed is changed by Time Remap, which this XML doesn't write exactly"


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return [value] if hasattr(value, "keys") else list(value)

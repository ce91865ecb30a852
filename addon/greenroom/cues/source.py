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
from typing import Any, TypeAlias

import opentimelineio as otio

from greenroom.cues.clock import Clock, Position, whole
from greenroom.cues.model import EventKind, MediaUse
from greenroom.frames import FrameRange
from greenroom.media.types import ImageSequence
from greenroom_otio import Values, media_path, schema_of

__all__ = [
    "NORMAL",
    "OWN_MEDIA",
    "Speed",
    "Times",
    "effect_name",
    "is_clip",
    "is_enabled",
    "is_gap",
    "is_plain",
    "is_simple",
    "kind_of",
    "media_use",
    "metadata_of",
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

Times: TypeAlias = tuple[float, float, float, float]
"""A range as `greenroom_otio.values` has it: start and rate, duration and rate."""

_FASTEST = 1000  # frames a second of a clip that is not counted in samples
_FAR = 1e9  # frames; a year and more
_TAKES = "greenroom."
_SPEEDS = frozenset(("LinearTimeWarp", "FreezeFrame"))
_FILES = frozenset(("ExternalReference", "ImageSequenceReference"))
_MEDIA = frozenset(f"{name}.1" for name in _FILES)
_WHOLE = Fraction(0)
_PLAIN_URL = re.compile(r"(?:file://(?=/))?(?!//)[^%#?:\x00\\]+")
"""Without escapes, other systems' separators, schemes, drives and other machines."""


@dataclass(frozen=True)
class Speed:
    """A constant speed, or why there is none that could be honoured."""

    factor: Fraction = Fraction(1)
    unsupported: str = ""


NORMAL = Speed()


def is_clip(item: Values) -> bool:
    return str(item["OTIO_SCHEMA"]).startswith("Clip.")


def is_gap(item: Values) -> bool:
    return str(item["OTIO_SCHEMA"]).startswith("Gap.")


def is_enabled(item: Values) -> bool:
    """Items of an older OpenTimelineIO don't say."""
    return item.get("enabled", True) is True


def metadata_of(item: Values) -> Values:
    return item.get("metadata") or {}


def is_simple(clip: Values) -> bool:
    """Whether nothing about a clip's media needs interpreting, as of most: one file by a plain name, ranges that count
    alike, no effects and no takes. Such a clip can be played, and can be heard.
    """
    reference = clip["media_references"].get(clip["active_media_reference_key"])
    if reference is None or reference["OTIO_SCHEMA"] != "ExternalReference.1":
        return False
    if clip.get("effects") or "greenroom" in metadata_of(clip) or not is_plain(reference.get("target_url") or ""):
        return False
    available = reference.get("available_range")
    start, rate, duration, other_rate = clip.get("source_range") or available or (0, 0, 0, 0)
    alike = available is not None and rate == other_rate == available[1] == available[3] and 0 < rate <= _FASTEST
    return alike and abs(start) < _FAR and 0 <= duration < _FAR and abs(available[0]) < _FAR


def own_reference(clip: Values) -> Values | None:
    """The media reference that the editor had; None where the file names none."""
    active = clip["active_media_reference_key"]
    references: dict[str, Values | None] = clip["media_references"]
    if active == OWN_MEDIA or not active.startswith(_TAKES):
        return references.get(active)
    previous = previous_of(clip)
    for key in (previous.get("active") if previous is not None else None, OWN_MEDIA):
        if key in references:
            return references[key]
    others = [key for key in sorted(references) if not key.startswith(_TAKES)]
    return references[others[0]] if others else None


def own_source_range(clip: Values, reference: Values, previous: Values | None) -> Times | None:
    """The source range that the editor had, of `reference`; None where nothing says it.

    Write-back keeps it in metadata where it had to move it. What the editor trimmed since then counts: the offset
    from where it was moved to is added, as `restore` does. `previous` is `previous_of(clip)`.
    """
    shown: Times | None = clip.get("source_range")
    available: Times | None = reference.get("available_range")
    if previous is not None and "moved_to" in previous and shown is not None:
        shown = _moved_back(shown, previous, available)
    return shown if shown is not None else available


def _moved_back(now: Times, previous: Values, available: Times | None) -> Times | None:
    then: Times | None = previous.get("source_range") or available
    if then is None:
        return None
    time = otio.opentime.RationalTime
    speed = abs(float(previous.get("speed", 1.0)))
    offset = time(*now[:2]) - time(*previous["moved_to"])
    if offset.value == 0 and now[2] == previous.get("moved_frames"):
        return then
    rate = then[1]
    moved = time(*then[:2]) + time(offset.value * speed, offset.rate).rescaled_to(rate)
    return moved.value, moved.rate, time(*now[2:]).rescaled_to(rate).value, rate


def own_effects(clip: Values, previous: Values | None) -> list[Values]:
    """The effects that the editor had: write-back keeps speeds in metadata, since a take plays at 100 %."""
    effects = clip.get("effects") or []
    return [*effects, *previous["effects"]] if previous is not None and "effects" in previous else effects


def previous_of(clip: Values) -> Values | None:
    """What write-back keeps of the clip's own state, or None."""
    ours = metadata_of(clip).get("greenroom")
    previous = ours.get("previous") if isinstance(ours, dict) and _has_takes(clip) else None
    return previous if isinstance(previous, dict) else None


def _has_takes(clip: Values) -> bool:
    return is_clip(clip) and any(key.startswith(_TAKES) for key in clip["media_references"])


def kind_of(reference: Values | None) -> EventKind:
    """Whether a reference is media or only holds room. A dead path is still media."""
    media = reference is not None and (reference["OTIO_SCHEMA"] in _MEDIA or schema_of(reference) in _FILES)
    return EventKind.MEDIA if media else EventKind.PLACEHOLDER


def media_use(reference: Values, shown: Times | None, speed: Fraction, clock: Clock, folder: Path) -> MediaUse | None:
    """The media behind a clip that shows the range `shown` of it; None where a range says nothing.

    Counted at the media's own rate, which is that of its available range: NLEs write source ranges at the cut's.
    """
    available: Times | None = reference.get("available_range")
    rate = clock.exact(available[1]) if available is not None else None
    if rate is None:
        available = None
        rate = clock.exact(shown[1]) if shown is not None else None
    if rate is None or shown is None:
        return None
    start, duration = _at_rate(*shown[:2], rate, clock), _at_rate(*shown[2:], rate, clock)
    first = _at_rate(*available[:2], rate, clock) if available is not None else 0
    frames = _at_rate(*available[2:], rate, clock) if available is not None else None
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


def _at_rate(value: float, own_rate: float, rate: Fraction, clock: Clock) -> Position | None:
    """The time `value` at `own_rate` in frames of `rate`."""
    own, frames = clock.exact(own_rate), whole(value)
    if own is None or frames is None:
        return None
    if own is rate or own == rate:
        return frames
    position = frames * rate / own
    return position.numerator if position.denominator == 1 else position


def url_of(reference: Values) -> str:
    """What the cut says of where the media is, as written; "" where it says nothing."""
    if "target_url_base" in reference:
        base, prefix, suffix = (reference.get(key) or "" for key in ("target_url_base", "name_prefix", "name_suffix"))
        return f"{base}{prefix}#{suffix}"
    return reference.get("target_url") or ""


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


def _files(reference: Values, folder: Path, clock: Clock) -> tuple[Path | None, ImageSequence | None]:
    if "target_url_base" not in reference and is_plain(url_of(reference)):
        return _plain_path(url_of(reference), folder), None
    found = media_path(_reference_of(reference), folder)
    if found is None or isinstance(found, Path):
        return found, None
    rate = clock.exact(found.rate)
    if rate is None or not found.count:
        return None, None
    sequence = ImageSequence(
        found.folder, found.prefix, found.suffix, found.padding, found.first, found.count, rate, found.step
    )
    return None, sequence


def is_plain(url: str) -> bool:
    """Whether a url needs no interpreting, as most do: without escapes, of this system."""
    return _PLAIN_URL.fullmatch(url) is not None and os.sep == "/"


def _plain_path(url: str, folder: Path) -> Path:
    path = url.removeprefix("file://")
    return Path(path) if path[0] == "/" else Path(f"{folder}/{path}")


def _reference_of(values: Values) -> Any:
    """The OTIO reference of these values, as far as it says where the files are."""
    if "target_url_base" not in values:
        return otio.schema.ExternalReference(url_of(values))
    names = ("target_url_base", "name_prefix", "name_suffix", "start_frame", "frame_step", "rate", "frame_zero_padding")
    known = {name: values[name] for name in names if values.get(name) is not None}
    available = values.get("available_range")
    if available is not None:
        start, duration = otio.opentime.RationalTime(*available[:2]), otio.opentime.RationalTime(*available[2:])
        known["available_range"] = otio.opentime.TimeRange(start, duration)
    return otio.schema.ImageSequenceReference(**known)


def effect_name(effect: Values) -> str:
    """What an editor calls the effect."""
    host = metadata_of(effect).get("Resolve_OTIO")
    named = host.get("Effect Name") if isinstance(host, dict) else None
    return str(named or effect.get("name") or effect.get("effect_name") or schema_of(effect))


def speed_of(effects: list[Values]) -> Speed:
    """The constant speed of a clip with these effects."""
    factor = Fraction(1)
    for effect in effects:
        kind = schema_of(effect)
        if kind in _SPEEDS:
            scalar = effect["time_scalar"]
            if not math.isfinite(scalar) or abs(scalar) > 1000:
                return Speed(unsupported=f"its speed is {scalar}, which no clip can have")
            factor *= _tidy(scalar)
        elif kind == "TimeEffect":
            name = effect.get("effect_name") or effect.get("name") or kind
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


def _ramp_in_host_effect(effect: Values) -> str:
    """Speed changes that a host keeps in an effect of its own: FCP7's Time Remap, Resolve's Retime curve."""
    metadata = metadata_of(effect)
    fcp = metadata.get("fcp_xml")
    if isinstance(fcp, dict) and str(fcp.get("effectid", "")).casefold() == "timeremap":
        return _time_remap(fcp)
    resolve = metadata.get("Resolve_OTIO")
    if isinstance(resolve, dict) and "retime" in str(resolve.get("Effect Name", "")).casefold():
        moving = [p for p in resolve.get("Parameters") or () if len(p.get("Key Frames") or ()) > 1]
        return "its retime curve has keyframes" if moving else ""
    return ""


def _time_remap(fcp: Values) -> str:
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
    return [value] if isinstance(value, dict) else list(value)

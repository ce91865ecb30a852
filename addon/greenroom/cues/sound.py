# SPDX-License-Identifier: Apache-2.0
"""What an event of an audio track sounds like: position, gain, fades and channel, as far as the cut says.

Fades come from transitions, gain from FCP7's Audio Levels (a linear factor) where it stands still, the channel from
Resolve. Keyframed levels and Resolve's faders are not read (no export that holds one was seen): they sound at 1.0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from greenroom.cues.model import Event
from greenroom.cues.source import metadata_of
from greenroom.media.types import SoundClip
from greenroom_otio import Values

__all__ = ["channel_of", "gain_of", "sound_clip"]

_LOUDEST = 32.0  # +30 dB, the top of every NLE's fader


def sound_clip(
    event: Event, effects: Sequence[Values], *, fades: tuple[int, int], channel: int | None
) -> SoundClip | None:
    """The sound of an event that has media; None where there is no file, a freeze or a reversed clip.

    `effects` are those of its clip; `fades` are frames at its head and tail.
    """
    use = event.media
    if use is None or use.path is None or use.speed <= 0 or event.visible.duration == 0:
        return None
    start = use.media_start / use.source.rate
    head = event.record.start - event.visible.start
    if head:
        start -= Fraction(head) / event.record.rate * use.speed
    return SoundClip(
        path=use.path,
        record=event.visible,
        source_start=start,
        gain=gain_of(effects) if effects else 1.0,
        fade_in=fades[0],
        fade_out=fades[1],
        speed=use.speed,
        channel=channel,
        name=event.name,
        counted_at=use.source.rate if use.available_frames is None else None,
    )


def gain_of(effects: Sequence[Values]) -> float:
    """The linear gain of a clip with these effects: their product, 1.0 where they say nothing."""
    gain = 1.0
    for effect in effects:
        fcp = metadata_of(effect).get("fcp_xml")
        if isinstance(fcp, dict) and str(fcp.get("effectid", "")).casefold() == "audiolevels":
            gain *= _fcp_level(fcp)
    return gain


def _fcp_level(fcp: Values) -> float:
    parameters = fcp.get("parameter")
    for parameter in [parameters] if isinstance(parameters, dict) else parameters or ():
        if str(parameter.get("parameterid", "")).casefold() == "level" and not parameter.get("keyframe"):
            try:
                level = float(str(parameter.get("value", "1")))
            except ValueError:
                return 1.0
            return level if math.isfinite(level) and 0 <= level <= _LOUDEST else 1.0
    return 1.0


def channel_of(clip: Values) -> int | None:
    """Resolve names the source channel of a mono clip; several channels are mixed."""
    resolve = metadata_of(clip).get("Resolve_OTIO")
    channels = resolve.get("Channels") if isinstance(resolve, dict) else None
    if not isinstance(channels, list) or len(channels) != 1 or not isinstance(channels[0], dict):
        return None
    channel = channels[0].get("Source Channel ID")
    return channel if isinstance(channel, int) and channel >= 0 else None

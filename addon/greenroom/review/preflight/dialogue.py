# SPDX-License-Identifier: Apache-2.0
"""Is the dialogue good enough to be performed? Lips follow whatever sounds: noise, a room, music, another speaker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from greenroom.review.preflight.facts import CueFacts, Heard, Said
from greenroom.review.preflight.table import rules

__all__ = ["IN_DOUBT", "OF_DIALOGUE", "in_doubt"]

IN_DOUBT = ("GR201", "GR202")
"""Rules that ask for listeners' opinions."""


def in_doubt(heard: Heard) -> bool:
    """Whether the cheap measures leave it open if there is too much noise or room."""
    noisy, hall = rules()["GR201"].limits, rules()["GR202"].limits
    return bool(heard.speech) and (heard.snr < noisy["snr"] or heard.reverb < hall["reverb"])


def _reverberant(heard: Heard) -> bool:
    limits = rules()["GR202"].limits
    return heard.voice is not None and heard.voice < limits["voice"] and heard.reverb < limits["reverb"]


def _music(heard: Heard) -> bool:
    limits = rules()["GR206"].limits
    return heard.tones > limits["tones"] and heard.snr < limits["snr"]


def _noisy(heard: Heard) -> bool:
    limits = rules()["GR201"].limits
    return heard.background is not None and heard.background < limits["background"] and heard.snr < limits["snr"]


def background(facts: CueFacts) -> Iterator[Said]:
    """What lies under the voice: music, else the room, else noise; each makes the others' numbers worse."""
    heard = facts.heard
    if heard is None or not heard.speech:
        return
    if _music(heard):
        message = f"music or a steady tone plays under the dialogue, {heard.snr:.0f} dB below it"
        yield Said("dialogue-music", message, rules()["GR206"].remedy)
    elif _reverberant(heard):
        message = f"the dialogue has a lot of room in it (voice {heard.voice:.1f} of 5, ratio {heard.reverb:.1f})"
        yield Said("dialogue-reverberant", message, rules()["GR202"].remedy)
    elif _noisy(heard):
        message = f"the dialogue is noisy: the noise is {heard.snr:.0f} dB below the voice"
        yield Said("dialogue-noisy", message, rules()["GR201"].remedy)


def level(facts: CueFacts) -> Iterator[Said]:
    """Clipped, or too quiet."""
    heard = facts.heard
    if heard is None or not heard.speech:
        return
    clipped, quiet = rules()["GR203"], rules()["GR204"]
    if heard.flat_tops > clipped.limits["flat_tops"]:
        message = f"the dialogue is clipped: its wave is cut flat in {heard.flat_tops} places"
        yield Said("dialogue-clipped", message, clipped.remedy)
    if heard.level < quiet.limits["level"]:
        message = f"the dialogue is quiet: speech lies at {heard.level:.0f} dBFS"
        yield Said("dialogue-quiet", message, quiet.remedy)


def other_sound(facts: CueFacts) -> Iterator[Said]:
    """Another clip that sounds over the speech."""
    rule = rules()["GR205"]
    if facts.heard is not None and facts.heard.over > rule.limits["seconds"]:
        message = f"two clips sound at once under the slot, for {facts.heard.over:.1f} s: lips would follow both"
        yield Said("dialogue-overlap", message, rule.remedy)


def line(facts: CueFacts) -> Iterator[Said]:
    """The line isn't what is said, or a word is cut at an end of the slot."""
    heard = facts.heard
    if heard is None:
        return
    fits, cut = rules()["GR207"], rules()["GR208"]
    if heard.fit is not None and heard.fit < fits.limits["fit"]:
        message = f"the line isn't what is said under the slot: {heard.fit:.0%} of the sound fits it"
        yield Said("line-mismatch", message, fits.remedy)
    for end in heard.cut:
        yield Said("speech-cut", f"somebody is speaking where the slot {end}: a word is cut", cut.remedy)


OF_DIALOGUE: tuple[Callable[[CueFacts], Iterator[Said]], ...] = (background, level, other_sound, line)

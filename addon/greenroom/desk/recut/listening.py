# SPDX-License-Identifier: Apache-2.0
"""Reads the dialogue that a take was made with and what lies under its clip now, and remembers the verdict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from greenroom.cues.model import Cue
from greenroom.desk.planning.memory import Memory
from greenroom.desk.planning.prepare import moved_clips
from greenroom.desk.recut.hearing import Heard, Verdict, compare_dialogue
from greenroom.desk.recut.pieces import KnownCue, Spot
from greenroom.errors import GreenroomError
from greenroom.frames import FrameRange
from greenroom.media.types import SoundClip
from greenroom.takes.states import Take
from greenroom.takes.store import Store

__all__ = ["NO_FILES", "listen"]

NO_FILES = "an EDL names no sound files"


def listen(known: KnownCue, spot: Spot, at: int, old_at: int | None, store: Store, memory: Memory) -> Heard | None:
    """Whether the take of `known` still fits what is said under `spot`; None where it was made without dialogue.

    `at` is the take's frame under the slot's first, `old_at` the same in the old cut.
    """
    take, cue, digest = known.take, spot.cue, _digest(known)
    if take is None or cue is None or not digest:
        return None
    clips = _under(cue, at - spot.slot.start)
    if not clips and spot.names_no_files:
        return Heard(Verdict.UNKNOWN, why=NO_FILES)
    try:
        if _lies_as_before(known, old_at, clips, at, spot.slot.duration, memory):
            return Heard(Verdict.SAME)
        key = _key(digest, clips, take, at, spot.slot, memory)
        return _heard_of(memory.text(key, lambda: _compare(known, clips, at, spot.slot, store)))
    except (GreenroomError, OSError) as error:
        return Heard(Verdict.UNKNOWN, why=str(error))


def _digest(known: KnownCue) -> str:
    dialogue = known.request.get("dialogue")
    return str(dialogue.get("sha256", "")) if isinstance(dialogue, dict) else ""


def _under(cue: Cue, frames: int) -> tuple[SoundClip, ...]:
    """The clips that sound under the cue's slot, counted from the take's first frame."""
    return tuple(moved_clips((clip for clip in cue.dialogue if clip.record.overlap(cue.slot)), frames))


def _lies_as_before(
    known: KnownCue, old_at: int | None, clips: Iterable[SoundClip], at: int, frames: int, memory: Memory
) -> bool:
    """Whether the same pieces of the same files lie under the take as in the old cut: then nothing has to be heard."""
    old = known.old
    if old is None or old.cue is None or old_at is None or known.take is None:
        return False
    there = FrameRange(at, frames, old.rate)
    then = {_piece(clip, there) for clip in moved_clips(old.cue.dialogue, old_at - old.slot.start)} - {None}
    if then != {_piece(clip, there) for clip in clips} - {None}:
        return False
    # a file that was written over since the take was made has to be heard
    return all(_older(clip, known.take) for clip in clips)


def _piece(clip: SoundClip, there: FrameRange) -> tuple[Any, ...] | None:
    """What a clip sounds in a range of a take's frames, wherever the clip itself begins and ends."""
    if clip.record.rate != there.rate:
        return ("other rate", clip)
    shared = clip.record.overlap(there)
    if shared is None:
        return None
    begins = clip.source_start - Fraction(clip.record.start) / clip.record.rate * clip.speed
    fades = (clip.fade_in, clip.fade_out, clip.record.start, clip.record.end) if clip.fade_in or clip.fade_out else ()
    return (
        *(str(clip.path), begins, clip.gain, clip.speed, clip.stream, clip.channel, clip.counted_at),
        *(shared.start, shared.end, fades),
    )


def _older(clip: SoundClip, take: Take) -> bool:
    from datetime import datetime

    try:
        made = datetime.fromisoformat(take.created)
        return clip.path.stat().st_mtime <= made.timestamp()
    except (OSError, ValueError):
        return False


def _key(digest: str, clips: Iterable[SoundClip], take: Take, at: int, slot: FrameRange, memory: Memory) -> str:
    parts = [
        (
            *(memory.identity(clip.path), clip.record.start, clip.record.duration, str(clip.source_start), clip.gain),
            *(clip.fade_in, clip.fade_out, str(clip.speed), clip.stream, clip.channel, str(clip.counted_at)),
        )
        for clip in clips
    ]
    text = repr((digest, take.frames, at, slot.duration, str(slot.rate), parts))
    return f"recut-dialogue/1:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _compare(known: KnownCue, clips: tuple[SoundClip, ...], at: int, slot: FrameRange, store: Store) -> str:
    import soundfile

    from greenroom.media.sound import mix

    path = store.object_path(_digest(known))
    try:
        old, rate = soundfile.read(path, dtype="float32")
    except soundfile.LibsndfileError:
        why = "the dialogue that the take was made with is not in the store any more"
        return json.dumps({"verdict": "unknown", "why": why})
    new = mix(clips, FrameRange(at, slot.duration, slot.rate), sample_rate=int(rate))
    heard = compare_dialogue(old, new, at=at, frames=slot.duration, rate=slot.rate, sample_rate=int(rate))
    return json.dumps({"verdict": str(heard.verdict), "slip": heard.slip, "frames": heard.frames})


def _heard_of(text: str) -> Heard:
    kept = json.loads(text)
    frames = tuple((int(first), int(end)) for first, end in kept.get("frames", ()))
    return Heard(Verdict(kept["verdict"]), int(kept.get("slip", 0)), frames, str(kept.get("why", "")))

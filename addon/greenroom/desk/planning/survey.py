# SPDX-License-Identifier: Apache-2.0
"""Finds out all that a plan needs to know: the only part of planning that opens files.

Whatever was found out about an unchanged file is remembered in the ledger. What can't be read is a fact too: the plan
says what follows from it, and goes on with the other cues.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path

from greenroom.cast.load import Cast, find_actor
from greenroom.cast.model import Actor
from greenroom.cues.model import Cue, CueSheet, Event, MediaUse
from greenroom.desk.planning.facts import (
    PICTURE_MODES,
    DialogueFacts,
    MediaFacts,
    Survey,
    media_key,
    shows_position,
    wants_sound,
)
from greenroom.desk.planning.footage import Footage, FootageFinder
from greenroom.desk.planning.memory import Memory, media_info_of, media_info_text
from greenroom.desk.planning.prepare import moved_clips
from greenroom.desk.project.project import Project
from greenroom.desk.rights.asking import read_rights
from greenroom.engines.contract import Engine
from greenroom.errors import CastError, GreenroomError, MediaError, Problem, Severity
from greenroom.frames import FrameRange
from greenroom.media.identity import file_sha256
from greenroom.media.probe import probe_source
from greenroom.media.types import ImageSequence, MediaInfo, SoundClip
from greenroom.takes.ledger import Ledger
from greenroom.takes.states import Running, Submitted, Take, Unknown

__all__ = ["SAMPLE_RATE", "sound_key", "survey"]

SAMPLE_RATE = 48000
_OTHER_MEDIA = 12  # files beside the cues' own that are asked for their size: enough to tell what a cut is made of
_LOOKED_THROUGH = 500  # events of a track that are looked through for them: a long cut stays cheap


def survey(sheet: CueSheet, project: Project, cast: Cast, engines: Mapping[str, Engine], ledger: Ledger) -> Survey:
    """All facts about `sheet`. Nothing is raised for what an editor can get wrong; it is in the facts."""
    with Memory(ledger) as memory:
        media = _media(sheet, project, memory)
        actors = _actors(sheet.cues, cast)
        portraits = tuple(actor.portrait for actor in actors.values() if isinstance(actor, Actor))
        rights = read_rights(project, sheet.layout.name, portraits)
        return Survey(
            actors=actors,
            media=media,
            dialogue=_dialogue(sheet.cues, _listening(engines), memory),
            engines=dict(engines),
            takes=_takes(ledger),
            size=_common_size(sheet, media, memory),
            jobs=tuple(ledger.jobs(states=[Submitted, Running, Unknown])),
            rights=rights,
            problems=(*project.problems, *cast.problems),
        )


def _actors(cues: Iterable[Cue], cast: Cast) -> dict[str, Actor | Problem]:
    found: dict[str, Actor | Problem] = {}
    for written in {cue.actor for cue in cues if cue.actor}:
        try:
            found[written] = find_actor(cast, written)
        except CastError as error:
            found[written] = error.problem("unknown-actor")
    return found


def _takes(ledger: Ledger) -> dict[tuple[str, int], tuple[Take, ...]]:
    found: dict[tuple[str, int], tuple[Take, ...]] = {}
    for take in ledger.takes():
        key = (take.fingerprint, take.variant)
        found[key] = (*found.get(key, ()), take)
    return found


# Media


@dataclass
class _Wanted:
    """A file or sequence that cues need to know. `shown` are the pictures of a sequence that they may show."""

    source: Path | ImageSequence
    hashed: bool = False
    shown: set[int] = field(default_factory=set)


def _media(sheet: CueSheet, project: Project, memory: Memory) -> dict[str, MediaFacts]:
    wanted: dict[str, _Wanted] = {}
    finder = FootageFinder(sheet)
    for cue in sheet.cues:
        around = project.handles if cue.handles is None else cue.handles
        hashed = cue.mode in PICTURE_MODES or shows_position(cue)
        _want(wanted, Footage(cue.event), around, hashed=hashed)
        for footage in finder.all_of(cue):
            _want(wanted, footage, around, hashed=True)
    return {key: _facts(each, memory) for key, each in wanted.items()}


def _want(wanted: dict[str, _Wanted], footage: Footage, around: int, *, hashed: bool) -> None:
    use = footage.media
    source = _as_spelt(footage.path) if footage.path is not None else _source_of(use)
    if source is None:
        return
    each = wanted.setdefault(footage.key, _Wanted(source))
    each.hashed |= hashed
    if hashed and use is not None and use.sequence is not None and footage.event is not None:
        each.shown.update(_shown_pictures(footage.event, use, use.sequence, around))


def _source_of(use: MediaUse | None) -> Path | ImageSequence | None:
    return None if use is None else use.sequence or use.path


def _as_spelt(path: Path) -> Path:
    """The file as the disk spells it, where only the case differs: EDLs shout."""
    if os.path.lexists(path) or path.parent == path:
        return path
    folder = _as_spelt(path.parent)
    try:
        names = [each.name for each in folder.iterdir() if each.name.casefold() == path.name.casefold()]
    except OSError:
        names = []
    return folder / (names[0] if len(names) == 1 else path.name)


def _facts(wanted: _Wanted, memory: Memory) -> MediaFacts:
    source = wanted.source
    try:
        info = _probed(source, memory)
        if not wanted.hashed:
            return MediaFacts(info)
        if isinstance(source, ImageSequence):
            pictures = {index: _file_hash(source.path(index), memory) for index in sorted(wanted.shown)}
            return MediaFacts(info, pictures=pictures)
        return MediaFacts(info, _file_hash(info.path, memory))
    except MediaError as error:
        return MediaFacts(problem=error.problem("media-missing"))
    except GreenroomError as error:
        return MediaFacts(problem=error.problem())


def _probed(source: Path | ImageSequence, memory: Memory) -> MediaInfo:
    path = source.path(0) if isinstance(source, ImageSequence) else source
    extent = f"{source.first}:{source.count}:{source.step}:{source.rate}" if isinstance(source, ImageSequence) else ""
    if isinstance(source, ImageSequence):
        memory.identity(source.path(source.count - 1))  # a sequence that lost its end is not the one that was probed
    key = f"probe/2:{extent}:{memory.identity(path)}"
    return media_info_of(memory.text(key, lambda: media_info_text(probe_source(source))), path)


def _shown_pictures(event: Event, use: MediaUse, sequence: ImageSequence, around: int) -> range:
    """Of a sequence, at least what the clip shows with its transitions and `around` frames of handles."""
    around = round((around + event.visible.duration - event.record.duration) * max(Fraction(1), abs(use.speed)))
    first = use.source.start - use.available_start - around
    span = max(use.source.duration, round(use.source.duration * abs(use.speed))) + 2 * around
    return range(max(0, first), min(sequence.count, first + span))


def _file_hash(path: Path, memory: Memory) -> str:
    return memory.text(f"sha256/1:{memory.identity(path)}", lambda: file_sha256(path))


def _common_size(sheet: CueSheet, media: Mapping[str, MediaFacts], memory: Memory) -> tuple[int, int] | None:
    """The size that most of the cut's media have; the larger one where two are as common.

    A cut that says its size, or a cue's own media, saves the look at the rest.
    """
    if sheet.layout.width and sheet.layout.height:
        return None
    infos = [facts.info for facts in media.values()]
    infos += [facts.info for facts in _other_media(sheet, media, memory)]
    sizes = Counter((info.width, info.height) for info in infos if info and info.width and info.height)
    if not sizes:
        return None
    (width, height), _ = max(sizes.items(), key=lambda item: (item[1], item[0]))
    return (width or 0, height or 0)


def _other_media(sheet: CueSheet, known: Mapping[str, MediaFacts], memory: Memory) -> Iterator[MediaFacts]:
    seen = set(known)
    for event in _picture_events(sheet):
        use = event.media
        source = _source_of(use)
        if use is None or source is None or media_key(use) in seen:
            continue
        seen.add(media_key(use))
        yield _facts(_Wanted(source), memory)
        if len(seen) - len(known) >= _OTHER_MEDIA:
            return


def _picture_events(sheet: CueSheet) -> Iterator[Event]:
    for track in sheet.layout.tracks:
        if track.kind == "video":
            yield from islice(track.events, _LOOKED_THROUGH)


# Dialogue


def _listening(engines: Mapping[str, Engine]) -> tuple[set[str], set[str]]:
    """The modes in which some engine wants to hear the dialogue: always, or where a note asks for it."""
    able = [engine.capabilities() for engine in engines.values()]
    needing = {mode for engine in able for mode in engine.needs_dialogue}
    return needing, {mode for engine in able for mode in engine.hears}


def _dialogue(cues: Iterable[Cue], modes: tuple[set[str], set[str]], memory: Memory) -> dict[str, DialogueFacts]:
    needing, hearing = modes

    def listens(cue: Cue) -> bool:
        return str(cue.mode) in needing or (str(cue.mode) in hearing and wants_sound(cue))

    return {cue.id: _heard(cue, memory) for cue in cues if listens(cue) and cue.slot.duration and cue.dialogue}


def _heard(cue: Cue, memory: Memory) -> DialogueFacts:
    try:
        # Counted from the slot, so that a cue which only moved on the cut sounds the same to the sample.
        clips = [
            clip for clip in moved_clips(cue.dialogue, -cue.slot.start) if clip.record.overlap(cue.slot.moved_to(0))
        ]
        if not clips:
            return DialogueFacts()
        key = f"dialogue/2:{sound_key(cue.slot, clips, memory)}"
        kept = json.loads(memory.text(key, lambda: _listen(cue, clips)))
        return DialogueFacts(kept["digest"], kept["peak"])
    except GreenroomError as error:
        problem = error.problem("dialogue-unreadable", Severity.ERROR)
        return DialogueFacts(problem=problem)


def _listen(cue: Cue, clips: list[SoundClip]) -> str:
    import numpy as np

    from greenroom.media.sound import mix, sound_digest

    samples = mix(clips, cue.slot.moved_to(0), sample_rate=SAMPLE_RATE)
    peak = float(np.abs(samples).max()) if samples.size else 0.0
    return json.dumps({"digest": sound_digest(samples), "peak": peak})


def sound_key(slot: FrameRange, clips: Iterable[SoundClip], memory: Memory) -> str:
    """Stands for what sounds under `slot`; `clips` count from its first frame."""
    parts = [
        (
            *(memory.identity(clip.path), clip.record.start, clip.record.duration, str(clip.source_start), clip.gain),
            *(clip.fade_in, clip.fade_out, str(clip.speed), clip.stream, clip.channel, str(clip.counted_at)),
        )
        for clip in clips
    ]
    rate = Fraction(slot.rate)
    text = repr((slot.duration, str(rate), SAMPLE_RATE, parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

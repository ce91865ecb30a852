# SPDX-License-Identifier: Apache-2.0
"""What is looked at: the clips of a cut, and the cues that a project has takes of, with what they are known by."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from greenroom.cues.grammar import parse_note
from greenroom.cues.model import Cue, CueSheet, Event, EventKind
from greenroom.cues.placed import shown_now
from greenroom.desk.recut.model import Span, Traits
from greenroom.errors import FrameError
from greenroom.frames import FrameRange, exact_rate, nominal
from greenroom.takes.states import CircledTake, Take

__all__ = ["KnownCue", "Spot", "known_traits", "spot_traits", "spots_of", "stem", "unmarked_spots"]

_MEDIA_SUFFIX = re.compile(
    r"\.(mov|mp4|m4v|mxf|avi|mkv|webm|wav|aiff?|mp3|m4a|braw|r3d|ari|exr|dpx|tiff?|png|jpe?g)$", re.IGNORECASE
)
_TAKES = "greenroom."
_ID = re.compile(r"GR#([0-9a-z]{4,8}):", re.IGNORECASE)


@dataclass(frozen=True)
class Spot:
    """A clip of a cut. `start` is where its slot begins in the count that the clip has now (frames at the cut's rate),
    None where it counts otherwise; `source` is what it shows of the editor's own media. `shows` is the file name of
    the take that is active, "" for none. `written` is the id in its note. `names_no_files`: the cut is an EDL.
    """

    event: Event
    cue: Cue | None
    written: str
    start: int | None
    source: Span
    speed: Fraction
    shows: str = ""
    rate: Fraction = Fraction(24)
    names_no_files: bool = False

    @property
    def slot(self) -> FrameRange:
        return self.event.visible


@dataclass(frozen=True)
class KnownCue:
    """A cue of the project: its takes, the one that is used, its take.json, and its clip in the old cut."""

    id: str
    takes: tuple[Take, ...] = ()
    circled: CircledTake | None = None
    take: Take | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    old: Spot | None = None

    @property
    def request(self) -> Mapping[str, Any]:
        found = self.record.get("request")
        return found if isinstance(found, Mapping) else {}

    @property
    def line(self) -> str:
        return self.old.cue.line if self.old and self.old.cue else str(self.request.get("line", ""))

    @property
    def actor(self) -> str:
        return self.old.cue.actor if self.old and self.old.cue else self.take.actor if self.take else ""

    @property
    def mode(self) -> str:
        return str(self.old.cue.mode) if self.old and self.old.cue else self.take.mode if self.take else ""


def spots_of(sheet: CueSheet) -> list[Spot]:
    """The clips of a cut that are cues."""
    return [_spot(cue.event, cue, sheet) for cue in sheet.cues]


def unmarked_spots(sheet: CueSheet, names: Container[str]) -> list[Spot]:
    """Clips without a note that may be a cue all the same: their file or name is among `names`."""
    cues = {cue.event.address for cue in sheet.cues}
    suggested = {cue.event.address for cue in sheet.suggestions}
    return [_spot(event, None, sheet) for event in _unmarked(sheet, cues, suggested, names)]


def _unmarked(
    sheet: CueSheet, cues: Container[Any], suggested: Container[Any], names: Container[str]
) -> Iterator[Event]:
    for track in sheet.layout.tracks:
        if track.kind != "video":
            continue
        for event in track.events:
            if event.address in cues or event.unsupported or not event.visible.duration:
                continue
            known = stem(event.name) in names or stem(event.url) in names
            if event.address in suggested or (known and event.kind is not EventKind.GAP):
                yield event


def _spot(event: Event, cue: Cue | None, sheet: CueSheet) -> Spot:
    layout = sheet.layout
    shown, own, url = shown_now(event)
    shows, start = "", None
    begins, counted = _begins(shown)
    if event.active_key.startswith(_TAKES):
        shows = stem(url)
    before = event.record.start - event.visible.start
    if begins is not None and counted == layout.rate and begins.denominator == 1:
        start = begins.numerator - before
    edl = layout.path is not None and layout.path.suffix.casefold() == ".edl"
    return Spot(
        event,
        cue,
        _written_id(cue),
        start,
        _source(event, *_begins(own), edl=edl),
        event.media.speed if event.media is not None else Fraction(1),
        shows,
        layout.rate,
        edl,
    )


def _begins(shown: tuple[float, float, float, float] | None) -> tuple[Fraction | None, Fraction | None]:
    """The first frame of a clip's range, and the rate that it counts at."""
    if shown is None or not math.isfinite(shown[0]):
        return None, None
    value, rate = shown[0], _rate(shown[1])
    return Fraction(int(value)) if value == int(value) else Fraction(value).limit_denominator(1000), rate


@lru_cache(maxsize=64)
def _rate(value: float) -> Fraction | None:
    """A cut has few rates, and finding out which one a float means takes as long as all else of a clip."""
    try:
        return exact_rate(value)
    except FrameError:
        return None


def _source(event: Event, begins: Fraction | None, counted: Fraction | None, *, edl: bool) -> Span:
    media = event.media
    files = {stem(event.url)} if event.url else set()
    if media is not None:
        if edl or not files:
            files.add(stem(event.name))
        start = Fraction(media.source.start, nominal(media.source.rate))
        length = media.source.duration * (abs(media.speed) if media.speed else Fraction(1))
        return Span(frozenset(files - {""}), start, start + length / nominal(media.source.rate))
    if edl:
        files.add(stem(event.name))
    if begins is None or counted is None:
        return Span(frozenset(files - {""}))
    start = begins / nominal(counted)
    return Span(frozenset(files - {""}), start, start + Fraction(event.record.duration, nominal(event.record.rate)))


def _written_id(cue: Cue | None) -> str:
    if cue is None or cue.note is None:
        return ""
    at_once = _ID.match(cue.note.text)  # to parse all of a note takes as long as all else of a clip
    if at_once is not None:
        return at_once[1].casefold()
    parsed = parse_note(cue.note.text)
    return parsed.id if parsed is not None and parsed.id else ""


@lru_cache(maxsize=1 << 14)
def stem(name: str) -> str:
    """A file's or clip's name as both sides may know it: casefolded, without folders and without a media suffix.

    >>> stem("file:///takes/Mara%207f3a.MOV"), stem("A001C003_v2.1")
    ('mara 7f3a', 'a001c003_v2.1')
    """
    last = re.split(r"[/\\]", unquote(name) if "%" in name else name)[-1]
    return _MEDIA_SUFFIX.sub("", last).strip().casefold()


def spot_traits(spot: Spot, key: Any, *, sounds: bool) -> Traits:
    """What a clip of a new cut is known by."""
    cue = spot.cue
    source = spot.source
    files = source.files | ({spot.shows} if spot.shows else frozenset())
    return Traits(
        key=key,
        id=spot.written,
        picture=Span(files, source.start, source.end),
        clip=stem(spot.event.name),
        actor=cue.actor.casefold() if cue else "",
        line=" ".join(cue.line.casefold().split()) if cue else "",
        sounds=tuple(_sounds(cue)) if sounds and cue else (),
        noted=cue is not None,
    )


def known_traits(known: KnownCue, *, sounds: bool) -> Traits:
    """What a cue of the project is known by: its clip in the old cut, else what its take.json says."""
    takes = frozenset(stem(take.media.name) for take in known.takes)
    if known.old is not None:
        seen = spot_traits(known.old, known.id, sounds=sounds)
        return Traits(
            known.id, known.id, seen.picture, takes, seen.clip, seen.actor, seen.line, seen.sounds, seen.noted
        )
    line = " ".join(known.line.casefold().split())
    return Traits(known.id, known.id, _picture_of_take(known), takes, "", known.actor.casefold(), line)


def _picture_of_take(known: KnownCue) -> Span:
    """The stand-in under the slot, where the take counts as it does: else its slot starts at one hour."""
    stand_in, take = known.request.get("stand_in"), known.take
    if not isinstance(stand_in, Mapping) or take is None:
        return Span()
    rate = nominal(Fraction(take.rate))
    start = take.start_frame + take.head
    files = frozenset({stem(str(stand_in.get("path", "")))})
    if start == 3600 * rate:
        return Span(files)
    slot = take.frames - take.head - take.tail
    return Span(files, Fraction(start, rate), Fraction(start + slot, rate))


def _sounds(cue: Cue) -> Iterable[Span]:
    for clip in cue.dialogue:
        shared = clip.record.overlap(cue.slot)
        if shared is not None:
            late = Fraction(shared.start - clip.record.start) / shared.rate
            start = clip.source_start + late * clip.speed
            yield Span(frozenset({stem(clip.path.name)}), start, start + shared.seconds() * abs(clip.speed))

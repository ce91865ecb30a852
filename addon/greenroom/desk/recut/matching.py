# SPDX-License-Identifier: Apache-2.0
"""Which clip of a new cut is which cue of the project. Pure.

Evidence counts in the order of `Reason`: a stage looks only at what the stages before left over. Of several candidates
the one for which more speaks is taken; where as much speaks for two, none is, and both are told. Where a clip stands
is no evidence: in a recut everything moves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

from greenroom.desk.recut.model import Ambiguous, Match, Matching, Part, Reason, Traits

__all__ = ["match_cues"]

_Strength: TypeAlias = tuple[Fraction | bool, ...]

_ENOUGH = Fraction(1, 2)
"""Of the shorter one, as much has to be shown by both: a slip beyond that may as well be another piece of the file."""

_CONFIDENCE = {
    Reason.ID: 1.0,
    Reason.TAKE: 0.95,
    Reason.MEDIA: 0.85,
    Reason.NAME: 0.7,
    Reason.LINE: 0.6,
    Reason.AUDIO: 0.5,
}
"""What one piece of evidence is worth by itself. Not measured: an order, so that a list can be read from its end."""

_MORE = 0.05  # for each further piece of evidence that agrees
_DOUBT = 0.2  # off, where the id agrees and the picture is another one
_SEVERAL = (Reason.ID, Reason.TAKE, Reason.MEDIA)  # evidence by which two clips may be one cue: split, or duplicated


def match_cues(known: Sequence[Traits], new: Sequence[Traits]) -> Matching:
    """Every clip of `new` belongs to one cue of `known` at most; a cue may have several clips (split, duplicated)."""
    matcher = _Matcher(known, new)
    for reason in Reason:
        matcher.stage(reason)
    return matcher.result()


class _Matcher:
    def __init__(self, known: Sequence[Traits], new: Sequence[Traits]) -> None:
        self._known, self._new = known, new
        self._ids = {each.id: index for index, each in enumerate(known) if each.id}
        self._lookup = {reason: _index(known, reason) for reason in Reason}
        self._clips: dict[int, list[tuple[int, Reason]]] = defaultdict(list)  # by cue: its clips
        self._free = dict.fromkeys(range(len(new)))
        self._ambiguous: dict[int, Ambiguous] = {}

    def stage(self, reason: Reason) -> None:
        """Matches what `reason` alone can tell."""
        wanted: dict[int, list[int]] = defaultdict(list)
        for clip in list(self._free):
            cues = self._best(clip, [cue for cue in self._candidates(clip, reason) if self._may(cue, clip, reason)])
            if len(cues) > 1:
                self._tell(clip, cues, reason)
            elif cues:
                wanted[cues[0]].append(clip)
        for cue, clips in wanted.items():
            self._give(cue, clips, reason)

    def _candidates(self, clip: int, reason: Reason) -> Iterable[int]:
        found: dict[int, None] = {}
        for value in _values(self._new[clip], reason):
            found.update(dict.fromkeys(self._lookup[reason].get(value, ())))
        return found

    def _may(self, cue: int, clip: int, reason: Reason) -> bool:
        one, other = self._known[cue], self._new[clip]
        if reason is Reason.ID:
            return True
        foreign = bool(other.id) and other.id != one.id  # an id that is not this cue's: of another project, or derived
        if reason is Reason.TAKE:
            return True
        if reason is Reason.MEDIA:
            if one.picture.overlap(other.picture) < _ENOUGH:
                return False
            return not self._clips[cue] or self._is_rest(cue, clip)
        if foreign or self._clips[cue]:
            return False
        return reason is not Reason.AUDIO or _same_sound(one, other)

    def _is_rest(self, cue: int, clip: int) -> bool:
        """Whether `clip` is another part of a cue that is found already: of what it showed, and not shown twice."""
        picture, whole = self._new[clip].picture, self._known[cue].picture
        parts = [self._new[index].picture for index, _ in self._clips[cue]]
        return picture.lies_in(whole) and not any(part.may_show(picture) for part in parts)

    def _best(self, clip: int, cues: list[int]) -> list[int]:
        """Those of `cues` for which most speaks."""
        if len(cues) < 2:
            return cues
        strengths = {cue: _strength(self._known[cue], self._new[clip]) for cue in cues}
        most = max(strengths.values())
        return [cue for cue in cues if strengths[cue] == most]

    def _give(self, cue: int, clips: list[int], reason: Reason) -> None:
        if len(clips) > 1 and not (reason in _SEVERAL[:2] or self._are_parts(clips)):
            strengths = {clip: _strength(self._known[cue], self._new[clip]) for clip in clips}
            most = max(strengths.values())
            best = [clip for clip in clips if strengths[clip] == most]
            if len(best) > 1:
                for clip in best:
                    self._tell(clip, [cue], reason)
                return
            clips = best
        for clip in clips:
            self._clips[cue].append((clip, reason))
            self._free.pop(clip)
            self._ambiguous.pop(clip, None)

    def _are_parts(self, clips: list[int]) -> bool:
        spans = [self._new[clip].picture for clip in clips]
        return not any(one.may_show(other) for index, one in enumerate(spans) for other in spans[:index])

    def _tell(self, clip: int, cues: list[int], reason: Reason) -> None:
        """A later stage may still decide it."""
        known = tuple(self._known[cue].key for cue in cues)
        self._ambiguous.setdefault(clip, Ambiguous(self._new[clip].key, known, reason))

    def result(self) -> Matching:
        matches: list[Match] = []
        for cue, clips in sorted(self._clips.items()):
            matches += self._matches_of(cue, clips)
        doubtful = {key for each in self._ambiguous.values() for key in each.known}
        found = {cue for cue, clips in self._clips.items() if clips}
        gone = tuple(
            each.key for index, each in enumerate(self._known) if index not in found and each.key not in doubtful
        )
        new = tuple(self._new[clip].key for clip in self._free if clip not in self._ambiguous)
        still = tuple(each for clip, each in sorted(self._ambiguous.items()) if clip in self._free)
        return Matching(tuple(matches), still, gone, new)

    def _matches_of(self, cue: int, clips: list[tuple[int, Reason]]) -> Iterator[Match]:
        clips = sorted(clips)
        pictures = [self._new[clip].picture for clip, _ in clips]
        for number, (clip, reason) in enumerate(clips):
            match = self._match(cue, clip, reason)
            twice = any(each.may_show(pictures[number]) for each in pictures[:number])
            part = Part.WHOLE if not number else Part.COPY if twice else Part.SPLIT
            yield replace(match, part=part)

    def _match(self, cue: int, clip: int, reason: Reason) -> Match:
        one, other = self._known[cue], self._new[clip]
        agrees = tuple(_agreeing(one, other))
        more = sum(each is not reason for each in agrees)
        confidence = min(_CONFIDENCE[reason] + _MORE * more, 1.0 if reason is Reason.ID else 0.99)
        if reason is Reason.ID and _contradict(one, other):
            confidence -= _DOUBT
        return Match(one.key, other.key, reason, round(confidence, 2), agrees)


def _index(known: Sequence[Traits], reason: Reason) -> Mapping[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for index, each in enumerate(known):
        for value in each.takes if reason is Reason.TAKE else _values(each, reason):
            found[value].append(index)
    return found


def _values(each: Traits, reason: Reason) -> Iterable[Hashable]:
    """What both have to have alike, for `reason` to be looked at."""
    if reason is Reason.ID:
        return (each.id,) if each.id else ()
    if reason in (Reason.TAKE, Reason.MEDIA):
        return each.picture.files
    if reason is Reason.NAME:
        return (each.clip,) if each.clip else ()
    if reason is Reason.LINE:
        return ((each.actor, each.line),) if each.line else ()
    return [name for sound in each.sounds for name in sound.files]


def _agreeing(one: Traits, other: Traits) -> Iterator[Reason]:
    if other.id and one.id == other.id:
        yield Reason.ID
    if one.takes & other.picture.files:
        yield Reason.TAKE
    if one.picture.overlap(other.picture) >= _ENOUGH:
        yield Reason.MEDIA
    if one.clip and one.clip == other.clip:
        yield Reason.NAME
    if one.line and (one.actor, one.line) == (other.actor, other.line):
        yield Reason.LINE
    if _same_sound(one, other):
        yield Reason.AUDIO


def _strength(one: Traits, other: Traits) -> _Strength:
    """For comparing: the stronger evidence first, and how much of the picture both show."""
    agrees = set(_agreeing(one, other))
    picture = one.picture.overlap(other.picture)
    exact = (one.picture.start, one.picture.end) == (other.picture.start, other.picture.end)
    return (
        Reason.ID in agrees,
        Reason.TAKE in agrees,
        picture,
        bool(picture) and exact,
        Reason.NAME in agrees,
        Reason.LINE in agrees,
        Reason.AUDIO in agrees,
        other.noted,
    )


def _same_sound(one: Traits, other: Traits) -> bool:
    return any(mine.overlap(yours) >= _ENOUGH for mine in one.sounds for yours in other.sounds)


def _contradict(one: Traits, other: Traits) -> bool:
    """The picture is of another file, and neither name nor line say otherwise."""
    files = one.picture.files, other.picture.files
    differ = bool(files[0] and files[1]) and not files[0] & files[1] and not one.takes & files[1]
    return differ and one.clip != other.clip and one.line != other.line

# SPDX-License-Identifier: Apache-2.0
"""An event that works out its media, speed and sound only when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from greenroom.cues import sound, source
from greenroom.cues.clock import Clock
from greenroom.cues.late import Late, late
from greenroom.cues.model import Event, EventKind, MediaUse, Note
from greenroom.frames import FrameRange
from greenroom.media.types import SoundClip
from greenroom_otio import Values

__all__ = ["PlacedEvent", "Surroundings", "place", "shown_now", "with_notes"]


_NO_FADES = (0, 0)


@dataclass(frozen=True)
class Surroundings:
    """What all events of a (nested) track share. `unsupported` and `enabled` come from a compound around it."""

    track: str
    sounding: bool
    clock: Clock
    folder: Path
    resolve: bool = False
    unsupported: str = ""
    enabled: bool = True


class PlacedEvent(Late, Event):
    """Made by `place` of `_item`, the values of a clip, gap or compound."""

    plain = Event

    _item: Values
    _around: Surroundings
    _cut_off: int = 0  # frames that a trim takes off the head of what the item shows
    _reason: str = ""  # why the event can't take a take, as far as its place says
    _fades: tuple[int, int] = _NO_FADES

    @late
    def enabled(self) -> bool:
        return self._around.enabled and source.is_enabled(self._item)

    @late
    def _reference(self) -> Values | None:
        return source.own_reference(self._item) if source.is_clip(self._item) else None

    @late
    def _simple(self) -> bool:
        return source.is_clip(self._item) and source.is_simple(self._item)

    @late
    def kind(self) -> EventKind:
        if self._simple:
            return EventKind.MEDIA
        if source.is_gap(self._item):
            return EventKind.GAP
        return source.kind_of(self._reference)

    @late
    def active_key(self) -> str:
        return str(self._item["active_media_reference_key"]) if source.is_clip(self._item) else source.OWN_MEDIA

    @late
    def effects(self) -> tuple[str, ...]:
        return tuple(source.effect_name(effect) for effect in self._own_effects)

    @late
    def _speed(self) -> source.Speed:
        return source.speed_of(self._own_effects) if self._own_effects else source.NORMAL

    @late
    def _own_effects(self) -> list[Values]:
        return source.own_effects(self._item, self._previous)

    @late
    def _previous(self) -> Values | None:
        return source.previous_of(self._item)

    @late
    def media(self) -> MediaUse | None:
        if self.kind is not EventKind.MEDIA or self._reference is None:
            return None
        shown = source.own_source_range(self._item, self._reference, self._previous)
        use = source.media_use(self._reference, shown, self._speed.factor, self._around.clock, self._around.folder)
        return source.without_head(use, self._cut_off, self._around.clock.rate) if use and self._cut_off else use

    @late
    def url(self) -> str:
        return source.url_of(self._reference) if self.kind is EventKind.MEDIA and self._reference else ""

    @late
    def unsupported(self) -> str:
        if self._reason or self._around.unsupported:
            return self._reason or self._around.unsupported
        if self._simple or self.kind is not EventKind.MEDIA:
            return ""
        return self._speed.unsupported or source.unreachable(self.media)

    @late
    def sound(self) -> SoundClip | None:
        if not self._around.sounding or self.media is None or self._speed.unsupported:
            return None
        channel = sound.channel_of(self._item) if self._around.resolve else None
        return sound.sound_clip(self, self._own_effects, fades=self._fades, channel=channel)

    @property
    def silent(self) -> bool:
        return not self._simple and super().silent


def place(
    item: Values,
    around: Surroundings,
    address: tuple[int, ...],
    record: FrameRange,
    visible: FrameRange,
    notes: tuple[Note, ...],
    *,
    cut_off: int = 0,
    reason: str = "",
    fades: tuple[int, int] = _NO_FADES,
) -> PlacedEvent:
    """An event of `item`."""
    event = PlacedEvent.__new__(PlacedEvent)
    values = event.__dict__
    values["address"] = address
    values["track"] = around.track
    values["name"] = item.get("name") or ""
    values["record"] = record
    values["visible"] = visible
    values["notes"] = notes
    values["_item"] = item
    values["_around"] = around
    if cut_off or reason or fades != _NO_FADES:
        values.update(_cut_off=cut_off, _reason=reason, _fades=fades)
    return event


def with_notes(event: PlacedEvent, notes: Iterable[Note]) -> PlacedEvent:
    """The same event with more notes."""
    copy = PlacedEvent.__new__(PlacedEvent)
    copy.__dict__.update(event.__dict__, notes=(*event.notes, *notes))
    return copy


def shown_now(event: Event) -> tuple[source.Times | None, source.Times | None, str]:
    """The range that a clip has in the cut as it is, takes and all; the one that it had before a take moved it; and the
    url of the media that is active.
    """
    item = getattr(event, "_item", None)
    if item is None:
        return None, None, ""
    references = item.get("media_references") or {}
    active = references.get(item.get("active_media_reference_key"))
    now, previous = item.get("source_range"), source.previous_of(item) if references else None
    own = source.own_source_range(item, source.own_reference(item) or {}, previous) if previous else now
    return now, own, source.url_of(active) if active else ""

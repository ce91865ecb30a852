# SPDX-License-Identifier: Apache-2.0
"""One pass over a track: positions by summing, whatever its clips are like.

OTIO's own per-clip questions (range_in_parent, transformed_time_range, index) are quadratic, and one clip without a
range makes them fail for all that follow it. Here a bad clip counts as no frames and is reported, and the rest of
its track is read. Transitions take no room; they widen what their neighbours show. Compounds are opened: their clips
are events of the track, cut to what the compound shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from greenroom.cues.clock import Clock, Position, nearest_frame
from greenroom.cues.header import Header
from greenroom.cues.model import BAD_RANGE, Note, Origin
from greenroom.cues.notes import comment_notes, marker_notes
from greenroom.cues.placed import PlacedEvent, Surroundings, place
from greenroom.cues.source import Times, is_clip, is_enabled, is_gap, speed_of
from greenroom.errors import Problem, Severity
from greenroom.frames import FrameRange, timecode
from greenroom_otio import Values, schema_of

__all__ = ["Run", "Walker"]

_DEEPEST = 50
"""Compounds inside compounds. No editor goes beyond a handful, and a hostile file must not exhaust the stack."""

_COMPOSITIONS = frozenset(("Track", "Stack", "Composition"))


@dataclass(slots=True)
class Run:
    """Something to lay: where it starts, and the record frames that are seen of it. Walks move one along."""

    around: Surroundings
    address: tuple[int, ...]
    start: Position
    window: tuple[int, int] | None = None


@dataclass
class _Trim:
    """What a window leaves of an item."""

    record: FrameRange
    cut_off: int
    reason: str


class Walker:
    """Walks the tracks of one cut and collects what is wrong with them."""

    def __init__(self, header: Header, clock: Clock) -> None:
        self.clock = clock
        self.problems: list[Problem] = []
        self._header = header
        self._rate = header.rate
        self._comments = header.format in {"", "edl"}
        self._off_grid: dict[str, int] = {}

    def lay(self, item: Values, run: Run, events: list[PlacedEvent]) -> Position:
        """Adds the events of whatever stands in a stack; returns where it ends."""
        kind = schema_of(item)
        if kind == "Track":
            return self.walk(item, run, events)
        if kind in _COMPOSITIONS:
            return self._compound(item, run, events)
        return self._item(item, run, None, None, events)

    def walk(self, track: Values, run: Run, events: list[PlacedEvent]) -> Position:
        """Adds the events of a track-like composition to `events`; returns where it ends."""
        window, position = run.window, run.start
        if track.get("source_range") is not None and len(run.address) == 1:
            position, window = self._trimmed_track(track["source_range"], run)
        children = track.get("children") or []
        kinds = [schema_of(child) for child in children]
        last = len(children) - 1
        here = Run(run.around, run.address, position, window)
        before = None
        for index, child in enumerate(children):
            kind = kinds[index]
            if kind == "Transition":
                before = child
                continue
            after = children[index + 1] if index < last and kinds[index + 1] == "Transition" else None
            here.address = (*run.address, index)
            if kind in _COMPOSITIONS:
                here.start = self._compound(child, here, events)
            else:
                here.start = self._item(child, here, before, after, events)
            before = None
        return here.start

    def _item(
        self, item: Values, run: Run, before: Values | None, after: Values | None, events: list[PlacedEvent]
    ) -> Position:
        start = run.start
        duration = self._duration(item, run)
        end = start + duration if duration is not None else start
        if type(start) is int and type(end) is int:
            record = FrameRange(start, end - start, self._rate)
        else:
            record = self._off_grid_record(start, end, run.around.track)
        reason, cut_off = "" if duration is not None else "it has no range", 0
        notes = self._notes(item, record.start) if item.get("markers") or self._comments else ()
        if run.window is not None:
            trim = _window_trim(record, run.window)
            if trim is not None and trim.record.duration == 0 and record.duration:
                return end
            if trim is not None:
                record, cut_off, reason = trim.record, trim.cut_off, reason or trim.reason
        visible, fades = record, (0, 0)
        if before is not None or after is not None:
            visible, fades = self._widened(record, before, after)
        events.append(
            place(item, run.around, run.address, record, visible, notes, cut_off=cut_off, reason=reason, fades=fades)
        )
        return end

    def _off_grid_record(self, start: Position, end: Position, track: str) -> FrameRange:
        self._off_grid[track] = self._off_grid.get(track, 0) + 1
        first = nearest_frame(start)
        return FrameRange(first, nearest_frame(end) - first, self._rate)

    def _duration(self, item: Values, run: Run) -> Position | None:
        """The frames that an item takes; None, reported, where nothing says how many."""
        shown = item.get("source_range")
        if shown is None and is_clip(item):
            reference = item["media_references"].get(item["active_media_reference_key"])
            shown = reference.get("available_range") if reference is not None else None
        duration = self.clock.frames(shown[2], shown[3]) if shown is not None else None
        if duration is not None and duration >= 0:
            return duration
        said = "has no source range and its media no length"
        if shown is not None:
            said = f"has a range of {shown[2]:g} at rate {shown[3]:g}"
        self.report(
            BAD_RANGE,
            f"{said}: it counts as no frames, so what follows on {run.around.track} may stand too early",
            Severity.ERROR,
            where=self.where(item.get("name") or "", run),
            hint="Give the clip a length in the editing program and export the cut again.",
        )
        return None

    def _notes(self, item: Values, start: int) -> tuple[Note, ...]:
        origin = Origin.GAP_MARKER if is_gap(item) else Origin.CLIP_MARKER
        notes: list[Note] = []
        for index, marker in enumerate(item.get("markers") or ()):
            notes.extend(marker_notes(marker, index, origin, self._marker_frame(marker, item, start)))
        if self._comments and is_clip(item) and item.get("metadata"):
            notes.extend(comment_notes(item))
        return tuple(notes)

    def _marker_frame(self, marker: Values, item: Values, start: int) -> int | None:
        """A clip's markers count in its source time."""
        shown = item.get("source_range")
        at = self.clock.frames(*marker["marked_range"][:2])
        first = self.clock.frames(*shown[:2]) if shown is not None else 0
        return nearest_frame(start + at - first) if at is not None and first is not None else None

    def _widened(
        self, shown: FrameRange, before: Values | None, after: Values | None
    ) -> tuple[FrameRange, tuple[int, int]]:
        """What an item shows with the transitions on its sides, and how long they last."""
        head, fade_in = self._overlap(before, "in_offset")
        tail, fade_out = self._overlap(after, "out_offset")
        return shown.widened(head, tail), (fade_in, fade_out)

    def _overlap(self, transition: Values | None, side: str) -> tuple[int, int]:
        if transition is None:
            return 0, 0
        offsets = {name: self.clock.frames(*transition[name]) for name in ("in_offset", "out_offset")}
        known = {name: max(0, nearest_frame(value)) for name, value in offsets.items() if value is not None}
        return known.get(side, 0), sum(known.values())

    def _compound(self, nest: Values, run: Run, events: list[PlacedEvent]) -> Position:
        """A nested track or stack: its clips become events of this track, with deeper addresses."""
        if len(run.address) > _DEEPEST:
            self.report(
                "too-deep", f"compounds are nested deeper than {_DEEPEST}; the rest is left out", where=run.around.track
            )
            return run.start
        around = self._inside(nest, run.around)
        inner_start, window, duration = run.start, run.window, None
        shown = nest.get("source_range")
        if shown is not None:
            duration = self._duration(nest, run) or 0
            skipped = self.clock.frames(*shown[:2]) or 0
            inner_start = run.start - skipped
            window = _narrowed(run.window, nearest_frame(run.start), nearest_frame(run.start + duration))
        inside: list[PlacedEvent] = []
        inner_end = self._layers(nest, replace(run, around=around, start=inner_start, window=window), inside)
        end = run.start + duration if duration is not None else inner_end
        if nest.get("markers"):
            events.append(self._compound_event(nest, run, end))
        events.extend(inside)
        return end

    def _layers(self, nest: Values, run: Run, events: list[PlacedEvent]) -> Position:
        if schema_of(nest) != "Stack":
            return self.walk(nest, run, events)
        end = run.start
        for index, layer in enumerate(nest.get("children") or ()):
            item = replace(run, address=(*run.address, index))
            kind = schema_of(layer)
            if kind in _COMPOSITIONS:
                if kind == "Stack" or (layer.get("kind") == "Audio") == run.around.sounding:
                    inside = replace(item, around=self._inside(layer, run.around))
                    end = max(end, self._compound(layer, inside, events))
            else:
                end = max(end, self._item(layer, item, None, None, events))
        return end

    def _inside(self, nest: Values, around: Surroundings) -> Surroundings:
        """What holds inside of a compound: it may be disabled, or play at another speed."""
        speed = speed_of(nest["effects"]) if nest.get("effects") else None
        reason = around.unsupported
        if speed is not None and (speed.unsupported or speed.factor != 1):
            reason = reason or f'the compound "{nest.get("name") or ""}" around it changes its speed'
        enabled = around.enabled and is_enabled(nest)
        if reason == around.unsupported and enabled == around.enabled:
            return around
        return replace(around, unsupported=reason, enabled=enabled)

    def _compound_event(self, nest: Values, run: Run, end: Position) -> PlacedEvent:
        start = nearest_frame(run.start)
        record = FrameRange(start, max(0, nearest_frame(end) - start), self._rate)
        reason = "it is a compound: open it and write the note on the clip inside"
        notes = self._notes(nest, start)
        return place(nest, run.around, run.address, record, record, notes, reason=reason)

    def _trimmed_track(self, shown: Times, run: Run) -> tuple[Position, tuple[int, int] | None]:
        """A track's own range trims it. EDL readers leave one that shows nothing (it starts at minus one hour): no
        editor meant that, so it is passed over.
        """
        begin = self.clock.frames(*shown[:2])
        length = self.clock.frames(*shown[2:])
        if begin is None or length is None or begin < 0 or length <= 0:
            return run.start, run.window
        start = nearest_frame(run.start)
        return run.start - begin, (start, start + nearest_frame(length))

    def finish(self) -> None:
        """Reports what is said once for each track."""
        for track, count in sorted(self._off_grid.items()):
            self.report(
                "between-frames",
                f"{count} clip{'s' if count != 1 else ''} of {track} start or end between two frames; "
                "positions are rounded to the nearest frame",
                hint="The cut mixes rates. Check --rate, or conform the cut to one rate.",
                where=track,
            )

    def where(self, name: str, run: Run) -> str:
        """The place of an item as an editor would find it."""
        start = timecode(nearest_frame(run.start), self._rate, drop_frame=self._header.drop_frame)
        return f"{run.around.track} {start} {name}".rstrip()

    def report(
        self, code: str, message: str, severity: Severity = Severity.WARNING, *, where: str = "", hint: str = ""
    ) -> None:
        self.problems.append(Problem(severity, code, message, hint, where))


def _window_trim(record: FrameRange, window: tuple[int, int]) -> _Trim | None:
    start, end = max(record.start, window[0]), min(record.end, window[1])
    if (start, end) == (record.start, record.end):
        return None
    seen = FrameRange(start, max(0, end - start), record.rate)
    return _Trim(seen, start - record.start, "the compound or track around it shows only a part of it")


def _narrowed(window: tuple[int, int] | None, start: int, end: int) -> tuple[int, int]:
    return (start, end) if window is None else (max(start, window[0]), min(end, window[1]))

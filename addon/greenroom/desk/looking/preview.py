# SPDX-License-Identifier: Apache-2.0
"""A movie of the finished cut: what an editor would see and hear, in H.264, exactly as long as the cut.

The top-most picture of each frame is shown: circled takes, stand-ins, slates for placeholders; a take with alpha lies
over what is below it. Dissolves are straight cuts at the edit point. Takes with a label ("previz") say so in the
picture.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from greenroom.cues.model import Event, EventKind, Layout
from greenroom.desk.looking.lettering import draw_text, text_width
from greenroom.desk.looking.showing import Picture, Source, event_source, pictures, slate, take_source
from greenroom.desk.planning.model import Plan
from greenroom.desk.results import Pictures
from greenroom.errors import InputError, MediaError, Problem, Severity
from greenroom.frames import FrameRange, timecode
from greenroom.media.pictures import read_overlays
from greenroom.media.probe import probe
from greenroom.media.sound import mix, read_sound
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, SoundClip, TakeSpec
from greenroom.takes.states import Take

__all__ = ["BurnIn", "Run", "visible_runs", "write_preview"]

SAMPLE_RATE = 48000


class BurnIn(Protocol):
    """Writes into a copy of `picture`, which is record frame `frame` of `run`."""

    def __call__(self, picture: Picture, run: Run, frame: int) -> Picture: ...


@dataclass(frozen=True)
class Run:
    """Record frames in which one event (or none: black) is the top-most picture; `below` are those that a take with
    alpha lets through, the lowest first.
    """

    record: FrameRange
    event: Event | None
    below: tuple[Event, ...] = ()


def write_preview(
    plan: Plan,
    chosen: Mapping[tuple[int, ...], Take],
    output: Path,
    *,
    width: int = 1280,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    burnt_in: BurnIn | None = None,
    firsts: Mapping[tuple[int, ...], int] | None = None,
) -> Pictures:
    """Writes the movie. `chosen` are the takes by their events' addresses. What can't be read is a slate or silence,
    and a problem of the result. `burnt_in` gets every picture. `firsts` are the takes' first frames that are seen,
    where that is known better than by what a write-back would do.

    Raises:
        InputError: the cut has no frames.
        StoreError: it can't be written.
    """
    layout = plan.layout
    clear = frozenset(address for address, take in chosen.items() if _has_alpha(take))
    runs = visible_runs(layout, clear)
    total = sum(run.record.duration for run in runs)
    if not total:
        raise InputError("the cut has no picture to preview", where=str(plan.cut or layout.name))
    size = _size(plan, chosen, width)
    problems: list[Problem] = []
    record = FrameRange(layout.start, total, layout.rate)
    sound = _sound(layout, record, problems)
    spec = TakeSpec(layout.rate, total, 0, 0, *size, start_frame=layout.start, drop_frame=layout.drop_frame,
                    codec=Codec.H264)  # fmt: skip
    texts = {cue.cue.event.address: _cue_lines(cue.cue.actor, str(cue.cue.mode), cue.cue.line) for cue in plan.cues}
    shower = _Shower(layout, chosen, clear, texts, size, problems, firsts or {})
    done = 0
    with TakeWriter(output, spec, sound=sound, comment="Greenroom preview") as writer:
        for run in runs:
            for frame, picture in enumerate(shower.pictures(run), run.record.start):
                writer.write(burnt_in(picture, run, frame) if burnt_in is not None else picture)
                done += 1
                on_progress(done, total)
    return Pictures(output, total, *size, problems=tuple(problems))


def visible_runs(layout: Layout, clear: Container[tuple[int, ...]] = ()) -> tuple[Run, ...]:
    """Which event is on top, from the cut's start to the end of its last event, sound included. Those at the addresses
    of `clear` let through what is below them.
    """
    end = max((event.record.end for track in layout.tracks for event in track.events), default=layout.start)
    top: list[tuple[Event, ...]] = [()] * max(0, end - layout.start)
    for track in layout.tracks:
        if track.kind != "video" or not track.enabled:
            continue
        for event in track.events:
            if event.kind is EventKind.GAP and not event.notes:
                continue
            if event.enabled:
                first = max(0, event.record.start - layout.start)
                last = event.record.end - layout.start
                through = event.address in clear
                top[first:last] = [(*below, event) if through else (event,) for below in top[first:last]]
    runs: list[Run] = []
    start = 0
    for index in range(1, len(top) + 1):
        if index == len(top) or not _same(top[index], top[start]):
            stack = top[start]
            record = FrameRange(layout.start + start, index - start, layout.rate)
            runs.append(Run(record, stack[-1] if stack else None, stack[:-1]))
            start = index
    return tuple(runs)


def _same(one: tuple[Event, ...], other: tuple[Event, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _has_alpha(take: Take) -> bool:
    try:
        return probe(take.media).has_alpha
    except MediaError:
        return False  # what is wrong with it is said where it would be shown


class _Shower:
    """Gives the pictures of a run, all of one size."""

    def __init__(
        self,
        layout: Layout,
        chosen: Mapping[tuple[int, ...], Take],
        clear: Container[tuple[int, ...]],
        texts: Mapping[tuple[int, ...], tuple[str, list[str]]],
        size: tuple[int, int],
        problems: list[Problem],
        firsts: Mapping[tuple[int, ...], int],
    ) -> None:
        self._firsts = firsts
        self._layout = layout
        self._chosen = chosen
        self._clear = clear
        self._texts = texts
        self._size = size
        self._problems = problems
        self._black = np.zeros((size[1], size[0], 3), np.uint8)

    def pictures(self, run: Run) -> Iterator[Picture]:
        """Exactly run.record.duration pictures, whatever happens to the media on the way."""
        event, count = run.event, run.record.duration
        if event is not None and event.address in self._clear:
            yield from self._laid_over(run, event)
            return
        given = 0
        if event is not None:
            try:
                source = self._source(event)
                if source is not None:
                    first = run.record.start - event.visible.start
                    for picture in self._labelled(source, range(first, first + count)):
                        yield picture
                        given += 1
            except MediaError as error:
                self._problems.append(error.problem("no-picture", Severity.WARNING))
        rest = self._slate(event) if given < count else self._black
        for _ in range(count - given):
            yield rest

    def _laid_over(self, run: Run, event: Event) -> Iterator[Picture]:
        """A take with alpha over what is below; only that, where the take can't be read."""
        below = self.pictures(Run(run.record, run.below[-1] if run.below else None, run.below[:-1]))
        take = self._chosen[event.address]
        yield from self._tagged(self._composited(take, event, run, below), take.label)
        yield from below

    def _composited(self, take: Take, event: Event, run: Run, below: Iterator[Picture]) -> Iterator[Picture]:
        width, height = self._size
        first = run.record.start - event.visible.start
        try:
            source = take_source(take, event, self._firsts.get(event.address))
            indices = source.frames[first : first + run.record.duration]
            for bgr, alpha in read_overlays(source.media, indices, width=width, height=height):
                under = next(below).astype(np.uint16)
                yield np.minimum(bgr + (under * (255 - alpha) + 127) // 255, 255).astype(np.uint8)
        except MediaError as error:
            self._problems.append(error.problem("no-picture", Severity.WARNING))

    def _source(self, event: Event) -> Source | None:
        take = self._chosen.get(event.address)
        if take is not None:
            return take_source(take, event, self._firsts.get(event.address))
        return event_source(event, self._layout.rate) if event.kind is EventKind.MEDIA else None

    def _labelled(self, source: Source, at: Sequence[int]) -> Iterator[Picture]:
        yield from self._tagged(pictures(source, at, *self._size), source.label)

    def _tagged(self, shown: Iterator[Picture], label: str) -> Iterator[Picture]:
        if not label:
            yield from shown
            return
        tag = _tag(label, self._size[1])
        height, width = tag.shape[:2]
        margin = self._size[1] // 36
        for picture in shown:
            marked = picture.copy()
            marked[-margin - height : -margin, margin : margin + width] = tag
            yield marked

    def _slate(self, event: Event | None) -> Picture:
        if event is None:
            return self._black
        place = timecode(event.record.start, event.record.rate, drop_frame=self._layout.drop_frame)
        title, lines = self._texts.get(event.address, (event.name or str(event.kind), []))
        return slate(title, [*lines, f"{event.track} {place} ({event.record.duration} f)"], *self._size)


def _cue_lines(actor: str, mode: str, line: str) -> tuple[str, list[str]]:
    return f"{actor.upper() or 'nobody'} {mode}", [f"“{line}”"] if line else []


def _tag(label: str, height: int) -> Picture:
    size = max(10, height // 36)
    wide = int(text_width(label, size)) + size
    image = Image.new("RGB", (wide, size * 2), (24, 30, 38))
    draw_text(ImageDraw.Draw(image), (wide / 2, size), label, size, (225, 225, 225), anchor="mm")
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def _size(plan: Plan, chosen: Mapping[tuple[int, ...], Take], width: int) -> tuple[int, int]:
    """`width` and the height that the cut's shape makes of it, both even, as 4:2:0 needs."""
    shapes = [(cue.spec.width, cue.spec.height) for cue in plan.cues]
    shapes += [(take.width, take.height) for take in chosen.values()]
    layout = plan.layout
    if layout.width and layout.height:
        shapes.insert(0, (layout.width, layout.height))
    wide, high = shapes[0] if shapes else (16, 9)
    width = max(64, width - width % 2)
    height = Fraction(width * high, wide)
    return width, max(36, 2 * round(height / 2))


def _sound(layout: Layout, record: FrameRange, problems: list[Problem]) -> NDArray[np.float32] | None:
    """All enabled sound of the cut, mono; None where there is none."""
    clips = [
        event.sound
        for track in layout.tracks
        if track.kind == "audio" and track.enabled
        for event in track.events
        if event.enabled and event.sound is not None
    ]
    audible = _readable(clips, problems)
    return mix(audible, record, sample_rate=SAMPLE_RATE) if audible else None


def _readable(clips: Sequence[SoundClip], problems: list[Problem]) -> list[SoundClip]:
    silent: set[Path] = set()
    for path in {clip.path for clip in clips}:
        try:
            read_sound(path, Fraction(0), 1)
        except MediaError as error:
            silent.add(path)
            problems.append(error.problem("no-sound", Severity.WARNING))
    return [clip for clip in clips if clip.path not in silent]

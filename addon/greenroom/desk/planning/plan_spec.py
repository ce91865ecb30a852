# SPDX-License-Identifier: Apache-2.0
"""How long, how large and at which timecode: the spec of a cue's takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from greenroom.cues.model import Cue, EventKind, Layout
from greenroom.desk.planning.facts import MediaFacts, Survey, shown_source, where_of
from greenroom.errors import Problem, Severity
from greenroom.frames import frame_of, is_drop_frame_rate, nominal, timecode, write_rate
from greenroom.limits import LARGEST_HANDLES
from greenroom.media.types import Codec, Fit, TakeSpec

__all__ = ["FrameSize", "Placement", "frame_size", "place"]

_DEFAULT_SIZE = (1920, 1080)


@dataclass(frozen=True)
class FrameSize:
    """The size of all takes of a cut, and where it was taken from, in words."""

    width: int
    height: int
    source: str


@dataclass(frozen=True)
class Placement:
    """The spec of a cue's takes, and what there is to say about it."""

    spec: TakeSpec
    moves_source: bool
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def frame_size(width: int | None, height: int | None, layout: Layout, survey: Survey) -> FrameSize:
    """One size for all takes: the project's, else the cut's, else the most common of its media, else 1920x1080.

    4:2:0 and 4:2:2 pictures have even sides: an odd one loses its last row or column.
    """
    if width and height:
        return FrameSize(width, height, "greenroom.toml")
    if layout.width and layout.height:
        return _even(layout.width, layout.height, "the cut")
    if survey.size is not None:
        return _even(*survey.size, "the cut's media")
    return FrameSize(*_DEFAULT_SIZE, "nothing in the cut says a size")


def place(cue: Cue, layout: Layout, size: FrameSize, *, handles: int, codec: Codec, fit: Fit) -> Placement:
    """The spec of the takes of `cue`.

    A take counts as its stand-in does, so that choosing it changes only which media is active. Where the stand-in
    can't count for it (none, another rate, another speed) the slot starts at 01:00:00:00 and the source range moves.
    """
    where = where_of(cue, drop_frame=layout.drop_frame)
    drop_frame = layout.drop_frame and is_drop_frame_rate(layout.rate)
    asked = handles if cue.handles is None else cue.handles
    problems: list[Problem] = []
    if not 0 <= asked <= LARGEST_HANDLES:
        message = f"{asked} handle frames can't be made"
        problems.append(
            Problem(Severity.ERROR, "handles-out-of-range", message, f"Ask for 0 to {LARGEST_HANDLES}.", where)
        )
        asked = min(max(asked, 0), LARGEST_HANDLES)
    own = _own_start(cue, layout, asked)
    slot_start = own if own is not None else _one_hour(layout.rate, drop_frame)
    head = min(asked, slot_start)
    notes = _notes(cue, layout, size, own is None)
    if head < asked:
        notes.append(f"head handle {head} f instead of {asked}: the stand-in's timecode starts at 00:00:00:00")
    spec = TakeSpec(
        rate=layout.rate,
        slot=cue.slot.duration,
        head=head,
        tail=asked,
        width=size.width,
        height=size.height,
        start_frame=slot_start - head,
        drop_frame=drop_frame,
        codec=codec,
        fit=fit,
    )
    return Placement(spec, own is None, tuple(notes), tuple(problems))


def fit_note(name: str, facts: MediaFacts, spec: TakeSpec) -> str:
    """What happens to footage of another size, that is called `name`; "" where it fits as it is."""
    info = facts.info
    if info is None or not info.width or not info.height or (info.width, info.height) == (spec.width, spec.height):
        return ""
    sizes = f"{name} {info.width}x{info.height} in {spec.width}x{spec.height}"
    if spec.fit is Fit.CROP:
        return f"{sizes}: not scaled, centred (crop)"
    if Fraction(info.width, info.height) == Fraction(spec.width, spec.height):
        return f"{sizes}: scaled"
    return f"{sizes}: " + ("edges are lost (fill)" if spec.fit is Fit.FILL else "black bars (fit)")


def _even(width: int, height: int, source: str) -> FrameSize:
    return FrameSize(max(2, width - width % 2), max(2, height - height % 2), source)


def _one_hour(rate: Fraction, drop_frame: bool) -> int:
    return frame_of("01:00:00;00" if drop_frame else "01:00:00:00", rate)


def _own_start(cue: Cue, layout: Layout, handles: int) -> int | None:
    """The slot's start in the stand-in's own count, None where a take can't count that way."""
    if cue.event.kind is not EventKind.MEDIA:
        return None
    source = shown_source(cue.event, layout.rate)
    day = nominal(layout.rate) * 86400
    # timecode starts again at 24 hours: beyond it a file can't say the count that the clip has
    if source is None or source.start < 0 or source.end + handles > day:
        return None
    return source.start


def _notes(cue: Cue, layout: Layout, size: FrameSize, moved: bool) -> list[str]:
    notes = []
    if size.source == "nothing in the cut says a size":
        notes.append(f"{size.width}x{size.height}, since nothing in the cut says a size")
    media = cue.event.media
    if not moved or media is None or cue.event.kind is not EventKind.MEDIA:
        return notes
    start = timecode(_one_hour(layout.rate, False), layout.rate)
    if media.source.rate != layout.rate:
        rates = f"{write_rate(media.source.rate)} in a cut of {write_rate(layout.rate)}"
        notes.append(f"the stand-in counts {rates} fps: the take's slot starts at {start}")
    elif media.speed != 1:
        notes.append(f"the stand-in {_runs(media.speed)}: the take's slot starts at {start}, at 100%")
    return notes


def _runs(speed: Fraction) -> str:
    if speed == 0:
        return "stands still"
    return f"runs at {float(speed):.0%}" if speed > 0 else f"runs backwards at {float(-speed):.0%}"

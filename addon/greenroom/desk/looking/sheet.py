# SPDX-License-Identifier: Apache-2.0
"""The contact sheet: each cue's stand-in and takes, with the first, middle and last frame of the slot.

A ring round a take's number is film's mark for the circled take. Long cuts get several pages: sheet.png, sheet_002.png.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from greenroom.cues.model import CueSheet, EventKind
from greenroom.desk.looking.lettering import Draw, draw_text, fitted, text_width
from greenroom.desk.looking.showing import Picture, Source, event_source, pictures, slate, take_source
from greenroom.desk.results import CueTakes, Pictures
from greenroom.desk.reviewing.finding_pictures import LIGHTS
from greenroom.desk.reviewing.kept import kept_review
from greenroom.desk.writing_back.writeback import TakesOfCue, chosen_number
from greenroom.errors import MediaError, Problem, Severity
from greenroom.frames import timecode, write_rate
from greenroom.media.posters import write_png
from greenroom.takes.states import Take

__all__ = ["write_sheet"]

_BACK, _CARD = (22, 22, 24), (32, 32, 35)
_WHITE, _TEXT, _DIM = (240, 240, 240), (205, 205, 208), (140, 140, 146)
_RING, _LABEL = (232, 178, 58), (58, 74, 92)
_THUMB_HEIGHT, _SIDE, _GAP, _MARGIN = 144, 176, 6, 28
_HEADER, _TITLE = 62, 84
_PAGE = 8000  # pixels high at most: viewers and printers choke on more


@dataclass(frozen=True)
class _Row:
    """What the editor had (`take` None) or one take, with three pictures."""

    name: str
    take: Take | None
    chosen: bool
    thumbs: tuple[Picture, ...]


@dataclass(frozen=True)
class _Block:
    """One cue."""

    each: CueTakes
    rows: tuple[_Row, ...]

    @property
    def height(self) -> int:
        return _HEADER + len(self.rows) * (_THUMB_HEIGHT + _GAP) + _GAP


def write_sheet(sheet: CueSheet, found: Sequence[CueTakes], output: Path) -> Pictures:
    """Writes the contact sheet of all cues of a cut.

    Media that can't be read is a slate that says so, and a problem of the result.

    Raises:
        StoreError: it can't be written.
    """
    width = _thumb_width(sheet, found)
    problems: list[Problem] = []
    blocks = [_block(each, sheet, width, problems) for each in found]
    block_width = _SIDE + 3 * (width + _GAP) + _GAP
    columns = 1 if len(blocks) <= 2 else 2
    pages = _pages(blocks, columns)
    size = (0, 0)
    for number, page in enumerate(pages, 1):
        image = _drawn(page, sheet, len(found), block_width, (number, len(pages)))
        path = output if number == 1 else output.with_name(f"{output.stem}_{number:03d}{output.suffix}")
        write_png(path, np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))
        size = size if number > 1 else image.size
    return Pictures(output, len(found), *size, problems=tuple(problems))


def _thumb_width(sheet: CueSheet, found: Sequence[CueTakes]) -> int:
    """As wide as the cut's shape makes a thumbnail; 16:9 where nothing says it."""
    shapes = [(take.width, take.height) for each in found for take in each.takes]
    if sheet.layout.width and sheet.layout.height:
        shapes.insert(0, (sheet.layout.width, sheet.layout.height))
    wide, high = shapes[0] if shapes else (16, 9)
    return min(max(_THUMB_HEIGHT * wide // high, 64), 400)


def _block(each: CueTakes, sheet: CueSheet, width: int, problems: list[Problem]) -> _Block:
    kind = each.cue.event.kind
    name = "stand-in" if kind is EventKind.MEDIA else str(kind)
    rows = [_Row(name, None, not each.takes, _stand_in(each, sheet, width, problems))]
    number = chosen_number(each.cue, TakesOfCue(each.takes, each.circled)) if each.takes else None
    for take in each.takes:
        try:
            thumbs = _three(take_source(take, each.cue.event), width)
        except MediaError as error:
            thumbs = _no_picture(error, width, problems)
        rows.append(_Row("take", take, take.number == number, thumbs))
    return _Block(each, tuple(rows))


def _stand_in(each: CueTakes, sheet: CueSheet, width: int, problems: list[Problem]) -> tuple[Picture, ...]:
    event = each.cue.event
    if event.kind is EventKind.MEDIA:
        try:
            return _three(event_source(event, sheet.layout.rate), width)
        except MediaError as error:
            return _no_picture(error, width, problems)
    return (slate(event.name or str(event.kind), [str(event.kind)], width, _THUMB_HEIGHT),) * 3


def _three(source: Source, width: int) -> tuple[Picture, ...]:
    last = len(source.frames) - 1
    if last < 0:
        raise MediaError("the slot has no frames")
    return tuple(pictures(source, (0, len(source.frames) // 2, last), width, _THUMB_HEIGHT))


def _no_picture(error: MediaError, width: int, problems: list[Problem]) -> tuple[Picture, ...]:
    problem = error.problem("no-picture", Severity.WARNING)
    if problem not in problems:
        problems.append(problem)
    return (slate("offline", [error.message], width, _THUMB_HEIGHT),) * 3


def _pages(blocks: Sequence[_Block], columns: int) -> list[list[list[_Block]]]:
    """Pages of lines of `columns` blocks; a line is as high as its highest block."""
    lines = [list(blocks[start : start + columns]) for start in range(0, len(blocks), columns)]
    pages: list[list[list[_Block]]] = [[]]
    height = 0
    for line in lines:
        needed = max(block.height for block in line) + _GAP * 2
        if pages[-1] and height + needed > _PAGE:
            pages.append([])
            height = 0
        pages[-1].append(line)
        height += needed
    return pages


def _drawn(
    page: Sequence[Sequence[_Block]], sheet: CueSheet, cues: int, block_width: int, number: tuple[int, int]
) -> Image.Image:
    columns = max((len(line) for line in page), default=1)
    width = 2 * _MARGIN + columns * block_width + (columns - 1) * _MARGIN
    height = _TITLE + sum(max(block.height for block in line) + _MARGIN // 2 for line in page) + _MARGIN
    image = Image.new("RGB", (width, height), _BACK)
    draw = ImageDraw.Draw(image)
    _draw_title(draw, sheet, cues, width, number)
    top = _TITLE
    for line in page:
        for column, block in enumerate(line):
            _draw_block(image, draw, block, sheet, (_MARGIN + column * (block_width + _MARGIN), top), block_width)
        top += max(block.height for block in line) + _MARGIN // 2
    return image


def _draw_title(draw: Draw, sheet: CueSheet, cues: int, width: int, number: tuple[int, int]) -> None:
    layout = sheet.layout
    start = timecode(layout.start, layout.rate, drop_frame=layout.drop_frame)
    facts = f"{write_rate(layout.rate)} fps from {start}, {cues} cue{'s' * (cues != 1)}"
    if number[1] > 1:
        facts += f", page {number[0]} of {number[1]}"
    name = layout.name or (layout.path.name if layout.path else "cut")
    draw_text(draw, (_MARGIN, 24), fitted(name, 28, width - 3 * _MARGIN - text_width(facts, 17)), 28, _WHITE)
    draw_text(draw, (width - _MARGIN, 34), facts, 17, _DIM, anchor="ra")


def _draw_block(
    image: Image.Image, draw: Draw, block: _Block, sheet: CueSheet, corner: tuple[int, int], width: int
) -> None:
    left, top = corner
    draw.rounded_rectangle((left, top, left + width - 1, top + block.height - 1), radius=6, fill=_CARD)
    _draw_header(draw, block.each, sheet, left, top, width)
    y = top + _HEADER
    for row in block.rows:
        _draw_side(draw, row, left, y)
        for index, thumb in enumerate(row.thumbs):
            x = left + _SIDE + index * (thumb.shape[1] + _GAP)
            image.paste(Image.fromarray(np.ascontiguousarray(thumb[:, :, ::-1])), (x, y))
        y += _THUMB_HEIGHT + _GAP


def _draw_header(draw: Draw, each: CueTakes, sheet: CueSheet, left: int, top: int, width: int) -> None:
    cue = each.cue
    place = timecode(cue.slot.start, cue.slot.rate, drop_frame=sheet.layout.drop_frame)
    actor = each.takes[0].actor if each.takes else cue.actor
    who = f"{actor.upper() or 'nobody'}  {cue.mode}"
    facts = f"{cue.event.track}  {place}  {cue.slot.duration} f  {cue.id}"
    draw_text(draw, (left + 14, top + 10), who, 18, _WHITE)
    draw_text(draw, (left + width - 14, top + 12), facts, 15, _DIM, anchor="ra")
    spoken = f"“{cue.line}”" if cue.line else cue.motion
    draw_text(draw, (left + 14, top + 35), fitted(spoken, 16, width - 28), 16, _TEXT)


def _draw_side(draw: Draw, row: _Row, left: int, top: int) -> None:
    """The column before the pictures: what the editor had, or the take's number (ringed if circled) and label."""
    if row.take is None:
        draw_text(draw, (left + 14, top + 10), row.name, 17, _TEXT)
        return
    draw_text(draw, (left + 14, top + 16), row.name, 17, _TEXT)
    number = str(row.take.number)
    middle = (left + 78, top + 25)
    draw_text(draw, middle, number, 22, _WHITE, anchor="mm")
    if row.chosen:
        radius = max(17, text_width(number, 22) / 2 + 9)
        box = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
        draw.ellipse(box, outline=_RING, width=3)
    if row.take.label:
        wide = text_width(row.take.label, 15)
        draw.rounded_rectangle((left + 14, top + 54, left + 28 + wide, top + 78), radius=4, fill=_LABEL)
        draw_text(draw, (left + 21, top + 66), row.take.label, 15, _WHITE, anchor="lm")
    _draw_light(draw, row.take, left, top)
    warnings = len(row.take.warnings)
    if warnings:
        text = f"{warnings} warning{'s' * (warnings != 1)}"
        draw_text(draw, (left + 14, top + 90), text, 14, _RING)


def _draw_light(draw: Draw, take: Take, left: int, top: int) -> None:
    """What a review found: a light beside the number, and below what wants a look."""
    review = kept_review(take)
    if review is None:
        return
    draw.ellipse((left + 112, top + 17, left + 128, top + 33), fill=LIGHTS[review.light])
    codes = ", ".join(dict.fromkeys(finding.code.replace("-", " ") for finding in review.findings))
    if codes:
        draw_text(draw, (left + 14, top + 112), fitted(codes, 14, _SIDE - 22), 14, LIGHTS[review.light])

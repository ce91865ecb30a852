# SPDX-License-Identifier: Apache-2.0
"""Puts the spans of a take together: exactly its frames, its size and its rate, with its own sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.engines.contract import Request
from greenroom.engines.hosted.spans import Span
from greenroom.errors import DeliveryError
from greenroom.frames import resample, sample_range, write_rate
from greenroom.media.types import TakeSpec

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

__all__ = ["check_length", "going_on", "join", "join_notes", "write_last_picture", "write_picture"]

_DEEP = "rgb48le"  # a dissolve must not cost a ten-bit take its depth


def join(movies: Sequence[Path], spans: Sequence[Span], request: Request, to: Path, *, dissolves: bool) -> Path:
    """Writes the take to `to`. Where spans overlap the pictures dissolve, or the next one's are left out.

    Raises:
        DeliveryError: a movie has too few frames.
        MediaError: one, or the dialogue, can't be read.
        StoreError: the take can't be written.
    """
    from greenroom.media.sound import read_sound
    from greenroom.media.takes import TakeWriter

    spec = request.spec
    sound = None
    if request.dialogue is not None:
        _, count = sample_range(0, spec.frames, spec.rate, spec.sample_rate)
        sound = read_sound(request.dialogue, Fraction(0), count, sample_rate=spec.sample_rate)
    with TakeWriter(to, spec, sound=sound) as writer:
        for picture in _pictures(movies, spans, spec, dissolves=dissolves):
            writer.write(picture)
    return to


def going_on(before: tuple[Path, Sequence[int]], movie: Path, span: Span, spec: TakeSpec) -> Iterator[VideoFrame]:
    """The frames of `movie`, a span's, after those of `before`, into which its first ones dissolve; where there are
    none of `before`, its first ones are left out.

    Raises:
        DeliveryError, MediaError: as `join`.
    """
    shown = _indices(movie, span.frames, spec.rate)
    if before[1]:
        yield from _dissolved(before, (movie, shown[: span.lap]), spec)
    yield from _shaped(movie, shown[span.lap :], spec)


def join_notes(spans: Sequence[Span], *, dissolves: bool) -> tuple[str, ...]:
    """Where the take was put together, and how."""
    return tuple(_words(span, before, dissolves=dissolves) for before, span in pairwise(spans))


def check_length(movie: Path, span: Span, rate: Fraction) -> None:
    """Whether all of a span is there.

    Raises:
        DeliveryError: frames are missing.
        MediaError: it can't be read.
    """
    _indices(movie, span.frames, rate)


def write_last_picture(movie: Path, span: Span, rate: Fraction, to: Path) -> None:
    """The picture of a span's last frame, as PNG.

    Raises:
        DeliveryError, MediaError, StoreError: as `join`.
    """
    write_picture(movie, _indices(movie, span.frames, rate)[-1], to)


def write_picture(movie: Path, index: int, to: Path) -> None:
    """One picture of a movie, as PNG. Raises MediaError and StoreError."""
    from greenroom.media.pictures import read_pictures
    from greenroom.media.posters import write_png

    (picture,) = read_pictures(movie, [index])
    write_png(to, picture)


def _words(span: Span, before: Span, *, dissolves: bool) -> str:
    where = f"joined at frame {before.first + before.frames}"
    if span.lap and dissolves:
        return f"{where}, by a dissolve of {span.lap} frames in silence"
    going = ": the second part starts from the first one's last picture" if span.lap else ", by a cut"
    return f"{where}{going}{'' if span.quiet else '; nobody was silent in reach, and this was the quietest place'}"


def _pictures(
    movies: Sequence[Path], spans: Sequence[Span], spec: TakeSpec, *, dissolves: bool
) -> Iterator[VideoFrame]:
    shown = [_indices(movie, span.frames, spec.rate) for movie, span in zip(movies, spans, strict=True)]
    for number, span in enumerate(spans):
        following = spans[number + 1].lap if number + 1 < len(spans) and dissolves else 0
        yield from _shaped(movies[number], shown[number][span.lap : span.frames - following], spec)
        if following:
            ends = shown[number][span.frames - following :], shown[number + 1][:following]
            yield from _dissolved((movies[number], ends[0]), (movies[number + 1], ends[1]), spec)


def _indices(movie: Path, frames: int, rate: Fraction) -> tuple[int, ...]:
    """The frames of `movie` that `frames` frames at `rate` show."""
    from greenroom.media.probe import probe

    info = probe(movie)
    there, theirs = info.frames or 0, info.rate or rate
    shown = resample(0, theirs, frames, rate)
    if shown[-1] >= there:
        raise DeliveryError(
            f"{there} frames at {write_rate(theirs)} fps were delivered, the span needs {frames} at {write_rate(rate)}",
            hint="Look at the result on the provider's own page.",
            where=movie.name,
        )
    return shown


def _shaped(movie: Path, indices: Sequence[int], spec: TakeSpec, form: str = "") -> Iterator[VideoFrame]:
    from greenroom.media.pictures import shaped_frames
    from greenroom.media.takes import PIXEL_FORMATS

    return shaped_frames(
        movie, indices, form or PIXEL_FORMATS[spec.codec], width=spec.width, height=spec.height, fit=spec.fit
    )


def _dissolved(
    out: tuple[Path, Sequence[int]], into: tuple[Path, Sequence[int]], spec: TakeSpec
) -> Iterator[VideoFrame]:
    import numpy as np
    from av.video.frame import VideoFrame as Frame

    count = len(out[1])
    pairs = zip(_shaped(*out, spec, _DEEP), _shaped(*into, spec, _DEEP), strict=True)
    for number, (one, other) in enumerate(pairs, 1):
        weight = number / (count + 1)
        mixed = one.to_ndarray() * (1 - weight) + other.to_ndarray() * weight
        yield Frame.from_ndarray(np.rint(mixed).astype(np.uint16), _DEEP)

# SPDX-License-Identifier: Apache-2.0
"""From what an engine delivered to a take: conform if need be, check, poster. Runs in a worker process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.cues.wishes import read_hold
from greenroom.errors import DeliveryError, MediaError, Problem, Severity
from greenroom.frames import sample_range
from greenroom.media.types import Codec, TakeSpec

__all__ = ["Finished", "bytes_needed", "finish"]

# Mb/s at 1080p24 as measured (facts: encode-only table), as bits a pixel; H.264 at its noisiest
_BITS_PER_PIXEL = {Codec.PRORES: 5.0, Codec.PRORES_4444: 9.0, Codec.DNXHR: 3.6, Codec.H264: 1.0}


_ELEMENTS = ("alpha",)
"""Extras that are pictures of the whole take."""

_SHARED = ("unreadable-take", "take-frames", "take-rate", "take-size", "take-timecode")


@dataclass(frozen=True)
class Finished:
    """A take ready to be published, in the job's work folder. `conform` is plain JSON for take.json."""

    media: Path
    poster: Path
    conform: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def bytes_needed(spec: TakeSpec) -> int:
    """About how large the take gets, on the large side."""
    picture = spec.width * spec.height * spec.frames * _BITS_PER_PIXEL[spec.codec] / 8
    sound = float(spec.frames / spec.rate) * spec.sample_rate * 3
    return int(picture + sound)


def finish(
    delivered: Path,
    conformed: bool,
    spec: TakeSpec,
    dialogue: Path | None,
    folder: Path,
    extras: Mapping[str, Path] | None = None,
    hold: str = "",
) -> Finished:
    """Conform `delivered` to `spec` where the engine didn't, check the take and its `extras`, and write its poster.

    `hold` is the note's own word: with "tail" a performance that is too short ends in its last frame standing still.

    Raises:
        DeliveryError: it is not what was asked for and can't be made so, with the numbers.
        MediaError: it can't be read.
        StoreError: no room to write.
    """
    from greenroom.media.check import check_take  # PyAV is loaded in the worker only

    if not delivered.is_file() or not delivered.stat().st_size:
        raise DeliveryError(
            "the engine delivered no file", hint="Run the same command again to try again.", where=delivered.name
        )
    if spec.still:
        from greenroom.desk.casting.pictures import finish_picture

        return finish_picture(delivered, folder)
    media, report = (delivered, {}) if conformed else _conform(delivered, spec, dialogue, folder, hold)
    problems = check_take(media, spec)
    _refuse(problems, media)
    for name, extra in (extras or {}).items():
        _check_extra(name, extra, spec)
    return Finished(media, _poster(media, spec, folder), report, tuple(_sentence(problem) for problem in problems))


def _refuse(problems: Sequence[Problem], media: Path, prefix: str = "") -> None:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        message = "; ".join(problem.message for problem in errors)
        raise DeliveryError(f"{prefix}{message}", hint=errors[0].hint, where=media.name)


def _check_extra(name: str, extra: Path, spec: TakeSpec) -> None:
    """An element lies under the same cut as the take, so it has its frames, rate, size and timecode; its codec and
    colour are its own.
    """
    from greenroom.media.check import check_take

    if not extra.is_file() or not extra.stat().st_size:
        hint = "Run the same command again to try again."
        raise DeliveryError(f'the engine delivered no "{name}" element', hint=hint, where=extra.name)
    if name in _ELEMENTS:
        problems = [problem for problem in check_take(extra, spec) if problem.code in _SHARED]
        _refuse(problems, extra, f"the {name} element: ")


def _conform(
    delivered: Path, spec: TakeSpec, dialogue: Path | None, folder: Path, hold: str
) -> tuple[Path, dict[str, Any]]:
    from greenroom.media.conform import conform
    from greenroom.media.sound import read_sound

    sound = None
    if dialogue is not None:
        _, samples = sample_range(0, spec.frames, spec.rate, spec.sample_rate)
        sound = read_sound(dialogue, Fraction(0), samples, sample_rate=spec.sample_rate)
    media = folder / "conformed.mov"
    held = spec.frames if read_hold(hold) else 0
    try:
        report = conform(delivered, spec, media, sound=sound, hold_tail=held)
    except MediaError as error:  # a damaged picture in the middle, which no look at the file's head shows
        raise DeliveryError(error.message, hint=error.hint, where=delivered.name) from error
    return media, {
        "method": report.method,
        "notes": list(report.notes),
        "frame_map": list(report.frame_map),
        "delivered": _as_delivered(delivered),
    }


def _as_delivered(delivered: Path) -> dict[str, Any]:
    """What the engine's own file was; the review compares."""
    from greenroom.media.probe import probe

    info = probe(delivered)
    return {
        "width": info.width,
        "height": info.height,
        "rate": None if info.rate is None else str(info.rate),
        "bit_depth": info.bit_depth,
        "codec": info.codec,
    }


def _poster(media: Path, spec: TakeSpec, folder: Path) -> Path:
    from greenroom.media.posters import write_poster

    poster = folder / "poster.png"
    write_poster(media, spec.head + spec.slot // 2, poster)
    return poster


def _sentence(problem: Problem) -> str:
    return f"{problem.message}. {problem.hint}".rstrip(". ") + "." if problem.hint else problem.message

# SPDX-License-Identifier: Apache-2.0
"""A note's other keys as an engine gets them, and what a plan has to say about them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from greenroom.cues.keys import KEY_MODES
from greenroom.cues.model import Cue, Mode
from greenroom.cues.wishes import read_spans, read_yes
from greenroom.errors import Problem, Severity
from greenroom.media.types import Codec, TakeSpec

__all__ = ["Wishes", "wishes_of", "with_alpha"]

_NAMES_FOOTAGE = ("over", "driver")
"""Keys that say where pictures are: a take depends on those, not on their names."""

_STYLES = {"face": "the face alone is replaced (style=face)", "head": "the whole head is replaced (style=head)"}


@dataclass(frozen=True)
class Wishes:
    """`options` are for the engine, with only= and not= in frames from the slot's first; `lasting` are those that the
    take depends on.
    """

    options: dict[str, str]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    lasting: dict[str, str] = field(default_factory=dict)


def wishes_of(cue: Cue, spec: TakeSpec, where: str) -> Wishes:
    """The options of `cue` for takes of `spec`."""
    options = dict(cue.options)
    problems: list[Problem] = []
    for key in ("only", "not"):
        spans = read_spans(options.get(key, ""), spec.rate, cue.slot.start)
        if spans is None or cue.mode not in KEY_MODES[key]:
            continue  # the cue sheet has said what is wrong with it
        options[key] = ",".join(f"{first}-{end}" for first, end in spans)
        problems += _outside(key, spans, spec, where)
    lasting = {key: value for key, value in options.items() if key not in _NAMES_FOOTAGE}
    return Wishes(options, tuple(problems), tuple(_notes(cue)), lasting)


def with_alpha(cue: Cue, spec: TakeSpec) -> TakeSpec:
    """The spec of a take that is wanted with transparency, and that no plate fills."""
    return replace(spec, codec=Codec.PRORES_4444) if _alpha(cue) and not _over(cue) else spec


def _alpha(cue: Cue) -> bool:
    return cue.mode in KEY_MODES["alpha"] and read_yes(cue.options.get("alpha", "")) is True


def _over(cue: Cue) -> bool:
    return bool(cue.options.get("over", "").strip())


def _outside(key: str, spans: tuple[tuple[int, int], ...], spec: TakeSpec, where: str) -> Iterator[Problem]:
    for first, end in spans:
        if end <= -spec.head or first >= spec.slot + spec.tail:
            message = f"{key}= frames {first} to {end} lie outside of the slot (0 to {spec.slot}) and its handles"
            hint = "Frames count from the slot's first; timecodes are those of the cut."
            yield Problem(Severity.WARNING, "span-outside", message, hint, where)


def _notes(cue: Cue) -> Iterator[str]:
    style = cue.options.get("style", "").strip().casefold()
    if cue.mode is Mode.REPLACE and style in _STYLES:
        yield _STYLES[style]
    if _alpha(cue) and _over(cue):
        yield "the actor alone is delivered beside the take, as ProRes 4444 with alpha"
    elif _alpha(cue):
        yield "the take is ProRes 4444 with alpha, whatever greenroom.toml says"
    if cue.mode is Mode.STAGE and not _over(cue) and not _alpha(cue) and not cue.options.get("setting", "").strip():
        yield "no setting: the actor stands before a neutral background (setting=..., or over=V1)"

# SPDX-License-Identifier: Apache-2.0
"""Goes on from a take that became too short at its end: one paid job for the missing frames alone.

    the model starts from its portrait   it gets the take's last picture; its first frame, which repeats that, is left
                                         out. The pose goes on; a movement that was under way begins anew
    lipsync                              footage and dialogue of the missing frames are sent, and some frames before
                                         them, over which the pictures dissolve where nobody speaks

Else the slot is made anew: nobody makes what comes before a given picture, and two runs of a model that invents a body
don't look alike.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.engines.contract import Continued, Request
from greenroom.engines.hosted.joining import going_on
from greenroom.engines.hosted.offers import Offer
from greenroom.engines.hosted.spans import Span, fits, lap_after
from greenroom.errors import EngineError
from greenroom.media.types import Codec, TakeSpec

if TYPE_CHECKING:
    from greenroom.media.join import Piece

__all__ = ["continued_spans", "join_on", "last_picture", "recalled", "remember"]

_NOTE = "goes_on.json"


def continued_spans(offer: Offer, request: Request) -> tuple[Span, ...]:
    """What the older take has, and the span that is to be made; nothing where the model can't go on.

    Raises:
        MediaError: the dialogue has to be heard for this, and can't be read.
    """
    was, spec = request.continued, request.spec
    if was is None or not _goes_on(offer, request) or _picture(was.request.spec) != _picture(spec):
        return ()
    kept = was.kept(spec.frames)
    if kept.start or not 0 < kept.stop < spec.frames:
        return ()
    lap = min(lap_after(offer, request, kept.stop), kept.stop)
    rest = Span(kept.stop - lap, spec.frames - kept.stop + lap, lap)
    return (Span(0, kept.stop), rest) if fits(offer, spec, rest.frames) else ()


def remember(request: Request) -> None:
    """Writes down in the work folder what the job goes on from: who takes it up after a crash has no plan of it.

    Raises:
        StoreError: it can't be written.
    """
    from greenroom.takes.disk import storing, write_atomically

    was = request.continued
    if was is None:
        return
    kept = was.kept(request.spec.frames)
    note = {"take": was.take, "media": str(was.media), "first": was.first, "kept": [kept.start, kept.stop]}
    with storing(request.work):
        request.work.mkdir(parents=True, exist_ok=True)
        write_atomically(request.work / _NOTE, json.dumps(note).encode())


def recalled(request: Request) -> Request:
    """`request`, going on from what `remember` wrote down when it was sent, or from nothing.

    Raises:
        EngineError: the note can't be read.
    """
    try:
        note = json.loads((request.work / _NOTE).read_bytes())
        first, (start, stop) = int(note["first"]), note["kept"]
        usable = range(int(start) - first, int(stop) - first)
        was = Continued(int(note["take"]), Path(note["media"]), first, replace(request, continued=None), usable)
    except FileNotFoundError:
        return replace(request, continued=None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "It was sent for the missing frames of an older take; greenroom jobs lists it."
        raise EngineError(f"what the job goes on from can't be read: {error}", hint=hint) from error
    return replace(request, continued=was)


def last_picture(was: Continued, kept: int) -> tuple[Path, int]:
    """The older take's file, and its frame that is frame `kept` - 1 of the new one."""
    return was.media, kept - 1 - was.first


def join_on(movie: Path, spans: tuple[Span, ...], request: Request, to: Path) -> bool:
    """Writes the take to `to`: the older one's pictures, and after them those of `movie`. Whether the older ones were
    copied as they are.

    Raises:
        DeliveryError: `movie` has too few frames.
        MediaError: it, the older take or the dialogue can't be read.
        StoreError: the take can't be written.
    """
    from greenroom.frames import sample_range
    from greenroom.media.join import join
    from greenroom.media.sound import read_sound
    from greenroom.media.takes import TakeWriter

    was, spec, (old, rest) = request.continued, request.spec, spans
    assert was is not None
    sound = None
    if request.dialogue is not None:
        _, count = sample_range(0, spec.frames, spec.rate, spec.sample_rate)
        sound = read_sound(request.dialogue, Fraction(0), count, sample_rate=spec.sample_rate)
    kept = range(-was.first, old.frames - was.first)
    shared = rest.lap if rest.lap > 1 else 0
    made = rest.frames - rest.lap + shared
    codec = Codec.PRORES if spec.codec is Codec.H264 else spec.codec  # all of it will be encoded anew
    missing = to.with_name("missing.mov")
    with TakeWriter(missing, replace(spec, slot=made, head=0, tail=0, codec=codec)) as writer:
        for frame in going_on((was.media, kept[len(kept) - shared :]), movie, rest, replace(spec, codec=codec)):
            writer.write(frame)
    pieces: list[Piece] = [(was.media, kept[: len(kept) - shared]), (missing, range(made))]
    return join(pieces, spec, to, sound=sound)


def _goes_on(offer: Offer, request: Request) -> bool:
    if offer.output.starts_from_portrait:
        footage = (request.stand_in, request.plate, request.driver)
        return request.mode in ("talk", "animate") and footage == (None, None, None)
    return request.mode == "lipsync" and offer.sends("dialogue")


def _picture(spec: TakeSpec) -> tuple[object, ...]:
    return spec.rate, spec.width, spec.height, spec.codec, spec.fit, spec.colour

# SPDX-License-Identifier: Apache-2.0
"""What is known to be wrong before anything is sent or paid for, all of it at once, with the numbers."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.engines.contract import Request
from greenroom.engines.hosted.fit import order_of
from greenroom.engines.hosted.inputs import mb_of_dialogue, missing, prompt_of
from greenroom.engines.hosted.offers import PICTURES, VIDEOS, Model, Offer
from greenroom.engines.hosted.spans import part_of, spans_of
from greenroom.errors import GreenroomError, Problem, Severity, nearest

__all__ = ["problems"]

_NEEDS = {
    "stand_in": ("the footage that the note is on", "Put the note on a clip with picture."),
    "driver": ("a driving performance", "Write driver=V1 or driver=FILE, or put the note on footage."),
    "dialogue": ("dialogue under the slot", "Lay the line under the slot, or name its track: audio=A2."),
    "portrait": (
        "a picture to begin with",
        "Give one (--reference PICTURE), or choose a model that needs only words.",
    ),
    "prompt": ("words", 'Write motion="..." in the note, or give the actor an identity.'),
}
_IDLE = ("over", "place", "only", "not", "style", "who")


def problems(model: Model, offer: Offer, request: Request) -> tuple[Problem, ...]:
    """`offer` is as the settings have it."""
    found = list(_of_settings(offer, request))
    if request.mode not in model.modes:
        message = f"{model.title} doesn't perform {request.mode}"
        found.append(_error("mode", message, f"It performs {', '.join(model.modes)}."))
    for word in dict.fromkeys(missing(offer, request)):
        what, hint = _NEEDS[word]
        found.append(_error("nothing-to-send", f"{model.title} needs {what}, and there is none", hint))
    spans = spans_of(offer, request)
    parts = [part_of(request, spans, number) for number in range(len(spans))] if len(spans) > 1 else [request]
    for part in parts:
        found += _of_length(model, offer, part)
    found += [*_of_pictures(model, offer, request), *_of_wishes(model, request)]
    return tuple(dict.fromkeys(found))


def _of_settings(offer: Offer, request: Request) -> Iterator[Problem]:
    for name, value in request.settings.items():
        if name not in offer.choices:
            message = f"{name} is not a setting of {request.mode} at {offer.host} and is left out"
            yield Problem(Severity.WARNING, "unknown-setting", message, nearest(name, offer.choices))
        elif str(value) not in offer.choices[name]:
            yield _error("bad-setting", f"{name} can't be {value!r}", nearest(str(value), offer.choices[name]))


def _of_length(model: Model, offer: Offer, request: Request) -> Iterator[Problem]:
    spec, limits = request.spec, offer.limits
    order = order_of(offer, spec)
    if limits.max_seconds is not None and order.seconds > limits.max_seconds:
        most = limits.max_seconds * spec.rate
        yield _error(
            "too-long",
            f"the take has {spec.frames} f ({spec.head} + {spec.slot} + {spec.tail}), {float(order.seconds):.2f} s are "
            f"sent, {model.title} takes {float(limits.max_seconds):g} s ({most.numerator // most.denominator} f)",
            "Cut the slot in two, ask for shorter handles, or choose another engine.",
        )
    most_mb = limits.audio.max_mb
    if offer.sends("dialogue") and most_mb is not None and mb_of_dialogue(offer, order) > most_mb:
        message = f"{float(order.seconds):.1f} s of dialogue are {mb_of_dialogue(offer, order):.1f} MB"
        yield _error("too-large", f"{message}, {model.title} takes {most_mb} MB", "Cut the slot in two.")
    letters = len(prompt_of(request)) if offer.sends("prompt") else 0
    if limits.prompt_letters is not None and letters > limits.prompt_letters:
        message = f"the prompt has {letters} letters, {limits.prompt_letters} are sent"
        yield Problem(Severity.WARNING, "long-prompt", message, "Shorten the motion note or the actor's identity.")


def _of_pictures(model: Model, offer: Offer, request: Request) -> Iterator[Problem]:
    from greenroom.engines.hosted.input_pictures import face_of
    from greenroom.engines.hosted.input_video import sent_size

    portrait = request.performer.portrait
    if request.mode == "portrait":
        yield from _of_portrait(model, offer, request)
    if not portrait.name:
        return
    try:
        close = any(source.word == "portrait" and source.detail == "close" for source in offer.inputs.values())
        if offer.sends("portrait", "reference_pictures") and (face_of(portrait) is None and close):
            message = f"{model.title} needs a face, and none was found in the portrait"
            hint = "Use a picture of one person from the front, with the whole face in sight."
            yield Problem(Severity.ERROR, "no-face", message, hint, str(portrait))
        if offer.sends(*VIDEOS):
            sent_size(request.spec, offer.limits.video)
    except GreenroomError as error:
        yield error.problem("unusable-input")


def _of_portrait(model: Model, offer: Offer, request: Request) -> Iterator[Problem]:
    if not request.spec.still:
        hint = "Make portraits with greenroom cast new; a cue performs: mode=talk, or mode=animate."
        yield _error("not-a-take", "a portrait is a single picture, no take of a cut", hint)
    if request.performer.portrait.name and not offer.sends(*PICTURES):
        hint = "Choose one that takes a reference picture, such as flux-kontext or nano-banana-pro-edit."
        yield _error("no-reference", f"{model.title} makes pictures out of words alone and can't keep a face", hint)


def _of_wishes(model: Model, request: Request) -> Iterator[Problem]:
    options = request.options
    if options.get("alpha", "").strip().casefold() in ("yes", "true", "1"):
        hint = "Take alpha=yes out, or perform this one with engine=previz."
        yield _error("no-alpha", f"{model.title} delivers pictures without alpha", hint)
    for key in _IDLE:
        if options.get(key, "").strip():
            message = f"{model.title} knows no {key}=, which is left out"
            yield Problem(Severity.WARNING, "idle-key", message, "Take it out, or choose another engine.")


def _error(code: str, message: str, hint: str) -> Problem:
    return Problem(Severity.ERROR, code, message, hint)

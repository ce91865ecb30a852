# SPDX-License-Identifier: Apache-2.0
"""From a request to what an offer wants: files in the job's own folder, and plain values, by wire name.

`prepare` makes them in a job's folder, `missing` says what there is nothing for. Nothing is sent here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.engines.contract import PictureSource, Request
from greenroom.engines.hosted.fit import Order, order_of
from greenroom.engines.hosted.offers import PICTURES, VIDEOS, Offer, Source
from greenroom.engines.hosted.portraits import angle_of, portrait_prompt
from greenroom.errors import MediaError

__all__ = ["InputFile", "Inputs", "footage_of", "mb_of_dialogue", "missing", "prepare", "prompt_of", "wire_inputs"]


_TYPED = re.compile(r"(\w+)\[(\w+)\]")


@dataclass(frozen=True)
class InputFile:
    """A file that has to be uploaded."""

    path: Path
    mime: str


@dataclass(frozen=True)
class Inputs:
    """What goes out, by wire name: `InputFile`, a list of them, or a plain value. `notes` are for the take's report."""

    values: Mapping[str, Any]
    order: Order
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[InputFile, ...]:
        """All files, each once."""
        found = (each for value in self.values.values() for each in (value if isinstance(value, list) else [value]))
        return tuple(dict.fromkeys(each for each in found if isinstance(each, InputFile)))


def prepare(offer: Offer, request: Request) -> Inputs:
    """Makes every input of `offer` in the request's folder. Takes seconds: run it in a thread.

    Raises:
        MediaError: portrait, dialogue or footage can't be read, or can't be brought within the host's limits.
        StoreError: they can't be written.
    """
    kitchen = _Kitchen(offer, request, order_of(offer, request.spec))
    values = {}
    for name, source in offer.inputs.items():
        value = kitchen.made(source)
        if value is not None:
            values[name] = value
    return Inputs({**offer.fixed, **values}, kitchen.order, tuple(kitchen.notes))


def wire_inputs(inputs: Inputs, addresses: Mapping[InputFile, str]) -> dict[str, Any]:
    """The inputs as the host's module takes them, with the addresses of the uploaded files; names as `offers` says."""
    sent: dict[str, Any] = {}
    for name, value in inputs.values.items():
        listed = value if isinstance(value, list) else [value]
        plain = [addresses[each] if isinstance(each, InputFile) else each for each in listed]
        typed = _TYPED.fullmatch(name)
        if name.endswith("[]"):
            sent[name.removesuffix("[]")] = plain
        elif typed:
            sent.setdefault(typed[1], []).append({"type": typed[2], "url": plain[0]})
        elif "/" in name:
            table, _, inside = name.partition("/")
            sent.setdefault(table, {})[inside] = plain[0]
        else:
            sent[name] = plain if isinstance(value, list) else plain[0]
    return sent


def footage_of(word: str, request: Request) -> PictureSource | None:
    """The footage that a word means. Who stages takes camera and movement from the clip that the note is on."""
    if word == "driver":
        return request.driver or (request.stand_in if request.mode == "stage" else None)
    return request.stand_in


def prompt_of(request: Request, called: str = "") -> str:
    """Actor, motion, setting, camera and line as sentences; "" where the note and the actor say nothing."""
    if request.mode == "portrait":
        return portrait_prompt(request, angled=called == "angled")
    options = request.options
    actor = request.performer.prompt.strip()
    parts = [
        f"{called}: {actor or request.performer.name}" if called and (actor or request.performer.name) else actor,
        request.motion.strip(),
        f"Setting: {options['setting'].strip()}" if options.get("setting", "").strip() else "",
        f"Camera: {options['camera'].strip()}" if options.get("camera", "").strip() else "",
        f"Expression: {options['look'].strip()}" if options.get("look", "").strip() else "",
        f'Says: "{request.line.strip()}"' if request.line.strip() else "",
    ]
    sentences = [part if part.rstrip('"')[-1:] in (".", "!", "?") else f"{part}." for part in parts if part]
    return " ".join(sentences)


@dataclass
class _Kitchen:
    """Makes each input once, however many names want it."""

    offer: Offer
    request: Request
    order: Order
    notes: list[str] = field(default_factory=list)
    _made: dict[str, Any] = field(default_factory=dict)

    def made(self, source: Source) -> Any:
        if str(source) not in self._made:
            self._made[str(source)] = getattr(self, f"_{source.word}")(source)
        return self._made[str(source)]

    @property
    def _folder(self) -> Path:
        folder = self.request.work / "inputs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _picture(self, path: Path, name: str, *, close: bool = False) -> InputFile:
        from greenroom.engines.hosted.input_pictures import write_picture

        spec = self.request.spec
        shape = Fraction(spec.width, spec.height)
        to = self._folder / f"{name}.png"
        return InputFile(*write_picture(path, to, self.offer.limits.picture, close=close, shape=shape))

    def _portrait(self, source: Source) -> InputFile | None:
        if source.optional and not self.request.performer.portrait.name:
            return None
        close = source.detail == "close"
        return self._picture(self.request.performer.portrait, "portrait_close" if close else "portrait", close=close)

    def _reference_pictures(self, source: Source) -> list[InputFile] | None:
        performer = self.request.performer
        if source.optional and not performer.portrait.name:
            return None
        paths = list(dict.fromkeys([performer.portrait, *performer.sheet.values()]))
        return [self._picture(path, f"reference_{n}") for n, path in enumerate(paths[: self.offer.limits.references])]

    def _dialogue(self, source: Source) -> InputFile:
        from greenroom.engines.hosted.input_sound import write_dialogue

        spec, order = self.request.spec, self.order
        length = spec.frames / spec.rate
        path, mime, notes = write_dialogue(
            self.request.dialogue,
            length,
            order.seconds,
            self._folder / "dialogue.wav",
            self.offer.limits.audio,
            stretch=order.stretch,
        )
        self.notes += notes
        return InputFile(path, mime)

    def _footage(self, word: str) -> InputFile:
        from greenroom.engines.hosted.input_video import write_footage

        footage = footage_of(word, self.request)
        if footage is None:
            raise MediaError(f"there is no footage to send as {word.replace('_', '-')}", hint="Put the note on a clip.")
        to = self._folder / f"{word}.mp4"
        path = write_footage(footage, self.request.spec, self.order, to, self.offer.limits.video)
        return InputFile(path, "video/mp4")

    def _stand_in(self, source: Source) -> InputFile:
        return self._footage("stand_in")

    def _driver(self, source: Source) -> InputFile:
        return self._footage("driver")

    def _prompt(self, source: Source) -> str | None:
        text = prompt_of(self.request, source.detail)
        most = self.offer.limits.prompt_letters
        return text[:most] if text or not source.optional else None

    def _angle(self, source: Source) -> int:
        return angle_of(self.request)

    def _seed(self, source: Source) -> int:
        return self.request.seed

    def _seconds(self, source: Source) -> int | str:
        whole = math.ceil(self.order.seconds)
        return str(whole) if source.detail == "text" else whole

    def _aspect(self, source: Source) -> str:
        spec = self.request.spec
        shape = math.log(spec.width / spec.height)
        known = [each.strip() for each in source.detail.split(",")]
        return min(known, key=lambda each: abs(math.log(float(Fraction(each.replace(":", "/")))) - shape))


def mb_of_dialogue(offer: Offer, order: Order) -> Decimal:
    """MB of the dialogue in the smallest format that the host takes."""
    from greenroom.engines.hosted.input_sound import MP3_BYTES_A_SECOND, WAV_BYTES_A_SECOND

    each = MP3_BYTES_A_SECOND if "mp3" in (offer.limits.audio.formats or ("mp3",)) else WAV_BYTES_A_SECOND
    return Decimal(math.ceil(each * order.seconds)) / 1_000_000


def missing(offer: Offer, request: Request) -> Iterator[str]:
    """Words of the offer for which the request has nothing."""
    for source in offer.inputs.values():
        if (source.word in VIDEOS and footage_of(source.word, request) is None) or (
            source.word == "dialogue" and request.dialogue is None and request.mode in ("talk", "lipsync")
        ):
            yield source.word
        elif source.word in PICTURES and not source.optional and _wants_portrait(request):
            yield "portrait"
        elif source.word == "prompt" and not source.optional and not prompt_of(request, source.detail):
            yield "prompt"


def _wants_portrait(request: Request) -> bool:
    return request.mode == "portrait" and not request.performer.portrait.name

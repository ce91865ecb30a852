# SPDX-License-Identifier: Apache-2.0
"""What every mode of the local engine shares: its inputs read from a request, and its frames written as a take."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.contract import Delivery, Request
from greenroom.errors import MediaError
from greenroom.media.plates import Plate
from greenroom.media.takes import TakeWriter
from greenroom.media.types import TakeSpec

__all__ = ["COMMENT", "deliver", "read_dialogue", "read_portrait", "told", "write_frames"]

Picture = NDArray[np.uint8]

COMMENT = "previz by Greenroom: not a final picture"
"""In the metadata of every file: a take says what it is, wherever it ends up."""

_AHEAD = 8  # frames that may wait for the encoder
_FLAT = "previz: pixels are moved, nothing is relit"
_PORTRAIT = "the head turns some 10 degrees from the portrait's own pose, no more"
_LIMITS = {
    "talk": (_PORTRAIT, "teeth and tongue are painted, and the same for everybody"),
    "animate": (_PORTRAIT,),
    "mimic": (_PORTRAIT, "teeth and tongue are painted, and the same for everybody"),
    "stage": (_PORTRAIT,),
    "lipsync": (
        "teeth and tongue are painted, and the same for everybody",
        "a thing before the mouth stays as it is; one that only lies on the cheek moves with the skin",
    ),
}
"""What holds of every take of a mode; docs/guide.md says it at length."""


def deliver(request: Request, frames: Iterator[Picture | Plate], report: Mapping[str, Any]) -> Delivery:
    """Write `frames` (plates, or BGR of height, width, 3; exactly spec.frames), with the request's dialogue, into its
    work folder.

    `report` is read after the last frame, so that a mode may fill it while it renders.

    Raises:
        DeliveryError: another number of frames, or another size, than request.spec orders.
        MediaError: the dialogue can't be read.
        StoreError: no room to write.
    """
    path = request.work / f"{request.mode}.mov"
    write_frames(path, request.spec, frames, sound=read_dialogue(request))
    return Delivery(path, conformed=True, report=told(request.mode, report))


def told(mode: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """What take.json says of a take: its mode, its label, the mode's limits before those of this very take, and all of
    `report`.
    """
    limits = [_FLAT, *_LIMITS.get(mode, ()), *report.get("limits", ())]
    return {"method": mode, "label": "previz", **report, "limits": limits}


def write_frames(
    path: Path, spec: TakeSpec, frames: Iterator[Picture | Plate], *, sound: NDArray[np.float32] | None
) -> None:
    """Exactly spec.frames of `frames` as a take; raises as `deliver`."""
    with TakeWriter(path, spec, sound=sound, comment=COMMENT) as writer:
        _write_all(writer, frames)


def read_portrait(request: Request) -> Picture:
    path = request.performer.portrait
    try:
        coded = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise MediaError(f"the portrait can't be read: {error.strerror}", where=str(path)) from error
    picture = cv2.imdecode(coded, cv2.IMREAD_COLOR) if len(coded) else None
    if picture is None:
        raise MediaError("the portrait is not a picture", hint="Save it as PNG or JPEG.", where=str(path))
    return np.asarray(picture, np.uint8)


def read_dialogue(request: Request) -> NDArray[np.float32] | None:
    import soundfile

    if request.dialogue is None:
        return None
    try:
        samples, rate = soundfile.read(request.dialogue, dtype="float32")
    except (OSError, soundfile.LibsndfileError) as error:
        raise MediaError(f"the dialogue can't be read: {error}", where=str(request.dialogue)) from error
    if rate != request.spec.sample_rate:
        raise MediaError(
            f"the dialogue has {rate} Hz, the take {request.spec.sample_rate} Hz",
            hint="Mix it again at the take's sample rate.",
            where=str(request.dialogue),
        )
    return np.ascontiguousarray(samples if samples.ndim == 1 else samples.mean(1), np.float32)


def _write_all(writer: TakeWriter, frames: Iterator[Picture | Plate]) -> None:
    """Encode in a second thread while the next frames are made: both release the interpreter's lock."""
    waiting: queue.Queue[Picture | Plate | None] = queue.Queue(_AHEAD)
    with ThreadPoolExecutor(1, "greenroom-previz-encoder") as pool:
        encoding = pool.submit(_encode, writer, waiting)
        try:
            for frame in frames:
                if not _handed_over(waiting, frame, encoding):
                    break
        finally:
            _handed_over(waiting, None, encoding)
        encoding.result()


def _encode(writer: TakeWriter, waiting: queue.Queue[Picture | Plate | None]) -> None:
    while (frame := waiting.get()) is not None:  # iter(get, None) would compare pictures with None pixel by pixel
        writer.write(frame.frame if isinstance(frame, Plate) else frame)


def _handed_over(
    waiting: queue.Queue[Picture | Plate | None], frame: Picture | Plate | None, encoding: Future[None]
) -> bool:
    """Whether the encoder took it; False once it has ended, so that a full disk can't leave us waiting for ever."""
    while not encoding.done():
        try:
            waiting.put(frame, timeout=0.2)
        except queue.Full:
            continue
        return True
    return False

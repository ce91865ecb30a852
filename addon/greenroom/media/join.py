# SPDX-License-Identifier: Apache-2.0
"""Pieces of several takes as one: where every frame stands for itself (ProRes, DNxHR) the compressed pictures are
copied, so that they stay what they were to the bit; H.264 is encoded anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from greenroom.errors import MediaError
from greenroom.media.container import opened, picture_stream, reading
from greenroom.media.pictures import read_frames
from greenroom.media.probe import probe
from greenroom.media.takes import TakeWriter
from greenroom.media.trim import copied_as
from greenroom.media.types import TakeSpec

if TYPE_CHECKING:
    from av.packet import Packet

__all__ = ["Piece", "join"]

Piece = tuple[Path, range]
"""A file, and which of its frames (from 0, forwards)."""


def join(
    pieces: Sequence[Piece],
    spec: TakeSpec,
    destination: Path,
    *,
    sound: NDArray[np.float32] | None = None,
    comment: str = "",
) -> bool:
    """Writes the frames of `pieces`, one after another, as a take; `sound` is that of the whole. Whether the pictures
    were copied as they are.

    Raises:
        DeliveryError: they are not as many frames as `spec` orders.
        MediaError: a piece can't be read, or lacks frames.
        StoreError: no room to write.
    """
    pieces = [piece for piece in pieces if len(piece[1])]
    copies = all(copied_as(probe(path)) is spec.codec for path, _ in pieces)
    with TakeWriter(destination, spec, sound=sound, comment=comment) as writer:
        for path, frames in pieces:
            if copies:
                for packet in _packets(path, frames):
                    writer.copy(packet)
            else:
                for frame in read_frames(path, frames):
                    writer.write(frame)
    return copies


def _packets(path: Path, frames: range) -> Iterator[Packet[Any]]:
    found = 0
    with opened(path) as container, reading(path):
        picture = picture_stream(container)
        assert picture is not None
        number = 0
        for packet in container.demux(picture):
            if packet.dts is None or number >= frames.stop:
                continue
            if number in frames:
                found += 1
                yield packet
            number += 1
    if found < len(frames):
        raise MediaError(f"{path.name} has {found} of {len(frames)} frames", hint="Generate it again.", where=str(path))

# SPDX-License-Identifier: Apache-2.0
"""Gives a result back the time that sending it at a whole rate has bent, without touching a frame."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.media.files import replacing

__all__ = ["retimed"]


def retimed(movie: Path, stretch: Fraction, rate: Fraction, to: Path) -> Path:
    """Writes `movie` to `to`, lasting `stretch` times as long: the same compressed frames, without sound.

    `rate` is the take's: its clock can tell every frame of it.

    Raises:
        MediaError: it can't be read.
        StoreError: it can't be written.
    """
    import av

    from greenroom.media.container import fraction_of, opened

    with (
        opened(movie) as source,
        replacing(to) as partial,
        av.open(f"file:{partial.absolute()}", mode="w", format="mp4") as target,
    ):
        old = source.streams.video[0]
        new: Any = target.add_stream_from_template(old)
        clock = Fraction(1, rate.numerator * 10)
        new.time_base = clock
        for packet in source.demux(old):
            if packet.dts is None or packet.pts is None:
                continue
            scale = stretch * fraction_of(old.time_base, Fraction(0)) / clock
            packet.pts, packet.dts = round(packet.pts * scale), round(packet.dts * scale)
            packet.duration = round(packet.duration * scale) if packet.duration else 0
            packet.stream, packet.time_base = new, clock
            target.mux(packet)
    return to

# SPDX-License-Identifier: Apache-2.0
"""ProRes pictures without their finest detail, at half the decoder's time: for measures that look at small pictures.

A slice holds its coefficients coarse to fine, those of all its blocks together. The slice's header says how many bytes
they are: where it says fewer, the decoder stops there, and what is left is the same picture, softer. (SMPTE RDD 36,
5.3.) Luma only: chroma is looked for behind luma's end, so it is lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["thinned"]

_KEPT = 0.5
"""Of a slice's luma. At half the size in each direction it differs from the whole by 0.17 levels of 255 in the mean."""
_SLICE_HEADER = 6  # bytes: sizes of luma and one chroma; others have alpha or sizes of their own
_INTERLACED = 0x0C  # of the frame's flags


def thinned(packet: bytes) -> bytes | None:
    """The ProRes picture `packet` with half of its luma, as long as before; None for what has to be decoded whole:
    fields, alpha, damage.
    """
    data = np.frombuffer(packet, np.uint8).copy()
    if len(data) < 28 or bytes(data[4:8]) != b"icpf" or data[20] & _INTERLACED:
        return None
    starts = _slices(data)
    if starts is None or (data[starts] >> 3 != _SLICE_HEADER).any():
        return None
    sizes = data[starts + 2].astype(np.int64) << 8 | data[starts + 3]
    kept = (sizes * _KEPT).astype(np.int64)
    data[starts + 2], data[starts + 3] = kept >> 8, kept & 255
    return data.tobytes()


def _slices(data: NDArray[np.uint8]) -> NDArray[np.int64] | None:
    """Where each slice begins; None where the table of their sizes is no such thing."""
    picture = 8 + _word(data, 8)
    if picture + 8 > len(data):
        return None
    table, count = picture + (int(data[picture]) >> 3), _word(data, picture + 5)
    first = table + 2 * count
    if not count or first > len(data):
        return None
    sizes = data[table:first].view(">u2").astype(np.int64)
    ends = first + np.cumsum(sizes)
    return ends - sizes if ends[-1] <= len(data) and sizes.min() >= _SLICE_HEADER else None


def _word(data: NDArray[np.uint8], at: int) -> int:
    return int(data[at]) << 8 | int(data[at + 1])

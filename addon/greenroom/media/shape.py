# SPDX-License-Identifier: Apache-2.0
"""Pictures into another size, shape and pixel format: turned, in square pixels, fitted, and in the right matrix.

swscale takes BT.601 wherever nobody says otherwise, so the matrix is always said (facts/infra section 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from greenroom.media.planes import EXACT, PLAIN, QUICK, flattened, has_alpha, is_full_range, laid, turned
from greenroom.media.types import Fit

__all__ = ["Placement", "Shaper", "placement", "source_matrix"]

_BT709, _BT601, _BT2020 = 1, 5, 9  # swscale's numbers (SWS_CS_*)
_LIMITED, _FULL = 1, 2
_MATRICES = {1: _BT709, 4: 4, 5: _BT601, 6: _BT601, 7: 7, 9: _BT2020, 10: _BT2020}  # H.273 -> SWS_CS_*
_TALLEST_SD = 576


@dataclass(frozen=True)
class Placement:
    """Scale the whole picture to `width` x `height`, then lay it with its corner at (`left`, `top`) of the frame."""

    width: int
    height: int
    left: int
    top: int


def placement(source: tuple[int, int], frame: tuple[int, int], fit: Fit, *, grid: int = 1) -> Placement:
    """Where a picture of `source` (width, height, as displayed) comes to lie in `frame`.

    `grid` is 2 for formats with subsampled colour: sizes and corners then are even.
    """
    scale = Fraction(1)
    if fit is not Fit.CROP:
        choose = min if fit is Fit.FIT else max
        scale = choose(Fraction(frame[0], source[0]), Fraction(frame[1], source[1]))
    width, height = (_fitted(side * scale, room, grid) for side, room in zip(source, frame, strict=True))
    left, top = ((room - side) // 2 // grid * grid for side, room in ((width, frame[0]), (height, frame[1])))
    return Placement(width, height, left, top)


def _fitted(side: Fraction, room: int, grid: int) -> int:
    # a picture that misses the frame by less than a chroma sample fills it: no hairline of black at the edge
    if abs(side - room) < grid:
        return room
    return max(grid, round(side / grid) * grid)


def source_matrix(frame: VideoFrame) -> int:
    """The matrix to decode a picture with, as swscale counts: what it says, else by size as players do."""
    said = _MATRICES.get(int(frame.colorspace))
    return said if said is not None else (_BT601 if frame.height <= _TALLEST_SD else _BT709)


class Shaper:
    """Gives every picture one size and pixel format. One a stream: it keeps swscale's tables between pictures.

    `aspect` is the pixel aspect of the source, `rotation` its clockwise turn for display. `quick` pictures are for
    looking at by machine: tones are some levels off.
    """

    def __init__(
        self,
        width: int,
        height: int,
        pixel_format: str,
        *,
        fit: Fit = Fit.FIT,
        aspect: Fraction = Fraction(1),
        rotation: int = 0,
        quick: bool = False,
    ) -> None:
        self._exact = QUICK if quick else EXACT
        self._frame = (width, height)
        self._format = pixel_format
        self._fit = fit
        self._aspect = aspect
        self._turns = rotation // 90 % 4
        self._scaler = VideoReformatter()
        self._converter = VideoReformatter()

    def shape(self, frame: VideoFrame) -> VideoFrame:
        """The picture in the frame; itself if there is nothing to do."""
        clear = has_alpha(frame)
        if not self._format.startswith("yuva"):
            frame = flattened(frame, source_matrix(frame))
        if self._turns:
            planar = self._scaled(frame, frame.width, frame.height, _planar_444(frame), keep=True)
            frame = turned(planar, self._turns)
        aspect = 1 / self._aspect if self._turns % 2 else self._aspect
        shown = (max(1, round(frame.width * aspect)), frame.height)
        place = placement(shown, self._frame, self._fit, grid=1 if self._format == "bgr24" else 2)
        scaled = self._scaled(frame, place.width, place.height, self._format)
        if (place.width, place.height) == self._frame:
            return scaled
        return laid(scaled, (place.left, place.top), self._frame, clear=clear)

    def _scaled(
        self, frame: VideoFrame, width: int, height: int, pixel_format: str, *, keep: bool = False
    ) -> VideoFrame:
        """With `keep` it is only on its way to be turned, and keeps its matrix and range."""
        full = is_full_range(frame)
        matrix = source_matrix(frame)
        scaler = self._converter if keep else self._scaler
        same = (frame.width, frame.height) == (width, height) and matrix == _BT709 and not full
        plain = same and not frame.format.is_rgb and pixel_format.startswith("yuv")
        return scaler.reformat(
            frame,
            width=width,
            height=height,
            format=pixel_format,
            src_colorspace=matrix,
            dst_colorspace=matrix if keep else _BT709,
            interpolation=PLAIN if plain else self._exact,
            src_color_range=_FULL if full else _LIMITED,
            dst_color_range=_FULL if pixel_format == "bgr24" or (keep and full) else _LIMITED,
        )


def _planar_444(frame: VideoFrame) -> str:
    """The format to turn a picture in: as deep as it is, and not subsampled, so that turning loses no colour."""
    alpha = "a" if has_alpha(frame) else ""
    family = f"gbr{alpha}p" if frame.format.is_rgb else f"yuv{alpha}444p"
    depth = max((part.bits for part in frame.format.components), default=8)
    return family if depth <= 8 else f"{family}{10 if depth <= 10 else 12 if depth <= 12 else 16}le"

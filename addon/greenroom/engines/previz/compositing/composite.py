# SPDX-License-Identifier: Apache-2.0
"""An actor laid into a plate: clean edges, the plate's light and the plate's grain.

Everything works on regions, so that the cost follows the actor's size and not the frame's. Alpha is straight: a pixel's
colour is the actor's own, whatever its coverage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["UNCHANGED", "Grain", "Light", "add_grain", "foreground", "grain_of", "match_light", "nearby", "over"]

Picture = NDArray[np.uint8]
Alpha = NDArray[np.float32]
Vectors = NDArray[np.float64]

_SOLID, _EMPTY = 0.97, 0.03  # coverage from which a pixel counts as actor, and up to which as background
_BESIDE = 4.0  # times that reach, around what is covered: as far as anything is ever resampled or blurred
_REACHES = (1.0, 4.0, 16.0)  # of the band's own reach: how far edge colours are fetched from, nearest first

_BRIGHT = 75.0  # percentile of luma that stands for the key light: shadows and windows say little about it
_EXPOSURE = 0.55  # share of the difference in stops that is taken over: people are not grey cards
_DARKEST, _BRIGHTEST = -0.9, 0.4  # stops
_WARMTH = 0.45  # share of the colour cast that is taken over
_CAST = 0.22  # of a stop: the most that one channel is moved against the others
_LUMA = np.array([0.0722, 0.7152, 0.2126])  # BT.709, BGR

_TILE = 512  # pixels of the noise that grain is cut from
_CALM = 1.15  # pure grain measures so much less in its calmest blocks and above the filtered-out low frequencies
_NO_GRAIN = 8.0  # levels: a picture that is nowhere calmer is all structure, and its grain can't be told
_FINEST, _COARSEST = 0.0, 1.4  # sigma in pixels of the grain's size


def foreground(bgr: Picture, alpha: Alpha, *, reach: float = 0.0) -> Picture:
    """`bgr` (h, w, 3) with the background taken out of its edge pixels, so that no halo of it is carried along.

    Each partly covered pixel is unmixed from the colours of the actor inside and of the background outside (as in
    Forte's blur fusion, 2021); what is left of it that still points towards the background is dropped. Pixels near
    it without any coverage get the nearest of the actor's colours, as resampling and straight alpha want it; those
    further off stay as they are. `reach` in pixels is how wide the soft edge is; 0: a hundredth of the longer side.
    """
    reach = reach or max(2.0, max(alpha.shape) / 100)
    band = _band(alpha, round(_BESIDE * reach))
    if band is None:
        return bgr.copy()
    rows, columns = band
    part, cover = bgr[rows, columns].astype(np.float32), alpha[rows, columns, None]
    inside = nearby(part, alpha[rows, columns] >= _SOLID, reach)
    outside = nearby(part, alpha[rows, columns] <= _EMPTY, reach)
    away = outside - inside
    residue = part - cover * inside - (1 - cover) * outside
    towards = (residue * away).sum(2, keepdims=True) / ((away * away).sum(2, keepdims=True) + 25.0)
    pulled = inside + cover * (residue - np.clip(towards, 0, 1) * away)
    own = np.clip((cover - 0.96) / 0.035, 0, 1)
    result = bgr.copy()
    result[rows, columns] = np.clip(pulled + (part - pulled) * own + 0.5, 0, 255).astype(np.uint8)
    return result


def over(plate_region: Picture, bgr: Picture, alpha: Alpha) -> None:
    """Lay `bgr` with cover `alpha` (h, w; 0 to 1) over `plate_region`, in place. What isn't covered keeps its bits."""
    if plate_region.size:
        cv2.blendLinear(bgr, plate_region, alpha, 1 - alpha, plate_region)


@dataclass(frozen=True)
class Light:
    """What light does to each channel, BGR: factors. `on` applies them, with a soft shoulder below white."""

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @cached_property
    def _table(self) -> Picture:
        levels = np.arange(256.0)[:, None] * np.array(self.gain)
        knee = 235.0
        soft = knee + (255 - knee) * np.tanh((levels - knee) / (255 - knee))
        bent = np.where((levels > knee) & (np.array(self.gain) > 1), soft, levels)
        return np.asarray(np.clip(bent + 0.5, 0, 255), np.uint8).reshape(1, 256, 3)

    def on(self, bgr: Picture) -> Picture:
        """`bgr` (h, w, 3) in this light."""
        return bgr if self.gain == (1.0, 1.0, 1.0) else np.asarray(cv2.LUT(bgr, self._table), np.uint8)


UNCHANGED = Light()


def match_light(
    plate: Picture, actor: Picture, alpha: Alpha, *, before: Light | None = None, steady: float = 0.92
) -> Light:
    """The light that brings `actor` (with its `alpha`) towards that of `plate`, the region around and behind it.

    Exposure and colour cast are taken over in part and within bounds: at most 0.9 stops down and 0.4 up, a channel at
    most 0.22 stops against the others. `before` is the last frame's light: the new one keeps `steady` of it.
    """
    there, here = _key(plate, None), _key(actor, alpha)
    if there is None or here is None:
        return before or UNCHANGED
    stops = float(np.clip(_EXPOSURE * np.log2((there @ _LUMA) / (here @ _LUMA)), _DARKEST, _BRIGHTEST))
    cast = _WARMTH * np.log2(there / (there @ _LUMA))  # against grey: the actor's skin has a colour of its own
    gain = stops + np.clip(cast - cast @ _LUMA, -_CAST, _CAST)
    if before is not None:
        gain = steady * np.log2(before.gain) + (1 - steady) * gain
    blue, green, red = (float(value) for value in 2.0**gain)
    return Light((blue, green, red))


@dataclass(frozen=True)
class Grain:
    """Grain of a plate: `strength` is its spread in levels of 255 for each channel (BGR), `size` the sigma in pixels
    of its clumps.
    """

    strength: tuple[float, float, float] = (0.0, 0.0, 0.0)
    size: float = 0.0
    _tiles: dict[tuple[float, ...], NDArray[np.int16]] = field(default_factory=dict, repr=False, compare=False)

    def field(self, strength: tuple[float, ...], height: int, width: int) -> NDArray[np.int16]:
        """Noise of `strength` in levels, at least (height, width, 3); it repeats every _TILE pixels."""
        kept = self._tiles.get(strength)
        if kept is None or kept.shape[0] < height or kept.shape[1] < width:
            noise = np.random.default_rng(20).standard_normal((_TILE, _TILE, 3)).astype(np.float32)
            if self.size > 0.2:
                wrapped = np.pad(noise, ((8, 8), (8, 8), (0, 0)), mode="wrap")  # the tile is laid edge to edge
                noise = np.asarray(cv2.GaussianBlur(wrapped, (0, 0), self.size)[8:-8, 8:-8], np.float32)
                noise /= noise.std()
            tile = np.rint(noise * np.array(strength, np.float32)).astype(np.int16)
            self._tiles.clear()
            kept = np.tile(tile, (-(-height // _TILE), -(-width // _TILE), 1))
            self._tiles[strength] = kept
        return kept


def grain_of(plate: Picture) -> Grain:
    """The grain of `plate` (h, w, 3): measured where the picture is flattest, so that structure isn't taken for it."""
    part = plate[: plate.shape[0] // 16 * 16, : plate.shape[1] // 16 * 16].astype(np.float32)
    if min(part.shape[:2]) < 32:
        return Grain()
    fine = part - cv2.GaussianBlur(part, (0, 0), 2.5)
    blocks = fine.reshape(part.shape[0] // 16, 16, part.shape[1] // 16, 16, 3).std((1, 3)).reshape(-1, 3)
    calm = blocks[np.argsort(blocks.mean(1))]
    usable = calm[calm.max(1) > 0.05]  # crushed blacks and blown whites hold none
    if not len(usable):
        return Grain()
    strength = usable[: max(4, len(usable) // 6)].mean(0) * _CALM
    if np.max(strength) > _NO_GRAIN:
        return Grain()
    blue, green, red = (round(float(value), 2) for value in strength)
    return Grain((blue, green, red), _size(fine, blocks))


def add_grain(bgr: Picture, alpha: Alpha, grain: Grain, frame: int, *, own: Grain | None = None) -> None:
    """Lay `grain` over `bgr` in place where `alpha` covers it; `frame` shifts it, so that it lives. `own` is what the
    actor's picture has already: only what it lacks is added.
    """
    has = (own or Grain()).strength
    lacking = tuple(
        round(float(np.sqrt(max(0.0, wanted**2 - there**2))), 1)
        for wanted, there in zip(grain.strength, has, strict=True)
    )
    if max(lacking) < 0.3:  # of a level: not to be seen
        return
    across, down = np.random.default_rng([21, frame]).integers(0, _TILE, 2).tolist()
    height, width = bgr.shape[:2]
    noise = grain.field(lacking, height + _TILE, width + _TILE)[down : down + height, across : across + width]
    covered = (alpha > _EMPTY).astype(np.uint8)
    cv2.add(bgr, noise, bgr, covered, cv2.CV_8U)


def _band(alpha: Alpha, beside: int) -> tuple[slice, slice] | None:
    """Rows and columns that hold all covered pixels, and `beside` more; None where nothing is solid, or all is."""
    if not (alpha < _SOLID).any() or not (alpha >= _SOLID).any():
        return None
    covered = alpha > 0
    rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
    down, across = (slice(max(0, int(at[0]) - beside), int(at[-1]) + 1 + beside) for at in (rows, columns))
    return down, across


def nearby(part: NDArray[np.float32], known: NDArray[np.bool_], reach: float) -> NDArray[np.float32]:
    """The mean of the `known` pixels' values (h, w, channels) near each pixel; where none is near, of those further
    off. `reach` in pixels is near.
    """
    weight = known.astype(np.float32)
    if not known.any():
        return part.copy()
    weighted = part * weight[..., None]
    colours: NDArray[np.float32] = np.broadcast_to(part[known].mean(0), part.shape).astype(np.float32)
    for times in reversed(_REACHES):
        mean, cover = _spread(weighted, weight, reach * times)
        mean = mean.reshape(part.shape)  # OpenCV drops a single channel
        sure = np.clip(cover * np.float32(40), 0, 1)[..., None]
        colours += sure * (mean / np.maximum(cover, np.float32(1e-4))[..., None] - colours)
    return colours


def _spread(
    colours: NDArray[np.float32], weight: NDArray[np.float32], sigma: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both blurred, wide blurs on smaller pictures."""
    height, width = weight.shape
    smaller = max(1, int(sigma / 2))
    size = (max(1, -(-width // smaller)), max(1, -(-height // smaller)))
    results = []
    for layer in (colours, weight):
        small = cv2.resize(layer, size, interpolation=cv2.INTER_AREA) if smaller > 1 else layer
        small = cv2.GaussianBlur(small, (0, 0), sigma / smaller, borderType=cv2.BORDER_CONSTANT)
        large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR) if smaller > 1 else small
        results.append(np.asarray(large, np.float32))
    return results[0], results[1]


def _key(bgr: Picture, alpha: Alpha | None) -> Vectors | None:
    """The mean colour around the bright percentile, linear enough for factors; None where there is nothing."""
    step = max(1, round(max(bgr.shape[:2]) / 160))
    pixels = bgr[::step, ::step].reshape(-1, 3).astype(float)
    if alpha is not None:
        pixels = pixels[alpha[::step, ::step].reshape(-1) > _SOLID]
    if len(pixels) < 8:
        return None
    luma = pixels @ _LUMA
    low, high = np.percentile(luma, [_BRIGHT - 15, _BRIGHT + 15])
    return np.asarray(np.maximum(pixels[(luma >= low) & (luma <= high)].mean(0), 4.0))


def _size(fine: NDArray[np.float32], blocks: NDArray[np.floating]) -> float:
    """How clumped the noise of the flattest blocks is, as the sigma of a Gaussian, from neighbours' likeness."""
    columns = fine.shape[1] // 16
    likeness = []
    for place in np.argsort(blocks.mean(1))[: max(4, len(blocks) // 6)].tolist():
        row, column = divmod(place, columns)
        part = fine[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16].mean(2)
        power = float((part * part).mean())
        if power > 1e-3:
            likeness.append(float((part[:, 1:] * part[:, :-1]).mean()) / power)
    if not likeness:
        return 0.0
    # white noise through a Gaussian has neighbours that correlate by exp(-1 / (4 sigma^2))
    alike = float(np.clip(np.median(likeness), 1e-3, 0.88))
    return float(np.clip(np.sqrt(-1 / (4 * np.log(alike))) if alike > 0.06 else _FINEST, _FINEST, _COARSEST))

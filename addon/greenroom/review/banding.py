# SPDX-License-Identifier: Apache-2.0
"""Banding: smooth areas that have few tones, with nothing in between.

Seen in the tones, not in the edges, which grain and codecs blur: where a picture has bands, the smooth areas of the
whole picture share the same few tones, some levels apart, and the tones between are as good as empty. Looked at as it
is, and once more without its grain. In motion pictures that weren't reduced no such row of tones was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.review.findings import Finding, Light, Measure, Verdict
from greenroom.review.one_pass import Picture
from greenroom.review.thresholds import Thresholds

__all__ = ["banding_findings"]

Told = tuple[list[Measure], list[Finding]]
Floats = NDArray[np.float64]

_EVERY = 3  # looks: bands stay
_GRAIN = 2.0  # pixels of 540 lines: a blur that takes grain of 3 levels away and leaves bands
_FLAT = 4  # levels within 3 x 3 pixels, of an area that is smooth as it is
_SLOPE = 0.5  # levels a pixel, of one that is smooth without its grain
_TONE = 0.002  # of the picture: a tone that fewer pixels have is none of a band's
_EMPTY = 0.15  # of the lesser of two tones: what lies between two bands
_APART = range(4, 25)  # levels: nearer, nobody sees; farther, they are two things of the scene
_ROW = 4  # tones


def banding_findings(looks: Mapping[int, Picture], thresholds: Thresholds) -> Told:
    """How much of the picture lies in bands, in the median of some looks."""
    threshold = thresholds["banding"]
    shares = {at: _banded(looks[at]) for at in sorted(looks)[::_EVERY]}
    if not shares:
        why = "no picture was looked at"
        return [Measure("banding", None, threshold.unit, verdict=Verdict.INCONCLUSIVE, why=why)], []
    value = float(np.median(list(shares.values())))
    light = threshold.light(value)
    measure = Measure("banding", round(value, 3), threshold.unit, light)
    if light is Light.GREEN:
        return [measure], []
    at = max(shares, key=shares.__getitem__)
    message = "smooth areas show bands"
    return [measure], [Finding("banding", light, message, (), round(value, 2), threshold.unit, at)]


def _banded(picture: Picture) -> float:
    """Percent of the picture's pixels that have a tone of a band, in the channel where it shows most."""
    channels = np.dstack([picture, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)])
    size = picture.shape[0] * picture.shape[1]
    return 100 * max(_in_rows(np.bincount(tones, minlength=256) / size) for tones in _smooth_tones(channels))


def _smooth_tones(channels: Picture) -> Iterator[NDArray[np.uint8]]:
    """The tones of each channel's smooth areas: as they are, and without grain."""
    near = np.ones((3, 3), np.uint8)
    for channel in np.moveaxis(channels, 2, 0):
        yield channel[cv2.subtract(cv2.dilate(channel, near), cv2.erode(channel, near)) <= _FLAT]
        soft = cv2.GaussianBlur(channel.astype(np.float32), (0, 0), _GRAIN)
        across, down = (cv2.Sobel(soft, cv2.CV_32F, *way, ksize=3, scale=1 / 8) for way in ((1, 0), (0, 1)))
        yield np.round(soft[cv2.magnitude(across, down) < _SLOPE]).astype(np.uint8)


def _in_rows(tones: Floats) -> float:
    """The share of pixels in rows of tones with next to nothing between them. `tones` (256,): the share of each."""
    around = np.convolve(tones, np.ones(3) / 3, "same")  # full range has codes that limited range never fills
    share, row = 0.0, list[int]()
    for tone, after in pairwise([*_peaks(tones), 256 + _APART.stop]):
        row.append(tone)
        if after - tone in _APART and around[tone : after + 1].min() < _EMPTY * min(around[tone], around[after]):
            continue
        if len(row) >= _ROW:
            share += sum(float(tones[max(0, each - 2) : each + 3].sum()) for each in row)
        row = []
    return share


def _peaks(tones: Floats) -> list[int]:
    return [at for at in range(1, 255) if tones[at] >= max(_TONE, tones[max(0, at - 2) : at + 3].max())]

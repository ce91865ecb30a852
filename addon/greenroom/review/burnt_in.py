# SPDX-License-Identifier: Apache-2.0
"""Lettering that stands still over a take: a watermark, a provider's name, a burnt-in timecode's label.

Nothing is read. Letters are thin strokes of one tone, alike in height, in a row, and at the same place in every
picture, with room above and below. Fewer than five in a row, or lettering that moves with the scene (a shop's sign
passed by), isn't found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.review.findings import Finding, Light, Measure, Verdict
from greenroom.review.one_pass import Picture
from greenroom.review.thresholds import Thresholds

__all__ = ["burnt_in_findings"]

Told = tuple[list[Measure], list[Finding]]
Box: TypeAlias = tuple[int, int, int, int]
"""x, y, width, height in pixels."""

_CONTRAST = 22  # levels above what is around, of letters that are half transparent
_EDGE = 0.4  # of the highest contrast nearby: what is less is a letter's soft edge
_STROKE = 0.025  # of the picture's height: strokes are thinner than this, or the letters are a scene's
_HEIGHT = (0.013, 0.12)  # of the picture's height: letters lower can't be told from grain
_THIN = 0.42  # of a letter's height, its widest stroke
_WIDE = 2.6  # of a letter's height: two that touch
_UPRIGHT = 0.4  # of a letter's height: an I is no wider, and fills its box
_CORE = 80  # percent of a letter's pixels that are duller than what its tone is told by: the rest are soft edges
_ALIKE = 0.55  # of a letter's height, how much lower another of the same row may be
_APART = 1.1  # of a letter's height, between two of them
_ROW = 5  # letters
_FREE = 0.4  # of the strokes in a row, how many may be above and below it: grass and gravel go on there
_WAVERS = 12.0  # levels between pictures; more is not still
_STILL = (
    0.12  # of a row's contrast, its wavering: 0.09 over footage that shows through by half, 0.23 of strands of hair
)
_TONE = 14.0  # levels by which a letter may differ from the middle one of its row
_ONE_TONE = 0.66  # of a row's letters


def burnt_in_findings(looks: Mapping[int, Picture], thresholds: Thresholds) -> Told:
    """Rows of letters at the same place in all looks."""
    threshold = thresholds["burnt_in"]
    if len(looks) < 2:
        why = "too few pictures"
        return [Measure("burnt_in", None, threshold.unit, verdict=Verdict.INCONCLUSIVE, why=why)], []
    stack = np.stack([cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in looks.values()]).astype(np.float32)
    mean, wavers = stack.mean(axis=0), stack.std(axis=0)
    rows = [row for tone in (mean, 255 - mean) for row in _rows(tone.astype(np.uint8), wavers)]
    height, width = mean.shape
    share = 100 * sum(_area(row) for row in rows) / (height * width)
    light = threshold.light(share)
    measure = Measure("burnt_in", round(share, 3), threshold.unit, light)
    if light is Light.GREEN:
        return [measure], []
    message = f"lettering stands in the picture ({_place(rows[0], width, height)})"
    return [measure], [
        Finding("burnt-in", light, message, (), round(share, 2), threshold.unit, sorted(looks)[len(looks) // 2])
    ]


def _rows(tone: NDArray[np.uint8], wavers: NDArray[np.float32]) -> list[list[Box]]:
    """Rows of letters that are lighter than what is around them."""
    size = max(5, round(_STROKE * tone.shape[0]) | 1)
    raised = np.asarray(
        cv2.morphologyEx(tone, cv2.MORPH_TOPHAT, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))), np.uint8
    )
    # the middle tone around, too: a shadow under the letters would raise what lies between them
    raised = np.minimum(raised, cv2.subtract(tone, cv2.medianBlur(tone, 2 * size + 1)))
    near = cv2.dilate(raised, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    strokes = ((raised > np.maximum(_CONTRAST, _EDGE * near)) & (wavers < _WAVERS)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    thick = cv2.distanceTransform(strokes, cv2.DIST_L2, 3)
    letters: list[Box] = []
    for label in range(1, count):
        x, y, wide, high, area = (int(value) for value in stats[label])
        if not _letter_sized(wide, high, area, tone.shape[0]):
            continue
        inside = labels[y : y + high, x : x + wide] == label
        if 2 * float(thick[y : y + high, x : x + wide][inside].max()) <= max(_THIN * high, 3.0):
            letters.append((x, y, wide, high))
    rows = (_of_one_tone(row, tone, strokes) for row in _in_rows(letters))
    return [row for row in rows if row and _stands_free(row, strokes) and _laid_over(row, strokes, raised, wavers)]


def _letter_sized(wide: int, high: int, area: int, picture: int) -> bool:
    low, most = (part * picture for part in _HEIGHT)
    full = area / (wide * high)
    return low <= high <= most and wide <= _WIDE * high and full >= 0.15 and (full <= 0.95 or wide <= _UPRIGHT * high)


def _in_rows(letters: Sequence[Box]) -> list[list[Box]]:
    """Chains of neighbours of like height on one line, of five and more."""
    rows: list[list[Box]] = []
    for letter in sorted(letters):
        row = next((row for row in rows if _follows(row[-1], letter)), None)
        if row is None:
            rows.append([letter])
        else:
            row.append(letter)
    return [row for row in rows if _letters(row) >= _ROW]


def _letters(row: Sequence[Box]) -> int:
    """How many letters they are: some touch."""
    return sum(max(1, round(wide / high)) for _, _, wide, high in row)


def _follows(last: Box, letter: Box) -> bool:
    high = max(last[3], letter[3])
    level = abs(last[1] + last[3] - letter[1] - letter[3]) <= 0.35 * high
    near = letter[0] - last[0] - last[2] <= _APART * high
    return level and near and min(last[3], letter[3]) >= _ALIKE * high


def _of_one_tone(row: Sequence[Box], tone: NDArray[np.uint8], strokes: NDArray[np.uint8]) -> list[Box]:
    """Its letters without what only stands beside them, an edge of the scene; nothing where too few are of one tone."""
    tones = [
        float(np.percentile(tone[y : y + high, x : x + wide][strokes[y : y + high, x : x + wide] > 0], _CORE))
        for x, y, wide, high in row
    ]
    usual = float(np.median(tones))
    alike = [letter for letter, own in zip(row, tones, strict=True) if abs(own - usual) < _TONE]
    return alike if _letters(alike) >= max(_ROW, _ONE_TONE * _letters(row)) else []


def _stands_free(row: Sequence[Box], strokes: NDArray[np.uint8]) -> bool:
    """Whether there is room above and below the row, as there is none in a scene's fine texture."""
    left, right = row[0][0], max(x + wide for x, _, wide, _ in row)
    high = round(np.median([high for _, _, _, high in row]))
    low = round(np.median([y + high for _, y, _, high in row]))
    gap, deep = max(1, round(0.2 * high)), max(2, round(0.4 * high))
    above = strokes[max(0, low - high - gap - deep) : max(0, low - high - gap), left:right]
    below = strokes[low + gap : low + gap + deep, left:right]
    around = np.concatenate([above.ravel(), below.ravel()])
    inside = strokes[low - high : low, left:right]
    return not around.size or float(around.mean()) <= _FREE * float(inside.mean())


def _laid_over(
    row: Sequence[Box], strokes: NDArray[np.uint8], raised: NDArray[np.uint8], wavers: NDArray[np.float32]
) -> bool:
    """Whether its strokes stand as still as they stand out: strands of hair go with their head."""
    inside = np.zeros(strokes.shape, bool)
    for x, y, wide, high in row:
        inside[y : y + high, x : x + wide] = True
    inside &= strokes > 0
    return float(np.median(wavers[inside])) <= _STILL * float(np.median(raised[inside]))


def _area(row: Sequence[Box]) -> int:
    return sum(wide * high for _, _, wide, high in row)


def _place(row: Sequence[Box], width: int, height: int) -> str:
    x = (row[0][0] + row[-1][0] + row[-1][2]) / 2 / width
    y = (row[0][1] + row[0][3] / 2) / height
    across = "left" if x < 1 / 3 else "right" if x > 2 / 3 else "middle"
    down = "top" if y < 1 / 3 else "bottom" if y > 2 / 3 else "middle"
    return "in the middle" if (across, down) == ("middle", "middle") else f"{down} {across}"

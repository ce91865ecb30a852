# SPDX-License-Identifier: Apache-2.0
"""Size, rate and depth as they came from the engine, against what the take is wrapped as.

Known only where the take was conformed: what take.json has under report.conform.delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from greenroom.frames import write_rate
from greenroom.review.findings import Finding, Light, Measure, Verdict

__all__ = ["delivered_findings"]

Told = tuple[list[Measure], list[Finding]]


def delivered_findings(
    delivered: Mapping[str, Any], width: int, height: int, rate: Fraction, wrapped_bits: int
) -> Told:
    """What was blown up, made of another rate or of fewer bits."""
    try:
        size = int(delivered["width"]), int(delivered["height"])
        own_rate, bits = Fraction(str(delivered["rate"])), int(delivered["bit_depth"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        why = "made as it is wrapped" if not delivered else "take.json doesn't say it"
        return [Measure("delivered_size", None, "% of the height", verdict=Verdict.NOT_APPLICABLE, why=why)], []
    part = min(size[0] / width, size[1] / height)
    measures, findings = [], []
    light = Light.AMBER if part < 1 else Light.GREEN
    came = f"{size[0]} x {size[1]}"
    measures.append(Measure("delivered_size", round(100 * part, 1), "% of the take's", light, why=came))
    if light is not Light.GREEN:
        message = f"it came as {came} and was blown up to {width} x {height}"
        findings.append(Finding("upscaled", light, message, (), round(100 * part, 1), "% of the take's"))
    light = Light.AMBER if own_rate != rate else Light.GREEN
    measures.append(Measure("delivered_rate", float(own_rate), "fps", light))
    if light is not Light.GREEN:
        message = f"it came at {write_rate(own_rate)} fps and is wrapped at {write_rate(rate)}"
        findings.append(Finding("delivered-rate", light, message, (), float(own_rate), "fps"))
    measures.append(Measure("delivered_depth", float(bits), "bits", why=f"wrapped in {wrapped_bits}"))
    return measures, findings

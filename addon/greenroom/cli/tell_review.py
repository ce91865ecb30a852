# SPDX-License-Identifier: Apache-2.0
"""Reviews as an editor reads them: a table of lights, and below it what wants a look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from greenroom.cli.shown import Json, counted, say, show_problems, show_table

__all__ = ["tell_review"]

_SHOWN = 3  # ranges of frames of one finding


def tell_review(value: Json, *, verbose: bool = False) -> None:
    """A line for each take, then the findings of those that aren't green; all numbers where `verbose`."""
    show_table(
        ("cue", ">take", "", "~actor", "~mode", "light", "~what wants a look"), [_row(each) for each in value["takes"]]
    )
    for each in value["takes"]:
        for line in _finding_lines(each):
            say(line)
        if verbose:
            for line in _measure_lines(each):
                say(line)
    show_problems([*value["problems"], *(each["problem"] for each in value["takes"] if each["problem"])])
    lights = ", ".join(f"{number} {light}" for light, number in value["counts"].items())
    say(f"{counted(len(value['takes']), 'take')}: {lights}.")


def _row(each: Json) -> tuple[str, ...]:
    codes = list(dict.fromkeys(finding["code"].replace("-", " ") for finding in each["findings"]))
    circled = "circled" if each["circled"] else ""
    return (
        each["cue"],
        str(each["take"]),
        circled,
        each["actor"],
        each["mode"],
        each["light"] or "?",
        ", ".join(codes),
    )


def _finding_lines(each: Json) -> Iterator[str]:
    for finding in each["findings"]:
        where = _where(finding["frames"])
        yield f"  {each['cue']} take {each['take']}  {finding['light']:5}  {finding['message']}{where}"
        if finding["picture"]:
            yield f"      {Path(finding['picture'])}"


def _where(ranges: list[Json]) -> str:
    said = [
        f"{each['start']} to {each['end'] - 1} ({each['in']})"
        if each["end"] - each["start"] > 1
        else f"{each['start']} ({each['in']})"
        for each in ranges[:_SHOWN]
    ]
    more = f" and {counted(len(ranges) - _SHOWN, 'place')} more" if len(ranges) > _SHOWN else ""
    return f", frame {'; '.join(said)}{more}" if said else ""


def _measure_lines(each: Json) -> Iterator[str]:
    for measure in each["measures"]:
        number = measure["verdict"] if measure["value"] is None else f"{measure['value']:g} {measure['unit']}"
        why = f" ({measure['why']})" if measure["why"] else ""
        yield f"      {measure['name'].replace('_', ' ')}: {number}{why}"

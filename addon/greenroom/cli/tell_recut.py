# SPDX-License-Identifier: Apache-2.0
"""The change list as an editor reads it."""

from __future__ import annotations

from collections.abc import Sequence

from greenroom.cli.shown import Json, counted, say, show_problems, show_table
from greenroom.cli.tell_takes import tell_losses

__all__ = ["tell_conformed"]


def tell_conformed(value: Json, *, verbose: bool = False) -> None:
    """A row for each cue; sums; what the format could not keep."""
    rows = [_row(each) for each in value["changes"]]
    show_table(("cue", "in", "~actor", "~what changed", "what follows", ">cost", "~known by"), rows)
    show_problems([*value["problems"], *value["applied"]["problems"]])
    for each in value["changes"]:
        if each["consequence"] in {"regenerate", "decide"}:
            say(f"  {each['cue'] or each['clip']}: {each['why']}")
    if value["was"] is None:
        say("What moved can't be told without the cut before: --was OLD")
    say(_sums(value))
    tell_losses(value["applied"]["losses"], whole=verbose)
    say(f"Written: {value['applied']['output']}")


def _row(each: Json) -> Sequence[str]:
    place = each["place"]["in"] if each["place"] else ""
    said = "; ".join(_said(change) for change in each["changes"])
    match = each["match"]
    known = f"{match['reason']} ({match['confidence']:.0%})" if match else ""
    return (each["cue"] or "?", place, each["actor"], said, _follows(each), _cost(each), known)


def _said(change: Json) -> str:
    frames = ", ".join(f"{first} to {end - 1}" for first, end in change["frames"])
    return f"{change['text']} (frames {frames})" if frames else str(change["text"])


def _follows(each: Json) -> str:
    return str(each["consequence"])


def _cost(each: Json) -> str:
    if each["consequence"] in {"nothing", "decide"}:
        return ""
    if each["cost"] is None:
        return "unknown"
    return f"{each['cost']} {each['currency']}" if float(each["cost"]) else "free"


def _sums(value: Json) -> str:
    counts = value["counts"]
    cost = " + ".join(f"{cost} {currency}" for currency, cost in value["costs"].items()) or "nothing"
    unknown = f" and {counted(value['unknown_costs'], 'unknown price')}" if value["unknown_costs"] else ""
    free = counts["nothing"] + counts["re-conform"]
    paid = counts["generate"] + counts["regenerate"] + counts["extend"]
    decide = f", {counts['decide']} to decide" if counts["decide"] else ""
    return f"{counted(free, 'cue')} for free, {paid} to make for {cost}{unknown}{decide}."

# SPDX-License-Identifier: Apache-2.0
"""Takes and written cuts as an editor reads them."""

from __future__ import annotations

from collections.abc import Sequence

from greenroom.cli.shown import Json, counted, say, show_problems, show_table
from greenroom.cli.tell_cut import problems_of

__all__ = ["tell_applied", "tell_circled", "tell_generated", "tell_pictures", "tell_restored", "tell_takes"]


def tell_takes(value: Json) -> None:
    """Every cue's takes; the circled one has a circle."""
    rows = [row for each in value["cues"] for row in _take_rows(each)]
    show_table(("cue", "in", "take", "", "actor", "engine", ">frames", "timecode", "made", "file"), rows)
    without = [each["cue"]["id"] for each in value["cues"] if not each["takes"]]
    if without:
        say(f"No take yet: {', '.join(without)}. Make them: greenroom generate CUT -o NEW_CUT")


def _take_rows(each: Json) -> list[Sequence[str]]:
    cue = each["cue"]
    return [
        (
            cue["id"],
            cue["slot"]["in"],
            str(take["number"]),
            _circle(take, each["circled_by"]),
            take["actor"],
            take["label"] or take["engine"],
            f"{take['head']}+{take['frames'] - take['head'] - take['tail']}+{take['tail']}",
            take["timecode"],
            take["created"][:16].replace("T", " "),
            take["media"],
        )
        for take in each["takes"]
    ]


def _circle(take: Json, by: str | None) -> str:
    if not take["circled"]:
        return ""
    return "circled" if by == "editor" else "newest"


def tell_circled(value: Json) -> None:
    say(f"Take {value['take']} of {value['cue']} is circled. Put it into a cut: greenroom apply CUT -o NEW_CUT")


def tell_generated(value: Json, *, verbose: bool = False) -> None:
    """What was made, what was not and why, and where the new cut is."""
    counts = value["counts"]
    found = counts["cached"] + value["plan"]["cached"]
    say(f"{counted(counts['made'], 'take')} made, {found} made already, {counts['failed']} failed.")
    show_problems(problems_of(value["plan"]))
    show_problems(value["problems"])
    show_problems(_failures(value["jobs"]))
    for job in value["jobs"]:
        for warning in job["warnings"]:
            say(f"note: take {job['take']} of {job['cue']}: {warning}")
    if value["applied"] is not None:
        tell_applied(value["applied"], verbose=verbose)


def _failures(jobs: Sequence[Json]) -> list[Json]:
    failed = [job for job in jobs if job["outcome"] in {"failed", "unknown"}]
    return [
        {
            "severity": "error",
            "where": job["where"],
            "message": f"take {job['take']} of {job['cue']}: {job['message']}",
            "hint": job["hint"] or "The same command tries again.",
        }
        for job in failed
    ]


def tell_applied(value: Json, *, verbose: bool = False) -> None:
    """Which takes went where, and what the format could not keep."""
    for line in value["summary"]:
        say(f"  {line}")
    show_problems(value["problems"])
    _tell_losses(value["losses"], whole=verbose)
    say(f"Written: {value['output']}")


def tell_restored(value: Json, *, verbose: bool = False) -> None:
    _tell_losses(value["losses"], whole=verbose)
    say(f"{counted(value['clips'], 'clip')} restored. Written: {value['output']}")


def tell_pictures(value: Json) -> None:
    """A contact sheet or a preview."""
    thing = "frame" if value["schema"].startswith("greenroom.preview") else "cue"
    show_problems(value["problems"])
    size = f"{value['width']} x {value['height']}"
    say(f"Written: {value['output']} ({counted(value['count'], thing)}, {size})")


def _tell_losses(losses: Sequence[Json], *, whole: bool) -> None:
    """What the format could not keep, a line for each reason; each thing by itself where `whole`."""
    by_reason: dict[str, list[Json]] = {}
    for loss in losses:
        by_reason.setdefault(loss["why"], []).append(loss)
    for why, same in by_reason.items():
        for loss in same if whole else same[:1]:
            place = f"{loss['where']}: " if loss["where"] else ""
            more = "" if whole or len(same) == 1 else f", and {len(same) - 1} more like it (--verbose lists them)"
            say(f"not kept: {place}{loss['what']} ({why}){more}")

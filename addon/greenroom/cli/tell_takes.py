# SPDX-License-Identifier: Apache-2.0
"""Takes and written cuts as an editor reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from greenroom.cli.shown import Json, counted, say, show_problems, show_table
from greenroom.cli.tell_cut import problems_of

__all__ = [
    "tell_applied",
    "tell_circled",
    "tell_generated",
    "tell_losses",
    "tell_pictures",
    "tell_restored",
    "tell_takes",
]


def tell_takes(value: Json) -> None:
    """Every cue's takes; the circled one has a circle."""
    rows = [row for each in value["cues"] for row in _take_rows(each)]
    show_table(("cue", "in", ">take", "", "light", "~actor", "~engine", ">frames", "timecode", "~file"), rows)
    folders = dict.fromkeys(str(Path(take["media"]).parents[2]) for each in value["cues"] for take in each["takes"])
    for each in value["cues"]:
        _tell_elements(each)
        _tell_rejected(each)
    for folder in folders:
        say(f"The files lie in {Path(folder) / 'CUE' / 'take_001'} and so on.")
    show_problems(value["problems"])
    without = [each["cue"]["id"] for each in value["cues"] if not each["takes"]]
    if without:
        say(f"No take yet: {', '.join(without)}. Make them: greenroom generate CUT -o NEW_CUT")


def _tell_elements(each: Json) -> None:
    """The files that a take has beside its movie: the actor alone, with alpha."""
    for take in each["takes"]:
        for what, path in take["extras"].items():
            say(f"Take {take['number']} of {each['cue']['id']} has an element of its own ({what}): {Path(path).name}")


def _take_rows(each: Json) -> list[Sequence[str]]:
    from greenroom.desk.naming import name_of_player

    cue = each["cue"]
    return [
        (
            cue["id"],
            cue["slot"]["in"],
            str(take["number"]),
            _circle(take, each["circled_by"]),
            take["review"]["light"] if take["review"] else "",
            name_of_player(take["actor"], cue["actor"]),
            take["label"] or take["engine"],
            f"{take['head']}+{take['frames'] - take['head'] - take['tail']}+{take['tail']}",
            take["timecode"],
            Path(take["media"]).name,
        )
        for take in each["takes"]
    ]


def _tell_rejected(each: Json) -> None:
    """Why the editor doesn't want a take."""
    for take in each["takes"]:
        if take["rejected"]:
            say(f"Take {take['number']} of {each['cue']['id']} was rejected: {take['rejected']}")


def _circle(take: Json, by: str | None) -> str:
    if take["rejected"] is not None:
        return "rejected"
    if not take["circled"]:
        return ""
    return "circled" if by == "editor" else "newest"


def tell_circled(value: Json) -> None:
    if value["why"]:
        say(f"Take {value['take']} of {value['cue']}: {value['why']}.")
    say(f"Take {value['take']} of {value['cue']} is circled. Put it into a cut: greenroom apply CUT -o NEW_CUT")


def tell_generated(value: Json, *, verbose: bool = False) -> None:
    """What was made, what was not and why, and where the new cut is."""
    counts = value["counts"]
    found = counts["cached"] + value["plan"]["cached"]
    say(f"{counted(counts['made'], 'take')} made, {found} made already, {counts['failed']} failed.")
    written = value["applied"]
    said = [*problems_of(value["plan"]), *value["problems"], *(written["problems"] if written else ())]
    show_problems([*said, *_failures(value["jobs"]), *_remarks(value["jobs"]), *_findings(value["reviews"])])
    if counts["made"] > len(value["reviews"]):
        say("Measure what was made: greenroom review CUT")
    if written is not None:
        _tell_written(written, verbose=verbose)


def _remarks(jobs: Sequence[Json]) -> list[Json]:
    """What engines had to say about takes that are good, and which had to step in for another."""
    stepped_in = [
        {"severity": "note", "where": job["where"], "message": f"take {job['take']}: {job['message']}", "hint": ""}
        for job in jobs
        if job["outcome"] == "made" and job["message"]
    ]
    return stepped_in + [
        {"severity": "note", "where": f"take {job['take']} of {job['cue']}", "message": warning, "hint": ""}
        for job in jobs
        for warning in job["warnings"]
    ]


def _findings(reviews: Sequence[Json]) -> list[Json]:
    """What the reviews of new takes found."""
    found = [
        {
            "severity": "warning",
            "where": f"take {each['take']} of {each['cue']}",
            "message": f"{each['review']['light']}: {'; '.join(each['review']['findings'])}",
            "hint": "Its pictures lie in the take's folder.",
        }
        for each in reviews
        if each["review"] and each["review"]["findings"]
    ]
    return [*found, *(each["problem"] for each in reviews if each["problem"])]


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
    show_problems(value["problems"])
    _tell_written(value, verbose=verbose)


def _tell_written(value: Json, *, verbose: bool) -> None:
    for line in value["summary"]:
        say(f"  {line}")
    tell_losses(value["losses"], whole=verbose)
    say(f"Written: {value['output']}")
    if value.get("media_folder"):
        say(f"Its takes: {value['media_folder']}")


def tell_restored(value: Json, *, verbose: bool = False) -> None:
    tell_losses(value["losses"], whole=verbose)
    restored = f"{counted(value['clips'], 'clip')} restored" if value["clips"] else "This cut has no takes to take out"
    say(f"{restored}. Written: {value['output']}")


def tell_pictures(value: Json) -> None:
    """A contact sheet, a preview or a slate."""
    thing = "cue" if value["schema"].startswith("greenroom.sheet") else "frame"
    show_problems(value["problems"])
    size = f"{value['width']} x {value['height']}"
    say(f"Written: {value['output']} ({counted(value['count'], thing)}, {size})")


def tell_losses(losses: Sequence[Json], *, whole: bool) -> None:
    """What the format could not keep, a line for each reason; each thing by itself where `whole`."""
    by_reason: dict[str, list[Json]] = {}
    for loss in losses:
        by_reason.setdefault(loss["why"], []).append(loss)
    for why, same in by_reason.items():
        for loss in same if whole else same[:1]:
            place = f"{loss['where']}: " if loss["where"] else ""
            more = "" if whole or len(same) == 1 else f", and {len(same) - 1} more like it (--verbose lists them)"
            say(f"not kept: {place}{loss['what']} ({why}){more}")

# SPDX-License-Identifier: Apache-2.0
"""Candidates, character sheets and auditions as an editor reads them."""

from __future__ import annotations

import shlex

from greenroom.cli.shown import Json, counted, say, show_problems, show_table

__all__ = ["tell_audition", "tell_candidates", "tell_failures", "tell_picked", "tell_quote", "tell_views"]


def tell_quote(value: Json, thing: str) -> None:
    """The quote, before anything is sent."""
    show_problems(value["problems"])
    for note in value["notes"]:
        say(f"note: {note}")
    free = value["cost"] is not None and float(value["cost"]) == 0
    if value["cost"] is None:
        price = "what it costs is not known"
    else:
        price = "free" if free else f"{value['cost']} {value['currency']}"
    source = "" if free or not value["confidence"] else f" ({', '.join(value['confidence'])})"
    there = f", {value['cached']} there already" if value["cached"] else ""
    by = f" by {', '.join(value['engines'])}" if value["engines"] else ""
    say(f"{counted(value['to_make'], thing)} to make{by}{there}: {price}{source}")


def tell_candidates(value: Json) -> None:
    """Each candidate with its seed, and the contact sheet."""
    rows = [
        (
            str(each["number"]),
            str(each["seed"]),
            each["label"] or each["engine"],
            "usable" if each["usable"] else "not usable",
            "; ".join(problem["message"] for problem in each["problems"]),
        )
        for each in value["candidates"]
    ]
    show_table((">candidate", ">seed", "engine", "portrait", "~what speaks against it"), rows)
    tell_failures(value)
    if value["sheet"]:
        say(f"Contact sheet: {value['sheet']}")
        say(f"Choose one: greenroom cast pick {shlex.quote(value['name'])} NUMBER")


def tell_views(value: Json) -> None:
    """Each view with what was measured, and the contact sheet."""
    rows = [
        (
            each["view"].replace("_", " "),
            each["label"] or each["engine"],
            "kept" if each["kept"] else "refused",
            "" if each["yaw"] is None else f"{abs(each['yaw']):.0f}",
            "; ".join((each["why"], *each["notes"])),
        )
        for each in value["views"]
    ]
    show_table(("view", "engine", "", ">turned", "~what was measured"), rows)
    tell_failures(value)
    if value["sheet"]:
        say(f"Contact sheet: {value['sheet']}")


def tell_audition(value: Json) -> None:
    """Each engine's take, and the contact sheet."""
    rows = [
        (
            each["engine"],
            str(each["number"]),
            str(each["frames"]),
            "unknown" if each["cost"] is None else f"{each['cost']} {each['currency']}",
            "; ".join(each["warnings"]),
            each["media"],
        )
        for each in value["takes"]
    ]
    show_table(("engine", ">take", ">frames", ">cost", "~remarks", "~file"), rows)
    tell_failures(value)
    if value["sheet"]:
        say(f"Contact sheet: {value['sheet']}")


def tell_failures(value: Json) -> None:
    show_problems(
        {"severity": "error", "where": each["where"], "message": each["message"], "hint": each["hint"]}
        for each in value["failed"]
    )


def tell_picked(value: Json) -> None:
    actor = value["actor"]
    show_problems(value["problems"])
    joined = "is recast" if value["updated"] else "joined the cast"
    say(f"{actor['display_name']} {joined} as candidate {value['candidate']}, seed {actor['seed']}: {actor['folder']}")
    if value["views_dropped"]:
        say("The character sheet showed another face and is taken out of actor.toml; its pictures stay.")
    say(f"The same face from other sides: greenroom cast sheet {actor['name']}")

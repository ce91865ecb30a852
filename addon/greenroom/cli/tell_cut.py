# SPDX-License-Identifier: Apache-2.0
"""Cues and plans as an editor reads them: what `greenroom cues` and `greenroom plan` print without --json."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from greenroom.cli.shown import Json, counted, say, show_problems, show_table

__all__ = ["problems_of", "tell_cues", "tell_plan"]


def tell_cues(value: Json) -> None:
    """The cues in record order, then what is only suggested, then every problem."""
    cut, cues, suggestions = value["cut"], value["cues"], value["suggestions"]
    say(f"{_title(cut)}: {counted(len(cues), 'cue')}")
    show_table(
        ("cue", "in", "out", ">frames", "track", "~actor", "mode", "note in", "~line"),
        [_cue_row(cue) for cue in cues],
    )
    if suggestions:
        say(f"{counted(len(suggestions), 'placeholder')} without a note (write one, and it becomes a cue):")
        show_table(
            ("in", "out", ">frames", "track", "~clip", "would be"), [_suggestion_row(cue) for cue in suggestions]
        )
    show_problems(problems_of(value))
    if not cues and not suggestions:
        say('No notes found. Write one on a clip\'s marker: GR: actor=MARA mode=talk line="I never left."')


def tell_plan(value: Json) -> None:
    """What would be made, the quote, and every problem at once."""
    say(f"{_title(value['cut'])}: {counted(len(value['cues']), 'cue')}")
    columns = ("cue", "in", ">frames", ">handles", "~actor", "mode", "~engine", "size", ">takes", ">cached", ">cost")
    show_table(columns, [_plan_row(planned) for planned in value["cues"]])
    show_problems(_notes_of(value))
    show_problems(problems_of(value))
    say(_quote(value))


def _notes_of(value: Json) -> list[Json]:
    """What the plan has to say about takes that nothing is wrong with."""
    return [
        {"severity": "note", "where": _place(planned["cue"]), "message": note, "hint": ""}
        for planned in value["cues"]
        for note in (*planned["notes"], *_price_notes(planned))
    ]


def _price_notes(planned: Json) -> Iterator[str]:
    """Where a price comes from, and what the model will do to the picture; nothing of takes that are free."""
    quoted = [take["estimate"] for take in planned["takes"] if not take["cached"] and take["job"] is None]
    paid = [each for each in quoted if each["cost"] is None or float(each["cost"])]
    for each in paid[:1]:  # takes of one cue differ in nothing but their seed
        cost = f"{each['cost']} {each['currency']}" if each["cost"] is not None else "an unknown price"
        where_from = f" ({each['confidence']})" if each["confidence"] not in ("", "unknown") else ""
        yield f"{planned['engine']} makes a take for {cost}{where_from}"
        yield from each["notes"]
    if planned["then"]:
        yield f"if {planned['engine']} fails for nothing, {', then '.join(planned['then'])} performs"


def _place(cue: Json) -> str:
    """A cue's place as problems name it."""
    return " ".join(filter(None, (cue["track"], cue["slot"]["in"], cue["clip"], f"({cue['id']})")))


def problems_of(value: Json) -> list[Json]:
    """All problems of a cue sheet or a plan: the cut's first, then cue by cue; none twice."""
    found: list[Json] = []
    for problem in _all_problems(value):
        if problem not in found:
            found.append(problem)
    return found


def _all_problems(value: Json) -> Iterator[Json]:
    yield from value["problems"]
    for cue in (*value["cues"], *value.get("suggestions", ())):
        yield from cue["cue"]["problems"] if "cue" in cue else ()
        yield from cue["problems"]


def _title(cut: Json) -> str:
    drop = " drop-frame" if cut["drop_frame"] else ""
    size = f", {cut['width']} x {cut['height']}" if cut["width"] else ""
    return f"{cut['name'] or cut['path']}, {_shown_rate(cut['rate'])} fps{drop}{size}, from {cut['start']}"


def _shown_rate(rate: str) -> str:
    from greenroom.frames import exact_rate, write_rate

    return write_rate(exact_rate(rate))


def _cue_row(cue: Json) -> Sequence[str]:
    slot = cue["slot"]
    frames = str(slot["frames"])
    said = cue["line"] or cue["motion"]
    actor = cue["actor"] or "?"
    return cue["id"], slot["in"], slot["out"], frames, cue["track"], actor, cue["mode"], cue["origin"], said


def _suggestion_row(cue: Json) -> Sequence[str]:
    slot = cue["slot"]
    return slot["in"], slot["out"], str(slot["frames"]), cue["track"], cue["clip"] or cue["kind"], cue["mode"]


def _plan_row(planned: Json) -> Sequence[str]:
    cue, output, takes = planned["cue"], planned["output"], planned["takes"]
    cached = sum(take["cached"] for take in takes)
    return (
        cue["id"],
        cue["slot"]["in"],
        str(output["slot"]),
        f"{output['head']}+{output['tail']}",
        cue["actor"] or planned["actor"],
        cue["mode"],
        planned["engine"],
        f"{output['width']} x {output['height']}",
        str(len(takes)),
        str(cached),
        _cost([take for take in takes if not take["cached"] and take["job"] is None]),
    )


def _cost(takes: Sequence[Json]) -> str:
    from decimal import Decimal

    costs = [take["estimate"]["cost"] for take in takes]
    if None in costs:
        return "unknown"
    return str(sum((Decimal(cost) for cost in costs), Decimal(0)))


def _quote(value: Json) -> str:
    made = counted(value["to_make"], "take")
    sums = [f"{cost} {currency}" for currency, cost in value["costs"].items()]
    if value["unknown_costs"]:
        sums.append(f"an unknown price for {value['unknown_costs']} of them" if sums else "an unknown price")
    sent = f"; {value['sent']} of them sent already" if value["sent"] else ""
    return f"{made} to make for {' and '.join(sums) or '0 USD'}{sent}; {value['cached']} made already."

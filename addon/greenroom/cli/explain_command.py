# SPDX-License-Identifier: Apache-2.0
"""explain: what a problem means, by its number."""

from __future__ import annotations

import click

from greenroom.cli.options import common_options
from greenroom.cli.shown import Json, say, show, show_table

__all__ = ["explain"]


@click.command()
@click.argument("rule", default="")
@common_options
def explain(rule: str, as_json: bool, verbose: bool) -> int:
    """What a problem means, and what to do.

    RULE is the number behind a problem, as GR104, or its code, as several-actions. Without one, all rules are listed.
    greenroom.toml switches a rule: GR104 = "off" under [preflight], or "note", "warning", "error".
    """
    from greenroom.desk.explaining import explain

    show(explain(rule), as_json=as_json, tell=_tell_one if rule else _tell_all)
    return 0


def _tell_all(value: Json) -> None:
    rows = [(each["rule"], each["severity"] or "as found", each["title"]) for each in value["rules"]]
    show_table(("rule", "severity", "~what"), rows)
    say("One of them: greenroom explain GR101")


def _tell_one(value: Json) -> None:
    for rule in value["rules"]:
        say(f"{rule['rule']}: {rule['title']} ({rule['severity'] or 'as bad as it is found to be'})")
        say(rule["why"])
        say(f"What to do: {rule['remedy']}")
        if rule["limits"]:
            numbers = ", ".join(f"{name.replace('_', ' ')} {number:g}" for name, number in rule["limits"].items())
            say(f"It goes by: {numbers} ({rule['limits_from']})")
        say(f"Problems: {', '.join(rule['codes'])}")
        say(f'Switch it in greenroom.toml, under [preflight]: {rule["rule"]} = "off", "note", "warning" or "error".')

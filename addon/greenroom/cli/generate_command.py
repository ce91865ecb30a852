# SPDX-License-Identifier: Apache-2.0
"""generate: makes the takes that are missing, and writes the new cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenroom.cli.options import (
    WholeNumber,
    common_options,
    cut_argument,
    farm_option,
    make_options,
    output_option,
    project_option,
    rate_option,
    to_option,
)
from greenroom.cli.shown import show

if TYPE_CHECKING:
    from greenroom.desk.planning.model import Plan
    from greenroom.desk.results import Generated

__all__ = ["generate"]

# A payment whose outcome is unknown weighs more than a failure: nothing may be sent again before somebody looked.
_FAILED, _REFUSED = 1, 3


@click.command()
@cut_argument
@output_option("The new cut. CUT itself is never written to.")
@make_options
@to_option
@click.option("--yes", is_flag=True, help="The quote is agreed to, whatever ask_above in greenroom.toml says.")
@click.option(
    "--allow-unknown-cost", is_flag=True, help="Under a limit, send also what nobody knows the price of beforehand."
)
@click.option("--jobs", metavar="N", type=WholeNumber(1, 64), help="Takes at work at once. Default: one for a core.")
@farm_option
@rate_option
@project_option
@common_options
def generate(
    cut: Path,
    output: Path,
    cues: tuple[str, ...],
    takes: int | None,
    engine: str,
    to: str | None,
    yes: bool,
    allow_unknown_cost: bool,
    jobs: int | None,
    farm: str,
    rate: Fraction | None,
    project: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Make the takes, and write a new cut with them.

    Takes that are there already are used again and cost nothing; only what is missing is made. What you had stays in
    the new cut: a take lies beside it, as a further media reference, and one that you circled is the active one. A cue
    that can't be made is left as it was and reported; the rest is written. Stopped with Ctrl-C, the same command goes
    on where it was.

    What would show or let be heard somebody who hasn't agreed is not sent, and the exit status is 3: greenroom consent.

    A run that may cost more than 'ask_above' is not begun without --yes: it shows its quote, and ends with status 3.
    """
    from greenroom.cli.progress import Bars, somebody_looks_on
    from greenroom.cli.tell_takes import tell_generated
    from greenroom.desk import road
    from greenroom.desk.results_json import generated_json

    quoted: list[Plan] = []
    with _quote_shown(quoted, as_json=as_json), Bars(seen=somebody_looks_on(as_json=as_json)) as bars:
        made = road.generate(
            cut,
            output,
            project=project,
            rate=rate,
            engine=engine,
            takes=takes,
            only=cues,
            to=to,
            jobs_at_once=jobs,
            yes=yes,
            allow_unknown_cost=allow_unknown_cost,
            on_event=bars.on_event,
            on_plan=quoted.append,
            farm=farm,
        )
    value = generated_json(made)
    show(value, as_json=as_json, tell=partial(tell_generated, verbose=verbose))
    if made.interrupted:
        raise click.Abort
    if value["counts"]["unknown"] or _nobody_agreed(made):
        return _REFUSED
    return 0 if value["complete"] else _FAILED


def _nobody_agreed(made: Generated) -> bool:
    """Whether a cue was refused for want of consent."""
    from greenroom.desk.rights.asking import refused_for_consent

    told = (problem for cue in made.plan.cues for problem in cue.problems)
    return bool(refused_for_consent(told)) or any(result.refused for result in made.report.results)


@contextmanager
def _quote_shown(quoted: Sequence[Plan], *, as_json: bool) -> Iterator[None]:
    """Where a run is refused for its price, its quote is shown first."""
    from greenroom.errors import BudgetError, QuoteError

    try:
        yield
    except (BudgetError, QuoteError):
        if quoted:
            from greenroom.cli.tell_cut import tell_plan
            from greenroom.desk.as_json import plan_json

            show(plan_json(quoted[-1]), as_json=as_json, tell=tell_plan)
        raise

# SPDX-License-Identifier: Apache-2.0
"""A batch of paid jobs at a host on this machine, as a program that can be killed.

    python paid_batch.py FOLDER HOST CUES [LOCAL ADDRESS STORE]

FOLDER holds greenroom.toml; the host's address and key are in the environment. LOCAL more cues are performed by the
previz engine, with the machines of the farm at ADDRESS, which also conform what the host made. Prints a line for each
event.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from greenroom.cues.model import Mode
from greenroom.desk.budget import cap_of
from greenroom.desk.farm.crew import FarmCrew
from greenroom.desk.farm.opening import open_ledger
from greenroom.desk.farm.settings import FarmSettings
from greenroom.desk.generating.generate import generate
from greenroom.desk.generating.job_events import JobEvent
from greenroom.desk.generating.stranded import find_stranded
from greenroom.desk.planning.model import CuePlan, Plan, PlannedTake
from greenroom.desk.planning.prepare import draft_request
from greenroom.desk.project.project import Project
from greenroom.engines import find_engines
from greenroom.engines.contract import Engine, Estimate, Performer
from greenroom.engines.previz.drawn.actors import draw
from greenroom.media.posters import write_png
from greenroom.takes import Store
from greenroom.testing.cues import small_cue, small_layout, small_spec

MODEL = "wan-2.7-r2v"
RATE = Fraction(24)
SPEC = small_spec(RATE)


def make_plan(folder: Path, engines: Sequence[Engine]) -> Plan:
    """A cue with one take for each of `engines`, as different from each other as their seeds."""
    portrait = folder / "portrait.png"
    if not portrait.exists():
        write_png(portrait, draw("mara"))
    performer = Performer("mara", "a" * 64, portrait, prompt="a woman of forty")
    plans = [_quoted(_cue_plan(index, performer, engine), engine) for index, engine in enumerate(engines)]
    return Plan(None, small_layout(RATE), tuple(plans))


def _cue_plan(index: int, performer: Performer, engine: Engine) -> CuePlan:
    cue = small_cue(index, Mode.ANIMATE, RATE, motion="She turns.")
    return CuePlan(
        cue=cue,
        performer=performer,
        engine=engine.capabilities().name,
        fingerprint=hashlib.sha256(f"performance {index}".encode()).hexdigest(),
        spec=SPEC,
        record=cue.slot.widened(2, 2),
        takes=(PlannedTake(1, 1000 + index, Estimate(None)),),
        moves_source=False,
    )


def _quoted(planned: CuePlan, engine: Engine) -> CuePlan:
    (take,) = planned.takes
    return replace(planned, takes=(replace(take, estimate=engine.estimate(draft_request(planned, take))),))


def main(folder: Path, host: str, cues: int, local: int = 0, address: str = "", store: str = "") -> int:
    project = Project.load(folder)
    engines = find_engines(project=project.engine_tables)
    plan = make_plan(folder, [engines[f"{MODEL}@{host}"]] * cues + [engines["previz"]] * local)
    farm = FarmCrew(FarmSettings(address, store), project.work_folder) if address else None

    def tell(event: JobEvent) -> None:
        sys.stdout.write(f"{event.state} {event.cue} {event.take}\n")
        sys.stdout.flush()

    with open_ledger(project) as ledger:
        find_stranded(ledger, engines, project.work_folder)
        report = generate(
            plan,
            project=project,
            ledger=ledger,
            store=Store(folder),
            engines=engines,
            jobs_at_once=2,
            on_event=tell,
            cap=cap_of(project.budget),
            farm=farm,
        )
    for result in report.results:
        if result.take is None:
            sys.stderr.write(f"{result}\n")
    return report.exit_status


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(Path(given[0]), given[1], int(given[2]), *([int(given[3]), *given[4:]] if given[3:] else [])))

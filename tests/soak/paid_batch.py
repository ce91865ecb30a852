# SPDX-License-Identifier: Apache-2.0
"""A batch of paid jobs at a host on this machine, as a program that can be killed.

    python paid_batch.py FOLDER HOST CUES

FOLDER holds greenroom.toml; the host's address and key are in the environment. Prints a line for each event.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from greenroom.cues.model import Mode
from greenroom.desk.budget import cap_of
from greenroom.desk.farm.opening import open_ledger
from greenroom.desk.generating.generate import generate
from greenroom.desk.generating.job_events import JobEvent
from greenroom.desk.generating.stranded import find_stranded
from greenroom.desk.planning.model import CuePlan, Plan, PlannedTake
from greenroom.desk.planning.prepare import draft_request
from greenroom.desk.project.project import Project
from greenroom.engines import find_engines
from greenroom.engines.contract import Engine, Estimate, Performer
from greenroom.media.posters import write_png
from greenroom.takes import Store
from greenroom.testing.cues import small_cue, small_layout, small_spec

MODEL = "wan-2.7-r2v"
RATE = Fraction(24)
SPEC = small_spec(RATE)


def make_plan(folder: Path, engine: Engine, cues: int) -> Plan:
    """One take for each of `cues` cues, as different from each other as their seeds."""
    portrait = folder / "portrait.png"
    if not portrait.exists():
        write_png(portrait, np.full((512, 512, 3), 128, np.uint8))
    performer = Performer("mara", "a" * 64, portrait, prompt="a woman of forty")
    plans = [_quoted(_cue_plan(index, performer, engine), engine) for index in range(cues)]
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


def main(folder: Path, host: str, cues: int) -> int:
    project = Project.load(folder)
    engines = find_engines(project=project.engine_tables)
    plan = make_plan(folder, engines[f"{MODEL}@{host}"], cues)

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
        )
    for result in report.results:
        if result.take is None:
            sys.stderr.write(f"{result}\n")
    return report.exit_status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))

# SPDX-License-Identifier: Apache-2.0
"""A batch of small takes, as tests run it in their own process and as a program that can be killed.

    python batch.py FOLDER OPTIONS     OPTIONS is JSON: the keyword arguments of `make_batch` and `run_batch`

Prints a line of JSON for each event and one for the report.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.cues.model import Mode
from greenroom.desk.farm.crew import FarmCrew
from greenroom.desk.farm.settings import FarmSettings
from greenroom.desk.generating.generate import generate
from greenroom.desk.generating.job_events import GenerateReport, JobEvent
from greenroom.desk.planning.model import CuePlan, Plan, PlannedTake
from greenroom.desk.project.project import Project
from greenroom.engines.contract import Estimate, Performer
from greenroom.media.types import Codec
from greenroom.takes import Ledger, Store
from greenroom.testing import Fault, TinyEngine
from greenroom.testing.cues import small_cue, small_layout, small_spec
from greenroom.testing.projects import everybody_agrees

RATE = Fraction(24000, 1001)
SPEC = small_spec(RATE)


def fingerprint_of(index: int) -> str:
    return hashlib.sha256(f"performance {index}".encode()).hexdigest()


def make_plan(folder: Path, cues: int = 1, takes: int = 1, same: bool = False, **cue_plan: Any) -> Plan:
    """A plan of `cues` cues with `takes` takes each; all of the `same` performance, if asked."""
    portrait = folder / "cast" / "mara" / "portrait.png"
    portrait.parent.mkdir(parents=True, exist_ok=True)
    if not portrait.exists():
        portrait.write_bytes(b"a picture of Mara")
    performer = Performer("mara", "a" * 64, portrait, prompt="a woman of forty")
    values: dict[str, Any] = {"engine": "tiny", "spec": SPEC, "moves_source": False, "settings": {"quality": 3}}
    values |= cue_plan
    plans = []
    for index in range(cues):
        cue = small_cue(index, Mode.TALK, RATE, line="I never left.")
        planned = tuple(
            PlannedTake(variant, 1000 * index + variant, Estimate(Decimal("0.25"))) for variant in range(1, takes + 1)
        )
        fingerprint = fingerprint_of(0 if same else index)
        record = cue.slot.widened(2, 2)
        plans.append(
            CuePlan(cue=cue, performer=performer, fingerprint=fingerprint, record=record, takes=planned, **values)
        )
    return Plan(None, small_layout(RATE), tuple(plans))


def make_engine(folder: Path, faults: Mapping[str, str] | None = None, **options: Any) -> TinyEngine:
    chosen = {cue: Fault(fault) for cue, fault in (faults or {}).items()}
    return TinyEngine(provider=folder / "provider", faults=chosen, **options)


def run_batch(
    folder: Path,
    plan: Plan,
    engine: TinyEngine,
    on_event: Callable[[JobEvent], None] = lambda event: None,
    jobs_at_once: int = 2,
    **options: Any,
) -> GenerateReport:
    project = _project(folder)
    everybody_agrees(folder)
    with Ledger.open(project.ledger_path, project=project.id) as ledger:
        return generate(
            plan,
            project=project,
            ledger=ledger,
            store=Store(folder),
            engines={engine.name: engine},
            jobs_at_once=jobs_at_once,
            on_event=on_event,
            **options,
        )


def _project(folder: Path) -> Project:
    return Project(folder, "5c0e0000-0000-4000-8000-000000000002")


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _fill_disk(room: int) -> None:
    """From now on no file can grow beyond `room` bytes; a test can't fill a disk that others use."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))


def _main(folder: Path, options: dict[str, Any]) -> int:
    kill_at: str | None = options.pop("kill_at", None)
    stop_at: str | None = options.pop("stop_at", None)
    plan = make_plan(folder, **options.pop("plan", {}))
    if options.pop("large", False):
        large = replace(SPEC, codec=Codec.PRORES, width=1280, height=720)
        plan = replace(plan, cues=tuple(replace(cue, spec=large) for cue in plan.cues))
    disk_full_at: str | None = options.pop("disk_full_at", None)
    room: int = options.pop("room", 0)
    engine = make_engine(folder, **options.pop("engine", {}))
    if farm := options.pop("farm", None):  # its machines conform the takes
        options["farm"] = FarmCrew(FarmSettings(farm["address"], farm["store"]), _project(folder).work_folder)

    told: list[JobEvent] = []

    def tell(event: JobEvent) -> None:
        line = {"state": event.state, "cue": event.cue, "take": event.take, "message": event.message}
        _say(line)
        if event.state == kill_at:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        if event.state == stop_at and not told:  # a second Ctrl-C would ask for more haste
            os.kill(os.getpid(), signal.SIGINT)
            told.append(event)
        if event.state == disk_full_at:
            _fill_disk(room)

    report = run_batch(folder, plan, engine, tell, **options)
    results = [replace(result, take=None).__dict__ for result in report.results]
    _say({"report": results, "exit_status": report.exit_status})
    return report.exit_status


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1]), json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}))

# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments of a batch: no lost take, no doubled take, no second bill, a sound ledger.

    python tests/soak/kill_batch.py [--kills 100] [--seed N]

Batches of small real takes run in processes of their own, in turn by a local engine, a hosted one, and a hosted one
that can't bill twice. Each is killed at a random moment, looked at, and started again until it is through. One check
is one kill; the last line says "N passed, N failed".
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from killing import run, soaked

from greenroom.media.check import check_take
from greenroom.takes import Done, Ledger, Store, Unknown
from greenroom.testing import TinyEngine
from greenroom.testing.cues import small_spec

PROGRAM = Path(__file__).parents[1] / "desk" / "generate" / "batch.py"
PROJECT = "5c0e0000-0000-4000-8000-000000000002"
CUES = 8
SPEC = small_spec(Fraction(24000, 1001))
ENGINES: tuple[dict[str, Any], ...] = ({}, {"hosted": True}, {"hosted": True, "idempotent": True})


@dataclass
class Batch:
    """One project, killed and started again until all its takes are made."""

    folder: Path
    engine: dict[str, Any]
    farm: dict[str, str] = field(default_factory=dict)
    under: tuple[str, ...] = ()  # the command that begins its process
    told: set[tuple[str, int]] = field(default_factory=set)  # takes that a process said were done
    seen: dict[tuple[str, int], str] = field(default_factory=dict)  # takes that lay there after a kill, by sha256
    report: str = ""  # of the last process that came to its end

    def run(self, kill_after: float | None) -> tuple[bool, float]:
        """See `killing.run`."""
        options = json.dumps({"plan": {"cues": CUES}, "engine": self.engine, "farm": self.farm})
        environment = os.environ | {"GREENROOM_DATA": str(self.folder / "data")}
        command = [*self.under, sys.executable, str(PROGRAM), str(self.folder), options]
        self.folder.mkdir(parents=True, exist_ok=True)
        return run(command, kill_after, self._hear, errors=self.folder / "errors.txt", environment=environment)

    def _hear(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return  # the last line of a killed process is cut off
        if "report" in event:
            self.report = line
        if event.get("state") == "done":
            self.told.add((event["cue"], event["take"]))

    def faults(self) -> list[str]:
        """Everything that is wrong after a kill."""
        found: list[str] = []
        takes = Store(self.folder).scan(lambda problem: found.append(str(problem)))
        there = {(take.cue, take.number): take.sha256 for take in takes}
        found += [f"a take was lost: {cue} {number}" for cue, number in self.told - there.keys()]
        found += [f"a take was lost or changed: {key}" for key, sha in self.seen.items() if there.get(key) != sha]
        found += [f"a take was made twice: {fp}" for fp, n in Counter(t.fingerprint for t in takes).items() if n > 1]
        found += [f"billed {n} times: {cue}" for cue, n in self.bills().items() if n > 1 and self.engine.get("hosted")]
        new = [take for take in takes if (take.cue, take.number) not in self.seen]
        found += [f"{take.media.name}: {problem}" for take in new for problem in check_take(take.media, SPEC)]
        self.seen |= there
        with self.ledger() as ledger:
            found += ledger.check()
            done = {(job.cue, job.number) for job in ledger.jobs(states=[Done])}
        return found + [f"in the ledger, not on disk: {key}" for key in done - there.keys()]

    def unfinished(self) -> list[str]:
        """What a batch that went through has not done; a payment in doubt is an answer, if its bill is there."""
        with self.ledger() as ledger:
            jobs = ledger.jobs()
        found = [f"{job.id} was left as {job.state}" for job in jobs if not isinstance(job.state, Done | Unknown)]
        doubts = [job for job in jobs if isinstance(job.state, Unknown)]
        if doubts and (not self.engine.get("hosted") or self.engine.get("idempotent")):
            found.append(f"{len(doubts)} in doubt where nothing could be")
        return found if len(jobs) == CUES else [*found, f"{len(jobs)} jobs for {CUES} cues"]

    def bills(self) -> Counter[str]:
        return Counter(bill.partition("-")[0] for bill in TinyEngine(provider=self.folder / "provider").bills())

    def ledger(self) -> Ledger:
        path = self.folder / "data" / PROJECT / "ledger.sqlite"
        return Ledger.open(path, project=PROJECT)


def soak(kills: int, seed: int, folder: Path) -> tuple[int, int]:
    """How many kills passed and failed."""
    chance = random.Random(seed)
    # moments are spread over half as long again as a whole batch takes on this machine, so that steps near the end
    # are met as often as those at the start, and batches get through
    _, length = Batch(folder / "whole", ENGINES[0]).run(None)
    number = 0
    batch = Batch(folder / "0", ENGINES[0])
    passed = failed = 0
    while passed + failed < kills:
        killed, _ = batch.run(chance.uniform(0, 1.5 * length))
        faults = batch.faults()
        if not killed:
            faults += batch.unfinished()
        passed += killed and not faults
        failed += bool(faults)
        for fault in faults:
            print(f"batch {number}, engine {batch.engine}: {fault}")
        if faults:
            print((batch.folder / "errors.txt").read_text("utf-8"))
        if not killed or faults:
            number += 1
            batch = Batch(folder / str(number), ENGINES[number % len(ENGINES)])
        if killed and (passed + failed) % 10 == 0:
            print(f"{passed + failed} kills, {number} batches through", flush=True)
    return passed, failed


if __name__ == "__main__":
    sys.exit(soaked("kill -9 at random moments of a batch", 100, soak))

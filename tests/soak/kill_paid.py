# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments of a batch at a paid host: no take lost, no job paid twice, every cent accounted for.

    python tests/soak/kill_paid.py [--kills 200] [--cues 50] [--hosts fal,replicate] [--seed N]

A host on this machine keeps its own bill. A batch of jobs runs in a process of its own, is killed at a random moment
and started again, until as many kills are done as it is due. Then somebody does what `greenroom jobs` asks for: jobs
of which nobody knows are looked for in the host's own list, and attached or called lost. The last run has to make what
is missing. Then each job is billed once, each take is there once, and the ledger's money is the host's bill.
One check is one kill; the last line says "N passed, N failed".
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

from killing import run

from greenroom.desk.generating import settling
from greenroom.desk.spending import spend
from greenroom.takes import Done, Ledger, Store, Unknown
from greenroom.takes.money import ChargeState
from greenroom.testing.projects import everybody_agrees
from greenroom.testing.servers import Loopback, serve

PROGRAM = Path(__file__).with_name("paid_batch.py")
PROJECT = "5c0e0000-0000-4000-8000-000000000004"
KILLS_A_BATCH = 40


class PaidBatch:
    """One project and its jobs at one host; `local` more are made by the machines of a `farm` (address and store)."""

    def __init__(
        self, folder: Path, server: Loopback, cues: int, local: int = 0, farm: tuple[str, str] | None = None
    ) -> None:
        folder.mkdir(parents=True)
        text = f'schema = 1\nid = "{PROJECT}"\n[budget]\nlimit = 100000\nallow_unknown_cost = true\n'
        (folder / "greenroom.toml").write_text(text, "utf-8")
        everybody_agrees(folder)
        self.folder, self.server, self.cues, self.local, self.farm = folder, server, cues, local, farm
        self.told: set[tuple[str, int]] = set()
        self.states: Counter[str] = Counter()  # how often a kill left a job in this state
        name = server.name.upper()
        own = {"URL": server.url, "MEDIA_URL": server.media_url, "KEY": server.key}
        os.environ |= {f"GREENROOM_{name}_{part}": value for part, value in own.items()}
        os.environ["GREENROOM_DATA"] = str(folder / "data")

    def run(self, kill_after: float | None) -> tuple[bool, float]:
        """See `killing.run`."""
        command = [sys.executable, str(PROGRAM), str(self.folder), self.server.name, str(self.cues)]
        if self.farm is not None:
            command += [str(self.local), *self.farm]
        return run(command, kill_after, self._hear, errors=self.folder / "errors.txt")

    def _hear(self, line: str) -> None:
        words = line.split()
        if len(words) == 3 and words[0] == "done" and line.endswith("\n"):
            self.told.add((words[1], int(words[2])))

    def faults(self) -> list[str]:
        """Everything that is wrong after a kill, whatever is still to be done."""
        found: list[str] = []
        takes = Store(self.folder).scan(lambda problem: found.append(str(problem)))
        there = {(take.cue, take.number) for take in takes}
        found += [f"a take was lost: {cue} {number}" for cue, number in self.told - there]
        found += [f"a take was made twice: {fp}" for fp, n in Counter(t.fingerprint for t in takes).items() if n > 1]
        found += [f"paid twice: the job of seed {seed}" for seed, n in self.bills().items() if n > 1]
        with self.ledger() as ledger:
            found += ledger.check()
            self.states.update(type(job.state).__name__ for job in ledger.jobs())
            known = [charge for charge in ledger.charges() if charge.state is not ChargeState.REFUNDED]
        if len(known) < len(self.server.jobs):
            found.append(f"{len(self.server.jobs)} jobs were billed, the ledger knows of {len(known)}")
        return found

    def settle(self) -> int:
        """What a person does with jobs in doubt: looks at the host's own list. How many there were."""
        doubted = [each for each in settling.listed(self.folder) if isinstance(each.job.state, Unknown)]
        for each in doubted:
            seed = 1000 + int(each.job.cue[1:])
            theirs = [job.id for job in self.server.jobs if _seed_of(job.inputs) == seed]
            if theirs:
                settling.attach(each.job.id, theirs[0], self.folder)
            else:
                settling.give_up(each.job.id, self.folder, billed=False)
        return len(doubted)

    def unfinished(self) -> list[str]:
        """What is wrong at the end: every job has to be done, and billed once, and the books have to agree."""
        with self.ledger() as ledger:
            jobs = ledger.jobs()
            charges = ledger.charges()
        found = [f"{job.id} was left as {job.state}" for job in jobs if not isinstance(job.state, Done)]
        if len(jobs) != self.cues + self.local:
            found.append(f"{len(jobs)} jobs for {self.cues + self.local} cues")
        if self.server.billed() != self.cues:
            found.append(f"{self.server.billed()} jobs were billed for {self.cues} cues")
        settled = [charge for charge in charges if charge.state is ChargeState.SETTLED]
        if len(settled) != self.cues:
            found.append(f"{len(settled)} jobs are paid in the ledger, for {self.cues} cues")
        quoted = sum((charge.paid for charge in settled if charge.paid is not None), Decimal(0))
        for total in spend(self.folder).totals:
            if (total.settled, total.reserved, total.doubtful) != (quoted, Decimal(0), Decimal(0)):
                found.append(f"the books don't agree: {total}, {quoted} are due")
        return found

    def tell(self, name: str, faults: list[str], kills: int) -> None:
        """What was wrong with the batch called `name`, and where all `kills` so far left its jobs."""
        for fault in faults:
            print(f"{name}: {fault[:300]}")
        if faults:
            print((self.folder / "errors.txt").read_text("utf-8")[-3000:])
        left = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        print(f"{kills} kills, {name}; kills left: {left}", flush=True)

    def bills(self) -> Counter[int]:
        return Counter(_seed_of(job.inputs) for job in self.server.jobs if job.billed)

    def ledger(self) -> Ledger:
        return Ledger.open(self.folder / "data" / PROJECT / "ledger.sqlite", project=PROJECT)


def _seed_of(inputs: object) -> int:
    """The seed that a job was sent with, wherever the host's protocol has it."""
    if isinstance(inputs, dict):
        if isinstance(inputs.get("seed"), int | str):
            return int(inputs["seed"])
        return next((seed for value in inputs.values() if (seed := _seed_of(value)) >= 0), -1)
    return -1


def kill_batch(batch: PaidBatch, kills: int, length: float, chance: random.Random) -> tuple[int, int, list[str]]:
    """Up to `kills` kills, then to the end: how many passed, how many jobs were in doubt, and what was wrong."""
    killed = doubted = 0
    faults: list[str] = []
    while killed < kills and not faults:
        was_killed, _ = batch.run(chance.uniform(0, length))
        faults = batch.faults()
        if not was_killed and not batch.settle():  # it wasn't waiting for somebody: it is through
            break
        killed += was_killed
        if chance.random() < 0.3:  # some settle at once, some at the end
            doubted += batch.settle()
    for _ in range(3):  # what is settled is fetched, or made, by the next run
        doubted += batch.settle()
        batch.run(None)
        if not batch.unfinished():
            break
    return killed, doubted, [*faults, *batch.faults(), *batch.unfinished()]


def soak(kills: int, cues: int, hosts: list[str], seed: int, folder: Path) -> tuple[int, int]:
    """How many kills passed and failed."""
    chance = random.Random(seed)
    passed = failed = doubted = number = 0
    lengths: dict[str, float] = {}
    while passed + failed < kills:
        host = hosts[number % len(hosts)]
        with serve(host, polls=1) as server:
            if host not in lengths:  # how long a batch takes on this machine
                _, lengths[host] = PaidBatch(folder / f"whole {host}", server, cues).run(None)
                server.reset()
            batch = PaidBatch(folder / str(number), server, cues)
            due = min(KILLS_A_BATCH, kills - passed - failed)
            killed, in_doubt, faults = kill_batch(batch, due, 0.1 * lengths[host], chance)
        doubted += in_doubt
        passed, failed = (passed, failed + max(1, killed)) if faults else (passed + killed, failed)
        batch.tell(f"batch {number} at {host}", faults, passed + failed)
        number += 1
    print(f"{number} batches of {cues} jobs; {doubted} payments were in doubt, and settled by the host's own list")
    return passed, failed


def main() -> int:
    parser = argparse.ArgumentParser(description="kill -9 at random moments of a batch at a paid host")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--cues", type=int, default=50)
    parser.add_argument("--hosts", default="fal,replicate")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"{options.kills} kills over batches of {options.cues} jobs, --seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="greenroom-soak-", ignore_cleanup_errors=True) as folder:
        passed, failed = soak(options.kills, options.cues, options.hosts.split(","), options.seed, Path(folder))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

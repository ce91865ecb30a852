# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the owner of a ledger, and of desks, while two desks work on one project at a paid host.

    python tests/soak/kill_desks.py [--kills 60] [--seed N]

Both desks are given the same cues at the same time; their ledger is served over TLS on loopback, and the host allows
three jobs at once. A run whose owner is killed has to go on by itself, since the owner is started anew at once. A
killed desk's work is left to the other, and to the next run. Nothing may be lost, doubled or billed twice, the budget
never passed, and the host never have more than three jobs. One check is one kill; the last line says "N passed, N
failed".
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from threading import Thread

from kill_paid import PROGRAM, PaidBatch
from killing import soaked

from greenroom.desk.farm.certificates import make_certificates
from greenroom.takes import Ledger
from greenroom.testing.served import PROJECT, Served, served
from greenroom.testing.servers import Loopback, serve

CUES, PLACES, LIMIT = 16, 3, 1000
VICTIMS = ("owner", "desk a", "desk b")
SECONDS = 4.0  # in which a batch is through, about: a kill is at any moment of them


class Shared(PaidBatch):
    """A batch that two desks make together."""

    def __init__(self, show: Served, server: Loopback) -> None:
        super().__init__(show.folder / "unused", server, CUES)
        show.configure(f"[budget]\nlimit = {LIMIT}\nallow_unknown_cost = true\n[hosts.fal]\njobs_at_once = {PLACES}\n")
        self.show, self.folder = show, show.project
        os.environ |= {name: value for name, value in show.environment("person").items() if "GREENROOM" in name}
        self.owner = show.start()

    def run_both(self, victim: str, moment: float | None) -> tuple[bool, float]:
        """Both desks, to their ends; `victim` is killed so many seconds after they were started, and another for their
        first words. Whether it was killed in time, and how long all took.
        """
        words = (str(PROGRAM), str(self.folder), self.server.name, str(self.cues))
        desks = {name: self.show.run(name, *words) for name in ("desk a", "desk b")}
        readers = [Thread(target=self._listen, args=(desk,)) for desk in desks.values()]
        for reader in readers:
            reader.start()
        began = time.monotonic()
        killed = False
        if moment is not None:
            time.sleep(1.0 + moment)
            killed = desks.get(victim, desks["desk a"]).poll() is None and self.server.billed() < self.cues
            if victim == "owner":
                self.owner.kill()
                self.owner.wait()
                self.owner = self.show.start()
            else:
                desks[victim].kill()
        while any(desk.poll() is None for desk in desks.values()):
            time.sleep(self.show.lease)
            self.settle()  # a job in doubt keeps its place at the host, for which others may wait
        for reader, desk in zip(readers, desks.values(), strict=True):
            reader.join()
            desk.wait()
        return killed, time.monotonic() - began

    def _listen(self, desk: subprocess.Popen[str]) -> None:
        assert desk.stdout is not None
        for line in desk.stdout:
            self._hear(line)

    def faults(self) -> list[str]:
        found = super().faults()
        if self.server.most_at_once > PLACES:
            found.append(f"{self.server.most_at_once} jobs at the host at once")
        with self.ledger() as ledger:
            if ledger.committed("USD") > Decimal(LIMIT):
                found.append("the budget was passed")
        return found

    def ledger(self) -> Ledger:
        return Ledger.open(self.show.ledger_path, project=PROJECT)

    def end(self) -> list[str]:
        """Whoever is in doubt is settled, and the rest is made: what is wrong then."""
        for _ in range(4):
            if not self.unfinished():
                break
            time.sleep(2 * self.show.lease)
            self.settle()
            self.run_both("", None)
        return [*self.faults(), *self.unfinished()]


def soak(kills: int, seed: int, folder: Path) -> tuple[int, int]:
    """How many kills passed and failed."""
    chance = random.Random(seed)
    certificates = folder / "certificates"
    make_certificates(certificates)
    passed = failed = number = 0
    while passed + failed < kills:
        with serve("fal", polls=1) as server, served(folder / str(number), certificates, lease=1.0) as show:
            batch = Shared(show, server)
            victim = VICTIMS[(passed + failed) % len(VICTIMS)]
            killed, _ = batch.run_both(victim, chance.uniform(0, SECONDS))
            faults = batch.faults() or batch.end()
            for fault in faults:
                print(f"batch {number}: {fault[:300]}")
            if faults:
                for desk in ("desk a", "desk b", "owner"):
                    print((show.folder / f"{desk}.txt").read_text("utf-8")[-1500:])
            passed, failed = passed + (killed and not faults), failed + bool(faults)
            left = ", ".join(f"{count} {state}" for state, count in sorted(batch.states.items()))
            print(f"{passed + failed} kills, batch {number}, {victim} killed: {left}", flush=True)
        number += 1
    return passed, failed


if __name__ == "__main__":
    sys.exit(soaked("kill -9 of a ledger's owner and of its desks", 60, soak))

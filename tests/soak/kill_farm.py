# SPDX-License-Identifier: Apache-2.0
"""kill -9 of a farm's machine, of what hands work out, and of the desk itself, in the middle of batches.

    python tests/soak/kill_farm.py [--kills 60] [--seed N]

The takes of each batch are conformed by a farm of two machines over TLS on loopback, in turn for a local engine, a
hosted one, and a hosted one that can't bill twice. Nothing may be lost, doubled or billed twice. A batch whose farm is
harmed has to go on by itself; one whose own process is killed goes on when it is started again. One check is one kill;
the last line says "N passed, N failed".
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from threading import Thread

from kill_batch import ENGINES, Batch
from killing import soaked

from greenroom.testing.farm import Farm, end, new_farm

VICTIMS = ("machine", "head", "desk")


class Harmed:
    """A farm whose processes are killed and started anew."""

    def __init__(self, folder: Path) -> None:
        self.farm: Farm = new_farm(folder)
        self.head = self.farm.start()
        self.machines = [self.farm.add_worker(), self.farm.add_worker()]

    def kill(self, victim: str) -> None:
        if victim == "machine":
            end(self.machines.pop(0))
            self.machines.append(self.farm.add_worker())
        else:
            end(self.head)
            for machine in self.machines:
                end(machine)
            self.head = self.farm.start()
            self.machines = [self.farm.add_worker(), self.farm.add_worker()]


def soak(kills: int, seed: int, folder: Path) -> tuple[int, int]:
    """How many kills passed and failed."""
    chance = random.Random(seed)
    (folder / "farm").mkdir()
    harmed = Harmed(folder / "farm")
    os.environ["GREENROOM_FARM_CERTIFICATES"] = str(folder / "farm" / "certificates")
    to = {"address": harmed.farm.address, "store": harmed.farm.store}
    try:
        _, length = Batch(folder / "whole", ENGINES[0], to).run(None)
        passed = failed = number = 0
        batch = Batch(folder / "0", ENGINES[0], to)
        while passed + failed < kills:
            victim = VICTIMS[(passed + failed) % len(VICTIMS)]
            moment = chance.uniform(0, length)
            if victim == "desk":
                killed, _ = batch.run(moment)
            else:
                killed = _harm(harmed, victim, moment, batch)
            through = victim != "desk" or not killed
            faults = batch.faults() + (batch.unfinished() if through else [])
            passed += killed and not faults
            failed += bool(faults)
            for fault in faults:
                print(f"batch {number}, {victim} killed, engine {batch.engine}: {fault}")
            if faults:
                print((batch.folder / "errors.txt").read_text("utf-8"))
            if through or faults:
                number += 1
                batch = Batch(folder / str(number), ENGINES[number % len(ENGINES)], to)
            if killed and (passed + failed) % 10 == 0:
                print(f"{passed + failed} kills, {number} batches through", flush=True)
        return passed, failed
    finally:
        harmed.farm.end()


def _harm(harmed: Harmed, victim: str, moment: float, batch: Batch) -> bool:
    """Kills a part of the farm while the batch runs, and lets it end; whether it still ran."""
    running = Thread(target=batch.run, args=(None,))
    running.start()
    time.sleep(0.5 + moment)  # a process takes half a second until it speaks
    in_time = running.is_alive()
    harmed.kill(victim)
    running.join()
    return in_time


if __name__ == "__main__":
    sys.exit(soaked("kill -9 of a farm's processes in the middle of batches", 60, soak))

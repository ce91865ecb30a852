# SPDX-License-Identifier: Apache-2.0
"""kill -9 of a farm's machine, of what hands work out, and of the desk, in the middle of batches.

    python tests/soak/kill_farm.py [--kills 60] [--seed N]

A batch is 40 takes of the previz engine and 40 of a host on this machine that keeps its own bill; a farm of two
machines over TLS on loopback performs the ones and conforms the others. In each run a machine is killed, then what
hands work out, then the desk, at random moments; the same command goes on until the batch is through. Nothing may be
lost, doubled or billed twice. One check is one kill; the last line says "N passed, N failed".
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from threading import Thread

from kill_paid import PaidBatch
from killing import soaked

from greenroom.testing.farm import Farm, end, new_farm
from greenroom.testing.servers import serve

PREVIZ, HOSTED = 40, 40
ENDS = 6  # runs without a kill in which a batch has to get through


class Harmed:
    """A farm whose processes are killed and started anew."""

    def __init__(self, folder: Path) -> None:
        self.farm: Farm = new_farm(folder)
        self.head = self.farm.start()
        self.machines = [self.farm.add_worker(), self.farm.add_worker()]

    def kill_machine(self) -> None:
        end(self.machines.pop(0))
        self.machines.append(self.farm.add_worker())

    def kill_head(self) -> None:
        """The machines find the new one by themselves."""
        end(self.head)
        self.head = self.farm.start()


def kill_all(harmed: Harmed, batch: PaidBatch, length: float, chance: random.Random) -> int:
    """One run of the batch in which a machine, the head and the desk are killed; how many kills came in time."""
    desk = chance.uniform(0.2, 0.6) * length
    ended: list[bool] = []
    running = Thread(target=lambda: ended.append(batch.run(desk)[0]))
    running.start()
    in_time = 0
    time.sleep(1.0)  # until the desk says its first word, about
    for kill in (harmed.kill_machine, harmed.kill_head):
        time.sleep(chance.uniform(0, desk / 3))
        in_time += running.is_alive()
        kill()
    running.join()
    return in_time + ended[0]


def made(batch: PaidBatch) -> list[str]:
    """What is wrong after the batch was let through, and a person settled what is in doubt."""
    for _ in range(ENDS):
        batch.settle()
        batch.run(None)
        if not batch.unfinished():
            break
    return [*batch.faults(), *batch.unfinished()]


def soak(kills: int, seed: int, folder: Path) -> tuple[int, int]:
    """How many kills passed and failed."""
    chance = random.Random(seed)
    (folder / "farm").mkdir()
    harmed = Harmed(folder / "farm")
    os.environ["GREENROOM_FARM_CERTIFICATES"] = str(folder / "farm" / "certificates")
    farm = (harmed.farm.address, harmed.farm.store)
    passed = failed = number = 0
    try:
        with serve("fal", polls=1) as server:
            _, length = PaidBatch(folder / "whole", server, HOSTED, PREVIZ, farm).run(None)
            print(f"a batch without kills takes {length:.0f} s", flush=True)
            while passed + failed < kills:
                server.reset()
                batch = PaidBatch(folder / str(number), server, HOSTED, PREVIZ, farm)
                killed = 0
                faults: list[str] = []
                while not faults and batch.unfinished() and passed + failed + killed < kills:
                    killed += kill_all(harmed, batch, length, chance)
                    faults = batch.faults()
                faults += made(batch)
                passed, failed = (passed, failed + max(1, killed)) if faults else (passed + killed, failed)
                batch.tell(f"batch {number}", faults, passed + failed)
                number += 1
        return passed, failed
    finally:
        harmed.farm.end()


if __name__ == "__main__":
    sys.exit(soaked("kill -9 of a farm's processes in the middle of batches", 60, soak))

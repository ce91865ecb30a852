# SPDX-License-Identifier: Apache-2.0
"""Links of a farm cut in the middle of batches, machines asleep, and a place of exchange that is full. Linux only.

    python tests/soak/cut_farm.py [--cuts 12] [--seed N]

The machine that hands work out, two that do it and the desk have a network each (namespaces of a user's own, so no
rights are needed), joined by a bridge. `ip link` takes a machine or the desk off it, for a moment or for longer than
the farm waits; a machine is stopped and woken likewise. Nothing may be lost, doubled or billed twice, every batch has
to go through by itself, and both machines have to be back afterwards. One check is one cut; the last line says "N
passed, N failed".
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from kill_batch import ENGINES, Batch

from greenroom.desk.farm.nodes import status
from greenroom.testing.farm import Farm, new_farm

INSIDE = "GREENROOM_SOAK_NETWORKS"
NETWORKS = {"machine1": "10.77.0.11", "machine2": "10.77.0.12", "desk": "10.77.0.13"}
HEAD = "10.77.0.1"
WAYS = ("link of a machine", "link of the desk", "sleep of a machine")
SHORT, LONG = 6.0, 45.0  # seconds; the farm gives a machine up after 30
SMALL = 2 << 20  # bytes of a place of exchange
BACK = 90.0  # seconds in which both machines have to be back


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def within(network: str) -> tuple[str, ...]:
    return ("ip", "netns", "exec", network)


def lay_networks() -> None:
    """One for each, on a bridge; the head's is this process's own."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    Path("/run/netns").mkdir()
    ip("link", "set", "lo", "up")
    ip("link", "add", "name", "bridge0", "type", "bridge")
    ip("address", "add", f"{HEAD}/24", "dev", "bridge0")
    ip("link", "set", "bridge0", "up")
    for name, address in NETWORKS.items():
        ip("netns", "add", name)
        ip("link", "add", f"to-{name}", "type", "veth", "peer", "name", "wire", "netns", name)
        ip("link", "set", f"to-{name}", "master", "bridge0", "up")
        ip("-n", name, "address", "add", f"{address}/24", "dev", "wire")
        ip("-n", name, "link", "set", "wire", "up")
        ip("-n", name, "link", "set", "lo", "up")


@contextmanager
def cut(way: str, machines: dict[str, subprocess.Popen[str]], chance: random.Random) -> Iterator[None]:
    """Somebody is away, within."""
    name = "desk" if way.endswith("desk") else chance.choice(sorted(machines))
    if way.startswith("link"):
        ip("link", "set", f"to-{name}", "down")
        yield
        ip("link", "set", f"to-{name}", "up")
    else:
        os.killpg(machines[name].pid, signal.SIGSTOP)
        yield
        os.killpg(machines[name].pid, signal.SIGCONT)


def back(farm: Farm) -> list[str]:
    """What is wrong with the farm's machines, once they had time to come back."""
    ends = time.monotonic() + BACK
    there = 0
    while time.monotonic() < ends:
        there = len(asyncio.run(status(farm.address))["machines"])
        if there == 2:
            return []
        time.sleep(1)
    return [f"{there} machines are back after {BACK:.0f} seconds, of 2"]


def full(farm: Farm, folder: Path) -> list[str]:
    """What is wrong after a batch whose place of exchange is full, and was given room."""
    place = folder / "small"
    (place / "filler").write_bytes(bytes(SMALL - (8 << 10)))
    batch = Batch(
        folder / "full", ENGINES[0], {"address": farm.address, "store": str(place / "store")}, under=within("desk")
    )
    batch.run(None)
    told = batch.report or (batch.folder / "errors.txt").read_text("utf-8")
    (place / "filler").unlink()
    found = batch.faults()
    if "No space left" not in told:
        found.append(f"nobody said that the place of exchange is full: {told[-500:]}")
    batch.run(None)
    return found + batch.faults() + batch.unfinished()


def soak(cuts: int, seed: int, folder: Path) -> tuple[int, int]:
    """How many cuts passed and failed."""
    chance = random.Random(seed)
    (folder / "farm").mkdir()
    farm = new_farm(folder / "farm")
    farm.address = f"tls://{HEAD}:0"
    os.environ["GREENROOM_FARM_CERTIFICATES"] = str(folder / "farm" / "certificates")
    try:
        farm.start()
        (folder / "small").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "none", str(folder / "small")], check=True)
        machines = {name: farm.add_worker(under=within(name)) for name in NETWORKS if name != "desk"}
        to = {"address": farm.address, "store": farm.store}
        _, length = Batch(folder / "whole", ENGINES[0], to, under=within("desk")).run(None)
        passed = failed = 0
        for number in range(cuts):
            way, seconds = WAYS[number % len(WAYS)], (SHORT, LONG)[number // len(WAYS) % 2]
            batch = Batch(folder / str(number), ENGINES[number % len(ENGINES)], to, under=within("desk"))
            running = Thread(target=batch.run, args=(None,))
            began = time.monotonic()
            running.start()
            while running.is_alive() and not batch.told:  # a farm that is away at the start is another matter
                time.sleep(0.01)
            time.sleep(chance.uniform(0, length / 2))
            in_time = running.is_alive()
            with cut(way, machines, chance):
                time.sleep(seconds)
            running.join()
            took = time.monotonic() - began
            faults = [*batch.faults(), *batch.unfinished(), *back(farm)]
            passed, failed = passed + (not faults), failed + bool(faults)
            met = "" if in_time else ", after the batch"
            print(f"{way}, {seconds:.0f} s{met}: the batch took {took:.1f} s, {length:.1f} uncut", *faults, flush=True)
        faults = full(farm, folder)
        print("the place of exchange full, then with room:", "; ".join(faults) or "nothing lost", flush=True)
        return passed + (not faults), failed + bool(faults)
    finally:
        farm.end()


def main() -> int:
    parser = argparse.ArgumentParser(description="links of a farm cut in the middle of batches")
    parser.add_argument("--cuts", type=int, default=12)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    if not os.environ.get(INSIDE):
        os.environ[INSIDE] = "1"
        words = ["unshare", "--map-root-user", "--net", "--mount", sys.executable, *sys.argv, f"--seed={options.seed}"]
        os.execvp(words[0], words)
    print(f"{options.cuts} cuts, --seed {options.seed}", flush=True)
    lay_networks()
    with tempfile.TemporaryDirectory(prefix="greenroom-soak-", ignore_cleanup_errors=True) as folder:
        passed, failed = soak(options.cuts, options.seed, Path(folder))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

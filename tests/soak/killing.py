# SPDX-License-Identifier: Apache-2.0
"""Runs a program of its own and kills it: what the soaks have in common."""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import IO

__all__ = ["run", "soaked"]


def run(
    command: Sequence[str],
    kill_after: float | None,
    hear: Callable[[str], None],
    *,
    errors: Path,
    environment: Mapping[str, str] | None = None,
) -> tuple[bool, float]:
    """Start it, and kill it so many seconds after its first word; whether it was killed, and how long it spoke.

    `hear` gets each of its lines (the last line of a killed process may be cut off); what it says of errors is added to
    the file `errors`.
    """
    with (
        errors.open("a", encoding="utf-8") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as process,
    ):
        assert process.stdout is not None
        hear(process.stdout.readline())
        began = time.monotonic()
        reader = Thread(target=_listen, args=(process.stdout, hear))
        reader.start()
        if kill_after is not None:
            time.sleep(kill_after)
            process.kill()
        reader.join()
        process.wait()
    return process.returncode < 0, time.monotonic() - began


def _listen(lines: IO[str], hear: Callable[[str], None]) -> None:
    for line in lines:
        hear(line)


def soaked(description: str, kills: int, soak: Callable[[int, int, Path], tuple[int, int]]) -> int:
    """The program of a soak: --kills and --seed, a folder for it, its last line and its exit status."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--kills", type=int, default=kills)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"{options.kills} kills, --seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="greenroom-soak-", ignore_cleanup_errors=True) as folder:
        passed, failed = soak(options.kills, options.seed, Path(folder))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0

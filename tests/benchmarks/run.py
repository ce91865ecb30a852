# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/benchmarks.md: `make bench`. Ratios measured side by side in one run; says machine and commit.

python tests/benchmarks/run.py [--write docs/benchmarks.md] [ROOM ...]

Rooms: timelines road media talk footage stage modes hosted preflight recut review, and, only when it is asked for,
memory.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
import opentimelineio as otio
from measure import Row

ROOMS = ("timelines", "road", "media", "talk", "footage", "stage", "modes", "hosted", "preflight", "recut", "review")
ASKED_FOR = ("memory",)  # takes many minutes
INTRODUCTION = """# Benchmarks

Ratios, measured side by side in one run by `make bench`; medians, with the lowest and highest pair. A ratio is
time over time (smaller is better) where the goal is "<=", speed over speed where it is ">=".
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="*", metavar="ROOM")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    if unknown := set(asked.rooms) - {*ROOMS, *ASKED_FOR}:
        parser.error(f"no such room: {', '.join(sorted(unknown))}; there are {', '.join((*ROOMS, *ASKED_FOR))}")
    rows: list[Row] = []
    for room in asked.rooms or ROOMS:
        with tempfile.TemporaryDirectory() as folder:
            for row in importlib.import_module(room).rows(Path(folder)):
                verdict = "ok  " if row.passed else "MISS"
                print(f"{verdict} {row.figure:6.2f} {row.goal:>7}  {row.what} ({row.detail})", flush=True)
                rows.append(row)
    if asked.write:
        asked.write.write_text(_page(rows), "utf-8")
    return 0 if all(row.passed for row in rows) else 1


def _page(rows: Sequence[Row]) -> str:
    lines = ["| what | goal | figure | low to high | | measured |", "|---|---|---|---|---|---|"]
    for row in rows:
        verdict = "met" if row.passed else "**missed**"
        spread = f"{row.low:.2f} to {row.high:.2f}"
        lines.append(f"| {row.what} | {row.goal} | {row.figure:.2f} | {spread} | {verdict} | {row.detail} |")
    return "\n".join([INTRODUCTION, _machine(), "", *lines, ""])


def _machine() -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return (
        f"{datetime.date.today()}, commit {commit.stdout.strip() or 'unknown'}, {os.cpu_count()} cores, "
        f"{_processor()}, Python {platform.python_version()}, OpenTimelineIO {otio.__version__}, "
        f"PyAV {av.__version__}. Other work on the machine moves the figures; the spread shows by how much."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())

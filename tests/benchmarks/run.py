# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/benchmarks.md: `make bench`. Ratios measured side by side in one run; says machine and commit.

python tests/benchmarks/run.py [--write docs/benchmarks.md] [ROOM ...]

ROOM: those of ROOMS, or one that is only run when it is asked for; all by default. With --write the page keeps what it
says of other rooms.
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
from collections.abc import Mapping, Sequence
from pathlib import Path

import av
import opentimelineio as otio
from measure import Row

ROOMS = (
    "timelines",
    "road",
    "media",
    "talk",
    "footage",
    "stage",
    "modes",
    "hosted",
    "preflight",
    "recut",
    "review",
    "faults",
    "viewer",
    "farm",
    "ledger",
    "panel",
    "rights",
)
ASKED_FOR = ("memory", "blender")  # many minutes; Blenders of 1 GB each
INTRODUCTION = """# Benchmarks

Ratios, measured side by side in one run by `make bench`; medians, with the lowest and highest pair. A ratio is
time over time (smaller is better) where the goal is "<=", speed over speed where it is ">=". Each room's table says
when and where it was measured; other work on the machine moves the figures, and the spread shows by how much.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="*", metavar="ROOM")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    if unknown := set(asked.rooms) - {*ROOMS, *ASKED_FOR}:
        parser.error(f"no such room: {', '.join(sorted(unknown))}; there are {', '.join((*ROOMS, *ASKED_FOR))}")
    sections = _sections(asked.write) if asked.write else {}
    rows: list[Row] = []
    for room in asked.rooms or ROOMS:
        own: list[Row] = []
        with tempfile.TemporaryDirectory() as folder:
            for row in importlib.import_module(room).rows(Path(folder)):
                verdict = "ok  " if row.passed else "MISS"
                print(f"{verdict} {row.figure:6.2f} {row.goal:>7}  {row.what} ({row.detail})", flush=True)
                own.append(row)
        rows += own
        if asked.write:  # after each room: a run that is stopped keeps what it measured
            sections[room] = _section(own)
            asked.write.write_text(_page(sections), "utf-8")
    return 0 if all(row.passed for row in rows) else 1


def _sections(page: Path) -> dict[str, str]:
    """What the page says of each room: a room that isn't run keeps its own."""
    text = page.read_text("utf-8") if page.is_file() else ""
    parts = [part.partition("\n") for part in text.split("\n## ")[1:]]
    return {room: rest.strip() for room, _, rest in parts}


def _section(rows: Sequence[Row]) -> str:
    lines = ["| what | goal | figure | low to high | | measured |", "|---|---|---|---|---|---|"]
    for row in rows:
        verdict = "met" if row.passed else "**missed**"
        spread = f"{row.low:.2f} to {row.high:.2f}"
        lines.append(f"| {row.what} | {row.goal} | {row.figure:.2f} | {spread} | {verdict} | {row.detail} |")
    return "\n".join([_machine(), "", *lines])


def _page(sections: Mapping[str, str]) -> str:
    ordered = sorted(sections, key=[*ROOMS, *ASKED_FOR].index)
    return "\n".join([INTRODUCTION, *(f"## {room}\n\n{sections[room]}\n" for room in ordered)])


def _machine() -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return (
        f"{datetime.date.today()}, commit {commit.stdout.strip() or 'unknown'}, {os.cpu_count()} cores, "
        f"{_processor()}, Python {platform.python_version()}, OpenTimelineIO {otio.__version__}, "
        f"PyAV {av.__version__}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""The add-on in real Blenders, among ten thousand strips: seconds of Blender's own thread, beside what was promised.

Processor time, not the clock's: a busy machine changes it less. The Blenders are those of `make test-blender`, which
installs them; each figure comes from a process of its own, by tests/hosts/blender/scenarios/figures.py.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from measure import Row

from greenroom.testing.materials import write_dialogue, write_movie

BLENDERS = Path(__file__).resolve().parents[1] / "hosts" / "blender"
PATIENCE = 600  # seconds: Blender itself needs a minute to make ten thousand strips
STARTS = 5  # of Blender, with the add-on compiled already
TICK, SNAPSHOT, REGISTER = 0.008, 0.5, 0.050  # seconds, as promised

Figures = Mapping[str, float]


def rows(folder: Path) -> list[Row]:
    write_movie(folder / "standin.mov", frames=48, width=320, height=180)
    write_dialogue(folder / "line.wav")
    return [row for name, python in _installed() for row in _of_one(name, python, folder)]


def _installed() -> list[tuple[str, str]]:
    """(Blender 5.2, its Python) and so on; what is missing is installed."""
    done = subprocess.run(
        [sys.executable, str(BLENDERS / "blenders.py")], stdout=subprocess.PIPE, text=True, check=True
    )
    return [(line.partition(": ")[0], line.partition(": ")[2]) for line in done.stdout.splitlines()]


def _of_one(name: str, python: str, folder: Path) -> list[Row]:
    compiled = folder / f"compiled {name}"
    first = _measured(python, folder, compiled, "slow_registered")["register"]
    later = [_measured(python, folder, compiled, "slow_registered")["register"] for _ in range(STARTS)]
    among = _measured(python, folder, compiled, "slow_ten_thousand_strips")
    strips = f"{name}, {among['strips']:,.0f} strips"
    apart = f"{_ms(among['place'])}, of which Blender's own new_movie {_ms(among['new_movie'])}"
    whole = f"Blender's step for Undo, once a batch, {_ms(among['undo'])}"
    return [
        _row(f"{name}: register(), of 50 ms", later, REGISTER),
        _row(f"{name}: register() when Python compiles it, of 50 ms", [first], REGISTER),
        _row(f"{strips}: a snapshot, of 0.5 s", [among["snapshot"]], SNAPSHOT),
        _row(f"{strips}: a tick with 20 jobs, of 8 ms", [among["tick"]], TICK),
        _row(f"{strips}: the tick that looks where a take fits, of 8 ms", _spread(among, "look"), TICK),
        _row(f"{strips}: the tick that places it, of 8 ms", _spread(among, "place"), TICK, f"{apart}; {whole}"),
    ]


def _measured(python: str, folder: Path, compiled: Path, figure: str) -> Figures:
    """What a function of figures.py returns in this Blender."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": str(compiled), "BLENDER_USER_RESOURCES": str(folder / "profile")}
    line = [python, "-W", "ignore", str(BLENDERS / "in_blender.py"), "figures", figure, str(folder)]
    subprocess.run(line, env=environment, capture_output=True, timeout=PATIENCE, check=False)
    result = json.loads((folder / "result.json").read_text("utf-8"))
    if not result["passed"]:
        raise SystemExit(result["said"])
    figures: Figures = json.loads(result["said"])
    return figures


def _spread(figures: Figures, name: str) -> list[float]:
    return [figures[f"{name}, least"], figures[name], figures[f"{name}, most"]]


def _row(what: str, seconds: list[float], promised: float, detail: str = "") -> Row:
    parts = [value / promised for value in seconds]
    figure = statistics.median(parts)
    detail = detail or _ms(statistics.median(seconds))
    return Row(what, "<= 1.0", figure, min(parts), max(parts), figure <= 1, detail)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"

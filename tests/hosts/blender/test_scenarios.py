# SPDX-License-Identifier: Apache-2.0
"""Every scenario in every Blender asked for, each in a process of its own."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

SCENARIOS = Path(__file__).resolve().parent / "scenarios"


def scenarios() -> list[tuple[str, str]]:
    """(file, function) of each scenario; read, not imported, as they need Blender.

    Those that begin with slow_ take minutes: they are for `make bench-blender`.
    """
    found = []
    for path in sorted(SCENARIOS.glob("*.py")):
        functions = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
        found += [(path.stem, node.name) for node in functions if not node.name.startswith(("_", "slow_"))]
    return found


@pytest.mark.parametrize("scenario", scenarios(), ids="-".join)
def test_scenario(play: Callable[[str, str], str], scenario: tuple[str, str]) -> None:
    play(*scenario)

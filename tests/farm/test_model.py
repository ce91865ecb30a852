# SPDX-License-Identifier: Apache-2.0
"""The table in docs/farm.md is what the model says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_shows_what_the_model_says() -> None:
    script = ROOT / "tests" / "benchmarks" / "farm_model.py"
    told = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    assert told.strip() in (ROOT / "docs" / "farm.md").read_text("utf-8")

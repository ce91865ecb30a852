# SPDX-License-Identifier: Apache-2.0
"""A few kills of the paid soak: real processes, a real host on this machine, and the host's own bill."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / "soak" / "kill_paid.py"


def test_five_kills_lose_nothing_and_pay_nothing_twice(tmp_path: Path) -> None:
    """Two hosts that can't be asked afterwards; a doubt is settled by the host's own list, as a person would."""
    command = [sys.executable, str(SOAK), "--kills", "5", "--cues", "6", "--seed", "5"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.stdout.splitlines()[-1] == "5 passed, 0 failed", done.stdout + done.stderr

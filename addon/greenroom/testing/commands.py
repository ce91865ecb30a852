# SPDX-License-Identifier: Apache-2.0
"""The command line, run in this process as a test's user would type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

__all__ = ["Ran", "Run", "running"]


@dataclass(frozen=True)
class Ran:
    """What one command line did: its exit status, and what it wrote to either stream."""

    status: int
    out: str
    err: str

    @property
    def value(self) -> dict[str, Any]:
        """What `--json` printed."""
        value: dict[str, Any] = json.loads(self.out)
        return value

    @property
    def error(self) -> dict[str, Any]:
        """What `--json` printed about a failure."""
        error: dict[str, Any] = json.loads(self.err)
        return error


Run = Callable[..., Ran]


def running(main: Callable[[list[str]], int], capture: pytest.CaptureFixture[str]) -> Run:
    """A function that runs `greenroom WORDS...` by `main`; `capture` is pytest's capfd, which sees native code too."""

    def run(*words: str | Path) -> Ran:
        capture.readouterr()
        status = main([str(word) for word in words])
        out, err = capture.readouterr()
        return Ran(status, out, err)

    return run

# SPDX-License-Identifier: Apache-2.0
"""Projects as tests need them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["measure_nothing"]

_DIALOGUE = "".join(f'GR{number} = "off"\n' for number in range(201, 209))


def measure_nothing(settings: Path) -> None:
    """Switches off, in a new greenroom.toml, what a plan measures of dialogue and the reviews of new takes.

    Both cost seconds a run, and most tests are about something else.
    """
    text = settings.read_text("utf-8")
    text = text.replace("[preflight]\n", f"[preflight]\n{_DIALOGUE}", 1)
    settings.write_text(text.replace('# after_generate = "hosted"', 'after_generate = "none"', 1), "utf-8")

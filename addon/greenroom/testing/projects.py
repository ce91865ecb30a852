# SPDX-License-Identifier: Apache-2.0
"""Projects as tests need them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["everybody_agrees", "measure_nothing"]

_MEASURED = "".join(f'GR{number} = "off"\n' for number in (*range(201, 209), *range(301, 307), 404, 601, 604))

_EVERYBODY = """\
schema = 1
name = "everybody"

[[consent]]
kind = "digital replica"
who = "everybody in these tests"
media = ["*"]
"""


def measure_nothing(settings: Path) -> None:
    """Switches off, in a new greenroom.toml, what a plan measures of dialogue and pictures, and new takes' reviews.

    Both cost seconds a run, and most tests are about something else.
    """
    text = settings.read_text("utf-8")
    text = text.replace("[preflight]\n", f"[preflight]\n{_MEASURED}", 1)
    settings.write_text(text.replace('# after_generate = "hosted"', 'after_generate = "none"', 1), "utf-8")


def everybody_agrees(project: Path) -> None:
    """Writes a consent record of whoever is seen or heard in any file that a project uses.

    For tests of hosted engines that are about something else: the gate asks, and finds this.
    """
    people = project / "consent" / "everybody"
    people.mkdir(parents=True, exist_ok=True)
    (people / "consent.toml").write_text(_EVERYBODY, "utf-8")

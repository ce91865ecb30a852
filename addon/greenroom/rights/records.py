# SPDX-License-Identifier: Apache-2.0
"""All consent records of a project: of actors in cast/NAME, of stand-ins and voices in consent/NAME."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from greenroom.errors import Problem
from greenroom.rights.consent import Consent
from greenroom.rights.consent_file import FILE, read_consents

__all__ = ["PEOPLE", "Records", "read_records"]

PEOPLE = "consent"
"""The folder of stand-ins and voices, beside cast/."""


@dataclass(frozen=True)
class Records:
    """Every record of a project, and what is wrong with any."""

    consents: tuple[Consent, ...] = ()
    problems: tuple[Problem, ...] = ()

    def of_actor(self, name: str) -> tuple[Consent, ...]:
        return tuple(consent for consent in self.consents if consent.actor and consent.name == name)


def read_records(project: Path) -> Records:
    """The records of the project in that folder. Nothing is raised: a broken record is there, with its faults."""
    consents: list[Consent] = []
    problems: list[Problem] = []
    for folder in _folders(project):
        found, wrong = read_consents(folder)
        consents += found
        problems += wrong
    return Records(tuple(consents), tuple(problems))


def _folders(project: Path) -> Iterator[Path]:
    for home in (project / "cast", project / PEOPLE):
        try:
            places = sorted(home.iterdir())
        except OSError:
            continue
        yield from (place for place in places if not place.name.startswith(".") and (place / FILE).exists())

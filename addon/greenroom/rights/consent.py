# SPDX-License-Identifier: Apache-2.0
"""A consent record as a value: who agreed to what, for how long, and how it stands.

The kinds are SAG-AFTRA's terms (2023 TV/Theatrical agreement): a *digital replica* is a person's voice or likeness made
again, a *digital alteration* changes what a person performed, and a *synthetic performer* is nobody that lives.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = [
    "ALTERATION",
    "ASPECTS",
    "KINDS",
    "REPLICA",
    "SOON",
    "SYNTHETIC",
    "Consent",
    "Standing",
    "State",
    "best_standing",
    "last_day",
    "standing_of",
    "state_of",
]

REPLICA, ALTERATION, SYNTHETIC = "digital replica", "digital alteration", "synthetic performer"
KINDS = (REPLICA, ALTERATION, SYNTHETIC)
ASPECTS = ("face", "voice")
SOON = timedelta(days=30)
"""So long before its end a consent warns: the paper for the next one takes weeks."""


@dataclass(frozen=True)
class Consent:
    """One record. `name` is the actor's folder, or that of a stand-in or a voice; `who` the person as they signed, ""
    for a synthetic performer, who has `made` (how) and `portrait` (the sha256 of the picture that it is said of).

    `covers` are "face" and "voice". `media` are patterns of files in which the person is seen or heard. Empty scopes
    limit nothing. `begins` and `ends` are moments; `faults` is what makes the record worth nothing, `doubts` what
    should be mended.
    """

    name: str
    kind: str
    file: Path
    actor: bool = True
    who: str = ""
    covers: tuple[str, ...] = ASPECTS
    media: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    begins: datetime | None = None
    ends: datetime | None = None
    withdrawn: datetime | None = None
    scan: str = ""
    sha256: str = ""
    made: str = ""
    portrait: str = ""
    contact: str = ""
    note: str = ""
    faults: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def invented(self) -> bool:
        return self.kind == SYNTHETIC

    @property
    def giver(self) -> str:
        """Who can widen it, in words."""
        if self.invented:
            return "whoever made the actor"
        who = self.who or "the person who signed"
        return f"{who} ({self.contact})" if self.contact else who


class Standing(enum.StrEnum):
    """How a record stands; the best first."""

    INVENTED = "invented"
    GIVEN = "given"
    ENDS_SOON = "ends soon"
    NOT_YET = "not yet"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    BROKEN = "broken"
    MISSING = "missing"


GOOD = (Standing.INVENTED, Standing.GIVEN, Standing.ENDS_SOON)


@dataclass(frozen=True)
class State:
    """How an actor's consent stands: `text` is a sentence for an editor, `who` the person, `until` its end."""

    standing: Standing
    text: str
    who: str = ""
    until: datetime | None = None

    @property
    def good(self) -> bool:
        return self.standing in GOOD


def standing_of(consent: Consent, now: datetime) -> State:
    """How one record stands at `now` (an aware moment)."""

    def state(standing: Standing, text: str) -> State:
        return State(standing, text, consent.who, consent.ends)

    if consent.withdrawn is not None and consent.withdrawn <= now:
        return state(Standing.WITHDRAWN, f"withdrawn on {_day(consent.withdrawn)}")
    if consent.faults:
        return state(Standing.BROKEN, "; ".join(consent.faults))
    if consent.begins is not None and now < consent.begins:
        return state(Standing.NOT_YET, f"begins on {_day(consent.begins)}")
    if consent.ends is not None and now >= consent.ends:
        return state(Standing.ENDED, f"ended on {last_day(consent.ends)}")
    if consent.invented:
        return state(Standing.INVENTED, f"nobody that lives: {consent.made}")
    if consent.ends is not None and consent.ends - now <= SOON:
        return state(Standing.ENDS_SOON, f"ends on {last_day(consent.ends)}")
    until = f" until {last_day(consent.ends)}" if consent.ends is not None else ""
    return state(Standing.GIVEN, f"{consent.who}: {consent.kind}{until}")


def best_standing(consents: Iterable[Consent], now: datetime) -> State:
    """Of several records the one that allows most; MISSING where there is none."""
    found = [standing_of(consent, now) for consent in consents]
    if not found:
        return State(Standing.MISSING, "no consent record")
    order = list(Standing)
    return min(found, key=lambda state: order.index(state.standing))


def state_of(folder: Path, now: datetime | None = None) -> State:
    """How the consent of the actor, stand-in or voice in `folder` stands, for whoever shows it. Raises nothing."""
    from greenroom.rights.consent_file import read_consents

    consents, _ = read_consents(folder)
    faces = [consent for consent in consents if "face" in consent.covers]
    return best_standing(faces or consents, now or datetime.now(UTC))


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def last_day(end: datetime) -> str:
    """An end at midnight is the day before, as the paper has it."""
    return (end - timedelta(microseconds=1)).date().isoformat()

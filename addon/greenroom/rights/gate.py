# SPDX-License-Identifier: Apache-2.0
"""The gate: whom a job would show or let be heard, and why it is refused. Pure: records, rule and time are given.

Engines elsewhere need consent for every face and voice that would be sent to them (`hosted`, strict unless the project
says otherwise). What stays on this machine is asked for by the project's own rule (`here`); a consent that was
withdrawn stops it too.
"""

from __future__ import annotations

import fnmatch
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from greenroom.errors import Problem, Severity
from greenroom.rights.consent import SOON, SYNTHETIC, Consent, Standing, last_day, standing_of

__all__ = ["CODES", "LEVELS", "Appearance", "GateRule", "Use", "fits", "is_about", "refusals"]

LEVELS = ("strict", "warn", "off")
CODES = ("no-consent", "consent-scope", "consent-ended", "consent-withdrawn", "consent-void")
"""Problems for which a job is refused."""


@dataclass(frozen=True)
class GateRule:
    """What a project asks for: of engines elsewhere, and of those on this machine."""

    hosted: str = "strict"
    here: str = "off"


@dataclass(frozen=True)
class Appearance:
    """A face or a voice in what a job uses. `what` names it in a sentence; `actor` is the cast's folder, "" for nobody
    of the cast; `file` is the path from the project's folder; `portrait` the sha256 of an actor's portrait.
    """

    aspect: str
    what: str
    actor: str = ""
    file: str = ""
    portrait: str = ""


@dataclass(frozen=True)
class Use:
    """One job as the gate sees it. `host` is "" for this machine; `project` its id; `language` and `scene` "" where
    nobody says.
    """

    appearances: tuple[Appearance, ...]
    mode: str
    host: str = ""
    project: str = ""
    scene: str = ""
    language: str = ""
    where: str = ""


def refusals(uses: Sequence[Use], records: Sequence[Consent], rule: GateRule, now: datetime) -> tuple[Problem, ...]:
    """Every face and voice of `uses` that nobody agreed to, and every consent that ends within 30 days. ERROR under
    `strict`, WARNING under `warn`; each names who could give what is missing.
    """
    found: dict[Problem, None] = {}
    for use in uses:
        for appearance in use.appearances:
            for problem in _judge(use, appearance, records, rule, now):
                found.setdefault(problem)
    return tuple(found)


def _judge(
    use: Use, appearance: Appearance, records: Sequence[Consent], rule: GateRule, now: datetime
) -> Iterator[Problem]:
    level = rule.hosted if use.host else rule.here
    if rule.hosted == "off" and level == "off":
        return
    about = [record for record in records if is_about(record, appearance)]
    against = [(_objections(record, use, appearance, now), record) for record in about]
    allowing = [record for objections, record in against if not objections]
    if allowing:
        if level != "off":
            yield from _ends_soon(allowing, appearance, use, now)
        return
    withdrawn = any(standing_of(record, now).standing is Standing.WITHDRAWN for record in about)
    if level == "off" and not withdrawn:
        return
    decisive = rule.hosted if level == "off" else level
    severity = Severity.WARNING if decisive == "warn" else Severity.ERROR
    if not against:
        yield _missing(appearance, use, severity)
        return
    objections, record = min(against, key=lambda each: len(each[0]))
    code = objections[0][0]
    said = "; ".join(text for _, text in objections)
    message = f"{appearance.what}: {said}"
    yield Problem(severity, code, message, _who_can(record, appearance), use.where)


def is_about(record: Consent, appearance: Appearance) -> bool:
    """Whether the record speaks of this face or voice. An invented face has no voice of its own: somebody spoke."""
    if appearance.aspect not in record.covers:
        return False
    if appearance.file and any(fits(appearance.file, pattern) for pattern in record.media):
        return True
    own = bool(appearance.actor) and record.name == appearance.actor
    if not own:
        return False
    if appearance.portrait:
        return True
    return not record.media and not record.invented


def fits(file: str, pattern: str) -> bool:
    """Whether a file, by its path from the project's folder or its name alone, is what a record's pattern means."""
    path, wanted = _plain(file), _plain(pattern)
    return fnmatch.fnmatchcase(path, wanted) or fnmatch.fnmatchcase(path.rsplit("/", 1)[-1], wanted)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\\", "/")).casefold()


_STANDS = {
    Standing.WITHDRAWN: "consent-withdrawn",
    Standing.BROKEN: "consent-void",
    Standing.NOT_YET: "consent-ended",
    Standing.ENDED: "consent-ended",
}


def _objections(record: Consent, use: Use, appearance: Appearance, now: datetime) -> list[tuple[str, str]]:
    """Why this record doesn't allow this use, as (code, words); the gravest first."""
    state = standing_of(record, now)
    code = _STANDS.get(state.standing)
    found = [(code, f"the consent {_sentence(state.standing, state.text)}")] if code else []
    found += [("consent-scope", text) for text in _out_of_scope(record, use)]
    if record.kind == SYNTHETIC and appearance.portrait and record.portrait not in ("", appearance.portrait):
        found.append(("consent-scope", "it is said to be invented, but of another portrait than the one it has now"))
    return found


def _sentence(standing: Standing, text: str) -> str:
    return f"counts for nothing ({text})" if standing is Standing.BROKEN else text if text else str(standing)


def _out_of_scope(record: Consent, use: Use) -> Iterator[str]:
    asked = (
        ("project", record.projects, use.project),
        ("scene", record.scenes, use.scene),
        ("mode", record.modes, use.mode),
        ("language", record.languages, use.language),
        ("host", record.hosts, use.host),
    )
    for name, allowed, value in asked:
        if not allowed or (name == "host" and not value):
            continue
        if not value:
            yield f"the consent is for {_listed(allowed)}, and nobody says which {name} this is"
        elif not any(_plain(value) == _plain(each) for each in allowed):
            other = "for another project" if name == "project" else f"for {name} {_listed(allowed)}, not {value}"
            yield f"the consent is {other}"


def _listed(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"


def _missing(appearance: Appearance, use: Use, severity: Severity) -> Problem:
    to = f"{use.host} would get" if use.host else "the take would use"
    message = f"nobody has agreed to {appearance.what}, which {to}"
    if appearance.portrait:
        hint = (
            f"Whoever is in the picture can give it: greenroom consent add {appearance.actor} --who NAME --scan FILE. "
            f'A face that nobody has: greenroom consent add {appearance.actor} --invented --made "HOW"'
        )
    else:
        verb = "seen" if appearance.aspect == "face" else "heard"
        name = appearance.actor or "NAME"
        hint = (
            f"Whoever is {verb} there can give it: greenroom consent add {name} --who NAME --covers "
            f'{appearance.aspect} --media "{appearance.file}" --scan FILE'
        )
    return Problem(severity, "no-consent", message, hint, use.where)


def _who_can(record: Consent, appearance: Appearance) -> str:
    name = record.name
    if record.faults and record.withdrawn is None:
        return f"Mend {record.file.name} of {name}, or add another: greenroom consent add {name}"
    if record.invented:
        return f"Say it of the picture as it is: greenroom consent add {name} --invented, or name who is in it: --who"
    return f"{record.giver} can give it: greenroom consent add {name} --who ... (see: greenroom consent list)"


def _ends_soon(allowing: list[Consent], appearance: Appearance, use: Use, now: datetime) -> Iterator[Problem]:
    """Where the longest of the records that allow it ends within 30 days."""
    if any(record.ends is None for record in allowing):
        return
    last = max(allowing, key=lambda record: record.ends or now)
    if last.ends is None or last.ends - now > SOON:
        return
    day = last_day(last.ends)
    days = max(0, (last.ends - now).days)
    message = f"the consent of {last.who or last.name} for {appearance.what} ends on {day}, in {days} days"
    yield Problem(Severity.WARNING, "consent-ends-soon", message, f"{last.giver} can prolong it.", use.where)

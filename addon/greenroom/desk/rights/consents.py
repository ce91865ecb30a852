# SPDX-License-Identifier: Apache-2.0
"""consent add, list and check: the records of a project, and what a cut would need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from greenroom.cast.load import find_actor, load_cast
from greenroom.cast.names import folder_name
from greenroom.desk.open_cut import find_project, open_cut
from greenroom.desk.planning.facts import where_of
from greenroom.desk.project.project import Project
from greenroom.desk.rights.asking import consent_problems, read_rights
from greenroom.errors import CastError, InputError, Problem, nearest
from greenroom.rights.consent import KINDS, REPLICA, SYNTHETIC, Consent, State, last_day, standing_of
from greenroom.rights.consent_file import kind_named, sha256_of
from greenroom.rights.consent_writing import add_consent
from greenroom.rights.gate import GateRule
from greenroom.rights.records import PEOPLE, read_records

__all__ = [
    "SYNTHETIC",
    "Listed",
    "add",
    "added_json",
    "as_json",
    "check_cut",
    "find_project",
    "home_of",
    "listed",
    "record_json",
]


@dataclass(frozen=True)
class Listed:
    """Every record with how it stands today, actors without any, and what is wrong in the files."""

    project: Project
    records: tuple[tuple[Consent, State], ...]
    without: tuple[str, ...]
    problems: tuple[Problem, ...]


def home_of(project: Project, name: str) -> tuple[Path, str, Path | None]:
    """The folder of the records of `name`, its name as editors say it, and its portrait, if it is an actor."""
    try:
        actor = find_actor(load_cast(project.cast_folder), name)
        return actor.folder, actor.display_name, actor.portrait
    except CastError:
        return project.folder / PEOPLE / folder_name(name), " ".join(name.split()), None


def add(name: str, entry: Mapping[str, Any], *, scan: Path | None = None, project: Path | None = None) -> Consent:
    """Adds a record of the actor, stand-in or voice `name`. It is for this project, unless `entry` names others.

    Raises:
        InputError: an unknown kind, or the record would count for nothing.
    """
    home = find_project(None, project)
    folder, shown, portrait = home_of(home, name)
    values = {"kind": REPLICA, **{key: value for key, value in entry.items() if value not in (None, "", ())}}
    kind = kind_named(str(values["kind"]))
    if not kind:
        raise InputError(f'"{values["kind"]}" is no kind of consent', hint=nearest(str(values["kind"]), KINDS))
    values["kind"] = kind
    if kind == SYNTHETIC:
        if portrait is not None:
            values.setdefault("covers", ["face"])
            values["portrait"] = sha256_of(portrait)
    else:
        values.setdefault("projects", [home.id])
    if portrait is None and not values.get("media"):
        known = nearest(name, load_cast(home.cast_folder).names)
        hint = f'For a stand-in or a voice say in which files: --media "media/{folder_name(name)}*". {known}'
        raise InputError(f'nobody in the cast is called "{name}"', hint=hint)
    return add_consent(folder, shown, values, scan)


def listed(project: Path | None = None, now: datetime | None = None) -> Listed:
    """All records as they stand."""
    home = find_project(None, project)
    records = read_records(home.folder)
    moment = now or datetime.now(UTC)
    have = {consent.name for consent in records.consents}
    without = tuple(name for name in load_cast(home.cast_folder) if name not in have)
    rows = tuple((consent, standing_of(consent, moment)) for consent in records.consents)
    return Listed(home, rows, without, records.problems)


def check_cut(cut: Path, *, project: Path | None = None) -> tuple[Problem, ...]:
    """What every cue of `cut` would need, whatever the project's rule is and whether its takes are made already."""
    with open_cut(cut, project) as desk:
        planned = desk.plan(quote=False)
        portraits = tuple(actor.portrait for actor in desk.cast.values())
        rights = read_rights(desk.project, planned.layout.name, portraits)
        strict = replace(rights, rule=GateRule("strict", "warn"))
        found: list[Problem] = []
        for cue in planned.cues:
            if cue.engine in desk.engines:
                where = where_of(cue.cue, drop_frame=planned.layout.drop_frame)
                found += consent_problems(cue, desk.engines[cue.engine].capabilities(), strict, where)
    return tuple(dict.fromkeys(found))


def record_json(consent: Consent, state: State, folder: Path) -> dict[str, Any]:
    """A record as plain JSON."""
    file = consent.file
    return {
        "name": consent.name,
        "actor": consent.actor,
        "kind": consent.kind,
        "who": consent.who,
        "state": str(state.standing),
        "says": state.text,
        "covers": list(consent.covers),
        "media": list(consent.media),
        "projects": list(consent.projects),
        "scenes": list(consent.scenes),
        "modes": list(consent.modes),
        "languages": list(consent.languages),
        "hosts": list(consent.hosts),
        "from": consent.begins.isoformat() if consent.begins else None,
        "until": consent.ends.isoformat() if consent.ends else None,
        "last_day": last_day(consent.ends) if consent.ends else None,
        "withdrawn": consent.withdrawn.isoformat() if consent.withdrawn else None,
        "scan": consent.scan,
        "sha256": consent.sha256,
        "made": consent.made,
        "contact": consent.contact,
        "file": file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file),
    }


def added_json(added: Consent) -> dict[str, Any]:
    """greenroom.consent-add/1"""
    return {
        "schema": "greenroom.consent-add/1",
        "record": record_json(added, standing_of(added, datetime.now(UTC)), added.file.parents[2]),
        "doubts": list(added.doubts),
    }


def as_json(found: Listed) -> dict[str, Any]:
    """greenroom.consent-list/1"""
    from greenroom.desk.as_json import problem_json

    return {
        "schema": "greenroom.consent-list/1",
        "rule": {"hosted": found.project.gate.hosted, "here": found.project.gate.here},
        "records": [record_json(consent, state, found.project.folder) for consent, state in found.records],
        "without": list(found.without),
        "problems": [problem_json(problem) for problem in found.problems],
    }

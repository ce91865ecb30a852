# SPDX-License-Identifier: Apache-2.0
"""Whose faces and voices a planned take would use, and what the gate says to it: in the plan, and again right before
anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from greenroom.desk.planning.model import CuePlan
from greenroom.desk.project.project import Project
from greenroom.engines.contract import Capabilities, PictureSource
from greenroom.errors import ConsentError, Problem, Severity
from greenroom.media.types import ImageSequence
from greenroom.rights.consent_file import sha256_of
from greenroom.rights.gate import CODES, Appearance, GateRule, Use, refusals
from greenroom.rights.records import Records, read_records
from greenroom.takes.privacy import portable_path

__all__ = [
    "Rights",
    "appearances_of",
    "check_consent",
    "consent_problems",
    "host_of",
    "read_rights",
    "refuse_if_nobody_agreed",
    "refused_for_consent",
]


@dataclass(frozen=True)
class Rights:
    """What a project knows of consents, read once. `portraits` are the sha256 of pictures of faces."""

    folder: Path
    project: str
    records: Records = field(default_factory=Records)
    rule: GateRule = field(default_factory=GateRule)
    scene: str = ""
    language: str = ""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    portraits: Mapping[Path, str] = field(default_factory=dict)
    names: dict[Path, str] = field(default_factory=dict)  # of files, as found out so far: a cut names them often


def read_rights(project: Project, cut: str, portraits: Iterable[Path] = ()) -> Rights:
    """The project's consent records as they are now. `cut` is the cut's name, and its scene where none is said."""
    said = project.rights
    scene = str(said.get("scene", "") or project.turnover.get("scene", "") or cut)
    return Rights(
        folder=project.folder,
        project=project.id,
        records=read_records(project.folder),
        rule=project.gate,
        scene=scene,
        language=str(said.get("language", "")),
        portraits={path: digest for path in portraits if (digest := _digest(path))},
    )


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError:
        return ""  # whoever opens it says so


def host_of(engine: Capabilities) -> str:
    """Where an engine sends what it gets; "" for this machine."""
    if not engine.hosted:
        return ""
    return engine.listing.host if engine.listing is not None else engine.name


def appearances_of(planned: CuePlan, rights: Rights) -> tuple[Appearance, ...]:
    """Every face and voice in what the engine would get. A plate is scenery: whoever is in it isn't performed."""
    performer = planned.performer
    found: list[Appearance] = []
    if performer.portrait.name:
        digest = rights.portraits.get(performer.portrait) or _digest(performer.portrait)
        file = _named(performer.portrait, rights)
        what = f"the portrait of {performer.name}"
        found.append(Appearance("face", what, performer.name, file, digest or "unread"))
    for what, source in (("stand-in", planned.stand_in), ("driving performance", planned.driver)):
        if source is not None:
            file = _named(_path(source), rights)
            found.append(Appearance("face", f"the {what} {file}", file=file))
    for path in dict.fromkeys(clip.path for clip in planned.dialogue):
        file = _named(path, rights)
        found.append(Appearance("voice", f"the voice in {file}", performer.name, file))
    return tuple(dict.fromkeys(found))


def _named(path: Path, rights: Rights) -> str:
    """The file from the project's folder, as records name it."""
    if path not in rights.names:
        rights.names[path] = portable_path(path, rights.folder)
    return rights.names[path]


def _path(source: PictureSource) -> Path:
    media = source.media
    return media.path(0) if isinstance(media, ImageSequence) else media


def consent_problems(planned: CuePlan, engine: Capabilities, rights: Rights, where: str) -> tuple[Problem, ...]:
    """What speaks against sending this take, or making it here."""
    use = Use(
        appearances=appearances_of(planned, rights),
        mode=str(planned.cue.mode),
        host=host_of(engine),
        project=rights.project,
        scene=rights.scene,
        language=rights.language,
        where=where,
    )
    return refusals([use], rights.records.consents, rights.rule, rights.now)


def check_consent(planned: CuePlan, engine: Capabilities, project: Project, cut: str, where: str) -> None:
    """The gate right before anything leaves, by the records as they are now.

    Raises:
        ConsentError: somebody hasn't agreed, with who could.
    """
    rights = read_rights(project, cut)
    wrong = [
        problem for problem in consent_problems(planned, engine, rights, where) if problem.severity is Severity.ERROR
    ]
    if wrong:
        message = "; ".join(problem.message for problem in wrong)
        raise ConsentError(message, hint=wrong[0].hint, where=where)


def refuse_if_nobody_agreed(problems: Sequence[Problem]) -> None:
    """Where nothing can be made, and consent is among what is missing.

    Raises:
        ConsentError: with every place, and who could give it; and with all else that has to be mended.
    """
    if refused_for_consent(problems):
        raise ConsentError("nothing was sent, since nobody has agreed to it", problems=problems)


def refused_for_consent(problems: Iterable[Problem]) -> list[Problem]:
    """Those that stop a cue because nobody has agreed."""
    return [problem for problem in problems if problem.severity is Severity.ERROR and problem.code in CODES]

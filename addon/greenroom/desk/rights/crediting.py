# SPDX-License-Identifier: Apache-2.0
"""Credentials of a new take: the very last step before its folder appears, so that what the store keeps and hashes is
the signed file. Whatever goes wrong here, the take is kept as it is, and says so. The same for parts of takes that are
handed on.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenroom import __version__
from greenroom.desk.project.project import Project
from greenroom.engines.contract import PictureSource, Request
from greenroom.errors import GreenroomError
from greenroom.media.types import ImageSequence
from greenroom.rights.credentials.identity import Identity, find_identity
from greenroom.rights.credentials.signing import FORMATS, Ingredient, sign, sign_anew
from greenroom.rights.credentials.statement import altered, definition, part_definition
from greenroom.rights.credentials.xmp import xmp_of
from greenroom.takes.disk import write_atomically

__all__ = ["Credited", "Crediting", "PartCrediting", "crediting_of", "part_crediting_of"]


@dataclass(frozen=True)
class Credited:
    """A take as it will be kept: its media, extras, take.json, and the sidecars that lie beside the media."""

    media: Path
    extras: Mapping[str, Path]
    record: Mapping[str, Any]
    beside: Mapping[str, Path] = field(default_factory=dict)


Crediting = Callable[[Path, Mapping[str, Path], Mapping[str, Any], Request, Path], Credited]
"""(media, extras, record, request, delivered) -> Credited; runs in a thread, and raises nothing."""


def crediting_of(project: Project) -> Crediting:
    """How takes of this project are credited: always an XMP sidecar, and content credentials where a certificate was
    made, the extra is installed and the project doesn't say `sign = false`.
    """
    identity, why = _identity(project)
    prompts = bool(project.rights.get("prompts", False))

    def credit(
        media: Path, extras: Mapping[str, Path], record: Mapping[str, Any], request: Request, delivered: Path
    ) -> Credited:
        return _credited(media, extras, record, request, delivered, identity, why, prompts=prompts)

    return credit


PartCrediting = Callable[[Path, Path, Mapping[str, Any], str, bool], str]
"""(the take's file, the part of it, take.json, which frames, encoded anew) -> why it isn't signed; raises nothing."""


def part_crediting_of(project: Project) -> PartCrediting:
    """How files that were cut out of takes are credited: whoever signs here says so, with the take as their parent."""
    identity, why = _identity(project)

    def credit(take: Path, part: Path, record: Mapping[str, Any], frames: str, encoded: bool) -> str:
        if identity is None:
            return why
        try:
            manifest = part_definition(
                record, title=part.name, version=__version__, description=frames, encoded=encoded
            )
            sign_anew(part, part, manifest, [Ingredient("parent", take.name, "parentOf", take)], identity)
        except Exception as error:  # noqa: BLE001 - as below
            return error.message if isinstance(error, GreenroomError) else f"{type(error).__name__}: {error}"
        return ""

    return credit


def _identity(project: Project) -> tuple[Identity | None, str]:
    """Who signs; None, and why nobody does."""
    if project.rights.get("sign") is False:
        return None, "the project says so"
    try:
        identity = find_identity(project.id)
        if identity is None:
            return None, "there is no certificate: greenroom sign --init"
        with identity.signing():
            return identity, ""
    except GreenroomError as error:
        return None, error.message
    except Exception as error:  # noqa: BLE001 - a foreign library, and a take is worth more than its signature
        return None, f"{type(error).__name__}: {error}"


def _credited(
    media: Path,
    extras: Mapping[str, Path],
    record: Mapping[str, Any],
    request: Request,
    delivered: Path,
    identity: Identity | None,
    why: str,
    *,
    prompts: bool,
) -> Credited:
    said: dict[str, Any] = copy.deepcopy(dict(record))
    kept, others = media, dict(extras)
    if identity is not None:
        try:
            kept, others = _signed(media, extras, said, request, delivered, identity, prompts=prompts)
        except Exception as error:  # noqa: BLE001 - as above
            why = error.message if isinstance(error, GreenroomError) else f"{type(error).__name__}: {error}"
            said["warnings"] = [*said.get("warnings", ()), f"not signed: {why}"]
    said["provenance"] = _provenance(identity if kept is not media else None, why)
    return Credited(kept, others, said, _sidecars(media, said, request))


def _provenance(identity: Identity | None, why: str) -> dict[str, Any]:
    if identity is None:
        return {"signed": False, "why": why}
    return {"signed": True, "signer": identity.subject, "certificate": identity.sha256, "self_signed": identity.own}


def _sidecars(media: Path, record: Mapping[str, Any], request: Request) -> dict[str, Path]:
    path = request.work / "take.xmp"
    try:
        write_atomically(path, xmp_of(record, media.name))
    except (GreenroomError, KeyError, ValueError):
        return {}
    return {".xmp": path}


def _signed(
    media: Path,
    extras: Mapping[str, Path],
    record: Mapping[str, Any],
    request: Request,
    delivered: Path,
    identity: Identity,
    *,
    prompts: bool,
) -> tuple[Path, dict[str, Path]]:
    ingredients = _ingredients(record, request, delivered if delivered != media else None)
    opened = ingredients[0].relationship == "parentOf" if ingredients else False

    def one(path: Path, what: str) -> Path:
        if path.suffix.casefold() not in FORMATS:
            return path
        output = path.with_name(f"signed-{what}{path.suffix}")
        output.unlink(missing_ok=True)  # of a run that was killed here
        title = f"{request.performer.name or request.cue} {request.mode}{' ' + what if what else ''}".strip()
        manifest = definition(record, title=title, version=__version__, opened=opened, prompts=prompts)
        sign(path, output, manifest, ingredients, identity)
        return output

    signed = one(media, "")
    return signed, {what: one(path, what) for what, path in extras.items()}


def _ingredients(record: Mapping[str, Any], request: Request, delivered: Path | None) -> Sequence[Ingredient]:
    """What the take was made of; its parent first, where it has one: footage that was changed, or what an engine
    delivered with credentials of its own.
    """
    found: list[Ingredient] = []
    changed = request.stand_in if altered(record) else None
    if request.continued is not None:
        number, media = request.continued.take, request.continued.media
        found.append(Ingredient("parent", media.name, "parentOf", media, f"take {number}, which this one goes on from"))
        if changed is not None:
            found.append(_footage("stand_in", "stand-in", "inputTo", changed))
    elif changed is not None:
        found.append(_footage("parent", "stand-in", "parentOf", changed))
    elif delivered is not None and _has_credentials(delivered):
        found.append(Ingredient("parent", "as delivered", "parentOf", delivered))
    if request.performer.portrait.name:
        portrait = request.performer.portrait
        found.append(Ingredient("portrait", portrait.name, "inputTo", portrait, "the actor's portrait"))
    if request.plate is not None:
        found.append(_footage("plate", "plate", "componentOf", request.plate))
    if request.driver is not None:
        found.append(_footage("driver", "driving performance", "inputTo", request.driver))
    if request.dialogue is not None:
        kept = {"format": "audio/wav"}
        found.append(Ingredient("dialogue", "dialogue.wav", "inputTo", None, "the dialogue under the slot", kept))
    return found


def _has_credentials(path: Path) -> bool:
    from greenroom.rights.credentials.reading import Whole, read_credentials

    return path.suffix.casefold() in FORMATS and read_credentials(path).state is not Whole.LOST


def _footage(name: str, what: str, relationship: str, source: PictureSource) -> Ingredient:
    media = source.media
    path = media.path(source.indices[0]) if isinstance(media, ImageSequence) else media
    frames = f"{what}, frames {min(source.indices)} to {max(source.indices)} of the file"
    if isinstance(media, ImageSequence):
        return Ingredient(name, path.name, relationship, None, frames, {"format": "application/octet-stream"})
    kind = FORMATS.get(path.suffix.casefold(), "application/octet-stream")
    return Ingredient(name, path.name, relationship, path, frames, {"format": kind})

# SPDX-License-Identifier: Apache-2.0
"""sign FILE and verify: an export gets credentials out of its cut's takes, and every take is asked for its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom import __version__
from greenroom.desk.open_cut import find_project, open_cut
from greenroom.desk.project.project import Project
from greenroom.desk.writing_back.writeback import TakesOfCue, chosen_number
from greenroom.errors import InputError
from greenroom.rights.credentials.certificate import need_extra
from greenroom.rights.credentials.identity import Identity, find_identity, init_identity
from greenroom.rights.credentials.reading import Credentials, Whole, read_credentials
from greenroom.rights.credentials.signing import FORMATS, Ingredient, sign_anew, sign_beside
from greenroom.rights.credentials.statement import cut_definition, source_type
from greenroom.takes.states import Take
from greenroom.takes.store import Store

__all__ = ["SUFFIXES", "Proof", "SignedExport", "init_signing", "sign_export", "verify_cut", "verify_file"]

SUFFIXES = frozenset({".otio", ".otioz", ".otiod", ".edl", ".xml", ".fcpxml", ".aaf", ".vse"})
"""What is a cut and not media."""


@dataclass(frozen=True)
class SignedExport:
    """A signed file: where it is, the credentials' file if they lie beside it, the takes in it, and who signed."""

    path: Path
    beside: Path | None
    takes: tuple[Take, ...]
    signer: str
    unsigned: tuple[Take, ...]


@dataclass(frozen=True)
class Proof:
    """One file's credentials. `state` is "whole", "lost", "broken", "changed" (they are another file's), "unsigned"
    (nobody ever signed it) or "missing"; `why` is a sentence.
    """

    path: Path
    state: str
    why: str
    credentials: Credentials
    take: Take | None = None

    @property
    def good(self) -> bool:
        return self.state in ("whole", "unsigned")


def init_signing(
    project: Path | None,
    name: str,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    command: tuple[str, ...] = (),
    again: bool = False,
) -> Identity:
    """Makes the project's certificate, in the name of its folder where none is given, or takes the user's own.

    Raises: as `init_identity`.
    """
    home = find_project(None, project)
    shown = name or home.folder.name
    return init_identity(home.id, shown, certificate=certificate, key=key, command=command, again=again)


def sign_export(
    file: Path, output: Path | None, *, cut: Path | None = None, project: Path | None = None
) -> SignedExport:
    """Signs what an editing program exported, with every take of `cut` as a component. Without `output` the file takes
    the signed one's place; a container that can't hold credentials gets them beside it.

    Raises:
        InputError: no file, no certificate, or it can't sign.
        StoreError: it can't be written.
    """
    if not file.is_file():
        raise InputError("there is no such file", hint="Check the path.", where=str(file))
    home = find_project(cut or file, project)
    identity = _need_identity(home)
    takes = tuple(_takes_in(cut, home)) if cut is not None else ()
    store = Store(home.folder)
    kinds = [source_type(store.record(take)) for take in takes]
    ingredients = [
        Ingredient(f"take{number}", take.media.name, "componentOf", take.media, _said(take))
        for number, take in enumerate(takes, 1)
    ]
    parts = [(each.name, each.description) for each in ingredients]
    name = (output or file).name
    manifest = cut_definition(name, __version__, parts, kinds)
    if not takes:
        ingredients, manifest = _as_it_was(file, manifest)
    unsigned = tuple(take for take in takes if read_credentials(take.media).state is not Whole.WHOLE)
    if file.suffix.casefold() not in FORMATS:
        if output is not None:
            raise InputError(f"credentials of {file.suffix} lie beside the file", hint="Leave -o out.", where=str(file))
        return SignedExport(file, sign_beside(file, manifest, ingredients, identity), takes, identity.subject, unsigned)
    if output is not None and output.suffix.casefold() != file.suffix.casefold():
        hint = f"Name it {output.stem}{file.suffix}."
        raise InputError("signing changes no container", hint=hint, where=str(output))
    sign_anew(file, output or file, manifest, ingredients, identity)
    return SignedExport(output or file, None, takes, identity.subject, unsigned)


def _as_it_was(file: Path, manifest: dict[str, Any]) -> tuple[list[Ingredient], dict[str, Any]]:
    """Without a cut nobody knows what is in it: it is opened as it was, and signed."""
    actions = [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}]
    assertions = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]
    return [Ingredient("parent", file.name, "parentOf", file)], {**manifest, "assertions": assertions}


def _need_identity(project: Project) -> Identity:
    identity = find_identity(project.id)
    if identity is None:
        raise InputError("there is no certificate to sign with", hint="Make one: greenroom sign --init")
    identity.check()
    return identity


def _takes_in(cut: Path, project: Project) -> Iterator[Take]:
    with open_cut(cut, project.folder) as desk:
        desk.plan(quote=False)
        for each in desk.cue_takes():
            if each.takes:
                number = chosen_number(each.cue, TakesOfCue(each.takes, each.circled))
                yield from (take for take in each.takes if take.number == number)


def _said(take: Take) -> str:
    label = f", {take.label}" if take.label else ""
    return f"cue {take.cue}, take {take.number}: {take.mode} by {take.engine}{label}"


def verify_file(path: Path, project: Path | None = None) -> Proof:
    """One file, a take or not.

    Raises:
        InputError: the extra isn't installed.
    """
    found = read_credentials(path, _roots(project or path.parent))
    state, why = _plainly(found)
    return Proof(path, state, why, found)


def _roots(start: Path) -> bytes | None:
    """The project's own root, if the file lies in one: what it issued is known here."""
    with contextlib.suppress(Exception):
        identity = find_identity(Project.find(start).id)
        if identity is not None and identity.root is not None:
            return identity.root.read_bytes()
    return None


def verify_cut(cut: Path, *, project: Path | None = None) -> tuple[Proof, ...]:
    """Every take of the cut's cues. Files are hashed side by side: the library lets other threads run."""
    with open_cut(cut, project) as desk:
        desk.plan(quote=False)
        takes = [take for each in desk.cue_takes() for take in each.takes]
        store, roots = desk.store, _roots(desk.project.folder)
    need_extra()
    return tuple(_in_order(takes, lambda take: _proof(take, store, roots)))


def _in_order(takes: Sequence[Take], prove: Callable[[Take], Proof]) -> Iterator[Proof]:
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        yield from pool.map(prove, takes)


def _proof(take: Take, store: Store, roots: bytes | None) -> Proof:
    found = read_credentials(take.media, roots)
    signed = bool(store.record(take).get("provenance", {}).get("signed"))
    state, why = _plainly(found)
    said = (found.take.get("fingerprint"), found.take.get("variant"))
    if found.state is Whole.LOST and not signed:
        state, why = "unsigned", "it was made when there was no certificate"
    elif found.state is Whole.WHOLE and said != (take.fingerprint, take.variant):
        state, why = "changed", f'its credentials are those of another file ("{found.title}")'
    elif found.state is Whole.WHOLE and not signed:
        why = f"{why}; take.json knows of no signature"
    return Proof(take.media, state, why, found, take)


def _plainly(found: Credentials) -> tuple[str, str]:
    match found.state:
        case Whole.WHOLE:
            known = "a certificate known here" if found.trusted else "a certificate that nobody vouches for"
            return "whole", f"as {found.signer} signed it, with {known}"
        case Whole.LOST:
            return "lost", "it carries no credentials; whatever copied or transcoded it dropped them"
        case Whole.MISSING:
            return "missing", "there is no such file"
        case _:
            faults = [fault for fault in found.faults if "untrusted" not in fault]
            return "broken", f"it was changed after it was signed ({', '.join(faults) or 'no valid signature'})"

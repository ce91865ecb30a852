# SPDX-License-Identifier: Apache-2.0
"""Reads and checks content credentials: in a file, or in NAME.c2pa beside it."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenroom.rights.credentials.certificate import need_extra
from greenroom.rights.credentials.signing import FORMATS, SIDECAR, WRAPPED, opened
from greenroom.rights.credentials.statement import TAKE

__all__ = ["Credentials", "Whole", "read_credentials"]


class Whole(enum.StrEnum):
    """How a file's credentials are."""

    WHOLE = "whole"  # as they were signed
    LOST = "lost"  # there are none
    BROKEN = "broken"  # the file was changed after it was signed, or the signature is none
    MISSING = "missing"  # there is no such file


@dataclass(frozen=True)
class Credentials:
    """What a file says of itself. `signer` is the certificate's common name; `trusted` whether a known root issued it.
    `faults` are C2PA's own codes. `take` is our assertion, of takes.
    """

    state: Whole
    label: str = ""
    title: str = ""
    signer: str = ""
    trusted: bool = False
    source_types: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    ingredients: tuple[Mapping[str, Any], ...] = ()
    take: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    beside: bool = False


def read_credentials(path: Path, trust: bytes | None = None) -> Credentials:
    """The credentials of `path`. `trust` are root certificates (PEM) that count as known beside none.

    Raises:
        InputError: the extra isn't installed.
    """
    c2pa = need_extra()
    if not path.is_file():
        return Credentials(Whole.MISSING)
    sidecar = path.with_suffix(SIDECAR)
    kind = FORMATS.get(path.suffix.casefold(), WRAPPED)
    beside = sidecar.read_bytes() if sidecar.is_file() else None
    try:
        return _read(c2pa, path, kind, None, trust)
    except c2pa.C2paError as error:
        if beside is None:
            return _without(error)
    try:
        return _read(c2pa, path, kind, beside, trust)
    except c2pa.C2paError as error:
        return _without(error)


def _without(error: Exception) -> Credentials:
    said = str(error)
    lost = "ManifestNotFound" in said or "NotSupported" in said or "JumbfNotFound" in said
    return Credentials(Whole.LOST) if lost else Credentials(Whole.BROKEN, faults=(said.splitlines()[0][:200],))


def _read(c2pa: Any, path: Path, kind: str, manifest: bytes | None, trust: bytes | None) -> Credentials:
    context = None
    if trust is not None:
        settings = {"trust": {"user_anchors": trust.decode("ascii")}, "verify": {"verify_trust": True}}
        context = c2pa.Context.builder().with_settings(c2pa.Settings.from_dict(settings)).build()
    with opened(path) as file:
        options: dict[str, Any] = {"manifest_data": manifest} if manifest is not None else {}
        reader = c2pa.Reader(kind, file, context=context, **options)
        with reader:
            value = json.loads(reader.json())
    return _credentials(value, beside=manifest is not None)


def _credentials(value: Mapping[str, Any], *, beside: bool) -> Credentials:
    label = str(value.get("active_manifest", ""))
    manifest = value.get("manifests", {}).get(label, {})
    assertions = manifest.get("assertions", [])
    actions = [
        action
        for each in assertions
        if str(each.get("label", "")).startswith("c2pa.actions")
        for action in each.get("data", {}).get("actions", [])
    ]
    results = value.get("validation_results", {}).get("activeManifest", {})
    valid = value.get("validation_state") in ("Valid", "Trusted")
    return Credentials(
        state=Whole.WHOLE if valid else Whole.BROKEN,
        label=label,
        title=str(manifest.get("title", "")),
        signer=_signer(manifest.get("signature_info", {})),
        trusted=value.get("validation_state") == "Trusted",
        source_types=tuple(str(each["digitalSourceType"]) for each in actions if each.get("digitalSourceType")),
        actions=tuple(str(each.get("action", "")) for each in actions),
        ingredients=tuple(manifest.get("ingredients", ())),
        take=next((each.get("data", {}) for each in assertions if each.get("label") == TAKE), {}),
        faults=tuple(str(each.get("code", "")) for each in results.get("failure", ()))
        or tuple(str(each.get("code", "")) for each in value.get("validation_status", ())),
        beside=beside,
    )


def _signer(info: Mapping[str, Any]) -> str:
    return str(info.get("common_name") or info.get("issuer") or "")

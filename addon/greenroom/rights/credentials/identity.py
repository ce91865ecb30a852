# SPDX-License-Identifier: Apache-2.0
"""Whose key signs. It lies with the user's own settings, a folder a project, and never in a project: whoever gets a
copy of the project can't sign in its name.

    SIGNING/PROJECT_ID/chain.pem    the certificate and those that issued it
    SIGNING/PROJECT_ID/key.pem      its key, readable by nobody else; or
    SIGNING/PROJECT_ID/signer.toml  key = "/path/of/key.pem", or command = ["program", ...]: a signing service, which
                                    gets the bytes on stdin and answers with the signature

SIGNING is GREENROOM_SIGNING, or signing/ beside the user's keys.toml.
"""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomlkit

from greenroom.errors import InputError
from greenroom.rights.credentials.certificate import (
    check_chain,
    leaf_of,
    make_chain,
    need_extra,
    signing_algorithm,
)
from greenroom.takes.disk import storing, write_atomically

__all__ = ["Identity", "find_identity", "init_identity", "signing_folder"]

_CHAIN, _KEY, _ROOT, _SIGNER = "chain.pem", "key.pem", "root.pem", "signer.toml"
_PATIENCE = 60  # seconds that a signing service may take for one signature


@dataclass(frozen=True)
class Identity:
    """Whoever signs. `secret` is the key as PEM, None where a `command` signs. `own`: made by `sign --init`."""

    folder: Path
    chain: bytes
    secret: bytes | None = field(repr=False)
    command: tuple[str, ...] = ()
    own: bool = False

    @property
    def subject(self) -> str:
        from cryptography.x509.oid import NameOID

        names = leaf_of(self.chain).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else leaf_of(self.chain).subject.rfc4514_string()

    @property
    def sha256(self) -> str:
        """Of the certificate itself, as other programs show it."""
        from cryptography.hazmat.primitives import hashes

        return leaf_of(self.chain).fingerprint(hashes.SHA256()).hex()

    @property
    def expires(self) -> datetime:
        return leaf_of(self.chain).not_valid_after_utc

    @property
    def root(self) -> Path | None:
        """The project's own root certificate, for those who shall trust it."""
        path = self.folder / _ROOT
        return path if path.is_file() else None

    def check(self, now: datetime | None = None) -> None:
        """Raises InputError where the certificate can't sign, with all that is wrong."""
        faults = check_chain(self.chain, now or datetime.now(UTC), str(self.folder / _CHAIN))
        if faults:
            hint = "Make a new one: greenroom sign --init --again" if self.own else "Ask its issuer for another."
            raise InputError("; ".join(faults), hint=hint, where=str(self.folder / _CHAIN))

    @contextmanager
    def signing(self) -> Iterator[Any]:
        """What c2pa signs with, closed afterwards.

        Raises:
            InputError: the extra isn't installed, the certificate can't sign, or the signing service gave no signature.
        """
        c2pa = need_extra()
        self.check()
        name = signing_algorithm(self.chain)
        service = _Service(self.command)
        if self.secret is not None:
            signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(name.encode(), self.chain, self.secret, None))
        else:
            algorithm = c2pa.C2paSigningAlg[name.upper()]
            signer = c2pa.Signer.from_callback(service.sign, algorithm, self.chain.decode("ascii"), None)
        try:
            with signer:
                yield signer
        except c2pa.C2paError:
            if service.fault is not None:  # the library only says that there was one
                raise service.fault from None
            raise


class _Service:
    """A program of the user's own settings that signs, never one of a project's."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self.fault: InputError | None = None

    def sign(self, data: bytes) -> bytes:
        """The program's answer to `data`."""
        try:
            done = subprocess.run(list(self._command), input=data, capture_output=True, timeout=_PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._refused(str(error)) from error
        if done.returncode or not done.stdout:
            said = done.stderr.decode("utf-8", "replace").strip()[-200:]
            raise self._refused(said or f"it ended with {done.returncode} and {len(done.stdout)} bytes")
        return done.stdout

    def _refused(self, why: str) -> InputError:
        hint = "Try the program by hand, or name another: greenroom sign --init --again"
        self.fault = InputError(f"the signing service gave no signature ({why})", hint=hint)
        return self.fault


def signing_folder(project: str) -> Path:
    """Where the key of a project lies on this machine."""
    chosen = os.environ.get("GREENROOM_SIGNING")
    if chosen:
        return Path(chosen) / project
    from platformdirs import user_config_dir

    return Path(user_config_dir("greenroom", appauthor=False)) / "signing" / project


def find_identity(project: str) -> Identity | None:
    """Who signs for this project on this machine; None where nobody does.

    Raises:
        InputError: what is kept there can't be used.
    """
    folder = signing_folder(project)
    if not (folder / _CHAIN).is_file():
        return None
    try:
        chain = (folder / _CHAIN).read_bytes()
        signer = tomllib.loads((folder / _SIGNER).read_text("utf-8")) if (folder / _SIGNER).is_file() else {}
        command = tuple(str(word) for word in signer.get("command", ()))
        key = Path(signer["key"]) if "key" in signer else folder / _KEY
        secret = None if command else key.read_bytes()
    except (OSError, ValueError) as error:
        hint = "Set it up again: greenroom sign --init --again"
        raise InputError(f"the signing key can't be read ({error})", hint=hint, where=str(folder)) from error
    return Identity(folder, chain, secret, command, own=(folder / _ROOT).is_file())


def init_identity(
    project: str,
    name: str,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    command: tuple[str, ...] = (),
    again: bool = False,
) -> Identity:
    """Makes a certificate for the project, or takes the user's own with its key, or with the program that signs.

    Raises:
        InputError: there is one already, the extra isn't installed, or the certificate can't sign.
        StoreError: the folder can't be written.
    """
    need_extra()
    folder = signing_folder(project)
    if (folder / _CHAIN).exists() and not again:
        hint = "A new one in its place: greenroom sign --init --again. What was signed stays valid."
        raise InputError("there is a certificate for this project already", hint=hint, where=str(folder))
    if certificate is None:
        if key is not None or command:
            raise InputError("a key without its certificate", hint="Give it too: --certificate CHAIN.pem")
        chain, secret, root = make_chain(name)
        files = {_CHAIN: chain, _KEY: secret, _ROOT: root}
    else:
        files = _given(certificate, key, command)
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in (_CHAIN, _KEY, _ROOT, _SIGNER):
            (folder / old).unlink(missing_ok=True)
    for file, data in files.items():
        _write_private(folder / file, data)
    found = find_identity(project)
    if found is None:
        raise InputError("the certificate was not kept", where=str(folder))
    return found


def _given(certificate: Path, key: Path | None, command: tuple[str, ...]) -> dict[str, bytes]:
    """The files of somebody's own certificate; the key stays where it is."""
    if (key is None) == (not command):
        raise InputError("a certificate needs its key, or a program that signs", hint="--key FILE or --command WORDS")
    try:
        chain = certificate.read_bytes()
        secret = key.read_bytes() if key is not None else None
    except OSError as error:
        raise InputError(f"can't be read ({error.strerror})", where=str(error.filename)) from error
    faults = check_chain(chain, datetime.now(UTC), str(certificate))
    if secret is not None:
        faults = (*faults, *_mismatch(chain, secret))
    if faults:
        raise InputError("; ".join(faults), hint="Ask its issuer for one that signs documents.", where=str(certificate))
    signer: dict[str, Any] = {"command": list(command)} if command else {"key": str(key.resolve() if key else "")}
    return {_CHAIN: chain, _SIGNER: tomlkit.dumps(signer).encode()}


def _mismatch(chain: bytes, secret: bytes) -> tuple[str, ...]:
    from cryptography.hazmat.primitives import serialization

    try:
        private: Any = serialization.load_pem_private_key(secret, None)
    except (ValueError, TypeError):
        return ("the key can't be read: it has to be PEM (PKCS 8), without a password",)
    raw = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    same = private.public_key().public_bytes(*raw) == leaf_of(chain).public_key().public_bytes(*raw)
    return () if same else ("the key isn't the certificate's own",)


def _write_private(path: Path, data: bytes) -> None:
    write_atomically(path, data)
    with storing(path):
        path.chmod(0o600)

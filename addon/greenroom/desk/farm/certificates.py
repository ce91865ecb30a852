# SPDX-License-Identifier: Apache-2.0
"""A farm's own certificate authority, and one certificate for all its machines: who has it belongs to the farm.

ca.pem, ca-key.pem       the authority; its key stays on the machine that made it
node.pem, node-key.pem   what every machine has, beside ca.pem
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.errors import InputError
from greenroom.takes.disk import storing

if TYPE_CHECKING:
    import ssl

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from distributed.security import Security

__all__ = ["NODE_FILES", "lines_lock", "make_certificates", "security"]

NODE_FILES = ("ca.pem", "node.pem", "node-key.pem")
_YEARS = 3
_NEW = "Make them on one machine: greenroom farm init   Then copy the three files to the others."


def make_certificates(folder: Path) -> tuple[Path, ...]:
    """A new authority and the machines' certificate, in `folder`; the files that every machine needs.

    Raises:
        InputError: there are some already, or the extra isn't installed.
        StoreError: the folder can't be written.
    """
    _need()
    if any((folder / name).exists() for name in NODE_FILES):
        raise InputError(
            "there are certificates already",
            hint="Machines that have these would be shut out by new ones. Move the folder away first.",
            where=str(folder),
        )
    from cryptography.hazmat.primitives.asymmetric import ec

    authority_key, node_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("Greenroom farm", authority_key, authority_key, None)
    node = _certificate("Greenroom farm node", node_key, authority_key, authority)
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "ca-key.pem", _pem_of_key(authority_key), private=True)
        _write(folder / "node-key.pem", _pem_of_key(node_key), private=True)
        _write(folder / "ca.pem", _pem(authority))
        _write(folder / "node.pem", _pem(node))
    return tuple(folder / name for name in NODE_FILES)


def security(folder: Path) -> Security:
    """What every connection of the farm is made with: both sides show the farm's certificate, nothing goes plain.

    Raises:
        InputError: a file is missing, or can be read by others; or the extra isn't installed.
    """
    _need()
    key = _checked(folder)
    from distributed.security import Security

    files = {f"tls_{role}_cert": str(folder / "node.pem") for role in ("scheduler", "worker", "client")}
    files |= {f"tls_{role}_key": str(key) for role in ("scheduler", "worker", "client")}
    return Security(require_encryption=True, tls_ca_file=str(folder / "ca.pem"), **files)


def lines_lock(folder: Path, *, serves: bool) -> ssl.SSLContext:
    """The same for a line of our own: each side shows the farm's certificate, and takes no other. Names aren't looked
    at, since all machines share one certificate.

    Raises:
        InputError: as `security`; or a file is no certificate or key.
    """
    import ssl

    key = _checked(folder)
    lock = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if serves else ssl.PROTOCOL_TLS_CLIENT)
    lock.minimum_version = ssl.TLSVersion.TLSv1_3
    lock.check_hostname = False
    lock.verify_mode = ssl.CERT_REQUIRED
    try:
        lock.load_verify_locations(folder / "ca.pem")
        lock.load_cert_chain(folder / "node.pem", key)
    except ssl.SSLError as error:
        raise InputError("the farm's certificates can't be read", hint=_NEW, where=str(folder)) from error
    return lock


def _checked(folder: Path) -> Path:
    """The key, after all files were looked for."""
    missing = [name for name in NODE_FILES if not (folder / name).is_file()]
    if missing:
        raise InputError(f"the farm's certificates are not there: {', '.join(missing)}", hint=_NEW, where=str(folder))
    key = folder / "node-key.pem"
    if os.name == "posix" and key.stat().st_mode & 0o077:
        raise InputError("others can read the farm's key", hint=f"chmod 600 {key}", where=str(key))
    return key


def _need() -> None:
    try:
        import cryptography  # noqa: F401 - only whether it is there
        import distributed  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"a farm needs more than is installed ({error.name} is missing)", hint='pip install "greenroom[farm]"'
        ) from None


def _certificate(
    name: str,
    key: EllipticCurvePrivateKey,
    signed_by: EllipticCurvePrivateKey,
    authority: x509.Certificate | None,
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if authority is None else authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks of a farm differ
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=0 if authority is None else None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key()), False)
        .add_extension(_usage(signs=authority is None), True)
    )
    if authority is not None:
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both), False)
    return builder.sign(signed_by, hashes.SHA256())


def _usage(*, signs: bool) -> x509.KeyUsage:
    from cryptography import x509

    never = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    unused: dict[str, Any] = dict.fromkeys((*never, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=True, key_cert_sign=signs, crl_sign=signs, **unused)


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _pem_of_key(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, *, private: bool = False) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)

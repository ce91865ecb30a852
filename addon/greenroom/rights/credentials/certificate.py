# SPDX-License-Identifier: Apache-2.0
"""X.509 as content credentials need it: a leaf for signing only, with e-mail protection as its extended usage and the
issuer's key named. What a certificate lacks is told before anything is signed with it.
"""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from greenroom.errors import InputError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["EXTRA", "check_chain", "leaf_of", "make_chain", "need_extra", "signing_algorithm"]

EXTRA = 'pip install "greenroom[provenance]"'
_YEARS = 2
"""A show's length; a new one is made with one command."""

_USAGES = ("1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.62558.2.1")
"""E-mail protection, document signing and C2PA's own claim signing: what C2PA 2.x accepts of a signer."""


def need_extra() -> Any:
    """The library that reads and writes credentials.

    Raises:
        InputError: the extra `provenance` isn't installed.
    """
    try:
        importlib.import_module("cryptography")
        return importlib.import_module("c2pa")
    except ImportError as error:
        message = f"content credentials need an extra that isn't installed ({error.name})"
        raise InputError(message, hint=EXTRA) from error


def make_chain(name: str, now: datetime | None = None) -> tuple[bytes, bytes, bytes]:
    """A new certificate for `name` with its own root: (chain, key, root) as PEM. Self-signed, and shown as such."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    moment = now or datetime.now(UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, leaf_name = _name(f"{name} (own root)"), _name(name)

    def signed(subject: Any, public: Any, *, authority: bool) -> Certificate:
        builder = (
            x509.CertificateBuilder(root_name, subject, public.public_key(), x509.random_serial_number())
            .not_valid_before(moment - timedelta(minutes=5))  # clocks of two machines differ
            .not_valid_after(moment + timedelta(days=365 * _YEARS))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(_key_usage(authority=authority), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )
        if not authority:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(usage, critical=False)
        return builder.sign(root_key, hashes.SHA256())

    pem = serialization.Encoding.PEM
    root = signed(root_name, root_key, authority=True).public_bytes(pem)
    leaf = signed(leaf_name, key, authority=False).public_bytes(pem)
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return leaf + root, secret, root


def _name(common: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    whole = common.encode("utf-8")[:64].decode("utf-8", "ignore")  # X.520 allows 64
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Greenroom project"),
            x509.NameAttribute(NameOID.COMMON_NAME, whole),
        ]
    )


def _key_usage(*, authority: bool) -> Any:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def leaf_of(chain: bytes, where: str = "") -> Certificate:
    """The first certificate of a PEM chain.

    Raises:
        InputError: there is none.
    """
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(chain)[0]
    except (ValueError, IndexError) as error:
        hint = "Give a PEM file: the signing certificate first, then those that issued it."
        raise InputError("this is no certificate", hint=hint, where=where) from error


def check_chain(chain: bytes, now: datetime, where: str = "") -> tuple[str, ...]:
    """What keeps a certificate from signing, in words; nothing where it may.

    Raises:
        InputError: it is no certificate.
    """
    from cryptography import x509

    leaf = leaf_of(chain, where)
    faults = []
    if now >= leaf.not_valid_after_utc:
        faults.append(f"the certificate expired on {leaf.not_valid_after_utc.date()}")
    if now < leaf.not_valid_before_utc:
        faults.append(f"the certificate is valid from {leaf.not_valid_before_utc.date()} on")
    usages = _extension(leaf, x509.ExtendedKeyUsage)
    if usages is None or not {usage.dotted_string for usage in usages} & set(_USAGES):
        faults.append("the certificate isn't for signing documents (its extended key usage lacks e-mail protection)")
    if _extension(leaf, x509.AuthorityKeyIdentifier) is None:
        faults.append("the certificate doesn't name its issuer's key (authority key identifier)")
    basic = _extension(leaf, x509.BasicConstraints)
    if basic is not None and basic.ca:
        faults.append("the certificate is one that issues others; put the signing one first in the file")
    key_usage = _extension(leaf, x509.KeyUsage)
    if key_usage is not None and not key_usage.digital_signature:
        faults.append("the certificate's key usage doesn't allow signatures")
    try:
        signing_algorithm(chain, where)
    except InputError as error:
        faults.append(error.message)
    return tuple(faults)


def _extension(certificate: Certificate, kind: Any) -> Any:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def signing_algorithm(chain: bytes, where: str = "") -> str:
    """C2PA's name for what the certificate's key signs with.

    Raises:
        InputError: a kind of key that C2PA doesn't take.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    public = leaf_of(chain, where).public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        found = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}.get(public.curve.name)
        if found:
            return found
    if isinstance(public, rsa.RSAPublicKey):
        return "ps256"
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "ed25519"
    hint = "Take one with a P-256 key, an RSA or an Ed25519 one."
    raise InputError("content credentials can't be signed with this kind of key", hint=hint, where=where)

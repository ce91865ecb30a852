# SPDX-License-Identifier: Apache-2.0
"""Signing services: programs that get bytes and answer with a signature, or don't; and certificates for other uses."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from greenroom.rights.credentials.certificate import check_chain, make_chain
from greenroom.rights.credentials.reading import Whole, read_credentials

SERVICE = """
import sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
key = serialization.load_pem_private_key(open(sys.argv[1], "rb").read(), None)
data = sys.stdin.buffer.read()
if isinstance(key, ec.EllipticCurvePrivateKey):
    made = key.sign(data, ec.ECDSA(hashes.SHA256()))
elif isinstance(key, ed25519.Ed25519PrivateKey):
    made = key.sign(data)
else:
    made = key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
sys.stdout.buffer.write(made)
"""


def issued(key: Any, usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.EMAIL_PROTECTION) -> bytes:
    """A certificate for `key` with its root, as somebody else's authority would issue it."""
    root, day, now = ec.generate_private_key(ec.SECP256R1()), timedelta(days=1), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Studio 王")])
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
        .add_extension(x509.KeyUsage(True, *[False] * 8), critical=True)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def service(scene: Any, run: Callable[..., Any], tmp_path: Path) -> Callable[..., tuple[int, str, Path]]:
    """Signs an export by a program: (status, what was said, the export)."""

    def go(program: str, chain: bytes, key: bytes = b"") -> tuple[int, str, Path]:
        for name, data in (("chain.pem", chain), ("key.pem", key), ("service.py", program.encode())):
            (tmp_path / name).write_bytes(data)
        command = f"{sys.executable} {tmp_path / 'service.py'} {tmp_path / 'key.pem'}"
        status, _, err = run("sign", "--init", "--again", "--certificate", tmp_path / "chain.pem", "--command", command)
        assert status == 0, err
        export = Path(shutil.copyfile(scene.folder / "media" / "tom.mov", scene.folder / "export.mov"))
        status, _, err = run("sign", export)
        return status, err, export

    return go


def test_services_sign_with_every_kind_of_key(service: Any) -> None:
    """ECDSA as OpenSSL and key services write it (DER)."""
    keys = (
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for key in keys:
        status, err, export = service(SERVICE, issued(key), key.private_bytes(*form))
        assert (status, err) == (0, "")
        assert read_credentials(export).state is Whole.WHOLE


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('the token is not plugged in')", "the token is not plugged in"),
        ("", "it ended with 0 and 0 bytes"),
        ("print('x' * 63)", "the signature does not match"),
        ("print('x')", "invalid signature value"),
    ],
)
def test_what_a_service_says_is_told(service: Any, program: str, said: str) -> None:
    status, err, export = service(program, make_chain("x")[0])
    assert status != 0
    assert said in err
    assert "Traceback" not in err
    assert read_credentials(export).state is Whole.LOST  # the file is as it was
    assert [path.name for path in export.parent.glob(".*partial*")] == []


def test_a_service_that_is_gone(service: Any, run: Callable[..., Any], tmp_path: Path) -> None:
    chain, _, _ = make_chain("x")
    _, _, export = service("", chain)
    given = ("sign", "--init", "--again", "--certificate", tmp_path / "chain.pem", "--command", "no-such-program")
    assert run(*given)[0] == 0
    status, _, err = run("sign", export)
    assert (status, "the signing service gave no signature" in err, "no-such-program" in err) == (2, True, True)


@pytest.mark.parametrize("usage", [None, ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CODE_SIGNING])
def test_certificates_for_other_uses_are_refused(run: Callable[..., Any], tmp_path: Path, usage: Any) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "c.pem").write_bytes(issued(key, usage))
    status, _, err = run("sign", "--init", "--certificate", tmp_path / "c.pem", "--command", "x")
    assert (status, "isn't for signing documents" in err, "Ask its issuer" in err) == (2, True, True)


def test_keys_that_nobody_may_sign_with(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_bytes(issued(dsa.generate_private_key(2048)))
    assert "this kind of key" in "".join(check_chain((tmp_path / "c.pem").read_bytes(), datetime.now(UTC)))
    assert run("sign", "--init", "--certificate", tmp_path / "c.pem", "--command", "x")[0] == 2

# SPDX-License-Identifier: Apache-2.0
"""Credentials read and checked without the library that wrote them: boxes, CBOR, COSE and the hash of an ISO file as
C2PA 2.x describes them (sections 8 to 15 and A.5), with `cryptography` for the signature alone.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from greenroom.rights.credentials.identity import init_identity
from greenroom.rights.credentials.signing import Ingredient, sign
from greenroom.rights.credentials.statement import definition

C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
RECORD: dict[str, Any] = {
    "request": {"mode": "talk", "actor": {"name": "mara", "version": "v"}, "seed": 1, "line": "x", "motion": ""},
    "engine": {"name": "fabric@fal", "label": "", "title": "Fabric", "version": "1"},
    "fingerprint": "f",
    "variant": 1,
}


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int, int]]:
    """(type, offset, size, header's size) of the boxes side by side."""
    end = len(data) if end is None else end
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        size = size or end - start
        yield kind.decode("latin-1"), start, size, head
        start += size


def cbor(data: bytes, at: int = 0) -> tuple[Any, int]:
    """One value and where the next begins; tags fall away."""
    major, info, at = data[at] >> 5, data[at] & 31, at + 1
    if info >= 24 and info != 31:
        width = 1 << (info - 24)
        number = int.from_bytes(data[at : at + width], "big")
        if major == 7:
            return struct.unpack({2: ">e", 4: ">f", 8: ">d"}[width], data[at : at + width])[0], at + width
        at += width
    else:
        number = info
    if major in (0, 1):
        return (number if major == 0 else -1 - number), at
    if major in (2, 3):
        raw = data[at : at + number]
        return (raw if major == 2 else raw.decode()), at + number
    if major in (4, 5):
        items = []
        for _ in range(number * (major - 3)):
            item, at = cbor(data, at)
            items.append(item)
        return (items if major == 4 else dict(zip(items[::2], items[1::2], strict=True))), at
    if major == 6:
        return cbor(data, at)
    return {20: False, 21: True, 22: None, 23: None}[number], at


def superboxes(data: bytes, start: int, end: int, path: str = "") -> Iterator[tuple[str, bytes, bytes]]:
    """(path of labels, the superbox's content, its first content box's payload) of every JUMBF superbox."""
    for kind, offset, size, head in boxes(data, start, end):
        if kind != "jumb":
            continue
        inner = list(boxes(data, offset + head, offset + size))
        described = data[inner[0][1] + inner[0][3] : inner[0][1] + inner[0][2]]
        label = described[17:].split(b"\0", 1)[0].decode()
        name = f"{path}/{label}"
        payload = b""
        if len(inner) > 1:
            payload = data[inner[1][1] + inner[1][3] : inner[1][1] + inner[1][2]]
        yield name, data[offset + head : offset + size], payload
        yield from superboxes(data, inner[0][1] + inner[0][2], offset + size, name)


class Read:
    """A signed movie, taken apart."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        kept = next(each for each in boxes(self.data) if self._is_c2pa(each))
        _, offset, size, head = kept
        start = offset + head + 16 + 4  # the user type, version and flags
        purpose = self.data[start:].split(b"\0", 1)[0]
        assert purpose == b"manifest"
        start += len(purpose) + 1 + 8  # where a merkle box would be
        self.found = {
            name: (content, payload) for name, content, payload in superboxes(self.data, start, offset + size)
        }
        self.base = next(name for name in self.found if name.count("/") == 2)

    def _is_c2pa(self, box: tuple[str, int, int, int]) -> bool:
        kind, offset, _, head = box
        return kind == "uuid" and self.data[offset + head : offset + head + 16] == C2PA

    def payload(self, name: str) -> bytes:
        return next(payload for path, (_, payload) in self.found.items() if path == f"{self.base}/{name}")

    @property
    def claim(self) -> dict[str, Any]:
        value: dict[str, Any] = cbor(self.payload("c2pa.claim.v2"))[0]
        return value

    def hash_of_the_file(self) -> tuple[bytes, bytes]:
        """As written, and as computed: every box that isn't left out, with its offset before it."""
        name = next(path for path in self.found if "/c2pa.hash.bmff" in path)
        said = cbor(self.found[name][1])[0]
        left_out = {each["xpath"] for each in said["exclusions"] if each["xpath"].count("/") == 1}
        computed = hashlib.sha256()
        for box in boxes(self.data):
            kind, offset, size, _ = box
            if f"/{kind}" in left_out and (kind != "uuid" or self._is_c2pa(box)):
                continue
            computed.update(struct.pack(">Q", offset))
            computed.update(self.data[offset : offset + size])
        return said["hash"], computed.digest()

    def check_signature(self) -> x509.Certificate:
        protected, headers, payload, signature = cbor(self.payload("c2pa.signature"))[0]
        assert payload is None  # the claim, which lies elsewhere
        inside = cbor(protected)[0]
        assert inside[1] == -7  # ES256
        chain = inside.get(33) or headers.get(33)
        leaf = x509.load_der_x509_certificate(chain[0] if isinstance(chain, list) else chain)
        claim = self.payload("c2pa.claim.v2")
        signed = b"\x84" + _text("Signature1") + _bytes(protected) + _bytes(b"") + _bytes(claim)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        public = leaf.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
        return leaf


def _head(major: int, length: int) -> bytes:
    if length < 24:
        return bytes([major << 5 | length])
    width = 1 if length < 1 << 8 else 2 if length < 1 << 16 else 4
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26}[width]]) + length.to_bytes(width, "big")


def _bytes(data: bytes) -> bytes:
    return _head(2, len(data)) + data


def _text(text: str) -> bytes:
    return _head(3, len(text)) + text.encode()


@pytest.fixture
def movie(scene: Any, tmp_path: Path) -> Path:
    identity = init_identity("p", "Szene 王")
    portrait = Ingredient("portrait", "portrait.png", "inputTo", scene.folder / "cast" / "mara" / "portrait.png")
    output = tmp_path / "signed.mov"
    manifest = definition(RECORD, title="t", version="1", opened=False)
    sign(scene.folder / "media" / "tom.mov", output, manifest, [portrait], identity)
    return output


def test_the_hash_of_the_file_is_the_specifications(movie: Path) -> None:
    said, computed = Read(movie).hash_of_the_file()
    assert said == computed


def test_the_signature_is_over_the_claim(movie: Path) -> None:
    read = Read(movie)
    leaf = read.check_signature()
    assert "Szene 王" in leaf.subject.rfc4514_string()
    name = next(path for path in read.found if path.endswith("/c2pa.claim.v2"))
    content, claim = read.found[name]
    read.found[name] = (content, claim.replace(b"Greenroom", b"Grayroom!"))
    with pytest.raises(InvalidSignature):
        read.check_signature()


def test_every_assertion_is_the_one_that_was_claimed(movie: Path) -> None:
    read = Read(movie)
    claimed = read.claim["created_assertions"] + read.claim.get("gathered_assertions", [])
    names = []
    for each in claimed:
        name = each["url"].removeprefix("self#jumbf=").removeprefix("/")
        content = next(content for path, (content, _) in read.found.items() if path.endswith(f"/{name}"))
        assert hashlib.sha256(content).digest() == each["hash"], name
        names.append(name.rsplit("/", 1)[-1])
    assert {"c2pa.actions.v2", "org.greenroom.take"} <= set(names)
    actions = cbor(read.payload("c2pa.assertions/c2pa.actions.v2"))[0]["actions"]
    assert actions[0]["action"] == "c2pa.created"
    assert actions[0]["digitalSourceType"].endswith("/digitalsourcetype/trainedAlgorithmicMedia")


def test_a_changed_picture_is_another_hash(movie: Path, tmp_path: Path) -> None:
    data = bytearray(movie.read_bytes())
    place = next(offset + size // 2 for kind, offset, size, _ in boxes(bytes(data)) if kind == "mdat")
    data[place] ^= 1
    (tmp_path / "other.mov").write_bytes(data)
    said, computed = Read(tmp_path / "other.mov").hash_of_the_file()
    assert said != computed

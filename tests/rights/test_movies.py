# SPDX-License-Identifier: Apache-2.0
"""Movies of every build get their credentials without a frame being moved, whether we copy them or the library does."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from greenroom.errors import StoreError
from greenroom.rights.credentials.identity import Identity, init_identity
from greenroom.rights.credentials.movie import NOTHING, copy_with_room, credentials_box, movable_boxes
from greenroom.rights.credentials.reading import Whole, read_credentials
from greenroom.rights.credentials.signing import Ingredient, sign

MANIFEST: dict[str, Any] = {
    "claim_generator_info": [{"name": "Greenroom", "version": "1"}],
    "title": "t",
    "assertions": [
        {
            "label": "c2pa.actions.v2",
            "data": {
                "actions": [
                    {
                        "action": "c2pa.created",
                        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia",
                    }
                ]
            },
        }
    ],
}
BUILDS = {
    "index last": ("a.mov", {}, True),
    "index first": ("a.mp4", {"movflags": "faststart"}, True),
    "room for the index": ("a.mov", {"moov_size": "20000"}, True),
    "metadata": ("a.mp4", {"movflags": "use_metadata_tags"}, True),
    "in fragments": ("a.mp4", {"movflags": "frag_keyframe+empty_moov"}, False),
}


@pytest.fixture
def identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Identity:
    monkeypatch.setenv("GREENROOM_SIGNING", str(tmp_path / "signing"))
    return init_identity("p", "x")


def write_movie(path: Path, options: dict[str, str]) -> Path:
    with av.open(str(path), "w", options=options) as container:
        container.metadata["comment"] = "as shot"
        video = container.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=48000)
        for index in range(30):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 8 * index, np.uint8))
            container.mux(video.encode(picture))
            tone = av.AudioFrame.from_ndarray(np.full((1, 2000), index / 60, np.float32), "fltp", "mono")
            tone.sample_rate, tone.pts = 48000, 2000 * index
            container.mux(sound.encode(tone))
        container.mux(video.encode())
        container.mux(sound.encode())
    return path


def packets_of(path: Path) -> list[tuple[int, bytes]]:
    """What a player reads by the index: (stream, bytes)."""
    with av.open(str(path)) as container:
        return [(packet.stream_index, bytes(packet)) for packet in container.demux() if packet.size]


def offsets_in_64_bits(path: Path) -> None:
    """As cameras write files beyond 4 GB: co64 in the place of stco, and a long header for the media."""
    data = path.read_bytes()
    kinds = {kind: (at, size) for kind, at, size in _boxes(data, 0, len(data))}
    (media, length), (index, _) = kinds[b"mdat"], kinds[b"moov"]
    assert media < index
    long = struct.pack(">I4sQ", 1, b"mdat", length + 8) + data[media + 8 : media + length]
    path.write_bytes(data[:media] + long + data[media + length : index] + _widened(data[index:], 8))


def _boxes(data: bytes, start: int, end: int) -> list[tuple[bytes, int, int]]:
    found = []
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        found.append((kind, start, size))
        start += size
    return found


def _widened(data: bytes, by: int) -> bytes:
    made = b""
    for kind, at, size in _boxes(data, 0, len(data)):
        body = data[at + 8 : at + size]
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
            body = _widened(body, by)
        elif kind == b"stco":
            count = struct.unpack_from(">I", body, 4)[0]
            wide = [each + by for each in struct.unpack_from(f">{count}I", body, 8)]
            kind, body = b"co64", body[:8] + struct.pack(f">{count}Q", *wide)
        made += struct.pack(">I4s", len(body) + 8, kind) + body
    return made


@pytest.mark.parametrize("build", BUILDS)
def test_every_build_is_whole_and_plays_the_same(build: str, identity: Identity, tmp_path: Path) -> None:
    name, options, ours = BUILDS[build]
    movie, signed = write_movie(tmp_path / name, options), tmp_path / f"signed{name}"
    with movie.open("rb") as file:
        assert (movable_boxes(file) is not None) is ours
    sign(movie, signed, MANIFEST, (), identity)
    assert read_credentials(signed).state is Whole.WHOLE
    assert packets_of(signed) == packets_of(movie)
    again = tmp_path / f"again{name}"  # it has credentials now: its maker's are put in the place of the old ones
    sign(signed, again, MANIFEST, [Ingredient("parent", "signed", "parentOf", signed)], identity)
    assert read_credentials(again).ingredients[0]["active_manifest"] == read_credentials(signed).label
    assert packets_of(again) == packets_of(movie)


def test_offsets_of_64_bits_are_moved(identity: Identity, tmp_path: Path) -> None:
    movie = write_movie(tmp_path / "a.mov", {})
    played = packets_of(movie)
    offsets_in_64_bits(movie)
    assert packets_of(movie) == played
    sign(movie, tmp_path / "signed.mov", MANIFEST, (), identity)
    assert read_credentials(tmp_path / "signed.mov").state is Whole.WHOLE
    assert packets_of(tmp_path / "signed.mov") == played


def test_a_lying_index_is_left_alone(tmp_path: Path) -> None:
    """More offsets than its box has bytes, and one that 32 bits don't hold any more."""
    movie = write_movie(tmp_path / "a.mov", {})
    data = movie.read_bytes()
    at = data.index(b"stco") + 4
    for lie in (struct.pack(">II", 0, 1 << 20), struct.pack(">III", 0, 1, 0xFFFF_FFF0)):
        movie.write_bytes(data[:at] + lie + data[at + len(lie) :])
        with movie.open("rb") as reading, (tmp_path / "o.mov").open("wb") as writing:
            boxes = movable_boxes(reading)
            assert boxes is not None
            assert copy_with_room(reading, writing, boxes, 4096) is None


def test_a_file_that_is_there_already_is_left_alone(identity: Identity, tmp_path: Path) -> None:
    movie, there = write_movie(tmp_path / "a.mov", {}), tmp_path / "signed.mov"
    there.write_bytes(b"an editor's")
    with pytest.raises(StoreError, match=r"signed\.mov"):
        sign(movie, there, MANIFEST, [], identity)
    assert there.read_bytes() == b"an editor's"


@pytest.mark.parametrize("data", [b"", b"ftyp", NOTHING, NOTHING + b"\0\0\0\1moov", b"\0\0\0\0mdat" + bytes(30)])
def test_what_is_no_whole_movie_is_left_to_the_library(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mov").write_bytes(data)
    with (tmp_path / "a.mov").open("rb") as file:
        assert movable_boxes(file) is None


def test_credentials_that_have_no_room() -> None:
    assert credentials_box(bytes(100), 100) is None
    box = credentials_box(bytes(100), 200)
    assert box is not None
    assert len(box) == 200


def test_many_ingredients_have_room(identity: Identity, tmp_path: Path) -> None:
    """Each with credentials of its own, as the takes of a long cut."""
    movie = write_movie(tmp_path / "a.mov", {})
    takes = []
    for number in range(12):
        takes.append(tmp_path / f"take{number}.mov")
        sign(movie, takes[-1], {**MANIFEST, "title": f"Aufnahme {number} 王" * 20}, (), identity)
    placed = [Ingredient(f"take{n}", path.name, "componentOf", path, "d" * 300) for n, path in enumerate(takes)]
    named = [Ingredient(f"plain{n}", "é" * 200, "inputTo", None, "", {"format": "audio/wav"}) for n in range(40)]
    sign(movie, tmp_path / "export.mov", MANIFEST, [*placed, *named], identity)
    found = read_credentials(tmp_path / "export.mov")
    assert (found.state, len(found.ingredients)) == (Whole.WHOLE, 52)
    assert sum("active_manifest" in each for each in found.ingredients) == 12
    data = (tmp_path / "export.mov").read_bytes()
    size, _ = struct.unpack_from(">I4s", data, data.index(b"uuid") - 4)
    end = data.index(b"uuid") - 4 + size
    assert data[end - 500 : end] == bytes(500)  # there was room: the library, which leaves none, wasn't asked
    assert b"mdat" in data[end : end + 16]

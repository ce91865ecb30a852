# SPDX-License-Identifier: Apache-2.0
"""Cuts that can't be read: a clear error with the place and the next step, and nothing written."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[[Path, bytes], None]


def truncated(path: Path, good: bytes) -> None:
    path.write_bytes(good[: len(good) // 2])


def binary(path: Path, good: bytes) -> None:
    path.write_bytes(zlib.compress(good) * 4)


def nested(path: Path, good: bytes) -> None:
    path.write_bytes(b"[" * 200_000 + b"]" * 200_000)


def nested_stacks(path: Path, good: bytes) -> None:
    inner = '{"OTIO_SCHEMA":"Stack.1","children":['
    path.write_text(inner * 30_000 + "]}" * 30_000, "utf-8")


def null_root(path: Path, good: bytes) -> None:
    path.write_text("null", "utf-8")


def null_tracks(path: Path, good: bytes) -> None:
    path.write_bytes(json.dumps({"OTIO_SCHEMA": "Timeline.1", "tracks": None, "name": ""}).encode())


def deadly_schema(path: Path, good: bytes) -> None:
    found = json.loads(good)
    found["metadata"] = {"bad": {"OTIO_SCHEMA": "UnknownSchema.1"}}
    path.write_text(json.dumps(found), "utf-8")


def empty(path: Path, good: bytes) -> None:
    path.write_bytes(b"")


def rate_of_zero(path: Path, good: bytes) -> None:
    path.write_bytes(good.replace(b'"rate": 24.0', b'"rate": 0.0'))


def entity_bomb(path: Path, good: bytes) -> None:
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    path.write_text(f'<?xml version="1.0"?><!DOCTYPE xmeml [<!ENTITY a0 "ha">{entities}]><xmeml>&a11;</xmeml>', "utf-8")


BAD = [
    ("cut.otio", empty),
    ("cut.otio", truncated),
    ("cut.otio", binary),
    ("cut.otio", nested),
    ("cut.otio", nested_stacks),
    ("cut.otio", null_root),
    ("cut.otio", null_tracks),
    ("cut.otio", deadly_schema),
    ("cut.otio", rate_of_zero),
    ("cut.mp3", binary),
    ("cut", truncated),
    ("cut.edl", binary),
    ("cut.xml", empty),
    ("cut.xml", truncated),
    ("cut.xml", entity_bomb),
    ("cut.fcpxml", truncated),
    ("cut.aaf", binary),
]


@pytest.mark.parametrize(("name", "damage"), BAD, ids=lambda value: value if isinstance(value, str) else value.__name__)
def test_a_damaged_cut_names_itself_and_the_next_step(
    run: Callable[..., Any], two_cues: Path, files_of: Callable[[], dict[str, bytes]], name: str, damage: Write
) -> None:
    bad = two_cues.with_name("bad " + name)
    damage(bad, two_cues.read_bytes())
    before = files_of()
    for words in (["cues", bad, "--rate", "24"], ["generate", bad, "--rate", "24", "-o", "new.otio"]):
        ran = run(*words, "--json")
        assert ran.status == 2, ran.err
        assert ran.out == ""
        assert ran.error["error"] not in {"Unexpected", "SystemError"}
        assert bad.name in ran.error["where"] + ran.error["message"]
        assert ran.error["hint"]
    assert files_of() == before


def test_a_cut_that_is_not_there(run: Callable[..., Any], project: Path) -> None:
    ran = run("cues", "gone.otio")
    assert ran.status == 2
    assert "gone.otio" in ran.err


def test_a_folder_is_no_cut(run: Callable[..., Any], project: Path) -> None:
    ran = run("cues", project / "cast")
    assert ran.status == 2
    assert "cast" in ran.err


EDL = """TITLE: T
FCM: NON-DROP FRAME

001  BL       V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00
* COMMENT: GR: ACTOR=MARA MODE=TALK
002  BL       V     C        00:00:00:00 00:00:00:24 01:00:01:00 01:00:01:24
"""


def test_an_edl_asks_for_its_rate(run: Callable[..., Any], project: Path) -> None:
    (project / "cut.edl").write_text(EDL, "utf-8")
    ran = run("cues", "cut.edl")
    assert ran.status == 2
    assert "--rate" in ran.err or "rate" in ran.err
    assert "cut.edl" in ran.err


def test_a_rate_that_cannot_be_is_refused_with_the_frame_that_proves_it(run: Callable[..., Any], project: Path) -> None:
    (project / "cut.edl").write_text(EDL, "utf-8")
    ran = run("cues", "cut.edl", "--rate", "24")
    assert ran.status == 2
    assert "24" in ran.err
    assert run("cues", "cut.edl", "--rate", "25").status == 0


def test_a_rate_that_is_none_is_refused(run: Callable[..., Any], project: Path) -> None:
    ran = run("cues", "cut.edl", "--rate", "fast")
    assert ran.status == 2
    assert "24000/1001" in ran.err


def test_a_byte_order_mark_is_no_harm(run: Callable[..., Any], two_cues: Path) -> None:
    two_cues.write_bytes(b"\xef\xbb\xbf" + two_cues.read_bytes())
    assert run("cues", two_cues).status == 0


def test_the_new_cut_never_replaces_the_old_one(run: Callable[..., Any], two_cues: Path) -> None:
    before = two_cues.read_bytes()
    for command in ("generate", "apply", "restore"):
        ran = run(command, two_cues, "-o", two_cues)
        assert ran.status == 2
        assert "another name" in ran.err
    assert two_cues.read_bytes() == before


def test_a_place_that_cannot_be_written(
    run: Callable[..., Any], two_cues: Path, files_of: Callable[[], dict[str, bytes]]
) -> None:
    before = files_of()
    ran = run("restore", two_cues, "-o", two_cues / "new.otio")  # below a file: nobody may write there, not even root
    assert ran.status in {1, 2}
    assert "new.otio" in ran.err
    assert files_of() == before


def test_an_unknown_suffix_of_the_new_cut_lists_the_known_ones(run: Callable[..., Any], two_cues: Path) -> None:
    ran = run("restore", two_cues, "-o", "new.mp3")
    assert ran.status == 2
    assert "otio" in ran.err


def test_a_rate_never_bends_a_cut_that_says_its_own(run: Callable[..., Any], two_cues: Path) -> None:
    ran = run("cues", two_cues, "--rate", "25")
    assert ran.status == 2
    assert "24 fps, not at 25" in ran.err
    assert run("cues", two_cues, "--rate", "24").status == 0

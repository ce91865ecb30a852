# SPDX-License-Identifier: Apache-2.0
"""The farm's parts by themselves: addresses, certificates, the store by content, and parcels."""

from __future__ import annotations

import json
import os
import ssl
import time
import uuid
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from greenroom.cli.app import app
from greenroom.desk.farm.addresses import read_address
from greenroom.desk.farm.certificates import NODE_FILES, make_certificates, security
from greenroom.desk.farm.crew import held_folder
from greenroom.desk.farm.parcels import Returned, make_call, pack_call, take_back
from greenroom.desk.farm.reaching import unreachable
from greenroom.desk.farm.settings import FarmSettings, read_farm
from greenroom.desk.farm.shared_store import SharedStore
from greenroom.desk.project.project import Project
from greenroom.errors import EngineError, InputError, MediaError, ProjectError, StoreError
from greenroom.media.types import ImageSequence
from greenroom.testing.farm_work import refuse, shout, write_noise


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("farm.local", "tls://farm.local:8786"),
        (" 10.0.0.7:9000 ", "tls://10.0.0.7:9000"),
        ("tls://farm:1", "tls://farm:1"),
        ("[::1]", "tls://[::1]:8786"),
    ],
)
def test_addresses(written: str, meant: str) -> None:
    assert read_address(written) == meant


@pytest.mark.parametrize("written", ["", "a b", "farm:70000", "tcp://farm:8786", "http://farm", "farm:port"])
def test_no_addresses(written: str) -> None:
    with pytest.raises(InputError):
        read_address(written)


def test_settings_of_a_project() -> None:
    table = {"address": "farm", "store": "/mnt/x", "roots": {"show": "/mnt/show"}}
    assert read_farm(table, "greenroom.toml") == FarmSettings("tls://farm:8786", "/mnt/x", {"show": Path("/mnt/show")})
    with pytest.raises(ProjectError, match="adress"):
        read_farm({"adress": "farm"}, "greenroom.toml")
    with pytest.raises(ProjectError, match="show"):
        read_farm({"roots": {"show": "media"}}, "greenroom.toml")


def test_certificates_are_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    assert [file.name for file in make_certificates(folder)] == list(NODE_FILES)
    assert (folder / "node-key.pem").stat().st_mode & 0o077 == 0
    assert security(folder).require_encryption
    before = (folder / "ca.pem").read_bytes()
    with pytest.raises(InputError, match="already"):
        make_certificates(folder)
    assert (folder / "ca.pem").read_bytes() == before


def test_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ca\.pem, node\.pem, node-key\.pem"):
        security(tmp_path)
    make_certificates(tmp_path / "farm")
    (tmp_path / "farm" / "node-key.pem").chmod(0o644)
    with pytest.raises(InputError, match="others can read") as caught:
        security(tmp_path / "farm")
    assert "chmod 600" in caught.value.hint


def test_certificates_that_have_expired_are_told_as_that() -> None:
    expired = ssl.SSLCertVerificationError(1, "certificate verify failed")
    expired.verify_code = 10
    found = unreachable("farm.local", expired)
    assert (found.message, found.where) == ("the farm's certificates have expired", "farm.local")
    assert "greenroom farm init" in found.hint


def test_the_store_keeps_files_by_their_content(tmp_path: Path) -> None:
    store = SharedStore(str(tmp_path / "store äö"))
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "b.txt").write_text("hello")
    digest = store.put_file(tmp_path / "a.txt")
    assert store.put_file(tmp_path / "b.txt") == digest
    store.fetch(digest, tmp_path / "there" / "b.txt")
    assert (tmp_path / "there" / "b.txt").read_text() == "hello"


def test_calls_that_give_equal_files_end_one_by_one(tmp_path: Path) -> None:
    two = Two(tmp_path)
    (tmp_path / "a.txt").write_text("same")
    parcels, returned = [], []
    for job in ("job-1", "job-2"):
        (two.work / job).mkdir()
        parcels.append(pack_call(shout, (tmp_path / "a.txt", two.work / job), two.store, two.work, two.roots))
        returned.append(make_call(parcels[-1], two.store, two.its_work, two.its_roots, two.held))
    for each in returned:
        take_back(each, two.store, two.work, two.roots, two.work / ".farm")
    assert {(two.work / job / "shouted.txt").read_text() for job in ("job-1", "job-2")} == {"SAME"}
    assert list((tmp_path / "store" / "calls").iterdir()) == [], "nothing of them is left in the store"


def test_the_store_notices_damage(tmp_path: Path) -> None:
    store = SharedStore(str(tmp_path / "store"))
    (tmp_path / "x").write_bytes(b"x" * 100)
    digest = store.put_file(tmp_path / "x")
    (kept,) = (path for path in (tmp_path / "store").rglob("*") if path.is_file())
    kept.write_bytes(b"y" * 100)
    with pytest.raises(StoreError, match="damaged"):
        store.fetch(digest, tmp_path / "copy")
    assert list(tmp_path.glob("*copy*")) == [], "nothing half-right is left"
    assert not kept.exists(), "so that the next run puts it there anew"


def test_what_is_old_is_cleaned_away(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = SharedStore(str(folder))
    names = [uuid.uuid4().hex for _ in range(2)]
    for at, room in enumerate((store, store, store.room_of(names[0]), store.room_of(names[1]))):
        (tmp_path / "file").write_text(f"content {at}")
        room.put_file(tmp_path / "file")
    kept = {path.read_text(): path for path in folder.rglob("*") if path.is_file()}
    (folder / "thesis.txt").write_text("mine")
    (folder / "calls" / "thesis.txt").write_text("mine")
    long_ago = time.time() - 8 * 24 * 3600
    for path in (kept["content 0"], kept["content 2"], folder / "thesis.txt", folder / "calls" / "thesis.txt"):
        os.utime(path, (long_ago, long_ago))
    assert store.clean(7) == (2, 18)
    left = {path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert left == {"content 1", "content 3", "mine"}
    assert sorted(path.name for path in (folder / "calls").iterdir()) == sorted([names[1], "thesis.txt"])
    assert store.clean(0) == (0, 0), "what is young stays, whatever is asked"


def test_what_came_to_the_desk_is_cleaned_away_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    folder = tmp_path / "show"
    project = Project.init(folder)
    with project.file.open("a", encoding="utf-8") as file:
        file.write(f'\n[farm]\nstore = "{(tmp_path / "store").as_posix()}"\n')
    held = held_folder(project.work_folder)
    for name in ("old", "new"):
        (held / name).mkdir(parents=True)
        (held / name / "plate.mov").write_text(name)
    long_ago = time.time() - 8 * 24 * 3600
    for path in (held / "old" / "plate.mov", held / "old"):
        os.utime(path, (long_ago, long_ago))
    told = CliRunner().invoke(app, ["farm", "clean", "--project", str(folder), "--json"])
    assert (told.exit_code, json.loads(told.output)["files"], json.loads(told.output)["bytes"]) == (0, 1, 3)
    assert [path.name for path in held.iterdir()] == ["new"]


def test_what_is_needed_again_is_put_there_anew_before_it_is_old(tmp_path: Path) -> None:
    store = SharedStore(str(tmp_path / "store"))
    (tmp_path / "x").write_text("x")
    store.put_file(tmp_path / "x")
    (kept,) = (path for path in (tmp_path / "store").rglob("*") if path.is_file())
    long_ago = time.time() - 5 * 24 * 3600
    os.utime(kept, (long_ago, long_ago))
    store.put_file(tmp_path / "x")
    assert store.clean(4) == (0, 0)


def test_a_full_store_is_told_and_keeps_nothing_half(tmp_path: Path) -> None:
    import resource

    store = SharedStore(str(tmp_path / "store"))
    large = write_noise(tmp_path / "large", 5000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # no file can grow further: a full disk, for us alone
    try:
        with pytest.raises(StoreError, match="File too large") as caught:
            store.put_file(large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "room" in caught.value.hint
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []
    store.fetch(store.put_file(large), tmp_path / "back")


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no place"):
        SharedStore("")
    with pytest.raises(InputError, match="can't be reached"):
        SharedStore("nosuch://somewhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be used"):
        SharedStore(str(tmp_path / "file")).put_file(tmp_path / "file")
    with pytest.raises(StoreError, match="can't be used"):
        SharedStore(str(tmp_path / "file")).check()


class Two:
    """Two machines, their folders of different names, and the store between them."""

    def __init__(self, folder: Path) -> None:
        self.store = SharedStore(str(folder / "store"))
        self.work, self.its_work, self.held = (
            folder / "here" / "work",
            folder / "there" / "work",
            folder / "there" / "h",
        )
        self.roots = {"show": folder / "here" / "show"}
        self.its_roots = {"show": folder / "there" / "drive" / "show"}
        for path in (self.work, self.its_work, *self.roots.values(), *self.its_roots.values()):
            path.mkdir(parents=True)

    def call(self, function: object, *values: object) -> object:
        parcel = pack_call(function, values, self.store, self.work, self.roots)  # type: ignore[arg-type]
        returned = make_call(parcel, self.store, self.its_work, self.its_roots, self.held)
        return take_back(returned, self.store, self.work, self.roots, self.work / ".farm")


def test_a_call_travels_with_its_files(tmp_path: Path) -> None:
    two = Two(tmp_path)
    source, job = tmp_path / "portrait äö.txt", two.work / "job-1"
    source.write_text("quiet")
    job.mkdir()
    (job / "before").write_text("then ")
    found = two.call(shout, source, job)
    assert found.text == "QUIET"  # type: ignore[attr-defined]
    assert found.file == job / "shouted.txt"  # type: ignore[attr-defined]
    assert (job / "shouted.txt").read_text() == "QUIET"
    assert (job / "after").read_text() == "then QUIET"
    assert found.read.read_text() == "quiet", "a file that travelled by its content is readable under its new name"  # type: ignore[attr-defined]
    assert not str(found.read).startswith(str(tmp_path / "there"))  # type: ignore[attr-defined]


def test_what_all_machines_see_is_not_copied(tmp_path: Path) -> None:
    two = Two(tmp_path)
    for root, text in ((two.roots["show"], "here"), (two.its_roots["show"], "there")):
        (root / "plate.txt").write_text(text)
    job = two.work / "job-1"
    job.mkdir()
    found = two.call(shout, two.roots["show"] / "plate.txt", job)
    assert found.text == "THERE", "it was read where that machine has the folder"  # type: ignore[attr-defined]
    assert found.read == two.roots["show"] / "plate.txt"  # type: ignore[attr-defined]


def test_a_sequence_of_pictures_travels(tmp_path: Path) -> None:
    two = Two(tmp_path)
    sequence = ImageSequence(tmp_path / "plate", "house.", ".png", 4, 1001, 3, Fraction(24))
    sequence.folder.mkdir()
    for index in (0, 2):
        sequence.path(index).write_text(f"picture {index}")
    (sequence.folder / "other.png").write_text("of another sequence")
    found = two.call(look_at, sequence)
    assert found == ["picture 0", None, "picture 2"]
    shown = two.call(same, sequence)
    assert isinstance(shown, ImageSequence)
    assert shown.path(2).read_text() == "picture 2", "it is readable where it came back to"
    assert not list(two.held.rglob("other.png"))

    seen = replace(sequence, folder=two.roots["show"])
    assert two.call(same, seen) == seen, "what all machines see stays where it is"


def look_at(sequence: ImageSequence) -> list[str | None]:
    pictures = [sequence.path(index) for index in range(sequence.count)]
    return [path.read_text() if path.is_file() else None for path in pictures]


def same(sequence: ImageSequence) -> ImageSequence:
    return sequence


def test_what_the_farm_cannot_see_is_refused(tmp_path: Path) -> None:
    two = Two(tmp_path)
    with pytest.raises(InputError, match="can't see the folder") as caught:
        two.call(shout, tmp_path, two.work / "job-1")
    assert "[farm.roots]" in caught.value.hint
    with pytest.raises(InputError, match="isn't there"):
        two.call(shout, tmp_path / "gone.mov", two.work / "job-1")


def test_a_machine_that_does_not_know_the_folder(tmp_path: Path) -> None:
    two = Two(tmp_path)
    (two.roots["show"] / "plate.txt").write_text("x")
    two.its_roots = {}
    with pytest.raises(EngineError, match='doesn\'t know the folder "show"') as caught:
        two.call(shout, two.roots["show"] / "plate.txt", two.work / "job-1")
    assert "--root show=FOLDER" in caught.value.hint


def test_what_our_function_raises_comes_back_as_it_is(tmp_path: Path) -> None:
    two = Two(tmp_path)
    (tmp_path / "a.mov").write_text("x")
    with pytest.raises(MediaError, match="can't be read") as caught:
        two.call(refuse, tmp_path / "a.mov")
    assert caught.value.where == "a.mov"
    assert caught.value.hint == "Export it again."


def test_another_version_does_not_work_along(tmp_path: Path) -> None:
    two = Two(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    parcel = replace(pack_call(shout, (tmp_path / "a.txt", two.work / "j"), two.store, two.work, {}), version="99.0")
    with pytest.raises(EngineError, match=r"99\.0"):
        make_call(parcel, two.store, two.its_work, {}, two.held)


def test_a_machine_cannot_write_outside_of_the_work_folder(tmp_path: Path) -> None:
    two = Two(tmp_path)
    (tmp_path / "bad").write_bytes(b"bad")
    bad = two.store.room_of("call").put_file(tmp_path / "bad")
    for name in ("../outside", str(tmp_path / "absolute")):
        with pytest.raises(EngineError, match="strange place"):
            take_back(Returned("call", b"", ((name, bad),)), two.store, two.work, {}, two.held)
    assert not (two.work.parent / "outside").exists()

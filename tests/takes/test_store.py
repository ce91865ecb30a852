# SPDX-License-Identifier: Apache-2.0
"""Take folders that appear whole or not at all, and inputs by content."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.errors import Problem, StoreError
from greenroom.takes import Store, Take

Publish = Callable[..., Take]


def test_a_take_is_a_folder_with_media_poster_and_record(publish: Publish, store: Store) -> None:
    take = publish()
    assert take.folder == store.takes_folder / "7f3a" / "take_001"
    assert sorted(path.name for path in take.folder.iterdir()) == [
        "mara_7f3a_talk_v001.mov",
        "poster.png",
        "take.json",
    ]
    assert take.sha256 == hashlib.sha256(take.media.read_bytes()).hexdigest()
    assert (take.frames, take.head, take.tail, take.rate, take.warnings) == (40, 8, 8, "24000/1001", ("a warning",))


def test_extras_lie_beside_the_take_and_in_its_record(publish: Publish, store: Store) -> None:
    take = publish(extras=("alpha",))
    assert take.extras == {"alpha": take.folder / "mara_7f3a_talk_v001_alpha.mov"}
    listed = store.record(take)["extras"]["alpha"]
    assert listed["sha256"] == hashlib.sha256(take.extras["alpha"].read_bytes()).hexdigest()
    assert (listed["media"], listed["size"]) == (take.extras["alpha"].name, take.extras["alpha"].stat().st_size)
    assert store.take_at("7f3a", 1) == take
    assert store.record(publish(number=2, variant=2))["extras"] == {}


def test_an_extra_that_is_gone_publishes_nothing(publish: Publish, store: Store, tmp_path: Path) -> None:
    take = publish()
    with pytest.raises(StoreError):
        store.publish(
            **{"cue": "7f3a", "number": 2, "job": "j", "media": take.media, "poster": take.poster},
            record=store.record(take),
            extras={"alpha": tmp_path / "gone.mov"},
        )
    assert store.numbers("7f3a") == [1]


def test_take_json_is_sorted_and_has_its_schema(publish: Publish) -> None:
    text = (publish().folder / "take.json").read_text("utf-8")
    record = json.loads(text)
    assert record["schema"] == 1
    assert text == json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_what_is_published_is_what_is_found(publish: Publish, store: Store) -> None:
    takes = [publish(), publish(number=2, variant=2), publish(cue="abcd", actor="李雷")]
    assert store.scan() == takes
    assert store.take_at("7f3a", 2) == takes[1]
    assert store.take_at("7f3a", 3) is None
    assert store.numbers("7f3a") == [1, 2]


def test_a_take_is_never_overwritten(publish: Publish) -> None:
    first = publish()
    before = first.media.read_bytes()
    with pytest.raises(StoreError, match="never overwritten"):
        publish(fingerprint="e" * 64)
    assert first.media.read_bytes() == before
    assert [path.name for path in first.folder.parent.iterdir()] == ["take_001"]


def test_a_record_that_lacks_a_part_publishes_nothing(publish: Publish, store: Store) -> None:
    with pytest.raises(StoreError, match="frames"):
        publish(spec={"rate": "24"})
    assert list((store.takes_folder / "7f3a").iterdir()) == []


def test_the_work_files_stay_until_the_ledger_knows(publish: Publish, tmp_path: Path) -> None:
    publish()
    assert (tmp_path / "work" / "7f3a_1.mov").is_file()


def test_secrets_are_withheld_from_take_json(publish: Publish, store: Store) -> None:
    settings = {"api_key": "sk-1234567890", "FAL_KEY": "x", "nested": [{"password": "hunter2hunter2"}]}
    take = publish(engine={"name": "tiny", "version": "1", "label": "", "settings": settings})
    assert "sk-1234567890" not in (take.folder / "take.json").read_text("utf-8")
    assert "hunter2" not in (take.folder / "take.json").read_text("utf-8")
    assert store.record(take)["engine"]["settings"]["api_key"] == "(withheld)"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda take: take.media.write_bytes(b"cut"), "not as it was written"),
        (lambda take: take.media.unlink(), "missing"),
        (lambda take: (take.folder / "take.json").unlink(), "take.json"),
        (lambda take: (take.folder / "take.json").write_bytes(b'{"schema": 1, '), "not readable"),
        (lambda take: (take.folder / "take.json").write_bytes(b"\xff\xfe\x00"), "not readable"),
        (lambda take: (take.folder / "take.json").write_bytes(b"[]"), "not Greenroom's"),
        (lambda take: (take.folder / "take.json").write_bytes(b'{"schema": 1}'), "lacks or garbles"),
        (lambda take: (take.folder / "take.json").write_bytes(b'{"schema": 9}'), "newer Greenroom"),
    ],
)
def test_a_damaged_take_is_told_and_left_out(
    publish: Publish, store: Store, damage: Callable[[Take], object], said: str
) -> None:
    damage(publish())
    whole = publish(number=2, variant=2)
    problems: list[Problem] = []
    assert store.scan(problems.append) == [whole]
    assert said in str(problems[0])
    assert problems[0].hint


def test_stray_files_and_folders_are_no_takes(publish: Publish, store: Store) -> None:
    take = publish()
    (take.folder.parent / ".partial-x").mkdir()
    (take.folder.parent / "take_x").mkdir()
    (store.takes_folder / ".DS_Store").write_bytes(b"")
    assert store.scan() == [take]


def test_an_empty_project_has_no_takes(store: Store) -> None:
    assert (store.scan(), store.numbers("7f3a"), store.choices()) == ([], [], {})


def test_a_file_is_kept_once_by_content(store: Store, tmp_path: Path) -> None:
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    one.write_bytes(b"a face")
    other.write_bytes(b"a face")
    digest = store.put_file(one)
    assert store.put_file(other) == digest == hashlib.sha256(b"a face").hexdigest()
    one.write_bytes(b"another face")  # painting over the portrait changes nothing that is kept
    assert store.object_path(digest).read_bytes() == b"a face"
    assert len([path for path in store.takes_folder.rglob("*") if path.is_file()]) == 1


def test_a_missing_file_cant_be_kept(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"gone\.png"):
        store.put_file(tmp_path / "gone.png")


def test_the_choice_lies_beside_the_takes(publish: Publish, store: Store) -> None:
    publish()
    publish(cue="com1")
    store.write_choice("7f3a", 1)
    store.write_choice("com1", 4)
    assert store.choices() == {"7f3a": 1, "com1": 4}
    (store.cue_folder("7f3a") / "cue.json").write_bytes(b"broken")
    assert store.choices() == {"com1": 4}


def test_too_little_space_is_said_with_both_numbers(store: Store) -> None:
    with pytest.raises(StoreError, match=r"[\d,.]+ MB are needed and [\d,.]+ MB are free"):
        store.check(needed=1 << 60)


PUBLISH = """
import json, resource, sys
from pathlib import Path
from greenroom.errors import StoreError
from greenroom.takes import Store
store, work, limit = Store(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[4])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    store.check()
    store.publish(cue="7f3a", number=1, job="j", media=work / "a.mov", poster=work / "a.png",
                  record=json.loads(sys.argv[3]))
except StoreError as error:
    print(error)
"""
WITHOUT_ROOTS_POWER = """
import ctypes, os, sys
if sys.platform == "linux" and os.geteuid() == 0:  # read-only folders hold for root too
    PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""


@pytest.fixture
def publish_elsewhere(
    store: Store, tmp_path: Path, python: Callable[..., subprocess.Popen[str]], record: Callable[..., dict[str, Any]]
) -> Callable[..., str]:
    """Publish in another process, and what it said."""

    def go(limit: int = 0) -> str:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        (work / "a.mov").write_bytes(b"m" * 1_000_000)
        (work / "a.png").write_bytes(b"p")
        process = python(WITHOUT_ROOTS_POWER, PUBLISH, store.project_folder, work, json.dumps(record()), limit)
        output, error = process.communicate(timeout=60)
        return output + error

    return go


def test_publishing_works_in_another_process(publish_elsewhere: Callable[..., str], store: Store) -> None:
    assert publish_elsewhere() == ""
    assert len(store.scan()) == 1


def test_a_full_disk_leaves_no_half_take(publish_elsewhere: Callable[..., str], store: Store) -> None:
    said = publish_elsewhere(limit=200)  # take.json is longer
    assert "the disk is full" in said
    assert "MB free" in said
    assert list((store.takes_folder / "7f3a").iterdir()) == []
    assert publish_elsewhere() == ""
    assert len(store.scan()) == 1


@pytest.mark.parametrize("made", ["project", "takes", "cue"])
def test_a_read_only_folder_says_so(publish_elsewhere: Callable[..., str], store: Store, made: str) -> None:
    folder = {
        "project": store.project_folder,
        "takes": store.takes_folder,
        "cue": store.cue_folder("7f3a"),
    }[made]
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o555)
    said = publish_elsewhere()
    folder.chmod(0o755)
    assert "can't be written: Permission denied. Allow writing there" in said
    assert "Traceback" not in said
    assert store.scan() == []

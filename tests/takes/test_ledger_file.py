# SPDX-License-Identifier: Apache-2.0
"""The ledger as a file: shared, locked, broken, too new, in the wrong place, and killed while writing."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from greenroom.errors import LedgerBusy, StoreError
from greenroom.takes import Job, Ledger, Planned, Store, Take

Plan = Callable[..., Job]
Open = Callable[..., Ledger]
Python = Callable[..., "subprocess.Popen[str]"]
PROJECT = "5c0e0000-0000-4000-8000-000000000001"


def test_it_writes_ahead_and_waits_for_the_disk(ledger: Ledger, ledger_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(ledger_path)) as plain:
        assert plain.execute("pragma journal_mode").fetchone()[0] == "wal"
    assert ledger._connection.execute("pragma synchronous").fetchone()[0] == 2  # FULL


def test_a_ledger_of_a_newer_version_is_left_alone(ledger_path: Path, ledger: Ledger, open_again: Open) -> None:
    ledger.close()
    with contextlib.closing(sqlite3.connect(ledger_path)) as plain:
        plain.execute("pragma user_version=7")
    with pytest.raises(StoreError, match=r"schema 7, this one knows 3.*Update Greenroom"):
        open_again()


def test_another_projects_ledger_is_refused(ledger: Ledger, open_again: Open) -> None:
    with pytest.raises(StoreError, match="another project"):
        open_again(project="other")


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_file_says_what_to_do(ledger_path: Path, open_again: Open, content: bytes) -> None:
    ledger_path.parent.mkdir()
    ledger_path.write_bytes(content)
    with pytest.raises(StoreError, match="Move the file away"):
        open_again()
    assert ledger_path.read_bytes() == content


def test_a_ledger_where_a_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine", "utf-8")
    with pytest.raises(StoreError, match="GREENROOM_DATA"):
        Ledger.open(tmp_path / "data" / "ledger.sqlite", project=PROJECT)


HOLD = """
import sys
from pathlib import Path
from greenroom.takes import Ledger
with Ledger.open(Path(sys.argv[1]), project=sys.argv[2]) as ledger, ledger.transaction():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def ledger_held_elsewhere(ledger_path: Path, python: Python) -> Iterator[subprocess.Popen[str]]:
    holder = python(HOLD, ledger_path, PROJECT, stdin=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    yield holder
    holder.kill()


def test_a_held_ledger_names_the_process(ledger_held_elsewhere: subprocess.Popen[str], open_again: Open) -> None:
    ledger = open_again(timeout=0.1)
    with pytest.raises(LedgerBusy, match=f"process {ledger_held_elsewhere.pid} holds the ledger"):
        ledger.remember_digest("a", "b")


def test_a_held_ledger_can_be_read(ledger_held_elsewhere: subprocess.Popen[str], open_again: Open) -> None:
    assert open_again(timeout=0.1).jobs() == []


def test_a_ledger_locked_by_another_program_says_so(ledger_path: Path, ledger: Ledger, open_again: Open) -> None:
    with contextlib.closing(sqlite3.connect(ledger_path, isolation_level=None)) as browser:
        browser.execute("begin immediate")
        with pytest.raises(LedgerBusy, match="holds the ledger"):
            open_again(timeout=0.1).remember_digest("a", "b")
        browser.execute("rollback")


def test_opening_at_the_same_time_makes_one_ledger(ledger_path: Path) -> None:
    errors: list[BaseException] = []

    def open_it() -> None:
        try:
            with Ledger.open(ledger_path, project=PROJECT) as ledger:
                ledger.remember_digest(str(threading.get_ident()), "x")
        except StoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


OPEN = """
import sys
from pathlib import Path
from greenroom.takes import Ledger
print("ready", flush=True)
for path in sys.stdin:
    with Ledger.open(Path(path.rstrip()), project=sys.argv[1]) as ledger:
        print(len(ledger.jobs()), flush=True)
"""


def test_processes_that_start_together_make_one_ledger(tmp_path: Path, python: Python) -> None:
    desks = [python(OPEN, PROJECT, stdin=subprocess.PIPE) for _ in range(3)]
    assert [_line(desk) for desk in desks] == ["ready"] * 3
    for number in range(20):
        for desk in desks:
            assert desk.stdin is not None
            desk.stdin.write(f"{tmp_path / str(number) / 'ledger.sqlite'}\n")
            desk.stdin.flush()
        assert [_line(desk) for desk in desks] == ["0"] * 3


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return line.rstrip()


# Claims


def test_one_owner_has_a_job(ledger: Ledger, open_again: Open, plan_job: Plan) -> None:
    job, other = plan_job(), open_again()
    assert ledger.claim(job.id)
    assert ledger.claim(job.id)
    assert not other.claim(job.id)
    assert other.holder(job.id) == f"process {os.getpid()}"
    assert ledger.holder(job.id) == ""
    other.release(job.id)  # not its own: nothing happens
    assert not other.claim(job.id)
    ledger.release(job.id)
    assert other.claim(job.id)


def test_a_claim_ends_when_the_ledger_is_closed(ledger: Ledger, open_again: Open, plan_job: Plan) -> None:
    job, other = plan_job(), open_again()
    other.claim(job.id)
    other.close()
    assert ledger.holder(job.id) is None
    assert ledger.claim(job.id)


CLAIM = """
import sys
from pathlib import Path
from greenroom.takes import Ledger
ledger = Ledger.open(Path(sys.argv[1]), project=sys.argv[2])
print(ledger.claim(sys.argv[3]), flush=True)
sys.stdin.read()
"""


def test_the_claim_of_a_killed_process_is_taken_over_at_once(
    ledger: Ledger, ledger_path: Path, plan_job: Plan, python: Python
) -> None:
    job = plan_job()
    other = python(CLAIM, ledger_path, PROJECT, job.id, stdin=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    assert (ledger.claim(job.id), ledger.holder(job.id)) == (False, f"process {other.pid}")
    other.send_signal(signal.SIGSTOP)  # a sleeping process keeps its jobs
    assert not ledger.claim(job.id)
    other.kill()
    other.wait()
    assert ledger.claim(job.id)


def test_twins_are_not_made_at_the_same_time(ledger: Ledger, open_again: Open, plan_job: Plan) -> None:
    first, twin = plan_job(cue="aaaa"), plan_job(cue="bbbb")
    assert ledger.claim(first.id)
    assert not ledger.claim(twin.id)
    assert not open_again().claim(twin.id)
    ledger.release(first.id)
    assert ledger.claim(twin.id)


def test_files_of_dead_owners_are_swept(ledger: Ledger, ledger_path: Path, plan_job: Plan, python: Python) -> None:
    other = python(CLAIM, ledger_path, PROJECT, plan_job().id, stdin=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    owners = ledger_path.with_name(f"{ledger_path.name}-at-work")
    assert len(list(owners.iterdir())) == 2
    other.kill()
    other.wait()
    assert ledger._presence.others() == ()
    assert len(list(owners.iterdir())) == 1


WRITE = """
import sys
from pathlib import Path
from greenroom.takes import Ledger
ledger = Ledger.open(Path(sys.argv[1]), project=sys.argv[2])
for index in range(1_000_000):
    ledger.plan_job(cue=sys.argv[3], fingerprint=f"{index}", variant=1, engine="e", mode="m", actor="a", cost=None,
                    currency="USD")
    print(index, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(ledger_path: Path, python: Python, open_again: Open) -> None:
    writers = [python(WRITE, ledger_path, PROJECT, cue) for cue in ("aaaa", "bbbb")]
    acknowledged = [_line(writer) for writer in writers for _ in range(20)]
    for writer in writers:
        writer.kill()
    acknowledged += [line for writer in writers for line in writer.communicate()[0].splitlines()]
    ledger = open_again()
    assert len(ledger.jobs()) >= len(acknowledged) >= 40
    assert {job.state for job in ledger.jobs()} == {Planned()}
    assert ledger.check() == ()


FULL = """
import resource, sys
from pathlib import Path
from greenroom.errors import StoreError
from greenroom.takes import Ledger
with Ledger.open(Path(sys.argv[1]), project=sys.argv[2]) as ledger:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        for index in range(1_000):
            ledger.remember_digest(str(index), "x" * 1000)
            print(index, flush=True)
    except StoreError as error:
        print(error)
"""


def test_a_full_disk_is_said_and_costs_nothing_written(ledger_path: Path, python: Python, open_again: Open) -> None:
    output = python(FULL, ledger_path, PROJECT).communicate(timeout=60)[0].splitlines()
    assert "Make room" in output[-1]
    assert output[-1].startswith(str(ledger_path))
    ledger = open_again()
    assert all(ledger.digest(line) for line in output[:-1])
    assert len(output) > 3
    ledger.remember_digest("after", "room was made")


def test_check_finds_a_job_without_its_take(ledger: Ledger, publish: Callable[..., Take], store: Store) -> None:
    ledger.adopt(publish())
    ledger._connection.execute("delete from takes")
    assert ledger.check() == ("job done without a take: 7f3a 1",)


FULL_PAGES = """
import sys
from pathlib import Path
from greenroom.errors import StoreError
from greenroom.takes import Ledger
with Ledger.open(Path(sys.argv[1]), project=sys.argv[2]) as ledger:
    pages = ledger._connection.execute("pragma page_count").fetchone()[0]
    ledger._connection.execute(f"pragma max_page_count = {pages + 2}")
    try:
        for index in range(1_000):
            ledger.remember_digest(str(index), "x" * 1000)
    except StoreError as error:
        print(error)
"""


def test_a_full_ledger_names_itself_and_the_room_it_needs(ledger_path: Path, python: Python) -> None:
    """SQLite says "full" of a limit of pages in the very words that it has for a disk."""
    (said,) = python(FULL_PAGES, ledger_path, PROJECT).communicate(timeout=60)[0].splitlines()
    assert said.startswith(str(ledger_path))
    assert re.search(r"[\d,.]+ MB are free on its disk, 67\.1 MB are needed", said)
    assert "run the same command again" in said

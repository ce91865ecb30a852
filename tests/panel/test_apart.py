# SPDX-License-Identifier: Apache-2.0
"""The process beside the window that reads and plans: results and errors come back, it may die, and ends with us."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from greenroom.errors import EngineError, GreenroomError, TimelineError
from greenroom.panel.apart import Apart
from greenroom.panel.model.kept import Kept
from greenroom.panel.model.reading import read_cues, signature
from greenroom.panel.work import Work


@pytest.fixture
def apart() -> Iterator[Apart]:
    made = Apart()
    yield made
    made.close()


def test_results_and_errors_come_back(apart: Apart, tmp_path: Path) -> None:
    assert apart.call(os.getpid) != os.getpid()
    (tmp_path / "cut.otio").write_text("{", "utf-8")
    with pytest.raises(TimelineError) as caught:
        apart.call(partial(read_cues, tmp_path / "cut.otio", None))
    assert "cut.otio" in str(caught.value)
    with pytest.raises(GreenroomError, match="should not have"):
        apart.call(partial(int, "x"))
    assert apart.call(partial(int, "7")) == 7


def test_what_is_printed_apart_spoils_no_answer(apart: Apart) -> None:
    assert apart.call(partial(os.write, 1, b"a library's own words\n")) == 22


def test_a_process_that_died_is_told_and_the_next_call_has_another(apart: Apart) -> None:
    first = apart.call(os.getpid)
    with pytest.raises(EngineError, match="died"):
        apart.call(partial(os._exit, 3))
    second = apart.call(os.getpid)
    os.kill(second, signal.SIGTERM)
    while apart._process is not None and apart._process.poll() is None:
        time.sleep(0.01)
    assert len({first, second, apart.call(os.getpid)}) == 3


def test_what_hangs_is_let_go_of(apart: Apart, tmp_path: Path) -> None:
    hanging = tmp_path / "it hangs"
    errors: list[GreenroomError] = []

    def hang() -> None:
        try:
            apart.call(partial(exec, f"open({str(hanging)!r}, 'w').close(); import time; time.sleep(600)"))
        except GreenroomError as error:
            errors.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    while not hanging.exists():
        time.sleep(0.01)
    apart.begin_anew()
    thread.join(30)
    assert len(errors) == 1
    assert apart.call(partial(int, "7")) == 7


def test_it_ends_however_the_window_ends() -> None:
    code = """
import os, sys
from greenroom.panel.apart import Apart
apart = Apart()
print(apart.call(os.getpid), flush=True)
sys.stdin.read()
"""
    window = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert window.stdout is not None
    child = int(window.stdout.readline())
    window.kill()
    window.communicate()
    end = time.monotonic() + 30
    while _lives(child):
        assert time.monotonic() < end
        time.sleep(0.02)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_work_brings_what_is_done_apart_and_the_newest_of_a_key_only(
    qtbot: QtBot, wait: Callable[[Callable[[], bool]], None]
) -> None:
    work = Work()
    came: list[object] = []
    for number in range(5):
        work.run(partial(int, str(number)), came.append, key="number", apart=True)
    work.run(partial(int, "x"), came.append, came.append, apart=True)
    wait(lambda: not work.busy)
    work.close()
    assert came[0] == 4
    assert isinstance(came[1], GreenroomError)
    assert len(came) == 2


def test_kept_values_are_made_anew() -> None:
    kept = Kept({"a": [1], "b": [2]})
    assert (list(kept), len(kept), "a" in kept, kept.get("c")) == (["a", "b"], 2, True, None)
    assert kept["a"] == [1]
    assert kept["a"] is not kept["a"]


def test_whoever_merely_reads_the_ledger_changes_nothing(tmp_path: Path) -> None:
    cut = tmp_path / "cut.otio"
    cut.touch()
    ledger = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    ledger.execute("pragma journal_mode=wal")
    ledger.execute("create table t (x)")
    ledger.close()
    before = signature(cut, None, tmp_path)
    ledger = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    ledger.execute("select * from t").fetchall()
    assert (tmp_path / "ledger.sqlite-wal").exists()
    assert signature(cut, None, tmp_path) == before
    ledger.execute("insert into t values (1)")
    assert signature(cut, None, tmp_path) != before
    ledger.close()

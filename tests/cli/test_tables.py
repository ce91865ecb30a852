# SPDX-License-Identifier: Apache-2.0
"""What an editor reads on a screen of 100 columns: whole timecodes and names, and every fault once."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COLUMNS = 100


def on_a_screen(*words: str | Path, columns: int = COLUMNS) -> list[str]:
    """The lines that a command prints on a terminal of so many columns, without colours."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    surroundings = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    command = [sys.executable, "-m", "greenroom", *map(str, words)]
    with subprocess.Popen(command, stdout=inner, env=surroundings | {"TERM": "xterm"}) as process:
        os.close(inner)
        read = b""
        while part := _read(outer):
            read += part
    os.close(outer)
    assert process.returncode in {0, 1}
    return re.sub(r"\x1b\[[0-9;]*m", "", read.decode("utf-8")).replace("\r\n", "\n").splitlines()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so at the end of a terminal's output
        return b""


@pytest.fixture
def one_take(run: Callable[..., Any], write_cut: Callable[..., Path], drawn_portrait: Path) -> Path:
    """A cut with a take by an actor whose folder has another name than the actor."""
    run("cast", "add", "美咲", "--portrait", drawn_portrait)
    cut = write_cut(("SC01_0010_a_rather_long_name_of_a_clip", "GR#aaaa: actor=美咲 mode=talk"))
    assert run("generate", cut, "-o", "new.otio").status == 0
    return cut


@pytest.mark.parametrize("command", ["cues", "plan", "takes"])
def test_tables_fit_and_keep_their_timecodes_whole(one_take: Path, command: str) -> None:
    table = [line for line in on_a_screen(command, one_take) if line.startswith(("aaaa", "cue"))]
    assert len(table) == 2
    assert all(len(line) <= COLUMNS for line in table)
    assert "01:00:00:00" in table[1]
    assert "美咲" in table[1]


def test_a_narrow_screen_folds_names_and_cuts_off_nothing(one_take: Path) -> None:
    lines = on_a_screen("takes", one_take, columns=60)
    whole = "".join(line.split()[-1] for line in lines if line.startswith(("aaaa", "    ")))
    assert re.search(r"_aaaa_talk_v001\.mov$", whole)


def test_a_note_is_told_how_to_call_the_actor(run: Callable[..., Any], project: Path, drawn_portrait: Path) -> None:
    assert "actor=美咲 " in run("cast", "add", "美咲", "--portrait", drawn_portrait).out
    assert "actor=MARA " in run("cast", "add", "mara", "--portrait", drawn_portrait).out
    assert 'actor="アン ナ" ' in run("cast", "add", "アン ナ", "--portrait", drawn_portrait).out


def test_one_fault_in_several_places_is_told_once(run: Callable[..., Any], write_cut: Callable[..., Path]) -> None:
    cut = write_cut(*((f"SC{i:02}", f"GR#aaa{i}: actor=NOBODY mode=talk") for i in range(7)))
    faults = [line for line in run("plan", cut).out.splitlines() if line.startswith("error")]
    assert len(faults) == 1
    assert "SC00" in faults[0]
    assert "3 more places" in faults[0]
    refused = run("generate", cut, "-o", "new.otio").err.splitlines()
    assert [line.count("NOBODY") for line in refused] == [0, 1]


def test_an_empty_slot_is_one_fault(run: Callable[..., Any], write_cut: Callable[..., Path], project: Path) -> None:
    cut = write_cut(("SC01", "GR#aaaa: actor=MARA mode=talk"))
    first, rest = cut.read_text("utf-8").split('"value": 16.0', 1)
    cut.write_text(f'{first}"value": 0.0{rest}', "utf-8")
    found = run("plan", cut, "--json").value["cues"][0]["problems"]
    assert [problem["code"] for problem in found] == ["empty-slot"]


def test_takes_that_are_gone_are_told_where_takes_are_listed(
    run: Callable[..., Any], one_take: Path, project: Path
) -> None:
    shutil.rmtree(project / "takes" / "aaaa" / "take_001")
    ran = run("takes", one_take, "--json")
    assert [problem["code"] for problem in ran.value["problems"]] == ["take-gone"]


def test_a_cut_without_takes_says_so_when_it_is_restored(run: Callable[..., Any], two_cues: Path) -> None:
    assert "no takes to take out" in run("restore", two_cues, "-o", "back.otio").out


def test_a_problem_is_told_once_a_run(run: Callable[..., Any], one_take: Path, project: Path) -> None:
    next((project / "takes" / "aaaa" / "take_001").glob("*.mov")).unlink()
    out = run("generate", one_take, "-o", "new.otio").out
    assert out.count("is missing or not as it was written") == 1

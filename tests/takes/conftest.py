# SPDX-License-Identifier: Apache-2.0
"""Ledgers, stores and finished files for the takes room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from greenroom.takes import Job, Ledger, Store, Take

PROJECT = "5c0e0000-0000-4000-8000-000000000001"


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.sqlite"


@pytest.fixture
def ledger(ledger_path: Path) -> Iterator[Ledger]:
    with Ledger.open(ledger_path, project=PROJECT) as opened:
        yield opened


@pytest.fixture
def open_again(ledger_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Another owner of the same ledger."""
    opened: list[Ledger] = []

    def open_it(**options: Any) -> Ledger:
        opened.append(Ledger.open(ledger_path, **{"project": PROJECT} | options))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


@pytest.fixture
def plan_job(ledger: Ledger) -> Callable[..., Job]:
    def plan(cue: str = "7f3a", fingerprint: str = "f" * 64, variant: int = 1, **other: Any) -> Job:
        terms: dict[str, Any] = {
            "engine": "tiny",
            "mode": "talk",
            "actor": "mara",
            "cost": Decimal("0.10"),
            "currency": "USD",
        }
        return ledger.plan_job(cue=cue, fingerprint=fingerprint, variant=variant, **terms | other)

    return plan


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "project").mkdir()
    return Store(tmp_path / "project")


@pytest.fixture
def record() -> Callable[..., dict[str, Any]]:
    """A take.json as the desk hands it to the store."""

    def make(fingerprint: str = "f" * 64, variant: int = 1, actor: str = "mara", **other: Any) -> dict[str, Any]:
        return {
            "job": "7f3a-001-x",
            "variant": variant,
            "fingerprint": fingerprint,
            "created": "2026-11-22T15:00:00Z",
            "engine": {"name": "tiny", "version": "1", "label": "test", "settings": {}},
            "request": {"mode": "talk", "actor": {"name": actor}},
            "spec": {
                "rate": "24000/1001",
                "frames": 40,
                "slot": 24,
                "head": 8,
                "tail": 8,
                "start_frame": 86392,
                "width": 64,
                "height": 36,
            },
            "warnings": ["a warning"],
        } | other

    return make


@pytest.fixture
def publish(store: Store, record: Callable[..., dict[str, Any]], tmp_path: Path) -> Callable[..., Take]:
    """Put a take of a cue into its folder; the media's bytes are of no matter to the takes room."""

    def put(cue: str = "7f3a", number: int = 1, *, extras: tuple[str, ...] = (), **other: Any) -> Take:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        media, poster = work / f"{cue}_{number}.mov", work / "poster.png"
        media.write_bytes(f"movie of {cue} {number}".encode() * 100)
        poster.write_bytes(b"picture")
        files = {what: work / f"{cue}_{number}_{what}.mov" for what in extras}
        for what, path in files.items():
            path.write_bytes(f"{what} of {cue} {number}".encode() * 50)
        return store.publish(
            cue=cue,
            number=number,
            job=f"{cue}-{number}",
            media=media,
            poster=poster,
            record=record(**other),
            extras=files,
        )

    return put


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start another Python process with a program given as text."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program, *map(str, arguments)]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": tmp_path}
        started.append(subprocess.Popen(command, **pipes | options))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()

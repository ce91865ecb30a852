# SPDX-License-Identifier: Apache-2.0
"""Hosts on this machine, and what is sent to them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from greenroom.testing.materials import write_dialogue, write_movie, write_portrait
from greenroom.testing.servers import Loopback, serve

collect_ignore = ["test_real_cog.py"] if sys.platform == "win32" else []  # Cog has no wheel for Windows


@pytest.fixture(scope="session")
def running() -> Iterator[dict[str, Loopback]]:
    """Loopback hosts with official clients, by name."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("fal", "replicate", "sync")}


@pytest.fixture
def as_new(running: dict[str, Loopback]) -> dict[str, Loopback]:
    for server in running.values():
        server.reset()
    return running


@pytest.fixture
def fal(as_new: dict[str, Loopback]) -> Loopback:
    return as_new["fal"]


@pytest.fixture
def replicate_host(as_new: dict[str, Loopback]) -> Loopback:
    return as_new["replicate"]


@pytest.fixture
def sync_host(as_new: dict[str, Loopback]) -> Loopback:
    return as_new["sync"]


@pytest.fixture(scope="session")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_portrait(tmp_path_factory.mktemp("sent") / "portrait.png")


@pytest.fixture(scope="session")
def dialogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.5 s of a tone."""
    return write_dialogue(tmp_path_factory.mktemp("sent") / "dialogue.wav")


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of movie, 12 frames at 24."""
    return write_movie(tmp_path_factory.mktemp("sent") / "stand_in.mp4")

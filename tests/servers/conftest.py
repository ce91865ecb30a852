# SPDX-License-Identifier: Apache-2.0
"""Hosts on this machine, and what is sent to them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.testing.materials import write_dialogue, write_movie, write_portrait
from greenroom.testing.servers import Loopback, serve

collect_ignore = ["test_real_cog.py"] if sys.platform == "win32" else []  # Cog has no wheel for Windows


@pytest.fixture(scope="session")
def running_fal() -> Iterator[Loopback]:
    with serve("fal") as server:
        yield server


@pytest.fixture
def fal(running_fal: Loopback) -> Loopback:
    running_fal.reset()
    return running_fal


@pytest.fixture(scope="session")
def running_replicate() -> Iterator[Loopback]:
    with serve("replicate") as server:
        yield server


@pytest.fixture
def replicate_host(running_replicate: Loopback) -> Loopback:
    running_replicate.reset()
    return running_replicate


@pytest.fixture(scope="session")
def running_sync() -> Iterator[Loopback]:
    with serve("sync") as server:
        yield server


@pytest.fixture
def sync_host(running_sync: Loopback) -> Loopback:
    running_sync.reset()
    return running_sync


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

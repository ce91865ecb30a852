# SPDX-License-Identifier: Apache-2.0
"""A farm for all tests, and one for a test that harms it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.testing.farm import Farm, new_farm


@pytest.fixture(scope="session")
def whole_farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """One that nobody harms."""
    found = new_farm(tmp_path_factory.mktemp("farm"))
    found.start()
    found.add_worker()
    yield found
    found.end()


@pytest.fixture
def farm(whole_farm: Farm, monkeypatch: pytest.MonkeyPatch) -> Farm:
    """It, with its certificates on this machine."""
    monkeypatch.setenv("GREENROOM_FARM_CERTIFICATES", str(whole_farm.folder / "certificates"))
    return whole_farm


@pytest.fixture
def own_farm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Farm]:
    """One that may be harmed; nothing is started."""
    folder = tmp_path / "own"
    folder.mkdir()
    found = new_farm(folder)
    monkeypatch.setenv("GREENROOM_FARM_CERTIFICATES", str(folder / "certificates"))
    yield found
    found.end()

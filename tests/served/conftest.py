# SPDX-License-Identifier: Apache-2.0
"""A farm's certificates, and projects whose ledgers are served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from greenroom.desk.farm.certificates import make_certificates
from greenroom.testing.served import Served, served


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("farm") / "certificates"
    make_certificates(folder)
    return folder


@pytest.fixture
def make_served(tmp_path: Path, certificates: Path) -> Iterator[Callable[..., Served]]:
    """A project with an owner of its ledger, which is not started."""
    with ExitStack() as all_of_them:

        def make(**options: Any) -> Served:
            return all_of_them.enter_context(served(tmp_path / "all", certificates, **options))

        yield make

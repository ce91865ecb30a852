# SPDX-License-Identifier: Apache-2.0
"""Whoever runs the tests has set no key, no address of a host and no settings: nothing of theirs is used or paid."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from greenroom.engines.hosted.settings import HOSTS

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def nobodys_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_KEYS", str(tmp_path / "keys.toml"))
    monkeypatch.setenv("GREENROOM_SIGNING", str(tmp_path / "signing"))
    monkeypatch.setenv("GREENROOM_SETTINGS", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for host in HOSTS.values():
        for variable in (*host.key_variables, f"GREENROOM_{host.name.upper()}_URL"):
            monkeypatch.delenv(variable, raising=False)

# SPDX-License-Identifier: Apache-2.0
"""greenroom keys: kept from a pipe, listed without being shown, removed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SECRET = "very-secret-0123456789"
Keys = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Runs `greenroom keys` in a process of its own, with no keyring and no key in the environment."""
    environ = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_TOKEN"))}
    environ |= {
        "GREENROOM_KEYS": str(tmp_path / "keys.toml"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }

    def run(*words: str, typed: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "greenroom", "keys", *words]
        return subprocess.run(command, input=typed, env=environ | more, capture_output=True, text=True)

    return run


def test_a_key_is_kept_listed_and_removed_and_never_shown(keys: Keys, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    kept = keys("set", "FAL", typed=SECRET + "\n")
    assert (kept.returncode, kept.stderr) == (0, "")
    assert f"The key for fal is kept in {file}." in kept.stdout
    assert "GREENROOM_FAL_KEY or FAL_KEY" in kept.stdout
    assert SECRET in file.read_text("utf-8")
    shown = keys("list")
    assert str(file) in shown.stdout
    assert "no keyring works here" in shown.stdout
    gone = keys("remove", "fal")
    assert f"gone from {file}" in gone.stdout
    assert SECRET not in file.read_text("utf-8")
    assert SECRET not in "".join(each.stdout + each.stderr for each in (kept, shown, gone))
    assert "There was no key for fal." in keys("remove", "fal").stdout


def test_a_variable_that_goes_before_is_told(keys: Keys) -> None:
    kept = keys("set", "fal", typed=SECRET, FAL_KEY="other-secret")
    assert "The variable FAL_KEY is set, and goes before it." in kept.stdout
    gone = keys("remove", "fal", FAL_KEY="other-secret")
    assert "There still is one in the variable FAL_KEY." in gone.stdout
    assert "other-secret" not in kept.stdout + gone.stdout


def test_nothing_typed_is_told(keys: Keys, tmp_path: Path) -> None:
    empty = keys("set", "fal", typed="\n")
    assert empty.returncode == 2
    assert "is empty" in empty.stderr
    assert not (tmp_path / "keys.toml").exists()


def test_an_unknown_host_is_told_before_a_key_is_read(keys: Keys) -> None:
    wrong = keys("set", "fall", typed=SECRET)
    assert wrong.returncode == 2
    assert 'Did you mean "fal"?' in wrong.stderr


def test_a_key_is_no_argument(keys: Keys) -> None:
    assert keys("set", "fal", SECRET).returncode == 2

# SPDX-License-Identifier: Apache-2.0
"""Every example in a docstring is run: what it shows is what happens."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import greenroom

ROOT = Path(greenroom.__file__).parent
MODULES = sorted(
    ".".join(("greenroom", *path.relative_to(ROOT).with_suffix("").parts))
    for path in ROOT.rglob("*.py")
    if "    >>> " in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert not result.failed

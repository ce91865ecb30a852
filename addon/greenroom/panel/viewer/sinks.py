# SPDX-License-Identifier: Apache-2.0
"""Where sound goes: the machine's device through QtMultimedia, an extra; or nowhere, and why."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from greenroom.errors import EngineUnavailable
from greenroom.media.sound import Sound

__all__ = ["OpenSink", "Sink", "open_device"]

_BUFFERED = 0.2  # s that the device holds: a window that stands still for less isn't heard
_CHANNELS = 2  # every device has two; some have no one


class Sink(Protocol):
    """A device that plays mono samples at `rate` Hz. All calls come from the main thread."""

    rate: int

    def start(self) -> None:
        """Begins anew: nothing written, nothing played."""

    def room(self) -> int:
        """Samples that it takes now."""

    def write(self, samples: Sound) -> None: ...

    def played(self) -> int:
        """Samples that were heard since `start`, as well as the device knows."""

    def stop(self) -> None:
        """Silent at once."""


OpenSink = Callable[[], Sink]
"""Opens a device. Raises EngineUnavailable with the reason where there is none."""


def open_device() -> Sink:
    """The device that the system plays on.

    Raises:
        EngineUnavailable: QtMultimedia or a device is missing.
    """
    try:
        multimedia: Any = importlib.import_module("PySide6.QtMultimedia")
    except ImportError as error:
        raise EngineUnavailable(
            "sound needs QtMultimedia, which isn't installed", hint='Install it: pip install "greenroom[panel-sound]"'
        ) from error
    device = multimedia.QMediaDevices.defaultAudioOutput()
    if device.isNull():
        raise EngineUnavailable("there is no sound device", hint="Plug one in and open the take again.")
    return _Device(multimedia, device)


class _Device:
    """A QAudioSink that is written to; its own thread would call back into Python in the middle of a picture."""

    def __init__(self, multimedia: Any, device: Any) -> None:
        wanted = multimedia.QAudioFormat()
        preferred = device.preferredFormat()
        self.rate = int(preferred.sampleRate()) or 48000
        wanted.setSampleRate(self.rate)
        wanted.setChannelCount(_CHANNELS)
        floats, whole = multimedia.QAudioFormat.SampleFormat.Float, multimedia.QAudioFormat.SampleFormat.Int16
        wanted.setSampleFormat(floats)
        self._floats = bool(device.isFormatSupported(wanted))
        if not self._floats:
            wanted.setSampleFormat(whole)
        self._sink = multimedia.QAudioSink(device, wanted)
        self._frame_bytes = _CHANNELS * (4 if self._floats else 2)
        self._sink.setBufferSize(int(self.rate * _BUFFERED) * self._frame_bytes)
        self._to: Any = None

    def start(self) -> None:
        self._sink.reset()
        self._to = self._sink.start()

    def room(self) -> int:
        return int(self._sink.bytesFree()) // self._frame_bytes if self._to is not None else 0

    def write(self, samples: Sound) -> None:
        if self._to is None:
            return
        both = np.repeat(np.clip(samples, -1.0, 1.0), _CHANNELS)
        self._to.write((both if self._floats else np.rint(both * 32767).astype(np.int16)).tobytes())

    def played(self) -> int:
        return int(self._sink.processedUSecs()) * self.rate // 1_000_000

    def stop(self) -> None:
        self._sink.reset()
        self._to = None

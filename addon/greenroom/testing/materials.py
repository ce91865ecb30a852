# SPDX-License-Identifier: Apache-2.0
"""Small material to send to a host: a picture, a tone and a movie, made in milliseconds."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

__all__ = ["write_dialogue", "write_movie", "write_portrait"]

_SAMPLES = 48000  # a second


def write_portrait(path: Path, width: int = 128, height: int = 96) -> Path:
    """A picture of a colour that grows lighter downwards, in the format that the name says."""
    import numpy as np
    from PIL import Image

    rows = np.linspace(0, 100, height, dtype=np.uint8)[:, None, None]
    picture = np.broadcast_to(rows + np.array([40, 80, 120], np.uint8), (height, width, 3))
    Image.fromarray(np.ascontiguousarray(picture)).save(path)
    return path


def write_dialogue(path: Path, seconds: Fraction = Fraction(3, 2)) -> Path:
    """A tone of 220 Hz, mono WAV."""
    import numpy as np
    import soundfile

    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * _SAMPLES)) / _SAMPLES)
    soundfile.write(path, tone.astype(np.float32), _SAMPLES, subtype="PCM_16")
    return path


def write_movie(
    path: Path, frames: int = 12, rate: Fraction = Fraction(24), width: int = 128, height: int = 96
) -> Path:
    """A movie without sound, each frame lighter than the one before (of 240 frames at most)."""
    import av
    import numpy as np

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            light = 8 + 240 * number // frames
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), light, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path

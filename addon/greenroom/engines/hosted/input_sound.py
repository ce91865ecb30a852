# SPDX-License-Identifier: Apache-2.0
"""The dialogue as a host takes it: mono, in its format, neither whispered nor shouted, as long as was ordered."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.engines.hosted.offers import FileLimits
from greenroom.errors import MediaError
from greenroom.media.files import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MP3_BYTES_A_SECOND", "WAV_BYTES_A_SECOND", "levelled", "write_dialogue"]

RATE = 48000
WAV_BYTES_A_SECOND = RATE * 2  # 16 bit mono
MP3_BYTES_A_SECOND = 128_000 // 8
_HEADERS = 4096  # bytes, of either
_MEGABYTE = 1_000_000
_TARGET = -20.0  # LUFS: dialogue as it is mixed for the web (-16) to broadcast (-24)
_FAR_OFF = 8.0  # LU: within -28 to -12, models have heard speech like it
_SHORTEST = 0.4  # seconds: one block of ITU-R BS.1770
_SILENT = -60.0  # LUFS: nothing to bring up but noise


def levelled(sound: NDArray[np.float32], rate: int) -> tuple[NDArray[np.float32], str]:
    """Mono sound brought to about -20 LUFS where it is far from it, and a note of what was done ("": nothing)."""
    import numpy as np
    import pyloudnorm

    from greenroom.media.limiter import limited

    if sound.size < _SHORTEST * rate + 1:
        return sound, ""
    loudness = float(pyloudnorm.Meter(rate).integrated_loudness(sound.astype(np.float64)))
    if not np.isfinite(loudness) or loudness < _SILENT or abs(loudness - _TARGET) <= _FAR_OFF:
        return sound, ""
    raised = (sound * 10 ** ((_TARGET - loudness) / 20)).astype(np.float32)
    if float(np.abs(raised).max()) > 1:
        raised = limited(raised[:, None], rate)[:, 0]
    return raised, f"the dialogue is sent at {_TARGET:.0f} LUFS instead of {loudness:.0f}"


def write_dialogue(
    dialogue: Path | None, take: Fraction, sent: Fraction, to: Path, limits: FileLimits, *, stretch: Fraction
) -> tuple[Path, str, tuple[str, ...]]:
    """Writes `sent` seconds of sound beside `to`; the file, its MIME type and notes.

    The first `take` seconds are `dialogue` (silence where it is None), the rest is silent. `stretch` is how much longer
    the take lasts than what is sent of it: the dialogue is played faster by that.

    Raises:
        MediaError: it can't be read, or is too large in every format of the host's.
        StoreError: it can't be written.
    """
    import numpy as np

    from greenroom.media.sound import read_sound

    count, notes = round(sent * RATE), []
    sound = np.zeros(count, np.float32)
    if dialogue is not None:
        length = min(count, round(take / stretch * RATE))
        spoken = read_sound(dialogue, Fraction(0), length, sample_rate=RATE, speed=stretch)
        spoken, note = levelled(spoken, RATE)
        sound[:length] = spoken
        notes += [note] if note else []
    most = None if limits.max_mb is None else int(limits.max_mb * _MEGABYTE)
    for ending in limits.formats or ("wav", "mp3"):
        each = {"wav": WAV_BYTES_A_SECOND, "mp3": MP3_BYTES_A_SECOND}.get(ending)
        if each is None or (most is not None and each * sent + _HEADERS > most):
            continue
        path = to.with_suffix(f".{ending}")
        (_write_wav if ending == "wav" else _write_mp3)(path, sound)
        return path, {"wav": "audio/wav", "mp3": "audio/mpeg"}[ending], tuple(notes)
    raise MediaError(
        f"{float(sent):.1f} s of dialogue are larger than {limits.max_mb} MB in every format that the host takes",
        hint="Cut the slot in two.",
    )


def _write_wav(path: Path, sound: NDArray[np.float32]) -> None:
    import soundfile

    with replacing(path) as partial:
        soundfile.write(partial, sound, RATE, format="WAV", subtype="PCM_16")


def _write_mp3(path: Path, sound: NDArray[np.float32]) -> None:
    import av
    from av.audio.frame import AudioFrame

    with replacing(path) as partial, av.open(f"file:{partial.absolute()}", mode="w", format="mp3") as container:
        stream: Any = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = MP3_BYTES_A_SECOND * 8
        size = 1152  # samples of an MPEG-1 layer III frame
        for first in range(0, sound.size, size):
            frame = AudioFrame.from_ndarray(sound[None, first : first + size], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE, first
            frame.time_base = Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

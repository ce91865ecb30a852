# SPDX-License-Identifier: Apache-2.0
"""Media: probe, frame-exact pictures, sample-exact dialogue, conform, write.

What must never enter this room: cues, actors, engines, the ledger, OpenTimelineIO. It knows files, frames and
samples. Everything is done by PyAV in this process; no ffmpeg program is needed. The functions below are loaded when
first used, so that importing this room costs nothing. `probe` and `conform` have a module of their own name, so they
are imported from there: `from greenroom.media.probe import probe`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.media.check import check_take
    from greenroom.media.conform import ConformReport
    from greenroom.media.identity import file_identity, file_sha256
    from greenroom.media.pictures import read_frames, read_pictures, source_indices
    from greenroom.media.posters import write_png, write_poster
    from greenroom.media.probe import probe_source
    from greenroom.media.sound import mix, read_sound, sound_digest, write_wav
    from greenroom.media.takes import TakeWriter

__all__ = [
    "ConformReport",
    "TakeWriter",
    "check_take",
    "file_identity",
    "file_sha256",
    "mix",
    "probe_source",
    "read_frames",
    "read_pictures",
    "read_sound",
    "sound_digest",
    "source_indices",
    "write_png",
    "write_poster",
    "write_wav",
]

_HOMES = {
    "check": ("check_take",),
    "conform": ("ConformReport",),
    "identity": ("file_identity", "file_sha256"),
    "pictures": ("read_frames", "read_pictures", "source_indices"),
    "posters": ("write_png", "write_poster"),
    "probe": ("probe_source",),
    "sound": ("mix", "read_sound", "sound_digest", "write_wav"),
    "takes": ("TakeWriter",),
}

__getattr__ = late_names(__name__, {name: module for module, names in _HOMES.items() for name in names})

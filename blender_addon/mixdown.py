# SPDX-License-Identifier: GPL-3.0-or-later
"""Run by a second Blender without a window, never by the add-on: mixes the sound of a range of frames.

    blender --background --factory-startup --python mixdown.py -- JOB.json      or, where Blender is a Python module,
    python mixdown.py JOB.json

JOB.json: {"file": a library with the scene, "scene": its name, "first": frame, "frames": how many, "rate": [n, d],
"output": a WAV}.
The WAV has exactly as many samples as the frames last; Blender's own mixdown ends on a full block.
"""

import importlib
import json
import os
import struct
import sys
from fractions import Fraction

import bpy

_ADDON = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(_ADDON))
compat = importlib.import_module(f"{os.path.basename(_ADDON)}.compat")  # run as a file, this is part of no package


def mix(job):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(job["file"], link=False) as (_, wanted):
        wanted.scenes = [job["scene"]]
    scene = wanted.scenes[0]
    window = bpy.context.window_manager.windows[0]
    window.scene = scene
    compat.make_sequencer_scene(bpy.context, scene)
    scene.use_preview_range = False
    scene.frame_start, scene.frame_end = job["first"], job["first"] + job["frames"] - 1
    rough = job["output"] + ".rough.wav"
    with bpy.context.temp_override(window=window, scene=scene):
        bpy.ops.sound.mixdown(filepath=rough, check_existing=False, container="WAV", codec="PCM", format="F32")
    try:
        trim(rough, job["output"], job["frames"] / Fraction(*job["rate"]))
    finally:
        os.unlink(rough)


def trim(rough, output, seconds):
    """Exactly this long; complete under its name or not there at all. Floats, which Python's own wave can't read."""
    with open(rough, "rb") as file:
        chunks = dict(chunks_of(file.read()))
    _, _, rate, _, block = struct.unpack_from("<HHIIH", chunks[b"fmt "])
    length = round(seconds * rate) * block
    samples = chunks[b"data"][:length].ljust(length, b"\0")
    written = b"".join(
        kind + struct.pack("<I", len(data)) + data for kind, data in ((b"fmt ", chunks[b"fmt "]), (b"data", samples))
    )
    with open(output + ".partial", "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 4 + len(written)) + b"WAVE" + written)
    os.replace(output + ".partial", output)


def chunks_of(data):
    """The parts of a RIFF file; each begins at an even byte."""
    place = 12
    while place + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, place)
        yield kind, data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def main():
    status = 1
    try:
        with open(sys.argv[-1], encoding="utf-8") as file:
            mix(json.load(file))
        status = 0
    except (RuntimeError, OSError, EOFError, LookupError, ValueError, struct.error) as problem:
        sys.stderr.write(f"{type(problem).__name__}: {str(problem).strip()}\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # Blender's own tidying may crash


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""OpenTimelineIO frees a clip's own references when they are handed back to it: no cut may end the process so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# In a process of its own, since what goes wrong ends it. Many clips, as read from a file: some memory is used anew.
CHILD = """
import gc
import opentimelineio as otio
from greenroom_otio.references import set_only_reference

def times(length):
    return otio.opentime.TimeRange(otio.opentime.RationalTime(0, 24), otio.opentime.RationalTime(length, 24))

def shot(number):
    media = otio.schema.ExternalReference(f"media/{number}.mov", times(100), metadata={"n": [number]})
    return otio.schema.Clip(f"shot {number}", media, times(24))

timeline = otio.schema.Timeline("scene")
timeline.tracks.append(otio.schema.Track("V1", [shot(number) for number in range(200)]))
read = otio.core.deserialize_json_from_string(otio.core.serialize_json_to_string(timeline, {}, -1))
held = []
for clip in read.find_clips():
    held.append(clip.media_reference)
    set_only_reference(clip, clip.media_reference)
gc.collect()
others = [otio.schema.ExternalReference("x" * (number % 60)) for number in range(5000)]
print(sum(len(str(reference)) for reference in held) > 0, len(str(read)) > 0)
del read, held
gc.collect()
print("lived")
"""


def test_a_reference_that_is_held_outlives_its_clips_new_ones() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["True", "True", "lived"])


def test_whoever_sets_references_copies_them() -> None:
    for folder in ("otio_adapters", "addon"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            copies = path.name == "references.py" or "copied_references(clip)" in text
            assert copies or "set_media_references" not in text, path

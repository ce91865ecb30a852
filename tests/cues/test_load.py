# SPDX-License-Identifier: Apache-2.0
"""Cuts read from files, through the safe reader, and the room's front door."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom.cues import load, read_cues
from greenroom.cues.model import Origin
from greenroom.errors import TimelineError

EDL = """TITLE: SCENE 4
FCM: NON-DROP FRAME

001  AX       V     C        00:00:00:00 00:00:02:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: SLUG 1
* LOC: 01:00:00:12 RED     GR#7F3A: ACTOR=MARA MODE=TALK LINE="I NEVER LEFT."
002  AX       V     C        00:00:00:00 00:00:01:00 01:00:02:00 01:00:03:00
* FROM CLIP NAME: SLUG 2
* GR: ACTOR=THEO
"""


def test_a_cut_is_read_with_its_folder_for_relative_media(bench: Any, tmp_path: Path) -> None:
    path = tmp_path / "Scene 4 #2.otio"
    clip = bench.marked(bench.clip(media=bench.media("shots/mara.mov")), "GR: actor=MARA")
    otio.adapters.write_to_file(bench.cut([clip]), str(path))
    reading, layout = load(path)
    cue = read_cues(layout).cues[0]
    assert cue.event.media is not None
    assert cue.event.media.path == tmp_path / "shots" / "mara.mov"
    assert reading.timeline.tracks[0][0].name == "shot"
    assert layout.path == path


def test_an_edl_that_shouts_is_read_at_the_rate_that_is_given(tmp_path: Path) -> None:
    path = tmp_path / "scene.edl"
    path.write_text(EDL)
    _, layout = load(path, Fraction(24))
    mara, theo = read_cues(layout, known_actors=["mara", "theo"]).cues
    assert (mara.id, mara.written, mara.actor, mara.line) == ("7f3a", True, "MARA", "I NEVER LEFT.")
    assert (mara.slot.start, mara.slot.duration) == (86400, 48)
    assert mara.note is not None
    assert mara.note.record_frame == 86412
    assert (theo.actor, theo.origin, theo.slot.start) == ("THEO", Origin.COMMENT, 86448)
    assert mara.problems == theo.problems == ()


@pytest.mark.parametrize("content", [b"", b"{", b"\x00\xff\x00", b"null", b"[]"])
def test_what_is_no_cut_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cut.otio"
    path.write_bytes(content)
    with pytest.raises(TimelineError) as caught:
        load(path)
    assert "cut.otio" in str(caught.value)
    assert caught.value.hint


def test_the_room_opens_without_opentimelineio() -> None:
    code = (
        "import sys, greenroom.cues.loading, greenroom.cues.fingerprinting\n"
        "from greenroom.cues import fingerprint, load, parse_note, read_cues, write_note\n"
        "assert callable(load) and callable(fingerprint) and parse_note('@mara:')\n"
        "print([name for name in ('opentimelineio', 'numpy', 'av', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

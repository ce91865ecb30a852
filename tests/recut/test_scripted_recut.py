# SPDX-License-Identifier: Apache-2.0
"""One recut with everything in it, through every format: exactly the right list, exactly the right cut, and the media
linker agrees.
"""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from opentimelineio.opentime import RationalTime

from greenroom.desk import road
from greenroom_otio import write_cut

SUFFIXES = {"otio": ".otio", "edl": ".edl", "fcp7": ".xml"}


def recut(scene: Any, old: Path) -> Path:
    """The cut with takes, cut further: swapped, slipped, trimmed, extended, duplicated, deleted, and another line."""
    timeline = otio.adapters.read_from_file(str(old))
    picture, sound = timeline.tracks
    parts = [(clip.deepcopy(), said.deepcopy()) for clip, said in zip(picture, sound, strict=True)]
    one, _, black, three, four = parts
    for pair, first, longer in ((four, 4, -4 + 6), (three, 5, 0)):
        for each in pair:
            frames = RationalTime(pair[0].source_range.duration.value + longer * (each is pair[0]), 24)
            start = RationalTime(
                each.source_range.start_time.value + (first if pair is four or each is pair[0] else 0), 24
            )
            each.source_range = otio.opentime.TimeRange(start, frames)
    again = three[0].deepcopy(), three[1].deepcopy()
    one[0].markers[0].name = one[0].markers[0].name.replace("I never left.", "I never came.")
    for track, place in ((picture, 0), (sound, 1)):
        track[:] = [pair[place] for pair in (four, three, black, again, one)]
    path = scene.folder / "new.otio"
    otio.adapters.write_to_file(timeline, str(path))
    return path


LIST = [
    (
        "Nobody.",
        ["moved by -84 f", "trimmed 4 f at the head", "extended 6 f at the tail, within handles"],
        "re-conform",
    ),
    ("", ["moved by -34 f", "slipped +5 f"], "re-conform"),
    ("", ["a duplicate of {three}", "moved by +2 f", "slipped +5 f"], "re-conform"),
    ("I never came.", ["moved by +86 f", 'line is "I never came." now, and was "I never left."'], "regenerate"),
    ("You did.", ["cut out"], "nothing"),
]
CUT = [
    ("mara_{four}_talk_v001.mov", 86404, 26),
    ("mara_{three}_replace_v001.mov", 90055, 24),
    ("mara_{three}_replace_v001.mov", 90055, 24),
    ("mara_{one}_talk_v001.mov", 86400, 24),
]


def handed(path: Path, to: str) -> Path:
    """As another program hands the cut out."""
    timeline = otio.adapters.read_from_file(str(path))
    out = path.with_suffix(f".handed{SUFFIXES[to]}")
    write_cut(timeline, out, to=to)
    return out


def shown(path: Path) -> list[tuple[str, int, int]]:
    """The takes that a cut shows: file, first frame, length."""
    timeline = otio.adapters.read_from_file(str(path))
    clips = [clip for clip in timeline.find_clips() if clip.active_media_reference_key.startswith("greenroom.")]
    return [
        (
            clip.media_reference.target_url.rsplit("/", 1)[-1],
            int(clip.source_range.start_time.value),
            int(clip.source_range.duration.value),
        )
        for clip in clips
    ]


def ids(noted: list[Any]) -> dict[str, str]:
    return {shot.name.partition(" ")[2]: shot.note[3:].partition(":")[0] for shot in noted if shot.note}


def linked(scene: Any, new: Path, to: str, *words: str) -> Path:
    out = scene.folder / f"linked_{to}.otio"
    tool = Path(sys.executable).with_name("otioconvert")
    rate = ["-a", f"rate={words[0] if words else 24}"] if to == "edl" else []
    command = [tool, "-i", new, *rate, "-o", out, "-m", "greenroom_takes", "-M", f"project={scene.folder}"]
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return out


@pytest.mark.parametrize("to", SUFFIXES)
def test_the_list_and_the_cut(scene: Any, old: Path, noted: list[Any], to: str) -> None:
    new = handed(recut(scene, old), to)
    made = scene.conform(new, was=old, rate=Fraction(24) if to == "edl" else None)
    found = [
        (each.line.casefold(), [change.text.casefold() for change in each.changes], str(each.consequence))
        for each in made.changes  # EDLs shout
    ]
    known = ids(noted)
    expected = [
        (line.casefold(), [text.format(**known).casefold() for text in texts], follows) for line, texts, follows in LIST
    ]
    assert found == expected
    if to != "edl":  # which names no sound, so that nobody can be quoted for speaking
        assert [each.cost for each in made.changes] == [0, 0, 0, 1, 0]
    assert made.complete
    cut = [(name.format(**known), start, frames) for name, start, frames in CUT]
    assert shown(scene.folder / "new.out.otio") == cut
    assert shown(linked(scene, new, to)) == cut


@pytest.mark.parametrize("to", ["otio", "fcp7"])
def test_only_the_changed_line_is_made(scene: Any, old: Path, noted: list[Any], to: str) -> None:
    new = handed(recut(scene, old), to)
    scene.conform(new, was=old)
    out = scene.folder / "made.otio"
    made = road.generate(scene.folder / "new.out.otio", out, installed={"tiny": scene.engine}, yes=True)
    assert made.complete
    assert [request.line for request in scene.engine.requests] == ["I never came."]
    assert [name for name, _, _ in shown(out)][-1].endswith("_v002.mov")
    assert shown(out)[:3] == shown(scene.folder / "new.out.otio")[:3]


@pytest.mark.parametrize("to", SUFFIXES)
@pytest.mark.parametrize(("rate", "said"), [(25.0, "25"), (24000 / 1001, "23.976")])
def test_a_change_of_rate(scene: Any, old: Path, noted: list[Any], to: str, rate: float, said: str) -> None:
    """A take is exact at its own rate only: every cue is known again, none is shown, all are quoted."""
    new = handed(scene.write("new.otio", noted, rate=rate), to)
    exact = {"25": Fraction(25), "23.976": Fraction(24000, 1001)}[said]
    made = scene.conform(new, was=old, rate=exact if to == "edl" else None, was_rate=Fraction(24))
    assert [each.cue for each in made.changes] == list(ids(noted).values())
    text = f"the take plays at 24 fps, the cut at {said}"
    assert all(text in [change.text for change in each.changes] for each in made.changes)
    assert [str(each.consequence) for each in made.changes] == ["regenerate"] * 4
    if to != "edl":
        assert [each.cost for each in made.changes] == [1] * 4
    assert shown(scene.folder / "new.out.otio") == []
    assert shown(linked(scene, new, to, str(rate))) == []

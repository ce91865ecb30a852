# SPDX-License-Identifier: Apache-2.0
"""Every version and edition, rate and start: a take in the selector and one above, to the frame, and away again.

In this process, as the scripts and the simulated Resolve are; a few go through real child processes in test_commands.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from greenroom.frames import frame_of, timecode
from greenroom.testing.resolve import RELEASES, SimulatedResolve
from greenroom_resolve.calling import ResolveError
from greenroom_resolve.session import Session
from greenroom_resolve.snapshot import snapshot_of

Movies = Callable[..., Path]
RATES = ("23.976", "24", "25", "29.97 DF", "30", "50", "59.94")
HEAD, SLOT = 8, 24


def a_timeline(resolve: SimulatedResolve, rate: str, hour: int) -> Any:
    mark = ";" if "DF" in rate else ":"
    return resolve.new_timeline("Reel 1", rate=rate.split()[0], start=f"0{hour}:00:00{mark}00")


@pytest.mark.parametrize("hour", [0, 1])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("release", [name for name, release in RELEASES.items() if release.python_in_menus])
def test_takes_are_placed_to_the_frame_and_undone(
    release: str,
    rate: str,
    hour: int,
    resolves: Callable[..., SimulatedResolve],
    sessions: Callable[[SimulatedResolve], Session],
    movies: Movies,
    edit_for: Callable[..., Any],
) -> None:
    resolve = resolves(release, rate=rate.split()[0])
    timeline = a_timeline(resolve, rate, hour)
    plain = rate.split()[0]
    at = timeline.start + 1000
    item = resolve.place(timeline, movies(plain, 60), record=at, frames=SLOT, source=10)
    solid = resolve.generator(timeline, record=at + 100, frames=SLOT)
    item.AddMarker(2, "Blue", "@mara animate: waits", "", 1)
    take, other = (movies(plain, SLOT + 16, name=name, first=3600 * 24 - HEAD) for name in ("take", "other"))
    mark = {"do": "mark", "item": item.uid, "marker": at + 2, "field": "name", "text": "GR#7f3a: actor=mara"}
    mark.update(comment="Greenroom: 1 take", colour="GREEN", cue="7f3a")
    before = snapshot_of(sessions(resolve).cut)

    session = sessions(resolve)
    applied = session.apply([edit_for(item, take), mark, edit_for(solid, other, cue="2222")], "apply")
    assert [str(problem) for problem in applied.problems] == []
    assert (item.start, item.frames, item.source_in, item.media.media.path) == (at, SLOT, HEAD, str(take))
    (placed,) = timeline.tracks["video"][1].items
    assert (placed.start, placed.frames, placed.source_in) == (at + 100, SLOT, HEAD)
    assert item.markers[2].custom == "greenroom:7f3a"

    again = snapshot_of(sessions(resolve).cut)  # the stand-ins are told as they were, whatever shows now
    told = again["tracks"][0]["items"]
    assert [each["enabled"] for each in told] == [True, False]
    assert [each["greenroom"]["role"] for each in told] == ["stand_in", "stand_in"]
    assert told[0]["source_start"] == 10
    assert told[0]["media"] == before["tracks"][0]["items"][0]["media"]
    role = again["tracks"][1]["items"][0]["greenroom"]
    assert role == {"role": "take", "cue": "2222", "take": 1, "of": solid.uid}

    assert sessions(resolve).undo() == []
    after = snapshot_of(sessions(resolve).cut)
    assert after == before


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hour", [0, 1])
def test_the_snapshot_counts_as_resolve_does(
    rate: str,
    hour: int,
    resolves: Callable[..., SimulatedResolve],
    sessions: Callable[[SimulatedResolve], Session],
    movies: Movies,
) -> None:
    resolve = resolves("21.0.4 Studio")  # the project has 24: the timeline's own rate counts
    timeline = a_timeline(resolve, rate, hour)
    item = resolve.place(timeline, movies(rate.split()[0], 60), record=timeline.start + 7, frames=SLOT, source=10)
    item.AddMarker(3, "Rose", "name", "note", 2)
    timeline.AddMarker(5, "Blue", "@mara: hello", "", 1)
    told = snapshot_of(sessions(resolve).cut)
    facts = told["timeline"]
    exact = Fraction(*facts["rate"])
    assert exact == timeline.rate
    assert (facts["start"], facts["drop_frame"]) == (timeline.start, "DF" in rate)
    assert facts["start"] == frame_of(facts["start_timecode"], exact)
    assert told["markers"][0]["frame"] == timeline.start + 5
    (video,) = told["tracks"][0]["items"]
    assert (video["start"], video["frames"], video["source_start"]) == (timeline.start + 7, SLOT, 10)
    assert (video["media_rate"], video["media_frames"], video["speed"]) == (facts["rate"], 60, [1, 1])
    marker = {"frame": timeline.start + 10, "frames": 2, "name": "name", "note": "note", "colour": "Rose"}
    assert video["markers"] == [marker]


@pytest.mark.parametrize(
    ("media", "rate"), [("24", "25"), ("25", "24"), ("23.976", "24"), ("59.94", "24"), ("24", "50")]
)
def test_media_of_another_rate_starts_where_it_does(
    media: str,
    rate: str,
    resolves: Callable[..., SimulatedResolve],
    sessions: Callable[[SimulatedResolve], Session],
    movies: Movies,
) -> None:
    resolve = resolves(rate=rate)
    timeline = resolve.new_timeline("Reel 1")
    item = resolve.place(timeline, movies(media, 90), record=timeline.start, frames=20, source=13)
    (told,) = snapshot_of(sessions(resolve).cut)["tracks"][0]["items"]
    assert Fraction(*told["media_rate"]) == item.media_rate
    assert (told["source_start"], told["speed"]) == (13, [1, 1])


@pytest.mark.parametrize("release", ["21.0.4 Studio", "21.1 Studio"])
@pytest.mark.parametrize("speed", [Fraction(2), Fraction(1, 2), Fraction(-1)])
def test_a_retime_is_noticed_with_and_without_being_told(
    release: str,
    speed: Fraction,
    resolves: Callable[..., SimulatedResolve],
    sessions: Callable[[SimulatedResolve], Session],
    movies: Movies,
) -> None:
    resolve = resolves(release)
    timeline = resolve.new_timeline("Reel 1")
    item = resolve.place(timeline, movies("24", 90), record=86400, frames=20, source=40)
    item.speed = speed
    (told,) = snapshot_of(sessions(resolve).cut)["tracks"][0]["items"]
    assert Fraction(*told["speed"]) == speed
    assert told["unheld"] == [f"a retime ({float(speed * 100):g} %)"]


def test_free_21_1_gives_nothing(resolves: Callable[..., SimulatedResolve], settings: Any) -> None:
    with pytest.raises(ResolveError, match="no access to scripts"):
        Session(resolves("21.1").handle(), settings, lambda line: None)


@pytest.mark.parametrize("rate", ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001"])
def test_the_scripts_write_timecode_as_the_core_does(rate: str) -> None:
    from greenroom_resolve import frames

    exact = Fraction(rate)
    for drop in (False, True) if exact in (Fraction(30000, 1001), Fraction(60000, 1001)) else (False,):
        for frame in (*range(0, 130000, 977), 17982, 17981, 1800, 1799, 107892, 1078920):
            text = timecode(frame, exact, drop_frame=drop)
            assert frames.timecode(frame, exact, drop) == text
            assert frames.frame_of(text, exact) == frame


@pytest.mark.parametrize(
    ("setting", "rate"),
    [
        ("23.976", Fraction(24000, 1001)),
        (23.976, Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("24", Fraction(24)),
        (24.0, Fraction(24)),
        ("29.97 DF", Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        ("", None),
        ("None", None),
        (None, None),
        (0, None),
    ],
)
def test_rates_as_resolve_writes_them(setting: Any, rate: Fraction | None) -> None:
    from greenroom_resolve import frames

    assert frames.exact_rate(setting) == rate


@pytest.mark.parametrize(
    ("start", "frames", "item_start", "item_frames", "head", "extent"),
    [
        (86410, 16, 86410, 16, 8, (8, 24)),  # the slot is the item
        (86398, 28, 86410, 16, 8, (20, 36)),  # a transition before it: the slot begins 12 frames earlier
        (86410, 28, 86410, 16, 8, (8, 24)),  # a transition after it
        (86410, 16, 86410, 16, 0, (0, 16)),
    ],
)
def test_what_of_a_take_an_item_shows(
    start: int, frames: int, item_start: int, item_frames: int, head: int, extent: tuple[int, int]
) -> None:
    from greenroom_resolve.frames import take_extent

    edit = {"start": start, "frames": frames, "item_start": item_start, "item_frames": item_frames, "head": head}
    assert take_extent(edit) == extent


@pytest.mark.parametrize(
    ("left", "rate", "media_rate", "start"),
    [
        (10, 24, 24, Fraction(10)),
        (10.0, 25, 24, Fraction(48, 5)),  # fractional: 9.6 media frames
        (25 / 24 * 13, 25, 24, Fraction(13)),  # a float that means a whole media frame
        (0, 24, 25, Fraction(0)),
    ],
)
def test_where_media_starts_by_the_left_offset(left: float, rate: int, media_rate: int, start: Fraction) -> None:
    from greenroom_resolve.frames import media_start

    assert media_start(left, Fraction(rate), Fraction(media_rate)) == start

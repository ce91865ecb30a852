# SPDX-License-Identifier: Apache-2.0
"""Thousands of strips: how long Blender's main thread is held up, in seconds of the processor, which a busy machine
changes less than those of the clock. What begins with slow_ is for tests/benchmarks/blender.py; as a scenario this only
fails where something is ten times slower than promised.
"""

from __future__ import annotations

import functools
import json
import statistics
import time

PROMISED = {"register": 0.050, "snapshot": 0.5, "tick": 0.008}  # seconds
_SLACK = 10
_TAKES = 10


def two_thousand_strips(stage):
    return _measure(stage, 2_000)


def slow_ten_thousand_strips(stage):
    return _measure(stage, 10_000)


def slow_registered(stage):
    return json.dumps({"register": stage.registered})


def _measure(stage, strips):
    _fill(stage, strips)
    figures = {"strips": strips, "register": stage.registered, **_snapshots(stage), **_ticks(stage), **_edits(stage)}
    for name, promised in PROMISED.items():
        worst = max(value for key, value in figures.items() if key.startswith(name))
        assert worst < promised * _SLACK, figures
    return json.dumps({key: round(value, 5) for key, value in figures.items()})


def _fill(stage, strips):
    """Five channels of 24-frame strips: placeholders, every third with a note, and some sound and movies.

    Blender itself needs a while for each movie, so that there are five hundred.
    """
    for number in range(strips):
        first, channel = 1 + 24 * (number // 5), 1 + number % 5
        if number % 20 == 0 and stage.has_sound:
            path = str(stage.folder / "line.wav")
            strip = stage.compat.new_sound(stage.editor, f"sound {number}", path, channel, first)
            stage.compat.set_range(strip, first, first + 24)
        elif number % 20 == 1:
            stage.compat.set_range(stage.movie(f"movie {number}", first, channel), first, first + 24)
        else:
            stage.colour(f"slot {number}", first, 24, channel, note="@mara animate: nods" if channel == 3 else "")


def _timed(work):
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _snapshots(stage):
    first = _timed(lambda: stage.snapshot.take_snapshot(stage.scene))
    again = min(_timed(lambda: stage.snapshot.take_snapshot(stage.scene)) for _ in range(3))
    return {"snapshot, ids issued": first, "snapshot": again}


def _ticks(stage):
    """Twenty jobs tell of their progress, three hundred messages at once."""
    uid = stage.identity.scene_uid(stage.scene)
    stage.jobs.state.batches["b1"] = stage.jobs.Batch("b1", uid, "figures", "")
    told = {"batch": "b1", "state": "running", "fraction": 0.5, "message": "performing", "item": None}
    for number in range(300):
        event = {"method": "progress", "params": {**told, "cue": f"cue{number % 20}", "take": 1}}
        stage.jobs.host._arrived.put(event)
    longest = max(_timed(stage.jobs.tick) for _ in range(20))
    return {"tick": longest}


def _edits(stage):
    """Ten takes onto the timeline, as a batch brings them: turns of the timer that look and turns that place; and
    what Blender itself takes to add a movie strip.
    """
    uid = stage.identity.scene_uid(stage.scene)
    stage.compat.push_undo("the first one takes seconds")
    stage.jobs.queue_edits(uid, [_edit(stage, number) for number in range(_TAKES)], "figures")
    turns = []
    while len(stage.takes()) < _TAKES:
        turns.append(_timed(stage.jobs.tick))
        assert len(turns) <= 2 * _TAKES, stage.told()
    undo = _timed(stage.jobs.tick)
    movie = str(stage.folder / "standin.mov")
    own = [
        _timed(functools.partial(stage.compat.new_movie, stage.editor, f"own {number}", movie, 100, 1 + 50 * number))
        for number in range(_TAKES)
    ]
    return {**_spread("look", turns[::2]), **_spread("place", turns[1::2]), **_spread("new_movie", own), "undo": undo}


def _edit(stage, number):
    slot = stage.strips[f"slot {1003 + 20 * number}"]
    edit = {"do": "place_take", "item": slot["greenroom_uid"], "cue": f"7f3{number}", "take": 1}
    edit |= {"path": str(stage.folder / "standin.mov"), "start": stage.compat.first_frame(slot), "frames": 24}
    return {**edit, "name": f"t_{number}", "head": 8, "tail": 16, "media_frames": 48, "rate": [24, 1]}


def _spread(name, seconds):
    return {name: statistics.median(seconds), f"{name}, least": min(seconds), f"{name}, most": max(seconds)}

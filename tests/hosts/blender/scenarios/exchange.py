# SPDX-License-Identifier: Apache-2.0
"""Timelines from other programs: transitions, constant speed, fades; and what can't be brought in is named."""

from __future__ import annotations

import json
from fractions import Fraction

import bpy


def _time(value, rate=24.0):
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": float(value)}


def _range(start, frames, rate=24.0):
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": _time(start, rate), "duration": _time(frames, rate)}


def _clip(stage, name, start, frames, file="standin.mov", length=48, speed=None):
    reference = {"OTIO_SCHEMA": "ExternalReference.1", "metadata": {}, "name": "", "available_range": _range(0, length)}
    reference["target_url"] = (stage.folder / file).as_uri()
    warp = {"OTIO_SCHEMA": "LinearTimeWarp.1", "metadata": {}, "name": "", "effect_name": "", "time_scalar": speed}
    made = {"OTIO_SCHEMA": "Clip.2", "metadata": {}, "name": name, "source_range": _range(start, frames)}
    made |= {"effects": [warp] if speed is not None else [], "markers": [], "enabled": True}
    return made | {"media_references": {"DEFAULT_MEDIA": reference}, "active_media_reference_key": "DEFAULT_MEDIA"}


def _gap(frames):
    made = {"OTIO_SCHEMA": "Gap.1", "metadata": {}, "name": "", "source_range": _range(0, frames)}
    return made | {"effects": [], "markers": [], "enabled": True}


def _dissolve(before, after):
    made = {"OTIO_SCHEMA": "Transition.1", "metadata": {}, "name": "dissolve", "transition_type": "SMPTE_Dissolve"}
    return made | {"in_offset": _time(before), "out_offset": _time(after)}


def _import(stage, *tracks):
    children = []
    for kind, items in tracks:
        track = {"OTIO_SCHEMA": "Track.1", "metadata": {}, "name": "", "kind": kind, "children": items}
        children.append(track | {"source_range": None, "effects": [], "markers": [], "enabled": True})
    stack = {"OTIO_SCHEMA": "Stack.1", "metadata": {}, "name": "tracks", "children": children, "source_range": None}
    stack |= {"effects": [], "markers": [], "enabled": True}
    timeline = {"OTIO_SCHEMA": "Timeline.1", "metadata": {}, "name": "cut", "tracks": stack}
    path = stage.folder / "cut.otio"
    path.write_text(json.dumps({**timeline, "global_start_time": _time(0)}), "utf-8")
    stage.do("import_timeline", filepath=str(path))
    assert stage.errors() == [], stage.told()


def _lost(stage):
    return [text for text in stage.told() if text.startswith("Not carried")]


def transitions_come_in(stage):
    """Each clip reaches over its cut for as long as the transition lasts, and the picture below stays where it was."""
    stage.colour("mine", 1, 60, channel=1)
    clips = [_clip(stage, "one", 4, 20), _dissolve(4, 4), _clip(stage, "two", 10, 20)]
    clips += [_dissolve(2, 4), _clip(stage, "three", 10, 20)]
    _import(stage, ("Video", clips))
    ranges = {strip.name: stage.range_of(strip) for strip in stage.strips}
    assert ranges["one"] == (0, 24)
    assert ranges["two"] == (16, 44)
    assert ranges["three"] == (38, 60)
    crosses = [strip for strip in stage.strips if strip.type == "CROSS"]
    assert sorted(stage.range_of(strip) for strip in crosses) == [(16, 24), (38, 44)]
    channels = {strip.name: strip.channel for strip in stage.strips}
    assert (channels["mine"], channels["one"], channels["two"], channels["three"]) == (1, 2, 3, 2)
    assert {strip.channel for strip in crosses} == {4}
    assert stage.compat.content_first(stage.strips["two"]) == 20 - 10
    assert _lost(stage) == []


def a_cross_goes_out_as_a_fade(stage):
    clips = [_clip(stage, "one", 4, 20), _dissolve(4, 4), _clip(stage, "two", 10, 20)]
    _import(stage, ("Video", clips))
    items = {i["name"]: i for t in stage.snapshot.take_snapshot(stage.scene)["tracks"] for i in t["items"]}
    assert set(items) == {"one", "two"}
    assert (items["two"]["fade_in"], items["two"]["start"]) == (8, 16)
    stage.save()
    stage.do("export_timeline", filepath=str(stage.folder / "out.otio"))
    written = (stage.folder / "out.otio").read_text("utf-8")
    assert '"Transition.1"' in written


def transitions_too_close_are_named(stage):
    """The second would need the first clip's channel while that still shows."""
    clips = [_clip(stage, "one", 4, 20), _dissolve(4, 10), _clip(stage, "two", 10, 12)]
    clips += [_dissolve(10, 4), _clip(stage, "three", 12, 20)]
    _import(stage, ("Video", clips))
    assert len([strip for strip in stage.strips if strip.type == "CROSS"]) == 1
    assert stage.range_of(stage.strips["three"]) == (32, 52)
    assert any("a transition (dissolve)" in text for text in _lost(stage)), stage.told()


def _a_sequencer():
    """An open sequencer, as an editor who imports has: up to 5.0 only its operator retimes."""
    bpy.context.window_manager.windows[0].screen.areas[0].type = "SEQUENCE_EDITOR"


def constant_speed_comes_in(stage):
    _a_sequencer()
    clips = [_clip(stage, "before", 0, 10), _clip(stage, "fast", 8, 12, speed=2.0), _clip(stage, "after", 0, 10)]
    _import(stage, ("Video", clips))
    ranges = {strip.name: (*stage.range_of(strip), strip.channel) for strip in stage.strips}
    assert ranges == {"before": (0, 10, 1), "fast": (10, 22, 1), "after": (22, 32, 1)}
    items = {i["name"]: i for t in stage.snapshot.take_snapshot(stage.scene)["tracks"] for i in t["items"]}
    assert Fraction(*items["fast"]["speed"]) == 2
    assert (items["fast"]["source_start"], items["fast"]["media_frames"]) == (8, 48)
    assert items["fast"]["unheld"] == []
    assert _lost(stage) == [], _lost(stage)


def speed_without_an_open_sequencer(stage):
    """Never a crash and never silence: either it plays at its speed, or it is named."""
    _import(stage, ("Video", [_clip(stage, "slow", 0, 24, speed=0.5)]))
    items = {i["name"]: i for t in stage.snapshot.take_snapshot(stage.scene)["tracks"] for i in t["items"]}
    at_speed = Fraction(*items["slow"]["speed"]) == Fraction(1, 2)
    assert at_speed != any("speed of 0.5 (slow)" in text for text in _lost(stage)), stage.told()
    assert stage.range_of(stage.strips["slow"]) == (0, 24)


def backwards_and_frozen_are_named(stage):
    _import(stage, ("Video", [_clip(stage, "back", 24, 12, speed=-1.0), _clip(stage, "still", 0, 12, speed=0.0)]))
    assert any("speed of -100% (back)" in text for text in _lost(stage)), stage.told()
    assert any("speed of 0% (still)" in text for text in _lost(stage)), stage.told()


def fades_come_in(stage):
    """A dissolve from nothing is a fade: keyframes, as Blender's own Add Fades sets them."""
    sounds = [("Audio", [_gap(10), _dissolve(0, 6), _clip(stage, "voice", 0, 20, "line.wav", 36)])]
    _import(stage, ("Video", [_gap(10), _dissolve(0, 6), _clip(stage, "one", 4, 20)]), *sounds)
    curves = {curve.data_path.rsplit(".", 1)[1]: curve for curve in stage.compat.curves(stage.scene)}
    assert [tuple(point.co) for point in curves["blend_alpha"].keyframe_points] == [(10, 0), (16, 1)]
    if stage.has_sound:
        assert [tuple(point.co) for point in curves["volume"].keyframe_points] == [(10, 0), (16, 1)]
    else:
        assert any("made without sound" in text for text in _lost(stage)), stage.told()


def missing_media_is_named(stage):
    _import(stage, ("Video", [_clip(stage, "gone", 0, 24, "no.mov")]))
    assert any("media (gone)" in text for text in _lost(stage)), stage.told()
    assert stage.strips["gone"].type == "COLOR"

# SPDX-License-Identifier: Apache-2.0
"""Sound that a snapshot can't hold: mixed by a second Blender, and used as the dialogue for as long as it is right.

The wheel of 4.2 was made without sound: there each of these looks at the refusal, which changes nothing.
"""

from __future__ import annotations

import functools
import struct
from array import array
from pathlib import Path

import bpy

NOTE = "@mara talk: I never left."


def _set_up(stage, frames=24):
    """Dialogue whose volume is drawn down to nothing over the slot's second half."""
    sound = stage.dialogue()
    for frame, volume in ((1, 1.0), (11, 1.0), (13, 0.0), (40, 0.0)) if sound else ():
        sound.volume = volume
        sound.keyframe_insert("volume", frame=frame)
    slot = stage.colour("slot", 1, frames, note=NOTE)
    stage.save()
    stage.select(slot)
    return slot


def _look(stage):
    scene = stage.scene
    strips = [(strip.name, stage.range_of(strip), strip.channel, strip.mute) for strip in stage.strips]
    return strips, scene.frame_start, scene.frame_end, scene.frame_current, bpy.data.filepath


def _sounds(stage):
    value = stage.snapshot.take_snapshot(stage.scene)
    return [item for track in value["tracks"] for item in track["items"] if item["kind"] == "sound"]


def _samples(path):
    """Of the first channel, -1 to 1."""
    data = Path(path).read_bytes()
    channels, rate = struct.unpack_from("<HI", data, data.index(b"fmt ") + 10)
    assert rate == 48000
    at = data.index(b"data") + 4
    (size,) = struct.unpack_from("<I", data, at)
    return array("f", data[at + 4 : at + 4 + size])[::channels]


def _loudest(samples):
    return max(abs(value) for value in samples)


def _with_sound(scenario):
    @functools.wraps(scenario)
    def either(stage):
        return scenario(stage) if stage.has_sound else _refused_without_sound(stage)

    return either


def _refused_without_sound(stage):
    _set_up(stage)
    before = _look(stage)
    assert "made without sound" in stage.refused("mix_sound")
    assert _look(stage) == before
    assert not stage.jobs.state.mixing
    assert not (stage.folder / "sound").exists()


@_with_sound
def animated_volume_is_mixed(stage):
    _set_up(stage)
    before = _look(stage)
    stage.do("mix_sound")
    assert stage.errors() == [], stage.told()
    assert _look(stage) == before
    (mixed, rest) = sorted(_sounds(stage), key=lambda item: item["start"])
    assert (mixed["start"], mixed["frames"], mixed["unheld"]) == (1, 24, [])
    assert rest["start"] == 25
    assert rest["source_start"] == 24
    assert Path(mixed["media"]).parent == stage.folder / "sound"
    samples = _samples(mixed["media"])
    rate = 48000
    assert len(samples) == rate  # 24 frames at 24 a second
    assert _loudest(samples[: rate * 10 // 24]) > 0.05
    assert _loudest(samples[rate * 13 // 24 :]) < 1e-3


@_with_sound
def an_unsaved_change_is_mixed_too(stage):
    """The second Blender works on the scene as it is, not on the file; and a meta is heard."""
    slot = stage.colour("slot", 1, 24, note=NOTE)
    stage.save()
    meta = stage.strips.new_meta("meta", 5, 1)
    stage.dialogue().move_to_meta(meta)
    stage.compat.set_range(meta, 1, 30)
    stage.select(slot)
    items = [item for track in stage.snapshot.take_snapshot(stage.scene)["tracks"] for item in track["items"]]
    (found,) = [item for item in items if item["kind"] == "compound"]
    assert "sound inside the meta strip" in found["unheld"]
    assert bpy.data.is_dirty or bpy.app.background
    stage.do("mix_sound")
    assert stage.errors() == [], stage.told()
    (mixed,) = _sounds(stage)
    assert _loudest(_samples(mixed["media"])) > 0.05


@_with_sound
def the_take_is_made_with_it(stage):
    """The core hears the mix: nothing is said to be missing, and the same mix makes the same take."""
    _set_up(stage)
    stage.do("generate")
    assert any("Choose Mix Sound first" in text for text in stage.told()), stage.told()
    stage.do("restore")
    stage.jobs.state.messages.clear()
    stage.do("mix_sound")
    stage.do("generate")
    assert not any("Choose Mix Sound" in text for text in stage.told()), stage.told()
    assert any("1 take made" in text for text in stage.told()), stage.told()
    stage.do("mix_sound")
    stage.jobs.state.messages.clear()
    stage.do("generate")
    assert any("Nothing new to make" in text for text in stage.told()), stage.told()


@_with_sound
def a_mix_is_used_while_it_is_right(stage):
    _set_up(stage)
    stage.do("mix_sound")
    path = stage.save()
    stage.reopen(path)
    stage.wait()
    assert "Mixed sound" in [item["name"] for item in _sounds(stage)]
    stage.strips["dialogue"].mute = True
    assert [item["name"] for item in _sounds(stage)] == ["dialogue"]
    stage.strips["dialogue"].mute = False
    assert len(_sounds(stage)) == 2
    stage.select(stage.strips["slot"])
    stage.strips["dialogue"].volume = 0.3
    stage.strips["dialogue"].keyframe_insert("volume", frame=5)
    stage.do("generate")
    assert any("isn't used. Choose Mix Sound again" in text for text in stage.told()), stage.told()


@_with_sound
def mixing_can_be_stopped(stage):
    _set_up(stage)
    bpy.ops.greenroom.mix_sound()
    assert stage.jobs.state.mixing
    assert bpy.ops.greenroom.cancel.poll()
    stage.do("cancel")
    assert stage.errors() == [], stage.told()
    assert any("Mixing was stopped" in text for text in stage.told()), stage.told()
    assert len(_sounds(stage)) == 1


@_with_sound
def the_file_is_closed_while_sound_is_mixed(stage):
    _set_up(stage)
    bpy.ops.greenroom.mix_sound()
    stage.empty()
    stage.wait()
    assert any("Choose Mix Sound again" in text for text in stage.errors()), stage.told()


@_with_sound
def exports_have_the_strips_own_sound(stage):
    _set_up(stage)
    stage.do("mix_sound")
    value = stage.snapshot.take_snapshot(stage.scene, mixed=False)
    names = [item["name"] for track in value["tracks"] for item in track["items"] if item["kind"] == "sound"]
    assert names == ["dialogue"]

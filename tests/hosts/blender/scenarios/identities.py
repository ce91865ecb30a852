# SPDX-License-Identifier: Apache-2.0
"""Ids of strips: kept by renames and files, made anew for copies, given back after an undo."""

from __future__ import annotations

import bpy


def a_split_strip_is_two(stage):
    slot = stage.colour("slot", 1, 24)
    first = stage.identity.settle(stage.scene)
    uid = slot["greenroom_uid"]
    right = slot.split(frame=13, split_method="SOFT")
    assert right["greenroom_uid"] == uid
    by_uid = stage.identity.settle(stage.scene)
    assert len(by_uid) == 2
    assert by_uid[uid].name == "slot"
    assert set(first) < set(by_uid)


def a_renamed_strip_stays_itself(stage):
    slot = stage.colour("slot", 1, 24)
    stage.identity.settle(stage.scene)
    uid = slot["greenroom_uid"]
    slot.name = "something else"
    assert stage.identity.settle(stage.scene)[uid] == slot
    assert stage.identity.find(stage.scene, uid) == slot


def an_undo_takes_no_id_away(stage):
    stage.colour("slot", 1, 24)
    bpy.ops.ed.undo_push(message="before")
    stage.strips["slot"].channel = 4
    bpy.ops.ed.undo_push(message="moved")
    uid = next(iter(stage.identity.settle(stage.scene)))
    bpy.ops.ed.undo()
    assert "greenroom_uid" not in stage.strips["slot"]
    assert stage.identity.find(stage.scene, uid) == stage.strips["slot"]
    assert next(iter(stage.identity.settle(stage.scene))) == uid


def copied_pairs_stay_pairs(stage):
    """A placeholder and its take, split together: the right take belongs to the right placeholder."""
    slot, take = _pair(stage)
    for strip in (slot, take):
        strip.split(frame=13, split_method="SOFT")
    by_uid = stage.identity.settle(stage.scene)
    takes = stage.takes()
    assert len(by_uid) == 4
    assert len(takes) == 2
    for strip in takes:
        owner = by_uid[stage.identity.read(strip)["of"]]
        assert stage.range_of(owner) == stage.range_of(strip)
        assert stage.identity.take_of(stage.scene, owner) == strip


def a_take_copied_alone_is_footage(stage):
    _, take = _pair(stage)
    data = take["greenroom"]
    copy = stage.colour("copy", 100, 24, channel=5)
    copy["greenroom_uid"], copy["greenroom"] = take["greenroom_uid"], data
    stage.identity.settle(stage.scene)
    assert stage.takes() == [take]
    assert stage.identity.read(copy) == {}


def a_file_keeps_ids(stage):
    stage.colour("slot", 1, 24)
    uid = next(iter(stage.identity.settle(stage.scene)))
    scene_uid = stage.scene["greenroom_uid"]
    stage.reopen(stage.save())
    assert next(iter(stage.identity.settle(stage.scene))) == uid
    assert stage.scene["greenroom_uid"] == scene_uid


def a_copied_scene_is_another(stage):
    stage.colour("slot", 1, 24)
    stage.snapshot.take_snapshot(stage.scene)
    copy = stage.scene.copy()
    stage.snapshot.take_snapshot(copy)
    assert copy["greenroom_uid"] != stage.scene["greenroom_uid"]


def broken_data_does_no_harm(stage):
    slot = stage.colour("slot", 1, 24)
    for value in ("{", "[]", "7", 7, ""):
        slot["greenroom"] = value
        slot["greenroom_uid"] = "same"
        assert stage.identity.read(slot) == {}
        assert stage.snapshot.take_snapshot(stage.scene)["tracks"][0]["items"][0]["greenroom"] is None


def _pair(stage):
    slot = stage.colour("slot", 1, 24)
    take = stage.colour("mara_7f3a_take_001", 1, 24, channel=3)
    by_uid = stage.identity.settle(stage.scene)
    assert len(by_uid) == 2
    common = {"cue": "7f3a", "take": 1}
    stage.identity.write(take, {"role": "take", **common, "of": slot["greenroom_uid"]})
    stage.identity.write(slot, {"role": "stand_in", **common, "muted_by_us": True, "take_strip": take["greenroom_uid"]})
    return slot, take

# SPDX-License-Identifier: Apache-2.0
"""The whole road: a placeholder with a note becomes a take above it; undo, save and reopen understand it."""

from __future__ import annotations

import bpy


def generate_undo_save_reopen(stage):
    stage.dialogue()
    slot = stage.colour("slot", 1, 24, note="@mara talk: I never left.")
    stage.save()
    bpy.ops.ed.undo_push(message="set up")
    stage.select(slot)
    assert stage.do("generate") == {"FINISHED"}
    take = stage.one_take()
    assert stage.range_of(take) == (1, 25), stage.range_of(take)
    assert take.channel == 3
    assert stage.strips["slot"].mute
    assert stage.errors() == [], stage.told()
    assert stage.identity.read_note(stage.strips["slot"]).startswith("GR#")
    assert stage.strips["slot"].select
    assert not take.select
    bpy.ops.ed.undo()
    assert stage.takes() == []
    assert not stage.strips["slot"].mute
    bpy.ops.ed.redo()
    name = stage.one_take().name
    path = stage.save()
    stage.reopen(path)
    stage.wait()
    assert stage.one_take().name == name
    assert stage.range_of(stage.one_take()) == (1, 25)
    assert stage.strips["slot"].mute

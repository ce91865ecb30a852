# SPDX-License-Identifier: Apache-2.0
"""Edits on the timeline, without the child: where a take strip lies, what it looks like, and when it is refused."""

from __future__ import annotations

import shutil

import bpy

HEAD, FRAMES, MEDIA = 8, 24, 48  # the stand-in's 48 frames serve as a take: 8 head, 24 slot, 16 tail


def _edit(stage, strip, take=1, **changes):
    path = stage.folder / f"take{take}.mov"
    if not path.exists():
        shutil.copy(stage.folder / "standin.mov", path)
    stage.identity.settle(stage.scene)
    first, end = stage.range_of(strip)
    value = {"do": "place_take", "item": strip["greenroom_uid"], "cue": "7f3a", "take": take, "path": str(path)}
    value |= {"name": f"mara_7f3a_take_{take:03}", "start": first, "frames": end - first, "head": HEAD}
    value |= {"tail": MEDIA - HEAD - (end - first), "media_frames": MEDIA, "rate": [24, 1], "label": "previz"}
    return {**value, **changes}


def _apply(stage, edit):
    """As a turn of the timer that looks, and one that applies."""
    ready = stage.edits.look(stage.scene, edit)
    if ready:
        ready(stage.scene)


def _refused(stage, edit):
    before = [(strip.name, stage.range_of(strip), strip.channel, strip.mute) for strip in stage.strips]
    try:
        _apply(stage, edit)
    except stage.edits.Refused as reason:
        after = [(strip.name, stage.range_of(strip), strip.channel, strip.mute) for strip in stage.strips]
        assert after == before
        return str(reason)
    raise AssertionError("not refused")


def in_and_out_with_handles(stage):
    slot = stage.colour("slot", 101, FRAMES)
    _apply(stage, _edit(stage, slot))
    take = stage.one_take()
    assert stage.range_of(take) == (101, 101 + FRAMES)
    assert stage.compat.content_first(take) == 101 - HEAD
    assert stage.compat.content_frames(take) == MEDIA
    assert take.channel == 3
    assert slot.mute
    assert not take.mute


def between_neighbours(stage):
    """Neighbours on the channel above would be pushed away by the take's handles."""
    slot = stage.colour("slot", 101, FRAMES)
    stage.colour("before", 90, 11, channel=3)
    stage.colour("after", 101 + FRAMES, 10, channel=3)
    _apply(stage, _edit(stage, slot))
    assert stage.one_take().channel == 3
    assert stage.range_of(stage.strips["before"]) == (90, 101)
    assert stage.range_of(stage.strips["after"]) == (125, 135)
    assert stage.range_of(stage.one_take()) == (101, 125)


def busy_and_locked_channels_are_passed_over(stage):
    slot = stage.colour("slot", 1, FRAMES)
    stage.colour("title", 20, 10, channel=3)
    stage.editor.channels[4].lock = True
    _apply(stage, _edit(stage, slot))
    assert stage.one_take().channel == 5


def a_channel_taken_between_looking_and_placing(stage):
    """A tick looks, another places; what the editor puts there in between stays where it is."""
    slot = stage.colour("slot", 1, FRAMES)
    ready = stage.edits.look(stage.scene, _edit(stage, slot))
    title = stage.colour("title", 5, 10, channel=3)
    ready(stage.scene)
    assert (title.channel, stage.range_of(title)) == (3, (5, 15))
    take = stage.one_take()
    assert take.channel > 3
    assert stage.range_of(take) == (1, 1 + FRAMES)


def moved_between_looking_and_placing(stage):
    slot = stage.colour("slot", 1, FRAMES)
    ready = stage.edits.look(stage.scene, _edit(stage, slot))
    stage.compat.set_range(slot, 3, 1 + FRAMES)
    said = ""
    try:
        ready(stage.scene)
    except stage.edits.Refused as reason:
        said = str(reason)
    assert "moved or trimmed" in said
    assert stage.takes() == []
    assert not slot.mute


def looks_like_the_stand_in(stage):
    stand_in = stage.movie("standin", 1)
    stand_in.color_tag = "COLOR_04"
    stand_in.blend_alpha = 0.5
    stand_in.transform.offset_x, stand_in.transform.scale_x, stand_in.transform.scale_y = 12, 0.5, 0.5
    stand_in.transform.rotation = 0.25
    stand_in.crop.min_x = 20
    _apply(stage, _edit(stage, stand_in))
    take = stage.one_take()
    assert take.color_tag == "COLOR_04"
    assert take.blend_alpha == 0.5
    assert (take.transform.offset_x, take.transform.scale_x) == (12, 0.5)
    assert take.transform.rotation == 0.25
    assert take.crop.min_x == 20


def fits_a_scene_of_another_size(stage):
    """A placeholder fills the frame; so does its take, whatever the size of its media."""
    stage.scene.render.resolution_x, stage.scene.render.resolution_y = 640, 360
    slot = stage.colour("slot", 1, FRAMES)
    _apply(stage, _edit(stage, slot))
    assert stage.one_take().transform.scale_x == 2.0


def another_take_in_the_same_strip(stage):
    slot = stage.colour("slot", 1, FRAMES)
    _apply(stage, _edit(stage, slot))
    first = stage.one_take()
    first.transform.offset_y = 33
    uid, channel = first["greenroom_uid"], first.channel
    _apply(stage, _edit(stage, slot, take=2))
    take = stage.one_take()
    assert take.name == "mara_7f3a_take_002"
    assert take.filepath.endswith("take2.mov")
    assert (take["greenroom_uid"], take.channel, take.transform.offset_y) == (uid, channel, 33)
    assert stage.range_of(take) == (1, 1 + FRAMES)


def a_take_of_another_length(stage):
    """The file alone can't be changed then; what the editor did to the strip is carried over."""
    slot = stage.colour("slot", 1, FRAMES)
    _apply(stage, _edit(stage, slot))
    stage.one_take().transform.offset_y = 33
    stage.compat.set_range(slot, 1, 21)
    _apply(stage, _edit(stage, slot, take=2))
    take = stage.one_take()
    assert stage.range_of(take) == (1, 21)
    assert take.transform.offset_y == 33
    assert take.channel == 3


def restore_leaves_no_trace(stage):
    slot = stage.colour("slot", 1, FRAMES)
    stage.identity.settle(stage.scene)
    keys = set(slot.keys())
    _apply(stage, _edit(stage, slot))
    _apply(stage, {"do": "remove_take", "item": slot["greenroom_uid"], "cue": "7f3a"})
    assert [strip.name for strip in stage.strips] == ["slot"]
    assert not slot.mute
    assert set(slot.keys()) == keys


def a_strip_muted_by_the_editor_stays_muted(stage):
    slot = stage.colour("slot", 1, FRAMES)
    slot.mute = True
    _apply(stage, _edit(stage, slot))
    _apply(stage, {"do": "remove_take", "item": slot["greenroom_uid"], "cue": "7f3a"})
    assert slot.mute


def selection_and_playhead_stay(stage):
    slot, other = stage.colour("slot", 1, FRAMES), stage.colour("other", 50, 10)
    stage.select(other)
    stage.scene.frame_set(7)
    _apply(stage, _edit(stage, slot))
    assert [strip.name for strip in stage.strips if strip.select] == ["other"]
    assert stage.editor.active_strip.name == "other"
    assert stage.scene.frame_current == 7


def a_take_for_the_active_one_is_active(stage):
    """After a recut the new take is a strip of its own, in the old one's place."""
    slot = stage.colour("slot", 1, FRAMES)
    _apply(stage, _edit(stage, slot))
    (old,) = stage.takes()
    stage.select(old)
    slot.frame_final_end -= 4
    _apply(stage, _edit(stage, slot, take=2))
    (new,) = stage.takes()
    assert (new.name, new.select) == ("mara_7f3a_take_002", True)
    assert stage.editor.active_strip == new


def what_no_longer_fits_is_refused(stage):
    slot = stage.colour("slot", 1, FRAMES)
    edit = _edit(stage, slot)
    assert "was deleted" in _refused(stage, {**edit, "item": "nobody"})
    assert "30 fps" in _refused(stage, {**edit, "rate": [30, 1]})
    assert "missing" in _refused(stage, {**edit, "path": str(stage.folder / "no.mov")})
    assert "reads 48 frames" in _refused(stage, {**edit, "media_frames": 50})
    stage.compat.set_range(slot, 1, 20)
    assert "moved or trimmed" in _refused(stage, edit)
    (stage.folder / "broken.mov").write_bytes(b"no movie")
    whole = _edit(stage, slot)
    assert "Look whether the file is whole" in _refused(stage, {**whole, "path": str(stage.folder / "broken.mov")})


def a_locked_take_is_not_changed(stage):
    slot = stage.colour("slot", 1, FRAMES)
    _apply(stage, _edit(stage, slot))
    stage.editor.channels[3].lock = True
    assert "Unlock channel" in _refused(stage, {"do": "remove_take", "item": slot["greenroom_uid"], "cue": "7f3a"})
    stage.compat.set_range(slot, 1, 21)
    assert "Unlock channel" in _refused(stage, _edit(stage, slot, take=2))


def no_room_above(stage):
    slot = stage.colour("slot", 1, FRAMES, channel=127)
    stage.colour("top", 5, 5, channel=128)
    assert "No channel above channel 127" in _refused(stage, _edit(stage, slot))


def over_a_timeline_marker(stage):
    """A marker over nothing: the take stands for no strip, on the channel that the edit names or above it."""
    stage.colour("else", 1, 10, channel=1)
    edit = {**_edit(stage, stage.strips["else"]), "item": None, "start": 40, "frames": FRAMES, "track": 2}
    _apply(stage, edit)
    take = stage.one_take()
    assert (stage.range_of(take), take.channel) == ((40, 64), 2)
    _apply(stage, {**edit, "take": 2, "name": "mara_7f3a_take_002"})
    assert stage.one_take().name == "mara_7f3a_take_002"


def notes_get_their_id(stage):
    slot = stage.colour("slot", 1, FRAMES, note="@mara talk: Hello.")
    stage.identity.settle(stage.scene)
    text = "GR#7f3a: actor=mara mode=talk line=Hello."
    _apply(stage, {"do": "mark", "item": slot["greenroom_uid"], "marker": None, "text": text})
    assert stage.identity.read_note(slot) == text
    assert slot.greenroom_note == text


def long_marker_notes_are_whole(stage):
    stage.scene.timeline_markers.new("@mara talk: Hello.", frame=5)
    text = 'GR#7f3a: actor=mara mode=talk line="' + "I never left, whatever they say. " * 4 + '"'
    _apply(stage, {"do": "mark", "item": None, "marker": 5, "text": text, "old": "@mara talk: Hello."})
    marker = stage.snapshot.take_snapshot(stage.scene)["markers"][0]
    assert marker["note"] == text
    assert marker["name"].startswith("GR#7f3a: actor=mara")


def unknown_edits_are_passed_over(stage):
    stage.colour("slot", 1, FRAMES)
    _apply(stage, {"do": "polish", "item": "x"})


def compare_shows_one_or_the_other(stage):
    slot = stage.colour("slot", 1, FRAMES)
    _apply(stage, _edit(stage, slot))
    stage.select(stage.one_take())
    bpy.ops.greenroom.compare()
    assert (slot.mute, stage.one_take().mute) == (False, True)
    bpy.ops.greenroom.compare()
    assert (slot.mute, stage.one_take().mute) == (True, False)

# SPDX-License-Identifier: Apache-2.0
"""The whole road with the real child and the local engine: from a note to a take, and everything done with takes."""

from __future__ import annotations

import shutil

import bpy


def _note(stage):
    return "@mara talk: I never left." if stage.has_sound else "@mara animate: nods"


def _one(stage, frames=12, **more):
    stage.dialogue()
    slot = stage.colour("slot", 1, frames, note=_note(stage), **more)
    stage.save()
    bpy.ops.ed.undo_push(message="set up")
    stage.select(slot)
    return slot


def _generate(stage, **properties):
    assert stage.do("generate", **properties) == {"FINISHED"}
    assert stage.errors() == [], stage.told()


def generate_undo_save_reopen(stage):
    _one(stage, 24)
    _generate(stage)
    take = stage.one_take()
    assert stage.range_of(take) == (1, 25), stage.range_of(take)
    assert take.channel == 3
    assert stage.compat.content_first(take) < 1, "no handles to slip in"
    assert stage.strips["slot"].mute
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


def takes_are_switched_and_restored(stage):
    slot = _one(stage)
    stage.do("generate_dialog", takes=2)
    assert stage.errors() == []
    first = stage.identity.read(stage.one_take())["take"]
    seen = [first]
    for step in ("next", "next", "previous"):
        stage.do("choose", take=step)
        seen.append(stage.identity.read(stage.one_take())["take"])
        assert stage.range_of(stage.one_take()) == (1, 13)
    assert seen[0] == seen[2]
    assert seen[1] == seen[3]
    assert set(seen) == {1, 2}
    stage.do("choose", take="2")
    assert stage.one_take().name.endswith("002")
    stage.do("list_takes")
    known = stage.jobs.state.takes[slot["greenroom_uid"]]
    assert [take["number"] for take in known["takes"]] == [1, 2]
    stage.do("choose", take="7")
    assert any("no take 7" in text for text in stage.errors()), stage.told()
    stage.do("restore")
    assert stage.takes() == []
    assert not slot.mute
    stage.do("refresh")
    assert stage.one_take().name.endswith("002")


def the_dialog_writes_the_note(stage):
    slot = _one(stage)
    stage.identity.write_note(slot, "")
    mode = "talk" if stage.has_sound else "animate"
    stage.do("generate_dialog", actor="mara", mode=mode, note='I "never" left.', engine="previz")
    assert stage.errors() == [], stage.told()
    note = stage.identity.read_note(slot)
    assert note.startswith("GR#")
    assert f'{"line" if stage.has_sound else "note"}="I \\"never\\" left."' in note
    assert stage.range_of(stage.one_take()) == (1, 13)


def a_quote_comes_first(stage):
    slot = _one(stage)
    stage.identity.settle(stage.scene)
    stage.jobs.quote(stage.jobs.wishes(stage.scene, [slot["greenroom_uid"]], takes=3))
    stage.wait()
    quote = stage.jobs.state.quote
    assert (quote["to_make"], quote["cached"]) == (3, 0)
    assert float(quote["cost"]) == 0
    assert stage.takes() == []


def many_strips_at_once(stage):
    stage.dialogue()
    slots = [
        stage.colour(f"slot {number}", 1 + 12 * number, 12, note=f"{_note(stage)} {number}") for number in range(3)
    ]
    stage.save()
    stage.select(*slots[:2])
    _generate(stage)
    assert len(stage.takes()) == 2
    stage.select()
    _generate(stage, everything=True)
    assert len(stage.takes()) == 3
    for slot in slots:
        take = stage.identity.take_of(stage.scene, slot)
        assert stage.range_of(take) == stage.range_of(slot)
    assert len({take.channel for take in stage.takes()}) == 1


def a_text_and_a_marker_are_notes(stage):
    title = stage.compat.new_effect(stage.editor, "TEXT", "title", 2, 1, 12)
    title.text = "@mara animate: turns to the window"
    stage.colour("slot", 13, 12)
    stage.scene.timeline_markers.new("@mara animate: nods", frame=15)
    stage.save()
    stage.do("generate", everything=True)
    assert stage.errors() == [], stage.told()
    assert sorted(stage.range_of(take) for take in stage.takes()) == [(1, 13), (13, 25)]
    assert stage.scene.timeline_markers[0].name.startswith("GR#")
    assert title.text == "@mara animate: turns to the window"


def a_stand_in(stage):
    """Footage without a face can't be replaced; a performance over it can be made, and it stays."""
    stand_in = stage.movie("standin", 1)
    stage.compat.set_range(stand_in, 9, 21)
    stage.identity.write_note(stand_in, "GR: actor=mara mode=animate note=nods")
    stage.save()
    stage.select(stand_in)
    _generate(stage)
    assert stage.range_of(stage.one_take()) == (9, 21)
    assert stand_in.mute
    assert stage.compat.content_first(stand_in) == 1
    stage.do("restore")
    assert not stand_in.mute
    assert stage.range_of(stand_in) == (9, 21)


def twenty_three_nine_seven_six(stage):
    stage.scene.render.fps, stage.scene.render.fps_base = 24, 1.001
    _one(stage)
    _generate(stage)
    take = stage.one_take()
    assert stage.range_of(take) == (1, 13)
    assert abs(take.fps - 24000 / 1001) < 1e-3


def other_start_frames(stage):
    stage.scene.frame_start, stage.scene.frame_end = 1001, 1100
    stage.dialogue(1001)
    slot = stage.colour("slot", 1005, 12, note=_note(stage))
    before = stage.colour("before the start", 900, 12, note="@mara animate: waits", channel=4)
    stage.save()
    stage.select(slot, before)
    _generate(stage)
    assert sorted(stage.range_of(take) for take in stage.takes()) == [(900, 912), (1005, 1017)]


def a_moved_project_keeps_all(stage):
    _one(stage)
    _generate(stage)
    stage.save()
    bpy.ops.file.make_paths_relative()
    stage.save()
    assert stage.one_take().filepath.startswith("//")
    moved = stage.folder.parent / "moved elsewhere"
    stage.jobs.stop()
    shutil.copytree(stage.folder, moved)
    shutil.move(stage.folder, stage.folder.parent / "old")
    stage.folder.mkdir()
    stage.reopen(moved / "scene.blend")
    stage.wait()
    take = stage.one_take()
    assert stage.range_of(take) == (1, 13)
    assert bpy.path.abspath(take.filepath).startswith(str(moved))
    assert stage.errors() == [], stage.told()


def a_split_placeholder_gets_takes_of_its_own(stage):
    slot = _one(stage, 24)
    _generate(stage)
    stage.one_take().split(frame=13, split_method="SOFT")
    right = slot.split(frame=13, split_method="SOFT")
    stage.select(slot, right)
    stage.do("read_cues")
    answer = stage.jobs.state.cues[stage.scene["greenroom_uid"]]
    assert len(answer["cues"]) == 2
    stage.do("generate")
    assert stage.errors() == [], stage.told()
    owners = {stage.identity.read(take)["of"]: stage.range_of(take) for take in stage.takes()}
    assert owners == {slot["greenroom_uid"]: (1, 13), right["greenroom_uid"]: (13, 25)}


def cues_are_read(stage):
    _one(stage)
    stage.colour("empty", 30, 12)
    stage.colour("wrong", 50, 12, note="GR: actor=nobody mode=dance")
    stage.do("read_cues")
    answer = stage.jobs.state.cues[stage.scene["greenroom_uid"]]
    assert {cue["item"] for cue in answer["cues"]} >= {stage.strips["slot"]["greenroom_uid"]}
    assert len(answer["suggestions"]) == 1
    assert any("dance" in text for text in stage.told()), stage.told()


def cancel_and_resume(stage):
    slots = [stage.colour(f"slot {n}", 1 + 40 * n, 40, note=f"@mara animate: nods {n}") for n in range(4)]
    stage.save()
    stage.select(*slots)
    bpy.ops.greenroom.generate()
    stage.until_a_job_runs()
    bpy.ops.greenroom.cancel()
    stage.wait()
    assert len(stage.takes()) < 4
    assert any("Stopped" in text for text in stage.told()), stage.told()
    stage.do("generate", everything=True)
    assert len(stage.takes()) == 4


def jobs_survive_the_end_of_blender(stage):
    """The child is told to end in the midst of a batch; the next one goes on with it."""
    slots = [stage.colour(f"slot {n}", 1 + 40 * n, 40, note=f"@mara animate: nods {n}") for n in range(4)]
    stage.select(*slots)
    path = stage.save()
    bpy.ops.greenroom.generate()
    stage.until_a_job_runs()
    stage.save()
    stage.jobs.host.kill()
    stage.wait()
    stage.jobs.state.messages.clear()
    stage.reopen(path)
    stage.wait()
    assert any("Going on with what was under way" in text for text in stage.told()), stage.told()
    assert len(stage.takes()) == 4, stage.told()
    stage.do("resume")
    assert any("Nothing waits to be resumed" in text for text in stage.told()), stage.told()


def jobs_that_need_the_network_wait_for_it(stage):
    """Opening a file starts nothing that the editor didn't allow in Blender's preferences."""
    slots = [stage.colour(f"slot {n}", 1 + 40 * n, 40, note=f"@mara animate: nods {n}") for n in range(4)]
    stage.select(*slots)
    path = stage.save()
    stage.jobs.generate(stage.scene, stage.jobs.wishes(stage.scene), "as begun with online access")
    stage.until_a_job_runs()
    stage.save()
    stage.jobs.host.kill()
    stage.wait()
    stage.reopen(path)
    stage.wait()
    waits = any("online access is off" in text for text in stage.told())
    assert waits != stage.compat.online(), stage.told()
    if waits:
        assert len(stage.takes()) < 4


def exported_and_imported(stage):
    """Through OTIO into another .blend of the project, above what is there: takes, notes and markers come along."""
    _one(stage)
    _generate(stage)
    stage.scene.timeline_markers.new("look here", frame=7)
    path = stage.folder / "cut.otio"
    stage.do("export_timeline", filepath=str(path))
    assert path.exists(), stage.told()
    stage.empty()
    stage.save("other.blend")
    stage.colour("mine", 1, 30, channel=1)
    stage.do("import_timeline", filepath=str(path))
    assert stage.errors() == [], stage.told()
    assert (stage.strips["mine"].channel, stage.range_of(stage.strips["mine"])) == (1, (1, 31))
    kinds = {strip.type for strip in stage.strips}
    assert ("SOUND" in kinds) == stage.has_sound, [(strip.name, strip.type) for strip in stage.strips]
    slot, take = stage.strips["slot"], stage.one_take()
    assert stage.range_of(take) == stage.range_of(slot) == (1, 13)
    assert take.channel > slot.channel > 1
    assert stage.compat.content_first(take) < 1, "no handles to slip in"
    assert slot.mute
    assert [(marker.name, marker.frame) for marker in stage.scene.timeline_markers] == [("look here", 7)]
    stage.select(slot)
    stage.do("restore")
    assert stage.takes() == []
    assert not slot.mute


def imported_where_no_project_is(stage):
    """The strips are shown, not muted as they were under their takes; where the takes are is told."""
    _one(stage)
    _generate(stage)
    path = stage.folder / "cut.otio"
    stage.do("export_timeline", filepath=str(path))
    stage.empty()
    stage.do("import_timeline", filepath=str(path))
    assert not stage.strips["slot"].mute
    assert any("choose Refresh Takes" in text for text in stage.told()), stage.told()

# SPDX-License-Identifier: Apache-2.0
"""What goes wrong says what to do, and nothing of the timeline changes."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import bpy

NOTE = "@mara animate: nods"


def _set_up(stage):
    slot = stage.colour("slot", 1, 12, note=NOTE)
    stage.select(slot)
    return slot


def _look(stage):
    return [(strip.name, stage.range_of(strip), strip.channel, strip.mute) for strip in stage.strips]


def _script(stage, text):
    path = stage.folder / "pretender"
    path.write_text(f"#!{sys.executable}\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


def _use(stage, path):
    stage.preferences.find_command = lambda: [str(path)]


def the_project_is_not_saved(stage):
    _set_up(stage)
    said = stage.refused("generate")
    assert "Save it first" in said


def nothing_is_selected(stage):
    _set_up(stage)
    stage.save()
    stage.select()
    assert "Select a placeholder or a stand-in" in stage.refused("generate")


def greenroom_is_not_installed(stage):
    _set_up(stage)
    stage.save()
    stage.preferences.find_command = list
    before = _look(stage)
    assert "pipx install greenroom" in stage.refused("generate")
    assert _look(stage) == before


def greenroom_was_moved(stage):
    _set_up(stage)
    stage.save()
    _use(stage, stage.folder / "no" / "greenroom")
    said = stage.refused("generate")
    assert "moved or removed" in said
    assert "Set Greenroom Command" in said


def the_command_is_a_folder_or_no_program(stage):
    _set_up(stage)
    stage.save()
    _use(stage, stage.folder)
    assert "is a folder" in stage.refused("generate")
    _use(stage, stage.folder / "line.wav")
    assert "isn't a program" in stage.refused("generate")


def a_broken_environment(stage):
    """The child starts and ends at once, as a venv does whose packages are gone."""
    _set_up(stage)
    stage.save()
    _use(stage, _script(stage, "import nothing_of_this_name"))
    before = _look(stage)
    stage.do("generate")
    assert any("nothing_of_this_name" in text for text in stage.errors()), stage.told()
    assert _look(stage) == before
    works, said = stage.preferences.try_command(stage.preferences.command())
    assert not works
    assert "is broken" in said
    assert "Install Greenroom again" in said


def another_program_answers(stage):
    _use(stage, _script(stage, "print('hello')"))
    works, said = stage.preferences.try_command(stage.preferences.command())
    assert not works
    assert "isn't Greenroom" in said


def the_right_program_answers(stage):
    works, said = stage.preferences.try_command(stage.preferences.command())
    assert works, said
    assert said.startswith("greenroom ")


def another_protocol(stage):
    _set_up(stage)
    stage.save()
    stage.pump.PROTOCOL = 2
    stage.do("read_cues")
    assert any("pip install --upgrade greenroom" in text for text in stage.errors()), stage.told()


def noise_on_the_pipe(stage):
    """Lines that are no messages are passed over; an answer to nothing, too."""
    _set_up(stage)
    text = "import sys\nprint('noise'); print('[1]'); print('{\"id\": 99}'); print('7', flush=True)\nsys.stdin.read()"
    _use(stage, _script(stage, text))
    bpy.ops.greenroom.read_cues()
    until = time.monotonic() + 2
    while time.monotonic() < until:
        stage.jobs.tick()
    assert stage.jobs.host.running
    stage.jobs.host.kill()
    stage.wait()
    assert any("ended with status" in text for text in stage.errors())


def a_child_that_dies_in_the_midst(stage):
    slots = [stage.colour(f"slot {n}", 1 + 40 * n, 40, note=f"@mara animate: nods {n}") for n in range(4)]
    stage.save()
    stage.select(*slots)
    bpy.ops.greenroom.generate()
    stage.until_a_job_runs()
    before = _look(stage)
    stage.jobs.host.kill()
    stage.wait()
    assert any("ended with status" in text for text in stage.errors()), stage.told()
    assert _look(stage) == before
    assert not stage.jobs.state.batches
    stage.do("resume")
    assert len(stage.takes()) == 4, stage.told()


def a_strip_deleted_while_its_take_is_made(stage):
    one, two = stage.colour("one", 1, 12, note=NOTE), stage.colour("two", 20, 12, note=NOTE)
    stage.save()
    stage.select(one, two)
    bpy.ops.greenroom.generate()
    stage.strips.remove(one)
    stage.wait()
    assert any("was deleted" in text for text in stage.errors()), stage.told()
    assert stage.range_of(stage.one_take()) == (20, 32)


def a_strip_moved_while_its_take_is_made(stage):
    slot = _set_up(stage)
    stage.save()
    bpy.ops.greenroom.generate()
    stage.compat.set_range(slot, 3, 12)
    stage.wait()
    assert any("moved or trimmed" in text for text in stage.errors()), stage.told()
    assert stage.takes() == []
    assert not slot.mute


def a_scene_removed_while_its_take_is_made(stage):
    _set_up(stage)
    stage.save()
    bpy.ops.greenroom.generate()
    bpy.data.scenes.new("Other")
    bpy.data.scenes.remove(stage.scene if stage.scene.name != "Other" else bpy.data.scenes[1])
    stage.wait()
    assert any("was removed" in text for text in stage.told()), stage.told()


def another_file_opened_while_a_take_is_made(stage):
    _set_up(stage)
    path = stage.save()
    bpy.ops.greenroom.generate()
    stage.save()
    stage.empty()
    stage.wait()
    assert stage.takes() == []
    assert any("scene.blend are kept" in text for text in stage.told()), stage.told()
    stage.reopen(path)
    stage.wait()
    assert stage.range_of(stage.one_take()) == (1, 13), stage.told()


def the_file_is_opened_again_while_its_take_is_made(stage):
    """As with File > Revert: the batch is still this file's."""
    _set_up(stage)
    path = stage.save()
    bpy.ops.greenroom.generate()
    stage.save()
    stage.reopen(path)
    stage.wait()
    assert stage.range_of(stage.one_take()) == (1, 13), stage.told()


def no_project_beside_the_file(stage):
    _set_up(stage)
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.folder.parent / "elsewhere.blend"))
    assert "Choose Start Project" in stage.refused("generate")
    assert "Choose Start Project" in stage.refused("mix_sound")
    stage.do("refresh")
    assert any("Choose Start Project" in text for text in stage.errors()), stage.told()
    assert stage.takes() == []


def a_price_that_needs_agreement(stage):
    """The command line's --yes is the dialog's OK."""
    hint = "Read the quote above, and say it: the same command with --yes"
    stage.jobs.fail(stage.pump.HostError("This costs 12.00 USD", hint, {"kind": "budget"}))
    assert "Choose Generate Take..." in stage.errors()[0]
    assert "--yes" not in stage.errors()[0]


def an_unknown_actor(stage):
    slot = stage.colour("slot", 1, 12, note="@nobody talk: Hello.")
    stage.save()
    stage.select(slot)
    stage.do("generate")
    assert any("nobody" in text for text in stage.errors()), stage.told()
    assert not slot.mute


def footage_without_a_face(stage):
    stand_in = stage.movie("standin", 1)
    stage.identity.write_note(stand_in, "GR: actor=mara mode=replace")
    stage.save()
    stage.select(stand_in)
    stage.do("generate")
    assert stage.errors(), stage.told()
    assert stage.takes() == []
    assert not stand_in.mute


def sounds_alone_are_no_selection(stage):
    sound = stage.dialogue()
    if sound is None:
        stage.colour("not selected", 1, 12)
    stage.save()
    stage.select(*filter(None, [sound]))
    assert "Select a placeholder" in stage.refused("generate")


def requests_go_out_whole(stage):
    """Messages are written bit by bit; what arrives is what was sent."""
    _set_up(stage)
    value = {"snapshot": stage.snapshot.take_snapshot(stage.scene), "a": [], "b": {}, "c": [1, "ü\n", None, True, [{}]]}
    for message in ({"params": value}, {}, [], {"x": {"y": [[], [1.5]]}}, "ü", 7):
        assert json.loads("".join(stage.pump.pieces(message))) == message


def every_operator_says_what_it_does(stage):
    """A description each, and no run again from Adjust Last Operation."""
    names = [name for name in dir(bpy.types) if name.startswith("GREENROOM_OT_")]
    assert len(names) > 15
    for name in names:
        kind = getattr(bpy.types, name)
        assert len(kind.bl_description) > 10, name
        assert not kind.bl_description.endswith("."), name
        assert set(kind.bl_options) <= {"UNDO"}, name


def the_file_is_opened_without_its_takes(stage):
    """On another machine, or with the drive unplugged: the timeline stays as it was, and what to do is told."""
    slot = _set_up(stage)
    stage.save()
    stage.do("generate")
    path = stage.save()
    before = _look(stage)
    takes = stage.folder / "takes"
    takes.rename(stage.folder / "unplugged")
    stage.reopen(path)
    stage.wait()
    assert _look(stage) == before
    assert stage.told(), "nothing is said"
    stage.select(stage.strips[slot.name])
    stage.do("compare")
    assert not stage.strips["slot"].mute
    (stage.folder / "unplugged").rename(takes)
    stage.do("compare")
    stage.do("refresh")
    assert _look(stage) == before


def odd_names(stage):
    """Quotes, brackets, backslashes and other alphabets in names, notes and file names."""
    stage.save('Szene "1" [ü] 場面.blend')
    slot = stage.colour('sl"ot\\ ["x"] 場面', 1, 12, note=f"{NOTE} “Grüße” \\ 場面")
    slot.blend_alpha = 0.9
    slot.keyframe_insert("blend_alpha", frame=1)
    stage.select(slot)
    stage.do("generate")
    assert stage.errors() == [], stage.told()
    assert stage.range_of(stage.one_take()) == (1, 13)
    items = [item for track in stage.snapshot.take_snapshot(stage.scene)["tracks"] for item in track["items"]]
    assert any("animated opacity" in item["unheld"] for item in items)


def inside_of_a_meta_strip(stage):
    """Tabbed into a meta, an editor sees and selects strips that takes can't lie above."""
    slot = stage.colour("slot", 1, 12, note=NOTE)
    meta = stage.strips.new_meta("meta", 5, 1)
    slot.move_to_meta(meta)
    stage.select(meta)
    stage.save()
    bpy.context.window_manager.windows[0].screen.areas[0].type = "SEQUENCE_EDITOR"
    with bpy.context.temp_override(**stage.compat.sequencer_place()):
        bpy.ops.sequencer.meta_toggle()
    assert "Leave it with Tab" in stage.refused("generate")


def a_linked_scene_is_left_alone(stage):
    """A scene that is linked from another file: nothing is written to it, and nothing is asked about it."""
    stage.colour("theirs", 1, 12, note=NOTE)
    stage.save("library.blend")
    stage.empty()
    stage.scene.name = "Ours"
    slot = _set_up(stage)
    stage.save()
    with bpy.data.libraries.load(str(stage.folder / "library.blend"), link=True) as (there, wanted):
        wanted.scenes = there.scenes
    (theirs,) = [scene for scene in bpy.data.scenes if scene.library]
    stage.do("generate")
    assert stage.range_of(stage.one_take()) == stage.range_of(slot)
    assert "greenroom_uid" not in theirs
    bpy.context.window.scene = theirs
    stage.compat.make_sequencer_scene(bpy.context, theirs)
    assert "linked from another file" in stage.refused("generate", everything=True)


def a_file_opened_to_be_rendered(stage):
    """A Blender without a window, as on a render farm, runs no timers: opening a file there starts no child."""
    _set_up(stage)
    stage.save()
    stage.do("generate")
    path = stage.save()
    stage.jobs.stop()
    stage.reopen(path)
    assert not stage.jobs.host.running
    assert not stage.jobs.idle()  # it waits for the timer
    stage.wait()
    assert stage.jobs.host.running


def two_blenders_make_the_same(stage):
    """Both ask for the same take at once: one makes it, the other gets it, and there is one."""
    slot = _set_up(stage)
    stage.save()
    bpy.ops.greenroom.generate()
    heard = []
    second = stage.pump.Host(lambda method, told: heard.append(method), lambda reason: heard.append("ended"))
    second.start(stage.preferences.command())
    wanted = {"snapshot": stage.snapshot.take_snapshot(stage.scene)}
    second.call("generate", wanted, None, heard.append)
    stage.wait()
    until = time.monotonic() + 60
    while not {"finished", "failed", "ended"} & {each for each in heard if isinstance(each, str)}:
        assert time.monotonic() < until, heard
        second.tick()
        time.sleep(0.01)
    second.stop()
    assert "finished" in heard, heard
    assert len(list((stage.folder / "takes").glob("*/take_*"))) == 1
    assert stage.range_of(stage.one_take()) == stage.range_of(slot)


def messages_are_sentences(stage):
    """The command's begin small and speak of commands; in Blender they begin with a capital and speak of entries."""
    problem = {"message": "the take is cut off", "hint": "Run the same command again.", "severity": "warning"}
    stage.jobs.tell_problems([problem, {**problem, "where": "V1 00:00:00:01 slot"}])
    stage.jobs.fail(stage.pump.HostError("2 problems", "Mend these and run the same command again", {"where": "sc01"}))
    assert stage.told() == [
        "The take is cut off. Try again",
        "V1 00:00:00:01 slot: the take is cut off. Try again",
        "sc01: 2 problems. Mend these and try again",
    ]


def two_blenders_on_one_project(stage):
    """A second child of the same project, at work at the same time."""
    slot = _set_up(stage)
    stage.save()
    first = stage.jobs.host
    bpy.ops.greenroom.generate()
    second = stage.pump.Host(lambda method, told: None, lambda reason: None)
    second.start(stage.preferences.command())
    heard = []
    wanted = {"snapshot": stage.snapshot.take_snapshot(stage.scene)}
    second.call("cues", wanted, heard.append, heard.append)
    stage.wait()
    while not heard:
        second.tick()
        time.sleep(0.01)
    assert isinstance(heard[0], dict), heard
    assert first is stage.jobs.host
    assert stage.identity.take_of(stage.scene, slot) is not None
    second.stop()


def a_command_set_by_hand(stage):
    found = stage.preferences.find_command()
    assert Path(found[0]).name == "greenroom"
    assert stage.preferences.command() == found

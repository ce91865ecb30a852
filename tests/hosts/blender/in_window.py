# SPDX-License-Identifier: Apache-2.0
"""Run by Blender with a window: `blender --python in_window.py -- FOLDER`. Cuts a scene, then only looks.

What the test needs is written to FOLDER/state.json several times a second: where strips are on the screen, what they
are, and what Greenroom tells. Everything else is done by the mouse and the keyboard. GREENROOM_COMMAND names the
command that the add-on's preferences are given; placeholders of FOLDER/more.json, [[name, first frame, frames, note]],
are cut in too.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

import bpy

FOLDER = Path(sys.argv[-1])
NOTE = "@mara talk: I never left."


def addon():
    """The installed add-on, whatever name this Blender gave its module."""
    names = list(bpy.context.preferences.addons.keys())
    name = next(name for name in names if name in ("greenroom_blender", "bl_ext.user_default.greenroom"))
    return importlib.import_module(name)


def part(name):
    return importlib.import_module(f"{addon().__name__}.{name}")


def sequencer():
    window = bpy.context.window_manager.windows[0]
    area = max(window.screen.areas, key=lambda each: each.width * each.height)
    return window, area


def set_up():
    """One large sequencer; a placeholder with a note over a line of dialogue, and a stand-in."""
    window, area = sequencer()
    area.ui_type = "SEQUENCE_EDITOR"
    area.spaces[0].view_type = "SEQUENCER"
    area.spaces[0].show_region_ui = True
    scene = window.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.fps = 320, 180, 24
    scene.frame_end = 80
    compat, identity = part("compat"), part("identity")
    compat.make_sequencer_scene(bpy.context, scene)
    editor = compat.editor_of(scene, create=True)
    compat.new_sound(editor, "dialogue", str(FOLDER / "line.wav"), 1, 1)
    slot = compat.new_effect(editor, "COLOR", "slot", 2, 1, 24)
    slot.color = (0.1, 0.2, 0.4)
    identity.write_note(slot, NOTE)
    compat.new_movie(editor, "standin", str(FOLDER / "standin.mov"), 2, 30)
    more = FOLDER / "more.json"
    for name, first, frames, note in json.loads(more.read_text("utf-8")) if more.exists() else ():
        identity.write_note(compat.new_effect(editor, "COLOR", name, 2, first, frames), note)
    for strip in compat.strips(editor):
        strip.select = False
    editor.active_strip = None
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "scene.blend"))
    bpy.ops.ed.undo_push(message="set up")
    region = next(each for each in area.regions if each.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.sequencer.view_all()
    bpy.app.timers.register(look, first_interval=0.5, persistent=True)


def look():
    """Writes down what is there; the file is complete or not there at all."""
    window, area = sequencer()
    region = next(each for each in area.regions if each.type == "WINDOW")
    side = next(each for each in area.regions if each.type == "UI")
    compat, identity, jobs = part("compat"), part("identity"), part("jobs")
    strips = {}
    for strip in compat.strips(compat.sequencer_scene(bpy.context).sequence_editor):
        first, end = compat.first_frame(strip), compat.end_frame(strip)
        x, y = region.view2d.view_to_region((first + end) / 2, strip.channel + 0.5, clip=False)
        strips[strip.name] = {
            "at": [region.x + x, window.height - (region.y + y)],
            "range": [first, end],
            "channel": strip.channel,
            "muted": strip.mute,
            "selected": strip.select,
            "role": identity.read(strip).get("role", ""),
            "take": identity.read(strip).get("take"),
        }
    state = {
        "strips": strips,
        "frame": window.scene.frame_current,
        "idle": jobs.idle(),
        "under_way": sum(len(batch.takes) for batch in jobs.state.batches.values()),
        "quote": isinstance(jobs.state.quote, dict),
        "told": [text for _, text in jobs.state.messages],
        "longest_tick": jobs.state.longest_tick,
        "sidebar": [side.x, window.height - side.y - side.height, side.width, side.height],
        "version": bpy.app.version_string,
        "file": bpy.data.filepath,
    }
    partial = FOLDER / "state.partial"
    partial.write_text(json.dumps(state), "utf-8")
    partial.replace(FOLDER / "state.json")
    return 0.3


if __name__ == "__main__":
    bpy.context.preferences.view.show_splash = False
    bpy.context.preferences.view.ui_scale = 1.0
    bpy.context.preferences.addons[addon().__name__].preferences.command = os.environ.get("GREENROOM_COMMAND", "")
    if (FOLDER / "scene.blend").exists():
        bpy.app.timers.register(look, first_interval=2.0, persistent=True)
    else:
        bpy.app.timers.register(set_up, first_interval=2.0)

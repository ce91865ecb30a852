# SPDX-License-Identifier: GPL-3.0-or-later
"""Open Greenroom Panel: the window of its own that the `greenroom` command has, with the timeline as it is now.

The timeline goes to a snapshot file beside the .blend, which the panel watches: opened again, or after Read Cues, it
shows what is new. Closing Blender doesn't close the panel.
"""

import json
import os

import bpy

from . import compat, errands, home, jobs, operators, preferences, pump, snapshot

SUFFIX = ".vse"
_PATIENCE = 20  # seconds after which a panel that runs is left to itself


class GREENROOM_OT_open_panel(operators.Operator):
    bl_idname = "greenroom.open_panel"
    bl_label = "Open Greenroom Panel"
    bl_description = "Show cues, takes and cast in Greenroom's own window, to look, compare and choose"
    bl_options = operators.UNDOABLE

    @operators.told
    def execute(self, context):
        folder = home.need_project()
        path = write_cut(compat.sequencer_scene(context))
        command = preferences.command()
        try:
            errands.send([*command, "panel", path, "--project", folder], ended, _PATIENCE)
        except OSError as problem:
            raise pump.HostError(*preferences.explain_start(command, problem)) from None
        jobs.wake()


def write_cut(scene):
    """The timeline beside the .blend, for programs that watch it; the file is whole or as it was. Returns its path."""
    path = os.path.splitext(bpy.data.filepath)[0] + SUFFIX
    partial = path + ".partial"
    try:
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(snapshot.take_snapshot(scene), file, ensure_ascii=False)
        os.replace(partial, path)
    except OSError as problem:
        raise pump.HostError(
            f"{path} can't be written: {problem.strerror}", "Look whether the folder is full"
        ) from None
    return path


def ended(status, last_line):
    """A panel that ends at once says why; one that was closed says nothing."""
    if not status:
        return
    if "No such command" in last_line:
        reason = "This version of Greenroom has no panel. Update it: pip install --upgrade greenroom"
    else:
        reason = f"The panel ended with status {status}" + (f": {last_line}" if last_line else "")
    jobs.tell("ERROR", reason)


CLASSES = (GREENROOM_OT_open_panel,)

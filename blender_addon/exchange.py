# SPDX-License-Identifier: GPL-3.0-or-later
"""File > Export and File > Import: the timeline for other programs, and theirs into this one.

An import is merged: its tracks go onto free channels above everything that is there, and nothing there is touched.
"""

import os

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from . import compat, home, identity, jobs, merging, operators, pump, snapshot

SUFFIXES = (".otio", ".edl", ".xml", ".fcpxml", ".aaf")
GLOB = ";".join(f"*{suffix}" for suffix in SUFFIXES)
_NAMED = 3  # strips that a line about many names


class GREENROOM_OT_export_timeline(operators.Operator, ExportHelper):
    bl_idname = "greenroom.export_timeline"
    bl_label = "Export Timeline"
    bl_description = (
        "Write the sequencer's timeline with its takes for other programs: OTIO, EDL, FCP 7 XML, FCPXML, AAF"
    )
    bl_options = operators.UNDOABLE

    filename_ext = ".otio"
    check_extension = None  # the suffix says the format
    filter_glob: bpy.props.StringProperty(default=GLOB, options={"HIDDEN"})

    @operators.told
    def execute(self, context):
        scene = compat.sequencer_scene(context)
        path = bpy.path.abspath(self.filepath)
        if not path.lower().endswith(SUFFIXES):
            path += self.filename_ext
        wanted = {"snapshot": snapshot.take_snapshot(scene, mixed=False), "path": path}
        jobs.ask("export", wanted, exported)


def exported(answer):
    jobs.tell("CHECKMARK", f"Exported {os.path.basename(answer.get('path', ''))}")
    tell_losses(answer)


def tell_losses(answer):
    """What isn't carried, by kind, with the first names: a hundred strips of one kind are one line."""
    places = {}
    for loss in answer.get("losses", ()):
        places.setdefault((loss.get("what", ""), loss.get("why", "")), []).append(loss.get("where", ""))
    for (what, why), where in places.items():
        names = ", ".join(dict.fromkeys(name for name in where[:_NAMED] if name))
        more = f" and {len(where) - _NAMED} more" if len(where) > _NAMED else ""
        jobs.tell("INFO", f"Not carried: {what}{f' ({names}{more})' if names else ''}. {why}".rstrip(". "))
    jobs.tell_problems(answer.get("problems", ()))


class GREENROOM_OT_import_timeline(bpy.types.Operator, ImportHelper):
    bl_idname = "greenroom.import_timeline"
    bl_label = "Import Timeline"
    bl_description = "Add another program's timeline (OTIO, EDL, FCP 7 XML, FCPXML, AAF) on free channels"
    bl_options = operators.UNDOABLE

    filter_glob: bpy.props.StringProperty(default=GLOB, options={"HIDDEN"})

    @classmethod
    def poll(cls, context):
        return operators.has_scene(cls, context)

    @operators.told
    def execute(self, context):
        scene = compat.sequencer_scene(context)
        uid = identity.scene_uid(scene)
        path = bpy.path.abspath(self.filepath)
        wanted = {"path": path, "rate": snapshot.pair(snapshot.rate_of(scene))}
        jobs.ask("import", wanted, lambda answer: bring_in(uid, os.path.basename(path), answer))


def bring_in(scene_uid, name, answer):
    """Puts the snapshot that came back onto the scene's free channels."""
    scene = identity.find_scene(scene_uid)
    if scene is None:
        jobs.tell("ERROR", f"The scene for {name} was removed. Import it again")
        return
    try:
        merged = merging.Merge(scene, answer["snapshot"])
        strips = merged.merge()
    except pump.HostError as problem:
        jobs.tell("ERROR", str(problem))
        return
    compat.push_undo("Import Timeline")
    jobs.tell("CHECKMARK", f"{name}: {jobs.count(len(strips), 'strip')} added")
    tell_losses({**answer, "losses": [*answer.get("losses", ()), *merged.losses]})
    bring_takes(scene, strips)


def bring_takes(scene, strips):
    """The takes that these strips' notes are known by, where this file's project has them."""
    noted = [strip for strip in strips if snapshot.MARKED.match(identity.read_note(strip))]
    if noted and home.folder_of(bpy.data.filepath):
        identity.settle(scene)
        jobs.edit_by("apply", scene, "Refresh Takes", only=[strip[identity.UID] for strip in noted])
    elif noted:
        some = jobs.count(len(noted), "strip")
        jobs.tell("INFO", f"Of {some} there may be takes. Save this file in their project and choose Refresh Takes")


def draw_export(menu, context):
    menu.layout.operator(GREENROOM_OT_export_timeline.bl_idname, text="Greenroom Timeline (.otio, .edl, .xml)")


def draw_import(menu, context):
    menu.layout.operator(GREENROOM_OT_import_timeline.bl_idname, text="Greenroom Timeline (.otio, .edl, .xml)")


CLASSES = (GREENROOM_OT_export_timeline, GREENROOM_OT_import_timeline)

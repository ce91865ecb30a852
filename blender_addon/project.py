# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting a Greenroom project and adding actors to it from inside Blender."""

import os

import bpy
from bpy_extras.io_utils import ImportHelper

from . import compat, home, jobs, operators, pump, snapshot


def list_actors():
    """Asks for the cast, for the panel and the dialog."""

    def answered(answer):
        jobs.state.actors = answer.get("actors", [])
        compat.redraw()

    jobs.ask("cast", {"project": home.need_project()}, answered)


class GREENROOM_OT_start_project(bpy.types.Operator):
    bl_idname = "greenroom.start_project"
    bl_label = "Start Project"
    bl_description = "Make a Greenroom project in the folder of this file: its actors and takes will be kept there"
    bl_options = set()

    @operators.told
    def execute(self, context):
        home.need_saved()
        folder = os.path.dirname(bpy.data.filepath)
        scene = compat.sequencer_scene(context)
        wanted = {"folder": folder}
        if scene is not None:
            wanted["rate"] = snapshot.pair(snapshot.rate_of(scene))
        jobs.ask("init", wanted, started)


def started(answer):
    home.forget()
    jobs.tell("CHECKMARK", f"Project started in {answer.get('project', '')}. Choose Add Actor... next")
    jobs.tell_problems(answer.get("problems", ()))
    list_actors()


class GREENROOM_OT_add_actor(bpy.types.Operator, ImportHelper):
    bl_idname = "greenroom.add_actor"
    bl_label = "Add Actor..."
    bl_description = "Add an actor to the project's cast: a portrait, and the name that notes will use"
    bl_options = set()

    actor: bpy.props.StringProperty(
        name="Name",
        description="As notes will write it: @mara. Left empty, the picture's file name",
        options={"SKIP_SAVE"},
    )
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context, event):
        return self.browse(context)

    @operators.told
    def browse(self, context):
        self.filepath = os.path.join(home.need_project(), "")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def draw(self, context):
        self.layout.prop(self, "actor")

    @operators.told
    def execute(self, context):
        folder, portrait = home.need_project(), bpy.path.abspath(self.filepath)
        if not os.path.isfile(portrait):
            raise pump.HostError(f"There is no picture {portrait}", "Choose a portrait: one face, from the front")
        name = self.actor.strip() or os.path.splitext(os.path.basename(portrait))[0]
        jobs.ask("add_actor", {"name": name, "portrait": os.path.normpath(portrait), "project": folder}, added)


def added(answer):
    name = answer.get("actor", {}).get("name", "")
    change = "has a new portrait" if answer.get("updated") else "is in the cast"
    jobs.tell("CHECKMARK", f"{name} {change}. Write @{name} in a strip's note")
    jobs.tell_problems(answer.get("problems", ()))
    list_actors()


class GREENROOM_OT_list_actors(bpy.types.Operator):
    bl_idname = "greenroom.list_actors"
    bl_label = "List Actors"
    bl_description = "List the actors of the project's cast"
    bl_options = set()

    @operators.told
    def execute(self, context):
        list_actors()


def draw_missing(layout):
    """What has to be there before a take can be made, and the button that makes it; nothing where all is there."""
    layout.operator_context = "INVOKE_DEFAULT"
    if not bpy.data.filepath:
        layout.label(text="Save the file first: takes lie beside it", icon="INFO")
        layout.operator("wm.save_mainfile", text="Save...", icon="FILE_TICK")
    elif not home.folder_of(bpy.data.filepath):
        layout.label(text="No Greenroom project at this file", icon="INFO")
        layout.operator("greenroom.start_project", icon="ADD")
    elif jobs.state.actors == []:
        layout.label(text="No actors in the project yet", icon="INFO")
        layout.operator("greenroom.add_actor", icon="ADD")


def draw(layout):
    """The project and its cast."""
    folder = home.folder_of(bpy.data.filepath)
    if not folder:
        draw_missing(layout)
        return
    layout.label(text=os.path.basename(folder) or folder, icon="FILE_FOLDER")
    for actor in jobs.state.actors or ():
        layout.label(text=actor.get("display_name") or actor.get("name", ""), icon="USER")
    row = layout.row(align=True)
    row.operator_context = "INVOKE_DEFAULT"
    row.operator("greenroom.add_actor", icon="ADD")
    if jobs.state.actors is None:
        row.operator("greenroom.list_actors")
    layout.operator("greenroom.open_panel", icon="WINDOW")


CLASSES = (GREENROOM_OT_start_project, GREENROOM_OT_add_actor, GREENROOM_OT_list_actors)

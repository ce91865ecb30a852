# SPDX-License-Identifier: GPL-3.0-or-later
"""The Greenroom tab in the sequencer's sidebar: the active strip's note and takes, cues, jobs, and what was told."""

import os

import bpy
import bpy.utils.previews

from . import compat, identity, jobs, menus, project, pump

_ICONS = {"done": "CHECKMARK", "cached": "CHECKMARK", "failed": "ERROR", "unknown": "QUESTION"}
_WIDTH = 36  # letters of a line in a sidebar of usual width
_posters = []  # the one preview collection, made when a poster is first shown


class Sidebar:
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Greenroom"

    @classmethod
    def poll(cls, context):
        return context.space_data.view_type in {"SEQUENCER", "SEQUENCER_PREVIEW"}


class GREENROOM_PT_project(Sidebar, bpy.types.Panel):
    bl_label = "Project"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        project.draw(self.layout)


class GREENROOM_PT_take(Sidebar, bpy.types.Panel):
    bl_label = "Take"

    def draw(self, context):
        draw_strip(self.layout, compat.sequencer_scene(context))


class GREENROOM_PT_strip(bpy.types.Panel):
    """The same among the strip's own panels, which are in the Properties editor from 5.0."""

    bl_label = "Greenroom"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "strip"

    @classmethod
    def poll(cls, context):
        return active_owner(compat.sequencer_scene(context)) is not None

    def draw(self, context):
        draw_strip(self.layout, compat.sequencer_scene(context))


def draw_strip(layout, scene):
    """The active strip's note, what can be done with it, and its takes."""
    project.draw_missing(layout)
    strip = active_owner(scene)
    if strip is None:
        layout.label(text="Select a placeholder or a stand-in", icon="INFO")
        return
    layout.label(text=strip.name, icon="SEQUENCE")
    layout.prop(strip, "greenroom_note", text="Note")
    column = layout.column(align=True)
    column.operator_context = "INVOKE_DEFAULT"
    column.operator("greenroom.generate", icon="RENDER_ANIMATION")
    column.operator("greenroom.generate_dialog")
    column.operator("greenroom.mix_sound")
    row = layout.row(align=True)
    row.operator("greenroom.choose", text="Previous", icon="TRIA_LEFT").take = "previous"
    row.operator("greenroom.choose", text="Next", icon="TRIA_RIGHT").take = "next"
    row = layout.row(align=True)
    row.operator("greenroom.compare", text="Compare")
    row.operator("greenroom.restore", text="Restore")
    draw_takes(layout, strip)


def active_owner(scene):
    """The active strip, or what the active take stands for. Reads only: a panel may change nothing."""
    editor = compat.editor_of(scene)
    strip = editor.active_strip if editor else None
    data = identity.read(strip) if strip else {}
    if data.get("role") == "take" and data.get("of"):
        return next((each for each in compat.strips(editor) if each.get(identity.UID) == data["of"]), strip)
    return strip


def draw_takes(layout, strip):
    known = jobs.state.takes.get(strip.get(identity.UID))
    if not known:
        layout.operator("greenroom.list_takes")
        return
    shown = identity.read(strip).get("take")
    for take in known.get("takes", ()):
        box = layout.box()
        poster = poster_icon(take.get("poster"))
        if poster:
            box.template_icon(icon_value=poster, scale=4.0)
        row = box.row()
        row.label(text=f"Take {take['number']}", icon="RADIOBUT_ON" if take["number"] == shown else "RADIOBUT_OFF")
        row.operator("greenroom.choose", text="Show").take = str(take["number"])
        column = box.column(align=True)
        for line in facts_of(take):
            for part in wrapped(line, _WIDTH):
                column.label(text=part)


def facts_of(take):
    """What to know of a take: length with handles, who performed it, what it cost, and each warning."""
    paid = take.get("cost") not in (None, "", "0", "0.00")
    parts = [jobs.count(take.get("frames", 0), "frame"), take.get("engine"), take.get("label")]
    parts += ["circled" if take.get("circled") else "", f"cost {take.get('cost')}" if paid else ""]
    lines = [", ".join(dict.fromkeys(part for part in parts if part))]
    if take.get("rejected") is not None:
        lines.append("Rejected" + (f": {take['rejected']}" if take["rejected"] else ""))
    for warning in take.get("warnings") or ():
        text = warning.get("message", "") if isinstance(warning, dict) else str(warning)
        lines.append(pump.sentence(text))
    return lines


def poster_icon(path):
    """The icon of a take's poster, loaded once; 0 where there is none."""
    if not path or not os.path.isfile(path):
        return 0
    if not _posters:
        _posters.append(bpy.utils.previews.new())
    collection = _posters[0]
    picture = collection[path] if path in collection else collection.load(path, path, "IMAGE")
    return picture.icon_id


class GREENROOM_PT_cues(Sidebar, bpy.types.Panel):
    bl_label = "Cues"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout = self.layout
        layout.operator("greenroom.read_cues", icon="FILE_REFRESH")
        layout.operator("greenroom.generate", text="Generate Whole Timeline").everything = True
        layout.operator("greenroom.refresh")
        scene = compat.sequencer_scene(context)
        answer = jobs.state.cues.get(scene.get(identity.UID)) if scene else None
        if answer is None:
            return
        for cue in answer.get("cues", ()):
            line = f"{cue.get('start')}: {cue.get('actor') or ''} {cue.get('mode') or ''}, {cue.get('status') or ''}"
            layout.label(text=line.rstrip(", "), icon="SEQUENCE")
        waiting = len(answer.get("suggestions", ()))
        if waiting:
            layout.label(text=f"{jobs.count(waiting, 'placeholder')} without a note", icon="INFO")


class GREENROOM_PT_jobs(Sidebar, bpy.types.Panel):
    bl_label = "Jobs"

    def draw(self, context):
        layout = self.layout
        for batch in jobs.state.batches.values():
            compat.progress(layout, batch.fraction, menus.line_of(batch).replace("Greenroom: ", ""))
            for told in list(batch.takes.values())[:20]:
                row = layout.row()
                row.label(text=f"{told.get('cue')} take {told.get('take')}", icon=_ICONS.get(told["state"], "TIME"))
                row.label(text=told.get("message") or told["state"])
        if jobs.state.mixing:
            layout.label(text="Mixing sound", icon="SOUND")
        row = layout.row(align=True)
        row.operator("greenroom.cancel", icon="CANCEL")
        row.operator("greenroom.resume", icon="PLAY")
        for icon, text in reversed(jobs.state.messages):
            draw_wrapped(layout, icon, text, _WIDTH)
        if jobs.state.messages:
            layout.operator("greenroom.clear_messages")


def draw_wrapped(layout, icon, text, width):
    column = layout.column(align=True)
    for number, line in enumerate(wrapped(text, width)):
        column.label(text=line, icon="BLANK1" if number else icon)


def wrapped(text, width):
    """Labels don't wrap by themselves."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


CLASSES = (GREENROOM_PT_take, GREENROOM_PT_project, GREENROOM_PT_cues, GREENROOM_PT_jobs)
if compat.STRIPS_IN_PROPERTIES:
    CLASSES += (GREENROOM_PT_strip,)


def register():
    compat.STRIP.greenroom_note = bpy.props.StringProperty(
        name="Note",
        description='What is asked for: @mara talk: I never left. Or: GR: actor=MARA mode=talk line="I never left."',
        get=identity.read_note,
        set=identity.write_note,
    )


def unregister():
    del compat.STRIP.greenroom_note
    while _posters:
        bpy.utils.previews.remove(_posters.pop())

# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries in Blender's own menus (a strip's context menu, Strip, File), the status bar's line, the shortcuts."""

import bpy

from . import exchange, home, jobs

# Free in Blender's own keymaps of the sequencer in all versions from 3.4 to 5.2; the editor may change them.
SHORTCUTS = (
    ("greenroom.generate", "G", {"ctrl": True, "shift": True}, {}),
    ("greenroom.choose", "RIGHT_BRACKET", {"ctrl": True, "shift": True}, {"take": "next"}),
    ("greenroom.choose", "LEFT_BRACKET", {"ctrl": True, "shift": True}, {"take": "previous"}),
)
_keys = []


def draw_items(layout):
    layout.operator_context = "INVOKE_DEFAULT"
    if bpy.data.filepath and not home.folder_of(bpy.data.filepath):
        layout.operator("greenroom.start_project", text="Start Greenroom Project", icon="ADD")
    layout.operator("greenroom.generate", icon="RENDER_ANIMATION")
    layout.operator("greenroom.generate_dialog")
    layout.operator("greenroom.choose", text="Next Take").take = "next"
    layout.operator("greenroom.choose", text="Previous Take").take = "previous"
    layout.operator("greenroom.compare")
    layout.operator("greenroom.restore")
    layout.separator()
    layout.operator("greenroom.read_cues")
    layout.operator("greenroom.refresh")
    layout.operator("greenroom.open_panel")


class GREENROOM_MT_strip(bpy.types.Menu):
    bl_idname = "GREENROOM_MT_strip"
    bl_label = "Greenroom"

    def draw(self, context):
        draw_items(self.layout)
        self.layout.separator()
        self.layout.operator("greenroom.mix_sound")
        self.layout.operator("greenroom.resume")
        self.layout.operator("greenroom.add_actor")


def draw_in_context_menu(menu, context):
    """Straight in the context menu: the most used entry has to be one right click away."""
    menu.layout.separator()
    draw_items(menu.layout)


def draw_in_strip_menu(menu, context):
    menu.layout.separator()
    menu.layout.menu(GREENROOM_MT_strip.bl_idname)


def draw_status(bar, context):
    """One line while something is under way, wherever the editor works in Blender."""
    lines = [line_of(batch) for batch in jobs.state.batches.values()]
    if jobs.state.mixing:
        lines.append("Greenroom: mixing sound")
    if not lines:
        return
    layout = bar.layout
    for line in lines:
        layout.label(text=line)
    layout.operator("greenroom.cancel", text="", icon="CANCEL")


def line_of(batch):
    takes = len(batch.takes)
    if not takes:
        return f"Greenroom: {batch.label}"
    latest = next((told.get("message") for told in reversed(batch.takes.values()) if told.get("message")), "")
    text = f"Greenroom: {batch.label}, {batch.done} of {jobs.count(takes, 'take')}, {batch.fraction:.0%}"
    return f"{text}, {latest}" if latest else text


APPENDED = (
    ("SEQUENCER_MT_context_menu", draw_in_context_menu),
    ("SEQUENCER_MT_strip", draw_in_strip_menu),
    ("STATUSBAR_HT_header", draw_status),
    ("TOPBAR_MT_file_export", exchange.draw_export),
    ("TOPBAR_MT_file_import", exchange.draw_import),
)
CLASSES = (GREENROOM_MT_strip,)


def register():
    for name, draw in APPENDED:
        getattr(bpy.types, name).append(draw)
    keyconfig = bpy.context.window_manager.keyconfigs.addon
    if keyconfig is None:  # Blender without a window
        return
    keymap = keyconfig.keymaps.new(name="Sequencer", space_type="SEQUENCE_EDITOR")
    for operator, key, modifiers, properties in SHORTCUTS:
        item = keymap.keymap_items.new(operator, key, "PRESS", **modifiers)
        for name, value in properties.items():
            setattr(item.properties, name, value)
        _keys.append((keymap, item))


def unregister():
    for keymap, item in _keys:
        keymap.keymap_items.remove(item)
    _keys.clear()
    for name, draw in reversed(APPENDED):
        getattr(bpy.types, name).remove(draw)

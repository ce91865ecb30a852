# SPDX-License-Identifier: GPL-3.0-or-later
"""Greenroom in Blender's Video Sequence Editor: right-click a placeholder, Generate Take.

Only Python's standard library and bpy; nothing of Greenroom's core is imported. The thinking is done by the child
process `greenroom host`, to which the timeline goes as plain JSON and from which edits come back
(docs/host-protocol.md).

    compat.py       the only module that knows Blender's versions
    identity.py     who is who: ids on strips and scenes
    home.py         the project that the file is part of
    snapshot.py     the timeline as JSON; mixes.py puts mixed sound into it
    edits.py        the child's edits on the timeline
    pump.py         the child and its pipes; errands.py sends children with a single task
    jobs.py         what is under way, and the timer; reopening.py brings it together with the file that is opened
    mixdown.py      run by a second Blender: the sound of a range of frames
    operators.py, dialog.py, project.py, mixing.py, exchange.py, window.py, menus.py, panel.py, preferences.py
                    what the editor sees
"""

bl_info = {
    "name": "Greenroom",
    "author": "The Greenroom project",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "Sequencer > Strip > Greenroom, a strip's context menu, and the sidebar",
    "description": "AI actors on the sequencer's timeline: notes on strips go in, takes that fit to the frame come out",
    "category": "Sequencer",
}


def _modules():
    from . import dialog, exchange, menus, mixing, operators, panel, project, window

    return operators, project, dialog, mixing, exchange, window, menus, panel


def register():
    import bpy

    from . import menus, panel, preferences, reopening

    bpy.utils.register_class(preferences.GreenroomPreferences)
    for module in _modules():
        for cls in getattr(module, "CLASSES", ()):
            bpy.utils.register_class(cls)
    panel.register()
    menus.register()
    bpy.app.handlers.load_post.append(reopening.on_load)


def unregister():
    import bpy

    from . import jobs, menus, panel, preferences, reopening, window

    jobs.stop()
    bpy.app.handlers.load_post.remove(reopening.on_load)
    window.unregister()
    menus.unregister()
    panel.unregister()
    for module in reversed(_modules()):
        for cls in reversed(getattr(module, "CLASSES", ())):
            bpy.utils.unregister_class(cls)
    bpy.utils.unregister_class(preferences.GreenroomPreferences)

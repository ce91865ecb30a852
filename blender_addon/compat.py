# SPDX-License-Identifier: GPL-3.0-or-later
"""The only module that knows Blender's versions: 3.4 as a legacy add-on, 4.2 to 5.2 as an extension.

Everything else calls these functions with a scene, a sequence editor or a strip. Ends are exclusive, as in Blender.
What changed when (found by running each): strips instead of sequences in 4.4, only strips from 5.0; the sequencer's own
scene from 5.0; new_effect(length=) from 5.0; left_handle, content_start from 5.1, the old names warn and go in 6.0;
layered actions only from 5.0.
"""

import array
import contextlib
from fractions import Fraction

import bpy

STRIP = getattr(bpy.types, "Strip", None) or bpy.types.Sequence
_MEASURES = STRIP.bl_rna.properties
_NEW_NAMES = "left_handle" in _MEASURES
_LEFT, _RIGHT = ("left_handle", "right_handle") if _NEW_NAMES else ("frame_final_start", "frame_final_end")
_CONTENT = "content_start" if _NEW_NAMES else "frame_start"
_CONTENT_FRAMES = "content_duration" if _NEW_NAMES else "frame_duration"
_OFFSETS = ("left_handle_offset", "right_handle_offset") if _NEW_NAMES else ("frame_offset_start", "frame_offset_end")
_TRIMS = (
    ("content_trim_start", "content_trim_end") if _NEW_NAMES else ("animation_offset_start", "animation_offset_end")
)
_OWN_SCENE = "sequencer_scene" in bpy.types.WorkSpace.bl_rna.properties
STRIPS_IN_PROPERTIES = hasattr(bpy.types, "STRIP_PT_strip")  # from 5.0 a strip's own panels are in that editor
_SPEED = (
    "greenroom_speed"  # of a strip that we retimed: its media's frames, how many of the timeline they fill, _played
)
KNOWS_SOUND = getattr(bpy.app.build_options, "audaspace", True)
LAST_CHANNEL = 128  # a higher number silently becomes this one


# -- Scenes and their strips


def sequencer_scene(context):
    """The scene that the sequencer edits, or None: from 5.0 a workspace may have none."""
    return context.sequencer_scene if _OWN_SCENE else context.scene


def make_sequencer_scene(context, scene):
    """Makes the sequencer edit this scene, where it has one of its own."""
    if _OWN_SCENE:
        context.workspace.sequencer_scene = scene


def editor_of(scene, create=False):
    """The scene's sequence editor, or None where it has none yet."""
    if scene is None:
        return None
    if create and scene.sequence_editor is None:
        scene.sequence_editor_create()
    return scene.sequence_editor


def strips(editor):
    """The strips on the editor's own channels, without the contents of metas. An empty collection is falsy."""
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def all_strips(editor):
    """All strips, those in metas too; takes a name in brackets."""
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def occupied(editor):
    """Channels, first frames and ends of all strips, as three arrays: one by one takes ten times as long."""
    collection = strips(editor)
    count = len(collection)  # Blender counts them each time
    columns = []
    for name in ("channel", _LEFT, _RIGHT):
        column = array.array("i", bytes(4 * count))
        collection.foreach_get(name, column)
        columns.append(column)
    return columns


def strip_path(name):
    """The data path by which F-curves call a strip, up to its own property: two spellings are in use."""
    return [
        f'sequence_editor.{word}["{bpy.utils.escape_identifier(name)}"].' for word in ("strips_all", "sequences_all")
    ]


# -- One strip


def first_frame(strip):
    return getattr(strip, _LEFT)


def end_frame(strip):
    return getattr(strip, _RIGHT)


def set_range(strip, first, end):
    """Sets both handles; the larger move first, so that the strip never has no frames in between."""
    moves = [(_LEFT, first), (_RIGHT, end)]
    if first >= end_frame(strip):
        moves.reverse()
    for name, frame in moves:
        if getattr(strip, name) != frame:  # where a handle is set Blender looks through all strips
            setattr(strip, name, int(frame))


def content_first(strip):
    """Where the media's first frame lies on the timeline, shown or not; a float, whole in practice."""
    return getattr(strip, _CONTENT)


def content_frames(strip):
    return getattr(strip, _CONTENT_FRAMES)


def media_frames(strip):
    """The frames of a strip's media, at whatever speed it plays."""
    frames = str(strip.get(_SPEED, "")).partition("/")[0]
    return int(frames) if frames and constant_speed(strip) not in (None, 1) else content_frames(strip)


def trims(strip):
    """Frames of the media cut off for good at its start and end; (0, 0) where a strip has no media."""
    return tuple(getattr(strip, name, 0) for name in _TRIMS)


def constant_speed(strip):
    """The strip's own speed. None where an editor retimed it: keys don't tell their speed, only we know what we set."""
    keys = getattr(strip, "retiming_keys", ())
    if len(keys) == 0:
        return Fraction(getattr(strip, "speed_factor", 1.0)).limit_denominator(10_000)
    known = [int(part) for part in str(strip.get(_SPEED, "")).split("/") if part.isdigit()]
    if len(keys) == 2 and len(known) == 3 and known[2] == _played(strip):
        return Fraction(known[0], known[1])
    return None


def inputs(strip):
    """What an effect is made of."""
    names = ("input_1", "input_2")
    return [found for name in names if (found := getattr(strip, name, None)) is not None]


def move_content(strip, first):
    """Moves a strip so that its media's first frame lies here; handles go along."""
    setattr(strip, _CONTENT, first)


def set_speed(strip, speed):
    """Plays the strip at a constant speed (a Fraction above 0): by its own factor in 3.4, by retiming keys since, which
    lie on whole frames. Returns the speed that it got, None where it can't be set. The range is to be set afterwards.
    """
    frames = content_frames(strip)
    if hasattr(strip, "speed_factor"):
        strip.speed_factor = float(speed)
        return speed
    last = max(1, round(frames / speed))
    if not hasattr(strip, "retiming_keys") or not _retime(strip, frames / last):
        return None
    strip[_SPEED] = f"{frames}/{last}/{_played(strip)}"
    return Fraction(frames, last)


def _played(strip):
    """The frames of the timeline that all of a strip's media would fill, by its handles."""
    before, after = (getattr(strip, name) for name in _OFFSETS)
    return round(end_frame(strip) - first_frame(strip) + before + after)


def _retime(strip, speed):
    """By Blender's operator, which needs an open sequencer: keys that Python adds or moves itself crash 4.2 to 5.2, or
    are another strip's.
    """
    place = sequencer_place()
    if not place:
        return False
    editor = strip.id_data.sequence_editor
    chosen = [other for other in strips(editor) if other.select]
    active = editor.active_strip
    for other in chosen:
        other.select = False
    strip.select, editor.active_strip = True, strip
    with bpy.context.temp_override(**place, scene=strip.id_data):
        done = bpy.ops.sequencer.retiming_segment_speed_set.poll()
        done = done and bpy.ops.sequencer.retiming_segment_speed_set("EXEC_DEFAULT", speed=100 * speed) == {"FINISHED"}
    strip.select = False
    for other in chosen:
        other.select = True
    editor.active_strip = active
    return done and len(strip.retiming_keys) > 1


def retiming(strip):
    """What changes where a strip is retimed."""
    return [len(getattr(strip, "retiming_keys", ())), _played(strip)]


def curves(scene):
    """All F-curves of the scene."""
    action = scene.animation_data.action if scene.animation_data else None
    if action is None:
        return []
    if hasattr(action, "fcurves"):
        return list(action.fcurves)
    bags = [bag for layer in action.layers for piece in layer.strips for bag in piece.channelbags]
    return [curve for bag in bags for curve in bag.fcurves]


def animated_paths(scene):
    """The data paths of all F-curves of the scene."""
    return frozenset(curve.data_path for curve in curves(scene))


def meta_strips(meta):
    """What is in a meta strip."""
    return meta.strips if hasattr(meta, "strips") else meta.sequences


def new_movie(editor, name, path, channel, first):
    return strips(editor).new_movie(name=name, filepath=path, channel=channel, frame_start=int(first))


def new_sound(editor, name, path, channel, first):
    return strips(editor).new_sound(name=name, filepath=path, channel=channel, frame_start=int(first))


def new_image(editor, name, path, channel, first):
    return strips(editor).new_image(name=name, filepath=path, channel=channel, frame_start=int(first))


def new_effect(editor, kind, name, channel, first, frames, inputs=()):
    """A colour or text strip, or a transition between two strips."""
    collection = strips(editor)
    known = collection.bl_rna.functions["new_effect"].parameters.keys()
    length = {"length": int(frames)} if "length" in known else {"frame_end": int(first + frames)}
    words = ("input1", "input2") if "input1" in known else ("seq1", "seq2")
    more = dict(zip(words, inputs, strict=False)) if inputs else length
    return collection.new_effect(name=name, type=kind, channel=channel, frame_start=int(first), **({**length, **more}))


# -- The program


def online():
    """Whether the editor allows add-ons to use the network; 3.4 doesn't ask."""
    return getattr(bpy.app, "online_access", True)


def editor_is_busy():
    """Whether a strip is being dragged or a render runs: then nothing of the timeline may change."""
    if bpy.app.background:
        return False
    if hasattr(bpy.app, "is_job_running") and bpy.app.is_job_running("RENDER"):
        return True
    windows = bpy.context.window_manager.windows
    running = [operator.bl_idname for window in windows for operator in getattr(window, "modal_operators", ())]
    return any(name.startswith(("TRANSFORM_OT_", "SEQUENCER_OT_")) for name in running)


def push_undo(message):
    """One step for Ctrl Z; a change made from a timer has none of its own."""
    window = bpy.context.window or next(iter(bpy.context.window_manager.windows), None)
    override = bpy.context.temp_override(window=window) if window else contextlib.nullcontext()
    with override:
        if bpy.ops.ed.undo_push.poll():
            bpy.ops.ed.undo_push(message=message)


def redraw():
    """Redraws sequencers and status bars; the pictures of other editors don't show us."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"SEQUENCE_EDITOR", "PREFERENCES", "PROPERTIES"}:
                area.tag_redraw()


def sequencer_place():
    """Window, area and region of the largest sequencer, for operators that a timer calls; {} without one."""
    windows = bpy.context.window_manager.windows
    found = [(window, area) for window in windows for area in window.screen.areas if area.type == "SEQUENCE_EDITOR"]
    if not found:
        return {}
    window, area = max(found, key=lambda each: each[1].width * each[1].height)
    region = next(region for region in area.regions if region.type == "WINDOW")
    return {"window": window, "area": area, "region": region}


def redraw_status_bar():
    """The status bar is drawn again when its text is set; during a drag it belongs to the tool."""
    window = next(iter(bpy.context.window_manager.windows), None)
    if window and not len(getattr(window, "modal_operators", ())):
        window.workspace.status_text_set(None)


def progress(layout, fraction, text):
    """A bar from 4.0, words before."""
    if hasattr(layout, "progress"):
        layout.progress(factor=fraction, text=text)
    else:
        layout.label(text=text)

# SPDX-License-Identifier: GPL-3.0-or-later
"""File > Export and File > Import: the timeline for other programs, and theirs into this one.

An import is merged: its tracks go onto free channels above everything that is there, and nothing there is touched.
"""

import os
from fractions import Fraction

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from . import compat, identity, jobs, operators, pump, snapshot

SUFFIXES = (".otio", ".edl", ".xml", ".fcpxml", ".aaf")
GLOB = ";".join(f"*{suffix}" for suffix in SUFFIXES)
_TAG = "COLOR_01"  # red: media that is missing


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
    """What isn't carried, by kind: a hundred strips of one kind are one line."""
    places = {}
    for loss in answer.get("losses", ()):
        places.setdefault((loss.get("what", ""), loss.get("why", "")), []).append(loss.get("where", ""))
    for (what, why), where in places.items():
        times = f" ({len(where)} times)" if len(where) > 1 else ""
        jobs.tell("INFO", f"Not carried: {what}{times}. {why}".rstrip(". "))
    jobs.tell_problems(answer.get("problems", ()))


class GREENROOM_OT_import_timeline(bpy.types.Operator, ImportHelper):
    bl_idname = "greenroom.import_timeline"
    bl_label = "Import Timeline"
    bl_description = "Add another program's timeline (OTIO, EDL, FCP 7 XML, FCPXML, AAF) on free channels"
    bl_options = operators.UNDOABLE

    filter_glob: bpy.props.StringProperty(default=GLOB, options={"HIDDEN"})

    @classmethod
    def poll(cls, context):
        return compat.sequencer_scene(context) is not None

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
        strips = Merge(scene, answer["snapshot"]).merge()
    except pump.HostError as problem:
        jobs.tell("ERROR", str(problem))
        return
    compat.push_undo("Import Timeline")
    jobs.tell("CHECKMARK", f"{name}: {jobs.count(len(strips), 'strip')} added")
    tell_losses(answer)


class Merge:
    """One snapshot onto one scene."""

    def __init__(self, scene, value):
        self.scene, self.value = scene, value
        self.editor = compat.editor_of(scene, create=True)
        self.made = {}

    def merge(self):
        rate = Fraction(*self.value["timeline"]["rate"])
        ours = snapshot.rate_of(self.scene)
        if rate != ours and len(compat.strips(self.editor)):
            raise pump.HostError(
                f"The file runs at {float(rate):g} fps, this scene at {float(ours):g} fps",
                "Import it into an empty scene, which takes the file's frame rate over",
            )
        if rate != ours:
            set_rate(self.scene, rate)
        first_free = max((strip.channel for strip in compat.strips(self.editor)), default=0) + 1
        tracks = [track for track in self.value["tracks"] if track["items"]]
        if first_free + len(tracks) - 1 > compat.LAST_CHANNEL:
            raise pump.HostError("Too few channels are free", "Import into a new scene")
        for number, track in enumerate(sorted(tracks, key=_order), first_free):
            self._track(track, number)
        for marker in self.value.get("markers", ()):
            self.scene.timeline_markers.new(marker.get("name") or marker.get("note") or "", frame=int(marker["frame"]))
        return list(self.made.values())

    def _track(self, track, channel):
        if track.get("name"):
            self.editor.channels[channel].name = track["name"]
        for item in track["items"]:
            if item["kind"] == "transition":
                continue  # needs strips of two channels; the cut below it stays
            strip = self._strip(item, channel)
            compat.set_range(strip, item["start"], item["start"] + item["frames"])
            strip.mute = not item.get("enabled", True)
            identity.write_note(strip, item.get("note", ""))
            self.made[item["uid"]] = strip
        self.editor.channels[channel].mute = not track.get("enabled", True)

    def _strip(self, item, channel):
        name, first, frames = item.get("name") or "clip", item["start"], item["frames"]
        content = first - int(item.get("source_start") or 0)
        path = item.get("media", "")
        if path and item["kind"] == "movie" and os.path.isfile(path):
            return compat.new_movie(self.editor, name, path, channel, content)
        if path and item["kind"] == "sound":
            strip = compat.new_sound(self.editor, name, path, channel, content)
            strip.volume = item.get("gain", 1.0)
            return strip
        if path and item["kind"] in ("image", "images") and os.path.isfile(path):
            return self._pictures(item, name, path, channel, content)
        strip = compat.new_effect(self.editor, "COLOR", name, channel, first, frames)
        if path:
            strip.color_tag = _TAG
            strip["greenroom_media"] = path
        return strip

    def _pictures(self, item, name, path, channel, content):
        strip = compat.new_image(self.editor, name, path, channel, content)
        sequence = item.get("sequence")
        if sequence:
            for number in range(sequence["first"] + 1, sequence["first"] + int(item.get("media_frames") or 1)):
                strip.elements.append(f"{sequence['prefix']}{number:0{sequence['padding']}}{sequence['suffix']}")
        return strip


def _order(track):
    """Sound below picture, each in its own order, as editors of the sequencer have it."""
    return track["kind"] != "audio", track.get("index", 0)


def set_rate(scene, rate):
    """24000/1001 is 24 with a base of 1.001."""
    whole = round(rate)
    scene.render.fps = whole
    scene.render.fps_base = float(Fraction(whole) / rate)


def draw_export(menu, context):
    menu.layout.operator(GREENROOM_OT_export_timeline.bl_idname, text="Greenroom Timeline (.otio, .edl, .xml)")


def draw_import(menu, context):
    menu.layout.operator(GREENROOM_OT_import_timeline.bl_idname, text="Greenroom Timeline (.otio, .edl, .xml)")


CLASSES = (GREENROOM_OT_export_timeline, GREENROOM_OT_import_timeline)

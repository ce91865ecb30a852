# SPDX-License-Identifier: GPL-3.0-or-later
"""Open Greenroom Panel: the window of its own that the `greenroom` command has, linked to the timeline.

The timeline goes to a snapshot file beside the .blend (suffix .vse), which the panel watches. Over the pipes of its
process, JSON-RPC 2.0, a message a line, the panel asks: `go_to` a cue, `read` the timeline anew, `apply` takes; and it
is told where the playhead is. Closing Blender leaves the window open, alone.
"""

import collections
import json
import os
import queue

import bpy

from . import compat, errands, home, identity, jobs, operators, preferences, pump, snapshot

SUFFIX = ".vse"
_open = {}  # document -> its window
_AT_ONCE = 20  # messages that one turn answers


class GREENROOM_OT_open_panel(operators.Operator):
    bl_idname = "greenroom.open_panel"
    bl_label = "Open Greenroom Panel"
    bl_description = "Show cues, takes and cast in Greenroom's own window, to look, compare and choose"
    bl_options = operators.UNDOABLE

    @operators.told
    def execute(self, context):
        folder, document = home.need_project(), bpy.data.filepath
        scene = compat.sequencer_scene(context)
        path, origin = write_cut(scene)
        if document in _open:
            _open[document].origin = origin
            self.report({"INFO"}, "Greenroom: the panel is open, and shows the timeline as it is now")
            return
        command = preferences.command()
        try:
            window = Window([*command, "panel", path, "--project", folder, "--host", "stdio"], scene, origin)
        except OSError as problem:
            raise pump.HostError(*preferences.explain_start(command, problem)) from None
        _open[document] = window
        errands.follow(window)
        jobs.wake()


def write_cut(scene):
    """The timeline beside the .blend; the file is whole or as it was. Returns its path and the first frame that counts:
    where the scene starts, or what lies before.
    """
    path = os.path.splitext(bpy.data.filepath)[0] + SUFFIX
    value = snapshot.take_snapshot(scene)
    try:
        with open(path + ".partial", "w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False)
        os.replace(path + ".partial", path)
    except OSError as problem:
        raise pump.HostError(f"{path} can't be written: {problem.strerror}", "Look whether the disk is full") from None
    items = (item for track in value["tracks"] for item in track["items"])
    starts = [item["start"] for item in items if (item["greenroom"] or {}).get("role") != "take"]
    return path, min([scene.frame_start, *starts])


class Window:
    """A panel and the timeline that it shows. Followed by the timer until it is closed."""

    lasting = True

    def __init__(self, line, scene, origin):
        self.document, self.scene_uid, self.origin = bpy.data.filepath, identity.scene_uid(scene), origin
        self._process = pump.start_process(line)
        self._arrived, self._leaving = queue.SimpleQueue(), queue.SimpleQueue()
        self._said = collections.deque(maxlen=pump.LAST_WORDS)
        self._frame = None
        pump.connect(self._process, self._arrived, self._leaving, self._said)

    def look(self):
        """One turn: what the panel asked for is answered. Whether it was closed."""
        for _ in range(_AT_ONCE):
            try:
                message = self._arrived.get_nowait()
            except queue.Empty:
                break
            if message is pump.GONE:
                self._end()
                return True
            if message.get("id") is not None:
                self._answer(message)
        self._tell_playhead()
        return False

    def _answer(self, message):
        asked = {"hello": self._hello, "go_to": self._go_to, "read": self._read, "apply": self._apply}
        method = asked.get(message.get("method"))
        try:
            if method is None:
                raise pump.HostError("Blender's add-on doesn't know this", "Update it: greenroom install blender")
            parameters = message.get("params")
            method(message["id"], parameters if isinstance(parameters, dict) else {})
        except pump.HostError as problem:
            self._refuse(message["id"], problem)

    def _hello(self, number, parameters):
        self._say(number, {"host": "Blender", "document": self.document})

    def _go_to(self, number, parameters):
        offset = parameters.get("offset")
        scene = self._scene()
        if type(offset) is int:
            scene.frame_current = self.origin + offset
        self._say(number, {})

    def _read(self, number, parameters):
        self.origin = write_cut(self._scene())[1]
        self._say(number, {})

    def _apply(self, number, parameters):
        only = [each for each in parameters.get("only") or () if isinstance(each, str)]

        def applied(answer):
            placed = sum(edit.get("do") == "place_take" for edit in answer.get("edits", ()))
            self._say(number, {"said": jobs.count(placed, "take")})

        def failed(problem):
            self._refuse(number, problem)

        more = {"only": only} if only else {}
        jobs.edit_by("apply", self._scene(), "Refresh Takes", applied, failed, **more)

    def _scene(self):
        scene = identity.find_scene(self.scene_uid) if bpy.data.filepath == self.document else None
        if scene is None or not scene.sequence_editor:
            name = bpy.path.basename(self.document)
            raise pump.HostError(f"Blender has another file open than {name}", "Open it again")
        return scene

    def _tell_playhead(self):
        scene = next((scene for scene in identity.own_scenes() if scene.get(identity.UID) == self.scene_uid), None)
        if scene is not None and bpy.data.filepath == self.document and scene.frame_current != self._frame:
            self._frame = scene.frame_current
            offset = {"offset": self._frame - self.origin}
            self._leaving.put({"jsonrpc": "2.0", "method": "at", "params": offset})

    def _say(self, number, result):
        self._leaving.put({"jsonrpc": "2.0", "id": number, "result": result})

    def _refuse(self, number, problem):
        error = {"code": 1, "message": problem.message, "data": {"hint": problem.hint}}
        self._leaving.put({"jsonrpc": "2.0", "id": number, "error": error})

    def _end(self):
        """One that ended at once says why; one that was closed says nothing."""
        _open.pop(self.document, None)
        self._leaving.put(pump.GONE)
        status = self._process.wait()
        said = [line.strip() for line in self._said if line.strip()]
        if status and any("No such command" in line for line in said):
            jobs.tell("ERROR", "This Greenroom has no panel. Update it: pip install --upgrade greenroom")
        elif status:
            jobs.tell("ERROR", f"The panel ended with status {status}. {said[-1] if said else ''}".strip())

    def leave(self):
        """The add-on is switched off: the window stays open, alone."""
        self._leaving.put(pump.GONE)


CLASSES = (GREENROOM_OT_open_panel,)


def unregister():
    for window in _open.values():
        window.leave()
    _open.clear()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Mix Sound: a second Blender without a window mixes what is heard under the selected strips, in the background.

It works on a copy of the scene, so that the editor's own is never touched and need not be saved. See mixes.py for what
becomes of the sound.
"""

import json
import os
import sys

import bpy

from . import compat, errands, home, identity, jobs, mixes, operators, pump, snapshot

_FOLDER = "sound"  # in the project


class GREENROOM_OT_mix_sound(operators.Operator):
    bl_idname = "greenroom.mix_sound"
    bl_label = "Mix Sound"
    bl_description = (
        "Have a second Blender mix the sound under the selected strips in the background, with animated volume, "
        "metas and scenes. Their takes are made with it"
    )
    bl_options = operators.UNDOABLE

    @operators.told
    def execute(self, context):
        folder = home.need_project()
        if not compat.KNOWS_SOUND:
            raise pump.HostError("This Blender was made without sound", "Mix the sound in one that has it")
        scene = compat.sequencer_scene(context)
        chosen = operators.need_selected(scene)
        first = min(compat.first_frame(strip) for strip in chosen)
        end = max(compat.end_frame(strip) for strip in chosen)
        start(scene, max(first, 0), end, os.path.join(folder, _FOLDER))
        self.report({"INFO"}, "Greenroom: mixing sound; Blender stays free to use")


def start(scene, first, end, folder):
    """Copies the scene aside and sends the second Blender off."""
    import shutil  # loaded late, as in pump
    import tempfile

    uid, digest = identity.scene_uid(scene), mixes.digest_of(scene, first, end)
    output = os.path.join(folder, f"{bpy.path.clean_name(scene.name)}_{first}_{digest[:12]}.wav")
    aside = tempfile.mkdtemp(prefix="greenroom_")

    def ended(status, last_line):
        shutil.rmtree(aside, ignore_errors=True)
        jobs.state.mixing.pop(output, None)
        if status is None:
            jobs.tell("INFO", "Mixing was stopped. Takes are made with the strips' own sound")
            return
        if status:
            reason = f": {last_line}" if last_line else ""
            jobs.tell("ERROR", f"The sound could not be mixed{reason}. Takes are made with the strips' own sound")
            return
        finished(uid, output, first, end, digest)

    wanted = {"scene": scene.name, "first": first, "frames": end - first, "output": output}
    try:
        os.makedirs(folder, exist_ok=True)
        job = _set_aside(scene, aside, {**wanted, "rate": snapshot.pair(snapshot.rate_of(scene))})
        jobs.state.mixing[output] = errands.send([*_second_blender(), job], ended)
    except (OSError, RuntimeError) as problem:  # Blender's own writing raises the latter
        shutil.rmtree(aside, ignore_errors=True)
        raise pump.HostError(f"The sound can't be mixed: {problem}", "Look whether the disk is full") from None
    jobs.wake()


def _set_aside(scene, folder, wanted):
    """A copy of the scene, and the file that says what to do with it."""
    copy, job = os.path.join(folder, "copy.blend"), os.path.join(folder, "job.json")
    bpy.data.libraries.write(copy, {scene}, path_remap="ABSOLUTE", fake_user=True)
    with open(job, "w", encoding="utf-8") as file:
        json.dump({**wanted, "file": copy}, file)
    return job


def _second_blender():
    """The same program; where Blender is a Python module, its Python."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mixdown.py")
    if bpy.app.binary_path:
        return [bpy.app.binary_path, "--background", "--factory-startup", "--python", script, "--"]
    return [sys.executable, script]


def finished(scene_uid, path, first, end, digest):
    scene = identity.find_scene(scene_uid)
    if scene is None or not scene.sequence_editor:
        jobs.tell(
            "ERROR", "The scene of the mixed sound was removed or another file was opened. Choose Mix Sound again"
        )
        return
    mixes.remember(scene, path, first, end - first, digest)
    compat.push_undo("Mix Sound")
    if mixes.digest_of(scene, first, end) != digest:
        jobs.tell("ERROR", "The sound was changed while it was mixed, so the mix isn't used. Choose Mix Sound again")
        return
    jobs.tell("CHECKMARK", f"Sound mixed from frame {first} to {end - 1}. Takes there are made with it")


CLASSES = (GREENROOM_OT_mix_sound,)

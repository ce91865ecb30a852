# SPDX-License-Identifier: GPL-3.0-or-later
"""A file is opened: takes that were made meanwhile come in, and jobs that ended with Blender go on."""

import bpy

from . import compat, home, identity, jobs, pump, snapshot


@bpy.app.handlers.persistent
def on_load(*_):
    """Batches of other files go on in the child; their takes come in when their file is opened again."""
    identity.forget_everything()
    home.forget()
    jobs.forget_file()
    if any(_has_takes(scene) for scene in identity.own_scenes()):
        jobs.call_soon(_catch_up)


def _catch_up():
    for scene in identity.own_scenes():
        try:
            if _has_takes(scene):
                jobs.edit_by("apply", scene, "Refresh Takes")
                resume(scene, asked=False)
        except pump.HostError as problem:  # where Greenroom is missing, that is told
            jobs.fail(problem)


def _has_takes(scene):
    if not scene.get(identity.UID) or not scene.sequence_editor:
        return False
    return any(identity.DATA in strip or identity.NOTE in strip for strip in compat.strips(scene.sequence_editor))


def resume(scene, asked=True):
    """Goes on with this scene's batches that were cut short; where nobody `asked`, nothing to do isn't told."""
    uid = identity.scene_uid(scene)

    def greeted(greeting):
        if greeting.get("project"):
            jobs.ask("jobs", {"project": greeting["project"]}, lambda answer: listed(answer, greeting["project"]))
        elif asked:
            jobs.tell("INFO", "There is no Greenroom project at this file, so nothing waits to be resumed")

    def listed(answer, project):
        waiting = [batch for batch in answer.get("interrupted", ()) if batch.get("timeline") == uid]
        if not waiting:
            if asked:
                jobs.tell("INFO", "Nothing waits to be resumed")
        elif not compat.online() and any(batch.get("engine") != "previz" for batch in waiting):
            jobs.tell(
                "INFO",
                "Jobs wait to be resumed, and online access is off. Allow it in Edit > Preferences > System > Network, "
                "then choose Resume Jobs",
            )
        else:
            _go_on(uid, project)

    jobs.greet(greeted)


def _go_on(uid, project):
    scene = identity.find_scene(uid)
    if scene is None:
        return

    def begun(answer):
        numbers = answer.get("batches", ())
        jobs.begin(numbers, uid, "resumed jobs", *expected)
        if numbers:
            jobs.tell("INFO", "Going on with what was under way")

    expected = jobs.expect(uid)
    wanted = {"snapshot": snapshot.take_snapshot(scene), "project": project}
    jobs.ask("resume", wanted, begun, jobs.not_begun(uid))

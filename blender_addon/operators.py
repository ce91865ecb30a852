# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators: each asks the child for something, or changes what is shown. Answers come in by the timer."""

import functools

import bpy

from . import compat, edits, home, identity, jobs, mixes, preferences, pump, reopening, snapshot

# Not REGISTER: Blender's Adjust Last Operation would run a job again at each click.
UNDOABLE = {"UNDO"}


def told(execute):
    """Errors with a next step are reported, not thrown at the editor as a traceback."""

    @functools.wraps(execute)
    def guarded(self, context):
        try:
            return execute(self, context) or {"FINISHED"}
        except (pump.HostError, edits.Refused) as problem:
            self.report({"ERROR"}, f"Greenroom: {problem}")
            jobs.tell("ERROR", str(problem))
            return {"CANCELLED"}

    return guarded


def has_scene(cls, context):
    scene = compat.sequencer_scene(context)
    if scene is not None and scene.library is not None:
        cls.poll_message_set("The scene is linked from another file, where it can be worked on")
        return False
    return scene is not None


def has_strips(cls, context):
    if not has_scene(cls, context):
        return False
    editor = compat.editor_of(compat.sequencer_scene(context))
    if editor is None or not len(compat.strips(editor)):
        cls.poll_message_set("The sequencer has no strips")
        return False
    return True


def selected(scene):
    """Selected picture strips; a selected take counts as what it stands for."""
    by_uid = identity.settle(scene)
    chosen = []
    for strip in compat.strips(scene.sequence_editor):
        if not strip.select or strip.type == "SOUND":
            continue
        owner = by_uid.get(identity.read(strip).get("of")) if identity.read(strip).get("role") == "take" else strip
        if owner is not None and owner not in chosen:
            chosen.append(owner)
    return chosen


def need_selected(scene):
    if len(scene.sequence_editor.meta_stack):
        raise pump.HostError(
            "The sequencer shows the inside of a meta strip", "Leave it with Tab: takes lie outside of meta strips"
        )
    chosen = selected(scene)
    if not chosen:
        raise pump.HostError("No picture strip is selected", "Select a placeholder or a stand-in")
    return chosen


def need_online(engine):
    """The local engine needs no network; any other does, and only the editor can allow it."""
    if not compat.online() and engine != "previz":
        raise pump.HostError(
            f"Online access is off in Blender, and the engine {engine} may need it",
            "Allow it in Edit > Preferences > System > Network, or choose the engine previz",
        )


class Operator(bpy.types.Operator):
    """What most of ours share: strips to work on, and errors told."""

    bl_options = set()

    @classmethod
    def poll(cls, context):
        return has_strips(cls, context)


class GREENROOM_OT_generate(Operator):
    bl_idname = "greenroom.generate"
    bl_label = "Generate Take"
    bl_description = "Have an actor perform the notes of the selected strips, and put the takes above them"
    bl_options = UNDOABLE

    everything: bpy.props.BoolProperty(
        name="Whole Timeline", description="Generate every cue of the timeline, not only the selected strips"
    )

    @told
    def execute(self, context):
        home.need_project()
        scene = compat.sequencer_scene(context)
        chosen = [] if self.everything else need_selected(scene)
        start_generating(scene, jobs.wishes(scene, [strip[identity.UID] for strip in chosen]), label_of(chosen))
        self.report({"INFO"}, "Greenroom: generating; Blender stays free to use")


def label_of(chosen):
    return "whole timeline" if not chosen else chosen[0].name if len(chosen) == 1 else f"{len(chosen)} strips"


def start_generating(scene, wanted, label):
    """Where Blender is offline, only what the local engine performs is started."""
    if not compat.online() and not wanted.get("engine"):
        wanted["engine"] = "previz"
        jobs.tell("INFO", "Online access is off: the local engine previz performs. Allow it in Preferences > System")
    if wanted.get("engine"):
        need_online(wanted["engine"])
    tell_unheard(scene, wanted)
    jobs.generate(scene, wanted, label)


def tell_unheard(scene, wanted):
    """Sound that the engine won't hear as Blender plays it, and mixes that are out of date."""
    for name, what in mixes.unheld_under(wanted["snapshot"], wanted.get("only", ()))[:3]:
        jobs.tell("INFO", f"{name}: {what} isn't heard by the engine. Choose Mix Sound first if it matters")
    for mix, current in mixes.known(scene):
        if not current:
            place = f"The sound mixed at frame {mix['first']}"
            jobs.tell("INFO", f"{place} is older than the timeline's and isn't used. Choose Mix Sound again")


class GREENROOM_OT_choose(Operator):
    bl_idname = "greenroom.choose"
    bl_label = "Choose Take"
    bl_description = "Show another take of the selected strips. No frame of the cut moves"
    bl_options = set()

    take: bpy.props.StringProperty(name="Take", description="A number, next, previous or best", default="next")

    @classmethod
    def description(cls, context, properties):
        words = {"next": "Show the next take of the selected strips", "previous": "Show the take before this one"}
        return words.get(properties.take, f"Show take {properties.take}")

    @told
    def execute(self, context):
        home.need_saved()
        scene = compat.sequencer_scene(context)
        take = int(self.take) if self.take.isdigit() else self.take
        chosen = need_selected(scene)
        value = snapshot.take_snapshot(scene)  # once for all of them
        for strip in chosen:
            more = {"item": strip[identity.UID], "take": take, "snapshot": value}
            jobs.edit_by("choose", scene, "Choose Take", after_choice(strip.name), **more)


def after_choice(name):
    return lambda answer: jobs.tell("CHECKMARK", f"{name}: take {answer.get('take')}" + of_how_many(answer))


def of_how_many(answer):
    return f" of {answer['of']}" if answer.get("of") else ""


class GREENROOM_OT_restore(Operator):
    bl_idname = "greenroom.restore"
    bl_label = "Restore Stand-In"
    bl_description = "Take the takes of the selected strips off the timeline and show the strips again. Takes are kept"
    bl_options = set()

    @told
    def execute(self, context):
        scene = compat.sequencer_scene(context)
        uids = [strip[identity.UID] for strip in need_selected(scene)]
        jobs.edit_by("restore", scene, "Restore Stand-In", items=uids)


class GREENROOM_OT_compare(Operator):
    bl_idname = "greenroom.compare"
    bl_label = "Compare with Stand-In"
    bl_description = "Show the stand-in instead of its take, and the take again at the next call"
    bl_options = UNDOABLE

    @told
    def execute(self, context):
        scene = compat.sequencer_scene(context)
        for strip in need_selected(scene):
            edits.show_stand_in(scene, strip, strip.mute)


class GREENROOM_OT_read_cues(Operator):
    bl_idname = "greenroom.read_cues"
    bl_label = "Read Cues"
    bl_description = "List what the notes on strips, texts and markers ask for, and what is wrong with them"
    bl_options = UNDOABLE

    @told
    def execute(self, context):
        jobs.read_cues(compat.sequencer_scene(context))


class GREENROOM_OT_refresh(Operator):
    bl_idname = "greenroom.refresh"
    bl_label = "Refresh Takes"
    bl_description = "Bring in takes that exist in the project and aren't on the timeline yet. Nothing is generated"
    bl_options = UNDOABLE

    @told
    def execute(self, context):
        home.need_saved()
        jobs.edit_by("apply", compat.sequencer_scene(context), "Refresh Takes")


class GREENROOM_OT_list_takes(Operator):
    bl_idname = "greenroom.list_takes"
    bl_label = "List Takes"
    bl_description = "List the takes of the active strip"
    bl_options = UNDOABLE

    @told
    def execute(self, context):
        home.need_saved()
        scene = compat.sequencer_scene(context)
        for strip in need_selected(scene)[:1]:
            jobs.list_takes(scene, strip[identity.UID])


class GREENROOM_OT_cancel(bpy.types.Operator):
    bl_idname = "greenroom.cancel"
    bl_label = "Cancel Jobs"
    bl_description = "Stop generating. Finished takes stay, the rest can be resumed"
    bl_options = set()

    @classmethod
    def poll(cls, context):
        return bool(jobs.state.batches or jobs.state.mixing)

    @told
    def execute(self, context):
        jobs.cancel()


class GREENROOM_OT_resume(bpy.types.Operator):
    bl_idname = "greenroom.resume"
    bl_label = "Resume Jobs"
    bl_description = "Go on with what was under way when Blender or Greenroom ended. Nothing is paid twice"
    bl_options = UNDOABLE

    @told
    def execute(self, context):
        home.need_saved()
        reopening.resume(compat.sequencer_scene(context))


class GREENROOM_OT_clear_messages(bpy.types.Operator):
    bl_idname = "greenroom.clear_messages"
    bl_label = "Clear Messages"
    bl_description = "Remove what Greenroom told from the panel"
    bl_options = set()

    def execute(self, context):
        jobs.state.messages.clear()
        return {"FINISHED"}


class GREENROOM_OT_test_command(bpy.types.Operator):
    bl_idname = "greenroom.test_command"
    bl_label = "Test"
    bl_description = "Start the greenroom command and say what is wrong if it doesn't answer"
    bl_options = set()

    @told
    def execute(self, context):
        preferences.last_test.clear()
        command = preferences.command()
        works, said = preferences.try_command(command)
        preferences.last_test.append(f"{' '.join(command)}: {said}" if works else said)
        self.report({"INFO"} if works else {"ERROR"}, f"Greenroom: {said}")


CLASSES = (
    GREENROOM_OT_generate,
    GREENROOM_OT_choose,
    GREENROOM_OT_restore,
    GREENROOM_OT_compare,
    GREENROOM_OT_read_cues,
    GREENROOM_OT_refresh,
    GREENROOM_OT_list_takes,
    GREENROOM_OT_cancel,
    GREENROOM_OT_resume,
    GREENROOM_OT_clear_messages,
    GREENROOM_OT_test_command,
)

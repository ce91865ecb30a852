# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate Take...: what the selected strips shall become, with the price before anything is sent."""

import bpy

from . import compat, home, identity, jobs, mixes, operators, panel, project, pump, snapshot

MODES = (
    ("auto", "Automatic", "Dialogue under a placeholder is talk, none is animate, footage is replace"),
    ("talk", "Talk", "The actor speaks the dialogue under the strip"),
    ("animate", "Animate", "The actor moves as the note says"),
    ("mimic", "Mimic", "The actor moves as the person in other footage does"),
    ("lipsync", "Lip Sync", "The same picture with lips that speak the dialogue under it"),
    ("replace", "Replace", "The actor takes the place of the person in the footage"),
    ("stage", "Stage", "Actor, setting and camera move in one shot"),
)
_WIDTH = 66  # letters of a line in the dialog
_PLAIN = {"\n": " ", "\r": " "}


PATIENCE = 1.5  # seconds that a change in the dialog may wait for its price, as a popup isn't drawn by itself


def requote(dialog, context):
    """Another choice has another price."""
    dialog.ask_price(context, compat.redraw)
    jobs.wait_for(lambda: jobs.state.quote is not None, PATIENCE)


def names_like(dialog, context, typed):
    """The cast, to choose from."""
    names = [actor.get("name", "") for actor in jobs.state.actors or ()]
    return [name for name in names if typed.casefold() in name.casefold()]


class GREENROOM_OT_generate_dialog(operators.Operator):
    bl_idname = "greenroom.generate_dialog"
    bl_label = "Generate Take..."
    bl_description = "Choose actor, mode, engine and number of takes for the selected strips, and see the price first"
    bl_options = operators.UNDOABLE

    # Nothing is kept for the next strip: left empty, the strip's own note counts.
    actor: bpy.props.StringProperty(
        name="Actor",
        description="Who performs: a name of the cast",
        update=requote,
        search=names_like,
        options={"SKIP_SAVE"},
    )
    mode: bpy.props.EnumProperty(
        name="Mode", description="What is asked for", items=MODES, update=requote, options={"SKIP_SAVE"}
    )
    engine: bpy.props.StringProperty(
        name="Engine",
        description="What performs it; empty for what the note or the project says",
        update=requote,
        options={"SKIP_SAVE"},
    )
    takes: bpy.props.IntProperty(
        name="Takes",
        description="How many takes to make of each strip; 0 for what its note says",
        min=0,
        max=99,
        update=requote,
        options={"SKIP_SAVE"},
    )
    note: bpy.props.StringProperty(
        name="Note",
        description="How it is played; for Talk and Lip Sync, the words that are spoken",
        update=requote,
        options={"SKIP_SAVE"},
    )

    priced: bpy.props.BoolProperty(options={"HIDDEN", "SKIP_SAVE"})
    unheard = ()  # (strip, what) of sound that only a mix holds

    def invoke(self, context, event):
        """Opens when the price is there: asked for at the first call, and shown by the second."""
        return self.open(context)

    @operators.told
    def open(self, context):
        if self.priced:
            scene = compat.sequencer_scene(context)
            uids = [strip[identity.UID] for strip in operators.need_selected(scene)]
            self.unheard = mixes.unheld_under(snapshot.take_snapshot(scene), uids)
            return context.window_manager.invoke_props_dialog(self, width=420)
        project.list_actors()
        self.ask_price(context, open_priced)
        return {"FINISHED"}

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        for name in ("actor", "mode", "note", "engine", "takes"):
            layout.prop(self, name)
        for icon, text in price_lines(jobs.state.quote):
            panel.draw_wrapped(layout, icon, text, _WIDTH)
        for name, what in self.unheard[:2]:
            layout.label(text=f"{name}: {what} isn't heard by the engine", icon="SOUND")
        if self.unheard:
            layout.operator("greenroom.mix_sound", icon="SOUND")

    @operators.told
    def execute(self, context):
        home.need_project()
        scene = compat.sequencer_scene(context)
        chosen = operators.need_selected(scene)
        wanted = self.wanted(scene, chosen)
        for strip in chosen:
            if self.said():
                identity.write_note(strip, self.note_for(strip))
        seen = jobs.state.quote if isinstance(jobs.state.quote, dict) else {}
        agreed = {"yes": True, "allow_unknown_cost": "cost" in seen and seen["cost"] is None}
        operators.start_generating(scene, {**wanted, **agreed}, operators.label_of(chosen))

    def ask_price(self, context, done):
        scene = compat.sequencer_scene(context)
        chosen = operators.need_selected(scene)
        jobs.quote(self.wanted(scene, chosen), done)

    def wanted(self, scene, chosen):
        uids = [strip[identity.UID] for strip in chosen]
        notes = {strip[identity.UID]: self.note_for(strip) for strip in chosen} if self.said() else None
        return jobs.wishes(scene, uids, self.engine.strip(), self.takes, notes)

    def said(self):
        return bool(self.actor.strip() or self.note.strip() or self.mode != "auto")

    def note_for(self, strip):
        """The strip's note anew, in the full form; the id that its takes belong to stays."""
        match = snapshot.MARKED.match(identity.read_note(strip))
        parts = [f"GR#{match.group(1)}:" if match else "GR:"]
        if self.actor.strip():
            parts.append(f"actor={quoted(self.actor)}")
        if self.mode != "auto":
            parts.append(f"mode={self.mode}")
        if self.note.strip():
            parts.append(f"{'line' if self.mode in ('talk', 'lipsync') else 'note'}={quoted(self.note)}")
        return " ".join(parts)


def open_priced():
    """The dialog itself; from a timer, so that it needs to be told where."""
    place = compat.sequencer_place()
    if place:
        with bpy.context.temp_override(**place):
            bpy.ops.greenroom.generate_dialog("INVOKE_DEFAULT", priced=True)


def quoted(text):
    """A value as notes write it: in quotes where it has spaces."""
    plain = "".join(_PLAIN.get(letter, letter) for letter in text.strip())
    if plain and all(letter.isalnum() or letter in "-_." for letter in plain):
        return plain
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def price_lines(quote):
    """(icon, text) of a quote, of an error, or of the wait for one."""
    if quote is None:
        return [("TIME", "Working out the price")]
    if isinstance(quote, pump.HostError):
        return [("ERROR", str(quote))]
    to_make, cached = quote.get("to_make", 0), quote.get("cached", 0)
    cost = quote.get("cost")
    price = "price unknown" if cost is None else f"{cost} {quote.get('currency', '')}".strip()
    lines = [("INFO", f"{jobs.count(to_make, 'take')} to make, {price}; {cached} made already")]
    for problem in quote.get("problems", ()):
        icon = "ERROR" if problem.get("severity") == "error" else "INFO"
        lines.append((icon, str(pump.HostError(problem.get("message", ""), problem.get("hint", ""), problem))))
    return lines[:6]


CLASSES = (GREENROOM_OT_generate_dialog,)

# SPDX-License-Identifier: GPL-3.0-or-later
"""What is under way: asks the child, hears it, and lets its edits in one by one on Blender's main thread.

The state here is for showing and may be lost at any time: takes and jobs live in the project, identities in the .blend.
Scenes and strips are kept by id only. One timer drives everything; it runs while somebody waits, and survives the
opening of another file.
"""

import collections
import time

import bpy

from . import compat, edits, errands, identity, preferences, pump, snapshot

# Seconds to the next tick: edits wait, an answer is awaited, the panel is open, batches run.
_APPLYING, _BUSY, _LINKED, _QUIET = 0.01, 0.05, 0.1, 0.5
_MESSAGES = 8  # shown in the panel
_ENDED = {"done", "cached", "failed", "unknown", "interrupted"}


class Batch:
    """One call of generate: its scene, and the latest state of each take."""

    def __init__(self, number, scene_uid, label, document):
        self.number, self.scene_uid, self.label, self.document = number, scene_uid, label, document
        self.away = False  # whether another file is open
        self.takes = {}

    def hear(self, event):
        self.takes[event.get("cue"), event.get("take")] = event

    @property
    def done(self):
        return sum(event["state"] in _ENDED for event in self.takes.values())

    @property
    def fraction(self):
        """0 to 1 over all takes known so far."""
        parts = [1.0 if event["state"] in _ENDED else event.get("fraction") or 0.0 for event in self.takes.values()]
        return sum(parts) / len(parts) if parts else 0.0


class State:
    """Everything that the panel shows."""

    def __init__(self):
        self.batches = {}
        self.messages = collections.deque(maxlen=_MESSAGES)
        self.cues = {}  # scene uid -> answer of `cues`
        self.takes = {}  # strip uid -> answer of `takes`
        self.actors = None  # of the project, once they were asked for
        self.mixing = {}  # path of the sound -> the errand that mixes it
        self.quote = None  # answer of `plan`, or HostError, or None while it is worked out
        self.hello = None
        self.loads = 0  # files opened so far
        self.last_tick = 0.0  # seconds of the main thread
        self.longest_tick = 0.0


state = State()
_starting = set()  # uids of scenes whose batch was asked for and isn't named yet
_early = []  # (method, what was told) of batches that aren't named yet
_edits = collections.deque()  # (scene uid, edit, what applies it once it was looked at), or a function to call


def tell(icon, text):
    """A line for the panel; INFO, ERROR, QUESTION or CHECKMARK. Said twice, it stands there once."""
    line = (icon, text)
    if line in state.messages:
        state.messages.remove(line)
    state.messages.append(line)
    compat.redraw()


def fail(error):
    """Tells an error and all its problems. Options of the command line are no help in Blender."""
    if "--" in error.hint and error.data.get("kind") == "budget":
        error.hint = "Choose Generate Take... to see the price, and agree to it there"
    tell("ERROR", str(error))
    tell_problems(error.data.get("problems", ()))


def tell_problems(problems):
    for problem in problems:
        icon = "ERROR" if problem.get("severity") == "error" else "INFO"
        tell(icon, str(pump.HostError(problem.get("message", ""), problem.get("hint", ""), problem)))


# -- The child


def _notified(method, told):
    """A batch may be told of before the answer that names it; then what is told waits for it."""
    batch = state.batches.get(told.get("batch"))
    if batch is None and _starting:
        _early.append((method, told))
        return
    if method == "progress" and batch:
        batch.hear(told)
    elif method == "finished":
        _finished(state.batches.pop(told.get("batch"), None), told)
    elif method == "failed":
        state.batches.pop(told.get("batch"), None)
        error = told.get("error") or {}
        data = error.get("data") or {}
        fail(pump.HostError(error.get("message", ""), data.get("hint", ""), data))


def begin(numbers, scene_uid, label, document, loads):
    """Batches that the child has taken on; `loads` is how many files had been opened when they were asked for."""
    for number in numbers:
        batch = state.batches[number] = Batch(number, scene_uid, label, document)
        batch.away = loads != state.loads and document != bpy.data.filepath
    _starting.discard(scene_uid)
    waiting = list(_early)
    _early.clear()
    for method, told in waiting:
        _notified(method, told)


def not_begun(scene_uid):
    def failed(error):
        begin((), scene_uid, "", "", 0)
        fail(error)

    return failed


def _ended(reason):
    if state.batches:
        tell("ERROR", str(reason))
    state.batches.clear()
    _starting.clear()
    _early.clear()
    state.hello = None


host = pump.Host(_notified, _ended)


def ask(method, parameters, done=None, failed=fail):
    """Sends a request to the child, which is started if need be. Raises HostError where it can't be."""
    if not host.running:
        command = preferences.command()
        try:
            host.start(command)
        except OSError as problem:
            raise pump.HostError(*preferences.explain_start(command, problem)) from None
        if method != "hello":
            greet()
    host.call(method, parameters, done or (lambda result: None), failed)
    wake()


def greet(done=None):
    """Says who we are, and hears of which project the open file is part."""
    greeting = {
        "protocol": pump.PROTOCOL,
        "host": "blender",
        "version": bpy.app.version_string,
        "document": bpy.data.filepath,
    }

    def greeted(answer):
        state.hello = answer
        if done:
            done(answer)

    ask("hello", greeting, greeted)


def wake():
    """Starts the timer. In background it never fires: scripts call `tick` themselves."""
    if not bpy.app.timers.is_registered(_on_timer):
        bpy.app.timers.register(_on_timer, first_interval=_BUSY, persistent=True)


def _on_timer():
    tick()
    if _edits and not compat.editor_is_busy():
        return _APPLYING
    if host.busy or _edits:
        return _BUSY
    if errands.any_lasting():
        return _LINKED
    return _QUIET if state.batches or errands.any_left() else None


def tick():
    """One turn: messages that came, then edits, within 8 ms; more only where Blender itself takes longer for one."""
    began = time.perf_counter()
    came = host.tick(pump.DEADLINE * 0.75) | errands.look()
    applied = False
    while _edits and time.perf_counter() - began < pump.DEADLINE / 2 and not compat.editor_is_busy():
        if applied and callable(_edits[0]):
            break  # Blender's own step for Undo has a tick of its own
        _apply_next()
        applied = True
    if came:
        compat.redraw()
        compat.redraw_status_bar()
    state.last_tick = time.perf_counter() - began
    state.longest_tick = max(state.longest_tick, state.last_tick)


def wait_for(reached, patience):
    """Waits on the main thread, for the little that an editor waits for as well."""
    until = time.perf_counter() + patience
    while not reached() and host.busy and time.perf_counter() < until:
        host.tick()
        time.sleep(0.01)


def idle():
    """Whether nothing is awaited or under way."""
    return not (host.busy or state.batches or _edits or errands.any_left())


# -- Edits, and other work for the main thread


def call_soon(work):
    """Has the timer call `work`: never in a Blender without a window, such as one that renders on a farm."""
    _edits.append(work)
    wake()


def queue_edits(scene_uid, listed, name):
    """Edits are let in one by one, and make one step for Undo together."""
    _edits.extend((scene_uid, edit, None) for edit in listed)
    if listed:
        _edits.append(lambda: compat.push_undo(name))
        wake()


def _apply_next():
    """Half an edit: looking takes as long as changing among ten thousand strips, so each may have a tick."""
    following = _edits.popleft()
    if callable(following):
        following()
        compat.redraw()
        return
    scene_uid, edit, ready = following
    scene = identity.find_scene(scene_uid)
    if scene is None:
        tell(
            "ERROR",
            "The scene of a take was removed or another file was opened. The take is kept in the project; "
            "open the file again and choose Refresh Takes",
        )
        return
    try:
        if ready:
            ready(scene)
        elif ready := edits.look(scene, edit):
            _edits.appendleft((scene_uid, edit, ready))
    except edits.Refused as reason:
        tell("ERROR", str(reason))


def _finished(batch, told):
    tell_problems(told.get("problems", ()))
    made, failed = told.get("made", 0), told.get("failed", 0)
    if told.get("interrupted"):
        tell("INFO", f"Stopped. {count(made, 'take')} made; Resume Jobs goes on")
    elif failed:
        tell("ERROR", f"{count(made, 'take')} made, {failed} failed. Nothing was changed where they failed")
    elif made:
        tell("CHECKMARK", f"{count(made, 'take')} made")
    else:
        tell("INFO", "Nothing new to make. For another performance, ask for more takes in Generate Take...")
    if batch and batch.away:
        if told.get("edits"):
            name = bpy.path.basename(batch.document)
            tell("INFO", f"The takes of {name} are kept in its project and come in when it is opened")
    elif batch:
        queue_edits(batch.scene_uid, told.get("edits", ()), "Generate Take")
        state.takes.clear()


def count(number, word):
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


# -- What an editor asks for


def wishes(scene, only=None, engine="", takes=0, notes=None, **more):
    """Parameters of a request about the scene's timeline."""
    value = {"snapshot": snapshot.take_snapshot(scene), **more}
    value.update({key: each for key, each in (("only", only), ("engine", engine), ("notes", notes)) if each})
    if takes:
        value["takes"] = takes
    return value


def generate(scene, wanted, label):
    """Starts a batch for what `wishes` said."""
    uid = identity.scene_uid(scene)
    document, loads = expect(uid)
    ask("generate", wanted, lambda answer: begin([answer["batch"]], uid, label, document, loads), not_begun(uid))


def edit_by(method, scene, name, after=None, failed=fail, **parameters):
    """A request whose answer is edits for this scene: choose, restore, apply; about its snapshot, given or taken."""
    uid = identity.scene_uid(scene)

    def answered(answer):
        tell_problems(answer.get("problems", ()))
        queue_edits(uid, answer.get("edits", ()), name)
        state.takes.clear()
        if after:
            after(answer)

    value = parameters.get("snapshot") or snapshot.take_snapshot(scene)
    ask(method, {**parameters, "snapshot": value}, answered, failed)


def read_cues(scene):
    uid = identity.scene_uid(scene)

    def answered(answer):
        state.cues[uid] = answer
        tell_problems(answer.get("problems", ()))

    ask("cues", wishes(scene), answered)


def list_takes(scene, uid):
    """Asks for the takes of a strip, for the panel."""
    state.takes[uid] = None

    def answered(answer):
        state.takes[uid] = answer

    ask("takes", {"snapshot": snapshot.take_snapshot(scene), "item": uid}, answered)


def quote(wanted, done=None):
    """Works out what `wanted` costs; the dialog shows it when it is there."""
    state.quote = None

    def settled(value):
        state.quote = value
        if done:
            done()

    ask("plan", wanted, settled, settled)


def cancel():
    for number in list(state.batches):
        ask("cancel", {"batch": number})
    for errand in state.mixing.values():
        errand.kill()


def forget_file():
    """Another file was opened: what is on its way goes on, everything else was about the file before."""
    _edits.clear()
    fresh = State()
    fresh.batches, fresh.mixing, fresh.loads = state.batches, state.mixing, state.loads + 1
    for batch in fresh.batches.values():
        batch.away = batch.document != bpy.data.filepath
    state.__dict__.update(fresh.__dict__)


def expect(scene_uid):
    """A batch of this scene was asked for: what is told of it waits until it has a name. Returns what `begin` needs."""
    _starting.add(scene_uid)
    return bpy.data.filepath, state.loads


def stop():
    """The add-on is switched off, or Blender ends: the child saves its jobs."""
    host.stop()
    errands.forget()
    if bpy.app.timers.is_registered(_on_timer):
        bpy.app.timers.unregister(_on_timer)

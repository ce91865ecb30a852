# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is who: strips and scenes keep an id of their own, which a rename, a save and a move don't change.

Blender copies custom properties when a strip is split or duplicated, so ids are made unique again before each use:
the strip that was known under the id keeps it, and the copy gets a new one. An undo can take an id away again; the name
under which it was last seen brings it back, so that running jobs find their strip.

What is ours on a strip: "greenroom_uid", "greenroom_note" (the note), "greenroom" (JSON: role, cue, take, of,
muted_by_us).
"""

import json
import os

import bpy

from . import compat

UID = "greenroom_uid"
NOTE = "greenroom_note"
DATA = "greenroom"

_names = {}  # scene uid -> strip uid -> the strip's name when it was last seen
_scene_names = {}  # scene uid -> the scene's name when it was last seen


def new_uid():
    return os.urandom(16).hex()


def own_scenes():
    """The scenes of this file; those linked from others can't be written to."""
    return [scene for scene in bpy.data.scenes if scene.library is None]


def scene_uid(scene):
    """The scene's id; made if it has none, given back if an undo took it, made anew for a copied scene."""
    uid = scene.get(UID)
    if not uid:
        taken = {other.get(UID) for other in own_scenes()}
        lost = (known for known, name in _scene_names.items() if name == scene.name and known not in taken)
        uid = scene[UID] = next(lost, None) or new_uid()
    elif any(other != scene and other.get(UID) == uid for other in own_scenes()) and _is_copy(scene, uid):
        uid = scene[UID] = new_uid()
    _scene_names[uid] = scene.name
    return uid


def find_scene(uid):
    """The scene of this id, or None where it was removed or another file was opened."""
    return next((scene for scene in own_scenes() if scene_uid(scene) == uid), None)


def _is_copy(scene, uid):
    same = [other for other in own_scenes() if other.get(UID) == uid]
    known = _scene_names.get(uid)
    keeper = next((other for other in same if other.name == known), None)
    return scene != (keeper or min(same, key=lambda other: (len(other.name), other.name)))


def read(strip):
    """What Greenroom knows of the strip; {} for a strip that it never touched, or whose data somebody broke."""
    try:
        value = json.loads(strip.get(DATA, "") or "{}")
    except (TypeError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write(strip, value):
    if value:
        strip[DATA] = json.dumps(value, ensure_ascii=False)
    elif DATA in strip:
        del strip[DATA]


def read_note(strip):
    return str(strip.get(NOTE, ""))


def write_note(strip, text):
    if text:
        strip[NOTE] = text
    elif NOTE in strip:
        del strip[NOTE]


def settle(scene):
    """Gives every strip of the scene an id of its own. Returns {uid: strip}, good until Blender's data changes."""
    remembered = _names.setdefault(scene_uid(scene), {})
    by_uid, copies, bare = {}, [], []
    for strip in compat.strips(scene.sequence_editor):
        uid = strip.get(UID)
        if not uid:
            bare.append(strip)
            continue
        other = by_uid.get(uid)
        if other is None:
            by_uid[uid] = strip
            continue
        first, second = _older(strip, other, remembered.get(uid))
        by_uid[uid] = first
        copies.append(second)
    _name_bare(bare, by_uid, remembered)
    issued = [(_issue(strip, by_uid), strip) for strip in copies]
    if issued:
        _rejoin_takes(issued, by_uid)
    remembered.clear()
    remembered.update((uid, strip.name) for uid, strip in by_uid.items())
    return by_uid


def find(scene, uid):
    """The strip of this id, or None. Quick among ten thousand: its last name is tried before all are asked."""
    editor = compat.editor_of(scene)
    if editor is None or not uid:
        return None
    name = _names.get(scene_uid(scene), {}).get(uid)
    strip = compat.strips(editor).get(name) if name else None
    if strip is not None and not strip.get(UID):
        strip[UID] = uid  # an undo took it away
    if strip is not None and strip.get(UID) == uid:
        return strip
    return next((strip for strip in compat.strips(editor) if strip.get(UID) == uid), None)


def take_of(scene, item):
    """The take strip that lies above this strip, or None."""
    uid, data = item.get(UID), read(item)
    if data.get("role") != "stand_in":
        return None
    strip = find(scene, data.get("take_strip"))
    if strip is not None and read(strip).get("of") == uid:
        return strip
    takes = (strip for strip in compat.strips(scene.sequence_editor) if DATA in strip)
    return next((strip for strip in takes if _is_take(read(strip), uid)), None)


def remember(scene, strip):
    """A strip that was just made is found by its name."""
    _names.setdefault(scene_uid(scene), {})[strip[UID]] = strip.name


def take_over_nothing(scene, cue):
    """The take strip of a timeline marker's cue, which stands for no strip; or None."""
    takes = ((strip, read(strip)) for strip in compat.strips(scene.sequence_editor) if DATA in strip)
    return next((strip for strip, data in takes if _is_take(data, None) and data.get("cue") == cue), None)


def forget_everything():
    """Another file was opened: names of the last one mean nothing."""
    _names.clear()
    _scene_names.clear()


def _is_take(data, uid):
    return data.get("role") == "take" and data.get("of") == uid


def _older(one, two, name):
    """First the strip that keeps the id: the one known by `name`, else the shorter name (copies end in .001)."""
    if name in (one.name, two.name):
        return (one, two) if one.name == name else (two, one)
    ordered = sorted((one, two), key=lambda strip: (len(strip.name), strip.name))
    return ordered[0], ordered[1]


def _name_bare(bare, by_uid, remembered):
    """Ids for strips without one; a strip that lost its id by an undo gets it back."""
    lost = {name: uid for uid, name in remembered.items() if uid not in by_uid} if bare else {}
    for strip in bare:
        uid = lost.pop(strip.name, None) or new_uid()
        strip[UID] = uid
        by_uid[uid] = strip


def _issue(strip, by_uid):
    """A new id for a copy; returns the one that it was copied with."""
    copied = strip[UID]
    strip[UID] = new_uid()
    by_uid[strip[UID]] = strip
    return copied


def _rejoin_takes(issued, by_uid):
    """Copied takes belong to the copy that they lie on; a take that was copied alone is footage like any other."""
    owners = {(copied, compat.first_frame(strip)): strip for copied, strip in issued if not read(strip).get("of")}
    for strip in by_uid.values():
        data = read(strip) if DATA in strip else {}
        if data.get("role") != "take":
            continue
        owner = by_uid.get(data.get("of"))
        first = compat.first_frame(strip)
        if (
            owner is not None
            and compat.first_frame(owner) < compat.end_frame(strip)
            and first < compat.end_frame(owner)
        ):
            continue
        copy = owners.get((data.get("of"), first))
        if copy is not None:
            write(strip, {**data, "of": copy[UID]})
            write(copy, {**read(copy), "take_strip": strip[UID]})
        elif any(strip == other for _, other in issued):
            write(strip, {})

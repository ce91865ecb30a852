# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies the edits that `greenroom host` sends: the only place where the timeline changes.

A take is one strip on the first free, unlocked channel above what it stands for, with the same in and out, transform,
crop and colour tag, and its handles to slip in. What it stands for is muted, never touched otherwise. An edit that no
longer fits raises `Refused` before anything was changed; the sentence says what to do.
"""

import functools
import os
from fractions import Fraction

from . import compat, identity, snapshot

_TRANSFORM = ("offset_x", "offset_y", "rotation", "filter")
_LOOKS = ("blend_type", "blend_alpha", "color_tag", "use_flip_x", "use_flip_y")
_SIDES = ("min_x", "max_x", "min_y", "max_y")


class Refused(Exception):
    """An edit that doesn't fit the timeline any more. The text is for the editor."""


def look(scene, edit):
    """Finds out what an edit needs and whether it still fits, without changing anything. Returns what applies it,
    which may be called in a later tick with the scene as it is then; None for an edit that nobody knows.
    """
    doing = edit.get("do")
    if not scene.sequence_editor or doing not in ("place_take", "remove_take", "mark"):
        return None
    if doing != "place_take":
        return functools.partial(remove_take if doing == "remove_take" else mark, edit=edit)
    item, old = _on_timeline(scene, edit)
    channels = None if _is_swap(old, edit) else _channels(scene, item, old, edit)
    return functools.partial(place_take, edit=edit, channels=channels)


# -- Takes


def place_take(scene, edit, channels=None):
    """Shows this take for its item; or over nothing, where a timeline marker asked for it (item null). `channels` are
    those that `look` found: for the take, and one with room for its handles.
    """
    item, old = _on_timeline(scene, edit)
    active = scene.sequence_editor.active_strip
    replaced = old is not None and old == active
    strip = _swap(old, edit) if _is_swap(old, edit) else _put(scene, item, old, edit, channels)
    scene.sequence_editor.active_strip = strip if replaced else active  # a new strip would become it
    _remember(item, strip, edit)
    identity.remember(scene, strip)


def _on_timeline(scene, edit):
    """The strip that a take is for and the take that lies there, each or None. Refuses what fits no more."""
    item = _item(scene, edit) if edit.get("item") else None
    if item is not None:
        _check_range(item, edit)
    _check_media(scene, edit)
    if item is None:
        return None, identity.take_over_nothing(scene, edit["cue"])
    return item, identity.take_of(scene, item)


def remove_take(scene, edit):
    """Back to what the editor had: the take strip goes, what we muted is heard and seen again."""
    item = _item(scene, edit)
    take = identity.take_of(scene, item)
    if take is not None:
        _check_unlocked(scene, take)
        compat.strips(scene.sequence_editor).remove(take)
    data = identity.read(item)
    if data.get("muted_by_us"):
        item.mute = False
    identity.write(item, {})


def show_stand_in(scene, item, showing):
    """Compare: the stand-in for a look, or the take again. Nothing is added or removed."""
    take = identity.take_of(scene, item)
    if take is None:
        raise Refused(f"{item.name} has no take to compare with. Choose Generate Take first")
    take.mute = showing
    item.mute = not showing


def _item(scene, edit):
    item = identity.find(scene, edit.get("item"))
    if item is None:
        raise Refused(
            f"The strip of cue {edit.get('cue', '')} was deleted. Its take is kept in the project; "
            "bring the strip back with Undo, then choose Refresh Takes"
        )
    return item


def _check_range(item, edit):
    first, frames = compat.first_frame(item), compat.end_frame(item) - compat.first_frame(item)
    # the slot may be wider than the item: a transition shows more of the take
    wanted = edit.get("item_start", edit["start"]), edit.get("item_frames", edit["frames"])
    if (first, frames) != wanted:
        raise Refused(
            f"{item.name} was moved or trimmed while its take was made: it is now at frame {first} with {frames} "
            f"frames, the take is for frame {wanted[0]} with {wanted[1]}. Undo the change and choose Refresh Takes, "
            "or choose Generate Take again"
        )


def _check_media(scene, edit):
    rate, wanted = snapshot.rate_of(scene), Fraction(*edit["rate"])
    if wanted != rate:
        raise Refused(
            f"The scene now runs at {float(rate):g} fps, {edit['name']} was made for {float(wanted):g} fps. "
            "Set the frame rate back, or choose Generate Take again"
        )
    if not os.path.isfile(edit["path"]):
        raise Refused(f"The take {edit['name']} is missing: {edit['path']}. Choose Generate Take to make it again")


def _check_unlocked(scene, strip):
    channel = scene.sequence_editor.channels[strip.channel]
    if channel.lock or strip.lock:
        what = f"channel {channel.name}" if channel.lock else "the strip"
        raise Refused(f"The take {strip.name} is locked. Unlock {what} and try again")


def _is_swap(old, edit):
    """Whether changing the file is enough: the take lies where it should, and the new media is as long as the old."""
    if old is None:
        return False
    same_slot = (compat.first_frame(old), compat.end_frame(old)) == (edit["start"], edit["start"] + edit["frames"])
    same_length = compat.content_frames(old) == edit["media_frames"] and not any(compat.trims(old))
    return old.type == "MOVIE" and same_slot and same_length


def _swap(old, edit):
    """Another file in the same strip keeps everything that the editor did to it: effects, modifiers, keyframes."""
    old.filepath = edit["path"]
    old.name = edit["name"]
    return old


def _channels(scene, item, old, edit):
    """The channel for a new take strip, and one with room for its handles too, so that Blender shuffles nothing: as a
    rule the same.
    """
    room = _Room(scene.sequence_editor)
    first, end = edit["start"], edit["start"] + edit["frames"]
    content = first - edit["head"]
    above = item.channel if item is not None else edit.get("track", 1) - 1
    channel = room.channel_for_take(above, old, first, end)
    return channel, room.workshop(channel, min(content, first), max(content + edit["media_frames"], end))


def _put(scene, item, old, edit, channels):
    """A new strip: made where there is room, then moved to its channel if that is another."""
    editor = scene.sequence_editor
    channel, workshop = channels or _channels(scene, item, old, edit)
    first, end = edit["start"], edit["start"] + edit["frames"]
    strip = compat.new_movie(editor, edit["name"], edit["path"], workshop, first - edit["head"])
    _check_length(editor, strip, edit)
    compat.set_range(strip, first, end)
    if old is not None or item is not None:
        _dress(scene, strip, old or item)
    strip.select = old.select if old is not None else False
    if old is not None:
        compat.strips(editor).remove(old)
    _set(strip, "channel", channel)
    if strip.channel != channel:  # taken since it was found free; Blender moves nothing but our own strip then
        room = _Room(editor)
        strip.channel = room.free_above(item.channel if item else channel - 1, room.busy(first, end, strip), first)
    return strip


def _check_length(editor, strip, edit):
    found = compat.content_frames(strip)
    if found != edit["media_frames"]:
        compat.strips(editor).remove(strip)
        raise Refused(
            f"Blender reads {found} frames from {os.path.basename(edit['path'])}, which should have "
            f"{edit['media_frames']}. Look whether the file is whole, or choose Generate Take again"
        )


class _Room:
    """Which channels are free where; asked of Blender once, in arrays, as there may be ten thousand strips."""

    def __init__(self, editor):
        self.editor = editor
        self.taken = compat.occupied(editor)

    def busy(self, first, end, but=None):
        """Channels with a strip between these frames; `but` doesn't count."""
        out = (but.channel, compat.first_frame(but), compat.end_frame(but)) if but is not None else None
        places = zip(*self.taken, strict=True)
        return {place[0] for place in places if place[1] < end and first < place[2] and place != out}

    def channel_for_take(self, above, old, first, end):
        busy = self.busy(first, end, old)
        if old is not None:
            _check_unlocked(self.editor.id_data, old)
            if old.channel not in busy and old.channel > above:
                return old.channel
        return self.free_above(above, busy, first)

    def free_above(self, above, busy, first):
        for channel in range(above + 1, compat.LAST_CHANNEL + 1):
            if channel not in busy and not self.editor.channels[channel].lock:
                return channel
        raise Refused(
            f"No channel above channel {above} is free and unlocked at frame {first}. "
            "Make room and choose Refresh Takes"
        )

    def workshop(self, wanted, first, end):
        """The wanted channel where it is empty, else the highest that is."""
        busy = self.busy(first, end)
        for channel in (wanted, *range(compat.LAST_CHANNEL, 0, -1)):
            if channel not in busy:
                return channel
        raise Refused(
            f"All {compat.LAST_CHANNEL} channels are in use at frame {first}. Make room and choose Refresh Takes"
        )


def _dress(scene, strip, like):
    """Gives the take the look of the strip that it replaces on screen, whatever size their media have."""
    for name in _LOOKS:
        if hasattr(like, name) and hasattr(strip, name):
            _set(strip, name, getattr(like, name))
    if like.type == "TEXT" or not hasattr(like, "transform"):
        return  # a text's transform places its letters
    for name in _TRANSFORM:
        if hasattr(like.transform, name):
            _set(strip.transform, name, getattr(like.transform, name))
    if hasattr(like.transform, "origin") and like.transform.origin != strip.transform.origin:
        strip.transform.origin = like.transform.origin
    ours, theirs = _native_size(scene, strip), _native_size(scene, like)
    wide, high = theirs[0] / ours[0], theirs[1] / ours[1]
    _set(strip.transform, "scale_x", like.transform.scale_x * wide)
    _set(strip.transform, "scale_y", like.transform.scale_y * high)
    for side in _SIDES:
        _set(strip.crop, side, round(getattr(like.crop, side) / (wide if side.endswith("x") else high)))


def _set(owner, name, value):
    """Only what differs: most settings make Blender look through all strips for their owner."""
    if getattr(owner, name) != value:
        setattr(owner, name, value)


def _native_size(scene, strip):
    """The size at scale 1, in pixels: the media's own, or the scene's for a strip without media."""
    elements = getattr(strip, "elements", None)
    if elements and elements[0].orig_width and elements[0].orig_height:
        return elements[0].orig_width, elements[0].orig_height
    return scene.render.resolution_x, scene.render.resolution_y


def _remember(item, strip, edit):
    uid = strip.get(identity.UID) or identity.new_uid()
    strip[identity.UID] = uid
    _set(strip, "mute", False)
    common = {"cue": edit["cue"], "take": edit["take"]}
    identity.write(strip, {"role": "take", **common, "of": edit.get("item"), "label": edit.get("label", "")})
    if item is not None:
        data = identity.read(item)
        muted = data.get("muted_by_us", False) or not item.mute
        _set(item, "mute", True)
        identity.write(
            item, {**data, "role": "stand_in", **common, "of": None, "muted_by_us": muted, "take_strip": uid}
        )


# -- Notes


def mark(scene, edit):
    """Writes the note with its id back: into the strip's note, or the timeline marker's name."""
    if edit.get("marker") is None:
        identity.write_note(_item(scene, edit), edit["text"])
        return
    marker = _marker(scene, edit)
    marker.name = edit["text"]
    if marker.name != edit["text"]:  # cut at 63 bytes; the whole note is kept with the scene
        data = identity.read(scene)
        notes = {**data.get("marker_notes", {}), _id_in(edit["text"]): edit["text"]}
        identity.write(scene, {**data, "marker_notes": notes})


def _marker(scene, edit):
    here = [marker for marker in scene.timeline_markers if marker.frame == edit["marker"]]
    ours = [marker for marker in here if marker.name and marker.name == edit.get("old")]
    ours = ours or [marker for marker in here if snapshot.is_note(marker.name)]
    if not here:
        raise Refused(
            f"The marker at frame {edit['marker']} was moved or deleted. Its note got no id; choose Read Cues"
        )
    return (ours or here)[0]


def _id_in(text):
    match = snapshot.MARKED.match(text)
    return match.group(1).lower() if match else ""

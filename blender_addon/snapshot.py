# SPDX-License-Identifier: GPL-3.0-or-later
"""The sequencer's timeline as plain JSON: what `greenroom host` reads instead of a .blend (docs/host-protocol.md).

Positions are whole frames in the scene's own count, rates [numerator, denominator]. Blender plays media frame by
frame whatever their rate, which the snapshot says. What it can't hold is named strip by strip in "unheld", in an
editor's words.
"""

import os
import re
from fractions import Fraction

import bpy

from . import compat, identity, mixes

SCHEMA = 1
_NUMBERED = re.compile(r"^(.*?)(\d+)(\.[^.]*)$")  # the last number before the suffix counts pictures
_DISSOLVES = {"CROSS", "GAMMA_CROSS"}
_TRANSITIONS = {*_DISSOLVES, "WIPE"}
NOTE_LIKE = re.compile(r"^\s*(GR(#[0-9a-z]{4,8})?\s*:|@\w)", re.IGNORECASE)
MARKED = re.compile(r"^\s*GR#([0-9a-z]{4,8})\b", re.IGNORECASE)


def take_snapshot(scene, mixed=True):
    """The scene as the contract's JSON; gives ids to strips that have none. Mixed sound stands for the strips that it
    was made of, unless the timeline itself is meant.
    """
    by_uid = identity.settle(scene)
    tracks = _tracks(scene, by_uid)
    return {
        "greenroom": "snapshot",
        "schema": SCHEMA,
        "host": {"name": "blender", "version": bpy.app.version_string.split()[0], "document": bpy.data.filepath},
        "timeline": _timeline(scene),
        "tracks": mixes.carve(scene, tracks, pair(rate_of(scene))) if mixed else tracks,
        "markers": _markers(scene),
    }


def rate_of(scene):
    """Frames a second, exact: 24 with a base of 1.001 is 24000/1001."""
    base = Fraction(scene.render.fps_base).limit_denominator(100_000)
    rate = Fraction(scene.render.fps) / base
    return _known_rate(rate)


def _known_rate(rate):
    """fps_base is a 32-bit float: 1.001 reads 1.00100004673. Rates of film and television are told from such noise."""
    for whole in (24, 30, 48, 60, 120):
        slow = Fraction(whole * 1000, 1001)
        if abs(rate - slow) < Fraction(1, 10_000):
            return slow
    whole = Fraction(round(rate))
    return whole if abs(rate - whole) < Fraction(1, 10_000) else rate.limit_denominator(1001)


def is_note(text):
    """Whether this is meant for Greenroom: "GR: ..." or "@mara ..."; what exactly it says is for the core to read."""
    return bool(NOTE_LIKE.match(text))


def pair(value):
    return [value.numerator, value.denominator]


def _timeline(scene):
    return {
        "uid": identity.scene_uid(scene),
        "name": scene.name,
        "rate": pair(rate_of(scene)),
        "start": scene.frame_start,
        "start_timecode": "",
        "drop_frame": False,
        "size": [scene.render.resolution_x, scene.render.resolution_y],
    }


def _markers(scene):
    kept = read_marker_notes(scene)
    found = []
    for marker in sorted(scene.timeline_markers, key=lambda each: each.frame):
        match = MARKED.match(marker.name)
        note = kept.get(match.group(1).lower(), "") if match else ""
        found.append({"frame": marker.frame, "frames": 1, "name": marker.name, "note": note, "colour": ""})
    return found


def read_marker_notes(scene):
    """Notes that were too long for a marker's name (63 bytes), by cue; markers hold no properties from 5.0."""
    return identity.read(scene).get("marker_notes", {})


def _tracks(scene, by_uid):
    channels = scene.sequence_editor.channels if hasattr(scene.sequence_editor, "channels") else {}
    reading = _Reading(scene)
    tracks = {}
    items = {uid: reading.item(uid, strip) for uid, strip in by_uid.items()}
    for uid, strip in by_uid.items():
        item = items[uid]
        if strip.type in _DISSOLVES and _is_fade(strip, items):
            continue
        kind = "audio" if item["kind"] == "sound" else "video"
        key = (strip.channel, kind)
        if key not in tracks:
            channel = channels[strip.channel]
            tracks[key] = {
                "kind": kind,
                "index": strip.channel,
                "name": channel.name,
                "locked": channel.lock,
                "enabled": not channel.mute,
                "items": [],
            }
        tracks[key]["items"].append(item)
    for track in tracks.values():
        track["items"].sort(key=lambda item: item["start"])
    return [tracks[key] for key in sorted(tracks)]


def _is_fade(strip, items):
    """A Cross over two strips that overlap is the upper one's fade, which is what it looks like in other programs."""
    inputs = compat.inputs(strip)
    if len(inputs) != 2 or any(each.get(identity.UID) not in items for each in inputs):
        return False
    out, into = sorted(inputs, key=compat.first_frame)
    first, end = compat.first_frame(strip), compat.end_frame(strip)
    if (compat.first_frame(into), compat.end_frame(out)) != (first, end) or into.channel == out.channel:
        return False
    upper, side = (into, "fade_in") if into.channel > out.channel else (out, "fade_out")
    items[upper[identity.UID]][side] = end - first
    return True


class _Reading:
    """One pass over the strips of a scene: what is asked once for all of them is kept here."""

    def __init__(self, scene):
        self.rate = pair(rate_of(scene))
        self.animated = compat.animated_paths(scene)
        self.library = scene.library
        self.paths = {}
        self.there = {}
        self.rates = {}

    def item(self, uid, strip):
        first = compat.first_frame(strip)
        data = identity.read(strip) if identity.DATA in strip else {}
        value = {
            "uid": uid,
            "kind": "other",
            "name": strip.name,
            "start": first,
            "frames": compat.end_frame(strip) - first,
            "enabled": not strip.mute,
            "media": "",
            "source_start": 0,
            "media_rate": None,
            "media_frames": 0,
            "plays": "frames",
            "speed": [1, 1],
            "gain": 1.0,
            "fade_in": 0,
            "fade_out": 0,
            "note": identity.read_note(strip),
            "markers": [],
            "unheld": [],
            "greenroom": _ours(data),
        }
        _KINDS.get(strip.type, _other)(self, strip, value)
        self._speed(strip, value)
        return value

    def absolute(self, path):
        if path not in self.paths:
            full = bpy.path.abspath(path, library=self.library) if path else ""
            self.paths[path] = os.path.normpath(full) if full else ""
        return self.paths[path]

    def exists(self, path):
        if path not in self.there:
            self.there[path] = os.path.exists(path)
        return self.there[path]

    def media_rate(self, fps):
        if fps not in self.rates:
            rate = _known_rate(Fraction(fps).limit_denominator(100_000)) if fps else None
            self.rates[fps] = pair(rate) if rate else None
        return self.rates[fps]

    def is_animated(self, strip, word):
        return bool(self.animated) and any(path + word in self.animated for path in compat.strip_path(strip.name))

    def source(self, strip, value):
        """Where in its media the strip starts; Blender counts from the part that was not trimmed off for good."""
        before, after = compat.trims(strip)
        speed = compat.constant_speed(strip) or 1
        start = (value["start"] - compat.content_first(strip)) * (speed if speed == 1 else float(speed)) + before
        value["source_start"] = int(start) if start == int(start) else start
        value["media_frames"] = compat.media_frames(strip) + before + after

    def _speed(self, strip, value):
        speed = compat.constant_speed(strip)
        if speed is None:
            value["unheld"].append("retimed")
        elif speed != 1.0:
            value["speed"] = pair(speed)
        if getattr(strip, "use_reverse_frames", False):
            value["unheld"].append("plays backwards")
        if getattr(strip, "strobe", 1.0) > 1.0:
            value["unheld"].append("strobe")
        if self.is_animated(strip, "blend_alpha"):
            value["unheld"].append("animated opacity")


def _ours(data):
    if data.get("role") not in ("take", "stand_in"):
        return None
    return {key: data.get(key) for key in ("role", "cue", "take", "of", "muted_by_us")}


def _movie(reading, strip, value):
    path = reading.absolute(strip.filepath)
    value["media"] = path
    value["kind"] = "movie" if path and reading.exists(path) else "missing"
    reading.source(strip, value)
    if value["kind"] == "movie":
        # not strip.fps, which opens the file each time: ten thousand strips would take ten seconds
        value["media_rate"] = reading.media_rate(strip.elements[0].orig_fps if len(strip.elements) else 0.0)


def _image(reading, strip, value):
    names = [strip.elements[0].filename, strip.elements[-1].filename] if len(strip.elements) else [""]
    folder = reading.absolute(strip.directory)
    value["media"] = os.path.join(folder, names[0]) if names[0] else ""
    many = len(strip.elements) > 1
    value["kind"] = "images" if many else "image"
    if many:
        reading.source(strip, value)
        value["media_rate"] = reading.rate
        value["sequence"] = _sequence(folder, names, len(strip.elements))
        if value["sequence"] is None:
            value["unheld"].append("pictures that are not numbered one by one")
    if not reading.exists(value["media"]):
        value["kind"] = "missing"


def _sequence(folder, names, count):
    first, last = _NUMBERED.match(names[0]), _NUMBERED.match(names[-1])
    if not first or not last or int(last.group(2)) - int(first.group(2)) != count - 1:
        return None
    prefix, number, suffix = first.groups()
    return {"folder": folder, "prefix": prefix, "suffix": suffix, "padding": len(number), "first": int(number)}


def _sound(reading, strip, value):
    value["kind"] = "sound"
    if strip.sound:
        if strip.sound.packed_file:
            value["unheld"].append("sound packed into the .blend")
        value["media"] = reading.absolute(strip.sound.filepath)
        value["channels"] = strip.sound.channels.lower()
    value["media_rate"] = reading.rate
    value["gain"] = strip.volume
    reading.source(strip, value)
    if getattr(strip, "sound_offset", 0.0):
        value["unheld"].append("sound offset of less than a frame")
    if strip.pan:
        value["unheld"].append("pan")
    if reading.is_animated(strip, "volume"):
        value["unheld"].append("animated volume")
    if getattr(strip, "pitch", 1.0) != 1.0:
        value["unheld"].append("changed pitch")


def _colour(reading, strip, value):
    value["kind"] = "colour"


def _text(reading, strip, value):
    """A note may be the text itself, which is where editors type it."""
    value["kind"] = "text"
    if not value["note"] and is_note(strip.text):
        value["note"] = strip.text.strip()


def _meta(reading, strip, value):
    value["kind"] = "compound"
    value["unheld"].append("meta strip")
    if _has_sound(compat.meta_strips(strip)):
        value["unheld"].append("sound inside the meta strip")


def _has_sound(strips):
    """Whether a sound strip is among these, or in a meta among them."""
    return any(
        strip.type == "SOUND" or (strip.type == "META" and _has_sound(compat.meta_strips(strip))) for strip in strips
    )


def _other(reading, strip, value):
    if strip.type in _TRANSITIONS:
        value["kind"] = "transition"
        if strip.type == "WIPE":
            value["unheld"].append("wipe")
        return
    words = {"SCENE": "scene strip", "MOVIECLIP": "movie clip strip", "MASK": "mask strip"}
    value["unheld"].append(words.get(strip.type, f"{strip.type.replace('_', ' ').lower()} effect"))
    editor = compat.editor_of(strip.scene) if strip.type == "SCENE" else None
    if editor is not None and _has_sound(compat.strips(editor)):
        value["unheld"].append("sound of the scene strip")


_KINDS = {"MOVIE": _movie, "IMAGE": _image, "SOUND": _sound, "COLOR": _colour, "TEXT": _text, "META": _meta}

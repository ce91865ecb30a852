# SPDX-License-Identifier: GPL-3.0-or-later
"""Mixed sound: what the snapshot can't hold of a scene's sound, as Blender itself plays it, kept in WAV files.

A mix is known to the scene by its place, its file and a digest of the sound strips that it was made of. In a snapshot
it takes the place of all other sound there, for as long as that digest is right.
"""

import json
import os

import bpy

from . import compat, identity

_KEY = "mixes"
TRACK = 129  # one above Blender's last channel, so that the numbers of the other tracks stay
HEARD = (
    "animated volume",
    "pan",
    "retimed",
    "changed pitch",
    "sound packed into the .blend",
    "sound offset of less than a frame",
    "sound inside the meta strip",
    "sound of the scene strip",
)
"""What a mix holds of that which a snapshot names as not held."""


def remember(scene, path, first, frames, digest):
    """Keeps a finished mix; older ones of the same place go."""
    data = identity.read(scene)
    others = [mix for mix in data.get(_KEY, ()) if not _meets(mix, first, first + frames)]
    mix = {"path": _relative(path), "first": first, "frames": frames, "digest": digest}
    identity.write(scene, {**data, _KEY: [*others, mix]})


def known(scene):
    """[(mix, whether it may still be used)]."""
    mixes = identity.read(scene).get(_KEY, ())
    strips = _sounding(scene) if mixes else []
    return [(mix, _is_current(scene, mix, strips)) for mix in mixes]


def path_of(mix):
    return os.path.normpath(bpy.path.abspath(mix["path"]))


def carve(scene, tracks, rate):
    """The tracks of a snapshot with the scene's mixes in place of the sound that they were made of."""
    mixes = [mix for mix, current in known(scene) if current]
    if not mixes:
        return tracks
    for track in tracks:
        for mix in mixes:
            track["items"] = [piece for item in track["items"] for piece in _pieces(item, mix)]
    items = [_item(mix, rate) for mix in sorted(mixes, key=lambda mix: mix["first"])]
    mixed = {"kind": "audio", "index": TRACK, "name": "Mixed sound", "locked": False, "enabled": True, "items": items}
    return [*tracks, mixed]


def unheld_under(value, uids):
    """[(name of a strip, what isn't held of its sound)] of what sounds under the items of a snapshot; all for none."""
    items = [item for track in value["tracks"] if track["enabled"] for item in track["items"]]
    places = [(item["start"], item["start"] + item["frames"]) for item in items if item["uid"] in uids]
    found = []
    for item in items:
        first, end = item["start"], item["start"] + item["frames"]
        words = [word for word in item["unheld"] if word in HEARD]
        under = not uids or any(first < last and begin < end for begin, last in places)
        if words and under and item["enabled"] and (item["kind"] == "sound" or words != ["retimed"]):
            found.append((item["name"], ", ".join(words)))
    return found


def digest_of(scene, first, end, strips=None):
    """What sounds between two frames: another digest, another sound. Files count by size and time of change. `strips`
    are all that sound in the scene, where they are known already.
    """
    import hashlib  # loaded late, as in pump

    strips = _sounding(scene) if strips is None else strips
    heard = [
        _strip_values(strip) for strip in strips if compat.first_frame(strip) < end and first < compat.end_frame(strip)
    ]
    channels = [[channel.mute] for channel in scene.sequence_editor.channels]
    curves = [_curve_values(curve) for curve in compat.curves(scene) if curve.data_path.startswith("sequence_editor.")]
    value = [heard, channels, sorted(curves), scene.audio_volume, scene.render.fps, scene.render.fps_base]
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()


def _sounding(scene):
    """The strips that may be heard, those in metas too."""
    kinds = {"SOUND", "META", "SCENE"}
    found = [strip for strip in compat.all_strips(compat.editor_of(scene)) if strip.type in kinds]
    return sorted(found, key=lambda strip: (compat.first_frame(strip), strip.channel, strip.name))


def _strip_values(strip):
    values = [strip.type, strip.channel, compat.first_frame(strip), compat.end_frame(strip), strip.mute]
    values += [compat.content_first(strip), *compat.trims(strip), *compat.retiming(strip)]
    values += [getattr(strip, name, None) for name in ("volume", "pan", "pitch", "sound_offset", "scene_input")]
    if strip.type == "SOUND" and strip.sound:
        values.append(_file_values(bpy.path.abspath(strip.sound.filepath, library=strip.sound.library)))
    if strip.type == "SCENE" and strip.scene and strip.scene != strip.id_data and strip.scene.sequence_editor:
        values += [_strip_values(inner) for inner in _sounding(strip.scene)]
    return values


def _file_values(path):
    try:
        known_of = os.stat(path)
    except OSError:
        return [os.path.basename(path)]
    return [os.path.basename(path), known_of.st_size, int(known_of.st_mtime)]


def _curve_values(curve):
    points = [
        [*point.co, *point.handle_left, *point.handle_right, point.interpolation] for point in curve.keyframe_points
    ]
    return [curve.data_path, curve.array_index, curve.mute, points]


def _is_current(scene, mix, strips):
    first, end = mix["first"], mix["first"] + mix["frames"]
    return os.path.isfile(path_of(mix)) and digest_of(scene, first, end, strips) == mix["digest"]


def _meets(mix, first, end):
    return mix["first"] < end and first < mix["first"] + mix["frames"]


def _relative(path):
    try:
        return bpy.path.relpath(path)
    except ValueError:  # on another drive
        return path


def _pieces(item, mix):
    """What is left of an item beside a mix."""
    first, end = item["start"], item["start"] + item["frames"]
    begin, last = mix["first"], mix["first"] + mix["frames"]
    if first >= last or begin >= end:
        return [item]
    if item["kind"] != "sound":
        held = begin <= first and end <= last
        return [{**item, "unheld": [word for word in item["unheld"] if word not in HEARD]} if held else item]
    left = []
    if first < begin:
        left.append({**item, "frames": begin - first})
    if last < end:
        skipped = (last - first) * item["speed"][0] / item["speed"][1]
        start = item["source_start"] + (int(skipped) if skipped == int(skipped) else skipped)
        left.append(
            {**item, "uid": f"{item['uid']}-{last}", "start": last, "frames": end - last, "source_start": start}
        )
    return left


def _item(mix, rate):
    item = {"uid": f"mix-{mix['digest'][:12]}", "kind": "sound", "name": "Mixed sound", "start": mix["first"]}
    item |= {"frames": mix["frames"], "enabled": True, "media": path_of(mix), "source_start": 0, "media_rate": rate}
    item |= {"media_frames": mix["frames"], "plays": "frames", "speed": [1, 1], "gain": 1.0, "fade_in": 0}
    return item | {"fade_out": 0, "note": "", "markers": [], "unheld": [], "greenroom": None}

# SPDX-License-Identifier: Apache-2.0
"""The timeline as JSON: positions, rates, media, and what it says that it can't hold."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction

import bpy


def _items(stage):
    value = stage.snapshot.take_snapshot(stage.scene)
    assert json.loads(json.dumps(value)) == value
    return {item["name"]: item for track in value["tracks"] for item in track["items"]}


def rates_are_exact(stage):
    render = stage.scene.render
    wanted = {
        (24, 1.001): Fraction(24000, 1001),
        (30, 1.001): Fraction(30000, 1001),
        (60, 1.001): Fraction(60000, 1001),
        (24, 1.0): Fraction(24),
        (25, 1.0): Fraction(25),
        (50, 1.0): Fraction(50),
        (48, 2.0): Fraction(24),
        (15, 2.0): Fraction(15, 2),
    }
    for (fps, base), rate in wanted.items():
        render.fps, render.fps_base = fps, base
        assert stage.snapshot.rate_of(stage.scene) == rate, (fps, base, stage.snapshot.rate_of(stage.scene))


def a_trimmed_movie(stage):
    strip = stage.movie("standin", 10)
    stage.compat.set_range(strip, 15, 40)
    item = _items(stage)["standin"]
    assert (item["start"], item["frames"]) == (15, 25)
    assert item["source_start"] == 5
    assert item["media_frames"] == 48
    assert item["media_rate"] == [24, 1]
    assert item["kind"] == "movie"
    assert item["media"] == str(stage.folder / "standin.mov")


def a_hard_trimmed_movie(stage):
    """Frames cut off for good at the start count too."""
    strip = stage.movie("standin", 10)
    strip.animation_offset_start = 4
    first = stage.compat.first_frame(strip)
    item = _items(stage)["standin"]
    assert item["source_start"] == first - stage.compat.content_first(strip) + 4
    assert item["media_frames"] == 48


def paths_are_absolute(stage):
    path = stage.save()
    strip = stage.movie("standin", 1)
    strip.filepath = "//standin.mov"
    item = _items(stage)["standin"]
    assert item["media"] == str(path.parent / "standin.mov")
    assert item["kind"] == "movie"


def missing_media_is_a_placeholder(stage):
    path = stage.folder / "gone.mov"
    shutil.copy(stage.folder / "standin.mov", path)
    strip = stage.compat.new_movie(stage.editor, "gone", str(path), 2, 1)
    stage.compat.set_range(strip, 5, 30)
    path.unlink()
    item = _items(stage)["gone"]
    assert (item["kind"], item["start"], item["frames"]) == ("missing", 5, 25)


def a_picture_sequence(stage):
    folder = stage.folder / "plates"
    folder.mkdir()
    for number in range(1001, 1011):
        shutil.copy(stage.folder / "mara.png", folder / f"plate.{number}.png")
    strip = stage.compat.new_image(stage.editor, "plate", str(folder / "plate.1001.png"), 2, 1)
    for number in range(1002, 1011):
        strip.elements.append(f"plate.{number}.png")
    stage.compat.set_range(strip, 4, 9)
    item = _items(stage)["plate"]
    wanted = {"folder": str(folder), "prefix": "plate.", "suffix": ".png", "padding": 4, "first": 1001}
    assert item["sequence"] == wanted
    assert (item["kind"], item["source_start"], item["frames"]) == ("images", 3, 5)


def notes_of_all_kinds(stage):
    stage.colour("@mara: named", 1, 24)
    stage.colour("noted", 30, 24, note="GR: actor=mara")
    text = stage.compat.new_effect(stage.editor, "TEXT", "title", 4, 1, 24)
    text.text = "@mara talk: I never left."
    plain = stage.compat.new_effect(stage.editor, "TEXT", "plain", 5, 1, 24)
    plain.text = "Scene 3"
    stage.scene.timeline_markers.new("GR: actor=mara", frame=7)
    items = _items(stage)
    assert items["noted"]["note"] == "GR: actor=mara"
    assert items["title"]["note"] == "@mara talk: I never left."
    assert items["plain"]["note"] == ""
    marker = stage.snapshot.take_snapshot(stage.scene)["markers"][0]
    assert (marker["frame"], marker["name"]) == (7, "GR: actor=mara")


def what_is_not_held_is_named(stage):
    standin = stage.movie("standin", 1)
    standin.use_reverse_frames = True
    assert "plays backwards" in _items(stage)["standin"]["unheld"]
    sound = stage.dialogue()
    if sound is None:
        return
    sound.volume = 0.5
    sound.keyframe_insert("volume", frame=3)
    sound.pan = 0.5
    item = _items(stage)["dialogue"]
    assert "animated volume" in item["unheld"]
    assert "pan" in item["unheld"]
    assert item["gain"] == 0.5


def channels_locks_and_mutes(stage):
    stage.dialogue(channel=2)
    slot = stage.colour("slot", 40, 24, channel=2)
    slot.mute = True
    channel = stage.editor.channels[2]
    channel.name, channel.lock, channel.mute = "Voices", True, True
    tracks = stage.snapshot.take_snapshot(stage.scene)["tracks"]
    assert [track["kind"] for track in tracks] == (["audio", "video"] if stage.has_sound else ["video"])
    for track in tracks:
        assert (track["index"], track["name"], track["locked"], track["enabled"]) == (2, "Voices", True, False)
    assert not tracks[-1]["items"][0]["enabled"]


def a_meta_is_named(stage):
    slot = stage.colour("slot", 1, 24)
    meta = stage.strips.new_meta("meta", 5, 1)
    slot.move_to_meta(meta)
    items = _items(stage)
    assert list(items) == ["meta"]
    assert items["meta"]["kind"] == "compound"


def a_transition(stage):
    one, two = stage.movie("one", 1, channel=1), stage.movie("two", 41, channel=2)
    stage.compat.new_effect(stage.editor, "CROSS", "cross", 3, 41, 8, inputs=(one, two))
    items = _items(stage)
    assert set(items) == {"one", "two"}
    assert (items["two"]["fade_in"], items["one"]["fade_out"]) == (8, 0)


def a_wipe_is_named(stage):
    one, two = stage.movie("one", 1, channel=1), stage.movie("two", 41, channel=2)
    stage.compat.new_effect(stage.editor, "WIPE", "wipe", 3, 41, 8, inputs=(one, two))
    assert _items(stage)["wipe"]["unheld"] == ["wipe"]


def an_unsaved_file_has_no_document(stage):
    stage.colour("slot", 1, 24)
    value = stage.snapshot.take_snapshot(stage.scene)
    assert value["host"]["document"] == ""
    assert value["host"]["version"] == ".".join(map(str, bpy.app.version))

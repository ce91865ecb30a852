# SPDX-License-Identifier: Apache-2.0
"""From a saved .blend without a project to a take, without leaving Blender; and the panel's window from its menu."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import bpy

NOTE = "@mara animate: nods"


def _elsewhere(stage):
    folder = stage.folder.parent / "Neuer Film"
    folder.mkdir()
    shutil.copy(stage.folder / "mara.png", folder.parent / "mara.png")
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "cut.blend"))
    return folder


def started_cast_and_generated(stage):
    slot = stage.colour("slot", 1, 12, note=NOTE)
    stage.select(slot)
    assert "Save it first" in stage.refused("start_project")
    folder = _elsewhere(stage)
    assert "Choose Start Project" in stage.refused("generate")
    assert "Choose Start Project" in stage.refused("add_actor", filepath=str(folder.parent / "mara.png"))
    stage.do("start_project")
    assert (folder / "greenroom.toml").is_file(), stage.told()
    stage.do("add_actor", filepath=str(folder.parent / "mara.png"))
    assert [actor["name"] for actor in stage.jobs.state.actors] == ["mara"], stage.told()
    assert "@mara" in stage.told()[-1]
    stage.jobs.state.messages.clear()
    stage.do("generate")
    assert stage.errors() == [], stage.told()
    assert stage.range_of(stage.one_take()) == (1, 13)


def a_second_actor_and_a_new_portrait(stage):
    stage.colour("slot", 1, 12)
    stage.save()
    portrait = str(stage.folder / "mara.png")
    stage.do("add_actor", filepath=portrait, actor="ana")
    stage.do("add_actor", filepath=portrait, actor="ana")
    assert sorted(actor["name"] for actor in stage.jobs.state.actors) == ["ana", "mara"]
    assert any("ana has a new portrait" in text for text in stage.told()), stage.told()


def what_is_no_portrait_is_refused(stage):
    stage.colour("slot", 1, 12)
    stage.save()
    assert "There is no picture" in stage.refused("add_actor", filepath=str(stage.folder / "no.png"))
    stage.do("add_actor", filepath=str(stage.folder / "line.wav"), actor="ana")
    assert stage.errors(), stage.told()
    assert not (stage.folder / "cast" / "ana").exists()


def a_project_is_not_started_twice(stage):
    stage.colour("slot", 1, 12)
    stage.save()
    before = (stage.folder / "greenroom.toml").read_bytes()
    stage.do("start_project")
    assert any("there is a project already" in text for text in stage.errors()), stage.told()
    assert (stage.folder / "greenroom.toml").read_bytes() == before


def _pretender(stage, text):
    path = stage.folder / "pretender"
    path.write_text(f"#!{sys.executable}\nimport json, sys\n{text}\n", "utf-8")
    path.chmod(0o755)
    stage.preferences.find_command = lambda: [str(path)]


def the_panel_gets_the_timeline(stage):
    """The window is started with a snapshot that the core reads; it isn't opened here, where there is no screen."""
    stage.colour("slot", 1, 12, note=NOTE)
    stage.save()
    _pretender(stage, f"open({str(stage.folder / 'asked.json')!r}, 'w').write(json.dumps(sys.argv[1:]))")
    stage.do("open_panel")
    asked = json.loads((stage.folder / "asked.json").read_text("utf-8"))
    assert asked == ["panel", str(stage.folder / "scene.vse"), "--project", str(stage.folder)]
    value = json.loads(Path(asked[1]).read_text("utf-8"))
    assert value["tracks"][0]["items"][0]["note"] == NOTE
    assert stage.errors() == []


def a_panel_that_cannot_open_says_why(stage):
    stage.colour("slot", 1, 12)
    stage.save()
    _pretender(stage, "sys.exit(\"Error: No such command 'panel'.\")")
    stage.do("open_panel")
    assert "has no panel" in stage.errors()[-1]
    _pretender(stage, "sys.exit('PySide6 is missing: pip install greenroom[panel]')")
    stage.do("open_panel")
    assert "PySide6 is missing" in stage.errors()[-1]


def strips_of_5_have_our_tab(stage):
    """Where strips have their panels in the Properties editor, ours is among them."""
    assert hasattr(bpy.types, "GREENROOM_PT_strip") == (bpy.app.version >= (5, 0, 0))

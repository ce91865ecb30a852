# SPDX-License-Identifier: Apache-2.0
"""From a saved .blend without a project to a take, without leaving Blender; and the panel's window from its menu."""

from __future__ import annotations

import json
import shutil
import sys
import time

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


_PANEL = """
import pathlib
asked = pathlib.Path({log!r})
heard = []
def say(number, method, **params):
    print(json.dumps({{"jsonrpc": "2.0", "id": number, "method": method, "params": params}}), flush=True)
def hear(number):
    for line in sys.stdin:
        heard.append(json.loads(line))
        if heard[-1].get("id") == number:
            return
say(1, "hello", panel="0.1.0", protocol=1); hear(1)
say(2, "go_to", cue="7f3a", offset=6); hear(2)
while not any(each.get("params") == {{"offset": 6}} for each in heard):
    heard.append(json.loads(sys.stdin.readline()))
pathlib.Path(sys.argv[2]).unlink()
say(3, "read"); hear(3)
print("no message", flush=True)
say(4, "polish"); hear(4)
say(5, "apply", only=[]); hear(5)
say(6, "apply", only=["no such cue"]); hear(6)
asked.write_text(json.dumps([sys.argv[1:], heard]))
"""


def _until_closed(stage):
    until = time.monotonic() + 60
    while stage.errands.any_lasting():
        assert time.monotonic() < until, stage.told()
        stage.jobs.tick()
        time.sleep(0.01)
    stage.wait()


def the_panel_is_linked_to_the_timeline(stage):
    """Not the window itself, for which there is no screen: something that says what the window does."""
    slot = stage.colour("slot", 11, 12, note=NOTE)
    stage.select(slot)
    stage.save()
    stage.do("generate")
    stage.do("restore")
    _pretender(stage, _PANEL.format(log=str(stage.folder / "asked.json")))
    bpy.ops.greenroom.open_panel()
    assert stage.jobs.host.running  # the desk's own child, which apply asks
    bpy.ops.greenroom.open_panel()
    _until_closed(stage)
    line, heard = json.loads((stage.folder / "asked.json").read_text("utf-8"))
    path = stage.folder / "scene.vse"
    assert line == ["panel", str(path), "--project", str(stage.folder), "--host", "stdio"]
    answers = {each["id"]: each for each in heard if "id" in each}
    assert answers[1]["result"] == {"host": "Blender", "document": str(stage.folder / "scene.blend")}
    assert stage.scene.frame_current == 7
    value = json.loads(path.read_text("utf-8"))
    assert value["tracks"][0]["items"][0]["name"] == "slot"
    assert "greenroom install blender" in answers[4]["error"]["data"]["hint"]
    assert answers[5]["result"] == {"said": "1 take"}
    assert answers[6]["error"]["message"]
    assert stage.range_of(stage.one_take()) == (11, 23)
    assert stage.errors() == [], stage.told()


def a_panel_that_cannot_open_says_why(stage):
    stage.colour("slot", 1, 12)
    stage.save()
    _pretender(stage, "sys.exit(\"Error: No such command 'panel'.\")")
    bpy.ops.greenroom.open_panel()
    _until_closed(stage)
    assert "has no panel" in stage.errors()[-1]
    _pretender(stage, "sys.exit('PySide6 is missing: pip install greenroom[panel]')")
    bpy.ops.greenroom.open_panel()
    _until_closed(stage)
    assert "PySide6 is missing" in stage.errors()[-1]


def strips_of_5_have_our_tab(stage):
    """Where strips have their panels in the Properties editor, ours is among them."""
    assert hasattr(bpy.types, "GREENROOM_PT_strip") == (bpy.app.version >= (5, 0, 0))

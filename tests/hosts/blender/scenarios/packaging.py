# SPDX-License-Identifier: Apache-2.0
"""The extension's zip: valid to Blender's own tool, installed from the zip, at work, and gone again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bpy

EXTENSIONS = bpy.app.version >= (4, 2, 0)
INSTALLED = "bl_ext.user_default.greenroom" if EXTENSIONS else "greenroom_blender"


def _tools():
    return list(Path(bpy.utils.system_resource("SCRIPTS")).glob("addons_core/bl_pkg/cli/blender_ext.py"))


def _zip_of_the_command(stage):
    zips = sorted((stage.folder / "zips").glob("*.zip"))
    return next(path for path in zips if path.name.endswith("-extension.zip") == EXTENSIONS)


def _run(*words):
    done = subprocess.run(
        [sys.executable, str(_tools()[0]), *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def built_and_installed(stage):
    """Built by Blender's tool from the folder, and installed in the profile that the runner isolated. Before 4.2 there
    is no such tool.
    """
    assert any(_tools()) == EXTENSIONS
    stage.addon.unregister()
    if not EXTENSIONS:
        return _install_and_use(_zip_of_the_command(stage))
    source = Path(stage.addon.__file__).parent
    _run("validate", source)
    _run("build", "--source-dir", source, "--output-dir", stage.folder)
    zipped = next(stage.folder.glob("*.zip"))
    _run("validate", zipped)
    _install_and_use(zipped)
    return None


def the_zip_of_the_install_command(stage):
    """`greenroom install blender` writes the same, with a note of where Greenroom is."""
    stage.addon.unregister()
    zipped = _zip_of_the_command(stage)
    if EXTENSIONS:
        _run("validate", zipped)
    _install_and_use(zipped)
    preferences = sys.modules[f"{INSTALLED}.preferences"]
    assert preferences.find_command()[1:] == ["-m", "greenroom"]
    assert preferences.try_command(preferences.find_command())[0]


def a_day_with_the_installed_zip(stage):
    """As an editor works who installed it: a cut with a placeholder and a stand-in, takes, another folder, OTIO."""
    stage.addon.unregister()
    _install(_zip_of_the_command(stage))
    stage.work_with(INSTALLED)
    stage.empty()
    stage.dialogue()
    slot, stand_in = stage.colour("slot", 1, 12, note="@mara animate: nods"), stage.movie("standin", 20)
    stage.identity.write_note(stand_in, "@mara animate: turns")
    stage.save()
    stage.select(slot, stand_in)
    bpy.ops.ed.undo_push(message="cut")
    stage.do("generate")
    assert stage.errors() == [], stage.told()
    assert sorted(map(stage.range_of, stage.takes())) == [(1, 13), (20, 68)]
    bpy.ops.ed.undo()
    assert stage.takes() == []
    bpy.ops.ed.redo()
    _switch_compare_restore(stage)
    path = _saved_and_moved(stage)
    assert sorted(map(stage.range_of, stage.takes())) == [(1, 13), (20, 68)], stage.told()
    assert all(Path(bpy.path.abspath(take.filepath)).is_relative_to(path.parent) for take in stage.takes())
    _out_and_in(stage)


def _switch_compare_restore(stage):
    slot = stage.strips["slot"]
    stage.select(slot)
    stage.do("generate_dialog", takes=2)
    stage.do("choose", take="1")
    (first,) = [take.name for take in stage.takes() if stage.range_of(take) == (1, 13)]
    stage.do("choose", take="next")
    (second,) = [take.name for take in stage.takes() if stage.range_of(take) == (1, 13)]
    assert (first[-3:], second[-3:]) == ("001", "002"), stage.told()
    stage.do("compare")
    assert (slot.mute, stage.strips[second].mute) == (False, True)
    stage.do("restore")
    assert not slot.mute
    assert len(stage.takes()) == 1
    stage.do("refresh")
    assert stage.errors() == [], stage.told()
    assert second in stage.strips


def _saved_and_moved(stage):
    """The project's folder under another name; nothing is left in the old place."""
    path = stage.save()
    bpy.ops.file.make_paths_relative()
    stage.save()
    stage.jobs.stop()
    moved = stage.folder.parent / "moved elsewhere"
    stage.folder.rename(moved)
    stage.folder.mkdir()  # for the result
    stage.reopen(moved / path.name)
    stage.wait()
    assert stage.errors() == [], stage.told()
    return moved / path.name


def _out_and_in(stage):
    cut = stage.folder / "cut.otio"
    stage.do("export_timeline", filepath=str(cut))
    stage.do("import_timeline", filepath=str(cut))
    assert stage.errors() == [], stage.told()
    assert stage.strips["slot"].channel == 2
    assert max(strip.channel for strip in stage.strips) > 3


def _install(zipped):
    if EXTENSIONS:
        done = bpy.ops.extensions.package_install_files(
            filepath=str(zipped), repo="user_default", enable_on_install=True, overwrite=True
        )
    else:
        bpy.ops.preferences.addon_install(filepath=str(zipped), overwrite=True)
        done = bpy.ops.preferences.addon_enable(module=INSTALLED)
    assert done == {"FINISHED"}
    assert INSTALLED in bpy.context.preferences.addons


def _install_and_use(zipped):
    import addon_utils

    _install(zipped)
    name = INSTALLED
    assert bpy.context.preferences.addons[name].preferences.command == ""
    bpy.ops.wm.read_homefile(use_factory_startup=False, use_empty=True)
    assert hasattr(bpy.types, "GREENROOM_PT_take")
    assert not bpy.ops.greenroom.generate.poll()
    assert bpy.ops.greenroom.test_command() == {"FINISHED"}
    addon_utils.disable(name)
    assert not hasattr(bpy.types, "GREENROOM_PT_take")


def switched_off_and_on(stage):
    """Twice, as editors do when something is odd; nothing is left behind or registered twice."""
    for _ in range(2):
        stage.addon.unregister()
        assert not hasattr(bpy.types, "GREENROOM_MT_strip")
        assert not hasattr(stage.compat.STRIP, "greenroom_note")
        stage.addon.register()
    handlers = [handler for handler in bpy.app.handlers.load_post if handler.__module__.startswith("greenroom")]
    assert len(handlers) == 1

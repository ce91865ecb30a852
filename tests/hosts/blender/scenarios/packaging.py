# SPDX-License-Identifier: Apache-2.0
"""The extension's zip: valid to Blender's own tool, installed from the zip, at work, and gone again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bpy


def _tool():
    return next(Path(bpy.utils.system_resource("SCRIPTS")).glob("addons_core/bl_pkg/cli/blender_ext.py"))


def _run(*words):
    done = subprocess.run([sys.executable, str(_tool()), *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def built_and_installed(stage):
    """Built by Blender's tool from the folder, and installed in the profile that the runner isolated."""
    stage.addon.unregister()
    source = Path(stage.addon.__file__).parent
    _run("validate", source)
    _run("build", "--source-dir", source, "--output-dir", stage.folder)
    zipped = next(stage.folder.glob("*.zip"))
    _run("validate", zipped)
    _install_and_use(zipped)


def the_zip_of_the_install_command(stage):
    """`greenroom install blender` writes the same, with a note of where Greenroom is."""
    stage.addon.unregister()
    zipped = next((stage.folder / "zips").glob("*-extension.zip"))
    _run("validate", zipped)
    _install_and_use(zipped)
    preferences = sys.modules["bl_ext.user_default.greenroom.preferences"]
    assert preferences.find_command()[1:] == ["-m", "greenroom"]
    assert preferences.try_command(preferences.find_command())[0]


def _install_and_use(zipped):
    import addon_utils

    done = bpy.ops.extensions.package_install_files(
        filepath=str(zipped), repo="user_default", enable_on_install=True, overwrite=True
    )
    assert done == {"FINISHED"}
    name = "bl_ext.user_default.greenroom"
    assert name in bpy.context.preferences.addons
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

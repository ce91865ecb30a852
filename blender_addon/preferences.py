# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the `greenroom` command is: set by the editor, noted by `greenroom install blender`, or found."""

import json
import os

import bpy

from . import pump

_NOTED = os.path.join(os.path.dirname(__file__), "installed_by.json")
_PATIENCE = 20  # seconds for `greenroom --version` on a slow disk


class GreenroomPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    command: bpy.props.StringProperty(
        name="Greenroom Command",
        description="Full path of the greenroom command. Leave it empty to have it found",
        subtype="FILE_PATH",
    )

    def draw(self, context):
        layout = self.layout
        layout.prop(self, "command")
        if not self.command:
            layout.label(text=f"Found: {' '.join(found)}" if (found := find_command()) else _NOT_FOUND[0], icon="INFO")
        layout.operator("greenroom.test_command", icon="CHECKMARK")
        for line in last_test:
            layout.label(text=line)


last_test = []  # what the button found out, a line each


def command():
    """The command as a list, for a child process. Raises HostError with the next step where there is none."""
    addon = bpy.context.preferences.addons.get(__package__)
    chosen = bpy.path.abspath(addon.preferences.command) if addon and addon.preferences else ""
    if chosen:
        return [chosen]
    found = find_command()
    if not found:
        raise pump.HostError(*_NOT_FOUND)
    return found


_NOT_FOUND = (
    "Greenroom isn't installed, or not where it was looked for",
    "Install it with: pipx install greenroom. Or set Edit > Preferences > Add-ons > Greenroom > Greenroom Command",
)


def find_command():
    """The command that installed this add-on, one on the path, or one in the places where pip, pipx and uv put it."""
    import shutil

    noted = _noted()
    if noted and os.path.isfile(noted[0]):
        return noted
    home = os.path.expanduser("~")
    places = [os.path.join(home, ".local", "bin"), "/opt/homebrew/bin", "/usr/local/bin"]
    places.append(os.path.join(os.environ.get("APPDATA", home), "Python", "Scripts"))
    path = os.pathsep.join([os.environ.get("PATH", ""), *places])
    on_path = shutil.which("greenroom", path=path)
    return [on_path] if on_path else []


def _noted():
    try:
        with open(_NOTED, encoding="utf-8") as file:
            value = json.load(file)["command"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return value if isinstance(value, list) and all(isinstance(part, str) for part in value) else []


def explain_start(command, problem):
    """Why a command didn't start: what, and the next step."""
    path = command[0]
    if os.path.isdir(path):
        return (
            f"{path} is a folder",
            "Set Greenroom Command to the program itself, as a rule bin/greenroom in that folder",
        )
    if not os.path.exists(path):
        return (
            f"There is no {path}",
            "Greenroom was moved or removed. Set Greenroom Command in the add-on's preferences",
        )
    if isinstance(problem, PermissionError):
        return f"{path} isn't a program", "Set Greenroom Command to the greenroom command itself"
    reason = problem.strerror or str(problem)
    return f"{path} can't be started: {reason}", "Its Python may have been removed. Install Greenroom again"


def try_command(command):
    """Asks the command for its version. Returns (works, what was found out)."""
    import subprocess  # loaded late, as in pump

    try:
        done = subprocess.run(
            [*command, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
            env=pump.clean_environment(),
        )
    except OSError as problem:
        return False, ". ".join(explain_start(command, problem))
    except subprocess.TimeoutExpired:
        return False, f"{command[0]} gave no answer for {_PATIENCE} seconds. Is it the greenroom command?"
    said = (done.stdout or done.stderr).strip().splitlines()
    if done.returncode == 0 and said and said[0].startswith("greenroom "):
        return True, said[0]
    if done.returncode == 0:
        return False, f"{command[0]} isn't Greenroom: it answers {said[0][:80] if said else 'nothing'}"
    last = said[-1][:120] if said else "nothing"
    return False, f"{command[0]} is broken: {last}. Install Greenroom again"

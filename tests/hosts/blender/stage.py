# SPDX-License-Identifier: Apache-2.0
"""What scenarios share, inside Blender: an empty sequencer, strips on it, and the wait for the child."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy

PATIENCE = 120  # seconds for a batch of small takes on a busy machine


class Stage:
    """One scenario's Blender: the add-on registered, and a project folder that the runner prepared."""

    def __init__(self, folder: Path, addon: ModuleType) -> None:
        self.folder, self.addon = folder, addon
        began = time.thread_time()
        addon.register()
        self.registered = time.thread_time() - began  # seconds of the processor, with all imports
        self.work_with(addon.__name__)
        self.empty()

    def work_with(self, package: str) -> None:
        """The add-on's parts that scenarios look into, of the package under this name."""
        for part in ("compat", "edits", "errands", "identity", "jobs", "preferences", "pump", "snapshot"):
            setattr(self, part, importlib.import_module(f"{package}.{part}"))

    # -- the scene

    def empty(self) -> None:
        """A new file with an empty sequencer of 320 x 180 at 24 fps, not saved."""
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        scene = self.scene
        scene.render.resolution_x, scene.render.resolution_y = 320, 180
        scene.render.fps, scene.render.fps_base = 24, 1.0
        self.compat.make_sequencer_scene(bpy.context, scene)
        self.compat.editor_of(scene, create=True)

    @property
    def scene(self) -> Any:
        return bpy.data.scenes[0]

    @property
    def editor(self) -> Any:
        return self.scene.sequence_editor

    @property
    def strips(self) -> Any:
        return self.compat.strips(self.editor)

    def colour(self, name: str, first: int, frames: int, channel: int = 2, note: str = "") -> Any:
        strip = self.compat.new_effect(self.editor, "COLOR", name, channel, first, frames)
        self.identity.write_note(strip, note)
        return strip

    @property
    def has_sound(self) -> bool:
        """Whether this Blender knows sound: the wheel of 4.2 was made without."""
        return bool(bpy.app.build_options.audaspace)

    def dialogue(self, first: int = 1, channel: int = 1) -> Any:
        """A sound strip; None in a Blender without sound."""
        if not self.has_sound:
            return None
        return self.compat.new_sound(self.editor, "dialogue", str(self.folder / "line.wav"), channel, first)

    def movie(self, name: str, first: int, channel: int = 2) -> Any:
        return self.compat.new_movie(self.editor, name, str(self.folder / "standin.mov"), channel, first)

    def save(self, name: str = "scene.blend") -> Path:
        path = self.folder / name
        bpy.ops.wm.save_as_mainfile(filepath=str(path))
        return path

    def reopen(self, path: Path) -> None:
        bpy.ops.wm.open_mainfile(filepath=str(path))

    # -- what an editor does

    def select(self, *strips: Any) -> None:
        for strip in self.strips:
            strip.select = strip in strips
        self.editor.active_strip = strips[0] if strips else None

    def do(self, operator: str, **properties: Any) -> set[str]:
        """Calls an operator as a script would, and waits until the child has answered and its edits are in."""
        result: set[str] = getattr(bpy.ops.greenroom, operator)("EXEC_DEFAULT", **properties)
        self.wait()
        return result

    def refused(self, operator: str, **properties: Any) -> str:
        """Calls an operator that has to report an error; returns the error's text."""
        try:
            getattr(bpy.ops.greenroom, operator)("EXEC_DEFAULT", **properties)
        except RuntimeError as error:
            return str(error)
        raise AssertionError(f"{operator} was not refused")

    def wait(self, seconds: float = PATIENCE) -> None:
        until = time.monotonic() + seconds
        while not self.jobs.idle():
            assert time.monotonic() < until, f"still waiting; told so far: {self.told()}"
            self.jobs.tick()
            time.sleep(0.01)

    def until_a_job_runs(self) -> None:
        """Until the child has told of the first take, for what has to happen in the midst of a batch."""
        until = time.monotonic() + PATIENCE
        while not any(batch.takes for batch in self.jobs.state.batches.values()):
            assert time.monotonic() < until, f"no job began; told so far: {self.told()}"
            assert not self.jobs.idle(), self.told()
            self.jobs.tick()
            time.sleep(0.01)

    def told(self) -> list[str]:
        return [text for _, text in self.jobs.state.messages]

    def errors(self) -> list[str]:
        return [text for icon, text in self.jobs.state.messages if icon == "ERROR"]

    # -- what is looked at

    def range_of(self, strip: Any) -> tuple[int, int]:
        return self.compat.first_frame(strip), self.compat.end_frame(strip)

    def takes(self) -> list[Any]:
        return [strip for strip in self.strips if self.identity.read(strip).get("role") == "take"]

    def one_take(self) -> Any:
        takes = self.takes()
        assert len(takes) == 1, ([strip.name for strip in self.strips], self.told())
        return takes[0]

# SPDX-License-Identifier: Apache-2.0
"""The viewer's commands: what each does in an editor's words, its keys, and the picture on its button."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP

__all__ = ["COMMANDS", "Command"]


@dataclass(frozen=True)
class Command:
    """`name` is that of the viewer's method. `holds`: it is on or off. `repeats` while the key is held down."""

    name: str
    text: object  # as QT_TRANSLATE_NOOP leaves it
    keys: tuple[str, ...] = ()
    icon: str = ""
    holds: bool = False
    repeats: bool = False


COMMANDS = (
    Command("shuttle_back", QT_TRANSLATE_NOOP("Viewer", "Play backwards, faster"), ("J",), "back"),
    Command("halt", QT_TRANSLATE_NOOP("Viewer", "Stop"), ("K",)),
    Command("shuttle_on", QT_TRANSLATE_NOOP("Viewer", "Play, faster"), ("L",), "on"),
    Command("toggle", QT_TRANSLATE_NOOP("Viewer", "Play or stop"), ("Space",), "play"),
    Command("step_back", QT_TRANSLATE_NOOP("Viewer", "One frame back"), (",", "Left"), "step_back", repeats=True),
    Command("step_on", QT_TRANSLATE_NOOP("Viewer", "One frame on"), (".", "Right"), "step_on", repeats=True),
    Command("second_back", QT_TRANSLATE_NOOP("Viewer", "One second back"), ("Shift+Left",), repeats=True),
    Command("second_on", QT_TRANSLATE_NOOP("Viewer", "One second on"), ("Shift+Right",), repeats=True),
    Command("to_start", QT_TRANSLATE_NOOP("Viewer", "To the first frame"), ("Home",), "to_start"),
    Command("to_end", QT_TRANSLATE_NOOP("Viewer", "To the last frame"), ("End",), "to_end"),
    Command("mark_in", QT_TRANSLATE_NOOP("Viewer", "Mark in"), ("I",), "mark_in"),
    Command("mark_out", QT_TRANSLATE_NOOP("Viewer", "Mark out"), ("O",), "mark_out"),
    Command("clear_marks", QT_TRANSLATE_NOOP("Viewer", "Clear marks"), ("X",)),
    Command("set_loop", QT_TRANSLATE_NOOP("Viewer", "Loop"), ("Ctrl+L",), "loop", holds=True),
    Command("flip", QT_TRANSLATE_NOOP("Viewer", "Flip to the other picture"), ("F",)),
    Command("show_first", QT_TRANSLATE_NOOP("Viewer", "First picture"), ("1",), "first", holds=True),
    Command("show_second", QT_TRANSLATE_NOOP("Viewer", "Second picture"), ("2",), "second", holds=True),
    Command("show_side_by_side", QT_TRANSLATE_NOOP("Viewer", "Side by side"), ("3",), "side", holds=True),
    Command("show_wipe", QT_TRANSLATE_NOOP("Viewer", "Wipe: drag the line"), ("4",), "wipe", holds=True),
    Command("show_difference", QT_TRANSLATE_NOOP("Viewer", "Difference"), ("5",), "difference", holds=True),
    Command("wipe_left", QT_TRANSLATE_NOOP("Viewer", "Wipe to the left"), ("[",), repeats=True),
    Command("wipe_right", QT_TRANSLATE_NOOP("Viewer", "Wipe to the right"), ("]",), repeats=True),
    Command("set_safe_areas", QT_TRANSLATE_NOOP("Viewer", "Safe areas"), ("G",), "safe", holds=True),
    Command("set_face_track", QT_TRANSLATE_NOOP("Viewer", "Face track"), ("T",), "face", holds=True),
    Command("finding_back", QT_TRANSLATE_NOOP("Viewer", "Finding before"), ("Shift+N",)),
    Command("finding_on", QT_TRANSLATE_NOOP("Viewer", "Next finding"), ("N",)),
    Command("set_muted", QT_TRANSLATE_NOOP("Viewer", "Mute"), ("M",), "mute", holds=True),
)

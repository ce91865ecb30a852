# SPDX-License-Identifier: Apache-2.0
"""Blender with a window, worked by mouse and keyboard as an editor would: `make test-window`.

The add-on is installed by `greenroom install blender` into a profile of its own. Every step leaves a screenshot in
build/window/, to be looked at; what is asserted comes from Blender's own state, not from pictures.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HEIGHT = 800  # of the screen
# As Blender 3.4 draws them: pixels from the screen's lower edge to the first of our entries, the last in the context
# menu; the sidebar's tab, which 3.4 can't be told to show; buttons in that tab.
GENERATE = 203
TAB, DIALOG, MIX, COMPARE, LIST = (1044, 305), (897, 173), (897, 194), (836, 246), (897, 272)
START = (897, 126)  # where a project is missing, and where an actor is

State = dict[str, Any]
Open = Callable[..., Any]


def takes(state: State) -> list[State]:
    return [strip for strip in state["strips"].values() if strip["role"] == "take"]


def test_a_project_is_started_where_none_is(
    open_blender: Open, installed: dict[str, str], project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new film"
    shutil.copytree(project, folder)
    (folder / "greenroom.toml").unlink()
    shutil.rmtree(folder / "cast")
    window = open_blender(folder, installed)
    state = window.until(lambda state: "slot" in state["strips"], "no sequencer")
    time.sleep(2)
    press(window, state["strips"]["slot"]["at"])
    press(window, TAB)
    time.sleep(1)
    window.picture("11_no_project")
    press(window, START)
    window.until(lambda state: any("Project started" in text for text in state["told"]), "no project")
    window.until(lambda state: state["idle"], "the cast isn't listed")
    assert (folder / "greenroom.toml").is_file()
    time.sleep(1)
    window.do("mousemove_relative", 5, 3)
    window.picture("12_no_actor")
    press(window, START)
    time.sleep(2)
    window.picture("13_portrait")


def test_a_right_click_makes_a_take(
    open_blender: Open, installed: dict[str, str], project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "film"
    shutil.copytree(project, folder)
    window = open_blender(folder, installed)
    work_as_an_editor(window)
    window.close()
    again = open_blender(folder, installed)
    state = again.until(lambda state: bool(takes(state)), "the saved file has no take")
    assert takes(state)[0]["range"] == [1, 25]
    assert state["strips"]["slot"]["muted"]
    time.sleep(2)
    again.picture("10_saved_and_reopened")


def work_as_an_editor(window: Any) -> None:
    state = window.until(lambda state: "slot" in state["strips"], "no sequencer")
    time.sleep(2)
    window.picture("1_placeholder")
    slot = state["strips"]["slot"]["at"]
    window.point(slot)
    window.do("click", 1)
    window.until(lambda state: state["strips"]["slot"]["selected"], "the click selected nothing")
    see_the_price(window)
    choose_from_menu(window, slot, GENERATE, "2_context_menu")
    window.until(lambda state: state["under_way"] > 0, "no job began")
    window.picture("3_under_way")
    state = window.until(lambda state: bool(takes(state)) and state["idle"], "no take appeared")
    time.sleep(1)
    window.picture("4_take")
    assert takes(state)[0]["range"] == [1, 25]
    assert state["strips"]["slot"]["muted"]
    assert state["strips"]["slot"]["selected"]
    window.point(state["strips"]["slot"]["at"])
    window.do("key", "ctrl+z")
    window.until(lambda state: not takes(state), "undo left the take")
    window.picture("5_undone")
    window.do("key", "ctrl+shift+z")
    window.until(lambda state: bool(takes(state)), "redo brought no take")
    window.do("key", "ctrl+shift+g")  # the same again: nothing is made twice
    window.until(lambda state: any("Nothing new" in text for text in state["told"]) and state["idle"], "no answer")
    window.picture("6_again")
    use_the_panel(window)
    window.do("key", "ctrl+s")
    time.sleep(2)


def press(window: Any, place: tuple[float, float]) -> None:
    window.point(place)
    window.do("click", 1)


def see_the_price(window: Any) -> None:
    """The dialog with its quote, from the sidebar's tab; nothing is made."""
    press(window, TAB)
    press(window, DIALOG)
    window.until(lambda state: state["quote"], "no quote")
    time.sleep(1)
    window.do("mousemove_relative", 5, 3)
    window.picture("7_dialog")
    window.do("key", "Escape")


def use_the_panel(window: Any) -> None:
    """The sidebar's tab: compare, the list of takes, a mix."""
    press(window, COMPARE)
    window.until(lambda state: not state["strips"]["slot"]["muted"], "the stand-in isn't shown")
    window.picture("8_compared")
    press(window, COMPARE)
    window.until(lambda state: state["strips"]["slot"]["muted"], "the take isn't shown again")
    press(window, LIST)
    window.until(lambda state: state["idle"], "no list of takes")
    time.sleep(1)
    window.picture("9_takes")
    press(window, MIX)
    window.until(lambda state: any("Sound mixed" in text for text in state["told"]), "no sound was mixed")
    time.sleep(1)
    window.picture("14_mixed")


def choose_from_menu(window: Any, place: list[float], above_bottom: int, name: str) -> None:
    """A right click, then a click on an entry of the context menu, which is too long to end above the screen's edge."""
    window.point(place)
    window.do("click", 3)
    time.sleep(1.5)
    entry = (place[0] - 120, HEIGHT - above_bottom)
    window.point(entry)
    window.picture(name)
    window.do("click", 1)

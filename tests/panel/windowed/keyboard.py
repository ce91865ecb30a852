# SPDX-License-Identifier: Apache-2.0
"""The demo's cut from opening to the cut with takes, by real keys alone. What they did is looked up in the project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import opentimelineio as otio

from greenroom.desk import road
from greenroom.desk.rejecting import rejected
from greenroom.panel.runs.following import read_runs

Until = Callable[..., None]
MAKING = 1200.0  # seconds for a take of each cue


def opened(screen, demo: Path, until: Until) -> list[str]:
    """Opens the cut by its name; the ids of its cues in the cut's order."""
    screen.open(demo)
    screen.see("Open a cut to begin: Ctrl+O.")
    screen.key("ctrl+o")
    screen.see("Open", "Button")
    screen.write(str(demo / "demo.otio"))
    screen.key("Return")
    cues = road.cues(demo / "demo.otio", project=demo).cues
    until(lambda: screen.rows() == len(cues))
    return [cue.id for cue in sorted(cues, key=lambda cue: cue.slot.start)]


def numbers(demo: Path) -> dict[str, list[int]]:
    return {each.cue.id: [take.number for take in each.takes] for each in road.takes(demo / "demo.otio").cues}


def at_rest(demo: Path) -> bool:
    return all(run.ended for run in read_runs(demo))


def circled(demo: Path, cue: str) -> int | None:
    found = next(each.circled for each in road.takes(demo / "demo.otio").cues if each.cue.id == cue)
    return found.number if found is not None and found.by == "editor" else None


def test_every_cue_of_the_demo(screen, demo: Path, until: Until) -> None:
    cues = opened(screen, demo, until)
    before = numbers(demo)
    screen.key("ctrl+a", "a")
    until(lambda: f"{len(cues)} to make" in screen.look("Quote")[0].name, "the quote")
    screen.shoot("keyboard_quote")
    screen.key("ctrl+Return")
    until(lambda: all(len(now) == len(before[cue]) + 1 for cue, now in numbers(demo).items()), "takes", MAKING)
    until(lambda: at_rest(demo), "the run", MAKING)
    screen.key("Home", *["ctrl+Up"] * len(cues))
    for place, cue in enumerate(cues):
        if place:
            screen.key("ctrl+Down")
        view_and_compare(screen, len(before[cue]) + 1, until)
        if place == 0:
            screen.shoot("keyboard_compared")
        screen.key("d", "c")
        chosen = numbers(demo)[cue][-2]
        until(lambda cue=cue, chosen=chosen: circled(demo, cue) == chosen, f"circled {cue}")
    save(screen, until)
    until((demo / "demo.greenroom.otio").is_file)
    timeline = otio.adapters.read_from_file(str(demo / "demo.greenroom.otio"))
    used = [clip.active_media_reference_key for clip in timeline.find_clips()]
    for cue in cues:
        wanted = f"greenroom.take_{numbers(demo)[cue][-2]:03d}"
        assert wanted in used, (cue, used)


def view_and_compare(screen, takes: int, until: Until) -> None:
    """Plays the newest take, steps, and compares the one before it with it in every way."""
    until(lambda: len(screen.takes()) == takes and screen.frame() == 1, "the takes")
    screen.key("l")
    until(lambda: screen.frame() > 3, "play")
    screen.key("k")
    screen.key("Home")
    until(lambda: screen.frame() == 1)
    screen.key("period", "period", "comma")
    until(lambda: screen.frame() == 2, "steps")
    screen.key("ctrl+Left", "d")
    until(lambda: screen.look("Difference")[0].enabled, "two pictures")
    for key, name in (
        ("3", "Side by side"),
        ("4", "Wipe: drag the line"),
        ("5", "Difference"),
        ("f", "Second picture"),
    ):
        screen.key(key)
        until(lambda name=name: screen.look(name)[0].checked, name)
    screen.key("f")
    until(lambda: screen.look("First picture")[0].checked)


def save(screen, until: Until) -> None:
    screen.key("ctrl+s")
    screen.see("Save", "Button")
    screen.shoot("keyboard_save")
    screen.key("Return")


def test_play_marks_and_loop(screen, demo: Path, until: Until) -> None:
    opened(screen, demo, until)
    until(lambda: screen.frame() == 1)
    screen.key("l", "l", "k", "Home", "period", "period", "i", "period", "period", "period", "period", "o", "ctrl+l")
    until(lambda: screen.look("Loop")[0].checked)
    screen.key("l")
    seen: list[int] = []
    # a busy machine leaves frames out, so that the first or the last may never be seen
    until(lambda: seen.append(screen.frame()) or (len(set(seen)) > 1 and sorted(seen) != seen), "round and round")
    assert set(seen) <= set(range(3, 8))
    screen.key("k", "x", "ctrl+l", "End", "j")
    last = screen.frame()
    until(lambda: screen.frame() < last - 5, "backwards")
    screen.key("space")
    stood = screen.frame()
    screen.key("shift+Left")
    until(lambda: screen.frame() == max(1, stood - 24) or screen.frame() < stood)
    screen.key(*["ctrl+Down"] * 6, "s")  # the first cue with footage of a stand-in
    until(lambda: screen.look("Difference")[0].enabled, "take and stand-in")
    screen.key("3")
    until(lambda: screen.look("Side by side")[0].checked)
    screen.shoot("keyboard_stand_in")
    screen.key("g", "m")
    until(lambda: screen.look("Safe areas")[0].checked and screen.look("Mute")[0].checked)


def test_change_reject_and_find(screen, demo: Path, until: Until) -> None:
    """A changed line makes a take; a reason stands in the project; what is found is what is typed."""
    cues = opened(screen, demo, until)
    screen.key("ctrl+f")
    screen.write("theo")
    until(lambda: 0 < screen.rows() < len(cues))
    screen.key("Escape")
    until(lambda: screen.rows() == len(cues))
    screen.key(*["ctrl+Up"] * len(cues))
    cue, before = cues[0], numbers(demo)[cues[0]]
    until(lambda: len(screen.takes()) == len(before))
    screen.key("e")
    screen.write("Not yet.")
    until(lambda: "1 to make" in screen.look("Quote")[0].name, "the quote")
    screen.key("ctrl+Return", "Escape")
    until(lambda: len(numbers(demo)[cue]) == len(before) + 1 and at_rest(demo), "the take", MAKING)
    until(lambda: len(screen.takes()) == len(before) + 1)
    screen.key("ctrl+Right", "r")
    screen.see("OK", "Button")
    screen.write("her eyes wander")
    screen.key("Return")
    take = next(each for each in road.takes(demo / "demo.otio").cues if each.cue.id == cue).takes[-1]
    until(lambda: rejected(take) == "her eyes wander")
    screen.see("Take back", "Button")
    screen.key("r")
    until(lambda: rejected(take) is None)
    screen.key("F1")
    screen.see("Keys", "Table")
    screen.key("Escape")
    screen.key("ctrl+comma")
    screen.see("About", "PageTab")
    screen.key("Escape", "ctrl+2")
    screen.see("Add a picture ...", "Button")
    screen.shoot("keyboard_cast")
    audition(screen, demo, until)
    screen.key("ctrl+1")
    screen.see("Cues", "Table")


def audition(screen, demo: Path, until: Until) -> None:
    """Of the actor that the cast shows first, with a line of the cut's own sound; back by Esc."""
    screen.tab_to("Audition ...")
    screen.key("space")
    screen.tab_to("Sound of the line")
    screen.write(str(next(demo.rglob("*.wav"))))
    screen.see("Make: free", "Button")
    screen.tab_to("Make: free")
    screen.key("space")
    until(lambda: screen.look("Contact sheet"), "the audition", MAKING)
    screen.key("Escape")
    screen.see("Add a picture ...", "Button")

# SPDX-License-Identifier: Apache-2.0
"""The demo's cut from opening to the cut with takes, by a real mouse alone. What it did is looked up in the project."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import opentimelineio as otio

from greenroom.desk import road
from greenroom.desk.rejecting import rejected
from greenroom.frames import timecode
from greenroom.panel.runs.following import read_runs

Until = Callable[..., None]
MAKING = 1200.0  # seconds for a take of each cue


def opened(screen, demo: Path, until: Until) -> dict[str, str]:
    """Opens the cut in the file dialog; the ids of its cues by what the table says of when they begin."""
    screen.open(demo)
    screen.click(screen.see("Open cut", "Button"))
    screen.see("Open", "Button")
    screen.see("demo.otio")
    time.sleep(2)  # the dialog sorts its list anew when it has read the folder to the end
    screen.click(screen.see("demo.otio"), times=2)
    found = road.cues(demo / "demo.otio", project=demo)
    cues = sorted(found.cues, key=lambda cue: cue.slot.start)
    until(lambda: screen.rows() == len(cues))
    return {timecode(cue.slot.start, cue.slot.rate): cue.id for cue in cues}


def numbers(demo: Path) -> dict[str, list[int]]:
    return {each.cue.id: [take.number for take in each.takes] for each in road.takes(demo / "demo.otio").cues}


def circled(demo: Path, cue: str) -> int | None:
    found = next(each.circled for each in road.takes(demo / "demo.otio").cues if each.cue.id == cue)
    return found.number if found is not None and found.by == "editor" else None


def choose(screen, button: str, entry: str) -> None:
    screen.click(screen.see(button, "ButtonMenu"))
    screen.click(screen.see(entry, "MenuItem"))


def test_every_cue_of_the_demo(screen, demo: Path, until: Until) -> None:
    cues = opened(screen, demo, until)
    before = numbers(demo)
    rows = [screen.see(begin, "Cell") for begin in cues]
    screen.drag(rows[0].centre, rows[-1].centre)
    screen.see(f"Cues: {len(cues)}")
    choose(screen, "More", "One more take")
    until(lambda: f"{len(cues)} to make" in screen.look("Quote")[0].name, "the quote")
    screen.shoot("mouse_quote")
    screen.click(screen.see("Generate", "Button"))
    until(lambda: all(len(now) == len(before[cue]) + 1 for cue, now in numbers(demo).items()), "takes", MAKING)
    until(lambda: all(run.ended for run in read_runs(demo)), "the run", MAKING)
    for place, (begin, cue) in enumerate(cues.items()):
        screen.click(screen.see(begin, "Cell"))
        view_and_compare(screen, len(before[cue]) + 1, until)
        if place == 0:
            screen.shoot("mouse_compared")
        choose(screen, "Compare", "Compare with the take in use")
        screen.click(screen.see("Circle", "Button"))
        chosen = numbers(demo)[cue][-2]
        until(lambda cue=cue, chosen=chosen: circled(demo, cue) == chosen, f"circled {cue}")
    screen.click(screen.see("Save cut with takes", "Button"))
    screen.click(screen.see("Save", "Button"))
    until((demo / "demo.greenroom.otio").is_file)
    timeline = otio.adapters.read_from_file(str(demo / "demo.greenroom.otio"))
    used = [clip.active_media_reference_key for clip in timeline.find_clips()]
    for cue in cues.values():
        assert f"greenroom.take_{numbers(demo)[cue][-2]:03d}" in used, (cue, used)


def view_and_compare(screen, takes: int, until: Until) -> None:
    """Plays the newest take, steps, and compares the one before it with it in every way; drags the wipe."""
    until(lambda: len(screen.takes()) == takes and screen.frame() == 1, "the takes")
    screen.click(screen.see("Play, faster"))
    until(lambda: screen.frame() > 3, "play")
    screen.click(screen.see("Play or stop"))
    screen.click(screen.see("To the first frame"))
    until(lambda: screen.frame() == 1)
    for name in ("One frame on", "One frame on", "One frame back"):
        screen.click(screen.see(name))
    until(lambda: screen.frame() == 2, "steps")
    screen.click(screen.takes()[-2])
    choose(screen, "Compare", "Compare with the take in use")
    until(lambda: screen.look("Difference")[0].enabled, "two pictures")
    for name in ("Side by side", "Difference", "Second picture", "Wipe: drag the line"):
        screen.click(screen.see(name))
        until(lambda name=name: screen.look(name)[0].checked, name)
    picture = screen.see("Picture")
    middle = picture.centre
    screen.drag(middle, (picture.left + picture.width // 4, middle[1]))


def test_strip_scrubber_menus_and_lists(screen, demo: Path, until: Until) -> None:
    """What a mouse does beside that: the strip, the scrubber, right clicks, filters, heads, cast and settings."""
    cues = opened(screen, demo, until)
    strip = screen.see("Timeline")
    screen.click((strip.left + strip.width - 20 * screen.scale, strip.centre[1]))
    until(lambda: screen.frame() == 1)
    last = list(cues)[-1]
    until(lambda: screen.look(last, "Cell"), "the last cue")
    bar = screen.see("Frame", "Slider")
    screen.click((bar.centre[0], bar.top + bar.height - 8 * screen.scale))
    until(lambda: screen.frame() > 5, "the scrubber")
    screen.click(screen.see("Picture"), button=3)
    screen.click(screen.see("To the first frame", "MenuItem"))
    until(lambda: screen.frame() == 1, "the viewer's menu")
    screen.click(screen.see(last, "Cell"), button=3)
    screen.see("Measure takes", "MenuItem")
    screen.shoot("mouse_menu")
    screen.click(screen.see("One more take", "MenuItem"))
    until(lambda: "1 to make" in screen.look("Quote")[0].name, "the quote")
    reject_and_take_back(screen, demo, cues[last], until)
    screen.click(screen.see("Actor", "ComboBox"))
    screen.click(screen.takes()[1])
    until(lambda: 0 < screen.rows() < len(cues), "the filter")
    screen.click(screen.see("Length", "ColumnHeader"))
    screen.click(screen.see("Cast", "Button"))
    audition(screen, demo, until)
    screen.click(screen.see("Cues", "Button"))
    screen.click(screen.see("Settings", "Button"))
    screen.click(screen.see("About", "PageTab"))
    screen.shoot("mouse_about")
    screen.click(screen.see("Close", "Button"))
    screen.see("Cues", "Table")


def reject_and_take_back(screen, demo: Path, cue: str, until: Until) -> None:
    """By the take's own buttons; a reason can be left out."""
    take = next(each for each in road.takes(demo / "demo.otio").cues if each.cue.id == cue).takes[-1]
    screen.click(screen.takes()[-1])
    screen.click(screen.see("Reject", "Button"))
    screen.click(screen.see("OK", "Button"))
    until(lambda: rejected(take) is not None, "rejected")
    screen.click(screen.see("Take back", "Button"))
    until(lambda: rejected(take) is None, "taken back")
    screen.see("Reject", "Button")


def audition(screen, demo: Path, until: Until) -> None:
    """Of the actor that the cast shows first, with a line of the cut's own sound."""
    screen.see("Add a picture ...", "Button")
    screen.click(screen.see("Audition ...", "Button"))
    screen.click(screen.see("Sound of the line", "EditableText"))
    screen.write(str(next(demo.rglob("*.wav"))))
    until(lambda: any(" to make" in each.name for each in screen.look("Quote")), "the quote")
    screen.shoot("mouse_audition")
    screen.click(next(each for each in screen.look(role="Button") if each.name.startswith("Make")))
    until(lambda: screen.look("Contact sheet"), "the audition", MAKING)
    screen.shoot("mouse_auditioned")

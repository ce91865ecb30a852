# SPDX-License-Identifier: Apache-2.0
"""What errors advise names what the window has; what only the command line has says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from greenroom.desk.project.changing import change_project
from greenroom.engines.hosted.keys import how_to_set
from greenroom.errors import Problem, Severity
from greenroom.panel.hints import in_window, paragraph
from greenroom.panel.window import Window

Wait = Callable[[Callable[[], bool]], None]
COMMAND = re.compile(r"greenroom [a-z]|(?<![\\w-])--[a-z]")

HINTS = {
    "Choose an engine that quotes, say --allow-unknown-cost, or take the limit out of greenroom.toml.": (
        'Choose an engine that quotes, tick "Send what nobody knows the price of", or take the limit out of '
        "the settings (Ctrl+,)."
    ),
    "Make fewer takes (--cue, --takes), or raise the limit in greenroom.toml. See: greenroom spend": (
        "Make fewer takes (select fewer cues, or lower Takes), or raise the limit in the settings (Ctrl+,). "
        "What is spent stands below the quote."
    ),
    "It is not sent again by itself. greenroom jobs shows what can be done.": (
        "It is not sent again by itself. The list of jobs at the right shows what can be done."
    ),
    "It is not sent again by itself: greenroom jobs lists it, and how it is settled with the provider.": (
        "It is not sent again by itself: the list of jobs at the right lists it, and how it is settled with "
        "the provider."
    ),
    "If it surely is this job: greenroom jobs give-up 7f3a-1   Then the next generate makes it again.": (
        'If it surely is this job: "Give up"   Then the next generate makes it again.'
    ),
    "Make one beside the cut: greenroom init FOLDER": 'Press "Make a project here"',
    "mara can give it: greenroom consent add mara --who ... (see: greenroom consent list)": (
        "mara can give it, in a terminal: greenroom consent add mara --who ..."
    ),
    "See: greenroom farm status   Then run the same command again: what is made is kept.": (
        'See, in a terminal: greenroom farm status   Then press "Go on": what is made is kept.'
    ),
    "Put the picture there.": "Put the picture there.",
}


@pytest.mark.parametrize("hint", HINTS)
def test_a_command_becomes_what_the_window_has_for_it(hint: str) -> None:
    assert in_window(hint) == HINTS[hint]
    assert paragraph(Problem(Severity.ERROR, "x", "It is so", hint, "SC01")).endswith(HINTS[hint])


def test_a_key_that_is_missing_is_set_in_the_settings() -> None:
    assert in_window(how_to_set("fal")).startswith("set one for fal in Settings, Keys")


def test_neither_the_quote_nor_the_cast_names_a_command(window: Window, cut: Path, wait: Wait) -> None:
    change_project(cut.parent, {"engines.talk": "fabric-1.0@fal"})  # which has no key here
    window.shown.refresh()
    window.table.go_to(window.cues.rows[3].id)
    form = window.generate.form
    wait(lambda: "there is no key for fal" in form.quote_text.text())
    assert "set one for fal in Settings, Keys (Ctrl+,)" in form.quote_text.text()
    assert "in a terminal: greenroom consent add" in form.quote_text.text()  # which the window can't
    assert not COMMAND.search(form.quote_text.text().partition("in a terminal:")[0])
    window.actions_by_name["cast"].trigger()
    casting = window.casting
    assert casting is not None
    wait(lambda: casting.pages.currentWidget() is casting.detail)
    casting.detail.make_sheet.click()
    wait(casting.request.make.isEnabled)
    assert "a model that turns heads: Settings, Engines" in casting.request.said.text()
    assert not COMMAND.search(casting.request.said.text())

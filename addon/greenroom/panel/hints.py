# SPDX-License-Identifier: Apache-2.0
"""What errors advise, in words of the window: the core names commands, of which most have a button or a key here.

What the window can't do stays a command, and says that it is one. Editing programs have their own such words (the
Blender add-on's pump.py).
"""

from __future__ import annotations

import re

from greenroom.errors import GreenroomError, Problem

__all__ = ["in_window", "paragraph"]

_KEYS, _ENGINES, _JOBS = "Settings, Keys", "Settings, Engines", "the list of jobs at the right"
_IN_WINDOW = tuple(
    (re.compile(command), words)
    for command, words in (
        # the cast
        (r"greenroom cast add \S+ --portrait PICTURE", "add a picture in the cast (Ctrl+2)"),
        (r"Give one: --portrait PICTURE", "Drop a picture on the actor in the cast (Ctrl+2)"),
        (r"Leave it out \(--view front\), or use", "Use"),
        (r"Leave --reference out, or choose", "Choose"),
        (r" \(--reference PICTURE\)", ""),
        (r"Name them: --engines \S+", "Choose at least one"),
        (r"Give the line as (sound|WAV): --audio FILE", r"Choose the line as a \1 file"),
        (r"Make portraits with greenroom cast new", "Portraits are made with greenroom cast new in a terminal"),
        # engines and money
        (r"greenroom engines lists", f"{_ENGINES} lists"),
        (r"greenroom keys set (\w+(?: or \w+)*)", rf"set one for \1 in {_KEYS} (Ctrl+,)"),
        (r"say --allow-unknown-cost", 'tick "Send what nobody knows the price of"'),
        (r"\(--cue, --takes\)", "(select fewer cues, or lower Takes)"),
        (r"See: greenroom spend\b", "What is spent stands below the quote."),
        (r"(the limit (?:in|out of)) greenroom\.toml", r"\1 the settings (Ctrl+,)"),
        (r"Read the quote above, and say it: the same command with --yes", "Press Generate again"),
        # jobs
        (r"(?:Settle it|See): greenroom jobs(?: --all)?", f"See {_JOBS}"),
        (r"greenroom jobs (?:lost) \S+", '"It never arrived"'),
        (r"greenroom jobs give-up \S+", '"Give up"'),
        (r"greenroom jobs find \S+", '"Ask the provider"'),
        (r"greenroom jobs attach \S+ \S+", '"I found it"'),
        (r"(?<=\. )greenroom jobs (lists|shows)", rf"{_JOBS.capitalize()} \1"),
        (r"greenroom jobs\b", _JOBS),
        (r"run the same command again", 'press "Go on"'),
        (r"Run the same command (again|there)", 'Press "Go on" there'),
        # the cut and the project
        (r"(Make one beside the cut: )?greenroom init \S+", 'Press "Make a project here"'),
        (r"Run: greenroom review CUT|run: greenroom review CUT", "Measure the take again: Ctrl+M"),
        (r"Check --rate, or conform", "Conform"),
        (r"Give the rate, for example --rate 24\b", "Write it anew from the editing program, with its rate"),
        (r" \(see: greenroom consent list\)", ""),
        # what is left is the terminal's
        (r"(?<!in a terminal): (?=greenroom [a-z])", ", in a terminal: "),
    )
)


def in_window(text: str) -> str:
    """A hint, or all of a message, with the window's own words for commands."""
    for command, words in _IN_WINDOW:
        text = command.sub(words, text)
    return text


def paragraph(problem: Problem | GreenroomError) -> str:
    """The whole paragraph of an error or a problem, as the window tells it."""
    return in_window(str(problem))

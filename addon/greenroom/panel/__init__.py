# SPDX-License-Identifier: Apache-2.0
"""The panel: the cast, the cues and the takes in one window beside the editor's program. `greenroom panel` opens it.

    run.py        the application, and what it needs of this machine
    window.py     the window: what lies where, the keys, and who hears of what
    work.py       the only place with threads: everything that takes time runs there
    apart.py      a process beside the window for what computes long, which `work` gives it
    stalls.py     tells where the main thread stood still
    model/        what views show, as plain values; knows no Qt, and is tested without a window
    board/        the cut as a strip and as a table of cues
    takes/        the takes of one cue
    viewer/       plays a take, or two
    casting/      the cast
    words.py      the model's words in the user's language
    generate/     what would be made, for how much, and what is being made
    settings/     project, user, keys, engines, about

What must never enter: thinking (desk/ and takes/ think), reading of files, media or the ledger on the main thread, and
a key's text. Importing this room loads no Qt; without PySide6 `open_panel` says which extra to install.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["open_panel"]


def open_panel(cut: Path | None = None, project: Path | None = None, host: str = "", *, verbose: bool = False) -> int:
    """Opens the window, and returns when it is closed: the exit status.

    `verbose` writes to stderr what the window is at. `host` names how to reach the program that started the panel, ""
    where none did.

    Raises:
        EngineUnavailable: PySide6, one of its system libraries or a screen is missing.
    """
    from greenroom.panel.screen import check_machine

    check_machine()
    from greenroom.panel.run import run

    return run(cut, project, host, verbose=verbose)

# SPDX-License-Identifier: Apache-2.0
"""The application: made once a process, and run until its window is closed."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, Qt, QTimer, QTranslator
from PySide6.QtWidgets import QApplication

from greenroom import __version__
from greenroom.panel.link import link_of
from greenroom.panel.on_screen import watch_screens
from greenroom.panel.stalls import Stalls
from greenroom.panel.state import State
from greenroom.panel.style import PALETTES, choose_style
from greenroom.panel.window import Window

__all__ = ["application", "dress", "run"]

_TURN = 0.001  # seconds after which a thread at work lets the window have its turn; Python's own is 5 ms
_LISTEN = 300  # milliseconds between two moments at which Ctrl-C is heard: Qt's loop runs no Python by itself


def application() -> QApplication:
    """This process's application; made and dressed if there is none."""
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    _keep_heaps_few()
    made = QApplication([sys.argv[0]])
    made.setApplicationName("Greenroom")
    made.setApplicationVersion(__version__)
    made.setDesktopFileName("greenroom")
    _translate(made)
    return made


def _keep_heaps_few() -> None:
    """The GNU C library gives threads heaps of their own, up to eight for each core, and what lies scattered over them
    is hardly ever given back: every take is decoded by new threads (mallopt(3): M_ARENA_MAX is -8).
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).mallopt(-8, 2)


def _translate(made: QApplication) -> None:
    """Texts in the user's language, where somebody has translated them."""
    folders = (
        str(Path(__file__).parent / "translations"),
        QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath),
    )
    for name, folder in zip(("greenroom", "qtbase"), folders, strict=True):
        translator = QTranslator(made)
        if translator.load(QLocale(), name, "_", folder):
            made.installTranslator(translator)


def dress(made: QApplication, state: State) -> None:
    """In the palette that was chosen; where that is the system's, with each change of it."""

    def put_on(scheme: Qt.ColorScheme | None = None) -> None:
        choose_style(made, state.text("palette", PALETTES[0]), scheme)

    put_on()
    made.styleHints().colorSchemeChanged.connect(put_on)


def run(cut: Path | None, project: Path | None, host: str = "", *, verbose: bool = False) -> int:
    """Opens the window and returns when it is closed."""
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING)
    sys.setswitchinterval(_TURN)
    made = application()
    state = State()
    dress(made, state)
    link = link_of(host)
    window = Window(state=state, link=link)
    window.open(cut or state.last_cut(), project)
    window.show()
    watch_screens(made)
    gc.collect()
    gc.freeze()  # what the program is made of is never garbage: to look through it again and again cost 60 ms each time
    if verbose:
        Stalls(window).start()
    signal.signal(signal.SIGINT, lambda number, frame: window.close())
    listening = QTimer()
    listening.timeout.connect(lambda: None)
    listening.start(_LISTEN)
    return made.exec()

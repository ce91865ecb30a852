# SPDX-License-Identifier: Apache-2.0
"""Whether a window can be opened here, found out before Qt is loaded: Qt ends the process where it can't start."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping

from greenroom.errors import EngineUnavailable

__all__ = ["check_machine"]

# What PySide6's wheels expect of a Linux, with Debian's packages; those of X11 only where X11 draws
_ALWAYS = {
    "EGL": "libegl1",
    "GL": "libgl1",
    "xkbcommon": "libxkbcommon0",
    "fontconfig": "libfontconfig1",
    "dbus-1": "libdbus-1-3",
}
_X11 = {
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-image": "libxcb-image0",
    "xcb-render-util": "libxcb-render-util0",
    "xkbcommon-x11": "libxkbcommon-x11-0",
}


def check_machine(
    *,
    platform: str = sys.platform,
    environment: Mapping[str, str] = os.environ,
    has_package: Callable[[str], bool] = lambda name: importlib.util.find_spec(name) is not None,
    has_library: Callable[[str], bool] = lambda name: ctypes.util.find_library(name) is not None,
) -> None:
    """Raises EngineUnavailable where the panel can't open, with what to install."""
    if not has_package("PySide6"):
        raise EngineUnavailable(
            "the panel needs Qt (PySide6), which isn't installed",
            hint='Install it: pip install "greenroom[panel]"',
        )
    if not platform.startswith("linux"):
        return
    asked = environment.get("QT_QPA_PLATFORM", "")
    needed = dict(_ALWAYS)
    if not asked:
        if not environment.get("DISPLAY") and not environment.get("WAYLAND_DISPLAY"):
            raise EngineUnavailable(
                "there is no screen here to open a window on",
                hint="Start it on the desktop, or forward one (ssh -X).",
            )
        needed |= {} if environment.get("WAYLAND_DISPLAY") else _X11
    missing = [package for library, package in needed.items() if not has_library(library)]
    if missing:
        raise EngineUnavailable(
            "Qt lacks libraries of the system",
            hint=f"On Debian or Ubuntu: sudo apt install {' '.join(missing)}",
        )

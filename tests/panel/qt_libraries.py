# SPDX-License-Identifier: Apache-2.0
"""The system's libraries that Qt needs, installed where they are missing.

`python qt_libraries.py` for tests without a screen, `python qt_libraries.py window` with Xvfb and its hands; as root on
Debian or Ubuntu it installs them, else it says what to install, with status 1.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

LIBRARIES = {
    "EGL": "libegl1",
    "GL": "libgl1",
    "xkbcommon": "libxkbcommon0",
    "fontconfig": "libfontconfig1",
    "dbus-1": "libdbus-1-3",
}
WINDOW = {
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-image": "libxcb-image0",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-render-util": "libxcb-render-util0",
    "xkbcommon-x11": "libxkbcommon-x11-0",
}
PROGRAMS = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "xdotool": "xdotool",
    "xrandr": "x11-xserver-utils",
    "import": "imagemagick",
}
FONT = "fonts-dejavu-core"
FONTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")


def missing(*, window: bool) -> list[str]:
    """Debian's packages of what isn't there."""
    libraries = {**LIBRARIES, **(WINDOW if window else {})}
    found = [package for library, package in libraries.items() if ctypes.util.find_library(library) is None]
    if not any(path.suffix in (".ttf", ".otf") for folder in FONTS if folder.is_dir() for path in folder.rglob("*")):
        found.append(FONT)
    if window:
        found += [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    return found


def main() -> int:
    window = "window" in sys.argv[1:]
    if not sys.platform.startswith("linux") or not (packages := missing(window=window)):
        return 0
    line = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.stderr.write(f"Qt needs libraries of the system. On Debian or Ubuntu: sudo {' '.join(line)}\n")
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], line):
        subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if left := missing(window=window):
        sys.stderr.write(f"Still missing after the installation: {', '.join(left)}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""A Blender with a window, on a screen that nobody has: Debian's own packages, installed where they are missing.

`python debian.py` installs them (root on Debian or Ubuntu) or says what to install, with status 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PROGRAMS = ("blender", "Xvfb", "xdotool", "import", "ffmpeg")
PACKAGES = (
    "blender",
    "xvfb",
    "xdotool",
    "imagemagick",
    "ffmpeg",
    "xauth",
    "libgl1-mesa-dri",
    "python3-numpy",
)


def missing() -> list[str]:
    return [program for program in PROGRAMS if shutil.which(program) is None]


def main() -> int:
    if not missing():
        return 0
    line = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES]
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.stderr.write(f"Missing: {', '.join(missing())}. On Debian or Ubuntu: sudo {' '.join(line)}\n")
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], line):
        subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if missing():
        sys.stderr.write(f"Still missing after the installation: {', '.join(missing())}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

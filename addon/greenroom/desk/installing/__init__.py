# SPDX-License-Identifier: Apache-2.0
"""Puts Greenroom's plug-ins into editing programs on this machine.

    blender_zip.py   the add-on as the zips that Blender installs
    blenders.py      which Blenders are here
    blender.py       installs it into them, or says where to drag it
    resolve.py       the menu scripts, where DaVinci Resolve looks for them

What must never enter: anything that runs while an editor works; plug-ins start `greenroom host` by themselves.
"""

from __future__ import annotations

__all__: list[str] = []

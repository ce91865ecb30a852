# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Greenroom project the open .blend is part of: the nearest folder above it with a greenroom.toml."""

import os
import time

import bpy

from . import pump

_FILE = "greenroom.toml"
_FRESH = 2.0  # seconds that an answer of the disk is good for: panels ask at each redraw
_known = {}  # document -> (when looked, the project's folder or "")


def folder_of(document):
    """The project's folder; "" where there is none, or no .blend yet."""
    if not document:
        return ""
    looked, found = _known.get(document, (None, ""))
    if looked is None or time.monotonic() - looked > _FRESH:
        found = _look_up(os.path.dirname(document))
        _known.clear()
        _known[document] = time.monotonic(), found
    return found


def forget():
    """Look again."""
    _known.clear()


def _look_up(folder):
    while not os.path.isfile(os.path.join(folder, _FILE)):
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above
    return folder


def need_saved():
    """Raises HostError where the file was never saved."""
    if not bpy.data.filepath:
        raise pump.HostError(
            "The file isn't saved yet", "Save it first (File > Save): takes go into the Greenroom project beside it"
        )


def need_project():
    """The project's folder. Raises HostError with the next step where there is none."""
    need_saved()
    forget()
    folder = folder_of(bpy.data.filepath)
    if not folder:
        raise pump.HostError(
            "There is no Greenroom project at this file",
            "Choose Start Project in the sequencer's Greenroom tab, then Add Actor...",
        )
    return folder

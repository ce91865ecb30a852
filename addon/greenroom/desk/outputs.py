# SPDX-License-Identifier: Apache-2.0
"""Whether a file may be written where a command was asked to write it: looked at before any work begins.

A wrong place is told before hours of rendering, and nothing of the editor's is ever written over: not the cut, not
its media, not the project's own files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.errors import InputError, TimelineError

if TYPE_CHECKING:
    from greenroom.cues.model import Layout
    from greenroom.desk.project.project import Project

__all__ = ["check_cut_output", "check_folder_output", "check_media_kept", "check_picture_output"]

_OTHER_NAME = "Choose another name for it."


def check_cut_output(cut: Path | None, output: Path, to: str | None) -> None:
    """A new cut: its format is known, its folder is there, and it isn't the old one (None: that is no file).

    Raises:
        InputError: it can't be written there; the hint says where it can.
    """
    _check_place(cut, output)
    from greenroom_otio import WriteError, format_of

    try:
        format_of(output, to)
    except WriteError as error:
        raise TimelineError(error.message, hint=error.hint, where=error.where) from error


def check_picture_output(cut: Path | None, output: Path, suffix: str) -> None:
    """A sheet, preview or slate: its suffix says what it is, its folder is there, and it isn't the cut (None: no file).

    Raises:
        InputError: it can't be written there; the hint says where it can.
    """
    _check_place(cut, output)
    if output.suffix.casefold() != suffix:
        raise InputError(
            f"what is written is a {suffix} file",
            hint=f"Name it so: {output.with_suffix(suffix).name}",
            where=str(output),
        )


def check_folder_output(cut: Path, folder: Path, project: Project) -> None:
    """A folder that is handed over: it is new or empty, and not among the project's own.

    Raises:
        InputError: it can't be written there; the hint says where it can.
    """
    if folder.is_dir():
        if any(folder.iterdir()):
            hint = "Choose a new folder, or empty this one: nothing in it is written over."
            raise InputError("the folder is not empty", hint=hint, where=str(folder))
    elif folder.exists() or folder.is_symlink():
        raise InputError("this is a file, not a folder", hint=_OTHER_NAME, where=str(folder))
    _check_above(folder)
    _check_project_kept(folder, project)


def check_media_kept(output: Path, layout: Layout, project: Project | None) -> None:
    """Nothing that the cut plays, and nothing that the project keeps, is written over.

    Raises:
        InputError: `output` is such a file.
    """
    if project is not None:
        _check_project_kept(output, project)
    if not output.exists():
        return
    name = output.resolve().name.casefold()
    for path in _played(layout, name):
        if path.name.casefold() == name and path.exists() and path.samefile(output):
            raise InputError("the cut plays this file", hint=_OTHER_NAME, where=str(output))


def _check_place(cut: Path | None, output: Path) -> None:
    if output.is_dir():
        raise InputError("this is a folder", hint="Name a file in it.", where=str(output))
    if cut is not None and output.exists() and cut.exists() and output.samefile(cut):
        raise InputError("this is the cut itself, which is never written to", hint=_OTHER_NAME, where=str(output))
    _check_above(output)


def _check_above(output: Path) -> None:
    folder = output.absolute().parent
    if not folder.is_dir():
        raise InputError(
            f"there is no folder {folder}", hint="Make it first, or choose another place.", where=str(output)
        )
    if not os.access(folder, os.W_OK):
        raise InputError(
            f"the folder {folder} may not be written to",
            hint="Change its permissions, or choose another place.",
            where=str(output),
        )


def _check_project_kept(output: Path, project: Project) -> None:
    place, home = output.resolve(), project.folder.resolve()
    kept: Sequence[Path] = (project.takes_folder.resolve(), project.cast_folder.resolve(), home / project.file.name)
    if any(place == own or own in place.parents for own in kept):
        raise InputError(
            "the project keeps its own files there", hint="Choose a place beside greenroom.toml.", where=str(output)
        )


def _played(layout: Layout, name: str) -> Iterator[Path]:
    """Media files of the cut that may have the casefolded `name`; of a sequence its first picture.

    The url tells most of them apart: what a clip plays is worked out only where the name is in it, or hides behind
    escapes or numbers.
    """
    for track in layout.tracks:
        for event in track.events:
            url = event.url.casefold()
            if not (name in url or "%" in url or "#" in url) or event.media is None:
                continue
            if event.media.path is not None:
                yield event.media.path
            elif event.media.sequence is not None:
                yield event.media.sequence.path(0)

# SPDX-License-Identifier: Apache-2.0
"""The takes of a cut for DaVinci Resolve in a folder beside it: both are carried to another machine together.

Only takes that the cut shows: Resolve's OTIO has one media a clip. They are hard links where the disk has such, so that
a cut on the project's own disk costs no room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from greenroom.desk.writing_back.edit_plan import AddTakes, EditPlan, TakeReference, UseMedia
from greenroom.errors import StoreError
from greenroom.media.identity import file_sha256
from greenroom.takes.disk import place, storing

__all__ = ["media_folder_of", "with_media_beside"]


def media_folder_of(output: Path, to: str | None) -> Path | None:
    """Where the takes of a cut lie that is written to `output`; None: where they are, in the project."""
    from greenroom_otio import format_of

    if format_of(output, to) != "resolve-otio":
        return None
    return output.absolute().with_name(f"{output.stem} media")  # Resolve wants whole paths


def with_media_beside(edits: EditPlan, folder: Path) -> EditPlan:
    """Puts the chosen takes into `folder`, and names them there.

    Raises:
        StoreError: one can't be put there; another file of its name is never written over.
    """
    active = {(edit.address, edit.key) for edit in edits.edits if isinstance(edit, UseMedia)}
    made = []
    for edit in edits.edits:
        if isinstance(edit, AddTakes):
            edit = replace(edit, takes=tuple(_placed(edit, active, folder)))
        made.append(edit)
    return replace(edits, edits=tuple(made))


def _placed(edit: AddTakes, active: set[tuple[tuple[int, ...], str]], folder: Path) -> Iterator[TakeReference]:
    for take in edit.takes:
        if (edit.address, take.key) not in active:
            yield take
            continue
        kept = folder / take.path.name
        _put(take, kept)
        yield replace(take, path=kept)


def _put(take: TakeReference, kept: Path) -> None:
    with storing(kept):
        kept.parent.mkdir(exist_ok=True)
        if not kept.exists():
            place(take.path, kept)
        elif not kept.samefile(take.path) and file_sha256(kept) != take.metadata["sha256"]:
            hint = "Move it away, or give the cut another name."
            raise StoreError("a file of a take's name is there, and it is another one", hint=hint, where=str(kept))

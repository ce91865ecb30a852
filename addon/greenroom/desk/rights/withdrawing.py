# SPDX-License-Identifier: Apache-2.0
"""consent withdraw: marks the consents of somebody who takes them back, and takes them out.

Nothing is removed and no cut is written unless it is asked for; a cut that is read is never written to.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from greenroom.desk.farm.opening import open_ledger
from greenroom.desk.open_cut import find_project, read_layout, timeline_of, write_timeline
from greenroom.desk.outputs import check_cut_output, check_media_kept
from greenroom.desk.project.project import Project
from greenroom.desk.rights.consents import home_of
from greenroom.desk.rights.whereabouts import Found, find_person
from greenroom.errors import GreenroomError, InputError
from greenroom.rights.consent import REPLICA
from greenroom.rights.consent_file import FILE, read_consents
from greenroom.rights.consent_writing import add_consent, withdraw_consents
from greenroom.rights.records import PEOPLE
from greenroom.takes.disk import storing
from greenroom.takes.states import Take
from greenroom.takes.store import Store

__all__ = ["Withdrawal", "withdraw"]


@dataclass(frozen=True)
class Withdrawal:
    """What was found with that person in it. `records`: how many were marked now. `restored` are the clips that got
    their placeholder back in `output`; `removed` says that the files are gone, `unasked` why the ledger was not asked.
    """

    name: str
    day: date
    records: int
    found: Found
    output: Path | None = None
    restored: int = 0
    removed: bool = False
    unasked: str = ""


def withdraw(
    name: str,
    *,
    day: date | None = None,
    cut: Path | None = None,
    output: Path | None = None,
    remove: bool = False,
    project: Path | None = None,
) -> Withdrawal:
    """Marks the consents of `name` as withdrawn and lists where they are. With `cut` the cut is written to `output`
    with placeholders in the place of their takes; `remove` deletes the takes' files and the actor's pictures.

    Raises:
        InputError: nobody is called so, or the cut can't be written there.
        StoreError: a file can't be written or removed; which, is named.
    """
    home = find_project(cut, project)
    if (cut is None) != (output is None):
        raise InputError("a cut is written to a new file", hint="Give both: --cut CUT -o NEW_CUT")
    if cut is not None and output is not None:
        check_cut_output(cut, output, None)
    when = day or datetime.now(UTC).date()
    folders, actor = _homes(home, name)
    count = _mark(folders, name, when, is_actor=bool(actor))
    consents = [consent for folder in folders for consent in read_consents(folder)[0]]
    sent, unasked = _sent(home)
    found = find_person(home, Store(home.folder), actor, consents, sent)
    made = Withdrawal(actor or folders[0].name, when, count, found, unasked=unasked)
    if cut is not None and output is not None:
        made = replace(made, output=output, restored=_placeholders(cut, output, home, found.takes))
    if remove:
        _remove(found, folders, home, actor)
        made = replace(made, removed=True)
    return made


def _sent(project: Project) -> tuple[list[dict[str, Any]], str]:
    """The ledger's handles, or why it can't be asked: a withdrawal is on record all the same."""
    try:
        with open_ledger(project) as ledger:
            return ledger.sent_handles(), ""
    except GreenroomError as error:
        return [], error.message


def _homes(project: Project, name: str) -> tuple[list[Path], str]:
    """The folders of the person's records, and their folder in the cast ("" where they are no actor)."""
    folder, _, portrait = home_of(project, name)
    other = project.folder / PEOPLE / folder.name
    folders = [each for each in dict.fromkeys((folder, other)) if (each / FILE).exists()]
    if portrait is None and not folders:
        hint = "Who has a record: greenroom consent list"
        raise InputError(f'nobody called "{name}" is in the cast or has a consent record', hint=hint)
    return folders or [folder], folder.name if portrait is not None else ""


def _mark(folders: Iterable[Path], name: str, day: date, *, is_actor: bool) -> int:
    count = 0
    for folder in folders:
        if (folder / FILE).exists():
            count += withdraw_consents(folder, day)
        elif is_actor:  # there was none: from now on it is on record that there is none
            add_consent(folder, name, {"kind": REPLICA, "who": name, "withdrawn": day})
            count += 1
    return count


def _placeholders(cut: Path, output: Path, project: Project, takes: Iterable[Take]) -> int:
    from greenroom.desk.writing_back.apply import kept
    from greenroom.desk.writing_back.restore import restore

    source, layout = read_layout(cut, None, project)
    check_media_kept(output, layout, project)
    timeline = timeline_of(source)
    cues, files = {take.cue for take in takes}, {take.media.name for take in takes}

    def theirs(item: Any) -> bool:
        """By what we keep with a clip; in cuts from programs that drop such things, by the take's file."""
        held = kept(item)
        if held is not None and held.get("cue"):
            return held["cue"] in cues
        references = item.media_references().values() if hasattr(item, "media_references") else ()
        urls = [str(getattr(reference, "target_url", "") or "") for reference in references]
        return any(url.rsplit("/", 1)[-1] in files for url in urls)

    count = restore(timeline, only=theirs)
    write_timeline(timeline, output, None)
    return count


def _remove(found: Found, folders: Iterable[Path], project: Project, actor: str) -> None:
    """What is on record of the consent stays, in consent/NAME: it shows since when nobody may use them."""
    for path in found.files:
        with storing(project.folder / path):
            (project.folder / path).unlink(missing_ok=True)
    for take in found.takes:
        shutil.rmtree(take.folder, ignore_errors=True)
    home, target = project.cast_folder / actor, project.folder / PEOPLE / actor
    if actor and home in folders and not target.exists():
        with storing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(str(home), str(target))

# SPDX-License-Identifier: Apache-2.0
"""The way by files, for the steps that Resolve's menu can take over: the cut as OTIO out, a cut with takes back in.

Where Resolve runs no scripts at all (the free edition from 21.1 on) the editor does both by hand: docs/resolve.md.
"""

from pathlib import Path
from typing import Any, Dict, List

from greenroom_resolve.calling import ResolveError, ask, flag, text
from greenroom_resolve.cut import Cut, is_ours
from greenroom_resolve.program import Before
from greenroom_resolve.session import Session
from greenroom_resolve.steps import Problem
from greenroom_resolve.undoing import UndoList, contents

__all__ = ["export_cut", "import_takes", "path_for"]

_FOLDER = "resolve"  # in the project's folder


def export_cut(session: Session, **_: Any) -> Dict[str, Any]:
    """The open timeline as Resolve's own OTIO, in the project's folder."""
    path = path_for(session, ".otio")
    path.parent.mkdir(exist_ok=True)
    program = session.program
    kind, no_kind = program.constant("EXPORT_OTIO"), program.constant("EXPORT_NONE")
    before = path.stat().st_mtime_ns if path.exists() else None
    made = flag(session.cut.timeline, "Export", str(path), kind, no_kind)
    if not made or not path.exists() or path.stat().st_mtime_ns == before:
        raise ResolveError("Resolve could not export the timeline", "Use File > Export > Timeline, as OTIO.")
    session.tell(f"Exported: {path}")
    taken = [item for item in session.cut.items() if item.takes() and is_ours(item.media)]
    if taken:
        session.tell(
            f"warning: {session.cut.where(taken[0])} shows a take: of {len(taken)} clips the stand-in isn't in it"
        )
        session.tell(
            "    Restore the stand-ins (greenroom resolve restore), and export again, if takes are to be made of them."
        )
    session.tell(f'Next: greenroom generate "{path}" -o "{path_for(session, ".greenroom.otio")}" --to resolve-otio')
    session.tell("Then: Workspace > Scripts > Greenroom > Import takes")
    return {"path": str(path), "problems": []}


def import_takes(session: Session, **_: Any) -> Dict[str, Any]:
    """The cut with takes as a new timeline; the editor's own stays as it is. Every clip is looked at afterwards."""
    path = path_for(session, ".greenroom.otio")
    if not path.exists():
        raise ResolveError(f"there is no {path}", "Export for Greenroom first, then: greenroom generate.")
    program = session.program
    before = Before(program)
    name = _new_name(session)
    known = program.media_uids()
    made = _imported(session, path, name)
    if before.folder is not None:
        flag(program.pool, "SetCurrentFolder", before.folder)
    cut = Cut(program, made)
    _keep_for_undo(session, cut, [uid for uid in program.media_uids() if uid not in known])
    problems = _offline(cut)
    session.tell(f'Imported as timeline "{name}"; "{session.cut.name}" is as it was')
    for problem in problems:
        session.tell(str(problem))
    return {"timeline": name, "problems": [problem.plain() for problem in problems]}


def _keep_for_undo(session: Session, made: Cut, clips: List[str]) -> None:
    """Into the undo list of the new timeline, which is open now, and of the one that it came from."""
    entry = {
        "undo": "timeline",
        "uid": made.uid,
        "name": made.name,
        "contents": contents(made),
        "from": session.cut.uid,
    }
    for undo_list in (session.undo_list, UndoList(session.settings.data, made.uid)):
        undo_list.begin("import takes")
        undo_list.add({"undo": "clips", "uids": clips})
        undo_list.add(entry)
        undo_list.end()


def _imported(session: Session, path: Path, name: str) -> Any:
    """With source clips first. 21.1 refuses that where media is in the pool already; before, without means offline."""
    for sources in (True, False):
        options = {"timelineName": name, "importSourceClips": sources}
        made = ask(session.program.pool, "ImportTimelineFromFile", str(path), options)
        if made is not None and not isinstance(made, str):
            return made
        session.cut.check_alive()
    raise ResolveError(
        f"Resolve refused {path.name}",
        "Import it by File > Import > Timeline, which says why; or write it as FCP7 XML: greenroom apply --to fcp7.",
    )


def _offline(cut: Cut) -> List[Problem]:
    """Clips whose media Resolve didn't find."""
    found = []
    for item in cut.items():
        path = text(item.media, "GetClipProperty", "File Path")
        frames = text(item.media, "GetClipProperty", "Frames")
        if item.media is not None and item.track.kind == "video" and path and frames in ("", "0"):
            hint = "Relink it in the media pool."
            found.append(Problem("offline", f"its media is offline ({path})", hint, cut.where(item)))
    return found


def _new_name(session: Session) -> str:
    taken = {text(each, "GetName") for each in session.program.timelines()}
    number = 1
    while f"{session.cut.name} Greenroom {number}" in taken:
        number += 1
    return f"{session.cut.name} Greenroom {number}"


def path_for(session: Session, suffix: str) -> Path:
    """A file of ours about this timeline, in the project's folder."""
    safe = "".join("_" if character in '<>:"/\\|?*' else character for character in session.cut.name).strip(". ")
    return Path(session.project()) / _FOLDER / ((safe or "timeline") + suffix)

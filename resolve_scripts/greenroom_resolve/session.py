# SPDX-License-Identifier: Apache-2.0
"""One command on the open timeline: read, ask Greenroom, apply, read back, and leave Resolve as it was."""

from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from greenroom_resolve.applying import Applied, apply_edits, read_back
from greenroom_resolve.calling import ResolveError, ask, flag, has, items, text
from greenroom_resolve.cut import Cut, Item
from greenroom_resolve.desk import PROTOCOL, Desk
from greenroom_resolve.learned import Learned
from greenroom_resolve.planning import plan_jobs
from greenroom_resolve.program import Before, Program
from greenroom_resolve.rendering import rendered_sounds
from greenroom_resolve.settings import Settings
from greenroom_resolve.snapshot import snapshot_of
from greenroom_resolve.steps import Problem
from greenroom_resolve.undoing import UndoList, find_timeline, take_back

__all__ = ["Session"]

Json = Dict[str, Any]
_PROJECT_FILE = "greenroom.toml"


class Session:
    """The timeline that was open when the command began. `tell` gets every line that an editor may read."""

    def __init__(self, resolve: Any, settings: Settings, tell: Callable[[str], None]) -> None:
        self.settings, self.tell = settings, tell
        self.program = Program(resolve)
        self.cut = Cut(self.program, self.program.timeline())
        self.undo_list = UndoList(settings.data, self.cut.uid)
        self._desk: Optional[Desk] = None
        self._project = ""

    @property
    def desk(self) -> Desk:
        desk = self._desk
        if desk is None:
            desk = self._desk = Desk(self.settings.command)
            desk.call("hello", host="resolve", version=self.program.version, protocol=PROTOCOL)
        return desk

    def close(self) -> None:
        if self._desk is not None:
            self._desk.__exit__()
            self._desk = None

    def project(self) -> str:
        """The nearest folder with a greenroom.toml above the media: a Resolve project is no file to lie beside.

        It stays the session's, whatever clips show later.
        """
        self._project = self._project or self._find_project()
        return self._project

    def _find_project(self) -> str:
        folders: List[Path] = []
        for item in self.cut.items():
            path = Path(text(item.media, "GetClipProperty", "File Path"))
            if path.is_absolute() and path.parent not in folders:
                folders.append(path.parent)
        for folder in folders:
            for above in [folder, *folder.parents]:
                if (above / _PROJECT_FILE).exists():
                    return str(above)
        if self.settings.project:
            return self.settings.project
        raise ResolveError(
            "there is no greenroom.toml in or above the folders of this timeline's media",
            "Make a project there (greenroom init FOLDER), or name one: greenroom install resolve --project FOLDER.",
        )

    def asked(self, method: str, **more: Any) -> Any:
        """A question about the timeline as it is now."""
        return self.desk.call(method, snapshot=self.snapshot(), project=self.project(), **more)

    def snapshot(self) -> Json:
        """The timeline as Greenroom reads it."""
        return snapshot_of(self.cut, rendered_sounds(self.cut, Path(self.project())))

    def read_again(self) -> None:
        """The timeline as it is after a while; the editor may have gone on, or to another one."""
        self.cut = Cut(self.program, self.program.timeline(self.cut.uid))

    def at_playhead(self) -> Item:
        handle = ask(self.cut.timeline, "GetCurrentVideoItem")
        item = self.cut.item(text(handle, "GetUniqueId")) if handle is not None else None
        if item is None:
            raise ResolveError("there is no clip under the playhead", "Put the playhead on the clip with the note.")
        return self._stand_in(item)

    def selected(self) -> List[Item]:
        """The clips that are selected, from 21.0.4 on."""
        timeline = self.cut.timeline
        if not has(timeline, "GetSelectedClips"):
            hint = "Use the clip at the playhead, or all cues."
            raise ResolveError(f"Resolve {self.program.version} doesn't tell what is selected", hint)
        found = [self.cut.item(text(each, "GetUniqueId")) for each in items(timeline, "GetSelectedClips")]
        chosen = [self._stand_in(item) for item in found if item is not None and item.track.kind == "video"]
        if not chosen:
            raise ResolveError("no clip is selected on the timeline", "Select the clips with notes, and try again.")
        return chosen

    def _stand_in(self, item: Item) -> Item:
        """Our own clip on the track Greenroom stands for the one below it."""
        from greenroom_resolve.snapshot import covered_by

        covered = covered_by(self.cut, item) if item.track.ours else None
        return covered or item

    def apply(self, edits: List[Json], command: str, dry: bool = False, save: bool = False) -> Applied:
        """Makes the edits (or tells the calls that it would make), reads each back, restores pages and playhead."""
        self.read_again()
        before = Before(self.program)
        learned = Learned(self.settings.data, self.program.version)
        if learned.end_counts:
            edits = [dict(edit, end_counts=True) for edit in edits]
        if dry:
            return self._foretell(edits, before)
        self.undo_list.begin(command)
        try:
            applied = apply_edits(self.cut, edits, self.undo_list, self.tell, self.settings.copy_look)
            if save and applied.done:
                applied.problems += self._save(applied)
            self.undo_list.end()
            if applied.end_counts:
                learned.keep_end_counts()
        finally:
            self._restore(before)
        return applied

    def _foretell(self, edits: List[Json], before: Before) -> Applied:
        """The calls that `apply` would make, in order; none is made."""
        applied = Applied()
        for planned in plan_jobs(self.cut, edits, self.settings.copy_look):
            if isinstance(planned, Problem):
                applied.problems.append(planned)
            else:
                applied.done.append(planned)
        steps = [step for job in applied.done for step in job.steps]
        for line in [str(step) for step in steps] + before.foretold([step.method for step in steps]):
            self.tell(line)
        return applied

    def undo(self, unfinished: bool = False) -> List[str]:
        """Takes the last command back, or only one that broke off; says what could not be."""
        command = self.undo_list.unfinished() if unfinished else self._last_command()
        if command is None and unfinished:
            return []
        if command is None:
            raise ResolveError("there is nothing to undo on this timeline", "")
        before = Before(self.program)
        try:
            left = take_back(self.program, self.cut.timeline, command["entries"][::-1])
        finally:
            self._restore(before)
        self.program.check_alive()
        self.undo_list.undone(command["number"])
        self.tell("Undone: {}, {} changes".format(command["command"], len(command["entries"])))
        return left

    def _last_command(self) -> Any:
        """The last one that can be undone: not the import of a timeline that has gone since."""
        while True:
            command = self.undo_list.last()
            made = command["entries"][-1] if command else {}
            imported = made.get("undo") == "timeline"
            if command is None or not imported or find_timeline(self.program, made["uid"]) is not None:
                return command
            self.undo_list.undone(command["number"])

    def _restore(self, before: Before) -> None:
        for lost in before.restore(self.tell):
            self.tell(f"Resolve didn't go back to {lost}")

    def _save(self, applied: Applied) -> List[Problem]:
        """Saves the project, and looks whether what was made is still there: a save may throw clips away."""
        manager = self.program.manager
        if text(self.program.project, "GetName") == "Untitled Project" or not flag(manager, "SaveProject"):
            hint = "Save it in Resolve; the takes are on the timeline."
            return [Problem("not-saved", "the project could not be saved", hint)]
        return [problem for problem in (read_back(self.cut, job) for job in applied.done) if problem is not None]

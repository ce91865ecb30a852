# SPDX-License-Identifier: Apache-2.0
"""The running Resolve: its handle, whether it is alive, what is open in it, and how it was before we came."""

from typing import Any, Callable, Dict, Iterator, List

from greenroom_resolve.calling import ResolveError, ask, called, file_of, flag, has, items, same, table, text

__all__ = ["Before", "Program", "handle_from_outside", "settings_of"]

_OPEN_A_TIMELINE = "Open a timeline on the Edit page, and try again."


def handle_from_outside() -> Any:
    """The handle by Resolve's own module, or None; tells why in an editor's words where the module isn't there."""
    try:
        import DaVinciResolveScript
    except ImportError:
        raise ResolveError(
            "Resolve's scripting module can't be found",
            "Install DaVinci Resolve Studio, or use Workspace > Scripts > Greenroom inside Resolve.",
        ) from None
    return called("scriptapp", DaVinciResolveScript.scriptapp, "Resolve")


class Program:
    """`resolve` is the handle. Raises ResolveError where nothing could be done with it."""

    def __init__(self, resolve: Any) -> None:
        if resolve is None:
            raise ResolveError(
                "Resolve gives no access to scripts",
                "From outside it takes Resolve Studio, running, with Preferences > System > General > External "
                "scripting using = Local. The free edition: up to 21.0 by Workspace > Scripts, later by files.",
            )
        self.resolve = resolve
        self.manager = ask(resolve, "GetProjectManager")
        self.check_alive()
        self.project = ask(self.manager, "GetCurrentProject")
        if self.project is None:
            raise ResolveError("no project is open in Resolve", "Open a project, and try again.")
        self.pool = ask(self.project, "GetMediaPool")

    def check_alive(self) -> None:
        """Without its database Resolve looks alive, and writes fail: the true test of whether it answers."""
        if ask(self.manager, "GetCurrentDatabase") is None:
            raise ResolveError(
                "Resolve doesn't answer: its project database isn't there",
                "Close any dialog in Resolve, open a project, and try again.",
            )

    @property
    def version(self) -> str:
        parts = ask(self.resolve, "GetVersion")
        numbers = [str(part) for part in parts[:3]] if isinstance(parts, (list, tuple)) else []
        return ".".join(numbers) or text(self.resolve, "GetVersionString")

    @property
    def product(self) -> str:
        return text(self.resolve, "GetProductName")

    def open_timeline(self) -> Any:
        """The timeline that is open; None where there is none, or no answer."""
        return ask(self.project, "GetCurrentTimeline")

    def timeline(self, uid: str = "") -> Any:
        """The timeline with this id, wherever the editor is; without one, the open timeline."""
        current = ask(self.project, "GetCurrentTimeline")
        if not uid or (current is not None and text(current, "GetUniqueId") == uid):
            if current is None:
                raise ResolveError("no timeline is open in Resolve", _OPEN_A_TIMELINE)
            return current
        for each in self.timelines():
            if text(each, "GetUniqueId") == uid:
                return each
        self.check_alive()
        raise ResolveError("the timeline isn't in this project any more", _OPEN_A_TIMELINE)

    def timelines(self) -> List[Any]:
        count = ask(self.project, "GetTimelineCount") or 0
        found = [ask(self.project, "GetTimelineByIndex", index) for index in range(1, int(count) + 1)]
        return [each for each in found if each is not None]

    def constant(self, name: str) -> Any:
        """A value of Resolve's own enumeration, off the live handle: it differs between versions."""
        return getattr(self.resolve, name, None)

    def page(self) -> str:
        page = text(self.resolve, "GetCurrentPage")
        if not page:
            raise ResolveError("Resolve shows no page", "Close the Project Manager or the dialog that is open.")
        return page

    def bins(self) -> Iterator[Any]:
        """Every bin of the media pool."""
        waiting = [ask(self.pool, "GetRootFolder")]
        while waiting:
            folder = waiting.pop()
            if folder is not None:
                yield folder
                waiting.extend(items(folder, "GetSubFolderList"))

    def media_by_path(self) -> Dict[str, Any]:
        """The pool's clips by their file (`file_key`), never by name."""
        found: Dict[str, Any] = {}
        for folder in self.bins():
            for item in items(folder, "GetClipList"):
                key = file_of(item)
                if key:
                    found.setdefault(key, item)
        return found

    def media_uids(self) -> List[str]:
        """The pool's clips by their ids."""
        return [text(item, "GetUniqueId") for folder in self.bins() for item in items(folder, "GetClipList")]


class Before:
    """How Resolve was: page, open timeline, playhead, bin. `restore` puts back what differs, and says what it can't."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.page = program.page()
        self.timeline = ask(program.project, "GetCurrentTimeline")
        self.playhead = text(self.timeline, "GetCurrentTimecode")
        self.folder = ask(program.pool, "GetCurrentFolder")

    def restore(self, tell: Callable[[str], None]) -> List[str]:
        """Tells the calls that it makes; gives what didn't go back."""
        program = self.program
        lost = []
        if self._is_elsewhere():
            tell(self._timeline_line())
            flag(program.project, "SetCurrentTimeline", self.timeline)
            if not same(ask(program.project, "GetCurrentTimeline"), self.timeline):
                lost.append("the timeline that was open")
        if self.folder is not None and not same(ask(program.pool, "GetCurrentFolder"), self.folder):
            tell(self._folder_line())
            flag(program.pool, "SetCurrentFolder", self.folder)
            if not same(ask(program.pool, "GetCurrentFolder"), self.folder):
                lost.append("the bin that was open")
        if self.playhead and self._is_open() and text(self.timeline, "GetCurrentTimecode") != self.playhead:
            tell(f"timeline.SetCurrentTimecode('{self.playhead}')")
            flag(self.timeline, "SetCurrentTimecode", self.playhead)
            if text(self.timeline, "GetCurrentTimecode") != self.playhead:
                lost.append("the playhead")
        if text(program.resolve, "GetCurrentPage") != self.page:
            tell(f"Resolve.OpenPage('{self.page}')")
            flag(program.resolve, "OpenPage", self.page)
            if text(program.resolve, "GetCurrentPage") != self.page:
                lost.append("the page")
        return lost

    def _is_open(self) -> bool:
        return same(self.program.open_timeline(), self.timeline)

    def _is_elsewhere(self) -> bool:
        """Whether another timeline is open now, and ours is still there: an undone import takes its own away."""
        if self.timeline is None or self._is_open():
            return False
        return any(same(each, self.timeline) for each in self.program.timelines())

    def foretold(self, methods: List[str]) -> List[str]:
        """The calls that `restore` will make after these: for a dry run."""
        made = []
        if "SetCurrentTimeline" in methods:
            made.append(self._timeline_line())
        if "SetCurrentFolder" in methods:
            made.append(self._folder_line())
        return made

    def _timeline_line(self) -> str:
        return 'project.SetCurrentTimeline(timeline "{}")'.format(text(self.timeline, "GetName"))

    def _folder_line(self) -> str:
        return 'media pool.SetCurrentFolder(bin "{}")'.format(text(self.folder, "GetName"))


def settings_of(timeline: Any, project: Any) -> Dict[str, Any]:
    """The settings of a timeline. It may override the project's, so that its own are asked first."""
    if has(timeline, "GetSettings"):
        held = table(timeline, "GetSettings")
        if held:
            return held
    found: Dict[str, Any] = {}
    for name in _SETTINGS:
        value = ask(timeline, "GetSetting", name)
        found[name] = value if value not in (None, "") else ask(project, "GetSetting", name)
    return found


_SETTINGS = (
    "timelineFrameRate",
    "timelineDropFrameTimecode",
    "timelineResolutionWidth",
    "timelineResolutionHeight",
)

# SPDX-License-Identifier: Apache-2.0
"""A cassette of calls and answers of a real Resolve, so that what nobody has measured can be known.

`Recorded` stands in front of a handle and writes each call as one line of JSON; of paths only the last part is kept.
The file can be read before it is given away. greenroom.testing.resolve plays it.
"""

import json
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any, Callable, Dict, List

__all__ = ["KIND_OF", "Cassette", "Recorded"]

KIND_OF = {
    "GetProjectManager": "ProjectManager",
    "GetMediaStorage": "MediaStorage",
    "GetCurrentProject": "Project",
    "GetMediaPool": "MediaPool",
    "GetCurrentTimeline": "Timeline",
    "GetTimelineByIndex": "Timeline",
    "CreateEmptyTimeline": "Timeline",
    "ImportTimelineFromFile": "Timeline",
    "GetItemListInTrack": "TimelineItem",
    "AppendToTimeline": "TimelineItem",
    "GetCurrentVideoItem": "TimelineItem",
    "GetLinkedItems": "TimelineItem",
    "GetRootFolder": "Folder",
    "GetCurrentFolder": "Folder",
    "AddSubFolder": "Folder",
    "GetSubFolderList": "Folder",
    "ImportMedia": "MediaPoolItem",
    "GetClipList": "MediaPoolItem",
    "GetMediaPoolItem": "MediaPoolItem",
    "GetTakeByIndex": "MediaPoolItem",
}
"""What a method gives: handles don't tell their kind."""


class Cassette:
    """The file, and the numbers of the objects in it."""

    def __init__(self, path: Path, facts: Dict[str, Any]) -> None:
        self.path = path
        self._objects: List[Any] = []
        self._write({"greenroom": "resolve cassette", "schema": 1, **facts})

    def number_of(self, handle: Any) -> int:
        for number, held in enumerate(self._objects, 1):
            if held is handle:
                return number
        self._objects.append(handle)  # kept, so that no other gets its identity
        return len(self._objects)

    def call(self, kind: str, number: int, method: str, arguments: Any, answer: Any) -> None:
        self._write({"on": [number, kind], "method": method, "arguments": arguments, "answer": answer})

    def note(self, facts: Dict[str, Any]) -> None:
        self._write({"note": facts})

    def _write(self, line: Dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Recorded:
    """A handle whose calls are written down. Answers that are handles are recorded in turn."""

    def __init__(self, handle: Any, kind: str, cassette: Cassette) -> None:
        self._handle, self._kind, self._cassette = handle, kind, cassette

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._handle, name, None)
        return self._method(name, found) if callable(found) else found

    def _method(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            answer = function(*[_bare(each) for each in arguments])
            told = [_told(each, self._cassette) for each in arguments]
            wrapped = _wrapped(answer, KIND_OF.get(name, "Unknown"), self._cassette)
            number = self._cassette.number_of(self._handle)
            self._cassette.call(self._kind, number, name, told, _told(wrapped, self._cassette))
            return wrapped

        return call


def _bare(value: Any) -> Any:
    if isinstance(value, Recorded):
        return value._handle
    if isinstance(value, dict):
        return {key: _bare(held) for key, held in value.items()}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _wrapped(value: Any, kind: str, cassette: Cassette) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {key: _wrapped(held, kind, cassette) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_wrapped(each, kind, cassette) for each in value]
    return Recorded(value, kind, cassette)


def _told(value: Any, cassette: Cassette) -> Any:
    """As the wire of the simulator writes it, with paths cut to their last part."""
    if isinstance(value, Recorded):
        return {"~object": [cassette.number_of(value._handle), value._kind]}
    if isinstance(value, dict):
        return {"~table": [[_told(key, cassette), _told(held, cassette)] for key, held in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_told(each, cassette) for each in value]
    if isinstance(value, str) and (PurePath(value).is_absolute() or PureWindowsPath(value).is_absolute()):
        return PureWindowsPath(value).name
    return value

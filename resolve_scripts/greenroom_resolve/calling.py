# SPDX-License-Identifier: Apache-2.0
"""How Resolve is called: by position, with every answer checked (facts/resolve, section 4).

Resolve fails in silence: None, False, [None], '', or a text where a value was expected. hasattr() is true for
everything, so that a method is there when it can be called. Nothing else in this package calls a Resolve object.
"""

import os
import unicodedata
from typing import Any, Callable, Dict, List, Optional

from greenroom_resolve.watching import watch_of_parent

__all__ = [
    "NotAnswered",
    "ResolveError",
    "ask",
    "at_work_on",
    "called",
    "file_key",
    "file_of",
    "first",
    "flag",
    "has",
    "items",
    "number",
    "same",
    "table",
    "text",
]


_watch = watch_of_parent()


class ResolveError(Exception):
    """What an editor is told: what is wrong, and the next step."""

    def __init__(self, message: str, hint: str = "", where: str = "") -> None:
        Exception.__init__(self, message)
        self.message, self.hint, self.where = message, hint, where

    def __str__(self) -> str:
        told = f"{self.where}: {self.message}" if self.where else self.message
        return "{}. {}".format(told.rstrip("."), self.hint) if self.hint else told


class NotAnswered(ResolveError):
    """Resolve gave nothing where it must: a dialog is open, it is quitting, or the object is gone."""

    def __init__(self, method: str) -> None:
        ResolveError.__init__(
            self,
            f"Resolve doesn't answer ({method})",
            "Close any dialog or menu that is open in Resolve, and try again.",
        )


def has(target: Any, method: str) -> bool:
    """Whether this Resolve has the method."""
    return target is not None and callable(getattr(target, method, None))


def ask(target: Any, method: str, *arguments: Any) -> Any:
    """What Resolve answers; None where the method or the object isn't there."""
    function = getattr(target, method, None) if target is not None else None
    return called(method, function, *arguments) if callable(function) else None


def called(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """The one place where a function of Resolve's is called, in sight of whoever watches."""
    if _watch is None:
        return function(*arguments)
    _watch.begins(name)
    try:
        return function(*arguments)
    finally:
        _watch.ends()


def at_work_on(place: str) -> None:
    """What the next calls are about: clip and timecode, told if one of them never returns."""
    if _watch is not None:
        _watch.place = place


def number(target: Any, method: str, *arguments: Any) -> Any:
    """A number that has to be there."""
    answer = ask(target, method, *arguments)
    if isinstance(answer, bool) or not isinstance(answer, (int, float)):
        raise NotAnswered(method)
    return answer


def text(target: Any, method: str, *arguments: Any) -> str:
    """A text; '' where there is none."""
    answer = ask(target, method, *arguments)
    return answer if isinstance(answer, str) else ""


def flag(target: Any, method: str, *arguments: Any) -> bool:
    """Whether Resolve said yes: a text is an error message, not a yes."""
    answer = ask(target, method, *arguments)
    return bool(answer) and not isinstance(answer, str)


def table(target: Any, method: str, *arguments: Any) -> Dict[Any, Any]:
    answer = ask(target, method, *arguments)
    return answer if isinstance(answer, dict) else {}


def items(target: Any, method: str, *arguments: Any) -> List[Any]:
    """A list without the None that Resolve puts in for what failed."""
    answer = ask(target, method, *arguments)
    if isinstance(answer, dict):
        answer = list(answer.values())
    return [each for each in answer if each is not None] if isinstance(answer, (list, tuple)) else []


def file_key(path: str) -> str:
    """A path to compare by: a system may give it with other letters for the same accents, or other slashes."""
    return os.path.normcase(os.path.normpath(unicodedata.normalize("NFC", path))) if path else ""


def file_of(media: Any) -> str:
    """The key of a media pool clip's file; '' where it has none."""
    return file_key(text(media, "GetClipProperty", "File Path"))


def same(one: Any, other: Any) -> bool:
    """Whether two handles are of one object: by its id, as nobody knows whether handles compare."""
    uid = text(one, "GetUniqueId")
    return bool(uid) and uid == text(other, "GetUniqueId")


def first(answer: Any) -> Optional[Any]:
    """The first object of an answer that may be a list, None or [None]."""
    if isinstance(answer, (list, tuple)):
        return answer[0] if answer and answer[0] is not None else None
    return None if isinstance(answer, (str, bool)) else answer

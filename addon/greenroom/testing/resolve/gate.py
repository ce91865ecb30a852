# SPDX-License-Identifier: Apache-2.0
"""Where every call from a script comes in: what Resolve does to any call, whatever it is (facts/resolve, section 4).

Calls are serialised. Failures are silent: a method that answers a bool answers False, every other one None. While a
dialog is open, calls answer so too, or block; after quitting they answer None. Faults and what a user does meanwhile
are switched on here by the method's name. A script's own mistakes (a wrong number of arguments, a call of what isn't
there) fail as silently as in Resolve, but are kept in `misuses`, so that a test can see them.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from greenroom.testing.resolve.versions import Release, since_of

__all__ = ["ApiObject", "Call", "Gate", "api_classes"]


class ApiObject:
    """Base of everything that a script can hold. `gone`: deleted or closed; calls on it then fail silently."""

    gone = False


_CLASSES = (
    "Resolve", "ProjectManager", "Project", "MediaStorage", "MediaPool", "Folder", "MediaPoolItem", "Timeline",
    "TimelineItem",
)  # fmt: skip


def api_classes() -> dict[str, type[ApiObject]]:
    """The classes of the API by name, as far as their modules are loaded."""
    found: dict[str, type[ApiObject]] = {}
    waiting = list(ApiObject.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__name__ in _CLASSES:
            found[kind.__name__] = kind
    return found


@dataclass(frozen=True)
class Call:
    """One call as it came in, and what was answered. Objects appear as "TimelineItem 7"."""

    kind: str
    number: int
    method: str
    arguments: tuple[Any, ...]
    answer: Any


@dataclass
class _Fault:
    answer: Any
    times: int  # how often it still happens
    after: int  # calls that still go well before


@dataclass
class _Meanwhile:
    action: Callable[[], object]
    after: int


class Gate:
    """The door between scripts and the simulated program."""

    def __init__(self, release: Release, constants: dict[str, float]) -> None:
        self.release, self.constants = release, constants
        self.calls: list[Call] = []
        self.misuses: list[str] = []
        self.running = True
        self.dialog = ""  # "" | "answers" (False and None) | "blocks"
        self._objects: dict[int, ApiObject] = {}
        self._numbers: dict[int, int] = {}
        self._faults: dict[str, _Fault] = {}
        self._meanwhile: dict[str, list[_Meanwhile]] = {}
        self._lock = threading.RLock()
        self.dialog_closed = threading.Event()

    def fail(self, method: str, answer: Any = None, *, times: int = 10**9, after: int = 0) -> None:
        """From now on `method` does nothing and answers `answer` (its silent failure), after `after` good calls."""
        self._faults[method] = _Fault(answer, times, after)

    def mend(self, method: str) -> None:
        self._faults.pop(method, None)

    def meanwhile(self, method: str, action: Callable[[], object], *, after: int = 0) -> None:
        """Just before the next call of `method` (after `after` of them), the user does `action`."""
        self._meanwhile.setdefault(method, []).append(_Meanwhile(action, after))

    def hello(self, root: ApiObject) -> dict[str, Any]:
        """What a client has to know to begin with: which methods show, and the enumeration's values."""
        visible = {name: sorted(self._visible(kind)) for name, kind in api_classes().items()}
        return {"resolve": self.number_of(root), "visible": visible, "constants": self.constants}

    def ask(self, question: list[Any]) -> Any:
        """One question as it comes over the wire: ["call", object, method, arguments]."""
        _, number, method, arguments = question
        self._wait_for_the_dialog()
        with self._lock:
            return self._encode(self._call(number, method, [self._decode(each) for each in arguments]))

    def number_of(self, held: ApiObject) -> int:
        number = self._numbers.get(id(held))
        if number is None:
            number = len(self._objects) + 1
            self._objects[number], self._numbers[id(held)] = held, number
        return number

    def object(self, number: int) -> ApiObject:
        return self._objects[number]

    def changes(self) -> list[Call]:
        """The calls that were made to change something: what a dry run has to foretell."""
        return [call for call in self.calls if is_change(call.method)]

    def _visible(self, kind: type[ApiObject]) -> set[str]:
        names = (name for name in dir(kind) if name[0].isupper())
        return {name for name in names if since_of(getattr(kind, name)) <= self.release.version}

    def _call(self, number: int, method: str, arguments: list[Any]) -> Any:
        target = self._objects.get(number)
        kind = type(target)
        self._let_the_user_act(method)
        self._wait_for_the_dialog()
        answer = self._answer(target, kind, method, arguments)
        told = tuple(self._told(each) for each in arguments)
        self.calls.append(Call(kind.__name__, number, method, told, self._told(answer)))
        return answer

    def _wait_for_the_dialog(self) -> None:
        while self.dialog == "blocks" and self.running:
            self.dialog_closed.wait(0.05)

    def _let_the_user_act(self, method: str) -> None:
        waiting = self._meanwhile.get(method, [])
        for each in list(waiting):
            if each.after:
                each.after -= 1
                continue
            waiting.remove(each)
            each.action()

    def _answer(self, target: ApiObject | None, kind: type, method: str, arguments: list[Any]) -> Any:
        if not self.running or target is None:
            return None
        function = getattr(target, method, None) if method in self._visible(kind) else None
        if function is None:
            self.misuses.append(f"{kind.__name__}.{method} isn't there in {self.release.text}")
            return None
        failed = False if _answers_bool(function) else None
        if self.dialog or target.gone:
            return failed
        fault = self._fault_now(method)
        if fault is not None:
            return fault.answer if fault.answer is not None else failed
        try:
            inspect.signature(function).bind(*arguments)
        except TypeError as error:
            self.misuses.append(f"{kind.__name__}.{method}: {error}")
            return failed
        return function(*arguments)

    def _fault_now(self, method: str) -> _Fault | None:
        fault = self._faults.get(method)
        if fault is None:
            return None
        if fault.after:
            fault.after -= 1
            return None
        fault.times -= 1
        if fault.times <= 0:
            del self._faults[method]
        return fault

    def _encode(self, value: Any) -> Any:
        if isinstance(value, ApiObject):
            return {"~object": [self.number_of(value), type(value).__name__]}
        if isinstance(value, dict):
            return {"~table": [[self._encode(key), self._encode(held)] for key, held in value.items()]}
        if isinstance(value, list | tuple):
            return [self._encode(each) for each in value]
        return value

    def _decode(self, value: Any) -> Any:
        if isinstance(value, dict):
            if "~object" in value:
                return self._objects.get(value["~object"][0])
            return {self._decode(key): self._decode(held) for key, held in value["~table"]}
        if isinstance(value, list):
            return [self._decode(each) for each in value]
        return value

    def _told(self, value: Any) -> Any:
        if isinstance(value, ApiObject):
            return f"{type(value).__name__} {self.number_of(value)}"
        if isinstance(value, dict):
            return {key: self._told(held) for key, held in value.items()}
        if isinstance(value, list | tuple):
            return [self._told(each) for each in value]
        return value


_READS = ("Get", "Is", "Export")  # Export writes a file of ours, and changes nothing of the editor's
_LOOKS = {"Fusion"}


def is_change(method: str) -> bool:
    """Whether a method changes something in Resolve, by its name."""
    return not method.startswith(_READS) and method not in _LOOKS


def _answers_bool(function: Callable[..., Any]) -> bool:
    return str(inspect.signature(function).return_annotation) in {"bool", "<class 'bool'>"}

# SPDX-License-Identifier: Apache-2.0
"""Changes to the timeline as values: the calls in order, before any is made. A dry run prints what a real run makes.

A step may need what an earlier one gives (the clip that an import makes): then it names it, and gets it when its turn
comes.
"""

from typing import Any, Dict, List, Optional

__all__ = ["Job", "Named", "Problem", "Step", "given", "told"]

YES, OBJECT, ANY = "yes", "object", "any"  # what an answer has to be: true, an object (not None or [None]), whatever


class Named:
    """Something of Resolve's and its name for people; without a handle it is what the step with this key will give."""

    def __init__(self, name: str, handle: Any = None, key: str = "") -> None:
        self.name, self.handle, self.key = name, handle, key


class Step:
    """One call. `undo` is what takes it back, kept in the undo list once it was made (see `undoing`)."""

    def __init__(
        self,
        on: Named,
        method: str,
        arguments: List[Any],
        wants: str = YES,
        gives: str = "",
        undo: Optional[Dict[str, Any]] = None,
    ) -> None:
        self.on, self.method, self.arguments = on, method, arguments
        self.wants, self.gives, self.undo = wants, gives, undo

    def __str__(self) -> str:
        return "{}.{}({})".format(self.on.name, self.method, ", ".join(told(each) for each in self.arguments))


class Problem:
    """What could not be done, where, and the next step."""

    def __init__(self, code: str, message: str, hint: str = "", where: str = "") -> None:
        self.code, self.message, self.hint, self.where = code, message, hint, where

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return "{}. {}".format(text.rstrip("."), self.hint) if self.hint else text

    def plain(self) -> Dict[str, str]:
        return {"severity": "error", "code": self.code, "message": self.message, "hint": self.hint, "where": self.where}


class Job:
    """All steps of one edit; they are made together or not at all. `expected` is what is read back afterwards."""

    def __init__(self, edit: Dict[str, Any], where: str) -> None:
        self.edit, self.where = edit, where
        self.steps: List[Step] = []
        self.expected: Dict[str, Any] = {}


def told(value: Any) -> str:
    """An argument as a dry run shows it."""
    if isinstance(value, Named):
        return value.name
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {told(held)}" for key, held in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(told(each) for each in value) + "]"
    return repr(value)


def given(value: Any, results: Dict[str, Any]) -> Any:
    """The argument as Resolve gets it."""
    if isinstance(value, Named):
        return value.handle if value.handle is not None else results[value.key]
    if isinstance(value, dict):
        return {key: given(held, results) for key, held in value.items()}
    if isinstance(value, list):
        return [given(each, results) for each in value]
    return value

# SPDX-License-Identifier: Apache-2.0
"""Every exception that Greenroom raises on purpose, in one tree.

    GreenroomError                 anything an editor can act on; has message, hint, where
    ├── InputError                 wrong use or bad input (exit status 2)
    │   ├── FrameError             a rate, timecode or range that can't be exact
    │   ├── TimelineError          a cut that can't be read or written
    │   ├── MediaError             media that is missing, unreadable or not what it should be
    │   ├── CastError              an actor that is unknown, or a portrait that can't be animated well
    │   ├── CueError               a cue that is unknown or contradicts itself
    │   ├── ProjectError           no project, a broken greenroom.toml, a project of a newer version
    │   └── PlanError              all problems of a plan at once, in .problems
    ├── RefusedError               not done on purpose (exit status 3)
    │   ├── BudgetError            the quote passes the budget
    │   ├── QuoteError             the quote has to be agreed to first
    │   ├── ConsentError           outside of what a performer agreed to
    │   └── PaymentUnknownError    a paid job whose outcome nobody knows yet
    ├── EngineError                a performance failed (exit status 1)
    │   ├── EngineUnavailable      the engine can't run here
    │   └── DeliveryError          what came back is not what was asked for
    └── StoreError                 takes or the ledger can't be kept (exit status 1)
        └── LedgerBusy             another process holds the ledger

`str(error)` is one paragraph: where, message, hint. A `Problem` is the same as a value: plans,
cues and checks collect problems and report them all at once.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

__all__ = [
    "BudgetError",
    "CastError",
    "ConsentError",
    "CueError",
    "DeliveryError",
    "EngineError",
    "EngineUnavailable",
    "FrameError",
    "GreenroomError",
    "InputError",
    "LedgerBusy",
    "MediaError",
    "PaymentUnknownError",
    "PlanError",
    "Problem",
    "ProjectError",
    "QuoteError",
    "RefusedError",
    "Severity",
    "StoreError",
    "TimelineError",
    "nearest",
    "told_once",
]


_PLACES = 4  # of one fault that are named
_LISTED = 30  # known words that a hint names: all keys of a note, and any cast that fits a screen


class Severity(enum.StrEnum):
    """How much a problem matters: an ERROR stops its cue, a WARNING and a NOTE don't."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, with its place and the next step.

    `where` names the place as an editor would find it: clip, track and record timecode, or a file.
    `code` is stable and lower case with dashes ("unknown-actor"); scripts may compare it.
    """

    severity: Severity
    code: str
    message: str
    hint: str = ""
    where: str = ""

    def __str__(self) -> str:
        return _paragraph(self.message, self.hint, self.where)


class GreenroomError(Exception):
    """Base of all errors that an editor can act on."""

    exit_status = 1

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        return _paragraph(self.message, self.hint, self.where)

    def problem(self, code: str = "", severity: Severity = Severity.ERROR) -> Problem:
        """The same as a value, for lists of problems."""
        return Problem(severity, code or _code_of(type(self)), self.message, self.hint, self.where)


class InputError(GreenroomError):
    """Wrong use or bad input."""

    exit_status = 2


class FrameError(InputError, ValueError):
    """A rate, timecode or range that can't be exact."""


class TimelineError(InputError):
    """A cut that can't be read or written."""


class MediaError(InputError):
    """Media that is missing, unreadable or not what it should be."""


class CastError(InputError):
    """An actor that is unknown, or a portrait that can't be animated well."""


class CueError(InputError):
    """A cue that is unknown or contradicts itself."""


class ProjectError(InputError):
    """No project, a broken greenroom.toml, or a project of a newer version."""


class PlanError(InputError):
    """All problems of a plan at once."""

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        self.problems = tuple(dict.fromkeys(problems))
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the plan", hint=hint)

    def __str__(self) -> str:
        return "\n".join([self.message + ":", *(f"  {problem}" for problem in told_once(self.problems))])


class RefusedError(GreenroomError):
    """Not done on purpose."""

    exit_status = 3


class BudgetError(RefusedError):
    """The quote passes the budget."""


class QuoteError(RefusedError):
    """The quote has to be agreed to before anything is sent."""


class ConsentError(RefusedError):
    """Outside of what a performer agreed to; each place where somebody has to be asked is in .problems."""

    def __init__(self, message: str, *, hint: str = "", where: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, hint=hint, where=where)
        self.problems = tuple(dict.fromkeys(problems))

    def __str__(self) -> str:
        if not self.problems:
            return super().__str__()
        return "\n".join([self.message + ":", *(f"  {problem}" for problem in told_once(self.problems))])


class PaymentUnknownError(RefusedError):
    """A paid job whose outcome nobody knows yet."""


class EngineError(GreenroomError):
    """A performance failed."""


class EngineUnavailable(EngineError):
    """The engine can't run here."""


class DeliveryError(EngineError):
    """What came back is not what was asked for."""


class StoreError(GreenroomError):
    """Takes or the ledger can't be kept."""


class LedgerBusy(StoreError):
    """Another process holds the ledger."""


def told_once(problems: Iterable[Problem]) -> list[Problem]:
    """The same fault in several places as one problem, with the first places by name and the others by number."""
    places: dict[Problem, dict[str, None]] = {}
    for problem in problems:
        same = places.setdefault(replace(problem, where=""), {})
        if problem.where:
            same[problem.where] = None
    return [replace(problem, where=_listed(list(where))) for problem, where in places.items()]


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word and lists the known ones.

    >>> nearest("mra", ["mara", "theo"])
    'Did you mean "mara"? Known: mara, theo.'
    """
    import difflib

    names = sorted(known)
    if not names:
        return "None is known yet."
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.5)
    guess = f'Did you mean "{folded[close[0]]}"? ' if close else ""
    listed = ", ".join(names[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{guess}Known: {listed}{more}."


def _listed(where: Sequence[str]) -> str:
    more = len(where) - _PLACES
    if more <= 1:
        return "; ".join(where)
    return f"{'; '.join(where[:_PLACES])}; and {more} more places"


def _paragraph(message: str, hint: str, where: str) -> str:
    text = f"{where}: {message}" if where else message
    if hint:
        text = f"{text}{'' if text.endswith(('.', '?', '!', ':')) else '.'} {hint}"
    return text


def _code_of(kind: type) -> str:
    name = kind.__name__.removesuffix("Error")
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")

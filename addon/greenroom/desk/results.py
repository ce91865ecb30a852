# SPDX-License-Identifier: Apache-2.0
"""What the road's functions return: frozen values that a command line, a panel or a host only shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.cast.model import Actor
from greenroom.cues.model import Cue, CueSheet
from greenroom.desk.generating.job_events import GenerateReport, Outcome
from greenroom.desk.planning.model import CuePlan, Plan
from greenroom.desk.reviewing.reviewed_take import ReviewedTake
from greenroom.desk.writing_back.edit_plan import EditPlan
from greenroom.engines.contract import Capabilities
from greenroom.errors import Problem, Severity
from greenroom.takes.states import CircledTake, Take

__all__ = [
    "AddedActor",
    "Applied",
    "CueTakes",
    "Edits",
    "EngineList",
    "Foreseen",
    "FoundTakes",
    "Generated",
    "Performed",
    "Pictures",
    "Restored",
]


@dataclass(frozen=True)
class AddedActor:
    """An actor that was added or updated; `problems` are warnings about the portrait."""

    actor: Actor
    problems: tuple[Problem, ...] = ()
    updated: bool = False


@dataclass(frozen=True)
class CueTakes:
    """The takes of a cue by number, and which one a write-back uses; `cue` is on the cut."""

    cue: Cue
    takes: tuple[Take, ...]
    circled: CircledTake | None


@dataclass(frozen=True)
class FoundTakes:
    """The takes of every cue on a cut; `problems` are of the take folders: one is gone, another is broken."""

    sheet: CueSheet
    cues: tuple[CueTakes, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Applied:
    """A cut that was written. `losses` are what its format can't keep (greenroom_otio.Loss); `media_folder` is where
    its takes were put, beside it.
    """

    output: Path
    edits: EditPlan
    losses: tuple[Any, ...] = ()
    problems: tuple[Problem, ...] = ()
    media_folder: Path | None = None

    @property
    def complete(self) -> bool:
        """Every cue with takes got the one that it asks for."""
        return all(problem.severity is not Severity.ERROR for problem in self.problems)


@dataclass(frozen=True)
class Generated:
    """A run: its plan, what came of each job, the cut that was written (None if the run was interrupted), and reviews
    of what was made, as far as the project wants them at once.
    """

    plan: Plan
    report: GenerateReport
    applied: Applied | None
    reviews: tuple[ReviewedTake, ...] = ()

    @property
    def left_out(self) -> tuple[CuePlan, ...]:
        """Cues that were not made because of an error in the plan."""
        return tuple(
            cue for cue in self.plan.cues if any(problem.severity is Severity.ERROR for problem in cue.problems)
        )

    @property
    def interrupted(self) -> bool:
        return bool(self.report.with_outcome(Outcome.INTERRUPTED))

    @property
    def complete(self) -> bool:
        """Every cue of the plan has its takes, and they are in the cut."""
        written = self.applied is None or self.applied.complete
        return written and not self.left_out and all(result.take is not None for result in self.report.results)


@dataclass(frozen=True)
class Edits:
    """What brings the takes of `takes` into the cut that `sheet` is of; a host applies it."""

    sheet: CueSheet
    edits: EditPlan
    problems: tuple[Problem, ...]  # of the takes' folder; the plan has its own
    takes: tuple[CueTakes, ...]


@dataclass(frozen=True)
class Foreseen:
    """What a run would be: its plan, and the edits that would follow. `refused` says why it would not begin as it is
    asked for: nothing can be made, or its quote has to be agreed to.
    """

    plan: Plan
    edits: Edits
    refused: Problem | None = None


@dataclass(frozen=True)
class Performed:
    """A run for a host: what `Generated` says, and the edits that bring all takes of the cut in, old and new."""

    made: Generated
    edits: Edits


@dataclass(frozen=True)
class Restored:
    """A cut that was written without takes; `clips` were changed."""

    output: Path
    clips: int
    losses: tuple[Any, ...] = ()


@dataclass(frozen=True)
class EngineList:
    """Every engine that is installed, as it describes itself; `problems` name those that can't be loaded."""

    engines: tuple[Capabilities, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Pictures:
    """A contact sheet or a preview that was written: `count` cues on a sheet, frames in a preview."""

    output: Path
    count: int
    width: int
    height: int
    problems: tuple[Problem, ...] = ()

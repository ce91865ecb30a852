# SPDX-License-Identifier: Apache-2.0
"""Makes the calls of jobs, reads back what came of them, and takes a job back that went wrong or came out otherwise."""

from typing import Any, Callable, Dict, List, Optional

from greenroom_resolve import frames
from greenroom_resolve.calling import ask, at_work_on, file_of, first, items
from greenroom_resolve.cut import Cut, Item, Track, find_item, markers_of
from greenroom_resolve.planning import plan_jobs
from greenroom_resolve.steps import ANY, OBJECT, Job, Problem, Step, given
from greenroom_resolve.undoing import UndoList, take_back

__all__ = ["Applied", "apply_edits", "read_back"]

Edit = Dict[str, Any]


_A_FRAME_LONG = "take-a-frame-long"


class Applied:
    """What was done: the jobs, and what could not be. `end_counts`: so it turned out (see `learned`)."""

    def __init__(self) -> None:
        self.end_counts = False
        self.done: List[Job] = []
        self.problems: List[Problem] = []


def apply_edits(
    cut: Cut, edits: List[Edit], undo: UndoList, told: Callable[[str], None], copy_look: bool = False
) -> Applied:
    """Makes the edits one after the other. Raises ResolveError where Resolve no longer answers at all.

    After one that went wrong and was taken back, the rest is planned anew: what it would have made isn't there.
    """
    applied = Applied()
    waiting = list(edits)
    while waiting:
        results: Dict[str, Any] = {}
        for planned in plan_jobs(cut, waiting, copy_look):
            edit = waiting.pop(0)
            if isinstance(planned, Problem):
                applied.problems.append(planned)
                continue
            problem = _try(cut, planned, results, undo, told) if planned.steps else None
            if problem is None:
                applied.done.append(planned)
                applied.end_counts |= bool(edit.get("end_counts"))
                continue
            if problem.code == _A_FRAME_LONG and not edit.get("end_counts"):
                again = [*_compared_with(cut, edit, applied, undo), edit, *waiting]
                waiting = [dict(each, end_counts=True) for each in again]
            else:
                applied.problems.append(problem)
            cut = Cut(cut.program, cut.timeline)
            break
    return applied


def _compared_with(cut: Cut, edit: Edit, applied: Applied, undo: UndoList) -> List[Edit]:
    """Takes that were only added to be compared with this one, just before it: nobody saw that they are a frame long
    too. They are taken back, to be added again.
    """
    jobs: List[Job] = []
    while applied.done and _is_compared(applied.done[-1].edit, edit):
        jobs.insert(0, applied.done.pop())
    entries = [step.undo for job in jobs for step in job.steps if step.undo is not None]
    take_back(cut.program, cut.timeline, entries[::-1])
    undo.forget(entries)
    return [job.edit for job in jobs]


def _is_compared(other: Edit, edit: Edit) -> bool:
    return other.get("item") == edit["item"] and other.get("select") is False


def _try(cut: Cut, job: Job, results: Dict[str, Any], undo: UndoList, told: Callable[[str], None]) -> Optional[Problem]:
    """The job, or what went wrong and was taken back."""
    entries: List[Dict[str, Any]] = []
    at_work_on(job.where)
    problem = _make(cut, job, results, entries, undo, told) or read_back(cut, job)
    if problem is not None:
        cut.check_alive(job.where)
        left = take_back(cut.program, cut.timeline, entries[::-1])
        undo.forget(entries)
        if left:
            problem.message += "; and it could not all be taken back: " + "; ".join(left)
    return problem


def _make(
    cut: Cut, job: Job, results: Dict[str, Any], entries: List[Any], undo: UndoList, told: Callable[[str], None]
) -> Optional[Problem]:
    for step in job.steps:
        told(str(step))
        if step.on.handle is None and step.on.key not in results:
            return Problem("not-made", "what it needs could not be made", "", job.where)
        on = given(step.on, results)
        if step.undo is not None:  # before the call: it may be made, and never return
            entries.append(step.undo)
            undo.add(step.undo)
        answer = ask(on, step.method, *given(step.arguments, results))
        if step.method == "AddMarker" and not _is_good(step, answer) and not step.arguments[5]:
            answer = ask(on, step.method, *step.arguments[:5])  # some builds refuse an empty sixth argument
        if not _is_good(step, answer):
            if step.undo is not None:
                undo.forget([entries.pop()])
            cut.check_alive(job.where)
            hint = "Nothing of it was kept. Look whether a dialog is open in Resolve, and apply the takes again."
            return Problem("refused", f"Resolve refused {step}", hint, job.where)
        if step.gives:
            results[step.gives] = first(answer)
    return None


def _is_good(step: Step, answer: Any) -> bool:
    if step.wants == ANY:
        return True
    if step.wants == OBJECT:
        return first(answer) is not None
    return bool(answer) and not isinstance(answer, str)  # a text is an error message


def read_back(cut: Cut, job: Job) -> Optional[Problem]:
    """Whether the timeline now shows what the job wanted: place, length, source, take, by reading it all again."""
    wanted = job.expected
    if "marker" in wanted:
        return _marker_back(cut, job)
    if not wanted:
        return None
    item = find_item(cut.timeline, wanted["item"]) if "item" in wanted else _placed(cut, wanted)
    if item is None:
        return Problem("not-there", "the take isn't where it was put", "Apply the takes again.", job.where)
    different = [
        f"{what} is {have}, it should be {want}" for what, have, want in _compared(cut, item, wanted) if have != want
    ]
    if different:
        added = any(step.method == "AddTake" for step in job.steps)
        code = _A_FRAME_LONG if added and item.frames == wanted["frames"] + 1 else "came-out-otherwise"
        return Problem(code, "; ".join(different), "It was taken back.", job.where)
    return None


def _placed(cut: Cut, wanted: Dict[str, Any]) -> Optional[Item]:
    """A new clip by its place: what an append returns may have no id."""
    index = wanted["track"]
    for handle in items(cut.timeline, "GetItemListInTrack", "video", index):
        if ask(handle, "GetStart") == wanted["start"]:
            return Item(handle, Track("video", index, "", False, True))
    return None


def _compared(cut: Cut, item: Item, wanted: Dict[str, Any]) -> List[Any]:
    found = [
        ("the start", cut.timecode(item.start), cut.timecode(wanted["start"])),
        ("the length in frames", item.frames, wanted["frames"]),
    ]
    if "take" in wanted:
        found.append(("the selected take", ask(item.handle, "GetSelectedTakeIndex"), wanted["take"]))
    if "path" in wanted:
        found.append(("the media", file_of(item.media), wanted["path"]))
        left = ask(item.handle, "GetLeftOffset")
        found.append(("the first source frame", None if left is None else frames.whole(left), wanted["first"]))
    return found


def _marker_back(cut: Cut, job: Job) -> Optional[Problem]:
    wanted = job.expected
    item = find_item(cut.timeline, wanted["of"]) if wanted["of"] else None
    owner = item.handle if item else None if wanted["of"] else cut.timeline
    marker = markers_of(owner).get(wanted["marker"]) if owner is not None else None
    if marker and (marker.get("name"), marker.get("note")) == (wanted["name"], wanted["note"]):
        return None
    return Problem("not-marked", "the marker doesn't say what was written", "Write the status again.", job.where)

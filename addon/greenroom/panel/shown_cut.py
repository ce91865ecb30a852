# SPDX-License-Identifier: Apache-2.0
"""The cut that the window shows: read, read again when it or its project changes, and acted on. All of it off the main
thread; views hear of it by signals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from greenroom.desk import road
from greenroom.desk.generating import settling
from greenroom.desk.project.project import Project
from greenroom.desk.rejecting import accept, reject
from greenroom.errors import GreenroomError, LedgerBusy, Problem
from greenroom.panel.model.quote import Quote, Wish, asked, order_of, quote, read_spending
from greenroom.panel.model.reading import ReadCut, Signature, read_cues, read_cut, signature, takes_signature
from greenroom.panel.model.rows import Board
from greenroom.panel.model.takes import TakeRow, read_takes
from greenroom.panel.runs.following import RunRow, forget, read_runs, start, stop
from greenroom.panel.runs.order import Order
from greenroom.panel.work import Work

__all__ = ["ShownCut"]

_LOOK = 1000  # milliseconds between two looks at what changed on disk
_LOOK_SERVED = 2000  # likewise, where each look asks the process that serves the ledger: 6 ms of processor
_FOLLOW = 300  # likewise at runs, while one is at work
_GONE = "take-gone"  # the code of that problem, in takes.reconciling
_BUSY_AGAIN = 2000  # milliseconds until a busy ledger is asked again


class ShownCut(QObject):
    """`board_changed` brings a Board, `takes_read` the takes of a cue, `told` errors (None: it is well again)."""

    board_changed = Signal(object)
    takes_read = Signal(str, object)
    runs_changed = Signal(object)
    jobs_read = Signal(object)
    spending_read = Signal(object)
    engines_read = Signal(object)
    quoted = Signal(object)
    quote_failed = Signal(object)
    told = Signal(object)
    said = Signal(str)

    def __init__(self, work: Work, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.cut: Path | None = None
        self.chosen_project: Path | None = None
        self.board: Board | None = None
        self.runs: tuple[RunRow, ...] = ()
        self._data: Path | None = None
        self._served = False
        self._cue = ""  # whose takes are looked at
        self._seen_takes: tuple[str, Signature] = ("", ())
        self._seen: Signature | None = None
        self._gone: dict[Problem, None] = {}
        self._reading: Path | None = None
        self._read_after = False
        self._looking = QTimer(self)
        self._looking.setInterval(_LOOK)
        self._looking.timeout.connect(self._look)
        self._following = QTimer(self)
        self._following.setInterval(_FOLLOW)
        self._following.timeout.connect(self._follow)

    @property
    def project(self) -> Path | None:
        return self.board.project if self.board is not None else None

    # reading

    def open(self, cut: Path, project: Path | None = None) -> None:
        """Shows another cut: its cues first, its takes as soon as they are read."""
        self.cut, self.chosen_project = cut.absolute(), project
        self.board, self.runs, self._seen, self._data, self._served = None, (), None, None, False
        self._gone.clear()
        if self._reading is not None:
            self._work.drop_apart()
        self._work.run(partial(read_cues, self.cut, project), self._show_cues, self.told.emit, key="cues", apart=True)
        self.read_again()
        self._looking.start()
        self._following.start()

    def _show_cues(self, board: Board) -> None:
        if self.board is None:
            self._show(board)

    def refresh(self) -> None:
        """Reads everything again because the editor asked: what was told once is told no more."""
        self._gone.clear()
        self.read_again()

    def read_again(self) -> None:
        """Reads the cut and the project as they are now: at once, or as soon as the reading under way has ended."""
        cut, project = self.cut, self.chosen_project
        if self._reading == cut:
            self._read_after = True
        elif cut is not None:
            self._reading, self._read_after = cut, False
            shown, failed = partial(self._show_board, cut), partial(self._not_read, cut)
            self._work.run(partial(read_cut, cut, project), shown, failed, apart=True)

    def _ended(self, cut: Path) -> bool:
        """Whether the reading that has ended is of the cut that is shown."""
        if self._reading == cut:
            self._reading = None
            if self._read_after:
                self.read_again()
        return cut == self.cut

    def _show_board(self, cut: Path, found: ReadCut) -> None:
        if not self._ended(cut):
            return
        board, self._data, self._served, self._seen = found.board, found.data, found.served, found.seen
        # the ledger forgets a take that is gone as soon as it has told so: the window tells it until it is read anew
        self._gone |= dict.fromkeys(problem for problem in board.problems if problem.code == _GONE)
        self.told.emit(None)
        self._show(replace(board, problems=tuple(dict.fromkeys((*board.problems, *self._gone)))))
        if board.project is not None:
            self._read_project(board.project)

    def _show(self, board: Board) -> None:
        self.board = board
        self.board_changed.emit(board)

    def _not_read(self, cut: Path, error: GreenroomError) -> None:
        if not self._ended(cut):
            return
        self.told.emit(error)
        if isinstance(error, LedgerBusy):
            QTimer.singleShot(_BUSY_AGAIN, self, self.read_again)

    def _read_project(self, project: Path) -> None:
        self._work.run(lambda: read_spending(project), self.spending_read.emit, self._quiet, key="spending")
        self._work.run(lambda: settling.listed(project), self.jobs_read.emit, self._quiet, key="jobs")
        self._work.run(lambda: road.engines(project), self.engines_read.emit, self._quiet, key="engines")

    def _quiet(self, error: GreenroomError) -> None:
        """What the board has told already, or tells at the next look."""

    def read_takes(self, cue: str) -> None:
        """The takes of a cue; `takes_read` brings them."""
        self._cue = cue
        has = self.board.takes.get(cue) if self.board is not None else None
        if has is None:
            self.takes_read.emit(cue, ())
        else:
            self._work.run(lambda: (cue, read_takes(has)), self._show_takes, self.told.emit, key="takes")

    def _show_takes(self, found: tuple[str, tuple[TakeRow, ...]]) -> None:
        self.takes_read.emit(*found)

    # watching

    def _look(self) -> None:
        cut, project, data, served = self.cut, self.project, self._data, self._served
        if cut is not None and self._reading is None:
            self._looking.stop()  # until this look is back: one at a drive or an owner that is away takes its time
            cue = self._cue

            def look() -> tuple[Signature, str, Signature]:
                return signature(cut, project, data, served=served), cue, takes_signature(project, cue)

            self._work.run(look, self._compare, self._look_later, key="look")

    def _compare(self, now: tuple[Signature, str, Signature]) -> None:
        """What changes while it is read is seen at the look after that: it is compared with how it was before."""
        self._look_later()
        if self._reading is not None:
            return
        before, self._seen = self._seen, now[0]
        takes_before, self._seen_takes = self._seen_takes, now[1:]
        other_takes = takes_before[0] == now[1] and takes_before != now[1:]
        if (before is not None and now[0] != before) or other_takes:
            self.read_again()

    def _look_later(self, error: GreenroomError | None = None) -> None:
        """On to the next look."""
        self._looking.start(_LOOK_SERVED if self._served else _LOOK)

    def _follow(self) -> None:
        project = self.project
        if project is not None:
            self._work.run(lambda: read_runs(project), self._show_runs, self._quiet, key="runs")

    def _show_runs(self, runs: tuple[RunRow, ...]) -> None:
        at_work = any(run.alive and not run.ended for run in runs)
        self._following.setInterval(_FOLLOW if at_work else _LOOK)
        if runs == self.runs:
            return
        before, self.runs = self.runs, runs
        self.runs_changed.emit(runs)
        if _progress(runs) != _progress(before):
            self.read_again()

    # acting

    def _act(self, deed: Callable[[], object], said: Callable[[object], str] = lambda result: "") -> None:
        def done(result: object) -> None:
            words = said(result)
            if words:
                self.said.emit(words)
            self.read_again()

        self._work.run(deed, done, self.told.emit)

    def circle(self, row: TakeRow) -> None:
        """Chooses a take."""
        project, take = self.project, row.take
        words = self.tr("Take {0} is circled").format(take.number)
        self._act(lambda: road.circle(take.cue, take.number, project=project), lambda result: words)

    def reject(self, row: TakeRow, reason: str, others: tuple[TakeRow, ...]) -> None:
        """Rejects a take; where it was in use, another is circled."""
        project, used = self.project, next((each.number for each in others if each.used), None)
        if project is None:
            return
        takes = tuple(each.take for each in others)
        instead = self.tr("Take {0} is rejected, take {1} is circled instead")
        plain = self.tr("Take {0} is rejected")

        def words(result: object) -> str:
            return plain.format(row.number) if result is None else instead.format(row.number, result)

        self._act(lambda: reject(row.take, reason, takes, used, project=project), words)

    def accept(self, row: TakeRow) -> None:
        """Takes a rejection back."""
        self._act(lambda: accept(row.take))

    def ask_quote(self, wish: Wish) -> None:
        """Plans; `quoted` or `quote_failed` brings the answer."""
        cues = asked(wish, self.board) if self.board is not None else None
        if cues is not None:
            plan = partial(quote, wish, cues)
            self._work.run(plan, self._show_quote, self.quote_failed.emit, key="quote", apart=True)

    def _show_quote(self, found: Quote) -> None:
        """A take that is gone is told once, to whoever looks first: that may be the plan."""
        self.quoted.emit(found)
        gone = [problem for problem in found.problems if problem.code == _GONE]
        if gone and self.board is not None:
            self._gone |= dict.fromkeys(gone)
            self._show(replace(self.board, problems=tuple(dict.fromkeys((*self.board.problems, *gone)))))

    def generate(self, wish: Wish) -> None:
        """Begins a run: the editor saw its quote."""
        cues = asked(wish, self.board) if self.board is not None else None
        if cues is not None:
            self._work.run(partial(order_of, wish, cues, yes=True), self.start, self.told.emit, apart=True)

    def review(self, cues: tuple[str, ...]) -> None:
        """Measures the takes of cues."""
        if self.board is not None:
            self.start(Order(str(self.board.cut), str(self.board.project), only=cues, review=True))

    def start(self, order: Order) -> None:
        """Begins a run in a process that goes on when the window is closed."""

        def begin() -> None:
            start(order, Project.load(Path(order.project)))

        self._work.run(begin, lambda result: self._follow(), self.told.emit)

    def go_on(self, run: RunRow) -> None:
        """Begins a run that was cut short or stopped again: what is made is found, what was sent is fetched."""
        forget_path, order = run.path, run.order
        self._work.run(lambda: forget(forget_path), lambda result: self.start(order), self.told.emit)

    def stop(self, path: Path) -> None:
        self._work.run(lambda: stop(path), lambda result: self._follow(), self.told.emit)

    def forget(self, path: Path) -> None:
        self._work.run(lambda: forget(path), lambda result: self._follow(), self.told.emit)

    def settle(self, job: str, how: str, number: str) -> None:
        """Settles a job of which nobody knows what came."""
        project = self.project
        deeds: dict[str, Callable[[], object]] = {
            "find": lambda: settling.find(job, project),
            "attach": lambda: settling.attach(job, number, project),
            "lost": lambda: settling.give_up(job, project, billed=False),
            "give-up": lambda: settling.give_up(job, project, billed=True),
        }
        self._act(deeds[how])

    def apply(self, output: Path) -> None:
        """Writes the cut with its takes to a new file."""
        cut, project = self.cut, self.project
        if cut is None:
            return
        words = self.tr("Written: {0}").format(output)
        self._act(lambda: road.apply(cut, output, project=project), lambda result: words)

    def make_project(self) -> None:
        """Makes a project beside the cut."""
        cut = self.cut
        if cut is not None:
            self._act(lambda: road.init(cut.parent))


def _progress(runs: Iterable[RunRow]) -> tuple[int, int, int]:
    """What of runs the board shows: takes and runs that have ended, and processes that live."""
    runs = tuple(runs)
    takes = sum(job.ended for run in runs for job in run.jobs)
    return takes, sum(run.ended for run in runs), sum(run.alive for run in runs)

# SPDX-License-Identifier: Apache-2.0
"""What is being made: each run with its takes, stopped by a button; and paid jobs of which nobody knows what came."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from greenroom.desk.generating.settling import ListedJob
from greenroom.panel.hints import in_window, paragraph
from greenroom.panel.model.rows import money
from greenroom.panel.runs.following import RunRow
from greenroom.panel.style import GAP, colours
from greenroom.panel.words import aligned, word
from greenroom.takes.states import Unknown

__all__ = ["RunsList"]

_JOBS = 6  # takes of a run that are shown


class RunsList(QWidget):
    """Signals tell what the editor wants; the window does it."""

    stop = Signal(object)  # the run's path
    again = Signal(object)  # RunRow: go on with one that was cut short
    forget = Signal(object)
    settle = Signal(str, str, str)  # job, "find" | "attach" | "lost" | "give-up", the provider's id

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(GAP, GAP, GAP, GAP)
        self._layout.setSpacing(GAP)
        self._names: dict[str, str] = {}
        self._runs: dict[str, _RunCard] = {}
        self._jobs: dict[str, QWidget] = {}
        self._nothing = QLabel(self.tr("Nothing is being made."))
        self._nothing.setProperty("dim", True)
        self._layout.addWidget(self._nothing)
        self._layout.addStretch(1)

    def use_names(self, names: Mapping[str, str]) -> None:
        """What cues are called, by their ids."""
        self._names.clear()
        self._names.update(names)

    def show_runs(self, runs: Sequence[RunRow]) -> None:
        """Shows runs, the newest on top; their cards are changed, not made anew."""
        shown = {run.path.stem: run for run in runs}
        for name in [name for name in self._runs if name not in shown]:
            self._runs.pop(name).deleteLater()
        for name, run in shown.items():
            if name not in self._runs:
                card = _RunCard(self._names, self)
                card.stop.connect(self.stop)
                card.again.connect(self.again)
                card.forget.connect(self.forget)
                self._runs[name] = card
                self._layout.insertWidget(0, card)
            self._runs[name].show_run(run)
        self._say_nothing()

    def show_jobs(self, jobs: Sequence[ListedJob]) -> None:
        """Shows the jobs of which nobody knows what came."""
        doubtful = {each.job.id: each for each in jobs if isinstance(each.job.state, Unknown)}
        for name in [name for name in self._jobs if name not in doubtful]:
            self._jobs.pop(name).deleteLater()
        for name, each in doubtful.items():
            if name not in self._jobs:
                self._jobs[name] = self._card_of(each)
                self._layout.insertWidget(self._layout.count() - 1, self._jobs[name])
        self._say_nothing()

    def _say_nothing(self) -> None:
        self._nothing.setVisible(not self._runs and not self._jobs)

    def _card_of(self, each: ListedJob) -> QWidget:
        job = each.job
        card = QFrame()
        column = QVBoxLayout(card)
        column.setContentsMargins(0, 0, 0, GAP)
        quote = money(job.cost, job.currency)
        name = self._names.get(job.cue, job.cue)
        head = self.tr("Take {0} of {1} by {2}: nobody knows what came of it").format(job.number, name, job.engine)
        text = _label(f'<span style="color:{colours().violet}">\u25cf</span> {html.escape(head)}')
        column.addWidget(text)
        said = " ".join(
            [each.message, *(in_window(step) for step in each.next_steps if not step.startswith("greenroom"))]
        )
        column.addWidget(_label(html.escape(said), dim=True))
        grid = QGridLayout()
        for place, (how, title) in enumerate(
            (
                ("find", self.tr("Ask the provider")),
                ("attach", self.tr("I found it")),
                ("lost", self.tr("It never arrived")),
                ("give-up", self.tr("Give up")),
            )
        ):
            button = QPushButton(title)
            button.clicked.connect(lambda checked=False, how=how: self._settle(job.id, how, quote))
            grid.addWidget(button, place // 2, place % 2)
        column.addLayout(grid)
        return card

    def _settle(self, job: str, how: str, quote: str) -> None:
        if how == "attach":
            number, said = QInputDialog.getText(self, self.tr("I found it"), self.tr("The provider's id of the job"))
            if said and number.strip():
                self.settle.emit(job, how, number.strip())
            return
        if how in ("lost", "give-up") and not self._sure(how, quote):
            return
        self.settle.emit(job, how, "")

    def _sure(self, how: str, quote: str) -> bool:
        price = quote or self.tr("Its price")
        if how == "lost":
            question = self.tr("{0} is free again, and the next Generate makes it anew.")
            question += " " + self.tr("If the provider has it after all, it is paid twice.")
        else:
            question = self.tr("{0} counts as spent, and the next Generate makes and pays it anew.")
        answer = QMessageBox.question(self, self.tr("Settle the job"), question.format(price))
        return answer == QMessageBox.StandardButton.Yes


class _RunCard(QFrame):
    """One run: how far it is, its takes, and a button."""

    stop = Signal(object)
    again = Signal(object)
    forget = Signal(object)

    def __init__(self, names: Mapping[str, str], parent: QWidget) -> None:
        super().__init__(parent)
        self.names = names
        self._run: RunRow | None = None
        self.head = _label("")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.words = _label("", dim=True)
        self.button = QPushButton()
        self.button.clicked.connect(self._clicked)
        top = QHBoxLayout()
        top.addWidget(self.head, 1)
        top.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, GAP)
        column.setSpacing(3)
        column.addLayout(top)
        column.addWidget(self.bar)
        column.addWidget(self.words)

    def show_run(self, run: RunRow) -> None:
        if run == self._run:
            return
        self._run = run
        self.head.setText(html.escape(self._title(run)))
        along = run.along
        self.bar.setRange(0, 0 if along is None and run.alive else 1000)
        if along is not None:
            self.bar.setValue(round(along * 1000))
        self.bar.setVisible(not run.ended and run.alive)
        self.words.setText(aligned("<br>".join(self._lines(run))))
        self.words.setVisible(bool(self.words.text()))
        self.button.setText(self._deed(run))
        self.button.setEnabled(not (run.stopping and run.alive))

    def _title(self, run: RunRow) -> str:
        if run.ended and run.interrupted:
            return self.tr("Stopped; {0} made").format(run.made)
        if run.ended and run.error:
            return self.tr("Not begun")
        if run.ended and run.order.review:
            return self.tr("Takes are measured")
        if run.ended:
            failed = self.tr(", {0} failed").format(run.failed) if run.failed else ""
            return self.tr("{0} made{1}").format(run.made, failed)
        if not run.alive:
            return self.tr("Cut short")
        if run.stopping:
            return self.tr("Stopping...")
        if run.order.review:
            return self.tr("Measuring takes")
        if not run.to_make:
            return self.tr("Planning...")
        return self.tr("Making a take") if run.to_make == 1 else self.tr("Making takes: {0}").format(run.to_make)

    def _lines(self, run: RunRow) -> list[str]:
        lines = []
        if not run.ended:
            at_work = [job for job in run.jobs if not job.ended]
            for job in at_work[:_JOBS]:
                share = "" if job.along is None else f" {round(job.along * 100)} %"
                state = word("performing" if job.state == "fetching" else job.state)
                named = self.tr("{0}, take {1}").format(self.names.get(job.cue, job.cue), job.take)
                lines.append(html.escape(f"{named}: {job.message or state}{share}"))
            if len(at_work) > _JOBS:
                lines.append(self.tr("and {0} more").format(len(at_work) - _JOBS))
        for problem in run.problems[:_JOBS]:
            colour = colours().of_light(str(problem.severity))
            lines.append(f'<span style="color:{colour}">\u25cf</span> {html.escape(paragraph(problem))}')
        return lines

    def _deed(self, run: RunRow) -> str:
        if run.alive and not run.ended:
            return self.tr("Stop")
        return self.tr("Go on") if not run.ended or run.interrupted else self.tr("Clear")

    def _clicked(self) -> None:
        run = self._run
        if run is None:
            return
        if run.alive and not run.ended:
            self.stop.emit(run.path)
        elif not run.ended or run.interrupted:
            self.again.emit(run)
        else:
            self.forget.emit(run.path)


def _label(text: str, *, dim: bool = False) -> QLabel:
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.RichText)
    made.setWordWrap(True)
    made.setProperty("dim", dim)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return made

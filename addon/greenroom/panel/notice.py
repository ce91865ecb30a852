# SPDX-License-Identifier: Apache-2.0
"""The line above the views: what is wrong with the cut or the project, and the one button that helps."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from greenroom.errors import GreenroomError, Problem, Severity, told_once
from greenroom.panel.hints import paragraph
from greenroom.panel.model.rows import Board
from greenroom.panel.style import GAP, colours

__all__ = ["Notice"]

_SHOWN = 3


class Notice(QWidget):
    """Hidden where there is nothing to say."""

    again = Signal()
    make_project = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setAccessibleDescription(self.tr("What is wrong"))
        self.button = QPushButton(self.tr("Try again"))
        self.button.clicked.connect(self.again)
        self.making = QPushButton(self.tr("Make a project here"))
        self.making.clicked.connect(self.make_project)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GAP, GAP, GAP)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        row.addWidget(self.making)
        self._error: GreenroomError | None = None
        self._problems: tuple[Problem, ...] = ()
        self._no_project = False
        self._no_cut = False
        self._say()

    def tell(self, error: GreenroomError | None) -> None:
        """An error of the last deed; None: all is well again."""
        self._error = error
        self._say()

    def show_problems(self, board: Board) -> None:
        """The problems of the cut and the project as a whole; those of cues stand with their cues."""
        self._problems = board.problems
        self._no_project = board.project is None
        self._say()

    def ask_for_cut(self, asked: bool) -> None:
        """Says how to begin."""
        self._no_cut = asked
        self._say()

    def _say(self) -> None:
        lines = []
        if self._no_cut:
            lines.append(html.escape(self.tr("Open a cut to begin: Ctrl+O.")))
        if self._error is not None:
            lines.append(_marked(Severity.ERROR, paragraph(self._error)))
        elif self._no_project:
            lines.append(html.escape(self.tr("There is no project beside this cut: cues can be read, not made.")))
        loud = [problem for problem in told_once(self._problems) if problem.severity is not Severity.NOTE]
        lines += [_marked(problem.severity, paragraph(problem)) for problem in loud[:_SHOWN]]
        if len(loud) > _SHOWN:
            lines.append(html.escape(self.tr("and {0} more").format(len(loud) - _SHOWN)))
        self.text.setText("<br>".join(lines))
        self.button.setVisible(self._error is not None)
        self.making.setVisible(self._no_project and self._error is None)
        self.setVisible(bool(lines))


def _marked(severity: Severity, text: str) -> str:
    return f'<span style="color:{colours().of_light(str(severity))}">\u25cf</span> {html.escape(text)}'

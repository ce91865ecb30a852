# SPDX-License-Identifier: Apache-2.0
"""The window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QSplitter, QTableView, QVBoxLayout, QWidget

from greenroom.errors import GreenroomError
from greenroom.panel.board.cue_model import CueModel
from greenroom.panel.model.reading import read_board, read_cues
from greenroom.panel.model.rows import Board
from greenroom.panel.state import State
from greenroom.panel.work import Work

__all__ = ["Window"]


class Window(QMainWindow):
    def __init__(self, *, state: State | None = None) -> None:
        super().__init__()
        self.state = state or State()
        self.work = Work(self)
        self.setWindowTitle("Greenroom")
        self.resize(1280, 720)
        self.cues = CueModel(self)
        self.table = QTableView()
        self.table.setModel(self.cues)
        self.said = QLabel()
        pane = QWidget()
        column = QVBoxLayout(pane)
        column.addWidget(self.said)
        column.addWidget(self.table)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(pane)
        self.setCentralWidget(split)

    def open(self, cut: Path | None, project: Path | None = None) -> None:
        """Shows a cut: first its cues, then its takes."""
        if cut is None:
            return
        self.work.run(lambda: read_cues(cut, project), self._show, self._tell, key="cues")
        self.work.run(lambda: read_board(cut, project), self._show, self._tell, key="board")

    def _show(self, board: Board) -> None:
        self.setWindowTitle(f"{board.name} - Greenroom")
        self.cues.show(board.rows)

    def _tell(self, error: GreenroomError) -> None:
        self.said.setText(str(error))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.work.close()
        self.state.save()
        super().closeEvent(event)

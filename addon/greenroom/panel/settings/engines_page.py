# SPDX-License-Identifier: Apache-2.0
"""Engines: what each performs, whether it is ready, and a button that asks it now."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from greenroom.desk import road
from greenroom.desk.project.engine_check import EngineState, check_engine
from greenroom.desk.results import EngineList
from greenroom.errors import GreenroomError
from greenroom.panel.hints import in_window, paragraph
from greenroom.panel.settings.plain_table import plain_table
from greenroom.panel.work import Work

__all__ = ["EnginesPage"]


class EnginesPage(QWidget):
    """A row for each engine."""

    def __init__(self, work: Work, project: Path | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work, self._project = work, project
        self.table = plain_table(self.tr("Engines"), [self.tr("Engine"), self.tr("Modes"), self.tr("State")])
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.button = QPushButton(self.tr("Test"))
        self.button.setToolTip(self.tr("Asks the engine whether it is ready; nothing is sent and nothing paid"))
        self.button.clicked.connect(self._test)
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addWidget(self.said, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)

    def read(self) -> None:
        """Lists the engines as the project has them."""
        project = self._project
        self._work.run(lambda: road.engines(project), self._show, self._tell, key="engines page")

    def _show(self, found: EngineList) -> None:
        self.table.setRowCount(len(found.engines))
        for place, able in enumerate(found.engines):
            state = in_window(able.unavailable) or self.tr("ready")
            for column, text in enumerate((able.name, ", ".join(able.modes), state)):
                item = QTableWidgetItem(text)
                item.setData(Qt.ItemDataRole.ToolTipRole, text)
                self.table.setItem(place, column, item)
        if self.table.currentRow() < 0:
            self.table.selectRow(0)

    def _test(self) -> None:
        item = self.table.item(self.table.currentRow(), 0)
        if item is None:
            return
        name, project = item.text(), self._project
        self.said.setText(self.tr("Asking {0}...").format(name))
        self._work.run(lambda: check_engine(name, project), self._tested, self._tell, key="engine test")

    def _tested(self, state: EngineState) -> None:
        self.said.setText(in_window(f"{state.name}: {state.message}"))

    def _tell(self, error: GreenroomError) -> None:
        self.said.setText(paragraph(error))

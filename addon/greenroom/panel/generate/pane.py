# SPDX-License-Identifier: Apache-2.0
"""The right side of the window: what to make, the budget, what is being made."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from greenroom.desk.spending import Spending
from greenroom.panel.generate.form import GenerateForm
from greenroom.panel.generate.runs_list import RunsList
from greenroom.panel.model.quote import spent
from greenroom.panel.style import GAP

__all__ = ["GeneratePane"]


class GeneratePane(QWidget):
    """The form, the budget bar and the runs, in a column that scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = GenerateForm()
        self.runs = RunsList()
        self.budget = QProgressBar()
        self.budget.setRange(0, 1000)
        self.budget.setFixedHeight(6)
        self.budget.setTextVisible(False)
        self.budget.setAccessibleName(self.tr("Budget"))
        self.spent = QLabel()
        self.spent.setProperty("dim", True)
        self.spent.setWordWrap(True)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.form)
        money = QVBoxLayout()
        money.setContentsMargins(GAP, 0, GAP, GAP)
        money.setSpacing(2)
        money.addWidget(self.spent)
        money.addWidget(self.budget)
        column.addLayout(money)
        line = QFrame()
        line.setProperty("line", True)
        line.setFixedHeight(1)
        column.addWidget(line)
        column.addWidget(self.runs, 1)
        area = QScrollArea()
        area.setAccessibleName(self.tr("What to make"))
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        self.setMinimumWidth(250)
        self.budget.hide()

    def show_spending(self, found: Spending) -> None:
        """What is spent, and how much of the limit that is."""
        amounts, limit, share = spent(found)
        words = (
            self.tr("{0} of {1}").format(amounts, limit) if limit else self.tr("{0} spent, no limit").format(amounts)
        )
        self.spent.setText(words)
        self.budget.setVisible(share is not None)
        self.budget.setValue(round((share or 0.0) * 1000))

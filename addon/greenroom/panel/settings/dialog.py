# SPDX-License-Identifier: Apache-2.0
"""The settings window: project, user, keys, engines, about."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from greenroom.desk import road
from greenroom.desk.project.changing import change_project, change_user
from greenroom.desk.project.user_settings import ask_above
from greenroom.errors import GreenroomError
from greenroom.media.types import Codec, Fit
from greenroom.panel.hints import paragraph
from greenroom.panel.model.about import about_text
from greenroom.panel.settings.engines_page import EnginesPage
from greenroom.panel.settings.fields import Fields
from greenroom.panel.settings.keys_page import KeysPage
from greenroom.panel.state import State
from greenroom.panel.style import GAP, PALETTES, choose_style
from greenroom.panel.work import Work

__all__ = ["SettingsDialog"]


class SettingsDialog(QDialog):
    """Reads and writes off the main thread. `changed` is told when something was written."""

    changed = Signal()

    def __init__(self, work: Work, state: State, project: Path | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work, self._state, self._project = work, state, project
        self.setWindowTitle(self.tr("Settings"))
        self.resize(640, 480)
        self.project_fields = self._project_page()
        self.user_fields = self._user_page()
        self.keys = KeysPage(work)
        self.engines = EnginesPage(work, project)
        self.about = QPlainTextEdit()
        self.about.setReadOnly(True)
        self.about.setAccessibleName(self.tr("Versions"))
        self.tabs = QTabWidget()
        self.tabs.addTab(self.project_fields, self.tr("Project"))
        self.tabs.addTab(self.user_fields, self.tr("User"))
        self.tabs.addTab(self.keys, self.tr("Keys"))
        self.tabs.addTab(self.engines, self.tr("Engines"))
        self.tabs.addTab(self._about_page(), self.tr("About"))
        self.said = QLabel()
        self.said.setWordWrap(True)
        self._lay_out()
        self._read()

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Close)
        buttons.accepted.connect(self.save)
        buttons.rejected.connect(self.reject)
        self.save_button = buttons.button(QDialogButtonBox.StandardButton.Save)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.said)
        layout.addWidget(buttons)

    def _project_page(self) -> Fields:
        fields = Fields()
        fields.text("handles", self.tr("Handles, frames"), "8", number=True)
        fields.choice("output.codec", self.tr("Codec of takes"), [str(codec) for codec in Codec])
        fields.text("output.width", self.tr("Width"), self.tr("as the cut"), number=True)
        fields.text("output.height", self.tr("Height"), self.tr("as the cut"), number=True)
        fields.choice("output.fit", self.tr("Pictures of another shape"), [str(fit) for fit in Fit])
        fields.text("budget.limit", self.tr("Budget"), self.tr("no limit"), number=True)
        fields.text("budget.currency", self.tr("Currency"), "USD")
        fields.text("budget.ask_above", self.tr("Ask above"), self.tr("as the user says"), number=True)
        fields.yes("budget.allow_unknown_cost", self.tr("Under a limit, send also what nobody knows the price of"))
        fields.choice("review.after_generate", self.tr("Measure new takes"), ["hosted", "all", "none"])
        for mode in ("talk", "animate", "mimic", "lipsync", "replace", "stage"):
            fields.text(f"engines.{mode}", self.tr("Engine for {0}").format(mode), self.tr("any that can"))
        fields.setEnabled(self._project is not None)
        return fields

    def _user_page(self) -> Fields:
        fields = Fields()
        fields.text("budget.ask_above", self.tr("Ask above"), self.tr("never"), number=True)
        fields.choice("palette", self.tr("Palette"), PALETTES)
        return fields

    def _about_page(self) -> QWidget:
        page = QWidget()
        copy = QPushButton(self.tr("Copy"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.about.toPlainText()))
        layout = QVBoxLayout(page)
        layout.addWidget(self.about, 1)
        layout.addWidget(copy)
        return page

    def _read(self) -> None:
        self.user_fields.show_values({"palette": self._state.text("palette", PALETTES[0])})
        project = self._project
        self._work.run(ask_above, self._show_user, self._tell)
        self._work.run(lambda: about_text(project), self.about.setPlainText, self._tell)
        if project is not None:
            self._work.run(lambda: _values(project), self.project_fields.show_values, self._tell)
        self.keys.read()
        self.engines.read()

    def _show_user(self, amount: object) -> None:
        palette = self._state.text("palette", PALETTES[0])
        self.user_fields.show_values({"budget.ask_above": amount, "palette": palette})

    def save(self) -> None:
        """Writes what was changed."""
        project, user = self.project_fields.changes(), self.user_fields.changes()
        palette = user.pop("palette", None)
        if palette is not None:
            self._state.keep("palette", str(palette))
            self._state.save()
            self._use_palette(str(palette))
        folder = self._project
        said = [(fields, fields.said()) for fields in (self.project_fields, self.user_fields)]

        def write() -> None:
            if user:
                change_user(user)
            if project and folder is not None:
                change_project(folder, project)

        if user or project:
            self._work.run(write, lambda result: self._saved(said), self._tell)

    def _use_palette(self, palette: str) -> None:
        running = QApplication.instance()
        if isinstance(running, QApplication):
            choose_style(running, palette)
        self.user_fields.keep({"palette": palette})
        self.said.setText(self.tr("Saved."))

    def _saved(self, said: list[tuple[Fields, dict[str, str]]]) -> None:
        for fields, kept in said:
            fields.keep(kept)
        self.said.setText(self.tr("Saved."))
        self.changed.emit()
        self._read()

    def _tell(self, error: GreenroomError) -> None:
        self.said.setText(paragraph(error))


def _values(project: Path) -> dict[str, object]:
    home = road.find_project(None, project)
    return {
        "handles": home.handles,
        "output.codec": home.output.codec,
        "output.width": home.output.width,
        "output.height": home.output.height,
        "output.fit": home.output.fit,
        "budget.limit": home.budget.limit,
        "budget.currency": home.budget.currency,
        "budget.ask_above": home.budget.ask_above,
        "budget.allow_unknown_cost": home.budget.allow_unknown_cost,
        "review.after_generate": home.review_after,
        **{f"engines.{mode}": name for mode, name in home.engines.items()},
    }

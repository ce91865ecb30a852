# SPDX-License-Identifier: Apache-2.0
"""Settings, keys, engines, about; and what a machine must have for a window."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QInputDialog, QLineEdit
from pytestqt.qtbot import QtBot

from greenroom.desk.project.changing import change_project, change_user
from greenroom.desk.project.project import Project
from greenroom.desk.project.user_settings import ask_above
from greenroom.errors import EngineUnavailable, ProjectError
from greenroom.panel.screen import check_machine
from greenroom.panel.settings.dialog import SettingsDialog
from greenroom.panel.state import State
from greenroom.panel.work import Work

Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def dialog(qtbot: QtBot, project: Path, tmp_path: Path, wait: Wait) -> Iterator[SettingsDialog]:
    work = Work()
    made = SettingsDialog(work, State(tmp_path / "panel.ini"), project)
    qtbot.addWidget(made)
    made.show()
    wait(lambda: not work.busy)
    yield made
    work.close()


def test_a_project_is_changed_and_its_comments_stay(dialog: SettingsDialog, project: Path, wait: Wait) -> None:
    fields = dialog.project_fields._widgets
    assert fields["handles"].text() == "2"
    fields["budget.limit"].setText("20,50")
    fields["engines.talk"].setText("previz")
    fields["review.after_generate"].setCurrentText("all")
    dialog.save()
    wait(lambda: dialog.said.text() == "Saved.")
    home = Project.load(project)
    assert (home.budget.limit, home.engines["talk"], home.review_after) == (Decimal("20.50"), "previz", "all")
    assert "# A Greenroom project." in home.file.read_text("utf-8")
    fields["budget.limit"].setText("")
    dialog.save()
    wait(lambda: Project.load(project).budget.limit is None)


def test_what_is_typed_while_it_saves_stays_and_is_saved_next(
    dialog: SettingsDialog, project: Path, wait: Wait
) -> None:
    fields = dialog.project_fields._widgets
    fields["handles"].setText("5")
    dialog.save()
    fields["budget.limit"].setText("7")
    wait(lambda: Project.load(project).handles == 5 and not dialog._work.busy)
    assert (fields["handles"].text(), fields["budget.limit"].text()) == ("5", "7")
    dialog.save()
    wait(lambda: Project.load(project).budget.limit == 7)


def test_what_would_not_be_read_is_not_written(dialog: SettingsDialog, project: Path, wait: Wait) -> None:
    before = (project / "greenroom.toml").read_bytes()
    dialog.project_fields._widgets["output.width"].setText("321")
    dialog.save()
    wait(lambda: "output.width" in dialog.said.text())
    assert (project / "greenroom.toml").read_bytes() == before


def test_the_user_is_asked_above_a_sum(dialog: SettingsDialog, wait: Wait) -> None:
    dialog.user_fields._widgets["budget.ask_above"].setText("5")
    dialog.save()
    wait(lambda: ask_above() == 5)
    change_user({"budget.ask_above": None})
    assert ask_above() is None


def test_a_key_goes_in_and_never_comes_out(dialog: SettingsDialog, tmp_path: Path, wait: Wait) -> None:
    keys = dialog.keys
    row = next(row for row in range(keys.table.rowCount()) if keys.table.item(row, 0).text() == "fal")
    keys.table.selectRow(row)

    def paste() -> None:
        asking = QApplication.activeModalWidget()
        assert isinstance(asking, QInputDialog)
        assert asking.textEchoMode() == QLineEdit.EchoMode.Password
        asking.setTextValue("fal-secret-0123456789")
        asking.accept()

    QTimer.singleShot(100, paste)
    keys.set_button.click()
    wait(lambda: "is kept in" in keys.said.text())
    assert "fal-secret" in (tmp_path / "keys.toml").read_text("utf-8")
    shown = [keys.table.item(row, column).text() for column in range(3)] + [
        keys.said.text(),
        dialog.about.toPlainText(),
    ]
    assert not [text for text in shown if "secret" in text]
    keys.remove_button.click()
    wait(lambda: "is removed" in keys.said.text())
    assert "fal-secret" not in (tmp_path / "keys.toml").read_text("utf-8")


def test_an_engine_is_asked_whether_it_is_ready(dialog: SettingsDialog, wait: Wait) -> None:
    page = dialog.engines
    assert page.table.item(0, 0).text() == "previz"
    page.button.click()
    wait(lambda: "is ready" in page.said.text())
    page.table.selectRow(1)
    page.button.click()
    wait(lambda: "there is no key" in page.said.text())


def test_about_has_what_a_report_needs(dialog: SettingsDialog) -> None:
    text = dialog.about.toPlainText()
    assert all(name in text for name in ("Greenroom ", "Python", "PySide6 6.", "opentimelineio"))


def test_a_broken_file_is_told_and_left_alone(project: Path) -> None:
    (project / "greenroom.toml").write_text("schema = [", "utf-8")
    with pytest.raises(ProjectError, match="TOML"):
        change_project(project, {"handles": 4})
    assert (project / "greenroom.toml").read_text("utf-8") == "schema = ["


def test_importing_the_panel_loads_no_qt() -> None:
    code = "import sys, greenroom.panel, greenroom.cli.panel_command; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith(("PySide6", "shiboken6"))]


def test_a_machine_without_qt_is_told_what_to_install() -> None:
    with pytest.raises(EngineUnavailable, match=r"greenroom\[panel\]"):
        check_machine(has_package=lambda name: False)


def test_a_machine_without_a_screen_is_told_so() -> None:
    with pytest.raises(EngineUnavailable, match="no screen"):
        check_machine(platform="linux", environment={}, has_package=lambda name: True, has_library=lambda name: True)


def test_missing_libraries_are_named_as_debian_names_them() -> None:
    def check(environment: dict[str, str]) -> str:
        with pytest.raises(EngineUnavailable) as caught:
            check_machine(
                platform="linux",
                environment=environment,
                has_package=lambda name: True,
                has_library=lambda name: name not in ("EGL", "xcb-cursor"),
            )
        return caught.value.hint

    assert check({"DISPLAY": ":0"}).endswith("apt install libegl1 libxcb-cursor0")
    assert check({"WAYLAND_DISPLAY": "wayland-0"}).endswith("apt install libegl1")
    check_machine(platform="darwin", environment={}, has_package=lambda name: True, has_library=lambda name: False)


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "greenroom", "panel", "cut.otio"],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin", "HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 1
    assert "no screen here" in done.stderr

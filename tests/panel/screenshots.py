# SPDX-License-Identifier: Apache-2.0
"""`make screenshots`: each view of the panel in three states, empty, working and full of errors, on the demo's scene,
dark and light, at 100 and 250 %, without a screen. To be looked at; text that is cut off, and widgets that lie over one
another, are told, and the exit status is then 1.

`python screenshots.py FOLDER [--demo PROJECT] [--palette dark] [--scale 1]`; PROJECT is one that `greenroom demo` made,
without palette and scale all four are made.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

SIZE = (1280, 720)
SCALES = ("1", "2.5")
PALETTES = ("dark", "light")
LONGEST = 300.0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--demo", type=Path)
    parser.add_argument("--scale", choices=SCALES)
    parser.add_argument("--palette", choices=PALETTES)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        os.environ["GREENROOM_DATA"] = str(Path(place) / "data")
        os.environ["GREENROOM_SETTINGS"] = str(Path(place) / "settings.toml")
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
        project = Path(place) / "demo"
        if asked.demo is not None:
            shutil.copytree(asked.demo, project)
        else:
            subprocess.run([sys.executable, "-m", "greenroom", "demo", str(project)], check=True)
        if asked.scale is None or asked.palette is None:
            again = [sys.executable, __file__, str(asked.folder), "--demo", str(project)]
            runs = [[*again, "--scale", scale, "--palette", palette] for scale in SCALES for palette in PALETTES]
            return max([subprocess.run(run, check=False).returncode for run in runs])
        os.environ["QT_SCALE_FACTOR"] = asked.scale
        asked.folder.mkdir(parents=True, exist_ok=True)
        light = asked.palette == "light"
        ending = ("_light" if light else "") + ("" if asked.scale == "1" else f"@{asked.scale}x")
        photographer = Photographer(asked.folder, ending, light=light)
        photographer.take_all(project)
        return int(photographer.faulty)


class Photographer:
    """Puts the window into each state and takes its picture."""

    def __init__(self, folder: Path, ending: str, *, light: bool) -> None:
        from greenroom.panel.run import application
        from greenroom.panel.style import use_style

        self.folder, self.ending, self.faulty = folder, ending, False
        use_style(application(), light=light)

    def take_all(self, project: Path) -> None:
        self.empty()
        self.working(project)
        self.errors(project)

    def window(self, cut: Path | None):
        from greenroom.panel.state import State
        from greenroom.panel.window import Window

        made = Window(state=State(Path(os.environ["GREENROOM_DATA"]).parent / f"{time.monotonic_ns()}.ini"))
        made.resize(*SIZE)
        made.open(cut)
        made.show()
        if cut is not None:
            self.wait(lambda: made.shown.board is not None and made.shown.board.complete)
        return made

    def wait(self, so: Callable[[], bool], more: float = 0.6) -> None:
        from PySide6.QtGui import QCursor
        from PySide6.QtTest import QTest

        QCursor.setPos(5000, 5000)  # nothing is pointed at
        end = time.monotonic() + LONGEST
        while not so():
            if time.monotonic() > end:
                raise TimeoutError
            QTest.qWait(50)
        QTest.qWait(int(more * 1000))

    def shoot(self, widget, name: str) -> None:
        from greenroom.testing.layout import layout_faults

        for fault in layout_faults(widget):
            self.faulty = True
            sys.stdout.write(f"panel_{name}{self.ending}: {fault}\n")
        path = self.folder / f"panel_{name}{self.ending}.png"
        widget.grab().save(str(path))
        sys.stdout.write(f"{path}\n")

    def empty(self) -> None:
        window = self.window(None)
        self.wait(lambda: True)
        self.shoot(window, "empty")
        window.actions_by_name["cast"].trigger()
        self.wait(lambda: True)
        self.shoot(window, "cast_empty")
        window.close()

    def working(self, project: Path) -> None:
        from greenroom.desk import road
        from greenroom.desk.rejecting import reject

        cut = project / "demo.otio"
        cues = road.cues(cut, project=project).cues
        third = next(each for each in road.takes(cut, project=project).cues if len(each.takes) > 1)
        reject(third.takes[0], "blinks on the last word", third.takes, third.takes[-1].number, project=project)
        road.circle(third.takes[-1].cue, third.takes[-1].number, project=project)
        road.review(cut, project=project, only=tuple(cue.id for cue in cues[1:3]))
        window = self.window(cut)
        window.table.go_to(third.cue.id)
        self.wait(lambda: len(window.takes.list.takes.rows) == len(third.takes))
        window.takes.list.go_to(third.takes[0].number)
        window.actions_by_name["circled"].trigger()
        window.generate.form.one_more()
        self.wait(lambda: window.generate.form.button.isEnabled())
        window.generate.form.button.click()
        self.wait(lambda: any(run.jobs for run in window.shown.runs), 2.0)
        window.viewer.go_to(30)
        self.wait(lambda: window.viewer.frame == 30 and "to make" in window.generate.form.quote_text.text(), 0.0)
        self.shoot(window, "working")
        window.actions_by_name["cast"].trigger()
        self.wait(lambda: True, 4.0)
        self.shoot(window, "cast")
        window.casting.detail.make_sheet.click()
        self.wait(lambda: window.casting.request.make.isEnabled())
        self.shoot(window, "cast_sheet")
        window.casting.request.leave.click()
        self.dialogs(window)
        for run in window.shown.runs:
            window.shown.stop(run.path)
        self.wait(lambda: all(not run.alive for run in window.shown.runs))
        window.close()

    def dialogs(self, window) -> None:
        from greenroom.panel.settings.dialog import SettingsDialog
        from greenroom.panel.settings.keys_dialog import KeysDialog

        dialog = SettingsDialog(window.work, window.state, window.shown.project, window)
        dialog.show()
        for place, name in enumerate(("project", "user", "keys", "engines", "about")):
            dialog.tabs.setCurrentIndex(place)
            self.wait(lambda: bool(dialog.about.toPlainText()), 1.5)
            self.shoot(dialog, f"settings_{name}")
        dialog.close()
        keys = KeysDialog((*window.actions(), *window.viewer.actions()), window)
        keys.show()
        self.wait(lambda: True, 0.3)
        self.shoot(keys, "shortcuts")
        keys.close()

    def errors(self, project: Path) -> None:
        from greenroom.desk import road
        from greenroom.desk.project.changing import change_project
        from greenroom.desk.project.project import Project
        from greenroom.takes.ledger import Ledger

        cut = project / "demo.otio"
        text = cut.read_text("utf-8")
        text = text.replace("@theo", "@thea").replace("actor=MARA", "actor=MARRA moode=talk")
        (project / "broken.otio").write_text(text, "utf-8")
        for media in sorted((project / "media" / "dialogue").iterdir())[:2]:
            media.unlink()
        cues = road.cues(project / "broken.otio", project=project).cues
        home = Project.load(project)
        change_project(project, {"budget.limit": Decimal("2.00")})
        with Ledger.open(home.ledger_path, project=home.id) as ledger:
            asked = {"engine": "fabric-1.0@fal", "mode": "talk", "actor": "mara", "currency": "USD"}
            job = ledger.plan_job(cue=cues[0].id, fingerprint="f" * 64, variant=1, cost=Decimal("1.84"), **asked)
            ledger.claim(job.id)
            ledger.submitting(job.id)
            ledger.unknown(job.id, "the answer was lost after the request was sent")
        takes = sorted((project / "takes").glob("*/take_001"))
        (takes[0] / "take.json").write_text('{"schema": 1, "cue"', "utf-8")
        shutil.rmtree(takes[1])
        window = self.window(project / "broken.otio")
        bad = next(row for row in window.cues.rows if str(row.status) == "error")
        window.table.go_to(bad.id)
        self.wait(lambda: "nobody is called" in window.generate.form.quote_text.text(), 2.0)
        self.shoot(window, "errors")
        self.cast_errors(window, project)
        window.close()

    def cast_errors(self, window, project: Path) -> None:
        from greenroom.engines.previz.drawn.actors import draw
        from greenroom.media import write_png

        window.actions_by_name["cast"].trigger()
        self.wait(lambda: bool(window.casting.actors.model().rowCount()))
        write_png(project / "small.png", draw("theo", 300, 256))
        window.casting.add_picture(project / "small.png")
        self.wait(lambda: window.casting.adding.seen is not None)
        self.shoot(window, "cast_bad_picture")
        window.casting.adding.leave.click()
        window.casting.detail.make_audition.click()
        self.wait(lambda: bool(window.casting.request.said.text()), 2.0)
        self.shoot(window, "cast_errors")


if __name__ == "__main__":
    sys.exit(main())

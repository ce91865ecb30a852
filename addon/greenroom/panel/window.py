# SPDX-License-Identifier: Apache-2.0
"""The window: what lies where, the keys, and who hears of what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from greenroom.errors import GreenroomError
from greenroom.panel.board.cue_model import CueModel
from greenroom.panel.board.filter_bar import FilterBar
from greenroom.panel.board.posters import Posters
from greenroom.panel.board.strip import Strip
from greenroom.panel.board.table import CueTable
from greenroom.panel.generate.pane import GeneratePane
from greenroom.panel.link import Link
from greenroom.panel.model.filters import Filter
from greenroom.panel.model.pictures import dialogue_of, stand_in_picture, take_picture, ticks_of
from greenroom.panel.model.rows import Board, CueRow
from greenroom.panel.model.takes import TakeRow
from greenroom.panel.notice import Notice
from greenroom.panel.settings.dialog import SettingsDialog
from greenroom.panel.settings.keys_dialog import KeysDialog
from greenroom.panel.shown_cut import ShownCut
from greenroom.panel.state import State
from greenroom.panel.style import POSTER
from greenroom.panel.takes.take_list import THUMBNAIL
from greenroom.panel.takes.takes_pane import TakesPane
from greenroom.panel.viewer.picture import Picture
from greenroom.panel.viewer.widget import Viewer
from greenroom.panel.words import isolated
from greenroom.panel.work import Work

if TYPE_CHECKING:
    from greenroom.panel.casting.view import CastView

__all__ = ["Window"]

_NEXT_FRAME = 20  # milliseconds
_CUTS = "*.otio *.otioz *.edl *.xml *.fcpxml *.aaf *.vse"


class Window(QMainWindow):
    """Everything of the panel. `open` shows a cut, `close` lets go of it and stops nothing that is on its way."""

    def __init__(self, *, state: State | None = None, link: Link | None = None) -> None:
        super().__init__()
        self.state = state or State()
        self.work = Work(self)
        self.link = link
        self.shown = ShownCut(self.work, self)
        self.setWindowTitle("Greenroom")
        self.setMinimumSize(960, 560)
        self.resize(1280, 720)
        self._make_views()
        self._lay_out()
        self._make_actions()
        self._connect()
        self._connect_link()
        self._restore()
        self.table.setFocus()

    # building

    def _make_views(self) -> None:
        posters = Posters(self.work, *POSTER, parent=self)
        thumbnails = Posters(self.work, *THUMBNAIL, parent=self)
        self.cues = CueModel(self)
        self.strip = Strip()
        self.strip_soon = QTimer(self)
        self.strip_soon.setSingleShot(True)
        self.strip_soon.setInterval(_NEXT_FRAME)
        self.strip_soon.timeout.connect(self._show_on_strip)
        self.pick_soon = QTimer(self)
        self.pick_soon.setSingleShot(True)
        self.pick_soon.setInterval(_NEXT_FRAME)
        self.pick_soon.timeout.connect(self._show_picked)
        self._picked: list[CueRow] = []
        self.filters = FilterBar()
        self.table = CueTable(self.cues, posters, self.state)
        self.takes = TakesPane(thumbnails)
        self.viewer = Viewer(work=self.work)
        self.generate = GeneratePane()
        self.notice = Notice()
        self.place = QLabel()
        self.place.setTextFormat(Qt.TextFormat.PlainText)
        self.light = QLabel()

    def _lay_out(self) -> None:
        left = _column(self.filters, self.table)
        self.middle = QSplitter(Qt.Orientation.Vertical)
        self.middle.addWidget(self.viewer)
        self.middle.addWidget(self.takes)
        self.middle.setSizes([360, 250])
        self.split = QSplitter(Qt.Orientation.Horizontal)
        for pane in (left, self.middle, self.generate):
            self.split.addWidget(pane)
        self.split.setSizes([560, 450, 270])
        self.split.setStretchFactor(1, 1)
        for split in (self.split, self.middle):
            split.setChildrenCollapsible(False)
            split.setHandleWidth(1)
        self.board = _column(self.strip, self.split)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.board)
        self.casting: CastView | None = None
        self.setCentralWidget(_column(self.notice, self.pages))
        self.bar = QToolBar()
        self.bar.setObjectName("bar")
        self.bar.setMovable(False)
        self.addToolBar(self.bar)
        self.statusBar().setSizeGripEnabled(False)

    def _make_actions(self) -> None:
        self.actions_by_name: dict[str, QAction] = {}
        self._add("open", self.tr("Open cut"), "Ctrl+O", self._choose_cut)
        self._add("apply", self.tr("Save cut with takes"), "Ctrl+S", self._choose_output)
        self._add("again", self.tr("Read again"), "F5", self._read_again)
        self._add("find", self.tr("Find"), "Ctrl+F", self._find)
        self._add("board", self.tr("To the cues"), "Esc", self._leave)
        self._add("stand_in", self.tr("Compare with the stand-in"), "S", self._toggle_stand_in)
        self._add("circled", self.tr("Compare with the take in use"), "D", self._toggle_used)
        self._add("more", self.tr("One more take"), "A", self._one_more)
        self._add("change", self.tr("Change and regenerate"), "E", self._change)
        self._add("measure", self.tr("Measure takes"), "Ctrl+M", self._measure)
        self._add("cast", self.tr("Cast"), "Ctrl+2", self._to_cast)
        self._add("cues", self.tr("Cues"), "Ctrl+1", self._to_board)
        self._add("settings", self.tr("Settings"), "Ctrl+,", self._open_settings)
        self._add("keys", self.tr("Keys"), "F1", self._show_keys)
        self._add("in_host", self.tr("Go to cue in the host"), "H", self._go_to_in_host)
        self._add("next", self.tr("Next cue"), "Ctrl+Down", lambda: self.table.step(1))
        self._add("before", self.tr("Cue before"), "Ctrl+Up", lambda: self.table.step(-1))
        for name in ("open", "apply", "again"):
            self.bar.addAction(self.actions_by_name[name])
        self.bar.addSeparator()
        self.bar.addWidget(self.place)
        spacer = QWidget()
        spacer.setSizePolicy(spacer.sizePolicy().Policy.Expanding, spacer.sizePolicy().Policy.Preferred)
        self.bar.addWidget(spacer)
        self.bar.addWidget(self.light)
        for name in ("cues", "cast", "keys", "settings"):
            self.bar.addAction(self.actions_by_name[name])
        self.addActions([*self.takes.all_actions(), self.generate.form.begin_action])
        by_name = self.actions_by_name
        for name in ("stand_in", "circled"):
            by_name[name].setCheckable(True)
        making = [by_name[name] for name in ("more", "change", "measure")]
        self.takes.offer([by_name["stand_in"], by_name["circled"]], making)
        self.table.offer([*making, by_name["in_host"]])
        for pane in (self.table, self.strip, self.takes):
            pane.addActions(self.viewer.actions())

    def _add(self, name: str, text: str, key: str, slot: object) -> None:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.setToolTip(f"{text} ({key})")
        action.triggered.connect(slot)
        self.addAction(action)
        self.actions_by_name[name] = action

    def _connect(self) -> None:
        shown, form, runs = self.shown, self.generate.form, self.generate.runs
        shown.board_changed.connect(self._show_board)
        shown.takes_read.connect(self._show_takes)
        shown.told.connect(self.notice.tell)
        shown.said.connect(lambda words: self.statusBar().showMessage(words, 6000))
        shown.engines_read.connect(form.offer_engines)
        shown.spending_read.connect(self.generate.show_spending)
        shown.runs_changed.connect(runs.show_runs)
        shown.jobs_read.connect(runs.show_jobs)
        shown.quoted.connect(form.show_quote)
        shown.quote_failed.connect(form.show_error)
        form.wished.connect(shown.ask_quote)
        form.begin.connect(shown.generate)
        runs.stop.connect(shown.stop)
        runs.again.connect(shown.go_on)
        runs.forget.connect(shown.forget)
        runs.settle.connect(shown.settle)
        self.work.failed.connect(self.notice.tell)
        self.notice.again.connect(shown.refresh)
        self.notice.make_project.connect(shown.make_project)
        self.filters.changed.connect(self._filter)
        self.filters.left.connect(self.table.setFocus)
        self.cues.modelReset.connect(self._rows_changed)
        self.table.picked.connect(self._pick)
        self.strip.picked.connect(self.table.go_to)
        self.takes.looked_at.connect(self._look_at)
        self.takes.circle.connect(shown.circle)
        self.takes.reject.connect(lambda row, reason: shown.reject(row, reason, self.takes.list.takes.rows))
        self.takes.accept.connect(shown.accept)
        self.takes.frame_wanted.connect(self._go_to_take_frame)

    # state

    def _restore(self) -> None:
        self.restoreGeometry(self.state.bytes("window/geometry"))
        for name, split in (("window/split", self.split), ("window/middle", self.middle)):
            kept: QByteArray = self.state.bytes(name)
            if not kept.isEmpty():
                split.restoreState(kept)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.viewer.close_media()
        self.state.keep("window/geometry", self.saveGeometry())
        self.state.keep("window/split", self.split.saveState())
        self.state.keep("window/middle", self.middle.saveState())
        self.table.keep()
        self.state.save()
        self.work.close()
        super().closeEvent(event)

    # cut, cues, takes

    def open(self, cut: Path | None, project: Path | None = None) -> None:
        """Shows a cut; None: the window asks for one."""
        self.notice.ask_for_cut(cut is None)
        if cut is None:
            return
        self._shown_cue, self._beside = "", ""
        self._mark_comparing()
        self.state.keep("cut", str(cut.absolute()))
        self.shown.open(cut, project)

    _shown_cue = ""
    _beside = ""
    _host_at: int | None = None

    def _show_board(self, board: Board) -> None:
        self.setWindowTitle(f"{board.name} - Greenroom")
        if self.casting is not None and board.project != self._cast_of:
            self.casting.open(board.project)
        self._cast_of = board.project
        self.place.setText(f"  {isolated(board.name)}   {isolated(board.cut.name)}")
        self.place.setToolTip(str(board.cut))
        self.generate.runs.use_names(
            {row.id: f"{isolated(row.actor or row.clip)} {row.timecode}" for row in board.rows}
        )
        self.notice.show_problems(board)
        self.strip.show_board(board)
        self.filters.offer(board.offered)
        self.cues.show(board.rows)
        self.strip.show_rows(self.cues.rows)
        self.filters.show_count(len(self.cues.rows), len(board.rows))
        self._pick(self.table.selected_first())
        self.generate.form.ask_again()
        if self._host_at is not None:
            self._follow_host(self._host_at)

    def _filter(self, wanted: Filter) -> None:
        self.cues.use(wanted)

    def _rows_changed(self) -> None:
        """The strip follows in the next frame: whoever types waits for the table only."""
        self.filters.show_count(len(self.cues.rows), len(self.cues.everything))
        self.strip_soon.start()

    def _show_on_strip(self) -> None:
        self.strip.show_rows(self.cues.rows)

    def _pick(self, rows: list[CueRow]) -> None:
        """What is picked is shown in the next frame: whoever types or holds a key down waits for the table only."""
        self._picked = rows
        self._shown_cue = rows[0].id if rows else ""
        self.takes.wait_for(self._shown_cue)
        self.generate.form.expect(rows)
        self.pick_soon.start()

    def _show_picked(self) -> None:
        self.pick_soon.stop()
        rows = self._picked
        self.strip.select([row.id for row in rows])
        self.generate.form.show_cues(rows)
        if rows:
            self.shown.read_takes(rows[0].id)
        else:
            self.takes.show_cue(None, ())

    def _show_takes(self, cue: str, rows: tuple[TakeRow, ...]) -> None:
        if cue == self._shown_cue and self.shown.board is not None:
            row = next((row for row in self.shown.board.rows if row.id == cue), None)
            self.takes.show_cue(row, rows)

    _cast_of: Path | None = None
    _in_viewer: tuple[object, ...] = ()

    def _look_at(self, row: TakeRow | None) -> None:
        """Plays a take, or what the editor has where there is none."""
        board = self.shown.board
        cue = board.cues.get(self._shown_cue) if board is not None else None
        if board is None or cue is None:
            self._in_viewer = ()
            self.viewer.close_media()
            return
        drop = board.drop_frame
        stand_in = stand_in_picture(cue, drop_frame=drop, label=self.tr("stand-in"))
        if row is None:
            first, second = stand_in, None
        else:
            title = self.tr("take {0}").format(row.number)
            first = take_picture(row.take, cue, drop_frame=drop, label=title)
            second = stand_in if self._beside == "stand_in" else self._used(row, drop)
        dialogue = dialogue_of(cue)
        if (first, second, dialogue) != self._in_viewer:
            self._in_viewer = (first, second, dialogue)
            if first is None:
                self.viewer.close_media()
                return
            self.viewer.load(first, second, dialogue)
        # a take that is measured while it plays, plays on
        self.viewer.findings = ticks_of(row) if row is not None else ()

    def _used(self, row: TakeRow, drop_frame: bool) -> Picture | None:
        """The take in use, where it is to be compared with and is another one."""
        if self._beside != "used" or self.shown.board is None:
            return None
        used = next((each for each in self.takes.list.takes.rows if each.used), None)
        if used is None or used.number == row.number:
            return None
        cue = self.shown.board.cues[self._shown_cue]
        return take_picture(used.take, cue, drop_frame=drop_frame, label=self.tr("take {0}").format(used.number))

    def _go_to_take_frame(self, frame: int) -> None:
        row = self.takes.list.current()
        if row is not None:
            self.viewer.go_to(max(0, frame - row.take.head))

    def _toggle_stand_in(self) -> None:
        self._compare("stand_in")

    def _toggle_used(self) -> None:
        self._compare("used")

    def _compare(self, beside: str) -> None:
        self._beside = "" if self._beside == beside else beside
        self._mark_comparing()
        self._look_at(self.takes.list.current())
        if self._beside and self._in_viewer and self._in_viewer[1] is None:
            self.statusBar().showMessage(
                self.tr("There is no stand-in under this cue")
                if beside == "stand_in"
                else self.tr("This take is the one in use"),
                6000,
            )

    def _mark_comparing(self) -> None:
        self.actions_by_name["stand_in"].setChecked(self._beside == "stand_in")
        self.actions_by_name["circled"].setChecked(self._beside == "used")

    # commands

    def _choose_cut(self) -> None:
        start = str(self.shown.cut.parent) if self.shown.cut is not None else ""
        found, _ = QFileDialog.getOpenFileName(self, self.tr("Open cut"), start, self.tr("Cuts ({0})").format(_CUTS))
        if found:
            self.open(Path(found))

    def _choose_output(self) -> None:
        cut = self.shown.cut
        if cut is None:
            return
        if self.link is not None and self.link.open:
            self.link.ask("apply", self._applied, self.notice.tell, only=[])
            return
        suggested = cut.with_name(f"{cut.stem}.greenroom.otio")
        found, _ = QFileDialog.getSaveFileName(self, self.tr("Save cut with takes"), str(suggested))
        if found:
            self.shown.apply(Path(found))

    def _applied(self, result: dict[str, object]) -> None:
        self.statusBar().showMessage(str(result.get("said", "")), 6000)

    def _read_again(self) -> None:
        if self.link is not None and self.link.open:
            self.link.ask("read", lambda result: self.shown.refresh(), self.notice.tell)
        else:
            self.shown.refresh()

    def _find(self) -> None:
        self.filters.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filters.text.selectAll()

    def _to_board(self) -> None:
        """Back to the cues; out of the search field the filter is taken off too."""
        if self.filters.text.hasFocus():
            self.filters.clear()
        self.pages.setCurrentWidget(self.board)
        self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _leave(self) -> None:
        """One step back: out of what was begun in the cast, else to the cues."""
        in_cast = self.casting is not None and self.pages.currentWidget() is self.casting
        if self.casting is None or not in_cast or not self.casting.step_back():
            self._to_board()

    def _to_cast(self) -> None:
        """The cast, made when it is first looked at."""
        if self.casting is None:
            from greenroom.panel.casting.view import CastView

            self.casting = CastView(self.shown.project, self.work)
            self.casting.changed.connect(self.shown.read_again)
            self.casting.failed.connect(self.notice.tell)
            self.pages.addWidget(self.casting)
        self.pages.setCurrentWidget(self.casting)
        self.casting.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _one_more(self) -> None:
        self._show_picked()  # the key may come in the same frame as the cue
        self.generate.form.one_more()

    def _change(self) -> None:
        self._show_picked()
        self.generate.form.change()

    def _measure(self) -> None:
        self.shown.review(tuple(row.id for row in self.table.selected()))

    def _open_settings(self) -> None:
        dialog = SettingsDialog(self.work, self.state, self.shown.project, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.changed.connect(self.shown.read_again)
        dialog.open()

    def _show_keys(self) -> None:
        KeysDialog((*self.actions(), *self.viewer.actions()), self).open()

    # the host

    def _connect_link(self) -> None:
        link = self.link
        if link is None:
            return
        link.connected.connect(self._greet)
        link.lost.connect(self._lose_host)
        link.at.connect(self._follow_host)
        self.bar.insertAction(self.actions_by_name["keys"], self.actions_by_name["in_host"])
        self._lose_host() if not link.open else self.light.setText(self.tr("Waiting for the host"))

    def _greet(self, host: str) -> None:
        self.light.setText(self.tr("Linked to {0}").format(host))

    def _lose_host(self) -> None:
        self.light.setText(self.tr("The host has gone"))
        self.actions_by_name["in_host"].setEnabled(False)

    def _follow_host(self, offset: int) -> None:
        """Where the host's playhead is; told before the cut is read, it is kept until then."""
        board = self.shown.board
        self._host_at = offset if board is None else None
        if board is not None:
            frame = board.start + offset
            row = next((row for row in self.cues.rows if row.start <= frame < row.start + row.frames), None)
            if row is not None and row.id != self._shown_cue:
                self.table.go_to(row.id)

    def _go_to_in_host(self) -> None:
        board, row = self.shown.board, self.table.current()
        if self.link is not None and self.link.open and board is not None and row is not None:
            self.link.ask("go_to", failed=self.notice.tell, cue=row.id, offset=row.start - board.start)

    def tell(self, error: GreenroomError) -> None:
        """Shows an error of whoever opened the window."""
        self.notice.tell(error)


def _column(*widgets: QWidget) -> QWidget:
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.setStretch(len(widgets) - 1, 1)
    return made

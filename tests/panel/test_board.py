# SPDX-License-Identifier: Apache-2.0
"""The cue board: what it shows, how it is filtered and sorted, and that it stays where it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from greenroom.desk import road
from greenroom.panel.board.columns import COLUMNS
from greenroom.panel.board.posters import read_poster
from greenroom.panel.model.filters import Filter
from greenroom.panel.model.rows import Status, scene_of
from greenroom.panel.state import State
from greenroom.panel.style import colours
from greenroom.panel.window import Window

New = Callable[[], Window]
Wait = Callable[[Callable[[], bool]], None]


def shown(window: Window, column: str) -> list[str]:
    place = next(place for place, each in enumerate(COLUMNS) if each.name == column)
    return [window.cues.data(window.cues.index(row, place)) for row in range(window.cues.rowCount())]


def test_the_table_shows_cues_with_their_takes_and_states(window: Window) -> None:
    assert shown(window, "actor") == ["mara", "MARA", "theo", "mara", "nobody", ""]
    assert shown(window, "mode") == ["talk", "talk", "animate", "talk", "talk", "talk"]
    assert shown(window, "in")[:2] == ["01:00:00:00", "01:00:00:10"]
    assert shown(window, "length") == ["10"] * 6
    assert shown(window, "takes") == ["2/2", "1", "", "", "", ""]
    assert shown(window, "scene") == ["SC01", "SC01", "SC01", "SC02", "SC02", "SC02"]
    assert [row.status for row in window.cues.rows] == [
        Status.TAKES,
        Status.TAKES,
        Status.OPEN,
        Status.OPEN,
        Status.ERROR,
        Status.SUGGESTED,
    ]
    assert shown(window, "score")[0] != ""


@pytest.mark.usefixtures("no_stalls")
def test_words_and_lists_filter_the_board(window: Window, qtbot: QtBot) -> None:
    qtbot.keyClicks(window.filters.text, "never")
    assert shown(window, "words") == ["I never left.", "Never."]
    assert window.filters.count.text() == "2 of 6"
    window.filters.text.setText("never 0020")
    assert len(window.cues.rows) == 1
    window.filters.clear()
    assert len(window.cues.rows) == 6
    for name, value, count in (("actor", "mara", 3), ("scene", "SC02", 3), ("status", "error", 1)):
        box = window.filters.lists[name]
        box.setCurrentIndex(box.findData(value))
        assert len(window.cues.rows) == count, name
        box.setCurrentIndex(0)
    assert window.filters.lists["code"].findData("unknown-actor") > 0


def test_sorting_and_filtering_keep_the_cue_that_is_looked_at(window: Window) -> None:
    third = window.cues.rows[2].id
    window.table.go_to(third)
    window.table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    assert window.table.current().id == third
    window.cues.use(Filter(actor="theo"))
    assert [row.id for row in window.table.selected()] == [third]
    window.cues.use(Filter())
    assert window.table.current().id == third


def test_a_click_on_the_strip_selects_the_cue(window: Window, qtbot: QtBot, wait: Wait) -> None:
    middle = window.strip._x(window.cues.rows[3].start + 5)
    qtbot.mouseClick(window.strip, Qt.MouseButton.LeftButton, pos=QPoint(round(middle), 40))
    assert window.table.current().id == window.cues.rows[3].id
    wait(lambda: window.takes.head.text().startswith("mara  talk  01:00:01:06"))


def test_a_cut_that_is_saved_anew_is_read_again(window: Window, cut: Path, wait: Wait) -> None:
    document = json.loads(cut.read_text("utf-8"))
    clips = document["tracks"]["children"][0]["children"]
    clips[2]["markers"][0]["name"] = "@theo animate: nods"
    cut.write_text(json.dumps(document), "utf-8")
    wait(lambda: shown(window, "words")[2] == "nods")
    cut.write_text("{", "utf-8")
    wait(lambda: window.notice.isVisible() and "cut.otio" in window.notice.text.text())
    assert len(window.cues.rows) == 6  # what was read last stays
    cut.write_text(json.dumps(document), "utf-8")
    wait(lambda: not window.notice.button.isVisible())


def test_columns_and_the_last_cut_are_remembered(window: Window, new_window: New, cut: Path, tmp_path: Path) -> None:
    window.table.setColumnWidth(3, 143)
    window.close()
    assert State(tmp_path / "panel.ini").last_cut() == cut
    assert new_window().table.columnWidth(3) == 143


def test_a_spoiled_state_costs_nothing(new_window: New, tmp_path: Path) -> None:
    for content in (b"\xff\xfe\x00", b"[window]\ngeometry=3\n[board]\ncolumns=@ByteArray(x)\n", b"cut=/nowhere.otio\n"):
        (tmp_path / "panel.ini").write_bytes(content)
        assert State(tmp_path / "panel.ini").last_cut() is None
        new_window().close()


def test_every_scene_that_a_name_begins_with() -> None:
    named = {"SC01_0010": "SC01", "sc12a-3": "SC12A", "12A_4": "12A", "Scene 4 take": "SCENE 4", "Mara": "", "": ""}
    assert {name: scene_of(name) for name in named} == named


def test_names_in_any_script_are_shown_as_written(window: Window) -> None:
    names = ["דנה", "ليلى", "林黛玉", "e\u0301lodie", "🎭", "a" * 300]
    rows = [replace(window.cues.rows[0], id=str(at), actor=name, line=name * 3) for at, name in enumerate(names)]
    window.cues.show(rows)
    assert shown(window, "actor") == names
    window.table.grab()
    window.strip.show_rows(rows)
    window.strip.grab()
    window.cues.use(Filter(text="ليلى"))
    assert [row.actor for row in window.cues.rows] == ["ليلى"]


def test_a_poster_of_8000_pixels_is_shown_small_and_a_broken_one_not_at_all(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "huge.jpg"), np.full((4500, 8000, 3), 90, np.uint8))
    image = read_poster(tmp_path / "huge.jpg", 48, 27)
    assert (image.width(), image.height()) == (48, 27)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "empty.png").touch()
    for name in ("broken.png", "empty.png", "missing.png"):
        assert read_poster(tmp_path / name, 48, 27).isNull()


def test_a_cut_without_a_project_is_shown_and_a_project_is_made_by_a_button(
    new_window: New, qtbot: QtBot, cut: Path, tmp_path: Path, wait: Wait
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "cut.otio").write_bytes(cut.read_bytes())
    made = new_window()
    made.open(alone / "cut.otio")
    wait(lambda: made.notice.making.isVisible() and len(made.cues.rows) == 6)
    qtbot.mouseClick(made.notice.making, Qt.MouseButton.LeftButton)
    wait(lambda: made.shown.project is not None)
    assert road.find_project(alone / "cut.otio").folder == alone


def test_looking_does_not_make_the_project_look_changed(window: Window, qtbot: QtBot) -> None:
    """Reading must not write what the next look finds changed, or the window would read for ever."""
    boards: list[object] = []
    qtbot.wait(2500)
    window.shown.board_changed.connect(boards.append)
    qtbot.wait(2500)
    assert not boards


def test_right_to_left_the_dot_of_a_status_stays_beside_its_word(window: Window) -> None:
    column = next(place for place, each in enumerate(COLUMNS) if each.name == "status")
    window.table.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    room = window.table.visualRect(window.cues.index(4, column))  # the cue with an error
    picture = window.table.viewport().grab(room).toImage()
    red = QColor(colours().red).rgb()
    at = [x for x in range(picture.width()) for y in range(picture.height()) if picture.pixel(x, y) == red]
    assert at
    assert min(at) > picture.width() * 3 // 4


def test_keys_select_from_the_cue_that_is_looked_at_to_another_or_to_either_end(window: Window, qtbot: QtBot) -> None:
    shift, control = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    table = window.table
    for keys, modifiers, wanted in (
        (Qt.Key.Key_Down, shift, [3, 4]),
        (Qt.Key.Key_End, shift, [3, 4, 5]),
        (Qt.Key.Key_Home, shift | control, [0, 1, 2, 3]),
        (Qt.Key.Key_End, control, [5]),
    ):
        table.go_to(window.cues.rows[3].id)  # as a click on the strip does, after which nothing else is remembered
        qtbot.keyClick(table, keys, modifiers)
        assert table.selected() == [window.cues.rows[place] for place in wanted]


def test_all_cues_that_are_selected_are_marked_on_the_strip_however_many(window: Window) -> None:
    first = window.cues.rows[0]
    rows = [replace(first, id=str(at), start=86400 + at, frames=1, status=Status.OPEN) for at in range(5000)]
    window.strip._first, window.strip._last, window.strip._from, window.strip._frames = 86400, 91400, 86400.0, 5000.0
    window.strip.show_rows(rows)
    for chosen, marked in ((rows, 1.0), (rows[2500:], 0.5), (rows[::500], 0.01), ((), 0.0)):
        window.strip.select([row.id for row in chosen])
        picture = window.strip.grab().toImage()
        line = [picture.pixelColor(x, 40).name() for x in range(10, picture.width() - 10)]
        assert abs(line.count(colours().accent) / len(line) - marked) < 0.02, len(chosen)


def test_what_runs_right_to_left_leaves_the_window_as_it_is(window: Window, wait: Wait) -> None:
    """Names and lines of such a script stand where others do: at the left, with their neighbours after them."""
    rows = [replace(window.cues.rows[2], actor="\u05d3\u05e0\u05d4", line="\u05d0\u05e0\u05d9 (never)")]
    window.takes.show_cue(rows[0], ())
    window.generate.form.show_cues(rows)
    for label in (window.takes.details, window.generate.form.head, window.takes.head):
        picture = label.grab().toImage()
        ground = picture.pixel(picture.width() - 1, picture.height() - 1)
        inked = [x for x in range(picture.width()) for y in range(picture.height()) if picture.pixel(x, y) != ground]
        assert min(inked) < 12, label.text()

# SPDX-License-Identifier: Apache-2.0
"""The panel's own window beside Resolve: the script starts it, and keys in it reach the timeline."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from greenroom.desk import road
from greenroom.testing.resolve import SimulatedResolve
from greenroom_resolve.entries import ENTRIES
from greenroom_resolve.session import Session

# "host" as the real desk answers, with the edits of one take; "panel" is the window of `greenroom panel`, without a
# screen, and a hand on it
_PROGRAM = """
import json, os, sys
if sys.argv[1] == "host":
    for line in sys.stdin:
        asked = json.loads(line)
        result = {"edits": EDITS, "problems": []}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
    sys.exit()
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from pathlib import Path
from PySide6.QtTest import QTest
from greenroom.panel.link import link_of
from greenroom.panel.run import application
from greenroom.panel.state import State
from greenroom.panel.style import use_style
from greenroom.panel.window import Window

made = application()
use_style(made)
window = Window(state=State(Path(FOLDER) / "panel.ini"), link=link_of(sys.argv[6]))
window.show()
window.open(Path(sys.argv[2]), Path(sys.argv[4]))
seen = {}

def wait(so):
    for _ in range(1200):
        if so():
            return
        QTest.qWait(50)
    json.dump(seen, open(HEARD, "w"))
    os._exit(3)

def board():
    return window.shown.board

wait(lambda: board() is not None and board().complete and len(window.cues.rows) == 2)
wait(lambda: window.light.text() == "Linked to DaVinci Resolve")
seen["cues"] = [[row.actor, row.timecode] for row in window.cues.rows]
wait(lambda: window.table.current() is window.cues.rows[1])  # where Resolve's playhead is
seen["followed"] = True
window.table.selectRow(0)
window.actions_by_name["in_host"].trigger()
wait(lambda: not window.link._waiting)
window.actions_by_name["apply"].trigger()
wait(lambda: window.statusBar().currentMessage() == "1 take placed")
before = board()
window.actions_by_name["again"].trigger()
wait(lambda: board() is not before and not window.link._waiting)
seen["notice"] = window.notice.isVisible()
json.dump(seen, open(HEARD, "w"))
window.close()
os._exit(0)
"""


def test_keys_in_the_window_reach_the_timeline(
    resolve: SimulatedResolve,
    movies: Callable[..., Path],
    edit_for: Callable[..., Any],
    sessions: Callable[[SimulatedResolve], Session],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "film"
    road.init(folder)
    (folder / "slate.mov").write_bytes(movies().read_bytes())
    timeline = resolve.new_timeline("Reel 1")
    items = [resolve.place(timeline, folder / "slate.mov", record=at, frames=16) for at in (86410, 86440)]
    for item, actor in zip(items, ("mara", "theo"), strict=True):
        item.AddMarker(0, "Green", f"@{actor} replace: looks up", "", 1, "")
    timeline.playhead = 86445
    session = sessions(resolve)
    values = {"EDITS": [edit_for(items[0], movies(frames=32, name="take"))], "FOLDER": str(tmp_path)}
    values["HEARD"] = str(tmp_path / "heard")
    code = "\n".join(f"{name} = {value!r}" for name, value in values.items()) + _PROGRAM
    session.settings.command = [sys.executable, "-c", code]
    ENTRIES["panel"](session)
    seen = json.loads((tmp_path / "heard").read_text("utf-8"))
    assert seen == {
        "cues": [["mara", "01:00:00:10"], ["theo", "01:00:01:16"]],
        "followed": True,
        "notice": False,
    }
    assert timeline.playhead == 86410
    assert timeline.everything()[0].selected_take == 2

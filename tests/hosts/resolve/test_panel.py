# SPDX-License-Identifier: Apache-2.0
"""Open panel: a program of its own, which this end answers as long as it is open."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.desk import road
from greenroom.testing.resolve import SimulatedResolve
from greenroom_resolve.calling import ResolveError
from greenroom_resolve.entries import ENTRIES
from greenroom_resolve.session import Session

Sessions = Callable[[SimulatedResolve], Session]
_PANEL = """
import json, sys
if sys.argv[1] == "host":
    for line in sys.stdin:
        asked = json.loads(line)
        result = {"edits": EDITS if asked["params"].get("only") == ["7f3a"] else [], "problems": []}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
else:
    heard = [sys.argv[1:]]
    for number, (method, params) in enumerate(ASKED):
        if method != "hear":
            print(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}), flush=True)
        while not heard[1:] or heard[-1].get("id") != number:
            heard.append(json.loads(sys.stdin.readline()))
            if method == "hear":
                break
    open(HEARD, "w").write(json.dumps(heard))
"""


@pytest.fixture
def heard(
    resolve: SimulatedResolve,
    movies: Callable[..., Path],
    edit_for: Callable[..., Any],
    sessions: Sessions,
    tmp_path: Path,
) -> Callable[[Any], list[Any]]:
    """What a panel hears that asks for these one after another. On the timeline: a clip of 16 frames with a take."""
    road.init(tmp_path / "film")
    (tmp_path / "film" / "slate.mov").write_bytes(movies().read_bytes())
    item = resolve.place(resolve.new_timeline("Reel 1"), tmp_path / "film" / "slate.mov", record=86410, frames=16)
    edits = [edit_for(item, movies(frames=32, name="take"))]

    def run(asked: Any) -> list[Any]:
        session = sessions(resolve)
        values = {"EDITS": edits, "ASKED": asked, "HEARD": str(tmp_path / "heard")}
        code = "\n".join(f"{name} = {value!r}" for name, value in values.items()) + _PANEL
        session.settings.command = [sys.executable, "-c", code]
        assert ENTRIES["panel"](session) == {}
        told: list[Any] = json.loads((tmp_path / "heard").read_text("utf-8"))
        return told

    return run


def test_the_panel_goes_to_a_cue_reads_and_applies(
    resolve: SimulatedResolve, heard: Callable[[Any], list[Any]], tmp_path: Path
) -> None:
    timeline = resolve.project.current
    cut = tmp_path / "film" / "resolve" / "Reel 1.vse"
    asked = [("hello", {"protocol": 1}), ("go_to", {"cue": "7f3a", "offset": 12}), ("hear", {}), ("read", {})]
    words, hello, gone, at, *more = heard([*asked, ("apply", {"only": ["7f3a"]}), ("dance", {})])
    assert words == ["panel", str(cut), "--project", str(tmp_path / "film"), "--host", "stdio"]
    assert (hello["result"]["host"], hello["result"]["document"]) == ("DaVinci Resolve", "Reel 1")
    assert (gone["result"], timeline.playhead) == ({}, 86412)
    placed = [each["result"]["said"] for each in more if "said" in each.get("result", {})]
    assert placed == ["1 take placed"]
    assert timeline.everything()[0].selected_take == 2
    unknown = [each["error"]["message"] for each in more if "error" in each]
    assert (at["params"], unknown) == ({"offset": 12}, ["Resolve doesn't know this"])
    snapshot = json.loads(cut.read_text("utf-8"))
    assert snapshot["tracks"][0]["items"][0]["greenroom"]["role"] == "stand_in"  # written again after applying


def test_the_panel_hears_where_the_playhead_is(heard: Callable[[Any], list[Any]], resolve: SimulatedResolve) -> None:
    resolve.project.current.playhead = 86415
    at = [each for each in heard([("hello", {}), ("hear", {})])[1:] if "method" in each]
    assert at == [{"jsonrpc": "2.0", "method": "at", "params": {"offset": 15}}]


def test_another_timeline_is_open_and_the_panel_goes_to_its_own(
    heard: Callable[[Any], list[Any]], resolve: SimulatedResolve
) -> None:
    timeline = resolve.project.current
    resolve.gate.meanwhile("GetStartTimecode", lambda: resolve.new_timeline("Reel 2"), after=1)
    told = heard([("hello", {}), ("go_to", {"offset": 3})])
    assert [call.method for call in resolve.gate.changes()] == ["SetCurrentTimeline", "SetCurrentTimecode"]
    assert (told[2]["result"], resolve.project.current, timeline.playhead) == ({}, timeline, 86403)


def test_a_dialog_is_told_to_the_panel(heard: Callable[[Any], list[Any]], resolve: SimulatedResolve) -> None:
    resolve.gate.meanwhile("SetCurrentTimecode", resolve.open_dialog)
    told = heard([("hello", {}), ("go_to", {"offset": 3}), ("read", {})])
    assert told[2]["error"]["message"] == "Resolve didn't go to 01:00:00:03"
    assert "Close any dialog" in told[3]["error"]["data"]["hint"]


def test_a_panel_that_can_not_start_is_told(resolve: SimulatedResolve, sessions: Sessions, tmp_path: Path) -> None:
    resolve.new_timeline("Reel 1")
    road.init(tmp_path / "film")
    session = sessions(resolve)
    session.settings.project = str(tmp_path / "film")
    session.settings.command = [sys.executable, "-c", "import sys; sys.exit('no window here')"]
    with pytest.raises(ResolveError, match="can't be opened: no window here"):
        ENTRIES["panel"](session)

# SPDX-License-Identifier: Apache-2.0
"""The link to the program that started the panel, over real pipes."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from typing import IO, Any

import pytest
from pytestqt.qtbot import QtBot

from greenroom.errors import GreenroomError, InputError
from greenroom.panel.link import Link, link_of

Wait = Callable[[Callable[[], bool]], None]


class PlugIn:
    """The other end."""

    def __init__(self) -> None:
        to_panel, from_panel = os.pipe(), os.pipe()
        self.panel_in, self.out = os.fdopen(to_panel[0], "rb"), os.fdopen(to_panel[1], "wb", buffering=0)
        self.come, self.panel_out = os.fdopen(from_panel[0], "rb"), os.fdopen(from_panel[1], "wb")

    def say(self, **message: Any) -> None:
        self.out.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def hear(self) -> dict[str, Any]:
        return json.loads(self.come.readline())

    def files(self) -> tuple[IO[bytes], ...]:
        return self.panel_in, self.out, self.come, self.panel_out


@pytest.fixture
def plug_in() -> Iterator[PlugIn]:
    made = PlugIn()
    yield made
    for file in made.files():
        with contextlib.suppress(BrokenPipeError):
            file.close()


def test_the_panel_greets_and_learns_who_started_it(qtbot: QtBot, plug_in: PlugIn, wait: Wait) -> None:
    link = Link(plug_in.panel_in, plug_in.panel_out)
    hello = plug_in.hear()
    assert (hello["method"], hello["params"]["protocol"]) == ("hello", 1)
    plug_in.say(id=hello["id"], result={"host": "Blender"})
    wait(lambda: link.host == "Blender")
    plug_in.out.close()
    wait(lambda: not link.open)


def test_answers_and_errors_come_to_who_asked(qtbot: QtBot, plug_in: PlugIn, wait: Wait) -> None:
    link = Link(plug_in.panel_in, plug_in.panel_out)
    plug_in.hear()
    said: list[Any] = []
    link.ask("go_to", said.append, said.append, cue="7f3a", offset=24)
    asked = plug_in.hear()
    assert asked["params"] == {"cue": "7f3a", "offset": 24}
    error = {"code": 2, "message": "the strip is gone", "data": {"hint": "Read the cues again."}}
    plug_in.say(id=asked["id"], error=error)
    wait(lambda: bool(said))
    assert isinstance(said[0], GreenroomError)
    assert (said[0].message, said[0].hint) == ("the strip is gone", "Read the cues again.")
    plug_in.out.close()
    wait(lambda: not link.open)


def test_the_playhead_is_told_and_rubbish_is_passed_over(qtbot: QtBot, plug_in: PlugIn, wait: Wait) -> None:
    link = Link(plug_in.panel_in, plug_in.panel_out)
    offsets: list[int] = []
    link.at.connect(offsets.append)
    for line in (b"\n", b"[1, 2]\n", b"{not json}\n", b'{"method": "at", "params": {"offset": "x"}}\n', b"\xff\xfe\n"):
        plug_in.out.write(line)
    plug_in.say(id=999, result={})
    plug_in.say(method="at", params={"offset": 48})
    wait(lambda: offsets == [48])
    plug_in.out.close()
    wait(lambda: not link.open)


def test_a_plug_in_that_left_is_not_asked(qtbot: QtBot, plug_in: PlugIn, wait: Wait) -> None:
    link = Link(plug_in.panel_in, plug_in.panel_out)
    plug_in.come.close()
    plug_in.out.close()
    wait(lambda: not link.open)
    link.ask("read")
    assert not link.open


def test_only_known_ways_lead_to_a_host() -> None:
    assert link_of("") is None
    with pytest.raises(InputError, match="no way to reach"):
        link_of("tcp:1234")

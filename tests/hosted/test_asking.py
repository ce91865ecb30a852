# SPDX-License-Identifier: Apache-2.0
"""Questions and uploads are repeated within bounds, and wait as long as the host asks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from greenroom.engines.hosted.patience import told_to_wait
from greenroom.engines.hosted.wire import Part, Refused
from greenroom.errors import EngineError, EngineUnavailable


def test_a_question_is_asked_again_after_what_passes(server: Any, wire: Any, still: Any) -> None:
    server.will(500).will(drop=True).will(502).will(json={"status": "COMPLETED"})
    assert asyncio.run(wire.get_json("/status")) == {"status": "COMPLETED"}
    assert len(server.requests) == 4
    assert len(still.slept) == 3


def test_a_question_is_not_asked_for_ever(server: Any, wire: Any) -> None:
    server.will(500, json={"detail": "overloaded"}, times=20)
    with pytest.raises(EngineError, match="overloaded"):
        asyncio.run(wire.get("/status"))
    assert len(server.requests) == 5


def test_a_no_is_not_asked_again(server: Any, wire: Any) -> None:
    server.will(404, json={"detail": "no such request"})
    with pytest.raises(Refused, match=r"\(404\): no such request"):
        asyncio.run(wire.get("/status"))
    assert len(server.requests) == 1


def test_a_status_that_is_accepted_is_an_answer(server: Any, wire: Any) -> None:
    server.will(422, json={"detail": "x"})
    answer = asyncio.run(wire.get("/result", accept=(422,)))
    assert (answer.status, answer.json()) == (422, {"detail": "x"})


def test_json_that_is_none_is_an_error(server: Any, wire: Any) -> None:
    server.will(body=b"<html>")
    with pytest.raises(EngineError, match="no JSON"):
        asyncio.run(wire.get_json("/status"))


def test_a_key_revoked_half_way(server: Any, wire: Any) -> None:
    server.will(json={}).will(401, json={"detail": "revoked"})

    async def twice() -> None:
        await wire.get_json("/status")
        await wire.get_json("/status")

    with pytest.raises(EngineUnavailable, match=r"revoked.*greenroom keys set fal"):
        asyncio.run(twice())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:20 GMT"}, 20),
        # this machine's clock is ten minutes slow: the server's own Date counts
        ({"retry-after": "Sun, 22 Nov 2026 12:10:05 GMT", "date": "Sun, 22 Nov 2026 12:10:00 GMT"}, 5),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0),
        ({"ratelimit-reset": "12"}, 12),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_what_a_host_asks_to_wait(still: Any, headers: dict[str, str], seconds: float | None) -> None:
    assert told_to_wait(still.clock, headers) == seconds


def test_a_date_to_wait_for_is_waited_for(server: Any, wire: Any, still: Any) -> None:
    server.will(503, headers={"Retry-After": "Sun, 22 Nov 2026 12:00:20 GMT"}).will(json={})
    asyncio.run(wire.get_json("/status"))
    assert still.slept == [pytest.approx(20 * 1.05 + 0.05)]


def test_an_hour_to_wait_is_cut_to_two_minutes_and_given_up_in_the_end(server: Any, wire: Any, still: Any) -> None:
    server.will(429, headers={"Retry-After": "3600"}, times=20)
    with pytest.raises(Refused):
        asyncio.run(wire.get("/status"))
    assert still.slept == [pytest.approx(120 * 1.05 + 0.05)] * 4


def test_a_file_is_uploaded_whole_and_again_from_its_start(server: Any, wire: Any, tmp_path: Path) -> None:
    file = tmp_path / "dialogue.wav"
    file.write_bytes(bytes(range(256)) * 10_000)
    server.will(503).will(json={"access_url": "https://v3.fal.media/x"})
    asyncio.run(wire.put("/upload", content=file, headers={"Content-Type": "audio/wav"}))
    assert [each.body == file.read_bytes() for each in server.requests] == [True, True]
    assert server.requests[0].headers["content-length"] == "2560000"


def test_a_form_carries_file_and_fields(server: Any, wire: Any, tmp_path: Path) -> None:
    file = tmp_path / "mara.png"
    file.write_bytes(b"picture")
    server.will(json={})
    asyncio.run(wire.post("/files", form={"type": "input"}, parts={"content": Part(file, "image/png")}))
    body = server.requests[0].body
    assert b'name="content"; filename="mara.png"' in body
    assert b"Content-Type: image/png" in body
    assert b'name="type"' in body


def test_a_line_serves_one_loop_after_another(server: Any, wire: Any) -> None:
    server.will(json={"n": 1}).will(json={"n": 2})
    assert [asyncio.run(wire.get_json("/a"))["n"], asyncio.run(wire.get_json("/b"))["n"]] == [1, 2]


def test_cookies_are_not_kept(server: Any, wire: Any) -> None:
    server.will(json={}, headers={"Set-Cookie": "session=1"}).will(json={})

    async def twice() -> None:
        await wire.get_json("/a")
        await wire.get_json("/b")

    asyncio.run(twice())
    assert "cookie" not in server.requests[1].headers

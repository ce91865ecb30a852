# SPDX-License-Identifier: Apache-2.0
"""The key goes to the host's own addresses only, and into no error, log or repr."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from greenroom.engines.hosted.addresses import Guard, UnsafeAddress
from greenroom.engines.hosted.download import download
from greenroom.engines.hosted.keys import Key
from greenroom.engines.hosted.words import providers_words
from greenroom.errors import EngineError, GreenroomError, PaymentUnknownError

ANYWHERE = Guard(permits=lambda address: True, schemes=frozenset({"http", "https"}))


def held_by(error: BaseException | None, seen: set[int] | None = None) -> Iterator[str]:
    """All that an error and those behind it would tell a log, and the requests that they hold."""
    seen = set() if seen is None else seen
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield "".join(traceback.format_exception(error))
    yield repr(vars(error)) + repr(error.args)
    request = getattr(error, "_request", None)
    yield repr(list(request.headers.raw)) if request is not None else ""
    yield from held_by(error.__cause__, seen)
    yield from held_by(error.__context__, seen)


def caught(work: Callable[[], Any]) -> GreenroomError:
    with pytest.raises(GreenroomError) as found:
        asyncio.run(work())
    return found.value


def test_the_key_is_sent_to_its_own_host(server: Any, wire: Any, secret: str) -> None:
    server.will(json={})
    asyncio.run(wire.get("/status"))
    assert server.requests[0].headers["authorization"] == f"Key {secret}"


def test_another_hosts_address_gets_no_key(make_server: Any, make_wire: Any) -> None:
    other = make_server().will(json={})
    asyncio.run(make_wire(guard=ANYWHERE).get(f"{other.url}/status"))
    assert "authorization" not in other.requests[0].headers


def test_a_redirect_to_another_host_loses_the_key(server: Any, make_server: Any, make_wire: Any, secret: str) -> None:
    other = make_server().will(json={"from": "other"})
    server.will(302, headers={"Location": f"{other.url}/there"})
    wire = make_wire(guard=ANYWHERE)
    assert asyncio.run(wire.get_json("/status", headers={"X-Token": "t"})) == {"from": "other"}
    assert "authorization" in server.requests[0].headers
    assert not {"authorization", "x-token"} & set(other.requests[0].headers)


def test_even_to_another_address_of_its_own(server: Any, make_server: Any, make_wire: Any) -> None:
    media = make_server().will(json={})
    server.will(307, headers={"Location": f"{media.url}/there"})
    asyncio.run(make_wire(media=media.url).get("/status"))
    assert "authorization" not in media.requests[0].headers


def test_a_redirect_back_home_does_not_find_the_key_again(server: Any, make_server: Any, make_wire: Any) -> None:
    other = make_server()
    server.will(302, headers={"Location": f"{other.url}/there"}).will(json={})
    other.will(302, headers={"Location": f"{server.url}/back"})
    asyncio.run(make_wire(guard=ANYWHERE).get("/status"))
    assert ["authorization" in each.headers for each in server.requests] == [True, False]


def test_a_redirect_within_the_host_keeps_the_key(server: Any, wire: Any) -> None:
    server.will(302, headers={"Location": "/v2/status"}).will(json={})
    asyncio.run(wire.get("/status"))
    assert ["authorization" in each.headers for each in server.requests] == [True, True]


def test_a_redirect_into_this_machine_is_not_followed(server: Any, make_server: Any, wire: Any) -> None:
    other = make_server().will(json={})
    server.will(302, headers={"Location": f"{other.url}/admin"})
    assert isinstance(caught(lambda: wire.get("/status")), UnsafeAddress)
    assert other.connections == 0


def test_redirects_end(server: Any, wire: Any) -> None:
    server.will(302, headers={"Location": "/round"}, times=60)
    assert "from one address to the next" in str(caught(lambda: wire.get("/status")))


def test_no_error_holds_the_key(server: Any, make_wire: Any, secret: str, tmp_path: Path) -> None:
    echo = {"detail": f"invalid token {secret} for https://x.example/f.mp4?X-Signature=abcdef"}
    short = httpx.Timeout(5.0, read=0.1)
    errors: list[GreenroomError] = []

    async def fetch() -> None:
        url, film = f"{server.url}/film.mp4", tmp_path / "film.mp4"
        await download(make_wire(timeouts=short), url, film, limit=10**6, headers_needed=True)

    for reply in ({"drop": True}, {"silent": True}, {"status": 500, "json": echo}, {"status": 401, "json": echo}):
        server.replies.clear()
        server.will(**{"times": 10} | reply)
        errors.append(caught(lambda: make_wire(timeouts=short).post_once("/submit", json={})))
        server.replies.clear()
        server.will(**{"times": 10} | reply)
        errors.append(caught(lambda: make_wire(timeouts=short).get("/status")))
        server.replies.clear()
        server.will(**{"times": 10} | reply)
        errors.append(caught(fetch))
    assert len(errors) == 12
    for error in errors:
        told = "".join(held_by(error))
        assert secret not in told
        assert "abcdef" not in told


def test_logs_hold_neither_key_nor_signed_address(
    server: Any, wire: Any, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.will(json={})
    asyncio.run(wire.get("/status?X-Signature=abcdef"))
    assert server.requests[0].path == "/status?X-Signature=abcdef"
    assert secret not in caplog.text
    assert "abcdef" not in caplog.text


def test_a_key_shows_where_it_is_from_and_no_more(make_wire: Any, secret: str) -> None:
    key = Key("fal", secret, "the variable FAL_KEY")
    assert repr(key) == str(key) == f"{key}" == "Key('fal', from the variable FAL_KEY)"
    wire = make_wire()
    assert secret not in repr(wire) + repr(wire.line) + repr(vars(wire)) + repr(vars(wire.line))
    with pytest.raises(TypeError, match="never written"):
        pickle.dumps(key)


def test_a_token_of_the_callers_own_goes_before_the_key(server: Any, wire: Any) -> None:
    server.will(json={})
    asyncio.run(wire.post("/files/upload", headers={"authorization": "Bearer short-lived"}, content=b"x"))
    assert server.requests[0].headers["authorization"] == "Bearer short-lived"


def test_a_hosts_own_header_is_used(server: Any, secret: str) -> None:
    from dataclasses import replace

    from greenroom.engines.hosted.settings import HOSTS
    from greenroom.engines.hosted.wire import Wire

    server.will(json={})
    settings = replace(HOSTS["sync"], api=server.url)
    asyncio.run(Wire(settings, Key("sync", secret, "a test")).get("/v2/models"))
    assert server.requests[0].headers["x-api-key"] == secret
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"detail": "Request was throttled."}', "Request was throttled."),
        (b'{"detail": [{"loc": ["body", "fps"], "msg": "too high"}, {"msg": "bad"}]}', "fps: too high; bad"),
        (b'{"error": {"type": "invalid_prompt", "message": "no output"}}', "no output"),
        (b'{"code": 1102, "message": "pack is empty", "request_id": "x"}', "pack is empty"),
        (b"<html><style>p {}</style><h1>502 Bad\n Gateway</h1></html>", "502 Bad Gateway"),
        (b"", ""),
        (b"null", ""),
        (b'{"detail": null, "error": false}', ""),
    ],
)
def test_the_hosts_words_are_found(body: bytes, words: str) -> None:
    assert providers_words(body) == words


def test_words_are_a_paragraph_at_most(server: Any, wire: Any) -> None:
    server.will(500, body=b"x" * 10_000)
    error = caught(lambda: wire.post_once("/submit", json={}))
    assert isinstance(error, PaymentUnknownError)
    assert isinstance(caught(lambda: wire.get("ftp://host.example/x")), EngineError)
    assert len(str(error)) < 500

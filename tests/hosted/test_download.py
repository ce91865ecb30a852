# SPDX-License-Identifier: Apache-2.0
"""A result arrives whole, within its size and as what it should be, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from greenroom.engines.hosted.download import OutputExpired, download
from greenroom.engines.hosted.media_kind import media_kind
from greenroom.errors import DeliveryError, EngineError

LIMIT = 10**6
ETAG = {"ETag": '"v1"', "Content-Type": "video/mp4"}


def part(film: bytes, start: int, **more: str) -> dict[str, Any]:
    headers = {"Content-Range": f"bytes {start}-{len(film) - 1}/{len(film)}"} | ETAG | more
    return {"status": 206, "body": film[start:], "headers": headers}


@pytest.fixture
def fetch(server: Any, wire: Any, tmp_path: Path) -> Any:
    def fetch(**more: Any) -> Any:
        asked = {"limit": LIMIT, "expected": "video"} | more
        return asyncio.run(download(wire, f"{server.url}/out/film.mp4", tmp_path / "film.mp4", **asked))

    return fetch


@pytest.fixture
def left(tmp_path: Path) -> Any:
    """Names of the files that a download left behind."""
    return lambda: sorted(path.name for path in tmp_path.iterdir())


def test_a_film_arrives(server: Any, fetch: Any, film: bytes, left: Any) -> None:
    server.will(body=film, headers=ETAG)
    got = fetch()
    assert got.path.read_bytes() == film
    assert (got.size, got.mime, got.claimed, got.tries) == (len(film), "video/mp4", "video/mp4", 1)
    assert left() == ["film.mp4"]
    assert "authorization" not in server.requests[0].headers


def test_the_hosts_key_is_sent_where_it_is_needed(server: Any, fetch: Any, film: bytes) -> None:
    server.will(body=film)
    fetch(headers_needed=True)
    assert "authorization" in server.requests[0].headers


def test_a_drop_is_taken_up_where_it_broke(server: Any, fetch: Any, film: bytes) -> None:
    server.will(body=film, headers=ETAG, cut=100_000).will(**part(film, 100_000))
    got = fetch()
    assert got.path.read_bytes() == film
    assert server.requests[1].headers["range"] == "bytes=100000-"
    assert server.requests[1].headers["if-range"] == '"v1"'
    assert got.tries == 2


def test_a_date_names_the_version_too(server: Any, fetch: Any, film: bytes) -> None:
    dated = {"Last-Modified": "Sun, 22 Nov 2026 11:00:00 GMT", "ETag": 'W/"weak"'}
    server.will(body=film, headers=dated, cut=100_000).will(**part(film, 100_000))
    assert fetch().path.read_bytes() == film
    assert server.requests[1].headers["if-range"] == "Sun, 22 Nov 2026 11:00:00 GMT"


def test_a_range_that_is_ignored_starts_anew(server: Any, fetch: Any, film: bytes) -> None:
    server.will(body=film, headers=ETAG, cut=100_000).will(body=film, headers=ETAG)
    assert fetch().path.read_bytes() == film


def test_another_version_of_the_file_is_not_glued_to_the_first(server: Any, fetch: Any, film: bytes) -> None:
    other = film[:50_000] + b"another ending"
    server.will(body=film, headers=ETAG, cut=100_000).will(body=other, headers={"ETag": '"v2"'})
    assert fetch().path.read_bytes() == other


def test_without_a_version_nothing_is_glued(server: Any, fetch: Any, film: bytes) -> None:
    server.will(body=film, cut=100_000).will(body=film)
    assert fetch().path.read_bytes() == film
    assert "range" not in server.requests[1].headers


def test_a_part_from_elsewhere_is_not_glued(server: Any, fetch: Any, film: bytes) -> None:
    server.will(body=film, headers=ETAG, cut=100_000).will(**part(film, 90_000)).will(**part(film, 100_000))
    assert fetch().path.read_bytes() == film


def test_a_range_that_cannot_be_served_starts_anew(server: Any, fetch: Any, film: bytes) -> None:
    server.will(body=film, headers=ETAG, cut=100_000).will(416).will(body=film, headers=ETAG)
    assert fetch().path.read_bytes() == film
    assert "range" not in server.requests[2].headers


def test_drops_without_end_leave_nothing_and_can_be_tried_again(
    server: Any, fetch: Any, film: bytes, left: Any
) -> None:
    server.will(body=film, cut=100_000, times=50)
    with pytest.raises(EngineError, match=r"paid for and still there.*without a new job") as caught:
        fetch()
    assert not isinstance(caught.value, DeliveryError)  # the desk would give the result up
    assert left() == []
    assert len(server.requests) == 7


def test_drops_that_bring_something_each_time_are_followed_to_the_end(server: Any, fetch: Any, film: bytes) -> None:
    server.will(body=film, headers=ETAG, cut=10_000)
    for start in range(10_000, 200_000, 10_000):
        server.will(**part(film, start), cut=10_000)
    server.will(**part(film, 200_000))
    assert fetch().path.read_bytes() == film


def test_more_than_the_limit_is_refused_when_announced(server: Any, fetch: Any, film: bytes, left: Any) -> None:
    server.will(body=film, length=4 * 10**9)
    with pytest.raises(DeliveryError, match="4,000 MB or more, the limit is 1 MB"):
        fetch()
    assert (left(), len(server.requests)) == ([], 1)


def test_more_than_the_limit_is_counted_where_it_is_not_announced(
    server: Any, fetch: Any, film: bytes, left: Any
) -> None:
    chunk = b"%x\r\n" % len(film) + film + b"\r\n"
    server.will(body=chunk * 10 + b"0\r\n\r\n", headers={"Transfer-Encoding": "chunked"})
    with pytest.raises(EngineError, match="the limit is 1 MB"):
        fetch()
    assert left() == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_an_expired_result_is_told_apart(server: Any, fetch: Any, status: int, left: Any) -> None:
    server.will(status, body=b"<?xml version='1.0'?><Error><Message>Request has expired</Message></Error>", times=5)
    with pytest.raises(OutputExpired, match=f"no longer has the result .{status}: Request has expired"):
        fetch()
    assert len(server.requests) == (3 if status == 404 else 1)
    assert left() == []


def test_storage_that_is_a_moment_late(server: Any, fetch: Any, film: bytes) -> None:
    server.will(404).will(body=film)
    assert fetch().size == len(film)


def test_a_busy_server_is_waited_for(server: Any, fetch: Any, film: bytes, still: Any) -> None:
    server.will(503, headers={"Retry-After": "9"}).will(body=film)
    fetch()
    assert still.slept == [pytest.approx(9 * 1.05 + 0.05)]


def test_a_web_page_instead_of_a_film_is_told(server: Any, fetch: Any, left: Any) -> None:
    page = b"\n<!DOCTYPE html><html>Sign in to this network</html>"
    server.will(body=page, headers={"Content-Type": "video/mp4"}, times=5)
    with pytest.raises(DeliveryError, match="a web page instead of video, which it calls video/mp4"):
        fetch()
    assert left() == []


def test_a_gateways_page_of_a_moment_costs_no_result(server: Any, fetch: Any, film: bytes) -> None:
    server.will(body=b"<html>one moment").will(body=film)
    assert fetch().path.read_bytes() == film


def test_a_picture_instead_of_a_film_is_told(server: Any, fetch: Any) -> None:
    server.will(body=b"\x89PNG\r\n\x1a\n" + bytes(2000))
    with pytest.raises(DeliveryError, match="image/png instead of video"):
        fetch()


def test_an_empty_file_is_no_result(server: Any, fetch: Any, left: Any) -> None:
    server.will(body=b"")
    with pytest.raises(DeliveryError, match="empty"):
        fetch()
    assert left() == []


def test_a_packed_file_is_not_taken(server: Any, fetch: Any, film: bytes) -> None:
    server.will(body=film, headers={"Content-Encoding": "gzip"})
    with pytest.raises(EngineError, match="packed"):
        fetch()


def test_an_hour_is_enough_for_any_film(server: Any, fetch: Any, film: bytes, still: Any) -> None:
    class Slow(list[float]):
        """Every look at the clock takes more than half an hour."""

        def __iter__(self) -> Any:
            self.append(2000.0)
            return super().__iter__()

    still.slept = Slow()
    server.will(body=film, times=50)
    with pytest.raises(EngineError, match=r"bytes in an hour.*paid for and still there"):
        fetch()


def test_what_was_there_stays_until_the_new_is_whole(server: Any, fetch: Any, film: bytes, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"old")
    server.will(410)
    with pytest.raises(OutputExpired):
        fetch()
    assert (tmp_path / "film.mp4").read_bytes() == b"old"
    server.will(body=film)
    fetch()
    assert (tmp_path / "film.mp4").read_bytes() == film


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
        (b"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat", "video/mp4"),
        (b"\x00\x00\x00\x1cftypavif", "image/avif"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b'{"error": "gone"}', "application/json"),
        (b"\xef\xbb\xbf <HTML>", "text/html"),
        (b"plain words", ""),
        (b"", ""),
    ],
)
def test_kinds_by_their_first_bytes(beginning: bytes, kind: str) -> None:
    assert media_kind(beginning) == kind


# What an earlier process left behind


def test_another_run_goes_on_where_drops_ended_the_first(server: Any, fetch: Any, film: bytes, left: Any) -> None:
    broken = {"status": 503, "times": 50}
    server.will(body=film, headers=ETAG, cut=100_000).will(**broken)
    with pytest.raises(EngineError):
        fetch()
    assert left() == ["film.mp4.partial", "film.mp4.partial.json"]
    asked = len(server.requests)
    server.replies.clear()
    server.will(**part(film, 100_000))
    assert fetch().path.read_bytes() == film
    assert [request.headers["range"] for request in server.requests[asked:]] == ["bytes=100000-"]
    assert left() == ["film.mp4"]


def test_what_was_left_is_never_mixed_with_another_version(server: Any, fetch: Any, film: bytes) -> None:
    server.will(body=film, headers=ETAG, cut=100_000).will(status=503, times=50)
    with pytest.raises(EngineError):
        fetch()
    other = film[:64] + film[64:][::-1]
    server.replies.clear()
    server.will(body=other, headers=ETAG | {"ETag": '"v2"'})
    assert fetch().path.read_bytes() == other
    assert server.requests[-1].headers["if-range"] == '"v1"'


def test_what_was_left_of_another_address_is_not_used(
    server: Any, fetch: Any, film: bytes, wire: Any, tmp_path: Path
) -> None:
    server.will(body=film, headers=ETAG, cut=100_000).will(status=503, times=50)
    with pytest.raises(EngineError):
        fetch()
    assert server.url not in (tmp_path / "film.mp4.partial.json").read_text("utf-8")
    server.replies.clear()
    server.will(body=film, headers=ETAG)
    asyncio.run(download(wire, f"{server.url}/out/other.mp4", tmp_path / "film.mp4", limit=LIMIT, expected="video"))
    assert "range" not in server.requests[-1].headers


PROGRAM = """
import asyncio, sys
from pathlib import Path
from greenroom.engines.hosted.download import download
from greenroom.engines.hosted.settings import read_hosts
from greenroom.engines.hosted.wire import Wire

async def run(url, to):
    settings, _ = read_hosts({"fal": {"url": url}})
    async with Wire(settings["fal"], None) as wire:
        await download(wire, f"{url}/film.mp4", Path(to), limit=10**9, expected="video")

asyncio.run(run(*sys.argv[1:]))
"""


def test_killed_in_the_middle_the_next_process_fetches_the_rest_only(tmp_path: Path) -> None:
    """80 MB, half of which come at once and the rest never, until the first process is dead."""
    film = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + random.Random(4).randbytes(80_000_000)
    ranges: list[str] = []

    class Film(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ranges.append(self.headers.get("Range", ""))
            start = int(ranges[-1].removeprefix("bytes=").removesuffix("-") or 0)
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(film) - 1}/{len(film)}")
            self.send_header("ETag", '"v1"')
            self.send_header("Content-Length", str(len(film) - start))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(film[start:] if start else film[:50_000_000])
                until.wait(0 if start else 60)

        def log_message(self, *words: Any) -> None: ...

    until, to = threading.Event(), tmp_path / "film.mp4"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Film)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    command = [sys.executable, "-c", PROGRAM, f"http://127.0.0.1:{server.server_port}", str(to)]
    note = tmp_path / "film.mp4.partial.json"
    with subprocess.Popen(command) as process:
        while not note.exists() and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    until.set()
    known = json.loads(note.read_text("utf-8"))["size"]
    assert 32_000_000 <= known <= 50_000_000
    subprocess.run(command, check=True)
    assert ranges == ["", f"bytes={known}-"]
    assert to.read_bytes() == film
    server.shutdown()
    server.server_close()

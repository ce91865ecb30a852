# SPDX-License-Identifier: Apache-2.0
"""Fetches a result: whole, what it claims to be, within a size, or not at all.

A connection that drops is taken up where it broke (Range and If-Range), as long as the server gives the file a name for
its version (a strong ETag, or Last-Modified); otherwise, and where it ignores the range, from the start. So is one that
was cut off by the end of its process: beside the partial file lies what is surely on the disk of it, and of which
version (see `partial_file`). The file has its name only when all of it is on the disk.

What comes of it: `OutputExpired` and other DeliveryErrors say that the result is no good or gone for good. Any other
EngineError says that it is still there, and fetching may be tried again.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx

from greenroom.engines.hosted import partial_file
from greenroom.engines.hosted.exchange import Ask
from greenroom.engines.hosted.media_kind import ENOUGH, media_kind
from greenroom.engines.hosted.near import pieces
from greenroom.engines.hosted.patience import pause
from greenroom.engines.hosted.wire import Wire
from greenroom.engines.hosted.words import providers_words
from greenroom.errors import DeliveryError, EngineError
from greenroom.media.files import partial_path, publish, store_error

__all__ = ["Downloaded", "OutputExpired", "download"]

_TRIES = 6  # in a row without a byte more
_MOST_TRIES = 40  # of one file
_PATIENCE = 3600.0  # seconds for one file, pauses included
_GONE = frozenset({403, 404, 410})  # 403: what expired signatures are answered with (S3, OSS, GCS)
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOOKS = 3  # storage that was just written to may say 404 for a moment, a gateway may show a page of its own
_WRITE_BACK = 32 * 1024 * 1024  # bytes between syncs on the way, so that the last one is short
_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")
_PAGES = frozenset({"text/html", "application/json", "application/xml"})
_SAID = {"text/html": "a web page", "application/json": "JSON", "application/xml": "XML", "": "something unknown"}


class OutputExpired(DeliveryError):
    """The host no longer has the result, or its address has expired."""


@dataclass(frozen=True)
class Downloaded:
    """A fetched file. `mime` is what its first bytes are, `claimed` what the host called it."""

    path: Path
    size: int
    mime: str
    claimed: str
    tries: int


@dataclass
class _Progress:
    """What is there so far, and which version of the file it is of."""

    size: int = 0
    total: int | None = None
    version: str = ""
    claimed: str = ""
    kind: str = ""


async def download(
    wire: Wire, url: str, to: Path, *, limit: int, expected: str = "", headers_needed: bool = False
) -> Downloaded:
    """Fetches `url` (or unpacks it, a data URI) to `to`. `limit` is in bytes; `expected`: "video", "image", "audio",
    or "" for anything.

    `headers_needed`: with the host's key, which goes to the host's own addresses only.

    Raises:
        OutputExpired: 403, 404 or 410.
        DeliveryError: larger than `limit`, empty, or not `expected` by its first bytes.
        UnsafeAddress: an address that isn't gone to.
        EngineError: it didn't come whole; it may when tried again.
        StoreError: it can't be written.
    """
    try:
        try:
            return await _Fetch(wire, url, to, limit, expected, headers_needed).whole()
        except (DeliveryError, OSError):
            partial_file.remove(to)
            raise
        finally:
            partial_file.sweep(to)
    except OSError as error:
        raise store_error(error, to) from error


class _Fetch:
    def __init__(self, wire: Wire, url: str, to: Path, limit: int, expected: str, headers_needed: bool) -> None:
        self.wire = wire
        self.url = url
        self.to = to
        self.limit = limit
        self.expected = expected
        self.headers_needed = headers_needed
        self.at = _Progress()
        self.absent = 0
        self.pages = 0
        self.since = wire.clock.passed()
        self.synced = 0
        self.syncing: asyncio.Future[None] | None = None

    async def whole(self) -> Downloaded:
        with partial_file.opened(self.to, self.url) as (file, known):
            if known is not None:
                self._taken_up(file, known)
            try:
                tries = await self._all_tries(file)
            finally:
                await self._synced()  # it uses the file's number
                self._noted_at_the_end(file)
        if not self.at.size:
            raise DeliveryError(f"{self._title} delivered an empty file", hint=_AGAIN)
        await asyncio.to_thread(publish, partial_path(self.to), self.to)
        partial_file.remove(self.to)
        return Downloaded(self.to, self.at.size, self.at.kind, self.at.claimed, tries)

    def _taken_up(self, file: BinaryIO, known: partial_file.Known) -> None:
        """Goes on where an earlier process was, if what it left is what was wanted."""
        kind = media_kind(file.read(ENOUGH))
        if known.size > self.limit or not kind.startswith(self.expected):
            return  # the first answer starts anew
        self.at = _Progress(known.size, known.total, known.version, known.claimed, kind)
        file.seek(known.size)
        file.truncate()
        self.synced = known.size

    async def _all_tries(self, file: BinaryIO) -> int:
        if self.url.startswith("data:"):
            await asyncio.to_thread(self._unpacked, file)
            return 1
        if self.at.size and self.at.size == self.at.total:
            return 0
        clock, idle, tries = self.wire.clock, 0, 0
        while True:
            tries += 1
            before = self.at.size
            trouble, headers = await self._try(file)
            if not trouble:
                return tries
            idle = 0 if self.at.size > before else idle + 1
            if idle >= _TRIES or tries >= _MOST_TRIES or self._late():
                raise self._unfinished(trouble)
            await clock.sleep(pause(clock, idle + 1, headers))

    def _unpacked(self, file: BinaryIO) -> None:
        """The file that an answer brought with it (Cog)."""
        head, _, packed = self.url.partition(",")
        self._check_size(len(packed) * 3 // 4)
        try:
            content = base64.b64decode(packed, validate=True)
        except binascii.Error:
            raise DeliveryError(f"{self._title} delivered a file that can't be unpacked", hint=_AGAIN) from None
        self.at = _Progress(len(content), len(content), claimed=head.removeprefix("data:").partition(";")[0])
        self.pages = _LOOKS  # there is no asking again
        if content:
            self._check_kind(content[:ENOUGH])
        file.write(content)

    async def _try(self, file: BinaryIO) -> tuple[str, Mapping[str, str]]:
        """What went wrong, in words ("": nothing), and the answer's headers."""
        headers: Mapping[str, str] = {}
        await self.wire.leave_for(self.url)
        try:
            async with self.wire.line.opened(self._ask()) as response:
                headers = response.headers
                trouble = await self._refused(response)
                if not trouble:
                    await self._placed(response, file)
                    await self._taken(response, file)
        except httpx.HTTPError as error:
            trouble = self.wire.line.words_of(error)
        except (httpx.InvalidURL, UnicodeError):
            trouble = "that is no address"
        return trouble or self._short(), headers

    def _ask(self) -> Ask:
        headers = {"Accept-Encoding": "identity"}  # sizes and ranges are of the file itself
        if self.at.size and self.at.version:
            headers |= {"Range": f"bytes={self.at.size}-", "If-Range": self.at.version}
        return Ask("GET", self.url, headers, keyed=self.headers_needed)

    async def _refused(self, response: httpx.Response) -> str:
        """Words for an answer that may be another later.

        Raises:
            OutputExpired, EngineError: for one that won't.
        """
        status = response.status_code
        if status in (200, 206):
            return ""
        if status == 416 and self.at.size:  # not what it was: from the start
            self.at = _Progress()
            return "the file changed while it was fetched"
        words = providers_words(await response.aread() if _is_short(response) else b"", self.wire.line.secrets(None))
        said = f"{status}: {words}" if words else str(status)
        if status == 404 and self.absent + 1 < _LOOKS:
            self.absent += 1
            return said
        if status in _GONE:
            raise OutputExpired(
                f"{self._title} no longer has the result ({said})",
                hint="Results are kept for an hour to some days. Look for it on the provider's own page; a new take "
                "costs anew.",
            )
        if status in _LATER:
            return said
        raise EngineError(f"{self._title} doesn't give the result ({said})", hint=_LATER_HINT)

    async def _placed(self, response: httpx.Response, file: BinaryIO) -> None:
        """Whether the answer goes on where we are, or starts anew; how large it says that it is."""
        found = _RANGE.match(response.headers.get("content-range", "")) if response.status_code == 206 else None
        length = response.headers.get("content-length", "")
        if found and found[1] == str(self.at.size) and self.at.size:
            total = int(found[2]) if found[2] != "*" else None
        else:
            if response.status_code == 206:
                raise httpx.RemoteProtocolError("a part was sent that wasn't asked for")
            self.at = _Progress(claimed=response.headers.get("content-type", "").partition(";")[0].strip())
            await self._synced()
            partial_file.forget(self.to)  # before a byte of another version is written
            file.seek(0)
            file.truncate()
            self.synced = 0
            total = int(length) if length.isdecimal() else None
        self.at.total = total
        self.at.version = _version(response.headers)
        if response.headers.get("content-encoding", "identity") not in ("identity", ""):
            raise EngineError(f"{self._title} sends the result packed, which wasn't asked for", hint=_LATER_HINT)
        self._check_size(total or 0)

    async def _taken(self, response: httpx.Response, file: BinaryIO) -> None:
        beginning = b"" if not self.at.size else None
        async for piece in pieces(response):
            self._check_size(self.at.size + len(piece))
            file.write(piece)
            self.at.size += len(piece)
            self._write_back(file)
            if self._late():  # a byte a minute is within every other time-out
                raise httpx.ReadTimeout(f"{self.at.size:,} bytes in an hour")
            if beginning is not None:
                beginning += piece[:ENOUGH]
                if len(beginning) >= ENOUGH:
                    self._check_kind(beginning)
                    beginning = None
        if beginning:
            self._check_kind(beginning)

    def _late(self) -> bool:
        return self.wire.clock.passed() - self.since > _PATIENCE

    def _write_back(self, file: BinaryIO) -> None:
        """Lets the disk begin while the network goes on."""
        if self.at.size < self.synced + _WRITE_BACK or (self.syncing is not None and not self.syncing.done()):
            return
        file.flush()
        self.synced = self.at.size
        self.syncing = asyncio.ensure_future(asyncio.to_thread(_note, file, self.to, self._known()))

    def _noted_at_the_end(self, file: BinaryIO) -> None:
        """Of what didn't come whole; nothing is awaited, since it may be a cancelled task that ends here."""
        if self.at.size and self.at.version and self.at.size != self.at.total:
            file.flush()
            self.synced = self.at.size
            _note(file, self.to, self._known())

    async def _synced(self) -> None:
        if self.syncing is not None:
            await self.syncing

    def _known(self) -> partial_file.Known:
        return partial_file.Known(self.url, self.synced, self.at.total, self.at.version, self.at.claimed)

    def _check_size(self, size: int) -> None:
        if size > self.limit:
            raise DeliveryError(
                f"{self._title} sends {size / 1e6:,.0f} MB or more, the limit is {self.limit / 1e6:,.0f} MB",
                hint="No take is that large. Look at the result on the provider's own page.",
            )

    def _check_kind(self, beginning: bytes) -> None:
        self.at.kind = media_kind(beginning)
        if not self.expected or self.at.kind.startswith(self.expected + "/"):
            return
        if self.at.kind in _PAGES and self.pages + 1 < _LOOKS:
            self.pages += 1
            self.at = _Progress()
            raise httpx.RemoteProtocolError("a page came instead of the result")
        called = f", which it calls {self.at.claimed}" if self.at.claimed else ""
        said = _SAID.get(self.at.kind, self.at.kind)
        raise DeliveryError(f"{self._title} delivered {said} instead of {self.expected}{called}", hint=_AGAIN)

    def _short(self) -> str:
        """HTTP/1.0 and careless proxies end early without a word."""
        if self.at.total is None or self.at.size == self.at.total:
            return ""
        return f"{self.at.size:,} of {self.at.total:,} bytes came"

    def _unfinished(self, trouble: str) -> EngineError:
        return EngineError(f"the result couldn't be fetched from {self._title}: {trouble}", hint=_LATER_HINT)

    @property
    def _title(self) -> str:
        return self.wire.settings.title


_LATER_HINT = "It is paid for and still there: run the same command again, and it is fetched without a new job."
_AGAIN = "Look at the result on the provider's own page."


def _note(file: BinaryIO, to: Path, known: partial_file.Known) -> None:
    """Brings to the disk what there is, then writes down that it is there."""
    os.fsync(file.fileno())
    if known.version:
        partial_file.note(to, known)


def _version(headers: Mapping[str, str]) -> str:
    """What names this version of the file exactly (RFC 9110, 13.1.5: If-Range takes strong ETags and dates)."""
    tag = headers.get("etag", "")
    return tag if tag.startswith('"') else headers.get("last-modified", "")


def _is_short(response: httpx.Response) -> bool:
    length = response.headers.get("content-length", "")
    return length.isdecimal() and int(length) <= 65536

# SPDX-License-Identifier: Apache-2.0
"""One request and its answer over HTTP, with the key where it belongs.

The key is added for the host's own addresses only, and is gone for good after a redirect to another. Other addresses
are connected to as `addresses.Guard` checked them. Errors that leave this module never hold httpx's own, which hold
requests, which hold keys: `attempt` gives a `Trouble` instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.cookiejar
import json as json_text
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from greenroom.engines.hosted.addresses import Guard, Target
from greenroom.engines.hosted.keys import Key, how_to_set
from greenroom.engines.hosted.near import Near
from greenroom.engines.hosted.settings import HostSettings, origin
from greenroom.engines.hosted.words import without
from greenroom.errors import EngineUnavailable

__all__ = ["CONNECTIONS", "TIMEOUTS", "Answer", "Ask", "Line", "Part", "Trouble"]

TIMEOUTS = httpx.Timeout(connect=10.0, read=60.0, write=60.0, pool=300.0)  # seconds
"""Reading: hosts answer a submit within seconds; a model that is waited for is polled. Pool: 500 jobs share 40
connections, and waiting for one is no fault."""

CONNECTIONS = httpx.Limits(max_connections=40, max_keepalive_connections=20, keepalive_expiry=3.0)
# 3 s: servers close idle connections after 5 s (uvicorn) and more; a POST must not run into that moment

_HOPS = 5
_LARGEST_ANSWER = 512 * 1024 * 1024  # bytes: Cog answers with films as data URIs
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NEVER_ARRIVED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_HARMLESS = frozenset({"accept", "accept-encoding", "content-type", "if-range", "range", "user-agent"})

# httpx logs whole addresses at INFO, and an address can carry a signature
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Part:
    """One file of a multipart form."""

    file: Path
    mime: str
    name: str = ""


@dataclass(frozen=True)
class Answer:
    """What a host answered. `headers` are by lower-case names."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON, None where it is none."""
        try:
            return json_text.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Trouble:
    """No answer came. `arrived`: the request may have."""

    arrived: bool
    words: str


@dataclass(frozen=True)
class Ask:
    """One request, to be made any number of times. `read_seconds`: how long an answer may take, if not as usual.
    `keyed`: with the key, where the address is the host's own.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] | None = field(default=None, repr=False)
    json: Any = field(default=None, repr=False)
    content: bytes | Path | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    parts: Mapping[str, Part] | None = field(default=None, repr=False)
    read_seconds: float | None = None
    keyed: bool = True


class Line:
    """The connections to one host. Usable from one event loop at a time; another loop gets connections of its own."""

    def __init__(
        self,
        settings: HostSettings,
        key: Key | None,
        *,
        guard: Guard,
        timeouts: httpx.Timeout,
        limits: httpx.Limits,
        make_client: Callable[..., httpx.AsyncClient],
    ) -> None:
        self.settings = settings
        self.key = key
        self.guard = guard
        self.timeouts = timeouts
        self.limits = limits
        self._make_client = make_client
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._places = asyncio.Semaphore(limits.max_connections or 1)

    def __repr__(self) -> str:
        return f"Line({self.settings.name!r})"

    async def aclose(self) -> None:
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    async def attempt(self, ask: Ask) -> Answer | Trouble:
        """One try, whole: the answer with its body, or what kept it away."""
        try:
            async with self.opened(ask) as response:
                body = await _body(response)
                return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)
        except httpx.HTTPError as error:
            return Trouble(not isinstance(error, _NEVER_ARRIVED), self.words_of(error))
        except (httpx.InvalidURL, UnicodeError):
            return Trouble(False, "that is no address")

    def words_of(self, error: httpx.HTTPError) -> str:
        """What httpx met, for an editor; without secrets."""
        detail = without(str(error), self.secrets(None))
        said = next((text for kind, text in _MEANINGS.items() if isinstance(error, kind)), type(error).__name__)
        return f"{said} ({detail})" if detail else said

    @contextlib.asynccontextmanager
    async def opened(self, ask: Ask) -> AsyncIterator[httpx.Response]:
        """The answer to `ask`, its body unread. A GET's redirects are followed, each looked at as the first address.

        Raises:
            httpx.HTTPError: as httpx does; who calls this must not let it out.
            UnsafeAddress: see `addresses`.
            EngineUnavailable: the host wants a key, and there is none.
        """
        async with self._place():
            response = await self._followed(ask)
            try:
                yield response
            finally:
                await response.aclose()

    async def _followed(self, ask: Ask) -> httpx.Response:
        url, headers, keyed = self._absolute(ask.url), dict(ask.headers), ask.keyed
        for _ in range(_HOPS + 1):
            response = await self._send(ask, url, headers, keyed=keyed)
            target = response.headers.get("location", "")
            if ask.method not in ("GET", "HEAD") or response.status_code not in _REDIRECTS or not target:
                return response
            await response.aclose()
            before, url = url, urljoin(url, target)
            if origin(before) != origin(url):
                keyed = False  # and stays so: who sends us back could have been anybody
                headers = {name: value for name, value in headers.items() if name.casefold() in _HARMLESS}
            ask = Ask(ask.method, url, headers)
        raise httpx.TooManyRedirects("it sends from one address to the next without an end")

    async def _send(self, ask: Ask, url: str, headers: Mapping[str, str], *, keyed: bool) -> httpx.Response:
        own = self.settings.owns(url)
        target = Target(url, "") if own else await self._checked(url)
        sent = dict(headers)
        if own and keyed:
            sent |= self._key_header(sent)
        with contextlib.ExitStack() as files:
            fields = {
                name: (part.name or part.file.name, files.enter_context(part.file.open("rb")), part.mime)
                for name, part in (ask.parts or {}).items()
            }
            content: bytes | AsyncIterator[bytes] | None = None
            if isinstance(ask.content, Path):
                sent["Content-Length"] = str(ask.content.stat().st_size)
                content = _pieces(ask.content)
            else:
                content = ask.content
            asked = {"params": ask.params, "json": ask.json, "content": content, "data": ask.form, "files": fields}
            asked = {name: value for name, value in asked.items() if value or (name == "json" and value is not None)}
            if ask.read_seconds is not None:
                asked["timeout"] = httpx.Timeout(**(self.timeouts.as_dict() | {"read": ask.read_seconds}))
            return await self._connected(ask.method, target, sent, asked)

    async def _connected(
        self, method: str, target: Target, headers: dict[str, str], asked: Mapping[str, Any]
    ) -> httpx.Response:
        """The answer from the first of the target's addresses that can be connected to."""
        client = self._client(target.name if target.addresses else "")
        if not target.addresses:
            return await client.send(client.build_request(method, target.url, headers=headers, **asked), stream=True)
        plain = httpx.URL(target.url)
        headers["Host"] = plain.netloc.decode("ascii")
        for number, address in enumerate(target.addresses, 1):
            there, name = plain.copy_with(host=address), {"sni_hostname": target.name}
            request = client.build_request(method, there, headers=headers, extensions=name, **asked)
            try:
                return await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(target.addresses):
                    raise
        raise httpx.ConnectError("the name has no address")

    async def _checked(self, url: str) -> Target:
        try:
            return await self.guard.check(url)
        except OSError as error:
            raise httpx.ConnectError(str(error)) from None

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """As many as there are connections: who waits within httpcore is looked through at every request."""
        self._settle_in()
        places = self._places
        try:
            async with asyncio.timeout(self.timeouts.pool):
                await places.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("all are in use") from None
        try:
            yield
        finally:
            places.release()

    def _settle_in(self) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # connections belong to the loop that made them
            self._loop, self._clients = loop, {}
            self._places = asyncio.Semaphore(self.limits.max_connections or 1)

    def _client(self, name: str) -> httpx.AsyncClient:
        """The client for the host's own addresses (""), or for the checked addresses of `name`.

        Names have clients of their own: a connection to an address was certified for one name, and must not be used
        for another that happens to have the same address.
        """
        self._settle_in()
        if name not in self._clients:
            near = Near(_certificates(), self.limits)
            secure = httpx.AsyncHTTPTransport(verify=_certificates(), limits=self.limits, trust_env=False)
            here = ("127.0.0.1", "localhost", "[::1]")  # which no proxy is to see
            direct = {f"http://{name}": near for name in here} | {f"https://{name}": secure for name in here}
            self._clients[name] = self._make_client(
                timeout=self.timeouts,
                limits=self.limits,
                follow_redirects=False,
                trust_env=not name,
                verify=_certificates(),
                mounts=None if name else direct,
                cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
                headers={"User-Agent": "greenroom"},
            )
        return self._clients[name]

    def _absolute(self, url: str) -> str:
        return url if urlsplit(url).scheme else f"{self.settings.api}/{url.lstrip('/')}"

    def _key_header(self, given: Mapping[str, str]) -> dict[str, str]:
        settings = self.settings
        if settings.key_header.casefold() in {name.casefold() for name in given}:
            return {}
        if self.key is not None:
            return {settings.key_header: settings.key_prefix + self.key.reveal()}
        if settings.needs_key:
            raise EngineUnavailable(f"there is no key for {settings.title}", hint=how_to_set(settings.name))
        return {}

    def secrets(self, ask: Ask | None) -> tuple[str, ...]:
        given = () if ask is None else tuple(v for n, v in ask.headers.items() if n.casefold() not in _HARMLESS)
        words = [word for value in given for word in value.split() if len(word) >= 12]
        return (*((self.key.reveal(),) if self.key else ()), *words)


_MEANINGS: Mapping[type[httpx.HTTPError], str] = {
    httpx.ConnectTimeout: "no connection within the time",
    httpx.ReadTimeout: "no answer within the time",
    httpx.WriteTimeout: "it took nothing more within the time",
    httpx.PoolTimeout: "too many requests at once",
    httpx.ConnectError: "no connection",
    httpx.ProxyError: "the proxy refused",
    httpx.RemoteProtocolError: "the connection ended before the answer was whole",
    httpx.NetworkError: "the connection broke",
    httpx.TooManyRedirects: "it sends from one address to the next",
    httpx.DecodingError: "the answer is damaged",
}


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Made once: it takes 20 ms. SSL_CERT_FILE of the environment is heeded, as studios with a proxy need it."""
    return httpx.create_ssl_context()


async def _body(response: httpx.Response) -> bytes:
    gathered = bytearray()
    async for piece in response.aiter_bytes():
        gathered += piece
        if len(gathered) > _LARGEST_ANSWER:
            raise httpx.ReadError("the answer is larger than any that a host has to give")
    return bytes(gathered)


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as stream:
        while piece := await asyncio.to_thread(stream.read, 1 << 20):
            yield piece

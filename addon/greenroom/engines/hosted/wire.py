# SPDX-License-Identifier: Apache-2.0
"""The one HTTP core that every host module speaks through: what may be asked again, and what an answer means.

    get, get_json    ask; repeated within bounds
    put, post        send what costs nothing (uploads, upload tokens, cancelling); repeated within bounds
    post_once        send what costs money: never again once it may have arrived

What a paid POST met, and what that means:

    no connection                          surely never arrived: tried again, then an EngineError
    429                                    refused: tried again after the wait that is asked for, then an EngineError
    another 4xx, 307, 308                  refused: EngineError; EngineUnavailable where the key is the reason
    408, 5xx, other redirects, time-outs,  nobody knows: PaymentUnknownError, at once
    dropped or unreadable answers

`exchange` makes single requests, and adds the key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from greenroom.engines.hosted.addresses import Guard
from greenroom.engines.hosted.exchange import CONNECTIONS, TIMEOUTS, Answer, Ask, Line, Part, Trouble
from greenroom.engines.hosted.keys import Key, how_to_set
from greenroom.engines.hosted.patience import Clock, pause
from greenroom.engines.hosted.settings import HostSettings
from greenroom.engines.hosted.words import providers_words
from greenroom.engines.telling import leave
from greenroom.errors import EngineError, EngineUnavailable, PaymentUnknownError

__all__ = ["Answer", "Part", "Refused", "Wire"]

_TRIES = 5
_TRIES_WHEN_BUSY = 8
_LONGEST_WAIT = 600.0  # seconds of pauses for one request
_BUSY = frozenset({429})
_PASSING = frozenset({408, 425, 500, 502, 503, 504})
_NOT_TAKEN = frozenset({307, 308})  # "send it there instead": nothing was done with it


class Refused(EngineError):
    """The host answered and said no: surely nothing was started. `status` and `words` are its own."""

    def __init__(self, message: str, *, hint: str = "", status: int = 0, words: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.words = words


class Wire:
    """One host's line. Usable from one event loop at a time; `aclose` (or `async with`) ends it.

    `guard` checks addresses that are not the host's own; `make_client` builds the httpx client (its arguments are
    those of `httpx.AsyncClient`).
    """

    def __init__(
        self,
        settings: HostSettings,
        key: Key | None = None,
        *,
        clock: Clock | None = None,
        guard: Guard | None = None,
        timeouts: httpx.Timeout = TIMEOUTS,
        limits: httpx.Limits = CONNECTIONS,
        make_client: Callable[..., httpx.AsyncClient] = httpx.AsyncClient,
    ) -> None:
        self.settings = settings
        self.key = key
        self.clock = clock or Clock()
        self.line = Line(
            settings, key, guard=guard or Guard(), timeouts=timeouts, limits=limits, make_client=make_client
        )

    def __repr__(self) -> str:
        return f"Wire({self.settings.name!r}, {self.settings.api!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self.line.aclose()

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        read_seconds: float | None = None,
    ) -> Answer:
        """Asks, again and again within bounds. Statuses of `accept` are answers too, beside 2xx.

        Raises:
            EngineUnavailable: the key is missing, or refused.
            Refused: the host said no.
            EngineError: no answer; asking later may help.
        """
        ask = Ask("GET", url, headers or {}, params, read_seconds=read_seconds)
        return self._settled(await self._persist(ask, accept=accept), accept)

    async def get_json(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The answer of `get` as JSON; an EngineError where it is none."""
        value = (await self.get(url, params=params, headers=headers)).json()
        if value is None:
            raise EngineError(f"{self.settings.title} gave an answer that is no JSON", hint="Try again later.")
        return value

    async def put(
        self,
        url: str,
        *,
        json: Any = None,
        content: bytes | Path | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        keyed: bool = True,
    ) -> Answer:
        """Sends what may be sent twice. Errors as `get`. `keyed`: False for an address that is signed itself."""
        ask = Ask("PUT", url, headers or {}, json=json, content=content, keyed=keyed)
        return self._settled(await self._persist(ask, accept=accept), accept)

    async def post(
        self,
        url: str,
        *,
        json: Any = None,
        content: bytes | Path | None = None,
        form: Mapping[str, str] | None = None,
        parts: Mapping[str, Part] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """Sends what costs nothing, however often: an upload, a request for a token, a cancel. Errors as `get`."""
        ask = Ask("POST", url, headers or {}, params, json, content, form, parts)
        return self._settled(await self._persist(ask, accept=accept), accept)

    async def post_once(
        self,
        url: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        parts: Mapping[str, Part] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        repeatable: bool = False,
        refusals: Collection[int] = (),
        accept: Collection[int] = (),
        read_seconds: float | None = None,
    ) -> Answer:
        """Sends what costs money; see the module's docstring. The answer is 2xx, or of `accept`, and its body JSON.

        `repeatable`: the request carries a key or an id by which the host knows a repeat, so that it may be sent again.
        `read_seconds`: how long the answer may take (a host that answers when the film is done).
        `refusals`: further statuses at which this host has surely started nothing (Cog's 503 while it sets up).

        Raises:
            EngineUnavailable: the key is missing, or refused. Nothing was started.
            EngineError: no connection, or refused (Refused). Nothing was started.
            PaymentUnknownError: it may have arrived.
        """
        ask = Ask(method, url, headers or {}, params, json, None, form, parts, read_seconds)
        seen: list[Answer | Trouble] = []
        result = await self._persist(ask, accept=accept, paid=not repeatable, seen=seen)
        if isinstance(result, Answer) and (result.fine or result.status in accept):
            if result.json() is None:
                raise self.payment_unknown("its answer can't be read")
            return result
        clear = {*refusals, *_NOT_TAKEN}
        doubts = [words for each in seen if (words := self._doubt(ask, each, clear))]
        if doubts:  # of any try: an earlier one may have arrived, whatever the last one met
            raise self.payment_unknown(doubts[-1])
        if isinstance(result, Trouble):
            raise self._unreachable(result)
        raise self.refusal(result)

    def _doubt(self, ask: Ask, result: Answer | Trouble, clear: Collection[int]) -> str:
        """Why a paid request may have been taken although this came of it; "" if it surely wasn't."""
        if isinstance(result, Trouble):
            return result.words if result.arrived else ""
        refused = 400 <= result.status < 500 and result.status not in _PASSING - {425}
        if refused or result.status in clear:
            return ""
        words = providers_words(result.body, self.line.secrets(ask))
        return f"it answered {result.status}{': ' + words if words else ''}"

    async def attempt(self, ask: Ask) -> Answer | Trouble:
        """One try, whatever comes of it."""
        await self.leave_for(ask.url)
        return await self.line.attempt(ask)

    async def leave_for(self, url: str) -> None:
        """Comes back when the host may be asked; at once where `url` is another's (storage, a delivery network)."""
        if "://" not in url or self.settings.owns(url):
            await leave(self.settings.name)

    def payment_unknown(self, words: str) -> PaymentUnknownError:
        """The error for a paid request whose outcome nobody knows; also for hosts that find no id in an answer."""
        return PaymentUnknownError(
            f"{self.settings.title} may have taken the job: {words}",
            hint="It is not sent again by itself. greenroom jobs shows what can be done.",
        )

    def refusal(self, answer: Answer) -> EngineError:
        """The error for an answer that says no, with the host's own words."""
        words = providers_words(answer.body, self.line.secrets(None))
        title, status = self.settings.title, answer.status
        said = f": {words}" if words else ""
        if status == 401:
            source = f" (from {self.key.source})" if self.key else ""
            return EngineUnavailable(f"{title} refuses the key{source}{said}", hint=how_to_set(self.settings.name))
        if status == 403:
            hint = f"Look at the key's rights and the account's balance, or: {how_to_set(self.settings.name)}"
            return EngineUnavailable(f"{title} doesn't allow this{said}", hint=hint)
        return Refused(f"{title} said no ({status}){said}", hint=_next_step(status), status=status, words=words)

    async def _persist(
        self,
        ask: Ask,
        *,
        accept: Collection[int] = (),
        paid: bool = False,
        seen: list[Answer | Trouble] | None = None,
    ) -> Answer | Trouble:
        """The answer, or what kept it away after all tries that are allowed. `seen` gets what came of each."""
        waited, attempt = 0.0, 0
        while True:
            attempt += 1
            result = await self.attempt(ask)
            if seen is not None:
                seen.append(result)
            tries = _tries(result, paid=paid, accept=accept)
            wait = pause(self.clock, attempt, result.headers if isinstance(result, Answer) else {})
            if attempt >= tries or waited + wait > _LONGEST_WAIT:
                return result
            await self.clock.sleep(wait)
            waited += wait

    def _settled(self, result: Answer | Trouble, accept: Collection[int]) -> Answer:
        if isinstance(result, Trouble):
            raise self._unreachable(result)
        if not result.fine and result.status not in accept:
            raise self.refusal(result)
        return result

    def _unreachable(self, trouble: Trouble) -> EngineError:
        return EngineError(
            f"{self.settings.title} can't be reached at {self.settings.api}: {trouble.words}",
            hint="Check the network and the address, then run the same command again.",
        )


def _tries(result: Answer | Trouble, *, paid: bool, accept: Collection[int]) -> int:
    """How often a request may be made that ends like this."""
    if isinstance(result, Trouble):
        return 1 if paid and result.arrived else _TRIES
    if result.status in accept:
        return 1
    if result.status in _BUSY:
        return _TRIES_WHEN_BUSY
    return _TRIES if result.status in _PASSING and not paid else 1


def _next_step(status: int) -> str:
    steps: dict[int, str] = {
        402: "Look at the account's credit and plan at the provider.",
        404: "Check the model's name and the host's address; greenroom engines lists what is known.",
        410: "It is gone at the provider.",
        413: "Make the input shorter or smaller.",
        422: "The model doesn't take these inputs; its own words say which.",
        429: "Run the same command again later, or with fewer jobs at once.",
    }
    return steps.get(status, "Run the same command again later." if status >= 500 else "Its own words say why.")

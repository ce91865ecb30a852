# SPDX-License-Identifier: Apache-2.0
"""What every host keeps: the calls that one performance needs, and which of them cost money.

    upload(file, mime) -> what the host wants to be told for a file: a URL, a data URI, an id of its own
    submit(endpoint, inputs, job=...) -> a Handle                                    paid; sent once
    poll(handle) -> Pending, Succeeded, Failed or Lost
    outputs(handle) -> where the result's files are
    cancel(handle)
    schema(endpoint) -> the host's live input schema, where it has one
    find(job) -> the Handle of a submit whose answer was lost, where the host can be asked
    handle_for(number, endpoint, job) -> the Handle of a job whose id a person found at the host; asks nobody

`submit` raises an EngineError only if the request surely didn't arrive, or was refused. Everything else is a
PaymentUnknownError; `Wire.post_once` tells them apart, so that a host only has to use it for its paid POST.

`job` is our attempt's own id, unique for ever: a host that takes an idempotency key, an external id or a prompt id of
ours gets it there. A handle is plain JSON and holds no key: {"host": "fal", "api": base address, "id": ..., addresses}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from greenroom.engines.contract import Handle, Status

__all__ = ["Host", "Output"]


@dataclass(frozen=True)
class Output:
    """One file of a result. `mime` is "" where the host doesn't say.

    `headers_needed`: the file is only given out with the host's own key. It is sent to the host's own addresses only,
    whatever this says.
    """

    url: str
    mime: str = ""
    headers_needed: bool = False


class Host(Protocol):
    """See the module's docstring. `name` is the word of greenroom.toml: "fal", "replicate".

    `idempotent`: a repeated submit with the same `job` can't be billed twice. `needs_key`: False for a server of the
    user's own, which works without one.
    """

    name: str
    needs_key: bool
    idempotent: bool

    async def upload(self, file: Path, mime: str) -> str: ...

    async def submit(self, endpoint: str, inputs: Mapping[str, Any], *, job: str) -> Handle: ...

    async def poll(self, handle: Handle) -> Status: ...

    async def outputs(self, handle: Handle) -> tuple[Output, ...]: ...

    async def cancel(self, handle: Handle) -> None: ...

    async def schema(self, endpoint: str) -> Mapping[str, Any] | None: ...

    async def find(self, job: str) -> Handle | None: ...

    def handle_for(self, number: str, endpoint: str, job: str) -> Handle: ...

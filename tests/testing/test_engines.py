# SPDX-License-Identifier: Apache-2.0
"""The tiny engine keeps the contract, and each of its faults is what it says."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from greenroom.engines.contract import Delivery, Engine, Failed, Lost, Pending, Performer, Request, Status, Succeeded
from greenroom.errors import EngineError, PaymentUnknownError
from greenroom.media.check import check_take
from greenroom.media.probe import probe
from greenroom.media.sound import read_sound, write_wav
from greenroom.media.types import Codec, TakeSpec
from greenroom.testing import Fault, TinyEngine

SPEC = TakeSpec(Fraction(24), slot=8, head=2, tail=2, width=128, height=72, start_frame=86398, codec=Codec.H264)
Make = Callable[..., TinyEngine]


@pytest.fixture
def request_for(tmp_path: Path) -> Callable[..., Request]:
    def make(**other: Any) -> Request:
        (tmp_path / "work").mkdir(exist_ok=True)
        values: dict[str, Any] = {
            "job": "7f3a-001-x-1",
            "cue": "7f3a",
            "take": 1,
            "mode": "talk",
            "performer": Performer("mara", "v", tmp_path / "portrait.png"),
            "spec": SPEC,
            "seed": 5,
            "work": tmp_path / "work",
        }
        return Request(**values | other)

    return make


@pytest.fixture
def engine(tmp_path: Path) -> Make:
    def make(fault: Fault | None = None, **options: Any) -> TinyEngine:
        return TinyEngine(provider=tmp_path / "provider", faults={"7f3a": fault} if fault else {}, **options)

    return make


def perform(engine: Engine, request: Request) -> tuple[list[Status], Delivery]:
    """The road that the desk takes, with the handle through JSON as if another process went on."""

    async def go() -> tuple[list[Status], Delivery]:
        handle = json.loads(json.dumps(await engine.submit(request)))
        statuses = [await engine.poll(handle)]
        while isinstance(statuses[-1], Pending):
            await asyncio.sleep(statuses[-1].wait)
            statuses.append(await engine.poll(handle))
        assert isinstance(statuses[-1], Succeeded), statuses[-1]
        return statuses, await engine.fetch(handle, request)

    return asyncio.run(go())


def test_it_delivers_a_take_that_keeps_its_spec(engine: Make, request_for: Callable[..., Request]) -> None:
    request = request_for()
    statuses, delivery = perform(engine(), request)
    assert delivery.conformed
    assert delivery.path.parent == request.work
    assert check_take(delivery.path, SPEC) == ()
    assert [status.progress for status in statuses if isinstance(status, Pending)] == [0.5]
    json.dumps(delivery.report)


def test_it_carries_the_dialogue(engine: Make, request_for: Callable[..., Request], tmp_path: Path) -> None:
    write_wav(tmp_path / "line.wav", np.full(24_000, 0.25, np.float32), 48_000)
    _, delivery = perform(engine(), request_for(dialogue=tmp_path / "line.wav"))
    assert read_sound(delivery.path, Fraction(0), 24_000).mean() == pytest.approx(0.25, abs=0.01)


def test_it_can_be_made_without_arguments() -> None:
    made: Engine = TinyEngine()
    assert made.capabilities().name == "tiny"


@pytest.mark.parametrize(("hosted", "resource", "cost"), [(True, "remote", "0.25"), (False, "cpu", "0")])
def test_only_hosted_work_is_paid_and_waits_elsewhere(
    engine: Make, request_for: Callable[..., Request], hosted: bool, resource: str, cost: str
) -> None:
    tiny = engine(hosted=hosted)
    assert (tiny.capabilities().hosted, tiny.capabilities().resource) == (hosted, resource)
    assert tiny.estimate(request_for()).cost == Decimal(cost)


def test_an_unknown_mode_is_said_before_anything_is_sent(engine: Make, request_for: Callable[..., Request]) -> None:
    assert engine().check(request_for()) == ()
    problem = engine().check(request_for(mode="mimic"))[0]
    assert (problem.code, problem.where) == ("unknown-mode", "7f3a")


def test_another_process_can_go_on_with_the_handle(engine: Make, request_for: Callable[..., Request]) -> None:
    handle = asyncio.run(engine().submit(request_for()))
    assert asyncio.run(engine().poll(handle)) == Pending(0.5, "performing", wait=0.01)
    assert asyncio.run(engine().poll({**handle, "id": "never sent"})) == Lost("there is no job never sent")


@pytest.mark.parametrize(("idempotent", "bills"), [(False, 2), (True, 1)])
def test_a_repeated_submit_is_billed_unless_it_is_idempotent(
    engine: Make, request_for: Callable[..., Request], idempotent: bool, bills: int
) -> None:
    tiny = engine(idempotent=idempotent)
    for _ in range(2):
        asyncio.run(tiny.submit(request_for()))
    assert tiny.bills() == ["7f3a-001-x-1"] * bills


@pytest.mark.parametrize(
    ("fault", "error", "bills"),
    [
        (Fault.REFUSES, EngineError, 0),
        (Fault.BREAKS, ConnectionResetError, 1),
        (Fault.ANSWER_LOST, PaymentUnknownError, 1),
    ],
)
def test_a_submit_that_fails(
    engine: Make, request_for: Callable[..., Request], fault: Fault, error: type[Exception], bills: int
) -> None:
    tiny = engine(fault)
    with pytest.raises(error):
        asyncio.run(tiny.submit(request_for()))
    assert len(tiny.bills()) == bills


def test_a_kill_comes_after_the_bill(engine: Make, tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from types import SimpleNamespace as R\n"
        "from greenroom.testing import Fault, TinyEngine\n"
        "tiny = TinyEngine(provider=Path(sys.argv[1]), faults={'': Fault.KILLED})\n"
        "asyncio.run(tiny.submit(R(job='j', cue='7f3a')))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path / "provider")], check=False)
    assert ended.returncode < 0
    assert engine().bills() == ["j"]


@pytest.mark.parametrize(("fault", "status"), [(Fault.FAILS, Failed), (Fault.LOST, Lost)])
def test_a_poll_that_ends_it(
    engine: Make, request_for: Callable[..., Request], fault: Fault, status: type[Status]
) -> None:
    tiny = engine(fault)
    assert isinstance(asyncio.run(tiny.poll(asyncio.run(tiny.submit(request_for())))), status)


def test_it_hangs_until_it_is_cancelled(engine: Make, request_for: Callable[..., Request]) -> None:
    async def go() -> list[Status]:
        tiny = engine(Fault.HANGS)
        handle = await tiny.submit(request_for())
        polls = [await tiny.poll(handle) for _ in range(50)]
        await tiny.cancel(handle)
        assert tiny.cancelled() == ["7f3a-001-x-1"]
        return [*polls, await tiny.poll(handle)]

    *polls, last = asyncio.run(go())
    assert all(isinstance(poll, Pending) and poll.progress is None for poll in polls)
    assert isinstance(last, Failed)


def test_slow_is_many_polls(engine: Make, request_for: Callable[..., Request]) -> None:
    statuses, _ = perform(engine(Fault.SLOW), request_for())
    assert len(statuses) == 21


def test_the_performing_process_dies(engine: Make, request_for: Callable[..., Request]) -> None:
    with pytest.raises(Exception, match="process"):
        perform(engine(Fault.DIES), request_for())


@pytest.mark.parametrize(
    ("fault", "rate", "frames", "width"),
    [(Fault.SHORT, 24, 10, 128), (Fault.THIRTY, 30, 15, 128), (Fault.RAW, 24, 12, 256)],
)
def test_a_delivery_that_isnt_what_was_asked_for(
    engine: Make, request_for: Callable[..., Request], fault: Fault, rate: int, frames: int, width: int
) -> None:
    _, delivery = perform(engine(fault), request_for())
    info = probe(delivery.path)
    assert not delivery.conformed
    assert (info.rate, info.frames, info.width) == (rate, frames, width)


def test_an_empty_delivery(engine: Make, request_for: Callable[..., Request]) -> None:
    _, delivery = perform(engine(Fault.EMPTY), request_for())
    assert delivery.path.stat().st_size == 0


def test_a_seed_makes_the_picture(engine: Make, request_for: Callable[..., Request], tmp_path: Path) -> None:
    def bytes_of(seed: int) -> bytes:
        work = tmp_path / f"work {seed}"
        work.mkdir(exist_ok=True)
        return perform(engine(), replace(request_for(), seed=seed, work=work))[1].path.read_bytes()

    assert bytes_of(5) == bytes_of(5)
    assert bytes_of(5) != bytes_of(99)

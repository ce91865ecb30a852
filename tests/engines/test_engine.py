# SPDX-License-Identifier: Apache-2.0
"""Finding engines, and previz behind the contract: submit, poll, fetch in a worker process."""

from __future__ import annotations

import asyncio
import json
import pickle
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from greenroom.engines import UnknownEngine, broken_engines, engine, find_engines
from greenroom.engines.contract import Lost, Request, Succeeded
from greenroom.engines.previz import PrevizEngine
from greenroom.engines.previz.engine import close_workers, workers
from greenroom.errors import CastError, EngineUnavailable, Severity
from greenroom.media.probe import probe


@pytest.fixture(scope="module", autouse=True)
def no_workers_left() -> Iterator[None]:
    yield
    close_workers()


def test_previz_is_found() -> None:
    assert isinstance(find_engines()["previz"], PrevizEngine)
    assert isinstance(engine("PreViz"), PrevizEngine)


def test_an_unknown_engine_names_the_nearest() -> None:
    with pytest.raises(UnknownEngine, match='Did you mean "previz"'):
        engine("previs")


@pytest.fixture
def a_broken_engine_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package whose engine can't be imported, beside a sound one, in an entry point group of their own."""
    folder = tmp_path / "broken_engine-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-engine\nVersion: 1.0\n", "utf-8")
    entries = "[engines.of.a.test]\nwreck = wreck:Engine\nsound = greenroom.engines.previz:PrevizEngine\n"
    (folder / "entry_points.txt").write_text(entries, "utf-8")
    (tmp_path / "wreck.py").write_text("raise RuntimeError('no licence server')\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "engines.of.a.test"


def test_a_broken_engine_is_reported_and_the_others_work(a_broken_engine_is_installed: str) -> None:
    group = a_broken_engine_is_installed
    assert list(find_engines(group)) == ["sound"]
    (problem,) = broken_engines(group)
    assert problem.severity is Severity.WARNING
    assert "no licence server" in problem.message
    with pytest.raises(EngineUnavailable, match="no licence server"):
        engine("Wreck", group)


def test_previz_is_honest_about_itself(request_for: Callable[..., Request]) -> None:
    able = PrevizEngine().capabilities()
    assert (able.label, able.hosted, able.resource, able.unavailable) == ("previz", False, "cpu", "")
    assert "talk" in able.modes
    quote = PrevizEngine().estimate(request_for())
    assert quote.cost == Decimal(0)
    assert quote.seconds is not None
    assert quote.seconds > 0


def test_a_take_comes_out_of_a_worker_process(request_for: Callable[..., Request], speech: Any) -> None:
    previz = PrevizEngine()
    request = request_for("theo", sound=speech[0], line=speech[1], seconds=0.5, size=(640, 360))

    async def perform() -> Any:
        handle = json.loads(json.dumps(await previz.submit(request)))  # as the ledger keeps it
        assert isinstance(await previz.poll(handle), Succeeded)
        return await previz.fetch(handle, request)

    delivery = asyncio.run(perform())
    media = probe(delivery.path)
    assert delivery.path.parent == request.work
    assert (media.frames, media.width, media.height, media.start_frame) == (request.spec.frames, 640, 360, 86400)
    json.dumps(dict(delivery.report))


def test_errors_of_a_worker_arrive_whole(request_for: Callable[..., Request], tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    cv2.imwrite(str(wall), np.full((360, 640, 3), 128, np.uint8))
    request = request_for(portrait=wall)
    with pytest.raises(CastError, match="no face") as caught:
        asyncio.run(PrevizEngine().fetch({}, request))
    assert caught.value.where == str(wall)
    assert caught.value.hint


def test_a_job_whose_folder_is_gone_is_lost(request_for: Callable[..., Request]) -> None:
    request = request_for()
    handle = asyncio.run(PrevizEngine().submit(request))
    shutil.rmtree(request.work)
    assert isinstance(asyncio.run(PrevizEngine().poll(handle)), Lost)


def test_a_request_travels_between_processes(request_for: Callable[..., Request]) -> None:
    request = request_for()
    assert pickle.loads(pickle.dumps(request)) == request


def test_check_finds_nothing_wrong_with_a_sound_request(request_for: Callable[..., Request], speech: Any) -> None:
    assert PrevizEngine().check(request_for("ines", sound=speech[0])) == ()


def test_check_names_what_is_wrong(request_for: Callable[..., Request], tmp_path: Path) -> None:
    import dataclasses

    missing = tmp_path / "nobody.png"
    request = dataclasses.replace(request_for(portrait=missing), mode="dance")
    problems = PrevizEngine().check(request)
    assert [problem.code for problem in problems] == ["mode", "portrait"]
    assert problems[1].where == str(missing)
    assert [p.code for p in PrevizEngine().check(request_for())] == ["no-dialogue"]


@pytest.mark.parametrize(("settings", "variable", "count"), [({"workers": 3}, "", 3), ({}, "2", 2), ({}, "many", None)])
def test_how_many_takes_at_once(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, object], variable: str, count: int | None
) -> None:
    monkeypatch.setenv("GREENROOM_WORKERS", variable)
    assert workers(settings) == count if count else workers(settings) >= 1

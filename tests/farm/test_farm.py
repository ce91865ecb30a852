# SPDX-License-Identifier: Apache-2.0
"""A run's crew on a real farm: real processes over TLS on loopback, ended in the middle of work."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from greenroom.desk.farm.certificates import make_certificates, security
from greenroom.desk.farm.crew import FarmCrew
from greenroom.desk.farm.machine import work
from greenroom.desk.farm.nodes import status, stop
from greenroom.desk.farm.settings import FarmSettings
from greenroom.engines.telling import listening
from greenroom.errors import EngineError, EngineUnavailable, MediaError
from greenroom.takes.presence import Presence
from greenroom.testing.farm import Farm, end, told_when_ready, wait_for
from greenroom.testing.farm_work import end_the_machine, refuse, run_out_of_time, shout, wait


def on(farm: Farm, work: Path, task: Callable[[FarmCrew], Awaitable[Any]]) -> Any:
    """What `task` gives with a crew of the farm."""

    async def main() -> Any:
        async with FarmCrew(FarmSettings(farm.address, farm.store, farm.roots), work) as crew:
            return await task(crew)

    return asyncio.run(main())


def test_work_is_done_elsewhere(farm: Farm, tmp_path: Path) -> None:
    source, job = tmp_path / "portrait.txt", tmp_path / "work" / "job-1"
    source.write_text("quiet")
    job.mkdir(parents=True)
    found = on(farm, tmp_path / "work", lambda crew: crew.run(shout, source, job))
    assert (found.text, found.file) == ("QUIET", job / "shouted.txt")
    assert found.file.read_text() == "QUIET"


def test_whoever_asks_hears_where_it_is_at_work(farm: Farm, tmp_path: Path) -> None:
    heard: list[str] = []
    with listening(lambda message, progress: heard.append(message)):
        on(farm, tmp_path / "work", lambda crew: crew.run(wait, 0.2, farm.folder / "show" / "heard"))
    assert heard == ["waiting for a machine", f"at work on {socket.gethostname()}"]


def test_work_that_is_called_off_ends_there(farm: Farm, tmp_path: Path) -> None:
    seen = farm.folder / "there" / "called off"

    async def task(crew: FarmCrew) -> int:
        waiting = asyncio.create_task(crew.run(wait, 1000.0, farm.folder / "show" / "called off"))
        (process,) = await asyncio.to_thread(wait_for, seen)
        waiting.cancel()
        ends = time.monotonic() + 60
        while is_there(int(process)):
            assert time.monotonic() < ends, "it goes on, though nobody wants it"
            await asyncio.sleep(0.1)
        return await asyncio.wait_for(crew.run(wait, 0, farm.folder / "show" / "next"), 60)

    assert on(farm, tmp_path / "work", task)
    assert list((farm.folder / "store" / "calls").glob("*")) == []
    assert list(farm.folder.glob("scratch*/greenroom-*/*/work-*")) == []


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_error_of_the_work_is_the_error_here(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "a.mov").write_text("x")
    with pytest.raises(MediaError, match="can't be read") as caught:
        on(farm, tmp_path / "work", lambda crew: crew.run(refuse, tmp_path / "a.mov"))
    assert caught.value.hint == f"Export it again. It was at work on {socket.gethostname()}."


def test_an_error_like_that_of_a_lost_farm_is_the_error_of_the_work(farm: Farm, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match="the drive") as caught:
        on(farm, tmp_path / "work", lambda crew: crew.run(run_out_of_time, farm.folder / "show" / "tried"))
    assert wait_for(farm.folder / "there" / "tried") == ["tried"]
    assert caught.value.__notes__ == [f"on {socket.gethostname()}"]


def test_what_failed_leaves_nothing_in_the_store(farm: Farm, tmp_path: Path) -> None:
    job = tmp_path / "work" / "job-1"
    job.mkdir(parents=True)
    (job / "tried").write_text("it travels")
    with pytest.raises(TimeoutError):
        on(farm, tmp_path / "work", lambda crew: crew.run(run_out_of_time, job / "tried"))
    assert list((farm.folder / "store" / "calls").glob("*")) == []


def test_status_names_the_machines(farm: Farm) -> None:
    found = asyncio.run(status(farm.address))
    assert [each["cores"] for each in found["machines"]] == [1]
    assert found["machines"][0]["version"] == found["version"]


def test_the_dashboard_is_for_this_machine_alone(own_farm: Farm) -> None:
    head = own_farm.run("start", "--listen", "127.0.0.1:0", "--dashboard", "0")
    told = told_when_ready(head)
    assert asyncio.run(status(str(told["address"])))["dashboard"] == told["dashboard"]
    page = httpx.get(str(told["dashboard"]), timeout=30)
    assert (page.status_code, "Bokeh" in page.text) == (200, True)
    port = httpx.URL(str(told["dashboard"])).port
    assert port is not None
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=5):
        pass


def test_a_farm_shows_no_pages_unless_it_is_told_to(farm: Farm) -> None:
    assert asyncio.run(status(farm.address))["dashboard"] == ""


def test_no_farm_there(farm: Farm) -> None:
    for ask in (status("127.0.0.1:9"), work("127.0.0.1:9", 1, {}, farm.folder / "away", print)):
        with pytest.raises(EngineUnavailable, match="nothing listens") as caught:
            asyncio.run(ask)
        assert "greenroom farm start" in caught.value.hint
        assert caught.value.where == "127.0.0.1:9"
    with pytest.raises(EngineUnavailable, match="no machine of that name") as caught:
        asyncio.run(status("farm.invalid"))
    assert "Check the name" in caught.value.hint


def test_a_machine_sweeps_what_dead_processes_left_and_nothing_else(farm: Farm, tmp_path: Path) -> None:
    alive = Presence(tmp_path / "at-work")
    kept = [tmp_path / f"greenroom-{alive.owner}", tmp_path / "greenroom-thesis", tmp_path / "thesis"]
    left = tmp_path / "greenroom-4711-0123abcd"
    for folder in (*kept, left):
        (folder / "0" / "held").mkdir(parents=True)
    (tmp_path / "at-work" / "4711-0123abcd.lock").touch()
    with pytest.raises(EngineUnavailable):
        asyncio.run(work("127.0.0.1:9", 1, {}, tmp_path, print))
    assert sorted(tmp_path.iterdir()) == sorted([*kept, tmp_path / "at-work"])
    assert [path.stem for path in (tmp_path / "at-work").iterdir()] == [alive.owner]
    alive.leave()


def test_foreign_certificates_are_shut_out(farm: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_certificates(tmp_path / "foreign")
    monkeypatch.setenv("GREENROOM_FARM_CERTIFICATES", str(tmp_path / "foreign"))
    with pytest.raises(EngineUnavailable, match="don't belong to one farm") as caught:
        asyncio.run(status(farm.address))
    assert "three files" in caught.value.hint
    with pytest.raises(EngineUnavailable, match="don't belong to one farm"):
        asyncio.run(work(farm.address, 1, {}, tmp_path / "scratch", print))


def test_who_speaks_plainly_is_shut_out(farm: Farm) -> None:
    plain = f"tcp://{farm.address.removeprefix('tls://')}"
    code = f"from distributed import Client; Client({plain!r}, timeout=12)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode, "a client without TLS was let in"


def test_a_machine_that_dies_costs_time_only(own_farm: Farm, tmp_path: Path) -> None:
    own_farm.start()
    own_farm.add_worker()
    begun = own_farm.folder / "show" / "begun"  # the machine knows this folder by another name
    seen = own_farm.folder / "there" / "begun"

    async def task(crew: FarmCrew) -> int:
        waiting = asyncio.create_task(crew.run(wait, 1.0, begun))
        (first,) = await asyncio.to_thread(wait_for, seen)
        os.kill(int(first), signal.SIGKILL)
        return await asyncio.wait_for(waiting, 60)

    last = on(own_farm, tmp_path / "work", task)
    tried = wait_for(seen, 2)
    assert len(tried) == 2
    assert str(last) == tried[1] != tried[0]


def test_a_farm_that_is_started_anew_goes_on(own_farm: Farm, tmp_path: Path) -> None:
    head = own_farm.start()
    machine = own_farm.add_worker()
    begun, seen = own_farm.folder / "show" / "begun", own_farm.folder / "there" / "begun"

    async def task(crew: FarmCrew) -> int:
        waiting = asyncio.create_task(crew.run(wait, 1.0, begun))
        await asyncio.to_thread(wait_for, seen)
        end(head)
        await asyncio.to_thread(own_farm.start)
        return await asyncio.wait_for(waiting, 90)

    assert str(on(own_farm, tmp_path / "work", task)) in wait_for(seen, 2), "the machine joined by itself"
    asyncio.run(stop(own_farm.address))
    assert machine.wait(30) == 0, "a farm that is stopped is no lost one"


def test_machines_of_another_version_get_no_work(own_farm: Farm, tmp_path: Path) -> None:
    own_farm.start()

    async def main() -> tuple[str, int]:
        from distributed import Worker

        of_another: dict[str, float] = {"cpu": 1, "greenroom 9.9, python 3.11": 1}
        lock = security(own_farm.folder / "certificates")
        there: dict[str, Any] = {"dashboard": False, "local_directory": str(tmp_path / "scratch")}
        crew = FarmCrew(FarmSettings(own_farm.address, own_farm.store, own_farm.roots), tmp_path / "work")
        async with Worker(own_farm.address, nthreads=1, resources=of_another, security=lock, **there):
            with pytest.raises(EngineUnavailable) as caught:
                async with crew:
                    pass
            await asyncio.to_thread(own_farm.add_worker)
            async with crew:
                found = [await crew.run(wait, 0, own_farm.folder / "show" / "begun") for _ in range(4)]
        return str(caught.value), sum(each != os.getpid() for each in found)

    refused, elsewhere = asyncio.run(main())
    assert "127.0.0.1 has greenroom 9.9" in refused
    assert elsewhere == 4


def test_work_that_ends_every_machine_is_given_up_and_its_neighbours_are_not(own_farm: Farm, tmp_path: Path) -> None:
    own_farm.start()
    own_farm.add_worker()

    async def task(crew: FarmCrew) -> list[Any]:
        neighbours = (crew.run(divmod, 7, 2) for _ in range(3))
        return await asyncio.gather(crew.run(end_the_machine), *neighbours, return_exceptions=True)

    poison, *others = on(own_farm, tmp_path / "work", task)
    assert isinstance(poison, EngineError)
    assert "ended every machine that tried it (the last was 127.0.0.1)" in str(poison)
    assert "--farm" in poison.hint
    assert others == [(3, 1)] * 3


def test_a_farm_without_machines(own_farm: Farm, tmp_path: Path) -> None:
    own_farm.start()
    with pytest.raises(EngineUnavailable, match="no machine") as caught:
        on(own_farm, tmp_path / "work", lambda crew: crew.run(shout, tmp_path, tmp_path))
    assert "greenroom farm worker" in caught.value.hint

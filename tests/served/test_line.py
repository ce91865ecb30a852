# SPDX-License-Identifier: Apache-2.0
"""The line between a desk and the owner of its ledger: who is let in, what is carried out once, who is given up."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from threading import Thread, Timer
from typing import Any

import pytest

from greenroom import __version__
from greenroom.desk.farm.addresses import place_of
from greenroom.desk.farm.certificates import lines_lock, make_certificates
from greenroom.desk.farm.ledger_line import Line
from greenroom.desk.farm.ledger_words import HELLO, line_of, message_of
from greenroom.desk.farm.opening import open_ledger
from greenroom.desk.farm.served_ledger import ServedLedger
from greenroom.desk.project.project import Project
from greenroom.errors import BudgetError, InputError, StoreError
from greenroom.takes import Job, Ledger, Submitted, Take
from greenroom.takes.money import Cap
from greenroom.testing.served import PROJECT, Served, free_port, served

TERMS: dict[str, Any] = {"engine": "e", "mode": "talk", "actor": "mara", "cost": Decimal("0.3"), "currency": "USD"}


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[Served]:
    """One whose owner nobody harms; desks that aren't heard of lose their jobs after a second."""
    with served(tmp_path_factory.mktemp("show") / "all", certificates, lease=1.0) as found:
        found.start()
        yield found


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, certificates: Path, tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Opens the served ledger as a desk of its own."""
    monkeypatch.setenv("GREENROOM_FARM_CERTIFICATES", str(certificates))
    ledgers: list[Ledger] = []

    def open_it(show: Served, **options: Any) -> Ledger:
        line = Line(show.address, PROJECT, f"desk {len(ledgers)}", **options)
        ledgers.append(ServedLedger(line, show.project, f"desk {len(ledgers)}"))
        return ledgers[-1]

    yield open_it
    for ledger in ledgers:
        ledger.close()


def plan(ledger: Ledger, cue: str) -> Job:
    return ledger.plan_job(cue=cue, fingerprint=cue * 8, variant=1, **TERMS)


class Raw:
    """A desk's end of the line, word by word."""

    def __init__(self, show: Served, folder: Path) -> None:
        plain = socket.create_connection(("127.0.0.1", show.port), timeout=10)
        self.socket = lines_lock(folder, serves=False).wrap_socket(plain)
        self.answers = self.socket.makefile("rb")

    def ask(self, **message: Any) -> dict[str, Any]:
        self.socket.sendall(line_of(message))
        return message_of(self.answers.readline())

    def hello(self, owner: str, **other: Any) -> dict[str, Any]:
        words: dict[str, Any] = {"hello": HELLO, "version": __version__, "project": PROJECT, "desk": "raw", "new": True}
        return self.ask(**(words | {"owner": owner} | other))


# What a desk sees


def test_it_is_the_ledger(show: Served, opened: Callable[..., Ledger]) -> None:
    ledger, other = opened(show), opened(show)
    job = plan(ledger, "it")
    assert other.job(job.id) == job
    assert ledger.claim(job.id)
    assert not other.claim(job.id)
    assert (ledger.holder(job.id), (other.holder(job.id) or "").split(" on ")[0][:8]) == ("", "process ")
    with pytest.raises(BudgetError, match="would pass the budget"):
        ledger.submitting(job.id, cap=Cap(Decimal("0.1")))
    ledger.submitting(job.id, cap=Cap(Decimal("0.3")))
    ledger.submitted(job.id, {"id": "x"})
    assert [each.state for each in other.jobs(states=[Submitted])] == [Submitted({"id": "x"})]
    assert other.job(job.id).desk == ledger.desk
    folder = show.project / "takes" / "it" / "take_001"
    take = Take(
        *("it", 1, job.fingerprint, "e", "talk", "mara", "", folder, folder / "a.mov", folder / "p.png", "0" * 64),
        *(32, 4, 4, 86396, "24", 192, 108, "2026-11-23T04:00:00Z"),
    )
    ledger.done(job.id, take)
    assert other.take("it", 1) == take
    assert other.committed("USD") == Decimal("0.3")


def test_a_desk_that_is_sent_away_hears_by_whom(
    show: Served, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_FARM_CERTIFICATES", str(certificates))
    with pytest.raises(StoreError, match="not another-project") as caught:
        Line(show.address, "another-project", "desk")
    assert (caught.value.where, "[farm] ledger" in caught.value.hint) == (show.address, True)


def test_jobs_are_planned_in_one_step_or_on_trial(show: Served, opened: Callable[..., Ledger]) -> None:
    ledger = opened(show)
    asked = [{"cue": f"step{n}", "fingerprint": f"s{n}" * 8, "variant": 1, **TERMS} for n in range(3)]
    trial = ledger.plan_jobs(asked, keep=False)
    assert [job.number for job in trial] == [1, 1, 1]
    assert ledger.jobs("step0") == []
    assert ledger.plan_jobs(asked) == [ledger.job(job.id) for n in range(3) for job in ledger.jobs(f"step{n}")]


def test_a_desk_that_waits_keeps_its_jobs_and_one_that_leaves_gives_them_up(
    show: Served, opened: Callable[..., Ledger]
) -> None:
    ledger, other = opened(show), opened(show)
    job = plan(ledger, "wait")
    assert ledger.claim(job.id)
    time.sleep(1.5)  # longer than a lease
    assert not other.claim(job.id)
    ledger.close()
    assert other.claim(job.id)


def test_a_desk_that_was_given_up_hears_of_it(show: Served, certificates: Path, opened: Callable[..., Ledger]) -> None:
    job = plan(opened(show), "given up")
    raw = Raw(show, certificates)
    raw.hello("desk-a.1-given")
    assert raw.ask(number=1, call="claim", arguments={"job_id": job.id})["value"] is True
    other = opened(show)
    assert not other.claim(job.id)
    ends = time.monotonic() + 20
    while not other.claim(job.id):
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert "may be another's" in raw.ask(number=2, call="release", arguments={"job_id": job.id})["refused"]["message"]
    again = Raw(show, certificates)
    assert "refused" in again.hello("desk-a.1-given", new=False)


# Who is let in


def test_a_foreign_authority_is_refused_on_both_sides(
    show: Served, certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_certificates(tmp_path / "foreign")
    for name, of in (("shows theirs", ("node.pem", "node-key.pem")), ("trusts theirs", ("ca.pem",))):
        shutil.copytree(certificates, tmp_path / name)
        for file in of:
            shutil.copy(tmp_path / "foreign" / file, tmp_path / name / file)
    for name in ("foreign", "shows theirs", "trusts theirs"):
        monkeypatch.setenv("GREENROOM_FARM_CERTIFICATES", str(tmp_path / name))
        with pytest.raises(StoreError, match="don't belong to one farm"):
            Line(show.address, PROJECT, "desk")


def test_a_plain_client_gets_nothing(show: Served) -> None:
    with socket.create_connection(("127.0.0.1", show.port), timeout=10) as plain:
        plain.sendall(line_of({"hello": HELLO, "version": __version__, "project": PROJECT, "owner": "desk-a.1-b"}))
        said = b""
        try:
            while piece := plain.recv(4096):
                said += piece
        except ConnectionResetError:
            pass
    assert b"lease" not in said


def test_nothing_is_said_to_a_plain_owner(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_FARM_CERTIFICATES", str(certificates))
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            line, _ = listening.accept()
            with line:
                heard.append(line.recv(65536))
                line.sendall(line_of({"lease": 30.0, "version": __version__}))

        thread = Thread(target=answer)
        thread.start()
        with pytest.raises(StoreError, match="don't belong to one farm"):
            Line(f"127.0.0.1:{listening.getsockname()[1]}", PROJECT, "desk")
        thread.join()
    assert b"hello" not in heard[0]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        *(({"version": "0.0.1"}, "this desk has 0.0.1"), ({"hello": 0}, "this desk has"), ({"project": "x"}, "not x")),
        *(({"owner": "../../x"}, "no name"), ({"owner": "4711-ab"}, "no name")),
    ],
    ids=str,
)
def test_who_is_sent_away(show: Served, certificates: Path, other: dict[str, Any], said: str) -> None:
    assert said in Raw(show, certificates).hello(**({"owner": "desk-a.1-b"} | other))["refused"]["message"]


@pytest.mark.parametrize(
    "message",
    [{"number": 1, "call": "_run", "arguments": {"query": "drop table jobs"}}, {"number": 1, "call": "close"}],
    ids=str,
)
def test_only_calls_of_the_table_are_answered(show: Served, certificates: Path, message: dict[str, Any]) -> None:
    raw = Raw(show, certificates)
    raw.hello("desk-a.1-table")
    assert "can't be asked for" in raw.ask(**message)["error"]["message"]
    assert raw.ask(number=2, call="check")["value"] == {"$": "tuple", "is": []}


def test_noise_ends_one_line_only(show: Served, certificates: Path) -> None:
    raw = Raw(show, certificates)
    raw.hello("desk-a.1-noise")
    raw.socket.sendall(b"[1, 2\n")
    assert "no message" in message_of(raw.answers.readline())["refused"]["message"]
    assert Raw(show, certificates).hello("desk-a.1-noise")["lease"] == 1.0


# What is carried out once


def test_a_question_asked_again_is_carried_out_once(make_served: Callable[..., Served], certificates: Path) -> None:
    show = make_served()
    owner = show.start()
    raw = Raw(show, certificates)
    raw.hello("desk-a.1-once")
    asked = {"cue": "c", "fingerprint": "f", "variant": 1, **TERMS, "cost": None}
    job = raw.ask(number=1, call="plan_job", arguments=asked)["value"]["is"]["id"]
    question = {"number": 2, "call": "renumber", "arguments": {"job_id": job, "taken": [4]}}
    first = raw.ask(**question)
    assert raw.ask(**question) == first
    owner.kill()
    owner.wait()
    show.start()
    again = Raw(show, certificates)
    again.hello("desk-a.1-once", new=False)
    assert again.ask(**question) == first
    assert again.ask(number=3, call="renumber", arguments={"job_id": job, "taken": []})["value"]["is"]["number"] == 6


def test_an_owner_that_was_never_there(opened: Callable[..., Ledger], tmp_path: Path, certificates: Path) -> None:
    show = Served(tmp_path, certificates, port=free_port())
    with pytest.raises(StoreError, match="nothing listens there") as caught:
        opened(show)
    assert (caught.value.where, "greenroom farm ledger" in caught.value.hint) == (show.address, True)
    with pytest.raises(StoreError, match="no machine of that name") as caught:
        Line("desk.invalid:8787", PROJECT, "desk")
    assert caught.value.where == "desk.invalid:8787"


def test_an_owner_that_is_away_is_waited_for_once(
    make_served: Callable[..., Served], opened: Callable[..., Ledger], caplog: pytest.LogCaptureFixture
) -> None:
    show = make_served()
    owner = show.start()
    ledger = opened(show, patience=2.0)
    job = plan(ledger, "away")
    assert ledger.claim(job.id)
    owner.kill()
    owner.wait()
    with pytest.raises(StoreError, match="can't be reached") as caught:
        ledger.job(job.id)
    assert "farm ledger" in caught.value.hint
    assert [f"{show.address}: the process that owns" in each for each in caplog.messages] == [True], "it is told"
    began = time.process_time(), time.monotonic()
    for _ in range(20):
        with pytest.raises(StoreError):
            ledger.job(job.id)
    assert time.monotonic() - began[1] < 10, "nobody waits again"
    show.start()
    assert ledger.job(job.id) == job
    assert ledger.holder(job.id) == "", "its jobs are still its own"


def test_ctrl_c_ends_the_waiting_for_an_owner(
    make_served: Callable[..., Served], opened: Callable[..., Ledger]
) -> None:
    show = make_served()
    owner = show.start()
    ledger = opened(show, patience=60.0)
    owner.kill()
    owner.wait()

    async def main() -> None:
        Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(StoreError, match="can't be reached"):
            ledger.jobs()
        await asyncio.sleep(60)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert time.monotonic() - began < 30


# The owner


def test_a_ledger_has_one_owner(show: Served) -> None:
    words = [*("-m", "greenroom", "farm", "ledger", str(show.project), "--listen", "127.0.0.1:0")]
    second: subprocess.Popen[str] = show.run("owner", *words)
    second.communicate(timeout=30)
    assert second.returncode == 1
    assert "is served already" in (show.folder / "owner.txt").read_text("utf-8")


def test_an_owner_that_no_desk_knows_of_says_so(
    tmp_path: Path, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = Served(tmp_path, certificates)
    Project.init(show.project)
    words = ["farm", "ledger", str(show.project), "--listen", "127.0.0.1:0"]
    process = show.run("owner", "-u", "-m", "greenroom", *words)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(4)]
    show.end()
    port = said[0].partition(" is at 127.0.0.1:")[2].partition(".")[0]
    assert said[1].startswith("No desk uses it yet")
    assert f'ledger = "{socket.gethostname()}:{port}"' in said[3]


def test_a_project_names_its_owner(show: Served, monkeypatch: pytest.MonkeyPatch, certificates: Path) -> None:
    monkeypatch.setenv("GREENROOM_FARM_CERTIFICATES", str(certificates))
    monkeypatch.setenv("GREENROOM_DATA", str(show.folder / "own desk"))
    with open_ledger(Project.load(show.project)) as ledger:
        assert ledger.check() == ()
        assert ledger.desk
    with open_ledger(Project.load(show.project)) as again:
        assert again.desk == ledger.desk
    monkeypatch.setenv("GREENROOM_FARM_CERTIFICATES", str(show.folder / "none"))
    with pytest.raises(InputError, match="certificates are not there"):
        open_ledger(Project.load(show.project))


@pytest.mark.parametrize("written", ["", "a b", "desk:70000", "desk:port", "http://desk"])
def test_no_addresses(written: str) -> None:
    with pytest.raises(InputError, match="no address of a ledger"):
        place_of(written)


def test_the_lock_is_of_tls_1_3(certificates: Path) -> None:
    assert lines_lock(certificates, serves=True).minimum_version is ssl.TLSVersion.TLSv1_3

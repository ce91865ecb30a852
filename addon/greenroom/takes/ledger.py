# SPDX-License-Identifier: Apache-2.0
"""The ledger: what was asked for, what was sent, what came of it. One SQLite file a project, on a local disk.

The order of writing is the promise (design 4 and 5): `submitting` is on disk before a paid request leaves, the
handle before the first poll, and a take's folder before `done`. Every write is one immediate transaction, so a
process killed at any moment leaves a ledger that says what is known, and what isn't.

    planned -> submitted (no handle yet) -> submitted (handle) -> running -> done
                    any of these -> failed -> planned again, under the same number
                    sent, and nobody knows -> unknown: stays until a person decides (attach, give_up)
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from greenroom.errors import CueError, StoreError
from greenroom.takes import rows
from greenroom.takes.database import Database
from greenroom.takes.presence import Presence, process_of
from greenroom.takes.privacy import plain, without_secrets
from greenroom.takes.schema import connect, explained
from greenroom.takes.states import CircledTake, Job, JobState, Take

__all__ = ["Ledger"]

_NO_HANDLE = "state = 'submitted' and handle is null"
_SENT = "state in ('submitted', 'running')"


class Ledger(Database):
    """An open ledger. Belongs to the thread that opened it; use it as a context manager."""

    @classmethod
    def open(cls, path: Path, *, project: str, timeout: float = 10.0) -> Ledger:
        """Open the ledger of `project` (its id), or make it. `timeout` is how long to wait for others, in seconds.

        Raises:
            StoreError: a newer schema, another project's ledger, a broken file, a folder that can't be written.
            LedgerBusy: locked by another program.
        """
        connection = connect(path, project, timeout)
        connection.row_factory = sqlite3.Row
        try:
            with explained(path):
                presence = Presence(path.with_name(f"{path.name}-at-work"))
        except BaseException:
            connection.close()
            raise
        return cls(path, connection, presence)

    # Jobs

    def plan_job(
        self,
        *,
        cue: str,
        fingerprint: str,
        variant: int,
        engine: str,
        mode: str,
        actor: str,
        cost: Decimal | None,
        currency: str,
    ) -> Job:
        """The job of (cue, fingerprint, variant): the one there is, or a new one with the cue's next take number.

        A job that surely failed is planned again under its number, with the engine and cost of now.
        """
        terms = (engine, mode, actor, None if cost is None else str(cost), currency)
        with self.transaction():
            found = self._one(
                "select id, state from jobs where cue = ? and fingerprint = ? and variant = ? and state <> 'gone'",
                (cue, fingerprint, variant),
            )
            if found is None:
                return self._new_job(cue, fingerprint, variant, terms)
            if found["state"] == "failed":
                self._run(
                    "update jobs set state = 'planned', handle = null, message = '', hint = '', owner = null, "
                    "engine = ?, mode = ?, actor = ?, cost = ?, currency = ?, updated = ? where id = ?",
                    (*terms, rows.now(), found["id"]),
                )
            return self.job(found["id"])

    def _new_job(self, cue: str, fingerprint: str, variant: int, terms: tuple[Any, ...]) -> Job:
        number = self._next_number(cue)
        job_id = f"{cue}-{number:03}-{uuid.uuid4().hex[:12]}"
        self._run(
            "insert into jobs (id, cue, number, variant, fingerprint, engine, mode, actor, cost, currency, state, "
            "created, updated) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', ?, ?)",
            (job_id, cue, number, variant, fingerprint, *terms, rows.now(), rows.now()),
        )
        return self.job(job_id)

    def _next_number(self, cue: str) -> int:
        row = self._one(
            "select max(coalesce((select max(number) from jobs where cue = :cue), 0), "
            "coalesce((select max(number) from takes where cue = :cue), 0)) + 1 as number",
            {"cue": cue},
        )
        return int(row["number"]) if row else 1

    def renumber(self, job_id: str, taken: Iterable[int]) -> Job:
        """Give an unfinished job a free number: another machine put a take of that number into the shared project."""
        with self.transaction():
            job = self.job(job_id)
            number = max(self._next_number(job.cue), max(taken, default=0) + 1)
            self._change(job_id, "state <> 'done'", "renumber", number=number)
            return self.job(job_id)

    def claim(self, job_id: str) -> bool:
        """Take the job for this owner, unless another process that still runs has it, or its twin.

        A twin is a job with the same fingerprint and variant (a duplicated clip): one of them is made, the other
        copies it. The claim of a process that died is taken over.
        """
        with self.transaction():
            others = self._all(
                "select other.id, other.owner from jobs as mine join jobs as other on other.fingerprint = "
                "mine.fingerprint and other.variant = mine.variant where mine.id = ? and other.owner is not null",
                (job_id,),
            )
            for other in others:
                mine = other["owner"] == self._presence.owner
                if (mine and other["id"] != job_id) or (not mine and self._presence.alive(other["owner"])):
                    return False
            self._run("update jobs set owner = ? where id = ?", (self._presence.owner, job_id))
            return True

    def release(self, job_id: str) -> None:
        """Let go of a claim of this owner's; anybody else's stays."""
        mine = (job_id, self._presence.owner)
        if self._one("select id from jobs where id = ? and owner = ?", mine) is not None:
            with self.transaction():
                self._run("update jobs set owner = null where id = ? and owner = ?", mine)

    def holder(self, job_id: str) -> int | None:
        """The process that has claimed the job, or its twin, and still runs."""
        found = self._all(
            "select other.owner from jobs as mine join jobs as other on other.fingerprint = mine.fingerprint "
            "and other.variant = mine.variant where mine.id = ? and other.owner is not null",
            (job_id,),
        )
        alive = [row["owner"] for row in found if self._presence.alive(row["owner"])]
        return process_of(alive[0]) if alive else None

    def sent_twin(self, job_id: str) -> Job | None:
        """A twin of the job that was sent, of which nobody knows yet, or any more, what came of it."""
        row = self._one(
            "select other.id from jobs as mine join jobs as other on other.fingerprint = mine.fingerprint and "
            "other.variant = mine.variant where mine.id = ? and other.id <> mine.id "
            "and other.state in ('submitted', 'running', 'unknown') order by other.state = 'unknown', other.id limit 1",
            (job_id,),
        )
        return None if row is None else self.job(row["id"])

    def take_over(self, job_id: str, twin_id: str) -> None:
        """What was sent for a twin becomes this job's, which needs the claim; the twin is planned again, to copy it."""
        with self.transaction():
            handle = self._one(f"select handle from jobs where id = ? and {_SENT} and handle is not null", (twin_id,))
            if handle is None:
                self._refuse(twin_id, "hand over")
            attempts = self.job(job_id).attempts + 1
            owned = f"state = 'planned' and owner = '{self._presence.owner}'"
            self._change(job_id, owned, "take over", state="submitted", handle=handle["handle"], attempts=attempts)
            self._change(twin_id, _SENT, "hand over", state="planned", handle=None)

    def submitting(self, job_id: str, *, repeat: bool = False) -> None:
        """The intent, before the request leaves. Needs the claim.

        `repeat`: send again although an earlier submit may have arrived; only for engines that can't bill twice.
        """
        allowed = f"(state = 'planned' or ({_NO_HANDLE}))" if repeat else "state = 'planned'"
        with self.transaction():
            attempts = self.job(job_id).attempts
            first = self._one("select state from jobs where id = ? and state = 'planned'", (job_id,)) is not None
            owned = f"{allowed} and owner = '{self._presence.owner}'"
            self._change(job_id, owned, "submit", state="submitted", attempts=attempts + int(first))

    def submitted(self, job_id: str, handle: Mapping[str, Any]) -> None:
        """The engine took it; the handle is saved before the first poll."""
        text = json.dumps(without_secrets(plain(handle)), sort_keys=True)
        self._change(job_id, _NO_HANDLE, "keep the handle of", handle=text)

    def running(self, job_id: str) -> None:
        self._change(job_id, f"{_SENT} and handle is not null", "run", state="running")

    def begin_anew(self, job_id: str) -> None:
        """Plan a job again that was sent, keeping the claim; only for engines that bill nothing."""
        owned = f"{_SENT} and owner = '{self._presence.owner}'"
        self._change(job_id, owned, "begin anew", state="planned", handle=None)

    def done(self, job_id: str, take: Take, *, cost: Decimal | None = None) -> None:
        """The take lies in its folder. `cost` is what was paid, where it is known."""
        with self.transaction():
            self._change(
                job_id,
                "state <> 'failed' and state <> 'gone'",
                "finish",
                state="done",
                number=take.number,
                paid=None if cost is None else str(cost),
                owner=None,
                message="",
                hint="",
            )
            self._keep(take)

    def failed(self, job_id: str, message: str, hint: str = "") -> None:
        """It surely failed and nothing more will be billed; planning it again tries again."""
        message, hint = without_secrets(message), without_secrets(hint)
        self._change(
            job_id,
            "state in ('planned', 'submitted', 'running', 'unknown')",
            "fail",
            state="failed",
            message=message,
            hint=hint,
            owner=None,
        )

    def unknown(self, job_id: str, message: str) -> None:
        """It was sent, and nobody knows what came of it."""
        self._change(
            job_id, _SENT, "lose sight of", state="unknown", message=without_secrets(message), hint="", owner=None
        )

    def attach(self, job_id: str, handle: Mapping[str, Any]) -> None:
        """A job of which nobody knew is this one at its provider: it was sent, and goes on. Needs the claim.

        Raises:
            StoreError: it isn't unknown, or another job of the ledger is that one.
        """
        text = json.dumps(without_secrets(plain(handle)), sort_keys=True)
        with self.transaction():
            other = self._job_of_handle(handle, job_id)
            if other is not None:
                raise StoreError(
                    f"{handle.get('id')} is job {other}'s already",
                    hint="Look again which one at the provider is this job's.",
                    where=f"job {job_id}",
                )
            self._change(job_id, self._doubted, "attach", state="submitted", handle=text, message="", hint="")

    def give_up(self, job_id: str, message: str, hint: str = "") -> None:
        """Nothing will come of a job of which nobody knew, a person says: it may be made again. Needs the claim."""
        message, hint = without_secrets(message), without_secrets(hint)
        self._change(job_id, self._doubted, "give up", state="failed", message=message, hint=hint, owner=None)

    @property
    def _doubted(self) -> str:
        return f"state = 'unknown' and owner = '{self._presence.owner}'"

    def _job_of_handle(self, handle: Mapping[str, Any], but: str) -> str | None:
        """Another job that has, or had, this one at the provider, and a take of it or hope for one."""
        found = self._all(
            "select id, handle from jobs where handle is not null and id <> ? and state not in ('failed', 'gone')",
            (but,),
        )
        who = [(json.loads(row["handle"]), row["id"]) for row in found]
        same = (each for known, each in who if all(known.get(name) == handle.get(name) for name in ("host", "id")))
        return next(same, None)

    def _change(self, job_id: str, allowed: str, verb: str, **columns: Any) -> None:
        columns["updated"] = rows.now()
        assignments = ", ".join(f"{name} = ?" for name in columns)
        with self.transaction():
            changed = self._run(
                f"update jobs set {assignments} where id = ? and {allowed}", (*columns.values(), job_id)
            ).rowcount
            if not changed:
                self._refuse(job_id, verb)

    def _refuse(self, job_id: str, verb: str) -> NoReturn:
        row = self._one("select state, handle, owner from jobs where id = ?", (job_id,))
        state = "unknown to the ledger" if row is None else f"{row['state']}{'' if row['handle'] else ', no handle'}"
        raise StoreError(
            f"job {job_id} can't {verb}: it is {state}",
            hint="Another process may have changed it; run the same command again.",
            where=str(self.path),
        )

    def job(self, job_id: str) -> Job:
        row = self._one(f"select {rows.JOB_COLUMNS} from jobs where id = ? and state <> 'gone'", (job_id,))
        if row is None:
            raise StoreError(f"there is no job {job_id}", hint="Generate again.", where=str(self.path))
        return rows.job_of(row)

    def jobs(self, cue: str | None = None, states: Iterable[type[JobState]] | None = None) -> list[Job]:
        """All jobs, by cue and number; only those of one cue or in some states (types) if asked."""
        wanted = ["state <> 'gone'"]
        values: list[Any] = []
        if cue is not None:
            wanted.append("cue = ?")
            values.append(cue)
        if states is not None:
            names = [rows.STATE_NAMES[state] for state in states]
            wanted.append(f"state in ({', '.join('?' * len(names))})")
            values += names
        query = f"select {rows.JOB_COLUMNS} from jobs where {' and '.join(wanted)} order by cue, number"
        return [rows.job_of(row) for row in self._all(query, values)]

    # Takes

    def takes(self, cue: str | None = None) -> list[Take]:
        """All takes by cue and number, or those of one cue."""
        query, values = "select facts from takes order by cue, number", ()
        if cue is not None:
            found = self._all("select facts from takes where cue = ? order by number", (cue,))
        else:
            found = self._all(query, values)
        return [rows.take_of(row["facts"]) for row in found]

    def take(self, cue: str, number: int) -> Take:
        """One take.

        Raises:
            CueError: there is none of that number; the hint lists those there are.
        """
        row = self._one("select facts from takes where cue = ? and number = ?", (cue, number))
        if row is None:
            known = ", ".join(str(take.number) for take in self.takes(cue))
            raise CueError(
                f"there is no take {number}",
                hint=f"Takes of this cue: {known}." if known else "Generate one first.",
                where=f"cue {cue}",
            )
        return rows.take_of(row["facts"])

    def take_for(self, fingerprint: str, variant: int) -> Take | None:
        """The take that already is this performance, whichever cue it was made for."""
        row = self._one(
            "select facts from takes where fingerprint = ? and variant = ? order by cue, number limit 1",
            (fingerprint, variant),
        )
        return None if row is None else rows.take_of(row["facts"])

    def adopt(self, take: Take) -> None:
        """Enter a take that was found on disk, with its job done: what lies there is the truth.

        An unfinished job that holds the take's number only reserved it, and gets another.
        """
        with self.transaction():
            same = self._one(
                "select id, state, number from jobs where cue = ? and fingerprint = ? and variant = ? "
                "and state <> 'gone'",
                (take.cue, take.fingerprint, take.variant),
            )
            if same is not None and same["state"] == "done" and same["number"] != take.number:
                # two folders of one variant, say one that was away for a while: both are kept
                take, same = replace(take, variant=self._next_variant(take)), None
            self._clear_number(take, same["id"] if same else "")
            if same is None:
                self._insert_done(take)
            else:
                self._run(
                    "update jobs set state = 'done', number = ?, owner = null, message = '', hint = '', updated = ? "
                    "where id = ?",
                    (take.number, rows.now(), same["id"]),
                )
            self._keep(take)

    def _next_variant(self, take: Take) -> int:
        row = self._one(
            "select max(variant) + 1 as variant from jobs where cue = ? and fingerprint = ?",
            (take.cue, take.fingerprint),
        )
        return int(row["variant"]) if row and row["variant"] else take.variant

    def _clear_number(self, take: Take, but: str) -> None:
        held = self._one(
            "select id, state from jobs where cue = ? and number = ? and id <> ?", (take.cue, take.number, but)
        )
        if held is None:
            return
        if held["state"] in ("done", "gone"):
            self._run("delete from jobs where id = ?", (held["id"],))  # its folder holds another take now
        else:
            self._run("update jobs set number = ? where id = ?", (self._next_number(take.cue), held["id"]))

    def _insert_done(self, take: Take) -> None:
        self._run(
            "insert into jobs (id, cue, number, variant, fingerprint, engine, mode, actor, currency, state, attempts, "
            "created, updated) values (?, ?, ?, ?, ?, ?, ?, ?, '', 'done', 1, ?, ?)",
            (
                f"{take.cue}-{take.number:03}-{uuid.uuid4().hex[:12]}",
                *(take.cue, take.number, take.variant, take.fingerprint, take.engine, take.mode, take.actor),
                *(take.created, rows.now()),
            ),
        )

    def withdraw(self, cue: str, number: int) -> None:
        """The take is no longer on disk: it can be made again, under a new number. The old number stays used."""
        with self.transaction():
            self._run("update jobs set state = 'gone', owner = null where cue = ? and number = ?", (cue, number))
            self._run("delete from takes where cue = ? and number = ?", (cue, number))
            self._run("delete from circled where cue = ? and number = ?", (cue, number))

    def _keep(self, take: Take) -> None:
        self._run(
            "insert or replace into takes (cue, number, fingerprint, variant, facts) values (?, ?, ?, ?, ?)",
            (take.cue, take.number, take.fingerprint, take.variant, without_secrets(rows.take_facts(take))),
        )

    def circle(self, cue: str, number: int) -> None:
        """Remember the editor's choice.

        Raises:
            CueError: there is no such take.
        """
        with self.transaction():
            self.take(cue, number)
            self._run("insert or replace into circled values (?, ?)", (cue, number))

    def circled(self, cue: str) -> CircledTake | None:
        """The editor's choice, else the newest take; None where there is no take."""
        row = self._one(
            "select number from circled join takes using (cue, number) where cue = ?",
            (cue,),
        )
        if row is not None:
            return CircledTake(cue, row["number"], "editor")
        newest = self._one("select max(number) as number from takes where cue = ?", (cue,))
        return None if newest is None or newest["number"] is None else CircledTake(cue, newest["number"], "newest")

    # Digests, remembered so that a second run needn't read the media again

    def digest(self, key: str) -> str | None:
        row = self._one("select value from digests where key = ?", (key,))
        return None if row is None else str(row["value"])

    def remember_digest(self, key: str, value: str) -> None:
        with self.transaction():
            self._run("insert or replace into digests values (?, ?)", (key, value))

    def check(self) -> tuple[str, ...]:
        """What SQLite and the ledger's own rules find wrong with the file; nothing, if it is sound."""
        found = [str(row[0]) for row in self._all("pragma integrity_check", ()) if row[0] != "ok"]
        lost = self._all(
            "select cue, number from jobs where state = 'done' and not exists "
            "(select 1 from takes where takes.cue = jobs.cue and takes.number = jobs.number)",
            (),
        )
        stray = self._all(
            "select cue, number from takes where not exists (select 1 from jobs where jobs.cue = takes.cue "
            "and jobs.number = takes.number and state = 'done')",
            (),
        )
        found += [f"job done without a take: {row['cue']} {row['number']}" for row in lost]
        return (*found, *(f"take without a job: {row['cue']} {row['number']}" for row in stray))

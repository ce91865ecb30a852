# SPDX-License-Identifier: Apache-2.0
"""The ledger's jobs: planned, claimed by one process at a time, and read."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from greenroom.errors import StoreError
from greenroom.takes import rows
from greenroom.takes.host_book import HostBook
from greenroom.takes.presence import holder_named
from greenroom.takes.states import Job, JobState

__all__ = ["JobBook"]


class JobBook(HostBook):
    """Jobs as they are planned and claimed; their way from there is in `JobSteps`."""

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

        A job that surely failed is planned again under its number, with the engine and cost of now; so is the quote of
        one that was never sent.
        """
        terms = (engine, mode, actor, None if cost is None else str(cost), currency)
        with self.transaction():
            found = self._one(
                "select id, state from jobs where cue = ? and fingerprint = ? and variant = ? and state <> 'gone'",
                (cue, fingerprint, variant),
            )
            if found is None:
                return self._new_job(cue, fingerprint, variant, terms)
            if found["state"] in ("failed", "planned"):
                self._run(
                    "update jobs set state = 'planned', handle = null, message = '', hint = '', "
                    "owner = case state when 'failed' then null else owner end, "
                    "engine = ?, mode = ?, actor = ?, cost = ?, currency = ?, updated = ? where id = ?",
                    (*terms, rows.now(), found["id"]),
                )
            return self.job(found["id"])

    def plan_jobs(self, asked: Sequence[Mapping[str, Any]], *, keep: bool = True) -> list[Job]:
        """`plan_job` for each, in one step. `keep` False: as they would be, numbers and all; none is kept."""
        with self.transaction():
            self._run("savepoint planning", ())
            planned = [self.plan_job(**each) for each in asked]
            if not keep:
                self._run("rollback to planning", ())
            self._run("release planning", ())
            return planned

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

    def holder(self, job_id: str) -> str | None:
        """Who has claimed the job, or its twin, and still runs: "process 4711"; "" where it is this owner itself."""
        found = self._all(
            "select other.owner from jobs as mine join jobs as other on other.fingerprint = mine.fingerprint "
            "and other.variant = mine.variant where mine.id = ? and other.owner is not null",
            (job_id,),
        )
        alive = [row["owner"] for row in found if self._presence.alive(row["owner"])]
        if not alive:
            return None
        return "" if alive[0] == self._presence.owner else holder_named(alive[0])

    def sent_twin(self, job_id: str) -> Job | None:
        """A twin of the job that was sent, of which nobody knows yet, or any more, what came of it."""
        row = self._one(
            "select other.id from jobs as mine join jobs as other on other.fingerprint = mine.fingerprint and "
            "other.variant = mine.variant where mine.id = ? and other.id <> mine.id "
            "and other.state in ('submitted', 'running', 'unknown') order by other.state = 'unknown', other.id limit 1",
            (job_id,),
        )
        return None if row is None else self.job(row["id"])

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

    def sent_handles(self) -> list[dict[str, Any]]:
        """What was given for jobs that were sent, also where their take is gone: cue, number, actor, engine, handle."""
        found = self._all(
            "select cue, number, actor, engine, handle from jobs where handle is not null order by cue, number", ()
        )
        return [{**dict(row), "handle": json.loads(row["handle"])} for row in found]

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

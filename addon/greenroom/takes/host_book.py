# SPDX-License-Identifier: Apache-2.0
"""What hosts allow, held across all desks and processes of a project: jobs at once, and requests a minute.

A place at a host belongs to a job, and is kept where the job is: it outlives whoever sent it, because the host is still
at work then.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from greenroom.errors import StoreError
from greenroom.takes import rows
from greenroom.takes.money_book import MoneyBook

__all__ = ["HostBook", "HostLimit"]

_MINUTE = 60.0
_LOST_SIGHT = timedelta(minutes=10)  # after which a host has ended what nobody asks for any more, as a rule


@dataclass(frozen=True)
class HostLimit:
    """Of one host, by its name. None: no limit."""

    host: str
    jobs_at_once: int | None = None
    requests_a_minute: int | None = None


class HostBook(MoneyBook):
    """Who may send how much to whom."""

    def take_place(self, job_id: str, limit: HostLimit) -> bool:
        """A place at the host for a job that is about to be sent and is claimed by this owner; False: all are taken.

        It is free again when the job leaves the host (`leave_host`), is done, failed or surely wasn't sent.

        Raises:
            StoreError: the job is another's.
        """
        with self.transaction():
            if limit.jobs_at_once is not None and self._taken(job_id, limit.host) >= limit.jobs_at_once:
                return False
            mine = (limit.host, job_id, self._presence.owner)
            if not self._run("update jobs set host = ? where id = ? and owner = ?", mine).rowcount:
                raise StoreError(
                    f"job {job_id} isn't this desk's any more",
                    hint="Run the same command again.",
                    where=str(self.path),
                )
            return True

    def leave_host(self, job_id: str) -> None:
        """The host has nothing more to do with the job."""
        with self.transaction():
            self._run("update jobs set host = '' where id = ?", (job_id,))

    def _taken(self, but: str, host: str) -> int:
        """Places that other jobs have. One that a dead process was about to send has none; one that was sent keeps its
        place while somebody asks for it, and for ten minutes.
        """
        lately = rows.now(_LOST_SIGHT)
        found = self._all("select owner, state, updated from jobs where host = ? and id <> ?", (host, but))
        return sum(
            (row["owner"] is not None and self._presence.alive(row["owner"]))
            or (row["state"] != "planned" and row["updated"] > lately)
            for row in found
        )

    def may_ask(self, limit: HostLimit, *, at_once: bool = False) -> float:
        """0.0: the host may be asked now, which is counted; else so many seconds are to be waited before asking here
        again. Moments are of the clock of the ledger's machine. `at_once`: it is asked in any case, and counted.
        """
        if limit.requests_a_minute is None:
            return 0.0
        with self.transaction():
            now = time.time()
            # a moment ahead is of a clock that was put back since
            self._run("delete from asked where moment <= ? or moment > ?", (now - _MINUTE, now + 1))
            row = self._one("select count(*) as asked, min(moment) as first from asked where host = ?", (limit.host,))
            if row is not None and row["asked"] >= limit.requests_a_minute and not at_once:
                return max(0.05, float(row["first"]) + _MINUTE - now)
            self._run("insert into asked values (?, ?)", (limit.host, now))
            return 0.0

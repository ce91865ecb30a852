# SPDX-License-Identifier: Apache-2.0
"""A job's steps through its states, each a change that only one process can make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from greenroom.errors import StoreError
from greenroom.takes.money import Cap
from greenroom.takes.privacy import plain, without_secrets
from greenroom.takes.states import Take
from greenroom.takes.take_book import TakeBook

__all__ = ["JobSteps"]

_NO_HANDLE = "state = 'submitted' and handle is null"
_SENT = "state in ('submitted', 'running')"


class JobSteps(TakeBook):
    """From planned to done, failed or unknown; `greenroom.takes.ledger` draws the way."""

    def take_over(self, job_id: str, twin_id: str) -> None:
        """What was sent for a twin becomes this job's, which needs the claim; the twin is planned again, to copy it."""
        with self.transaction():
            twin = self._one(
                f"select handle, desk, host from jobs where id = ? and {_SENT} and handle is not null", (twin_id,)
            )
            if twin is None:
                self._refuse(twin_id, "hand over")
            heir = self.job(job_id)
            attempts = heir.attempts + 1
            owned = f"state = 'planned' and owner = '{self._presence.owner}'"
            self._change(job_id, owned, "take over", state="submitted", attempts=attempts, **dict(twin))
            self._change(twin_id, _SENT, "hand over", state="planned", handle=None, host="")
            self._hand_over(twin_id, heir, attempts)

    def submitting(
        self, job_id: str, *, repeat: bool = False, cap: Cap | None = None, due: Decimal | None = None
    ) -> None:
        """The intent, before the request leaves, and the money that it may cost. Needs the claim.

        `repeat`: send again although an earlier submit may have arrived; only for engines that can't bill twice.
        `cap`: of engines that bill; others reserve nothing. `due`: what is still to be paid, where an earlier attempt
        paid for parts of it.

        Raises:
            BudgetError: the quote would pass the limit: nothing has changed, and nothing may be sent.
        """
        allowed = f"(state = 'planned' or ({_NO_HANDLE}))" if repeat else "state = 'planned'"
        with self.transaction():
            job = self.job(job_id)
            first = self._one("select state from jobs where id = ? and state = 'planned'", (job_id,)) is not None
            owned = f"{allowed} and owner = '{self._presence.owner}'"
            attempts = job.attempts + int(first)
            self._change(job_id, owned, "submit", state="submitted", attempts=attempts, desk=self.desk)
            if cap is not None:
                self._reserve(job, attempts, cap, due)

    def never_sent(self, job_id: str) -> None:
        """Plan a job again whose request surely never left, keeping the claim; its money is free again. A claim of its
        twin does as well, since it keeps all others away from both.
        """
        with self.transaction():
            claimed = (
                "exists (select mine.id from jobs as mine where mine.fingerprint = jobs.fingerprint "
                f"and mine.variant = jobs.variant and mine.owner = '{self._presence.owner}')"
            )
            self._change(job_id, f"{_NO_HANDLE} and {claimed}", "plan again", state="planned", host="")
            self._refund(job_id)

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
        """The take lies in its folder. `cost` is what was paid, where the host says it; else the quote counts."""
        with self.transaction():
            self._change(
                job_id,
                "state <> 'failed' and state <> 'gone'",
                "finish",
                state="done",
                number=take.number,
                paid=None if cost is None else str(cost),
                owner=None,
                host="",
                message="",
                hint="",
            )
            self._keep(take)
            self._settle(job_id, cost)

    def failed(
        self, job_id: str, message: str, hint: str = "", *, billed: bool = False, paid: Decimal | None = None
    ) -> None:
        """It surely failed, and nothing more will be billed. `billed`: it may have been, all the same; `paid`: no more
        than this.
        """
        message, hint = without_secrets(message), without_secrets(hint)
        allowed = "state in ('planned', 'submitted', 'running', 'unknown')"
        with self.transaction():
            self._change(job_id, allowed, "fail", state="failed", message=message, hint=hint, owner=None, host="")
            self._settle_or_refund(job_id, "possible", billed=billed, paid=paid)

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

    def give_up(
        self, job_id: str, message: str, hint: str = "", *, billed: bool = True, paid: Decimal | None = None
    ) -> None:
        """Nothing will come of a job that was sent, a person says: it may be made again. Needs the claim.

        `billed`: its quote counts as spent, since the provider may ask for it; else the money is free again. `paid`:
        so much counts as spent, whatever `billed` says.
        """
        message, hint = without_secrets(message), without_secrets(hint)
        allowed = f"state in ('submitted', 'running', 'unknown') and owner = '{self._presence.owner}'"
        with self.transaction():
            self._change(job_id, allowed, "give up", state="failed", message=message, hint=hint, owner=None, host="")
            self._settle_or_refund(job_id, "given up", billed=billed, paid=paid)

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

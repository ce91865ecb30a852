# SPDX-License-Identifier: Apache-2.0
"""The ledger's takes, and which of them is circled."""

from __future__ import annotations

import uuid
from dataclasses import replace

from greenroom.errors import CueError
from greenroom.takes import rows
from greenroom.takes.job_book import JobBook
from greenroom.takes.money import Bill
from greenroom.takes.privacy import without_secrets
from greenroom.takes.states import CircledTake, Take

__all__ = ["TakeBook"]


class TakeBook(JobBook):
    """Takes as they lie in their folders."""

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

    def adopt(self, take: Take, *, bill: Bill | None = None) -> None:
        """Enter a take that was found on disk, with its job done: what lies there is the truth.
        `bill` is what its record says of its cost: it is entered where the ledger doesn't know of that job's money, as
        after a lost ledger, or where another machine made the take.

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
                    "update jobs set state = 'done', number = ?, owner = null, host = '', message = '', hint = '', "
                    "updated = ? where id = ?",
                    (take.number, rows.now(), same["id"]),
                )
                self._settle(same["id"], bill.cost if bill is not None and bill.reported else None)
            if bill is not None and bill.cost:
                self._enter(take, bill)
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

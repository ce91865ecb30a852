# SPDX-License-Identifier: Apache-2.0
"""The ledger: what was asked for, what was sent, what came of it. One SQLite file a project, on a local disk.

The order of writing is the promise (design 4 and 5): `submitting` is on disk before a paid request leaves, the
handle before the first poll, and a take's folder before `done`. Every write is one immediate transaction, so a
process killed at any moment leaves a ledger that says what is known, and what isn't.

    planned -> submitted (no handle yet) -> submitted (handle) -> running -> done
                    submitted (no handle), and it surely never left -> planned
                    any of these -> failed -> planned again, under the same number
                    sent, and nobody knows -> unknown: stays until a person decides (attach, give_up)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from greenroom.takes.job_steps import JobSteps
from greenroom.takes.presence import Presence
from greenroom.takes.schema import connect, explained

__all__ = ["Ledger", "at_work_folder"]


def at_work_folder(path: Path) -> Path:
    """Where the leases of those lie who are at work on the ledger at `path`."""
    return path.with_name(f"{path.name}-at-work")


class Ledger(JobSteps):
    """An open ledger. Belongs to the thread that opened it; use it as a context manager."""

    @classmethod
    def open(cls, path: Path, *, project: str, timeout: float = 10.0, desk: str = "") -> Ledger:
        """Open the ledger of `project` (its id), or make it. `timeout` is how long to wait for others, in seconds;
        `desk` is told of jobs that are sent by whoever opens it.

        Raises:
            StoreError: a newer schema, another project's ledger, a broken file, a folder that can't be written.
            LedgerBusy: locked by another program.
        """
        connection = connect(path, project, timeout)
        try:
            with explained(path):
                presence = Presence(at_work_folder(path), desk)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection, presence)

    # Digests, remembered so that a second run needn't read the media again

    def digest(self, key: str) -> str | None:
        row = self._one("select value from digests where key = ?", (key,))
        return None if row is None else str(row["value"])

    def remember_digest(self, key: str, value: str) -> None:
        self.remember_digests({key: value})

    def remember_digests(self, found: Mapping[str, str]) -> None:
        with self.transaction():
            for item in found.items():
                self._run("insert or replace into digests values (?, ?)", item)

    # Answers to desks on other machines, so that a question that is asked twice is carried out once

    def answer_given(self, desk: str) -> tuple[int, str]:
        """The number of the last question of a desk (its owner's name) that changed something, and the answer."""
        row = self._one("select number, answer from answers where desk = ?", (desk,))
        return (0, "") if row is None else (row["number"], row["answer"])

    def keep_answer(self, desk: str, number: int, answer: str) -> None:
        """Belongs into the transaction of what was asked for."""
        with self.transaction():
            self._run("insert or replace into answers values (?, ?, ?)", (desk, number, answer))

    def forget_answers(self, desks: Iterable[str]) -> None:
        with self.transaction():
            for desk in desks:
                self._run("delete from answers where desk = ?", (desk,))

    def answered_desks(self) -> list[str]:
        return [str(row["desk"]) for row in self._all("select desk from answers", ())]

    def changes(self) -> int:
        """How many changes were made through this connection: a served ledger's owner makes those of all desks."""
        return self._connection.total_changes

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

# SPDX-License-Identifier: Apache-2.0
"""An open SQLite file with one owner: transactions that nest, and errors in an editor's words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from greenroom.takes.presence import Presence
from greenroom.takes.schema import explained

__all__ = ["Database"]


class Database:
    """What the ledger stands on. Belongs to the thread that opened it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, presence: Presence) -> None:
        self.path = path
        self._connection = connection
        self._presence = presence
        self._depth = 0

    @property
    def desk(self) -> str:
        """The desk that asks; see `Presence`."""
        return self._presence.desk

    def close(self) -> None:
        """Close the ledger and let go of every job that this owner held."""
        self._presence.leave()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes within are one commit; an exception undoes them. May be nested."""
        if self._depth:
            yield
            return
        with self._explained():
            self._connection.execute("begin immediate")
        self._depth = 1
        try:
            yield
            with self._explained():
                self._connection.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise
        finally:
            self._depth = 0

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return explained(self.path, self._presence.others)

    def _run(self, query: str, values: Any) -> sqlite3.Cursor:
        with self._explained():
            return self._connection.execute(query, values)

    def _all(self, query: str, values: Any) -> list[sqlite3.Row]:
        return self._run(query, values).fetchall()

    def _one(self, query: str, values: Any) -> sqlite3.Row | None:
        with self._explained():
            row: sqlite3.Row | None = self._connection.execute(query, values).fetchone()
            return row

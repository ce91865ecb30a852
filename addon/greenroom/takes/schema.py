# SPDX-License-Identifier: Apache-2.0
"""The ledger's tables, and opening them safely: WAL, synchronous=FULL, on a local disk (promise 5)."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from greenroom.errors import LedgerBusy, StoreError
from greenroom.takes.disk import MARGIN, free_space, megabytes

__all__ = ["SCHEMA", "connect", "explained"]

SCHEMA = 3

# No "returning" and no "strict": SQLite of older systems (3.26) has neither.
# A job that lost its take (state 'gone') keeps its number and gives up its key.
_TABLES = """
create table about (key text primary key, value text not null);
create table jobs (
    id text primary key,
    cue text not null,
    number integer not null check (number > 0),
    variant integer not null check (variant > 0),
    fingerprint text not null,
    engine text not null,
    mode text not null,
    actor text not null,
    cost text,
    currency text not null,
    paid text,
    state text not null check (state in ('planned', 'submitted', 'running', 'done', 'failed', 'unknown', 'gone')),
    handle text,
    message text not null default '',
    hint text not null default '',
    attempts integer not null default 0,
    owner text,
    created text not null,
    updated text not null,
    unique (cue, number)
);
create unique index job_of_variant on jobs (cue, fingerprint, variant) where state <> 'gone';
create index job_of_fingerprint on jobs (fingerprint, variant);
create table takes (
    cue text not null,
    number integer not null,
    fingerprint text not null,
    variant integer not null,
    facts text not null,
    primary key (cue, number)
);
create index take_of_fingerprint on takes (fingerprint, variant);
create table circled (cue text primary key, number integer not null);
create table digests (key text primary key, value text not null);
"""

# From schema 1, where money had no table: what was sent is reserved, and what was made is spent. Sums are millionths.
_MONEY = """
create table charges (
    job text not null,
    attempt integer not null,
    cue text not null,
    actor text not null,
    mode text not null,
    engine text not null,
    currency text not null,
    state text not null check (state in ('reserved', 'settled', 'refunded')),
    reserved integer,
    paid integer,
    basis text not null default '',
    day text not null,
    closed text,
    primary key (job, attempt)
);
create index charge_of_state on charges (state, currency, paid, reserved);
insert into charges (job, attempt, cue, actor, mode, engine, currency, state, reserved, paid, basis, day)
    select id, max(attempts, 1), cue, actor, mode, engine, currency,
        case state when 'done' then 'settled' else 'reserved' end,
        cast(round(cost * 1000000) as integer),
        case state when 'done' then cast(round(coalesce(paid, cost) * 1000000) as integer) end,
        case when state <> 'done' then '' when paid is null then 'estimate' else 'reported' end,
        substr(updated, 1, 10)
    from jobs where (state in ('submitted', 'running', 'unknown') and (cost is null or cost + 0 > 0))
        or (state = 'done' and coalesce(paid, cost) + 0 > 0);
"""
# From schema 2, where a ledger was of one machine. `desk` is the one that sent a job, `host` where it takes a place;
# `answers` are the last that other desks were given, and `asked` the moments (seconds since 1970) of requests to hosts.
_DESKS = """
alter table jobs add column desk text not null default '';
alter table jobs add column host text not null default '';
create index job_at_host on jobs (host) where host <> '';
create table answers (desk text primary key, number integer not null, answer text not null);
create table asked (host text not null, moment real not null);
create index asked_of_host on asked (host, moment);
"""
_STEPS = (_TABLES, _MONEY, _DESKS)
_LOOK_AGAIN = 0.02  # seconds; SQLite waits 1, 2, 5 and 10 ms within it


class _Patient(sqlite3.Connection):
    """Waits for others as long as it is told, where SQLite's own waiting falls short: that looks every 100 ms only, so
    that one writer in a loop can shut another out for ever, and not at all while a new file gets its journal
    (https://sqlite.org/c3ref/busy_handler.html names where it isn't called).
    """

    patience = 0.0  # seconds

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        until = time.monotonic() + self.patience
        while True:
            try:
                return super().execute(sql, parameters)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(0, 0.001))  # two that look in step would miss the same moments


def connect(path: Path, project: str, timeout: float) -> sqlite3.Connection:
    """An open ledger of `project`, made where there is none.

    Raises:
        StoreError: a ledger of a newer version or of another project, a broken file, a folder that can't be written.
        LedgerBusy: locked by another program for longer than `timeout` seconds.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_LOOK_AGAIN, isolation_level=None, factory=_Patient)
        connection.patience = timeout
        connection.row_factory = sqlite3.Row
    try:
        with explained(path):
            _check_version(connection, path)
            _settle(connection)
            _ensure_tables(connection, project)
            _check_version(connection, path)
            _check_project(connection, project, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _settle(connection: sqlite3.Connection) -> None:
    mode = connection.execute("pragma journal_mode=WAL").fetchone()[0]
    # where the file system has no shared memory, SQLite stays with its rollback journal: slower, as safe with EXTRA
    connection.execute(f"pragma synchronous={'FULL' if mode == 'wal' else 'EXTRA'}")
    connection.execute("pragma foreign_keys=ON")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    if version > SCHEMA:
        raise StoreError(
            f"the ledger is of a newer Greenroom (schema {version}, this one knows {SCHEMA})",
            hint="Update Greenroom: pip install --upgrade greenroom",
            where=str(path),
        )


def _ensure_tables(connection: sqlite3.Connection, project: str) -> None:
    if _version(connection) >= SCHEMA:
        return
    connection.execute("begin immediate")
    try:
        version = _version(connection)  # another process may have been first
        for step in _STEPS[version:]:
            for statement in step.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
        if not version:
            connection.execute("insert into about values ('project', ?)", (project,))
        if version < SCHEMA:
            connection.execute(f"pragma user_version={SCHEMA}")
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _check_project(connection: sqlite3.Connection, project: str, path: Path) -> None:
    row = connection.execute("select value from about where key = 'project'").fetchone()
    if row is None or row[0] != project:
        raise StoreError(
            f"this is the ledger of another project ({row[0] if row else 'unnamed'}, not {project})",
            hint="Give the copied project an id of its own in greenroom.toml, or move the ledger away: the takes are "
            "found again in the project's folder.",
            where=str(path),
        )


@contextlib.contextmanager
def explained(path: Path, holders: Callable[[], tuple[int, ...]] = tuple) -> Iterator[None]:
    """Turn what SQLite and the operating system say into our errors."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise explain(error, path, holders()) from error
    except OSError as error:
        raise StoreError(
            f"the ledger can't be opened: {error.strerror or error}",
            hint="Allow writing there, or set GREENROOM_DATA to a local folder of yours.",
            where=str(path),
        ) from error


def explain(error: sqlite3.DatabaseError, path: Path, holders: tuple[int, ...]) -> StoreError:
    text = str(error)
    if "locked" in text or "busy" in text:
        who = f"process {', '.join(map(str, holders))}" if holders else "another program"
        return LedgerBusy(f"{who} holds the ledger", hint="Wait for it or end it, then try again.", where=str(path))
    if "full" in text:
        text = f"{text}; {megabytes(free_space(path.parent))} are free on its disk, {megabytes(MARGIN)} are needed"
        hint = "Make room on that disk, or lift its quota, and run the same command again: it goes on where it was."
    elif "disk I/O" in text:
        hint = "The disk is full or failing. Make room, check it, and run the same command again."
    elif "readonly" in text or "unable to open" in text:
        hint = "Allow writing there, or set GREENROOM_DATA to a local folder of yours."
    elif "malformed" in text or "not a database" in text:
        hint = "Move the file away: the next run makes a new ledger and finds the takes in the project's folder."
    else:
        hint = "Run it again; if it stays, move the ledger away: the takes are found in the project's folder."
    return StoreError(f"the ledger can't be used: {text}", hint=hint, where=str(path))

# SPDX-License-Identifier: Apache-2.0
"""The ledger's calls as plain JSON: all of them, and nothing else."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from greenroom.errors import BudgetError, GreenroomError, PlanError, StoreError
from greenroom.takes import Done, Job, Ledger, Planned, Submitted, Take, Unknown
from greenroom.takes.calls import CALLS, call, error_of, named, pack, packed_error, unpack
from greenroom.takes.host_book import HostLimit
from greenroom.takes.money import Bill, Cap, Charge, ChargeState

HERE, THERE = Path("/mnt/show"), Path("/Volumes/show äö")
OWN = {"open", "close", "transaction", "desk"}
"""Of whoever has the file open."""

ANSWERS = {"answer_given", "keep_answer", "forget_answers", "answered_desks"}
"""Of whoever serves it."""


def test_every_call_of_the_ledger_can_be_asked_for() -> None:
    public = {name for name, _ in inspect.getmembers(Ledger) if not name.startswith("_")}
    assert public - OWN - ANSWERS == set(CALLS)


def take(folder: Path) -> Take:
    place = folder / "takes" / "7f3a" / "take_001"
    return Take(
        *("7f3a", 1, "f" * 64, "previz", "talk", "mara", "previz", place, place / "a.mov", place / "poster.png"),
        *("0" * 64, 32, 4, 4, 86396, "24000/1001", 192, 108, "2026-11-23T04:00:00Z"),
        warnings=("8 bit", "ä"),
        extras={"alpha": place / "a_alpha.mov"},
    )


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 3, 0.5, "ä$", [1, "2"], ("a", None), {"$": "map", "is": 1}, Decimal("0.30"), Planned(), Done(2)),
        *(
            Submitted({"id": "x", "n": [1, {"$": 2}]}),
            Unknown("why"),
            Cap(Decimal(5)),
            Bill("j", Decimal(1), "USD", True),
        ),
        *(HostLimit("fal", 2), [Planned, Submitted], Path("/elsewhere/a.mov")),
        Job(*("j", "c", 1, 1, "f", "e", "talk", "mara"), Decimal("0.25"), "USD", Planned(), "2026", 1, "2026", "desk"),
        Charge("j", 1, "c", "mara", "talk", "e", "USD", ChargeState.RESERVED, None, Decimal(0), "", "2026-11-23", True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_come_back_as_they_were(value: Any) -> None:
    assert unpack(json.loads(json.dumps(pack(value, HERE))), THERE) == value


def test_a_take_lies_in_the_project_wherever_that_is() -> None:
    assert unpack(json.loads(json.dumps(pack(take(HERE), HERE))), THERE) == take(THERE)


@pytest.mark.parametrize(
    "bad",
    [
        *({"$": "inside", "is": "../../etc/passwd"}, {"$": "inside", "is": "/etc/passwd"}, {"$": "Path", "is": "x"}),
        *({"$": "Popen", "is": {}}, {"$": "Job", "is": {"cue": 1}}, {"no": "tag"}, {"$": "Decimal", "is": "x"}),
        *({"$": "state", "is": "str"}, {"$": ["map"], "is": {}}),
    ],
    ids=str,
)
def test_nothing_else_is_made_of_what_comes_in(bad: Any) -> None:
    with pytest.raises(StoreError, match="can't be read"):
        unpack(bad, HERE)


@pytest.mark.parametrize("name", ["close", "__init__", "_run", "transaction", "keep_answer", "nonsense"])
def test_nothing_else_can_be_called(ledger: Ledger, name: str) -> None:
    with pytest.raises(StoreError, match="can't be asked for"):
        call(ledger, name, {})


def test_a_call_with_other_arguments_is_refused(ledger: Ledger) -> None:
    with pytest.raises(StoreError, match="can't be asked for 'digest'"):
        call(ledger, "digest", {"self": 1, "key": "a"})
    with pytest.raises(StoreError, match="can't be asked for 'digest'"):
        call(ledger, "digest", {"path": "a"})


def test_arguments_by_name(ledger: Ledger, plan_job: Callable[..., Job]) -> None:
    job = plan_job()
    assert named("jobs", ("7f3a",), {"states": [Planned]}) == {"cue": "7f3a", "states": [Planned]}
    assert call(ledger, "claim", named("claim", (job.id,), {})) is True


def test_errors_come_back_as_they_were() -> None:
    told = error_of(json.loads(json.dumps(packed_error(BudgetError("too much", hint="Less.", where="here")))))
    assert (type(told), str(told)) == (BudgetError, str(BudgetError("too much", hint="Less.", where="here")))


@pytest.mark.parametrize("kind", ["SystemExit", "sys", "PlanError", "", None])
def test_errors_of_no_kind_of_ours(kind: str | None) -> None:
    made = error_of({"kind": kind, "message": "m"})
    assert isinstance(made, GreenroomError)
    assert not isinstance(made, PlanError)

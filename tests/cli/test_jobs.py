# SPDX-License-Identifier: Apache-2.0
"""greenroom jobs: a ledger with a payment in doubt, listed and settled by the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from greenroom.desk.project.project import Project
from greenroom.takes import Ledger

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "greenroom.schema.json").read_text("utf-8"))
Run = Callable[..., Any]


@pytest.fixture
def doubted(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A job at fal whose answer was lost, in a ledger with one that waits and one that failed; there is no key."""
    monkeypatch.setenv("GREENROOM_KEYS", str(tmp_path / "keys.toml"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.delenv("FAL_KEY", raising=False)
    home = Project.load(project)
    with Ledger.open(home.ledger_path, project=home.id) as ledger:
        made = [
            ledger.plan_job(
                cue=cue,
                fingerprint=f"print of {cue}",
                variant=1,
                engine="fabric-1.0@fal",
                mode="talk",
                actor="mara",
                cost=Decimal("0.30"),
                currency="USD",
            )
            for cue in ("aaaa", "bbbb", "cccc")
        ]
        ledger.claim(made[0].id)
        ledger.submitting(made[0].id)
        ledger.unknown(made[0].id, "the answer was lost")
        ledger.failed(made[2].id, "no face was found", "Use another portrait.")
    return made[0].id


def check(value: Any) -> list[Any]:
    schema = {"$ref": "#/$defs/greenroom.jobs~11", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(value)
    jobs: list[Any] = value["jobs"]
    return jobs


def test_jobs_are_listed_with_what_to_do_next(run: Run, doubted: str) -> None:
    shown = run("jobs")
    assert shown.status == 0
    assert f"greenroom jobs attach {doubted} PROVIDER_ID" in shown.out
    assert f"greenroom jobs lost {doubted}" in shown.out
    assert "0.30 USD" in shown.out
    jobs = check(run("jobs", "--json").value)
    assert [(each["cue"], each["state"]) for each in jobs] == [
        ("aaaa", "unknown"),
        ("bbbb", "planned"),
        ("cccc", "failed"),
    ]
    assert set(jobs[0]) == set(SCHEMA["$defs"]["greenroom.jobs/1"]["properties"]["jobs"]["items"]["properties"])
    assert [each["cue"] for each in check(run("jobs", "--cue", "bbbb", "--json").value)] == ["bbbb"]


def test_a_project_without_jobs_says_so(run: Run, project: Path) -> None:
    assert run("jobs").out == "No job is open.\n"


def test_giving_up_has_to_be_confirmed(run: Run, doubted: str) -> None:
    refused = run("jobs", "lost", doubted)
    assert (refused.status, "--yes" in refused.err) == (2, True)
    assert check(run("jobs", "--cue", "aaaa", "--json").value)[0]["state"] == "unknown"
    (given_up,) = check(run("jobs", "lost", doubted, "--yes", "--json").value)
    assert (given_up["state"], given_up["next"]) == ("failed", ["The next generate makes it again."])
    assert run("jobs", "lost", doubted, "--yes").status == 3


def test_without_a_key_nothing_can_be_attached(run: Run, doubted: str) -> None:
    failed = run("jobs", "attach", doubted, "request-1", "--json")
    assert failed.status == 1
    assert "there is no key for fal" in failed.error["message"]
    assert check(run("jobs", "--cue", "aaaa", "--json").value)[0]["state"] == "unknown"


def test_options_before_the_command_are_not_lost_in_silence(run: Run, doubted: str) -> None:
    assert run("jobs", "--json", "lost", doubted, "--yes").status == 2
    assert check(run("jobs", "--cue", "aaaa", "--json").value)[0]["state"] == "unknown"

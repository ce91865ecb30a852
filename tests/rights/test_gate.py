# SPDX-License-Identifier: Apache-2.0
"""The gate alone: whom a use shows, what a record allows, and what is said of it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from greenroom.errors import Severity
from greenroom.rights.consent import REPLICA, SYNTHETIC, Consent
from greenroom.rights.gate import Appearance, GateRule, Use, refusals

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FACE = Appearance("face", "the portrait of mara", "mara", "cast/mara/portrait.png", "aa")
VOICE = Appearance("voice", "the voice in media/mara_line.wav", "mara", "media/mara_line.wav")
STAND_IN = Appearance("face", "the stand-in media/tom.mov", file="media/tom.mov")
USE = Use((FACE,), "talk", host="fal", project="p1", scene="SC03", language="en", where="V1 01:00:00:00")
JANE = Consent("mara", REPLICA, Path("consent.toml"), who="Jane Doe", contact="agent@example.com")


def asked(*records: Consent, use: Use = USE, rule: GateRule | None = None, now: datetime = NOW) -> list[Any]:
    return list(refusals([use], records, rule or GateRule(), now))


def test_who_agreed_may_be_sent() -> None:
    assert asked(JANE) == []


def test_nobody_agreed() -> None:
    (problem,) = asked()
    assert (problem.code, problem.severity, problem.where) == ("no-consent", Severity.ERROR, "V1 01:00:00:00")
    assert "fal would get" in problem.message
    assert "greenroom consent add mara --who NAME" in problem.hint


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({"modes": ("animate",)}, "for mode animate, not talk"),
        ({"hosts": ("replicate", "kling")}, "for host replicate or kling, not fal"),
        ({"scenes": ("SC04",)}, "for scene SC04, not SC03"),
        ({"languages": ("de",)}, "for language de, not en"),
        ({"projects": ("p2",)}, "for another project"),
    ],
)
def test_outside_of_the_scope(scope: dict[str, Any], said: str) -> None:
    (problem,) = asked(replace(JANE, **scope))
    assert problem.code == "consent-scope"
    assert said in problem.message
    assert "Jane Doe (agent@example.com) can give it" in problem.hint


def test_a_language_that_nobody_says_is_not_allowed() -> None:
    (problem,) = asked(replace(JANE, languages=("de",)), use=replace(USE, language=""))
    assert "nobody says which language" in problem.message


def test_scopes_compare_without_case_and_composition() -> None:
    assert asked(replace(JANE, scenes=("sc03", "Se\u0301ance"), modes=("TALK",))) == []
    assert asked(replace(JANE, scenes=("Se\u0301ance",)), use=replace(USE, scene="S\u00c9ANCE")) == []


def test_a_second_record_widens_the_first() -> None:
    narrow = replace(JANE, modes=("animate",))
    assert asked(narrow, replace(JANE, modes=("talk",))) == []


def test_time() -> None:
    ended = replace(JANE, ends=NOW)
    assert [each.code for each in asked(ended)] == ["consent-ended"]
    assert [each.code for each in asked(replace(JANE, begins=NOW + timedelta(seconds=1)))] == ["consent-ended"]
    assert asked(replace(JANE, begins=NOW)) == []
    (soon,) = asked(replace(JANE, ends=NOW + timedelta(days=30)))
    assert (soon.code, soon.severity) == ("consent-ends-soon", Severity.WARNING)
    assert asked(replace(JANE, ends=NOW + timedelta(days=30, seconds=1))) == []
    assert asked(replace(JANE, ends=NOW + timedelta(days=3)), JANE) == []  # another one has no end


def test_withdrawn_and_void() -> None:
    (problem,) = asked(replace(JANE, withdrawn=NOW))
    assert (problem.code, "withdrawn on 2026-11-23" in problem.message) == ("consent-withdrawn", True)
    (problem,) = asked(replace(JANE, faults=("the scan is missing",)))
    assert (problem.code, "the scan is missing" in problem.message) == ("consent-void", True)


def test_a_voice_and_a_stand_in_need_somebody_too() -> None:
    use = replace(USE, appearances=(FACE, VOICE, STAND_IN))
    face_only = replace(JANE, covers=("face",))
    assert [each.code for each in asked(face_only, use=use)] == ["no-consent", "no-consent"]
    tom = Consent("tom", REPLICA, Path("x"), actor=False, who="Tom", media=("media/TOM*.mov",))
    assert asked(JANE, tom, use=use) == []
    elsewhere = replace(JANE, covers=("voice",), media=("audio/*",))
    (problem,) = asked(face_only, elsewhere, tom, use=use)
    assert "the voice in media/mara_line.wav" in problem.message


def test_an_invented_face_has_nobodys_voice() -> None:
    invented = Consent("mara", SYNTHETIC, Path("x"), made="drawn", covers=("face", "voice"), portrait="aa")
    assert asked(invented) == []
    (problem,) = asked(invented, use=replace(USE, appearances=(FACE, VOICE)))
    assert "the voice in" in problem.message


def test_what_was_said_of_another_portrait_does_not_hold() -> None:
    (problem,) = asked(Consent("mara", SYNTHETIC, Path("x"), made="drawn", portrait="bb"))
    assert "of another portrait" in problem.message


def test_the_projects_rule() -> None:
    here = replace(USE, host="")
    assert [each.severity for each in asked(rule=GateRule("warn"))] == [Severity.WARNING]
    assert asked(rule=GateRule("off")) == []
    assert asked(use=here) == []
    assert [each.severity for each in asked(use=here, rule=GateRule(here="strict"))] == [Severity.ERROR]
    assert [each.severity for each in asked(use=here, rule=GateRule(here="warn"))] == [Severity.WARNING]


def test_a_withdrawal_stops_this_machine_too() -> None:
    here, withdrawn = replace(USE, host=""), replace(JANE, withdrawn=NOW)
    assert [each.severity for each in asked(withdrawn, use=here)] == [Severity.ERROR]
    assert asked(withdrawn, use=here, rule=GateRule("off")) == []


def test_hosts_do_not_limit_this_machine() -> None:
    assert asked(replace(JANE, hosts=("fal",)), use=replace(USE, host=""), rule=GateRule(here="strict")) == []


def test_a_job_is_judged_within_a_millisecond_of_cpu() -> None:
    records = [replace(JANE, name=f"actor{number}", media=(f"media/{number}_*",)) for number in range(100)]
    use = replace(USE, appearances=(FACE, VOICE, STAND_IN))
    started = time.process_time()
    for _ in range(100):
        asked(*records, JANE, use=use)
    assert (time.process_time() - started) / 100 < 0.004  # four times the promise: a loaded machine

# SPDX-License-Identifier: Apache-2.0
"""consent.toml as editors write it, and what the program writes itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from greenroom.cast import load_cast
from greenroom.desk.rights.inventing import say_invented
from greenroom.errors import InputError
from greenroom.rights.consent import Standing, standing_of, state_of
from greenroom.rights.consent_file import read_consents, sha256_of
from greenroom.rights.consent_writing import add_consent

GOOD = 'kind = "digital replica"\nwho = "Jane Doe"\n'


def read(folder: Path, text: str) -> Any:
    (folder / "consent.toml").write_text(text, "utf-8")
    return read_consents(folder)


def one(folder: Path, text: str) -> Any:
    return read(folder, f"schema = 1\n[[consent]]\n{text}")[0][0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "full consent"\nwho = "J"', "no kind of consent"),
        ('who = "J"', "it says no kind"),
        ('kind = "digital replica"', "it names nobody"),
        ('kind = "synthetic performer"', "says how it was made"),
        (GOOD + "from = 2027-01-02\nuntil = 2027-01-01", "ends (2027-01-01) before it begins (2027-01-02)"),
        (GOOD + 'until = "30.06.2027"', "write until = 2027-06-30"),
        (GOOD + "until = 3", "is no day"),
        (GOOD + 'zone = "Mars/Olympus"', 'no time zone "Mars/Olympus"'),
        (GOOD + "modes = 3", "is no list"),
        (GOOD + "modes = []", "modes is empty: nothing is allowed"),
        (GOOD + 'covers = ["hands"]', 'covers can\'t have "hands"'),
        (GOOD + 'scan = "gone.pdf"\nsha256 = "ab"', 'the scan "gone.pdf" is missing'),
        (GOOD + 'scan = "../secret.pdf"', "leads out of the folder"),
    ],
)
def test_a_record_edited_by_hand_counts_for_nothing_and_says_why(tmp_path: Path, text: str, said: str) -> None:
    consent = one(tmp_path, text)
    assert any(said in fault for fault in consent.faults), consent.faults
    assert standing_of(consent, datetime.now(UTC)).standing is Standing.BROKEN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no \\[\\[consent\\]\\]"),
        ("[consent]\nkind = 'x'\n", "two brackets"),
        ("schema = 7\n", "newer Greenroom"),
        ("schema = [\n", "no TOML"),
    ],
)
def test_a_file_that_is_no_record(tmp_path: Path, text: str, said: str) -> None:
    records, problems = read(tmp_path, text)
    assert len(records) == len(problems) == 1
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(problems[0].message)
    assert state_of(tmp_path).standing is Standing.BROKEN


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "consent.toml").write_bytes(b"\xff\xfe\x00")
    assert state_of(tmp_path).standing is Standing.BROKEN


def test_a_day_is_over_where_it_was_signed(tmp_path: Path) -> None:
    consent = one(tmp_path, GOOD + 'until = 2027-06-30\nzone = "America/New_York"')
    assert consent.ends == datetime(2027, 7, 1, 4, tzinfo=UTC)
    consent = one(tmp_path, GOOD + "until = 2027-06-30")
    assert consent.ends == datetime(2027, 7, 1, tzinfo=UTC)
    consent = one(tmp_path, GOOD + "until = 2027-06-30T18:00:00-05:00")
    assert consent.ends == datetime(2027, 6, 30, 23, tzinfo=UTC)


def test_kinds_are_read_as_they_are_written(tmp_path: Path) -> None:
    assert one(tmp_path, 'kind = "Digital-Replica"\nwho = "J"').faults == ()


def test_a_withdrawal_that_can_not_be_read_is_one(tmp_path: Path) -> None:
    consent = one(tmp_path, GOOD + 'withdrawn = "last week"')
    assert standing_of(consent, datetime.now(UTC)).standing is Standing.WITHDRAWN


def test_the_scan_is_kept_with_its_hash_and_a_change_is_seen(tmp_path: Path) -> None:
    scan = tmp_path / "unterschrieben.pdf"
    scan.write_bytes(b"%PDF signed")
    home = tmp_path / "王"
    consent = add_consent(home, "王 小明", {"kind": "digital replica", "who": "Zoë 王"}, scan)
    assert consent.sha256 == sha256_of(scan)
    assert state_of(home).good
    assert state_of(home).who == "Zoë 王"
    (home / scan.name).write_bytes(b"%PDF changed")
    assert "was changed since" in state_of(home).text


def test_a_record_that_would_count_for_nothing_is_not_written(tmp_path: Path) -> None:
    scan = tmp_path / "s.pdf"
    scan.write_bytes(b"x")
    home = tmp_path / "mara"
    with pytest.raises(InputError, match="it names nobody"):
        add_consent(home, "mara", {"kind": "digital replica"}, scan)
    assert list(home.iterdir()) == []
    add_consent(home, "mara", {"kind": "digital replica", "who": "Jane"})
    before = (home / "consent.toml").read_bytes()
    with pytest.raises(InputError):
        add_consent(home, "mara", {"kind": "digital replica", "who": ""})
    assert (home / "consent.toml").read_bytes() == before


def test_comments_stay(tmp_path: Path) -> None:
    one(tmp_path, "# as her agent said\n" + GOOD)
    add_consent(tmp_path, "mara", {"kind": "digital alteration", "who": "Jane"})
    assert "# as her agent said" in (tmp_path / "consent.toml").read_text("utf-8")
    assert len(read_consents(tmp_path)[0]) == 2


def test_an_invented_actor_is_said_once_for_a_portrait(scene: Any) -> None:
    actor = load_cast(scene.folder / "cast")["mara"]
    say_invented(actor, "drawn")
    say_invented(actor, "drawn")
    assert [consent.invented for consent in read_consents(actor.folder)[0]] == [True]
    assert state_of(actor.folder).standing is Standing.INVENTED


def test_the_commands(scene: Any, run: Callable[..., Any], tmp_path: Path) -> None:
    status, out, _ = run("consent", "list")
    assert (status, "Without a record: mara, theo" in out) == (0, True)
    status, _, err = run("consent", "add", "tom", "--who", "Tom")
    assert (status, '--media "media/tom*"' in err) == (2, True)
    assert run("consent", "add", "tom", "--who", "Tom", "--media", "media/tom*", "--until", "soon")[0] == 2
    assert run("consent", "add", "tom", "--who", "Tom", "--media", "media/tom*", "--until", "2090-01-01")[0] == 0
    assert run("consent", "add", "MARA", "--invented", "--made", "drawn by hand")[0] == 0
    status, out, _ = run("consent", "list", "--json")
    assert '"state": "invented"' in out
    assert '"until": "2090-01-02T00:00:00+00:00"' in out
    assert run("consent", "check")[0] == 0
    (scene.folder / "consent" / "tom" / "consent.toml").write_text("[[consent]]\nkind = 'x'\n", "utf-8")
    assert run("consent", "check")[0] == 3

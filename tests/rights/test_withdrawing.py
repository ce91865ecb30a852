# SPDX-License-Identifier: Apache-2.0
"""Somebody takes their consent back: the list is complete, the cut is as before, the files are gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom.desk.project.project import Project
from greenroom.desk.rights.withdrawing import withdraw
from greenroom.desk.turnover.hand_over import turnover
from greenroom.errors import InputError
from greenroom.rights.consent import Standing, state_of

JANE = 'kind = "digital replica"\nwho = "Jane Doe"'
TAKES = "greenroom.take_001"


@pytest.fixture
def made(scene: Any) -> Any:
    scene.consent("mara", JANE)
    scene.consent("theo", 'kind = "synthetic performer"\nmade = "drawn"\ncovers = ["face"]')
    scene.consent("tom", 'kind = "digital alteration"\nwho = "Tom"\nmedia = ["media/tom*"]')
    scene.made = scene.generate()
    return scene


def active(cut: Path) -> list[str]:
    timeline = otio.adapters.read_from_file(str(cut))
    return [clip.active_media_reference_key for clip in timeline.find_clips() if clip.name in ("one", "two")]


def test_an_actor_is_found_everywhere_and_taken_out(made: Any, run: Callable[..., Any]) -> None:
    cut = made.folder / "made.otio"
    turnover(cut, made.folder / "to sound", movie=False)
    assert active(cut) == [TAKES, TAKES]
    before = cut.read_bytes()
    status, out, _ = run(
        "consent", "withdraw", "MARA", "--cut", cut, "-o", made.folder / "without.otio", "--json", "--day", "2026-02-03"
    )
    value = json.loads(out)
    assert (status, value["withdrawn"], value["records"]) == (0, "2026-02-03", 1)
    assert [(each["actor"], each["mode"]) for each in value["takes"]] == [("mara", "talk")]
    assert (value["cuts"], value["bundles"]) == (["made.otio"], ["to sound"])
    assert [each["host"] for each in value["hosts"]] in ([], ["tiny"])
    files = set(value["files"])
    assert "cast/mara/portrait.png" in files
    assert {Path(name).suffix for name in files} >= {".mov", ".png", ".json", ".xmp", ".toml"}
    assert not any("theo" in name for name in files)
    assert any(name.startswith("takes/.objects/") for name in files)
    assert (value["restored"], active(made.folder / "without.otio")) == (1, ["DEFAULT_MEDIA", TAKES])
    assert cut.read_bytes() == before
    assert state_of(made.folder / "cast" / "mara").standing is Standing.WITHDRAWN


def test_nothing_more_is_made_with_them(made: Any) -> None:
    withdraw("mara")
    made.engine.hosted = False
    again = made.generate("again.otio", takes=2, only=(made.made.report.takes[0].cue,))
    assert again.report.results == ()
    assert {problem.code for cue in again.plan.cues for problem in cue.problems} == {"consent-withdrawn"}


def test_a_stand_in_is_found_by_their_footage(made: Any) -> None:
    found = withdraw("tom").found
    assert [take.mode for take in found.takes] == ["replace"]
    assert found.footage == (Path("media/tom.mov"),)


def test_a_voice_is_found_by_its_sound(made: Any) -> None:
    made.consent("reader", 'kind = "digital replica"\nwho = "R"\ncovers = ["voice"]\nmedia = ["media/*_line.wav"]')
    assert [take.mode for take in withdraw("reader").found.takes] == ["talk"]


def test_files_are_removed_on_request_and_the_proof_stays(made: Any, run: Callable[..., Any]) -> None:
    status, out, _ = run("consent", "withdraw", "mara", "--remove-files")
    assert (status, "removed" in out) == (0, True)
    assert not (made.folder / "cast" / "mara").exists()
    assert state_of(made.folder / "consent" / "mara").standing is Standing.WITHDRAWN
    left = [path for path in (made.folder / "takes").rglob("*") if path.is_file() and "mara" in path.name]
    assert left == []
    assert len(list((made.folder / "takes").glob("*/take_001"))) == 1
    assert run("plan", made.folder / "cut.otio")[0] == 1  # the note still names her


def test_documents_of_editing_programs_are_listed(made: Any, run: Callable[..., Any]) -> None:
    """Names of takes stand in a Blender document as they are, unless it is compressed."""
    name = next(take.media.name for take in made.made.report.takes if take.mode == "talk")
    (made.folder / "edit.blend").write_bytes(b"BLENDER-v405" + bytes(50) + f"//takes/x/{name}".encode() + bytes(9))
    (made.folder / "other.blend").write_bytes(b"BLENDER-v405" + bytes(90))
    (made.folder / "small.blend").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(90))
    status, out, _ = run("consent", "withdraw", "mara")
    assert status == 0
    assert "Blender documents with them: edit.blend\n" in out
    assert "Could not be looked into (compressed, or too large): small.blend\n" in out
    assert "Restore Stand-In" in out


def test_a_withdrawal_is_on_record_where_the_ledger_is_broken(made: Any, run: Callable[..., Any]) -> None:
    Project.load(made.folder).ledger_path.write_bytes(b"no ledger" * 500)
    status, out, _ = run("consent", "withdraw", "mara")
    assert (status, "The ledger was not asked" in out) == (0, True)
    assert state_of(made.folder / "cast" / "mara").standing is Standing.WITHDRAWN


def test_who_nobody_knows(scene: Any) -> None:
    with pytest.raises(InputError, match="nobody called"):
        withdraw("nemo")
    with pytest.raises(InputError, match="written to a new file"):
        withdraw("mara", cut=scene.cut)


def test_an_actor_without_a_record_is_on_record_afterwards(scene: Any) -> None:
    assert withdraw("mara").records == 1
    assert state_of(scene.folder / "cast" / "mara").standing is Standing.WITHDRAWN

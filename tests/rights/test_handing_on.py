# SPDX-License-Identifier: Apache-2.0
"""Turnovers keep the chain: whole takes as they are, parts of takes signed anew with the take as their parent."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from greenroom.desk.project.project import Project
from greenroom.desk.rights.crediting import crediting_of
from greenroom.desk.rights.disclosing import disclose
from greenroom.desk.rights.proving import verify_cut, verify_file
from greenroom.desk.rights.withdrawing import withdraw
from greenroom.desk.turnover.hand_over import turnover
from greenroom.engines.contract import Continued
from greenroom.media.posters import write_png
from greenroom.rights.credentials.identity import signing_folder
from greenroom.rights.credentials.reading import Whole, read_credentials


def movies(folder: Path) -> list[Path]:
    return sorted((folder / "media").glob("*.mov"))


def test_whole_takes_keep_theirs(signed: Any) -> None:
    made = turnover(signed.folder / "made.otio", signed.folder / "all", movie=False)
    assert [verify_file(path).state for path in movies(made.folder)] == ["whole", "whole"]
    assert [path.with_suffix(".xmp").is_file() for path in movies(made.folder)] == [True, True]
    assert not {problem.code for problem in made.problems} & {"credentials-lost"}


def test_parts_are_signed_with_the_take_as_their_parent(signed: Any) -> None:
    made = turnover(signed.folder / "made.otio", signed.folder / "cut", movie=False, handles=2)
    labels = {read_credentials(take.media).label: take for take in signed.made.report.takes}
    for path in movies(made.folder):
        found = read_credentials(path)
        (parent,) = found.ingredients
        take = labels[parent["active_manifest"]]
        assert (found.state, found.signer, parent["relationship"]) == (Whole.WHOLE, "Szene 王", "parentOf")
        assert found.actions == ("c2pa.opened", "c2pa.trimmed", "c2pa.transcoded")  # H.264 is encoded anew
        assert (found.take["fingerprint"], found.take["actor"]) == (take.fingerprint, take.actor)
    assert "credentials-lost" not in {problem.code for problem in made.problems}
    assert [path for path in made.folder.rglob("*") if "partial" in path.name] == []


def test_where_nobody_can_sign_it_is_said(signed: Any) -> None:
    shutil.rmtree(signing_folder(Project.load(signed.folder).id))
    made = turnover(signed.folder / "made.otio", signed.folder / "cut", movie=False, handles=2)
    (lost,) = [problem for problem in made.problems if problem.code == "credentials-lost"]
    assert lost.message.startswith("2 files cut out of signed takes carry no credentials (there is no certificate")
    assert {verify_file(path).state for path in movies(made.folder)} == {"lost"}


def test_a_take_that_goes_on_has_the_earlier_one_as_its_parent(signed: Any, tmp_path: Path) -> None:
    """The stand-in is an input then: content credentials know one parent."""
    earlier = next(take for take in signed.made.report.takes if take.mode == "replace")
    request = next(each for each in signed.engine.requests if each.mode == "replace")
    longer = replace(request, work=tmp_path, continued=Continued(1, earlier.media, 4, request))
    media = Path(shutil.copyfile(signed.folder / "media" / "tom.mov", tmp_path / "longer.mov"))
    record = json.loads((earlier.folder / "take.json").read_text("utf-8"))
    credited = crediting_of(Project.load(signed.folder))(media, {}, record, longer, media)
    found = read_credentials(credited.media)
    (parent,) = [each for each in found.ingredients if each["relationship"] == "parentOf"]
    assert parent["active_manifest"] == read_credentials(earlier.media).label
    assert parent["description"] == "take 1, which this one goes on from"
    assert "tom.mov" in [each["title"] for each in found.ingredients if each["relationship"] == "inputTo"]
    assert found.actions[:2] == ("c2pa.opened", "c2pa.edited")


def test_a_cut_with_takes_of_three_versions_of_an_actor(signed: Any, tmp_path: Path) -> None:
    """All of them are looked at and found; the record says the one that is shown."""
    portrait = signed.folder / "cast" / "mara" / "portrait.png"
    for shade in (20, 40):
        write_png(portrait, np.full((400, 300, 3), shade, np.uint8))
        signed.generate(f"made{shade}.otio")
    cut = signed.folder / "made40.otio"
    proofs = [proof for proof in verify_cut(cut) if proof.take is not None and proof.take.mode == "talk"]
    assert [proof.state for proof in proofs] == ["whole"] * 3
    assert len({proof.credentials.take["actor_version"] for proof in proofs}) == 3
    shot = disclose(cut, tmp_path / "out").record["shots"][0]
    assert (shot["take"], shot["performer"]) == (3, "everybody in these tests")
    assert len([take for take in withdraw("mara", project=signed.folder).found.takes if take.mode == "talk"]) == 3

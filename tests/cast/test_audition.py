# SPDX-License-Identifier: Apache-2.0
"""audition from the command line: several engines, one quote, one sheet; never on a cut."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import cv2
import pytest

from greenroom.cast import save_actor
from greenroom.media.probe import probe

Run = Callable[..., Any]


@pytest.fixture
def mara(nobody_cast: Path, drawn: Callable[[str], Path]) -> Path:
    return save_actor(nobody_cast / "cast", "mara", portrait=drawn("mara"), identity="a woman").folder


def test_several_engines_on_one_quote_and_one_sheet(
    run: Run, open_host: Run, mara: Path, line_of_speech: Path, nobody_cast: Path
) -> None:
    hosts = open_host("fal"), open_host("replicate")
    engines = "previz,fabric-1.0@fal,kling-avatar-v2@replicate"
    ask = ("audition", "mara", "--line", "I never left.", "--engines", engines, "--audio", line_of_speech, "--json")
    quote = run(*ask, "--dry-run").value["quote"]
    assert (quote["to_make"], Decimal(quote["cost"])) == (3, Decimal("0.15") + 2 * Decimal("0.056"))
    assert sum(len(host.requests) for host in hosts) == 0
    made = run(*ask)
    assert made.status == 0, made.err + made.out
    takes = made.value["takes"]
    assert [take["engine"] for take in takes] == engines.split(",")
    assert [take["label"] for take in takes] == ["previz", "", ""]
    assert {probe(Path(take["media"])).frames for take in takes} == {12}
    assert {Path(take["media"]).parents[1] for take in takes} == {nobody_cast / "takes" / "audition-mara"}
    assert cv2.imread(made.value["sheet"]).shape[1] > 900
    assert [host.billed() for host in hosts] == [1, 1]
    assert run(*ask).value["quote"]["to_make"] == 0
    assert [host.billed() for host in hosts] == [1, 1]


def test_an_audition_never_comes_on_a_cut(run: Run, mara: Path, line_of_speech: Path, nobody_cast: Path) -> None:
    import opentimelineio as otio

    made = run("audition", "mara", "--line", "No.", "--engines", "previz", "--audio", line_of_speech, "--json")
    assert made.status == 0, made.err
    at = otio.opentime.RationalTime
    span = otio.opentime.TimeRange(at(0, 24), at(12, 24))
    slug = otio.schema.Clip("slug", otio.schema.GeneratorReference("slug", "black"), span)
    slug.markers.append(otio.schema.Marker('GR: actor="mara" mode=talk handles=0 line="No."', span))
    speech = otio.schema.Clip("s", otio.schema.ExternalReference(line_of_speech.as_uri(), available_range=span), span)
    tracks = [otio.schema.Track("V1", [slug], kind="Video"), otio.schema.Track("A1", [speech], kind="Audio")]
    timeline = otio.schema.Timeline("cut")
    timeline.tracks.extend(tracks)
    otio.adapters.write_to_file(timeline, str(nobody_cast / "cut.otio"))
    found = run("takes", nobody_cast / "cut.otio", "--json").value
    assert [each["takes"] for each in found["cues"]] == [[]]
    assert run("plan", nobody_cast / "cut.otio", "--json").value["to_make"] == 1


def test_an_engine_that_can_not_perform_leaves_the_others(run: Run, mara: Path, line_of_speech: Path) -> None:
    made = run("audition", "mara", "--engines", "fabric,previz", "--audio", line_of_speech, "--json")
    assert made.status == 1
    assert [take["engine"] for take in made.value["takes"]] == ["previz"]
    errors = [each["message"] for each in made.value["quote"]["problems"] if each["severity"] == "error"]
    assert "there is no key for fal" in errors[0]


def test_the_scratch_voice_speaks_if_it_is_a_sound(run: Run, mara: Path, line_of_speech: Path) -> None:
    silent = run("audition", "mara", "--line", "No.", "--engines", "previz")
    assert (silent.status, "--audio FILE" in silent.err) == (2, True)
    save_actor(mara.parent, "mara", voice="warm, low")
    assert '"warm, low"' in run("audition", "mara", "--line", "No.", "--engines", "previz").err
    (mara / "line.wav").write_bytes(line_of_speech.read_bytes())
    save_actor(mara.parent, "mara", voice="line.wav")
    quote = run("audition", "mara", "--line", 'She said "no\\nothing".', "--engines", "previz", "--dry-run", "--json")
    assert quote.value["quote"]["to_make"] == 1


def test_sound_that_is_none_is_said(run: Run, mara: Path, drawn: Callable[[str], Path]) -> None:
    picture = run("audition", "mara", "--engines", "previz", "--audio", drawn("mara"))
    assert (picture.status, "there is no sound in it" in picture.err) == (2, True)
    assert run("audition", "mara", "--engines", "previz", "--audio", "nowhere.wav").status == 2
    assert "Name them" in run("audition", "mara", "--engines", " , ", "--audio", drawn("mara")).err

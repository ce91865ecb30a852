# SPDX-License-Identifier: Apache-2.0
"""From a cue to a conformed take by a hosted model: planned, quoted, sent once, fetched, conformed; and not sent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from greenroom.desk.project.project import Project
from greenroom.desk.rights.held import host_words
from greenroom.desk.rights.withdrawing import withdraw
from greenroom.engines import find_engines
from greenroom.errors import BudgetError, QuoteError, Severity
from greenroom.media.probe import probe
from greenroom.media.sound import write_wav
from greenroom.takes import Ledger
from greenroom.testing.servers import Fault

TALK = "GR: actor=mara mode=talk engine=fabric-1.0"
FILMS = (
    *("kling-avatar-v2", "kling-lip-sync", "kling-v3-motion-control", "dreamactor-m2.0", "wan-2.7-r2v"),
    *("wan-2.2-animate-replace", "omni-human-1.5", "lipsync-2-pro", "react-1", "fabric-1.0"),
)


def errors_of(plan: Any) -> list[Any]:
    return [p for cue in plan.cues for p in cue.problems if p.severity is Severity.ERROR]


def charges(scene: Any) -> list[Any]:
    project = Project.load(scene.folder)
    with Ledger.open(project.ledger_path, project=project.id) as ledger:
        return ledger.charges()


def test_a_talking_take_is_made_at_fal_and_reviewed(make_scene: Any, open_host: Callable[..., Any]) -> None:
    scene, fal = make_scene(measured=True), open_host("fal")
    scene.placeholder(TALK)
    plan = scene.plan()
    assert plan.cues[0].engine == "fabric-1.0@fal"
    assert plan.cost == Decimal("0.30")  # 32 frames at 24 and a tenth of a second to spare are two begun seconds
    assert fal.requests == []
    made = scene.generate()
    (take,) = made.report.takes
    info = probe(take.media)
    assert (info.frames, info.rate, info.width, info.height) == (24 + 4 + 4, Fraction(24), 192, 108)
    assert (take.media.parent / "review.json").exists()
    assert [(job.endpoint, job.inputs["resolution"]) for job in fal.jobs] == [("veed/fabric-1.0", "720p")]
    assert fal.billed() == 1
    assert fal.leaks() == []


def test_a_take_says_who_made_it_and_keeps_no_secret(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.placeholder(TALK)
    (take,) = scene.generate().report.takes
    written = (take.media.parent / "take.json").read_text("utf-8")
    report = json.loads(written)
    assert fal.key not in written
    assert fal.media_url not in written
    assert "fabric-1.0@fal" in json.dumps(report["engine"])
    assert fal.jobs[0].id in written


def test_who_takes_consent_back_is_told_what_lies_at_the_host(scene: Any, open_host: Callable[..., Any]) -> None:
    """The ledger knows the addresses of what was uploaded, and take.json doesn't; also of a job without a take."""
    fal = open_host("fal")
    scene.placeholder(TALK)
    (take,) = scene.generate().report.takes
    (held,) = withdraw("mara", project=scene.folder).found.hosts
    assert (held.host, held.job, held.cue, held.take) == ("fal", fal.jobs[0].id, take.cue, 1)
    assert sorted(held.uploads) == sorted(each for each in fal.jobs[0].inputs.values() if "://" in str(each))
    assert len(held.uploads) == 2
    assert "Delete" in host_words("replicate")["how"]
    shutil.rmtree(take.folder)
    assert withdraw("mara", project=scene.folder).found.hosts == (held,)


def test_a_second_run_costs_nothing(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.placeholder(TALK)
    scene.generate()
    asked = len(fal.requests)
    again = scene.generate("again.otio")
    assert (again.report.results, again.plan.cost) == ((), 0)
    assert (len(fal.requests), fal.billed()) == (asked, 1)


def test_every_video_model_makes_a_take_in_each_of_its_modes_at_each_of_its_hosts(
    scene: Any, open_host: Callable[..., Any]
) -> None:
    """Models that only ComfyUI or a container has are in test_own_hosts_road, image models in test_casting."""
    hosts = {name: open_host(name) for name in ("fal", "replicate", "sync", "kling", "dashscope")}
    films = [
        (engine, mode)
        for engine, each in find_engines().items()
        for mode in each.capabilities().modes
        if mode != "portrait" and each.capabilities().hosted and not each.capabilities().unavailable
    ]
    for engine, mode in films:
        add = scene.placeholder if mode in ("talk", "animate") else scene.stand_in
        add(f'GR: actor=mara mode={mode} engine={engine} note="She looks up." setting="a bare room"')
    write_wav(scene.folder / "speech.wav", np.tile(np.sin(np.arange(48000) / 50), len(films)).astype(np.float32), 48000)
    made = scene.generate()
    assert [(result.where, result.message) for result in made.report.results if result.take is None] == []
    assert {probe(take.media).frames for take in made.report.takes} == {32}
    assert len(made.report.takes) == len(films) == sum(host.billed() for host in hosts.values())
    assert {engine.partition("@")[0] for engine, _ in films} >= set(FILMS)
    assert [host.leaks() for name, host in hosts.items() if name != "replicate"] == [[]] * 4
    # Replicate gives its files out with the key, to its own addresses


def test_without_a_key_the_plan_says_which_and_offers_previz(scene: Any) -> None:
    scene.placeholder("GR: actor=mara mode=talk engine=fabric")
    (problem,) = errors_of(scene.plan())
    assert problem.code == "engine-unavailable"
    assert "there is no key for fal" in problem.message
    assert "greenroom keys set fal" in problem.message
    assert "Replicate" in problem.hint
    assert "engine=previz" in problem.hint


def test_the_first_host_with_a_key_performs(scene: Any, open_host: Callable[..., Any]) -> None:
    open_host("replicate")
    scene.placeholder(TALK)
    assert scene.plan().cues[0].engine == "fabric-1.0@replicate"


def test_a_short_name_goes_with_a_host_too(scene: Any, open_host: Callable[..., Any]) -> None:
    open_host("fal")
    open_host("replicate")
    scene.placeholder("GR: actor=mara mode=talk engine=Fabric@replicate")
    assert scene.plan().cues[0].engine == "fabric-1.0@replicate"


def test_the_projects_order_of_hosts_goes_first(scene: Any, open_host: Callable[..., Any]) -> None:
    open_host("fal")
    open_host("replicate")
    scene.configure("\n[hosts.replicate]\n[hosts.fal]\n")
    scene.placeholder(TALK)
    assert scene.plan().cues[0].engine == "fabric-1.0@replicate"


def test_a_fallback_says_why_it_performs(scene: Any) -> None:
    scene.placeholder('GR: actor=mara mode=talk engine="fabric-1.0, then previz"')
    (cue,) = scene.plan().cues
    assert cue.engine == "previz"
    assert any("there is no key for fal" in note and "previz performs" in note for note in cue.notes)


def test_nobody_named_without_a_key_means_the_local_engine_and_says_what_a_key_would_do(scene: Any) -> None:
    scene.placeholder("GR: actor=mara mode=talk")
    (cue,) = scene.plan().cues
    assert cue.engine == "previz"
    assert any("greenroom keys set fal or replicate" in note for note in cue.notes)


def test_nobody_named_means_the_cheapest_that_fits_for_a_yes(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.placeholder("GR: actor=mara mode=talk")
    planned = scene.plan()
    (cue,) = planned.cues
    assert (cue.engine, cue.engine_named) == ("kling-avatar-v2@fal", False)
    assert any("cheapest that fits; engine=previz" in note for note in cue.notes)
    with pytest.raises(QuoteError, match="nobody named"):
        scene.generate()
    assert fal.jobs == []
    made = scene.generate("yes.otio", yes=True)
    assert [result.take.engine for result in made.report.results] == ["kling-avatar-v2@fal"]
    assert scene.plan().to_make == ()


def test_a_budget_stops_it_before_anything_is_sent(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    file = scene.folder / "greenroom.toml"
    file.write_text(file.read_text("utf-8").replace("# limit = 20.00", "limit = 0.20"), "utf-8")
    scene.placeholder(TALK)
    with pytest.raises(BudgetError):
        scene.generate()
    assert fal.requests == []


def test_a_slot_too_long_for_a_model_that_hears_nothing_is_refused(scene: Any, open_host: Callable[..., Any]) -> None:
    """Nothing that is sent says what happens when: two halves of it would be the whole, twice."""
    fal = open_host("fal")
    scene.placeholder('GR: actor=mara mode=animate engine=wan-2.7-r2v note="She turns."', frames=24 * 12)
    (problem,) = errors_of(scene.plan())
    assert problem.code == "too-long"
    assert "296 f" in problem.message
    assert "240 f (10 s)" in problem.message
    assert fal.requests == []


def test_a_limit_that_a_setting_moves_is_the_one_that_counts(scene: Any, open_host: Callable[..., Any]) -> None:
    open_host("fal")
    scene.placeholder("GR: actor=mara mode=talk engine=omni-human-1.5", frames=24 * 40)  # 1080p: 30 s, 720p: 60 s
    assert any("2 jobs, one after another" in note for note in scene.plan().cues[0].takes[0].estimate.notes)
    scene.configure('\n[engines."omni-human-1.5@fal"]\nresolution = "720p"\n')
    assert not any("jobs" in note for note in scene.plan().cues[0].takes[0].estimate.notes)


def test_an_answer_that_was_lost_is_never_sent_again(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.placeholder(TALK)
    fal.switch(Fault.DROPPED)
    first = scene.generate()
    assert [str(result.outcome) for result in first.report.results] == ["unknown"]
    scene.generate("again.otio")
    assert fal.billed() == 1


def test_another_price_in_greenroom_toml_is_the_one_that_counts(scene: Any, open_host: Callable[..., Any]) -> None:
    open_host("fal")
    scene.configure('\n[models."fabric-1.0".hosts.fal.price]\namount = "0.50"\n')
    scene.placeholder(TALK)
    assert scene.plan().cost == Decimal("1.00")


def test_a_setting_changes_what_is_sent_and_what_it_costs(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.configure('\n[engines."fabric-1.0@fal"]\nresolution = "480p"\n')
    scene.placeholder(TALK)
    made = scene.generate()
    assert made.plan.cost == Decimal("0.16")
    assert fal.jobs[0].inputs["resolution"] == "480p"


def test_a_live_schema_that_changed_keeps_the_job_from_being_sent(scene: Any, open_host: Callable[..., Any]) -> None:
    replicate = open_host("replicate")
    replicate.schemas["veed/fabric-1.0"] = {"properties": {"picture": {}, "audio": {}, "resolution": {}}}
    scene.placeholder("GR: actor=mara mode=talk engine=fabric-1.0@replicate")
    (result,) = scene.generate().report.results
    assert "image is gone" in result.message
    assert 'models."fabric-1.0".hosts.replicate.inputs' in result.hint
    assert replicate.billed() == 0


def test_a_cut_at_23976_gets_its_own_frames_back(make_scene: Callable[..., Any], open_host: Callable[..., Any]) -> None:
    sync = open_host("sync", rate=Fraction(24))
    scene = make_scene(Fraction(24000, 1001))
    scene.stand_in("GR: mode=lipsync engine=lipsync-2-pro")
    (take,) = scene.generate().report.takes
    assert (probe(take.media).frames, probe(take.media).rate) == (32, Fraction(24000, 1001))
    assert '"1001/1000"' in (take.media.parent / "take.json").read_text("utf-8")
    assert sync.billed() == 1


@pytest.mark.parametrize("fault", [Fault.DAMAGED, Fault.GARBLED])
def test_a_damaged_movie_fails_for_good_and_its_money_is_spent(
    scene: Any, open_host: Callable[..., Any], fault: Fault
) -> None:
    """The host has no other: fetching it again and again would bring the same."""
    fal = open_host("fal")
    scene.placeholder(TALK)
    fal.switch(fault)
    (result,) = scene.generate().report.results
    assert (str(result.outcome), result.resumable) == ("failed", False)
    assert [str(charge.state) for charge in charges(scene)] == ["settled"]
    assert len(scene.generate("again.otio").report.takes) == 1
    assert fal.billed() == 2


@pytest.mark.parametrize(
    ("fault", "detail"), [(Fault.WRONG_RATE, {"rate": Fraction(25)}), (Fault.SHORT, {"frames": 3}), (Fault.SILENT, {})]
)
def test_a_result_of_another_rate_length_or_without_sound_fits_the_slot_all_the_same(
    scene: Any, open_host: Callable[..., Any], fault: Fault, detail: dict[str, Any]
) -> None:
    fal = open_host("fal")
    scene.placeholder(TALK)
    fal.switch(fault, **detail)
    (take,) = scene.generate().report.takes
    info = probe(take.media)
    assert (info.frames, info.rate, len(info.audio)) == (32, Fraction(24), 1)
    assert fal.billed() == 1


def test_a_result_that_is_too_short_is_refused_with_the_numbers(scene: Any, open_host: Callable[..., Any]) -> None:
    fal = open_host("fal")
    scene.placeholder(TALK)
    fal.switch(Fault.SHORT, frames=15)
    (result,) = scene.generate().report.results
    assert (str(result.outcome), result.take) == ("failed", None)
    assert "32" in result.message
    assert [str(charge.state) for charge in charges(scene)] == ["settled"]
    assert fal.billed() == 1

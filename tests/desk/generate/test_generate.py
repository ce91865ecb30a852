# SPDX-License-Identifier: Apache-2.0
"""A batch that goes well, and batches in which single jobs don't."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from greenroom.cues.model import Mode
from greenroom.desk.generating.job_events import GenerateReport, JobEvent, JobStep, Outcome
from greenroom.engines.contract import Performer
from greenroom.errors import MediaError, Severity, StoreError
from greenroom.frames import FrameRange
from greenroom.media.check import check_take
from greenroom.media.sound import read_sound, write_wav
from greenroom.media.types import SoundClip
from greenroom.takes import FailedJob, Ledger, Planned, Running, Store, Unknown
from greenroom.testing import TinyEngine

Run = Callable[..., GenerateReport]
MakeEngine = Callable[..., TinyEngine]
OpenLedger = Callable[[], Ledger]
LOCAL_FAULTS = {
    "refuses": "the request was refused",
    "breaks": "connection reset",
    "fails": "no face was found",
    "lost": "there is no job",
    "dies": "BrokenProcessPool",
    "empty": ".mov: the engine delivered no file",
    "short": "10 frames",
}


def test_a_batch_makes_each_take_to_its_spec(run: Run, batch: ModuleType, open_ledger: OpenLedger) -> None:
    report = run(cues=2, takes=2)
    assert [(r.cue, r.number, r.outcome) for r in report.results] == [
        ("c0000", 1, Outcome.MADE),
        ("c0000", 2, Outcome.MADE),
        ("c0001", 1, Outcome.MADE),
        ("c0001", 2, Outcome.MADE),
    ]
    assert report.exit_status == 0
    for take in report.takes:
        assert check_take(take.media, batch.SPEC) == ()
        assert hashlib.sha256(take.media.read_bytes()).hexdigest() == take.sha256
        assert take.poster.read_bytes().startswith(b"\x89PNG")
    ledger = open_ledger()
    assert ledger.takes() == list(report.takes)
    assert ledger.check() == ()


def test_a_take_of_whoever_is_in_the_picture_needs_no_actor(run: Run, batch: ModuleType, store: Store) -> None:
    whole = batch.make_plan(store.project_folder)
    nobody = Performer("", "", Path())
    cues = tuple(replace(cue, performer=nobody, cue=replace(cue.cue, mode=Mode.LIPSYNC)) for cue in whole.cues)
    take = run(plan=replace(whole, cues=cues)).takes[0]
    assert take.media.name == "c0000_lipsync_v001.mov"
    assert store.record(take)["request"]["actor"]["portrait"] is None


def test_take_json_says_everything_that_made_the_take(run: Run, store: Store) -> None:
    take = run().takes[0]
    record = store.record(take)
    assert record["engine"] == {
        "name": "tiny",
        "title": "Moving colour",
        "version": "1",
        "label": "test",
        "settings": {"quality": 3},
        "listing": None,
    }
    portrait = record["request"]["actor"]["portrait"]
    assert portrait == {
        "path": "cast/mara/portrait.png",
        "sha256": hashlib.sha256(b"a picture of Mara").hexdigest(),
    }
    assert store.object_path(portrait["sha256"]).read_bytes() == b"a picture of Mara"
    assert record["request"]["line"] == "I never left."
    assert (record["spec"]["rate"], record["spec"]["frames"]) == ("24000/1001", 12)
    assert record["report"]["engine"] == {"method": "moving colour"}
    assert record["software"]["name"] == "Greenroom"
    assert (take.label, take.actor, take.mode, take.start_frame) == ("test", "mara", "talk", 86398)


def test_take_json_holds_no_secret_and_no_path_of_this_machine(
    run: Run, engine: MakeEngine, batch: ModuleType, folder: Path, store: Store, tmp_path: Path
) -> None:
    secret = "sk-live-7d1f00112233"
    report = {"log": str(tmp_path / "data" / "log.txt"), "url": f"https://x/?api_key={secret}"}
    plan = batch.make_plan(folder, settings={"api_key": secret, "model": "m1"})
    take = run(engine(report=report), plan=plan).takes[0]
    text = (take.folder / "take.json").read_text("utf-8")
    assert secret not in text
    assert str(tmp_path) not in text
    assert store.record(take)["engine"]["settings"]["model"] == "m1"


def test_the_events_of_a_job_come_in_order(run: Run) -> None:
    events: list[JobEvent] = []
    run(on_event=events.append)
    assert [event.state for event in events] == [
        JobStep.SUBMITTING,
        JobStep.SUBMITTED,
        JobStep.RUNNING,
        JobStep.FETCHING,
        JobStep.FETCHED,
        JobStep.FINISHING,
        JobStep.PUBLISHING,
        JobStep.PUBLISHED,
        JobStep.DONE,
    ]
    assert events[2].progress == 0.5
    assert {event.where for event in events} == {'V1 01:00:00:00 "Mara 0"'}


def test_a_second_run_makes_nothing(run: Run, engine: MakeEngine) -> None:
    first, again = run(cues=2), run(cues=2)
    assert [result.outcome for result in again.results] == [Outcome.CACHED] * 2
    assert again.takes == first.takes
    assert len(engine().bills()) == 2


@pytest.mark.parametrize("fault", LOCAL_FAULTS)
def test_a_job_that_fails_costs_only_itself(run: Run, engine: MakeEngine, open_ledger: OpenLedger, fault: str) -> None:
    report = run(engine(faults={"c0001": fault}), cues=3)
    assert [result.outcome for result in report.results] == [Outcome.MADE, Outcome.FAILED, Outcome.MADE]
    failed = report.results[1]
    assert LOCAL_FAULTS[fault] in failed.message
    assert (failed.where, failed.resumable) == ('V1 01:00:00:08 "Mara 1"', False)
    assert report.exit_status == 1
    assert isinstance(open_ledger().job(failed.job).state, FailedJob)


def test_a_failed_job_is_made_by_the_next_run_under_its_number(run: Run, engine: MakeEngine) -> None:
    run(engine(faults={"": "fails"}))
    report = run()
    assert [(result.number, result.outcome) for result in report.results] == [(1, Outcome.MADE)]
    assert len(set(engine().bills())) == 2  # each attempt has an id of its own for the provider


@pytest.mark.parametrize(("fault", "method"), [("thirty", "30 to 23.976"), ("raw", "frame for frame")])
def test_what_is_not_conformed_is_conformed(
    run: Run, engine: MakeEngine, batch: ModuleType, store: Store, fault: str, method: str
) -> None:
    take = run(engine(faults={"": fault})).takes[0]
    assert check_take(take.media, batch.SPEC) == ()
    conform = store.record(take)["report"]["conform"]
    assert method in conform["method"]
    assert len(conform["frame_map"]) == 12


def test_a_slow_job_tells_its_progress(run: Run, engine: MakeEngine) -> None:
    seen: list[float] = []
    run(engine(faults={"": "slow"}), on_event=lambda event: seen.append(event.progress or 0.0))
    running = [value for value in seen if 0 < value < 1]
    assert len(running) == 20
    assert running == sorted(running)


def test_local_jobs_are_bounded(run: Run, engine: MakeEngine) -> None:
    tiny = engine(latency=0.02)
    run(tiny, cues=6, jobs_at_once=2)
    assert tiny.most_at_once == 2


def test_remote_jobs_wait_side_by_side(run: Run, engine: MakeEngine) -> None:
    tiny = engine(hosted=True, latency=0.1)
    run(tiny, cues=6, jobs_at_once=1, remote_at_once=4)
    assert 2 < tiny.most_at_once <= 4


def test_an_unknown_engine_names_the_nearest(
    run: Run, batch: ModuleType, folder: Path, open_ledger: OpenLedger
) -> None:
    report = run(plan=batch.make_plan(folder, engine="tinny"))
    assert report.results[0].message == 'there is no engine "tinny"'
    assert 'Did you mean "tiny"?' in report.results[0].hint
    assert isinstance(open_ledger().job(report.results[0].job).state, Planned)


def test_a_cue_with_an_error_is_left_out(run: Run, batch: ModuleType, folder: Path) -> None:
    plan = batch.make_plan(folder, cues=2)
    problem = MediaError("the media is missing").problem()
    assert problem.severity is Severity.ERROR
    broken = replace(plan, cues=(replace(plan.cues[0], problems=(problem,)), plan.cues[1]))
    assert [result.cue for result in run(plan=broken).results] == ["c0001"]


def test_the_dialogue_reaches_the_take(run: Run, batch: ModuleType, folder: Path, store: Store, tmp_path: Path) -> None:
    sound = tmp_path / "line.wav"
    write_wav(sound, np.sin(np.arange(96_000) / 20).astype(np.float32) * 0.5, 48_000)
    clip = SoundClip(sound, FrameRange(86398, 12, batch.RATE), Fraction(0))
    take = run(plan=batch.make_plan(folder, dialogue=(clip,))).takes[0]
    heard = read_sound(take.media, Fraction(0), 24_024)
    assert np.abs(heard).max() > 0.4
    kept = store.record(take)["request"]["dialogue"]["sha256"]
    assert store.object_path(kept).is_file()


def test_a_missing_dialogue_file_fails_before_anything_is_sent(
    run: Run, engine: MakeEngine, batch: ModuleType, folder: Path, tmp_path: Path
) -> None:
    clip = SoundClip(tmp_path / "gone.wav", FrameRange(86398, 12, batch.RATE), Fraction(0))
    tiny = engine(hosted=True)
    report = run(tiny, plan=batch.make_plan(folder, dialogue=(clip,)))
    assert report.results[0].outcome is Outcome.FAILED
    assert "gone.wav" in report.results[0].message + report.results[0].hint
    assert tiny.bills() == []


def test_a_duplicated_clip_is_performed_once(run: Run, engine: MakeEngine, store: Store) -> None:
    tiny = engine(hosted=True)
    report = run(tiny, cues=3, same=True)
    assert Counter(result.outcome for result in report.results) == {Outcome.MADE: 1, Outcome.CACHED: 2}
    assert len(tiny.bills()) == 1
    assert [take.cue for take in report.takes] == ["c0000", "c0001", "c0002"]
    assert len({take.sha256 for take in report.takes}) == 1
    assert len({take.media for take in report.takes}) == 3
    copy = store.record(report.takes[1])
    assert copy["copied_from"] == {"cue": "c0000", "take": 1}
    assert copy["cost"]["paid"] == "0"


@pytest.mark.parametrize("actor", ["李雷", "Zoë #1", "../mara", "a" * 300])
def test_any_actor_gets_a_legal_file_name(run: Run, batch: ModuleType, folder: Path, actor: str) -> None:
    plan = batch.make_plan(folder)
    performer = replace(plan.cues[0].performer, name=actor)
    take = run(plan=replace(plan, cues=(replace(plan.cues[0], performer=performer),))).takes[0]
    assert take.actor == actor
    assert set(take.media.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert take.media.name.endswith("_c0000_talk_v001.mov")


# A hosted engine: what was paid is never given up, and never paid again


@pytest.mark.parametrize("fault", ["breaks", "answer lost", "lost"])
def test_a_payment_in_doubt_is_never_repeated(
    run: Run, engine: MakeEngine, open_ledger: OpenLedger, fault: str
) -> None:
    report = run(engine(hosted=True, faults={"": fault}))
    assert report.results[0].outcome is Outcome.UNKNOWN
    assert report.exit_status == 3
    again = run(engine(hosted=True))
    assert again.results[0].outcome is Outcome.UNKNOWN
    assert "provider" in again.results[0].hint
    assert len(engine().bills()) == 1
    assert isinstance(open_ledger().job(again.results[0].job).state, Unknown)


def test_a_submit_that_broke_is_repeated_where_that_cannot_be_billed(run: Run, engine: MakeEngine) -> None:
    first = run(engine(hosted=True, idempotent=True, faults={"": "breaks"}))
    assert (first.results[0].outcome, first.results[0].resumable) == (Outcome.FAILED, True)
    assert run(engine(hosted=True, idempotent=True)).results[0].outcome is Outcome.MADE
    assert len(engine().bills()) == 1


def test_a_fetch_that_broke_is_fetched_again(run: Run, engine: MakeEngine, open_ledger: OpenLedger) -> None:
    report = run(engine(hosted=True, faults={"": "dies"}))
    assert (report.results[0].outcome, report.results[0].resumable) == (Outcome.FAILED, True)
    assert isinstance(open_ledger().job(report.results[0].job).state, Running)
    assert run(engine(hosted=True)).results[0].outcome is Outcome.MADE
    assert len(engine().bills()) == 1


@pytest.mark.parametrize("fault", ["refuses", "fails"])
def test_what_surely_failed_may_be_sent_again(run: Run, engine: MakeEngine, fault: str) -> None:
    assert run(engine(hosted=True, faults={"": fault})).results[0].outcome is Outcome.FAILED
    assert run(engine(hosted=True)).results[0].outcome is Outcome.MADE


def test_the_price_paid_is_written_down(run: Run, engine: MakeEngine, store: Store) -> None:
    take = run(engine(hosted=True)).takes[0]
    assert store.record(take)["cost"] == {"estimate": "0.25", "paid": "0.25", "currency": "USD"}


# The takes folder


def test_a_lost_ledger_is_rebuilt_from_the_folders(run: Run, engine: MakeEngine, open_ledger: OpenLedger) -> None:
    first = run(cues=2)
    for path in open_ledger().path.parent.glob("ledger.sqlite*"):
        if path.is_file():
            path.unlink()
    again = run(cues=2)
    assert [result.outcome for result in again.results] == [Outcome.CACHED] * 2
    assert again.takes == first.takes
    assert len(engine().bills()) == 2


def test_another_machines_take_keeps_its_number(run: Run, folder: Path, store: Store) -> None:
    stranger = store.take_folder("c0000", 1)

    def arrive(event: JobEvent) -> None:
        if event.state is JobStep.RUNNING:
            stranger.mkdir(parents=True, exist_ok=True)
            (stranger / "take.json").write_text("{}", "utf-8")

    report = run(on_event=arrive)
    assert [(result.number, result.outcome) for result in report.results] == [(2, Outcome.MADE)]
    assert (stranger / "take.json").read_text("utf-8") == "{}"


def test_a_deleted_take_is_made_again_under_a_new_number(run: Run) -> None:
    take = run().takes[0]
    for path in take.folder.iterdir():
        path.unlink()
    take.folder.rmdir()
    report = run()
    assert [problem.code for problem in report.problems] == ["take-gone"]
    assert [(result.number, result.outcome) for result in report.results] == [(2, Outcome.MADE)]


def test_a_take_larger_than_the_disk_is_refused_before_it_is_paid(
    run: Run, engine: MakeEngine, batch: ModuleType, folder: Path
) -> None:
    huge = replace(batch.SPEC, width=65534, height=65534, slot=100_000_000)
    tiny = engine(hosted=True)
    report = run(tiny, plan=batch.make_plan(folder, spec=huge))
    assert report.results[0].outcome is Outcome.FAILED
    assert "MB are needed and" in report.results[0].message
    assert tiny.bills() == []


def test_a_takes_folder_that_is_a_file_stops_everything(run: Run, engine: MakeEngine, folder: Path) -> None:
    (folder / "takes").write_text("mine", "utf-8")
    with pytest.raises(StoreError, match="takes"):
        run()
    assert engine().bills() == []


def test_a_done_jobs_work_folder_is_swept(run: Run, tmp_path: Path) -> None:
    report = run()
    work = next((tmp_path / "data").glob("*/work"))
    left, other = work / report.results[0].job / "attempt_1", work / "a job of another run"
    left.mkdir(parents=True)
    other.mkdir()
    run()
    assert list(work.iterdir()) == [other]


def test_nothing_of_a_job_is_left_behind(run: Run, folder: Path, tmp_path: Path) -> None:
    run(cues=2)
    work = next((tmp_path / "data").glob("*/work"))
    assert list(work.iterdir()) == []
    assert [path.name for path in folder.rglob(".partial*")] == []


def test_a_take_that_another_desk_has_just_published_for_this_job_is_the_take(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took the job over while this desk's machine slept."""
    run(cues=1)
    made = folder / "takes" / "c0000"
    made.rename(tmp_path / "made there")
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "other data"))

    def publish_there(event: JobEvent) -> None:
        if event.state is JobStep.FINISHING:
            shutil.copytree(tmp_path / "made there", made)

    (result,) = run(cues=1, on_event=publish_there).results
    assert result.take is not None
    assert sorted(made.glob("take_*")) == [result.take.folder]

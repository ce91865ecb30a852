# SPDX-License-Identifier: Apache-2.0
"""The parts of generating that need no batch: what an error means, what is remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.desk.generating import delivered
from greenroom.desk.generating.finishing import bytes_needed, finish
from greenroom.desk.generating.job_events import GenerateReport, JobResult, Outcome
from greenroom.desk.generating.take_record import runs
from greenroom.desk.generating.verdict import ForeignError, Stage, Verdict, verdict
from greenroom.engines.contract import Capabilities, Delivery
from greenroom.errors import (
    DeliveryError,
    EngineError,
    GreenroomError,
    MediaError,
    PaymentUnknownError,
    StoreError,
)
from greenroom.media.pictures import read_pictures
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.takes import spare_handle
from greenroom.takes.privacy import portable_path, without_paths, without_secrets

FAILED, KEEP, UNKNOWN = Verdict.FAILED, Verdict.KEEP, Verdict.UNKNOWN
FOREIGN, OURS = ForeignError("broke"), EngineError("refused")


@pytest.mark.parametrize(
    ("stage", "error", "sent", "local", "hosted", "idempotent"),
    [
        (Stage.PREPARE, MediaError("gone"), False, FAILED, FAILED, FAILED),
        (Stage.PREPARE, MediaError("gone"), True, FAILED, KEEP, KEEP),
        (Stage.PREPARE, StoreError("full"), False, KEEP, KEEP, KEEP),
        (Stage.SUBMIT, OURS, False, FAILED, FAILED, FAILED),
        (Stage.SUBMIT, FOREIGN, False, FAILED, UNKNOWN, KEEP),
        (Stage.SUBMIT, PaymentUnknownError("lost"), False, UNKNOWN, UNKNOWN, UNKNOWN),
        (Stage.PERFORM, FOREIGN, True, FAILED, KEEP, KEEP),
        (Stage.PERFORM, OURS, True, FAILED, KEEP, KEEP),
        (Stage.PERFORM, DeliveryError("short"), True, FAILED, FAILED, FAILED),
        (Stage.FINISH, DeliveryError("short"), True, FAILED, FAILED, FAILED),
        (Stage.FINISH, FOREIGN, True, FAILED, KEEP, KEEP),
        (Stage.PUBLISH, StoreError("read-only"), True, KEEP, KEEP, KEEP),
    ],
)
def test_what_an_error_means(
    stage: Stage, error: GreenroomError, sent: bool, local: Verdict, hosted: Verdict, idempotent: Verdict
) -> None:
    def ruling(**abilities: bool) -> Verdict:
        engine = Capabilities("tiny", "Tiny", "1", ("talk",), **{"hosted": False} | abilities)
        return verdict(stage, error, engine, sent=sent)

    assert ruling() is local
    assert ruling(hosted=True) is hosted
    assert ruling(hosted=True, idempotent=True) is idempotent


# What a work folder remembers


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.mov").write_bytes(b"movie")
    return Delivery(tmp_path / "work" / "a.mov", True, {"method": "x", "warnings": ["w"]}, Decimal("0.5"))


def test_a_delivery_is_remembered_whole(delivery: Delivery) -> None:
    delivered.remember(delivery, delivery.path.parent)
    assert delivered.recall(delivery.path.parent) == delivery


def test_a_delivery_is_remembered_with_its_extras_or_not_at_all(delivery: Delivery) -> None:
    alpha = delivery.path.with_name("alpha.mov")
    alpha.write_bytes(b"the actor alone")
    both = replace(delivery, extras={"alpha": alpha})
    delivered.remember(both, alpha.parent)
    assert delivered.recall(alpha.parent) == both
    alpha.write_bytes(b"the act")
    assert delivered.recall(alpha.parent) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda work: (work / "a.mov").write_bytes(b"mov"),
        lambda work: (work / "a.mov").unlink(),
        lambda work: (work / "delivery.json").write_bytes(b"{"),
        lambda work: (work / "delivery.json").write_bytes(b'{"schema": 1}'),
        lambda work: (work / "delivery.json").unlink(),
    ],
)
def test_a_damaged_delivery_is_none(delivery: Delivery, damage: Callable[[Path], object]) -> None:
    work = delivery.path.parent
    delivered.remember(delivery, work)
    damage(work)
    assert delivered.recall(work) is None


def test_a_spare_handle_is_written_over_reserved_room(tmp_path: Path) -> None:
    assert spare_handle.recall(tmp_path) is None
    spare_handle.reserve(tmp_path)
    before = (tmp_path / "handle.json").stat().st_size
    assert spare_handle.recall(tmp_path) is None
    spare_handle.keep({"id": "abc", "api_key": "sk-123456"}, tmp_path)
    assert spare_handle.recall(tmp_path) == {"id": "abc", "api_key": "(withheld)"}
    assert (tmp_path / "handle.json").stat().st_size == before


def test_a_handle_that_is_too_long_is_refused(tmp_path: Path) -> None:
    spare_handle.reserve(tmp_path)
    with pytest.raises(StoreError, match="too long"):
        spare_handle.keep({"id": "x" * 20_000}, tmp_path)


@given(st.lists(st.integers(0, 50)))
def test_runs_tell_the_same_frames(indices: list[int]) -> None:
    assert [frame for first, count in runs(indices) for frame in range(first, first + count)] == indices


def test_the_room_a_take_needs_is_on_the_large_side() -> None:
    spec = TakeSpec(Fraction(24), 224, 8, 8, 1920, 1080, 0, codec=Codec.PRORES)
    measured = 249e6 / 8 * 10  # facts: ProRes HQ at 1080p24, bytes for 10 s
    assert measured < bytes_needed(spec) < 1.3 * measured


# Privacy


@pytest.mark.parametrize(
    "value",
    [
        {"api_key": "s3cr3t-s3cr3t"},
        {"FAL_KEY": {"api-key": "s3cr3t-s3cr3t"}},
        {"headers": [{"Authorization": "Bearer s3cr3t-s3cr3t"}]},
        ["https://x/y?token=s3cr3t-s3cr3t&z=1"],
        "Authorization: Bearer s3cr3t-s3cr3t",
        {"session_token": "s3cr3t-s3cr3t", "a": {"secret_key": "s3cr3t-s3cr3t"}},
    ],
)
def test_secrets_are_withheld(value: object) -> None:
    assert "s3cr3t" not in str(without_secrets(value))


@pytest.mark.parametrize(
    "value", [{"token_count": 4, "key_frames": [1], "seed": 3}, "the key of A minor", {"monkey": "Bo"}]
)
def test_what_is_no_secret_stays(value: object) -> None:
    assert without_secrets(value) == value


def test_paths_become_portable(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    assert portable_path(project / "cast" / "a b.png", project) == "cast/a b.png"
    assert portable_path(tmp_path / "elsewhere" / "b.mov", project) == "b.mov"
    value = {"a": [str(project / "x.mov"), "/usr/lib/y.so", r"C:\Users\me\z.mov"], "b": "https://h/p", "n": 1}
    assert without_paths(value, {".": project}) == {
        "a": ["./x.mov", "y.so", "z.mov"],
        "b": "https://h/p",
        "n": 1,
    }


# Worker processes


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ((), 0),
        ((Outcome.MADE, Outcome.CACHED), 0),
        ((Outcome.MADE, Outcome.FAILED), 1),
        ((Outcome.FAILED, Outcome.UNKNOWN), 3),
        ((Outcome.UNKNOWN, Outcome.INTERRUPTED), 130),
    ],
)
def test_a_report_knows_its_exit_status(outcomes: tuple[Outcome, ...], status: int) -> None:
    results = tuple(JobResult("j", "7f3a", 1, 1, outcome) for outcome in outcomes)
    assert GenerateReport(results).exit_status == status


def test_a_performance_that_is_too_short_is_refused_or_with_hold_its_last_frame_stands_still(tmp_path: Path) -> None:
    spec = TakeSpec(Fraction(24), 20, 0, 0, 64, 36, 86400, codec=Codec.H264)
    short = tmp_path / "short.mov"
    with TakeWriter(short, replace(spec, slot=12)) as writer:
        for index in range(12):
            writer.write(np.full((36, 64, 3), 20 * index, np.uint8))
    with pytest.raises(DeliveryError, match="8 short at the tail") as refused:
        finish(short, False, spec, None, tmp_path)
    assert "hold=tail" in refused.value.hint
    finished = finish(short, False, spec, None, tmp_path, hold="Tail")
    assert "the last frame is held for 8 frames" in finished.conform["notes"]
    levels = [round(float(picture.mean())) for picture in read_pictures(finished.media, range(20))]
    assert len(set(levels)) == 12
    assert levels[11:] == [levels[11]] * 9

# SPDX-License-Identifier: Apache-2.0
"""A panel at a ledger that another process serves: what other desks do is seen as it goes, and the owner's absence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import opentimelineio as otio
import pytest
from pytestqt.qtbot import QtBot

from greenroom.desk.farm.certificates import make_certificates
from greenroom.desk.farm.ledger_line import Line
from greenroom.desk.farm.served_ledger import ServedLedger
from greenroom.panel.model.rows import Status
from greenroom.panel.window import Window
from greenroom.takes.money import Cap
from greenroom.testing.served import PROJECT, Served, served

Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A project with a cut of one cue, and the owner of its ledger; this process is the desk "a"."""
    make_certificates(tmp_path / "certificates")
    with served(tmp_path / "all", tmp_path / "certificates") as made:
        for name, value in made.environment("a").items():
            monkeypatch.setenv(name, value)
        span = otio.opentime.TimeRange(otio.opentime.RationalTime(0, 24), otio.opentime.RationalTime(48, 24))
        clip = otio.schema.Clip("SC01_0010", otio.schema.MissingReference(), span)
        clip.markers.append(otio.schema.Marker("@mara talk: I never left.", span))
        track = otio.schema.Track("V1", [clip], kind=otio.schema.TrackKind.Video)
        cut = otio.schema.Timeline("film", global_start_time=otio.opentime.RationalTime(86400, 24))
        cut.tracks.append(track)
        otio.adapters.write_to_file(cut, str(made.project / "cut.otio"))
        yield made


def test_jobs_of_another_desk_are_seen_as_they_go_and_a_lost_owner_is_told(
    show: Served, new_window: Callable[[], Window], wait: Wait
) -> None:
    owner = show.start()
    window = new_window()
    window.open(show.project / "cut.otio")
    wait(lambda: window.shown.board is not None and window.shown.board.complete)
    row = window.cues.rows[0]
    before = row.status
    asked = {"engine": "fabric-1.0@fal", "mode": "talk", "actor": "mara", "currency": "USD"}
    with ServedLedger(Line(show.address, PROJECT, "b"), show.project, "b") as other:
        job = other.plan_job(cue=row.id, fingerprint="f" * 64, variant=1, cost=Decimal("1.84"), **asked)
        assert other.claim(job.id)
        other.submitting(job.id, cap=Cap())
        other.submitted(job.id, {"id": "req-17"})
        wait(lambda: window.cues.rows[0].status is Status.RUNNING)
        wait(lambda: window.generate.spent.text().startswith("1.84 USD"))
        other.unknown(job.id, "the answer was lost")
        wait(lambda: window.cues.rows[0].status is Status.UNKNOWN)
    assert before is not Status.RUNNING
    owner.kill()
    owner.wait()
    wait(lambda: window.notice.isVisible() and "greenroom farm ledger" in window.notice.text.text())
    assert window.cues.rows[0].status is Status.UNKNOWN  # what was read last stays
    show.start()
    wait(lambda: not window.notice.button.isVisible())


def test_looking_at_a_served_ledger_does_not_make_it_look_changed(
    show: Served, new_window: Callable[[], Window], qtbot: QtBot, wait: Wait
) -> None:
    show.start()
    window = new_window()
    window.open(show.project / "cut.otio")
    wait(lambda: window.shown.board is not None and window.shown.board.complete and not window.work.busy)
    boards: list[object] = []
    qtbot.wait(2500)
    window.shown.board_changed.connect(boards.append)
    qtbot.wait(4500)
    assert not boards

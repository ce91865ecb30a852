# SPDX-License-Identifier: Apache-2.0
"""Builds the request of one take: the job's own folder and the dialogue under slot and handles as a WAV."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from greenroom.desk.planning.model import CuePlan, PlannedTake
from greenroom.engines.contract import Request
from greenroom.frames import FrameRange
from greenroom.media.types import SoundClip
from greenroom.takes.states import Job

__all__ = ["DIALOGUE", "draft_request", "moved_clips", "prepare"]

DIALOGUE = "dialogue.wav"


def prepare(cue_plan: CuePlan, planned_take: PlannedTake, job: Job, work_folder: Path) -> Request:
    """The request of `job`, with its files in `work_folder` (created if need be; a repeated call makes them anew).

    Raises:
        MediaError: a sound file is gone or can't be decoded.
        StoreError: the folder can't be written.
    """
    work_folder.mkdir(parents=True, exist_ok=True)
    request = _request(cue_plan, planned_take, work_folder)
    if request.dialogue is not None:
        _write_dialogue(cue_plan, request.dialogue)
    return replace(request, job=job.id, cue=job.cue, take=job.number)


def draft_request(cue_plan: CuePlan, planned_take: PlannedTake) -> Request:
    """The request as a quote needs it: nothing is written, and the dialogue is only named."""
    return _request(cue_plan, planned_take, Path())


def moved_clips(clips: Iterable[SoundClip], frames: int) -> tuple[SoundClip, ...]:
    """`clips`, moved by `frames` of the cut."""
    return tuple(replace(clip, record=clip.record.moved_to(clip.record.start + frames)) for clip in clips)


def _request(cue_plan: CuePlan, planned_take: PlannedTake, work: Path) -> Request:
    cue = cue_plan.cue
    return Request(
        job="",
        cue=cue.id,
        take=planned_take.variant,
        mode=str(cue.mode),
        performer=cue_plan.performer,
        spec=cue_plan.spec,
        seed=planned_take.seed,
        work=work,
        line=cue.line,
        motion=cue.motion,
        dialogue=work / DIALOGUE if cue_plan.dialogue else None,
        sounds=_sounds(cue_plan),
        stand_in=cue_plan.stand_in,
        plate=cue_plan.plate,
        driver=cue_plan.driver,
        options=dict(cue_plan.options),
        settings=dict(cue_plan.settings),
        continued=planned_take.continued,
    )


def _sounds(cue_plan: CuePlan) -> tuple[SoundClip, ...]:
    """The take's own first frame is where its sound is counted from: at 29.97 a frame is 1601.6 samples, and the same
    number of frames can be a sample longer or shorter elsewhere on the cut.
    """
    return moved_clips(cue_plan.dialogue, -cue_plan.record.start)


def _write_dialogue(cue_plan: CuePlan, path: Path) -> None:
    from greenroom.media.sound import mix, write_wav

    spec = cue_plan.spec
    samples = mix(_sounds(cue_plan), FrameRange(0, spec.frames, spec.rate), sample_rate=spec.sample_rate)
    write_wav(path, samples, spec.sample_rate)

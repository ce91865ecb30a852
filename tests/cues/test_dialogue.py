# SPDX-License-Identifier: Apache-2.0
"""The dialogue under a slot: which clips, where in their files, how loud."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom.cues import layout_of, read_cues
from greenroom.cues.model import Cue

schema = otio.schema


def _cue(bench: Any, *audio: Any, note: str = "GR: actor=MARA mode=talk", before: int = 100, frames: int = 48) -> Cue:
    picture = [bench.gap(before), bench.marked(bench.slug(frames=frames), note)]
    return read_cues(layout_of(bench.cut(picture, *audio), path=Path("/show/cut.otio"))).cues[0]


def _audio(bench: Any, *items: Any) -> Any:
    return bench.track(*items, kind="Audio")


def test_sound_lies_where_the_clip_does_and_starts_where_its_source_does(bench: Any) -> None:
    cue = _cue(bench, _audio(bench, bench.gap(110), bench.sound("line", 20, start=36)))
    (clip,) = cue.dialogue
    assert clip.path == Path("/show/sound/line.wav")
    assert (clip.record.start, clip.record.duration) == (86510, 20)
    assert clip.source_start == Fraction(36, 24)
    assert (clip.gain, clip.fade_in, clip.fade_out, clip.speed, clip.channel) == (1.0, 0, 0, 1, None)


def test_embedded_timecode_is_taken_off(bench: Any) -> None:
    sound = schema.Clip("line", bench.media("a.wav", 86400, 500), bench.range(86424, 48))
    assert _cue(bench, _audio(bench, bench.gap(100), sound)).dialogue[0].source_start == 1


def test_every_enabled_clip_of_every_enabled_track_counts(bench: Any) -> None:
    off, muted = bench.sound("off"), _audio(bench, bench.gap(100), bench.sound("muted"))
    off.enabled = muted.enabled = False
    cue = _cue(
        bench,
        _audio(bench, bench.gap(100), bench.sound("one")),
        _audio(bench, bench.gap(100), off),
        muted,
        _audio(bench, bench.gap(90), bench.sound("two")),
    )
    assert [clip.name for clip in cue.dialogue] == ["two", "one"]


def test_a_cue_may_name_its_track(bench: Any) -> None:
    tracks = [_audio(bench, bench.gap(100), bench.sound(name)) for name in ("one", "two")]
    tracks[0].name = "Boom"
    cue = _cue(bench, *tracks, note="GR: ACTOR=MARA AUDIO=a2")
    assert (cue.dialogue_track, [clip.name for clip in cue.dialogue]) == ("A2", ["two"])
    cue = _cue(bench, *tracks, note='GR: actor=MARA audio="boom"')
    assert (cue.dialogue_track, [clip.name for clip in cue.dialogue]) == ("A1", ["one"])


def test_sound_within_two_seconds_is_kept_for_the_handles(bench: Any) -> None:
    items = [
        bench.gap(10),
        bench.sound("far", 42),
        bench.sound("near", 10),
        bench.gap(38 + 48 + 47),
        bench.sound("after", 9),
    ]
    assert [clip.name for clip in _cue(bench, _audio(bench, *items)).dialogue] == ["near", "after"]
    longer = _cue(bench, _audio(bench, *items), note="GR: actor=MARA handles=100")
    assert [clip.name for clip in longer.dialogue] == ["far", "near", "after"]


def test_a_transition_is_a_fade_and_widens_the_sound(bench: Any) -> None:
    items = [bench.gap(90), bench.sound("a", 30, start=100), bench.dissolve(4, 8), bench.sound("b", 30, start=200)]
    first, second = _cue(bench, _audio(bench, *items)).dialogue
    assert (first.record.start, first.record.duration, first.fade_in, first.fade_out) == (86490, 38, 0, 12)
    assert (second.record.start, second.record.duration, second.fade_in, second.fade_out) == (86516, 34, 12, 0)
    assert (first.source_start, second.source_start) == (Fraction(100, 24), Fraction(196, 24))


def test_a_constant_speed_is_heard(bench: Any) -> None:
    sound = bench.sound("fast", 20, start=48)
    sound.effects.append(schema.LinearTimeWarp(time_scalar=1.25))
    (clip,) = _cue(bench, _audio(bench, bench.gap(100), sound)).dialogue
    assert (clip.speed, clip.source_start) == (Fraction(5, 4), 2)


@pytest.mark.parametrize(
    "effect", [schema.TimeEffect("ramp"), schema.FreezeFrame(), schema.LinearTimeWarp(time_scalar=-1.0)]
)
def test_what_can_t_be_heard_is_said(bench: Any, effect: Any) -> None:
    sound = bench.sound("odd")
    sound.effects.append(effect)
    cue = _cue(bench, _audio(bench, bench.gap(100), sound))
    assert cue.dialogue == ()
    assert [problem.code for problem in cue.problems] == ["unheard"]
    assert '"odd" on A1' in cue.problems[0].message


def test_a_level_of_fcp7_is_a_gain(bench: Any) -> None:
    sound = bench.sound()
    level = {"effectid": "audiolevels", "parameter": {"parameterid": "level", "value": "0.501187"}}
    sound.effects.append(schema.Effect(metadata={"fcp_xml": level}))
    assert _cue(bench, _audio(bench, bench.gap(100), sound)).dialogue[0].gain == pytest.approx(0.501187)


@pytest.mark.parametrize("value", ["", "loud", "nan", "-1", "1e9"])
def test_a_level_that_can_t_be_is_left_out(bench: Any, value: str) -> None:
    sound = bench.sound()
    level = {"effectid": "audiolevels", "parameter": [{"parameterid": "level", "value": value}]}
    sound.effects.append(schema.Effect(metadata={"fcp_xml": level}))
    assert _cue(bench, _audio(bench, bench.gap(100), sound)).dialogue[0].gain == 1.0


def test_the_channel_that_resolve_names_is_taken(bench: Any) -> None:
    mono, stereo = bench.sound("mono", 24), bench.sound("stereo", 24)
    mono.metadata["Resolve_OTIO"] = {"Channels": [{"Source Channel ID": 1, "Source Track ID": 0}]}
    stereo.metadata["Resolve_OTIO"] = {"Channels": [{"Source Channel ID": 0}, {"Source Channel ID": 1}]}
    timeline = bench.cut([bench.gap(100), bench.marked(bench.slug(), "@mara talk:")])
    timeline.tracks.append(_audio(bench, bench.gap(100), mono, stereo))
    timeline.metadata["Resolve_OTIO"] = {"Resolve OTIO Meta Version": "1.0"}
    cue = read_cues(layout_of(timeline, path=None)).cues[0]
    assert [clip.channel for clip in cue.dialogue] == [1, None]


def test_sound_in_a_compound_is_heard_as_far_as_it_is_shown(bench: Any) -> None:
    nest = schema.Stack("compound", source_range=bench.range(10, 20))
    nest.append(_audio(bench, bench.sound("inside", 60, start=48)))
    nest.append(bench.track(bench.clip("picture", 60)))
    (clip,) = _cue(bench, _audio(bench, bench.gap(100), nest)).dialogue
    assert (clip.name, clip.record.start, clip.record.duration) == ("inside", 86500, 20)
    assert clip.source_start == Fraction(58, 24)


def test_slugs_on_sound_are_silence(bench: Any) -> None:
    assert _cue(bench, _audio(bench, bench.gap(100), bench.slug())).dialogue == ()


def test_a_switched_off_track_that_is_named_is_said(bench: Any) -> None:
    track = _audio(bench, bench.gap(100), bench.sound())
    track.enabled = False
    cue = _cue(bench, track, note="GR: actor=MARA mode=talk audio=A1")
    assert ([problem.code for problem in cue.problems], cue.dialogue) == (["track-off"], ())

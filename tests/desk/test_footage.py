# SPDX-License-Identifier: Apache-2.0
"""Plates and drivers as a plan finds them on a cut: which clip, which of its frames, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom.cues.find import read_cues
from greenroom.cues.layout import layout_of
from greenroom.desk.planning.facts import DialogueFacts, MediaFacts, Survey
from greenroom.desk.planning.model import CuePlan
from greenroom.desk.planning.plan import PlanSettings, plan
from greenroom.errors import Problem, Severity
from greenroom.media.types import Codec, MediaKind

MODES = ("talk", "animate", "mimic", "replace", "lipsync", "stage")
Codes = Callable[[CuePlan], Mapping[str, Problem]]


@dataclass
class Layers:
    """A cut of several picture tracks, the lowest first, each a list of clips; a survey of what is known of them."""

    cut: Any
    mara: Any
    engine: Any

    def on(self, *tracks: list[Any], sound: int = 0) -> Layers:
        made = [otio.schema.Track(f"V{i}", clips, kind="Video") for i, clips in enumerate(tracks, 1)]
        self.cut.timeline.tracks[:] = [*made, self.cut.sound]
        if sound:
            self.cut.dialogue(sound)
        return self

    def clip(self, name: str, frames: int, *, start: int = 0, note: str = "", speed: float | None = None) -> Any:
        reference = otio.schema.ExternalReference(f"file:///footage/{name}.mov", self.cut.range(0, 400))
        clip = otio.schema.Clip(name, reference, self.cut.range(start, frames))
        if speed is not None:
            clip.effects.append(otio.schema.LinearTimeWarp(name="speed", time_scalar=speed))
        return self.cut.note(clip, note) if note else clip

    def slug(self, frames: int, note: str) -> Any:
        reference = otio.schema.GeneratorReference("slug", "black")
        return self.cut.note(otio.schema.Clip("slug", reference, self.cut.range(0, frames)), note)

    def gap(self, frames: int) -> Any:
        return otio.schema.Gap(source_range=self.cut.range(0, frames))

    def planned(self, *known: MediaFacts, **abilities: Any) -> list[CuePlan]:
        """The cues of the cut, where the files of `known` are there."""
        sheet = read_cues(layout_of(self.cut.timeline, path=Path("/cuts/scene.otio")), known_actors=["mara"])
        survey = Survey(
            actors={cue.actor: self.mara for cue in sheet.cues if cue.actor},
            media={str(facts.info.path): facts for facts in known if facts.info},
            dialogue={cue.id: DialogueFacts("samples", 0.4) for cue in sheet.cues if cue.dialogue},
            engines={"still": self.engine(**{"modes": MODES} | abilities)},
        )
        return list(plan(sheet, survey, PlanSettings()).cues)


@pytest.fixture
def layers(cut: Any, mara: Any, still_engine: Any) -> Layers:
    return Layers(cut, mara, still_engine)


@pytest.fixture
def movie(probed: Callable[..., MediaFacts]) -> Callable[..., MediaFacts]:
    def make(name: str, frames: int = 400, **changes: Any) -> MediaFacts:
        path = changes.pop("path", Path(f"/footage/{name}.mov"))
        facts = probed(path=path, frames=frames, start_frame=0, **changes)
        return replace(facts, sha256=f"sha of {name}")

    return make


def test_the_plate_lies_under_the_slot_on_the_named_track(layers: Layers, movie: Any) -> None:
    plate = layers.clip("train", 100, start=20)
    layers.on([plate], [layers.gap(30), layers.slug(48, "GR: actor=MARA mode=stage over=v1")])
    (planned,) = layers.planned(movie("train"))
    assert planned.problems == ()
    assert planned.plate is not None
    assert planned.plate.media == Path("/footage/train.mov")
    assert planned.plate.indices == tuple(range(20 + 30 - 8, 20 + 30 + 48 + 8))
    assert "over V1 train.mov" in planned.notes
    assert planned.options["over"] == "v1"


def test_handles_past_the_plate_s_ends_hold_its_frames(layers: Layers, movie: Any) -> None:
    layers.on([layers.clip("train", 50, start=3)], [layers.slug(50, "GR: actor=MARA mode=talk over=V1")], sound=100)
    (planned,) = layers.planned(movie("train", 55))
    assert planned.plate is not None
    assert planned.plate.indices[:8] == (0, 0, 0, 0, 0, 0, 1, 2)
    assert planned.plate.indices[-9:] == (52, 53, 54, 54, 54, 54, 54, 54, 54)
    assert "11 f of the handles hold the plate's first or last frame" in planned.notes


def test_a_retimed_plate_keeps_its_speed(layers: Layers, movie: Any) -> None:
    note = "GR: actor=MARA mode=stage over=V1 handles=0"
    layers.on([layers.clip("train", 48, speed=2.0)], [layers.gap(12), layers.slug(12, note)])
    (planned,) = layers.planned(movie("train"))
    assert planned.plate is not None
    assert planned.plate.indices == tuple(range(25, 49, 2))


@pytest.mark.parametrize(
    ("under", "said"),
    [
        ([("a", 20), ("b", 40)], "a.mov (to 01:00:00:20), b.mov (to 01:00:02:00)"),
        ([("a", 20)], "a.mov (to 01:00:00:20), a hole (to 01:00:02:00)"),
        ([], "no clip (to 01:00:02:00)"),
    ],
)
def test_two_clips_or_a_hole_under_the_slot_are_told_with_timecodes(
    layers: Layers, movie: Any, codes: Codes, under: list[tuple[str, int]], said: str
) -> None:
    plates = [layers.clip(*each) for each in under] or [layers.gap(48)]
    layers.on(plates, [layers.slug(48, "GR: actor=MARA mode=stage over=V1")])
    (planned,) = layers.planned(movie("a"), movie("b"))
    problem = codes(planned)["no-clip-under-slot"]
    assert problem.severity is Severity.ERROR
    assert problem.message == f"over=V1: under the slot lies {said}"
    assert problem.where.startswith("V2 01:00:00:00 slug")
    assert planned.plate is None


def test_of_two_in_a_dissolve_the_one_that_shows_all_along_is_meant(layers: Layers, movie: Any) -> None:
    time = otio.opentime.RationalTime
    dissolve = otio.schema.Transition("d", "SMPTE_Dissolve", time(10, 24), time(0, 24))
    plates = [layers.clip("a", 50), dissolve, layers.clip("b", 60, start=100)]
    layers.on(plates, [layers.gap(45), layers.slug(40, "GR: actor=MARA mode=stage over=V1 handles=0")])
    (planned,) = layers.planned(movie("a"), movie("b"))
    assert planned.plate is not None
    assert (planned.plate.media, planned.plate.indices[0]) == (Path("/footage/b.mov"), 95)


@pytest.mark.parametrize(
    ("written", "hint"), [("V7", "Known: V1, V2"), ("V11", 'Did you mean "V1"?'), ("A1", "V1"), ("street", "Known:")]
)
def test_an_unknown_track_names_those_there_are(layers: Layers, codes: Codes, written: str, hint: str) -> None:
    layers.on([layers.clip("a", 48)], [layers.slug(48, f"GR: actor=MARA mode=stage over={written}")])
    (planned,) = layers.planned()
    assert hint in codes(planned)["unknown-footage"].hint


def test_offline_plates_are_errors(layers: Layers, movie: Any, codes: Codes) -> None:
    layers.on([layers.clip("a", 48)], [layers.slug(48, "GR: actor=MARA mode=stage over=V1")])
    gone = Problem(Severity.ERROR, "media-missing", "there is no such file", "Mount the drive.", "/footage/a.mov")
    (planned,) = layers.planned(replace(movie("a"), problem=gone))
    assert codes(planned)["media-missing"].severity is Severity.ERROR
    assert "/footage/a.mov" in codes(planned)["media-missing"].hint


def test_a_file_plays_from_its_first_frame_at_its_own_rate(layers: Layers, movie: Any) -> None:
    layers.on([layers.slug(24, "GR: actor=MARA mode=animate over=plates/train.mov handles=2")])
    file = movie("train", 60, path=Path("/cuts/plates/train.mov"), rate=Fraction(48))
    (planned,) = layers.planned(file)
    assert planned.plate is not None
    assert planned.plate.indices == (0, 0, *range(1, 48, 2), 49, 51)
    assert "over plates/train.mov" in planned.notes


def test_a_file_shorter_than_the_slot_is_told_with_the_numbers(layers: Layers, movie: Any, codes: Codes) -> None:
    layers.on([layers.slug(48, "GR: actor=MARA mode=stage over=train.mov")])
    (planned,) = layers.planned(movie("train", 30, path=Path("/cuts/train.mov")))
    problem = codes(planned)["slot-longer-than-media"]
    assert problem.message == "the slot has 48 f, the plate (30 f) lacks 18 f at its tail"
    assert problem.severity is Severity.ERROR


def test_a_still_stands_under_the_whole_take(layers: Layers, movie: Any) -> None:
    layers.on([layers.slug(24, "GR: actor=MARA mode=stage over=train.png")])
    picture = movie("train", None, path=Path("/cuts/train.png"), kind=MediaKind.IMAGE, rate=None)
    (planned,) = layers.planned(picture)
    assert planned.plate is not None
    assert planned.plate.indices == (0,) * 40
    assert "the plate is a still" in planned.notes


# Drivers


def test_a_mimic_on_footage_is_driven_by_it(layers: Layers, movie: Any) -> None:
    layers.on([layers.clip("ana", 48, start=10, note="GR: actor=MARA mode=mimic")])
    (planned,) = layers.planned(movie("ana"))
    assert planned.driver is not None
    assert planned.driver.indices == tuple(range(2, 66))
    assert planned.stand_in is None
    assert "driven by V1 ana.mov" in planned.notes


def test_a_mimic_on_a_placeholder_is_driven_by_the_nearest_track_below(layers: Layers, movie: Any) -> None:
    tracks = [[layers.clip("low", 48)], [layers.clip("near", 48)], [layers.clip("short", 20)]]
    layers.on(*tracks, [layers.slug(48, "GR: actor=MARA mode=mimic")])
    (planned,) = layers.planned(movie("low"), movie("near"), movie("short"))
    assert planned.driver is not None
    assert planned.driver.media == Path("/footage/near.mov")


def test_a_mimic_without_a_driver_says_what_to_do(layers: Layers, codes: Codes) -> None:
    layers.on([layers.slug(48, "GR: actor=MARA mode=mimic")])
    (planned,) = layers.planned()
    assert codes(planned)["no-driver"].severity is Severity.ERROR
    assert "driver=V1" in codes(planned)["no-driver"].hint


def test_another_cue_s_clip_drives_from_the_first_frame_of_its_slot(layers: Layers, movie: Any) -> None:
    ana = layers.clip("ana", 60, start=100, note="GR#a1b2: actor=MARA mode=replace")
    layers.on([layers.gap(200), ana], [layers.slug(48, "GR: actor=MARA mode=mimic driver=A1B2")])
    planned = layers.planned(movie("ana"))[0]
    assert planned.driver is not None
    assert planned.driver.indices == tuple(range(92, 156))
    assert "driven by V1 ana.mov (cue a1b2)" in planned.notes


def test_a_driving_cue_that_is_shorter_is_told_with_the_numbers(layers: Layers, movie: Any, codes: Codes) -> None:
    ana = layers.clip("ana", 40, note="GR#a1b2: actor=MARA mode=replace")
    layers.on([ana, layers.slug(48, "GR: actor=MARA mode=mimic driver=a1b2")])
    problem = codes(layers.planned(movie("ana"))[1])["driver-too-short"]
    assert problem.message == "driver=a1b2: the slot has 48 f, that of cue a1b2 40 f"


def test_a_still_drives_nobody(layers: Layers, movie: Any, codes: Codes) -> None:
    layers.on([layers.slug(24, "GR: actor=MARA mode=mimic driver=ana.png")])
    picture = movie("ana", None, path=Path("/cuts/ana.png"), kind=MediaKind.IMAGE, rate=None)
    (planned,) = layers.planned(picture)
    assert "nothing moves" in codes(planned)["no-driver"].message


# What a take depends on


def test_the_fingerprint_knows_the_footage_and_not_its_name(layers: Layers, movie: Any) -> None:
    def print_of(track: str, *known: MediaFacts, note: str = "") -> str:
        below = [[layers.clip("train", 60)], [layers.clip("train", 60)]]
        layers.on(*below, [layers.slug(48, f"GR: actor=MARA mode=stage over={track} {note}")])
        return layers.planned(*known)[0].fingerprint

    first = print_of("V1", movie("train"))
    assert print_of("V2", movie("train")) == first
    assert print_of("V1", replace(movie("train"), sha256="painted over")) != first
    assert print_of("V1", movie("train", 50)) != first  # the tail handle holds where it ran before
    assert print_of("V1", movie("train"), note="place=left") != first


def test_a_stage_on_footage_is_given_it_for_the_position(layers: Layers, movie: Any) -> None:
    layers.on([layers.clip("train", 48)], [layers.clip("ana", 48, note="GR: actor=MARA mode=stage over=V1")])
    (planned,) = layers.planned(movie("train"), movie("ana"))
    assert planned.stand_in is not None
    assert planned.stand_in.media == Path("/footage/ana.mov")
    layers.on([layers.clip("ana", 48, note="GR: actor=MARA mode=animate")])
    (planned,) = layers.planned(movie("ana"))
    assert planned.stand_in is None


def test_a_stage_whose_footage_is_too_short_goes_without_it(layers: Layers, movie: Any, codes: Codes) -> None:
    layers.on([layers.clip("ana", 48, note="GR: actor=MARA mode=stage setting=train")])
    (planned,) = layers.planned(movie("ana", 20))
    assert planned.stand_in is None
    assert codes(planned)["slot-longer-than-media"].severity is Severity.NOTE
    assert planned.takes


def test_sequences_count_by_the_pictures_that_are_shown() -> None:
    facts = MediaFacts(pictures={index: f"sha {index}" for index in range(50)})
    assert facts.digest((3, 4, 5)) == MediaFacts(pictures={3: "sha 3", 4: "sha 4", 5: "sha 5"}).digest((3, 4, 5))
    changed = MediaFacts(pictures={**facts.pictures, 4: "painted over"})
    assert changed.digest((3, 4, 5)) != facts.digest((3, 4, 5))
    assert changed.digest((5, 6, 7)) == facts.digest((5, 6, 7))


# Options


def test_spans_become_frames_of_the_slot(layers: Layers, movie: Any) -> None:
    note = "GR: actor=MARA mode=replace only=01:00:01:00-01:00:01:12,-4-6 not=2-3"
    layers.on([layers.clip("ana", 48, note=note)])
    (planned,) = layers.planned(movie("ana"))
    assert (planned.options["only"], planned.options["not"]) == ("24-36,-4-6", "2-3")
    assert planned.problems == ()


def test_a_span_outside_of_the_take_is_a_warning(layers: Layers, movie: Any, codes: Codes) -> None:
    layers.on([layers.clip("ana", 48, note="GR: actor=MARA mode=replace not=0-4,56-60")])
    (planned,) = layers.planned(movie("ana"))
    problem = codes(planned)["span-outside"]
    assert problem.severity is Severity.WARNING
    assert "frames 56 to 60" in problem.message


def test_a_cue_that_moved_with_its_spans_is_the_same_performance(layers: Layers, movie: Any) -> None:
    def print_of(before: int, span: str) -> str:
        layers.on([layers.gap(before), layers.clip("ana", 48, note=f"GR: actor=MARA mode=replace only={span}")])
        return layers.planned(movie("ana"))[0].fingerprint

    assert print_of(24, "01:00:01:00-01:00:02:00") == print_of(48, "01:00:02:00-01:00:03:00") == print_of(0, "0-24")


def test_alpha_alone_is_the_take_s_codec_and_over_a_plate_an_element(layers: Layers, movie: Any) -> None:
    layers.on([layers.clip("a", 48)], [layers.slug(48, "GR: actor=MARA mode=stage alpha=yes")])
    (planned,) = layers.planned(movie("a"))
    assert planned.spec.codec is Codec.PRORES_4444
    assert any("ProRes 4444" in note for note in planned.notes)
    layers.on([layers.clip("a", 48)], [layers.slug(48, "GR: actor=MARA mode=stage alpha=yes over=V1")])
    (planned,) = layers.planned(movie("a"))
    assert planned.spec.codec is Codec.PRORES
    assert any("beside the take" in note for note in planned.notes)
    layers.on([layers.slug(48, "GR: actor=MARA mode=stage alpha=no setting=train")])
    assert layers.planned()[0].spec.codec is Codec.PRORES


def test_the_style_and_a_missing_setting_are_said(layers: Layers, movie: Any) -> None:
    layers.on([layers.clip("ana", 48, note="GR: actor=MARA mode=replace style=HEAD")])
    assert "the whole head is replaced (style=head)" in layers.planned(movie("ana"))[0].notes
    layers.on([layers.slug(48, "GR: actor=MARA mode=stage")])
    assert any(note.startswith("no setting") for note in layers.planned()[0].notes)


# Dialogue


@pytest.mark.parametrize("asked", ['line="I never left."', "audio=A1"])
def test_a_mode_that_hears_takes_dialogue_along_where_it_is_asked_to(layers: Layers, asked: str) -> None:
    layers.on([layers.slug(48, f"GR: actor=MARA mode=stage setting=train {asked}")], sound=60)
    (planned,) = layers.planned(hears=("stage",))
    assert len(planned.dialogue) == 1
    assert planned.problems == ()


def test_a_silent_take_over_dialogue_is_said(layers: Layers) -> None:
    layers.on([layers.slug(48, "GR: actor=MARA mode=animate")], sound=60)
    (planned,) = layers.planned(hears=("animate",))
    assert planned.dialogue == ()
    assert any("audio=A1 or a line=" in note for note in planned.notes)
    (planned,) = layers.planned()
    assert any("still takes none along with animate" in note for note in planned.notes)


def test_asked_for_dialogue_that_isn_t_there_is_a_warning(layers: Layers, codes: Codes) -> None:
    layers.on([layers.slug(48, "GR: actor=MARA mode=stage setting=train line=Yes.")])
    (planned,) = layers.planned(hears=("stage",))
    assert codes(planned)["no-dialogue"].severity is Severity.WARNING
    assert planned.takes


def test_sound_alone_on_the_picture_track_is_noted(layers: Layers, movie: Any, codes: Codes) -> None:
    from greenroom.media.types import AudioStream

    layers.on([layers.clip("voice", 48, note="GR: actor=MARA mode=talk line=Yes.")], sound=60)
    voice = movie("voice", kind=MediaKind.AUDIO, width=None, height=None, rate=None, audio=(AudioStream(1, 48000, 1),))
    (planned,) = layers.planned(voice)
    assert codes(planned)["sound-alone"].severity is Severity.NOTE
    assert planned.takes

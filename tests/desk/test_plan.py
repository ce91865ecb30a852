# SPDX-License-Identifier: Apache-2.0
"""The plan is pure: hand-made facts go in, exact specs and all problems come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom.cast.model import Actor
from greenroom.desk.planning.facts import DialogueFacts, MediaFacts, Survey, media_key
from greenroom.desk.planning.model import CuePlan, Plan
from greenroom.desk.planning.plan import PlanSettings, plan
from greenroom.errors import Problem, Severity
from greenroom.media.types import Fit
from greenroom.takes.states import Take

Codes = Callable[[CuePlan], Mapping[str, Problem]]


@pytest.fixture
def plan_of(survey_of: Callable[..., Survey]) -> Callable[..., Plan]:
    def make(cut: Any, *engines: Any, settings: PlanSettings | None = None, **changes: Any) -> Plan:
        sheet = cut.sheet()
        return plan(sheet, survey_of(sheet, *engines, **changes), settings or PlanSettings())

    return make


@pytest.fixture
def talking(cut: Any) -> Any:
    """A placeholder of 48 frames with a spoken line under it."""
    cut.dialogue(200)
    cut.note(cut.placeholder(48), "@mara talk: I never left.")
    return cut


# Length, timecode and size


def test_a_placeholder_gets_slot_and_handles_at_one_hour(talking: Any, plan_of: Any) -> None:
    (planned,) = plan_of(talking).cues
    spec = planned.spec
    assert (spec.head, spec.slot, spec.tail, spec.frames) == (8, 48, 8, 64)
    assert spec.start_frame + spec.head == 86400
    assert planned.moves_source
    assert (planned.record.start, planned.record.duration) == (86400 - 8, 64)


def test_a_take_carries_its_stand_ins_timecode(cut: Any, plan_of: Any) -> None:
    cut.note(cut.stand_in(48, start=90000), "GR: actor=MARA mode=replace")
    (planned,) = plan_of(cut).cues
    assert planned.spec.start_frame == 90000 - 8
    assert not planned.moves_source
    assert planned.stand_in is not None
    assert planned.stand_in.indices == tuple(range(92, 156))


def test_a_head_handle_before_timecode_zero_is_cut_down_and_said(cut: Any, plan_of: Any, probed: Any) -> None:
    cut.note(cut.stand_in(48, start=3, available=(0, 400)), "GR: actor=MARA mode=replace")
    (planned,) = plan_of(cut, media=probed(start_frame=0)).cues
    assert (planned.spec.head, planned.spec.start_frame, planned.spec.frames) == (3, 0, 59)
    assert any("head handle 3 f instead of 8" in note for note in planned.notes)


def test_the_slot_covers_the_transitions(cut: Any, plan_of: Any) -> None:
    import opentimelineio as otio

    time = otio.opentime.RationalTime
    cut.stand_in(path="/footage/before.mov")
    cut.picture.append(otio.schema.Transition("dissolve", "SMPTE_Dissolve", time(6, 24), time(5, 24)))
    cut.note(cut.stand_in(48, start=90000), "GR: actor=MARA mode=replace")
    planned = plan_of(cut).cues[0]
    assert planned.spec.slot == 54
    assert planned.spec.start_frame == 90000 - 6 - 8


def test_media_of_another_rate_moves_the_source_and_is_resampled(cut: Any, plan_of: Any, probed: Any) -> None:
    cut.note(cut.stand_in(60, start=100, available=(0, 400), rate=30.0), "GR: actor=MARA mode=replace")
    (planned,) = plan_of(cut, media=probed(rate=Fraction(30), start_frame=0)).cues
    assert planned.moves_source
    assert (planned.spec.rate, planned.spec.slot) == (24, 48)
    assert planned.stand_in is not None
    assert planned.stand_in.indices[8:12] == (100, 101, 103, 104)
    assert any("30 in a cut of 24" in note for note in planned.notes)


def test_a_constant_speed_is_honoured(cut: Any, plan_of: Any) -> None:
    cut.note(cut.stand_in(48, start=90000, speed=2.0), "GR: actor=MARA mode=replace")
    (planned,) = plan_of(cut).cues
    assert planned.moves_source
    assert planned.stand_in is not None
    assert planned.stand_in.indices[8:11] == (101, 103, 105)


def test_a_frozen_frame_stands_still(cut: Any, plan_of: Any) -> None:
    cut.note(cut.stand_in(48, start=90000, speed=0.0), "GR: actor=MARA mode=replace")
    (planned,) = plan_of(cut).cues
    assert planned.stand_in is not None
    assert set(planned.stand_in.indices) == {100}


def test_handles_past_the_media_hold_its_ends(cut: Any, plan_of: Any, probed: Any) -> None:
    cut.note(cut.stand_in(48, start=1004, available=(1000, 52)), "GR: actor=MARA mode=replace")
    (planned,) = plan_of(cut, media=probed(frames=52, start_frame=1000)).cues
    assert planned.stand_in is not None
    assert planned.stand_in.indices[:6] == (0, 0, 0, 0, 0, 1)
    assert planned.stand_in.indices[-9:] == (51,) * 9
    assert any("12 f of the handles hold" in note for note in planned.notes)


def test_a_media_without_a_known_range_counts_from_its_own_timecode(cut: Any, plan_of: Any) -> None:
    cut.note(cut.stand_in(48, start=90000, available=None), "GR: actor=MARA mode=replace")
    (planned,) = plan_of(cut).cues
    assert planned.stand_in is not None
    assert planned.stand_in.indices[8] == 100


@pytest.mark.parametrize(
    ("project", "media", "size"),
    [((1280, 720), (1920, 1080), (1280, 720)), ((None, None), (2048, 858), (2048, 858)),
     ((None, None), None, (1920, 1080)),
     ((None, None), (1999, 857), (1998, 856))],
)  # fmt: skip
def test_one_size_for_all_takes(talking: Any, plan_of: Any, project: Any, media: Any, size: tuple[int, int]) -> None:
    settings = PlanSettings(width=project[0], height=project[1])
    (planned,) = plan_of(talking, settings=settings, size=media).cues
    assert (planned.spec.width, planned.spec.height) == size


@pytest.mark.parametrize(
    ("fit", "words"), [(Fit.FIT, "black bars (fit)"), (Fit.FILL, "edges are lost (fill)"), (Fit.CROP, "not scaled")]
)
def test_how_a_stand_in_of_another_shape_fits_is_said(
    cut: Any, plan_of: Any, probed: Any, fit: Fit, words: str
) -> None:
    cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
    options = PlanSettings(width=1920, height=1080, fit=fit)
    (planned,) = plan_of(cut, media=probed(width=1440, height=1080), settings=options).cues
    assert any("1440x1080 in 1920x1080" in note and words in note for note in planned.notes)


# Problems, all at once


def test_all_problems_of_a_cut_are_told_at_once(
    new_cut: Any, plan_of: Any, still_engine: Any, mara: Actor, codes: Codes
) -> None:
    cut = new_cut()
    cut.note(cut.placeholder(), "GR: actor=mra mode=talk")
    cut.note(cut.placeholder(), "GR: actor=mara mode=tlak")
    cut.note(cut.placeholder(), "GR: actor=mara mode=stage")
    cut.note(cut.placeholder(), "GR: actor=mara mode=talk engine=sill")
    cut.note(cut.stand_in(500, path="/gone.mov"), "GR: actor=mara mode=replace")
    missing = Problem(Severity.ERROR, "unknown-actor", 'nobody in the cast is called "mra"', 'Did you mean "mara"?')
    planned = plan_of(cut, still_engine(), actors={"mra": missing, "mara": mara})
    found = [set(codes(cue)) for cue in planned.cues]
    assert "unknown-actor" in found[0]
    assert "no-dialogue" in found[0]
    assert "unknown-mode" in found[1]
    assert "mode-not-performed" in found[2]
    assert "unknown-engine" in found[3]
    assert "slot-longer-than-media" in found[4]
    assert planned.to_make == ()


def test_a_cue_with_an_error_is_left_out_and_the_others_are_made(talking: Any, plan_of: Any) -> None:
    talking.note(talking.placeholder(), "GR: actor=nobody mode=talk")
    planned = plan_of(talking)
    assert [cue.cue.actor for cue, _ in planned.to_make] == ["mara"]
    assert len(planned.cues) == 2


def test_a_mode_that_an_engine_does_not_perform_names_those_that_could(
    talking: Any, plan_of: Any, still_engine: Any, codes: Codes
) -> None:
    talking.note(talking.stand_in(), "GR: actor=mara mode=replace engine=still")
    engines = still_engine(modes=("talk",)), still_engine(name="swap", modes=("replace",))
    problem = codes(plan_of(talking, *engines).cues[1])["mode-not-performed"]
    assert problem.message == "still does not perform replace; it performs talk"
    assert problem.hint == "These could: swap."


def test_an_engine_that_cannot_run_here_says_why(talking: Any, plan_of: Any, still_engine: Any, codes: Codes) -> None:
    problem = codes(plan_of(talking, still_engine(unavailable="no GPU"), settings=PlanSettings(engine="still")).cues[0])
    assert "no GPU" in problem["engine-unavailable"].message


@pytest.mark.parametrize(
    ("facts", "code"),
    [(None, "no-dialogue"), (DialogueFacts("d", 0.0005), "silent-dialogue"), (DialogueFacts("d", 0.2), None)],
)
def test_silence_where_dialogue_should_be(
    talking: Any, plan_of: Any, codes: Codes, facts: DialogueFacts | None, code: str | None
) -> None:
    cue = talking.sheet().cues[0]
    (planned,) = plan_of(talking, dialogue={cue.id: facts} if facts else {}).cues
    assert [found for found in codes(planned) if found.endswith("dialogue")] == ([code] if code else [])


def test_a_slot_longer_than_the_media_is_refused_with_the_numbers(
    cut: Any, plan_of: Any, probed: Any, codes: Codes
) -> None:
    cut.note(cut.stand_in(48, start=90000, available=(89990, 40)), "GR: actor=MARA mode=replace")
    (planned,) = plan_of(cut, media=probed(frames=40, start_frame=89990)).cues
    assert codes(planned)["slot-longer-than-media"].message == (
        "the slot has 48 f, the media (40 f) lacks 18 f at its tail"
    )
    assert planned.stand_in is None


def test_offline_media_stops_replace_but_only_is_noted_for_talk(cut: Any, plan_of: Any, codes: Codes) -> None:
    cut.dialogue(200)
    cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
    cut.note(cut.stand_in(), "GR: actor=MARA mode=talk")
    gone = MediaFacts(problem=Problem(Severity.ERROR, "media-missing", "stand in #1.mov can't be read"))
    replaced, talked = plan_of(cut, media=gone).cues
    assert codes(replaced)["media-missing"].severity is Severity.ERROR
    assert codes(talked)["media-missing"].severity is Severity.NOTE


def test_a_variable_rate_is_noted(cut: Any, plan_of: Any, probed: Any) -> None:
    cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
    (planned,) = plan_of(cut, media=probed(variable_rate=True)).cues
    assert any("variable frame rate" in note for note in planned.notes)


def test_a_slot_of_one_frame_is_made_and_of_none_refused(cut: Any, plan_of: Any, codes: Codes) -> None:
    cut.dialogue(200)
    cut.note(cut.placeholder(1), "GR: actor=MARA mode=talk")
    cut.note(cut.placeholder(0), "GR: actor=MARA mode=talk")
    one, none = plan_of(cut).cues
    assert one.spec.frames == 17
    assert not codes(one)
    assert any(problem.severity is Severity.ERROR for problem in none.problems)


def test_lengths_that_an_engine_refuses_are_told_with_numbers(
    talking: Any, plan_of: Any, still_engine: Any, codes: Codes
) -> None:
    (long,) = plan_of(talking, still_engine(max_seconds=Fraction(2))).cues
    assert codes(long)["too-long"].message == "the take has 64 f (8 + 48 + 8), still performs at most 48 f (2 s)"
    (short,) = plan_of(talking, still_engine(min_frames=100)).cues
    assert "no less than 100 f" in codes(short)["too-short"].message


def test_speed_ramps_are_refused_with_the_reason(cut: Any, plan_of: Any, codes: Codes) -> None:
    import opentimelineio as otio

    clip = cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
    clip.effects.append(otio.schema.TimeEffect("ramp", "Speed Ramp"))
    (planned,) = plan_of(cut).cues
    assert any("Speed Ramp" in problem.message for problem in planned.problems)
    assert planned.cue.event.unsupported


def test_a_clip_of_negative_length_is_one_error_of_its_cue(cut: Any, plan_of: Any) -> None:
    import opentimelineio as otio

    clip = cut.note(cut.stand_in(), "GR: actor=MARA mode=replace")
    rate = clip.source_range.duration.rate
    clip.source_range = otio.opentime.TimeRange(clip.source_range.start_time, otio.opentime.RationalTime(-5, rate))
    made = plan_of(cut)
    told = [*made.problems, *(problem for planned in made.cues for problem in planned.problems)]
    about = {"bad-range", "unsupported-clip", "empty-slot"}
    assert [problem.code for problem in told if problem.code in about] == ["bad-range"]


def test_too_many_handles_are_refused(talking: Any, plan_of: Any, codes: Codes) -> None:
    talking.note(talking.placeholder(), "GR: actor=mara mode=talk handles=4000")
    assert codes(plan_of(talking).cues[1])["bad-value"].hint == "Write a whole number from 0 to 1000."


def test_an_unknown_cue_is_told_with_the_nearest(talking: Any, plan_of: Any) -> None:
    talking.note(talking.placeholder(), "GR#7f3a: actor=mara mode=talk")
    planned = plan_of(talking, settings=PlanSettings(only=("7f3b",)))
    assert planned.cues == ()
    assert 'Did you mean "7f3a"?' in planned.problems[-1].hint


def test_one_cue_can_be_planned_alone(talking: Any, plan_of: Any) -> None:
    talking.note(talking.placeholder(), "GR#7f3a: actor=mara mode=talk")
    assert [each.cue.id for each in plan_of(talking, settings=PlanSettings(only=("7F3A",))).cues] == ["7f3a"]


# Who performs


@pytest.mark.parametrize(
    ("override", "cue", "actor", "project", "chosen"),
    [
        ("a", "b", "c", "d", "a"),
        ("", "b", "c", "d", "b"),
        ("", "", "c", "d", "c"),
        ("", "", "", "d", "d"),
        ("", "", "", "", "b"),  # nobody: hosted ones that can be used, the cheapest first, go before the local "a"
    ],
)
def test_the_nearest_choice_of_an_engine_wins(
    cut: Any,
    plan_of: Any,
    still_engine: Any,
    mara: Actor,
    override: str,
    cue: str,
    actor: str,
    project: str,
    chosen: str,
) -> None:
    cut.dialogue(100)
    cut.note(cut.placeholder(), "GR: actor=mara mode=talk" + (f" engine={cue}" if cue else ""))
    engines = [still_engine(name=name, hosted=name != "a") for name in "dcba"]
    choice = PlanSettings(engine=override, engines={"talk": project} if project else {})
    known = replace(mara, engines={"talk": actor} if actor else {})
    (planned,) = plan_of(cut, *engines, settings=choice, actors={"mara": known}).cues
    assert planned.engine == chosen


# Takes, quotes and caching


def test_takes_are_quoted_and_summed(talking: Any, plan_of: Any) -> None:
    planned = plan_of(talking, settings=PlanSettings(takes=3))
    assert [take.variant for take in planned.cues[0].takes] == [1, 2, 3]
    assert planned.cost == Decimal("0.75")


def test_a_take_that_exists_costs_nothing_and_asks_no_engine(
    talking: Any, plan_of: Any, take_of: Callable[..., Take], still_engine: Any
) -> None:
    (first,) = plan_of(talking).cues
    engine = still_engine()
    known = {(first.fingerprint, 1): (take_of(first),)}
    planned = plan_of(talking, engine, takes=known)
    assert planned.to_make == ()
    assert planned.cost == 0
    assert engine.asked == []
    assert planned.cues[0].takes[0].cached is not None


def test_a_take_of_another_cue_is_copied_for_nothing(
    talking: Any, plan_of: Any, take_of: Callable[..., Take], still_engine: Any
) -> None:
    (first,) = plan_of(talking).cues
    engine = still_engine()
    planned = plan_of(talking, engine, takes={(first.fingerprint, 1): (take_of(first, cue="other"),)})
    assert len(planned.to_make) == 1
    assert planned.cost == 0
    assert engine.asked == []


def test_seeds_differ_from_take_to_take_and_stay(talking: Any, plan_of: Any) -> None:
    once, again = (plan_of(talking, settings=PlanSettings(takes=5)).cues[0] for _ in range(2))
    seeds = [take.seed for take in once.takes]
    assert len(set(seeds)) == 5
    assert seeds == [take.seed for take in again.takes]


def test_a_locked_seed_is_the_first_takes(talking: Any, plan_of: Any, mara: Actor) -> None:
    (planned,) = plan_of(talking, actors={"mara": replace(mara, seed=41)}, settings=PlanSettings(takes=2)).cues
    assert [take.seed for take in planned.takes] == [41, 42]


def test_the_fingerprint_does_not_depend_on_the_place_in_the_cut(new_cut: Any, plan_of: Any) -> None:
    prints = []
    for before in (0, 100):
        cut = new_cut()
        if before:
            cut.gap(before)
        cut.note(cut.placeholder(48), "@mara talk: I never left.")
        cut.dialogue(300)
        prints.append(plan_of(cut).cues[0].fingerprint)
    assert prints[0] == prints[1]


def test_a_line_in_an_edls_capitals_keeps_its_takes(new_cut: Any, plan_of: Any) -> None:
    prints = []
    for note in ("@mara talk: I never left.", "@MARA TALK: I NEVER  LEFT.", "@mara talk: I ever left."):
        cut = new_cut()
        cut.note(cut.placeholder(48), note)
        cut.dialogue(300)
        heard = {cue.id: DialogueFacts("the same samples", 0.4) for cue in cut.sheet().cues}
        prints.append(plan_of(cut, dialogue=heard).cues[0].fingerprint)
    assert prints[0] == prints[1] != prints[2]


CHANGES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "actor": lambda mara: {"actors": {"mara": replace(mara, version="recast")}},
    "engine settings": lambda _: {"settings": PlanSettings(engine_settings={"still": {"sway": 2}})},
    "handles": lambda _: {"settings": PlanSettings(handles=9)},
    "size": lambda _: {"settings": PlanSettings(width=1280, height=720)},
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_fingerprint_depends_on_what_changes_the_picture(
    talking: Any, plan_of: Any, mara: Actor, change: str
) -> None:
    before = plan_of(talking).cues[0].fingerprint
    assert plan_of(talking, **CHANGES[change](mara)).cues[0].fingerprint != before


def test_the_fingerprint_depends_on_the_dialogue_and_the_engines_version(
    talking: Any, plan_of: Any, still_engine: Any
) -> None:
    cue = talking.sheet().cues[0]
    first, louder = ({cue.id: DialogueFacts(digest, 0.4)} for digest in ("a", "b"))
    prints = {
        plan_of(talking, dialogue=first).cues[0].fingerprint,
        plan_of(talking, dialogue=louder).cues[0].fingerprint,
        plan_of(talking, still_engine(version="2"), dialogue=first).cues[0].fingerprint,
    }
    assert len(prints) == 3


def test_a_cut_without_cues_is_an_empty_plan(cut: Any, plan_of: Any) -> None:
    cut.placeholder()
    planned = plan_of(cut)
    assert planned.cues == ()
    assert planned.cost == 0


def test_an_engine_that_objects_is_heard(talking: Any, plan_of: Any, still_engine: Any, codes: Codes) -> None:
    class Objecting(still_engine):
        def check(self, request: Any) -> tuple[Problem, ...]:
            return (Problem(Severity.ERROR, "bad-portrait", "the portrait is too small"),)

    planned = plan_of(talking, Objecting())
    assert "bad-portrait" in codes(planned.cues[0])
    (said,) = (problem for problem in planned.cues[0].problems if problem.code == "bad-portrait")
    assert planned.cues[0].cue.id in said.where  # an engine doesn't know the cut: the plan says which clip it is
    assert planned.to_make == ()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    slot=st.integers(1, 300),
    start=st.integers(0, 200_000),
    handles=st.integers(0, 48),
    rate=st.sampled_from([24.0, 25.0, 24000 / 1001, 30000 / 1001, 50.0]),
)
def test_a_take_always_has_exactly_slot_and_handles(
    new_cut: Any, plan_of: Any, probed: Any, slot: int, start: int, handles: int, rate: float
) -> None:
    cut = new_cut(rate=rate)
    cut.note(cut.stand_in(slot, start=start, available=(0, 300_000), rate=rate), "GR: actor=MARA mode=replace")
    exact = cut.sheet().layout.rate
    facts = probed(rate=exact, frames=300_000, start_frame=0)
    (planned,) = plan_of(cut, media=facts, settings=PlanSettings(handles=handles)).cues
    spec = planned.spec
    assert spec.slot == slot
    assert spec.tail == handles
    assert spec.start_frame + spec.head == start
    assert spec.start_frame >= 0
    assert planned.stand_in is not None
    assert len(planned.stand_in.indices) == spec.frames
    assert planned.stand_in.indices[spec.head : spec.head + slot] == tuple(range(start, start + slot))
    assert media_key(planned.cue.event.media)

# SPDX-License-Identifier: Apache-2.0
"""Tone, loudness and eye line of a talking actor, read and then measured on the frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom.cues.wishes import LOOKS
from greenroom.engines.contract import Request
from greenroom.engines.previz.acting.life import live
from greenroom.engines.previz.acting.temper import TONES, Tone, mood_of, read_look, read_tone
from greenroom.engines.previz.acting.visemes import CHANNELS, GRID
from greenroom.engines.previz.puppet.expression import Face
from greenroom.engines.previz.talk import prepare
from greenroom.perception.faces import FaceFinder
from greenroom.perception.mesh import LEFT_IRIS, RIGHT_IRIS

Points = NDArray[np.float64]
RATE = Fraction(24)


@pytest.fixture
def said(request_for: Callable[..., Request], speech: Any) -> Callable[..., Request]:
    """Half a second of the line at 640 x 360 with the given options, without handles."""

    def make(actor: str = "mara", **options: str) -> Request:
        request = request_for(actor, sound=speech[0], line=speech[1], seconds=0.5, size=(640, 360))
        return replace(request, options=options)

    return make


@pytest.fixture
def seen(said: Callable[..., Request], finder: FaceFinder) -> Callable[..., Points]:
    """The landmarks (478, 3) on the last frame, where the mouth rests."""

    def look(actor: str = "mara", **options: str) -> Points:
        frame = list(prepare(said(actor, **options)).frames())[-1]
        found = finder.find(frame)
        assert found is not None
        return found.points

    return look


def eyes_at(points: Points) -> NDArray[np.float64]:
    """Where the irises are between the corners of the eyes and against their line: right and down, in eye widths."""
    places = []
    for iris, outer, inner in ((RIGHT_IRIS, 33, 133), (LEFT_IRIS, 263, 362)):
        middle, width = points[list(iris), :2].mean(0), np.linalg.norm(points[outer, :2] - points[inner, :2])
        places.append((middle - (points[outer, :2] + points[inner, :2]) / 2) / width)
    return np.asarray(np.mean(places, axis=0))


def features(points: Points) -> dict[str, float]:
    """What a tone moves, against the face's height; corners and brows up are positive."""
    height = float(np.linalg.norm(points[10, :2] - points[152, :2]))
    lips, eyes = points[[13, 14], 1].mean(), points[[33, 263, 133, 362], 1].mean()
    return {
        "corners": float(lips - points[[61, 291], 1].mean()) / height,
        "brows": float(eyes - points[[105, 334], 1].mean()) / height,
        "inner brows": float(eyes - points[[55, 285], 1].mean()) / height,
        "lids": float((points[[145, 374], 1] - points[[159, 386], 1]).mean()) / height,
    }


def test_eyes_look_where_the_note_says(seen: Callable[..., Points]) -> None:
    places = {look: eyes_at(seen(look=look)) for look in ("camera", "left", "right", "up", "down")}
    straight = places["camera"]
    assert places["left"][0] < straight[0] - 0.05
    assert places["right"][0] > straight[0] + 0.05
    assert places["up"][1] < straight[1] - 0.015
    assert places["down"][1] > straight[1] + 0.02


def test_the_head_turns_a_little_with_the_eyes(said: Callable[..., Request]) -> None:
    yaws = {look: prepare(said(look=look)).head(3, 1.0).yaw for look in ("left", "camera", "right")}
    assert yaws["left"] > yaws["camera"] + 2 > yaws["right"] + 4


def test_eyes_on_the_camera_stay_there_while_the_head_sways(said: Callable[..., Request]) -> None:
    performance = prepare(said(look="camera"))
    held = performance.temper.held
    for index in range(len(held.yaw)):
        across, down = performance.temper.gaze(index)
        assert across == pytest.approx(held.yaw[index])
        assert down == pytest.approx(-held.pitch[index])
    assert np.ptp(held.yaw) > 0.1


def test_off_is_past_the_camera_on_the_side_of_the_head() -> None:
    (left, _), (right, _) = read_look("off", away=1.0), read_look("off", away=-1.0)
    assert left is not None
    assert right is not None
    assert left.x < 0 < left.yaw
    assert right.x > 0 > right.yaw


def test_tones_differ_measurably(seen: Callable[..., Points]) -> None:
    neutral, happy, sad, angry, tired = (
        features(seen(tone=tone)) for tone in ("neutral", "happy", "sad", "angry", "tired")
    )
    assert happy["corners"] > neutral["corners"] + 0.008
    assert sad["corners"] < neutral["corners"]
    assert sad["inner brows"] > neutral["inner brows"] + 0.004
    assert angry["inner brows"] < neutral["inner brows"] - 0.008
    assert angry["brows"] < neutral["brows"]
    assert tired["lids"] < 0.9 * neutral["lids"]


def test_lips_still_meet_in_every_tone(said: Callable[..., Request], finder: FaceFinder) -> None:
    """An m is shut by whoever smiles or scowls."""
    for tone in ("happy", "angry"):
        performance = prepare(said("ines", tone=tone))
        press = performance.speech.mouths[:, CHANNELS.index("press")]
        frames = list(performance.frames())
        gaps = {}
        for index in (int(np.argmax(press)), int(np.argmax(performance.speech.mouths[:, 0]))):
            found = finder.find(frames[index])
            assert found is not None
            gaps[index] = float(found.points[14, 1] - found.points[13, 1])
        shut, wide = gaps.values()
        assert press.max() > 0.8
        assert shut < 0.25 * wide


def test_without_a_tone_an_even_line_is_spoken_as_ever() -> None:
    """No tone, no look, no shouting: neither face nor head change by a bit."""
    loud = np.full(3 * GRID, -20.0)
    life = live(72, RATE, 5, loud)
    mood = mood_of(Tone(), loud, 72, RATE)
    face = Face(jaw=0.4, wide=0.2, blink=0.3, brow=0.1)
    assert mood.face(face, 10) == face
    held = mood.held(life, None)
    calm = np.abs(life.pitch) < 3.5
    assert np.array_equal(held.pitch[calm], life.pitch[calm])
    assert np.array_equal(held.shift_y, life.shift_y)


def test_who_speaks_up_shows_it() -> None:
    loud = np.full(4 * GRID, -30.0)
    loud[3 * GRID :] = -16.0
    mood = mood_of(read_tone("angry")[0], loud, 96, RATE)
    assert mood.brow[90] > mood.brow[24] + 0.1
    assert mood.energy[90] > 1.2 * mood.energy[24]
    assert mood.wide[90] > mood.wide[24]
    assert mood.frown[90] > mood.frown[24]


@pytest.mark.parametrize(("written", "name"), [("HAPPY", "happy"), ("furious", "angry"), ("whispered", "whispering")])
def test_tones_have_synonyms(written: str, name: str) -> None:
    assert read_tone(written) == (TONES[name], ())


def test_two_tones_are_mixed_and_strength_counts() -> None:
    mixed, said = read_tone("tired and slightly amused")
    assert mixed.lids == TONES["tired"].lids
    assert mixed.smile == pytest.approx(0.55 * TONES["amused"].smile)
    assert said == ()
    assert read_tone("very sad")[0].worry > TONES["sad"].worry


def test_unknown_words_are_listed_with_the_known_ones(said: Callable[..., Request]) -> None:
    warnings = "\n".join(prepare(said(tone="sardonic happy", look="sideways")).report["warnings"])
    assert "tone= doesn't know: sardonic" in warnings
    assert all(name in warnings for name in TONES)
    assert "look= doesn't know: sideways" in warnings
    assert all(look in warnings for look in LOOKS)


def test_a_request_without_options_says_nothing_of_them(said: Callable[..., Request]) -> None:
    report = prepare(said()).report
    assert not any("tone=" in note or "look=" in note for note in report["warnings"])

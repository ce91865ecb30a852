# SPDX-License-Identifier: Apache-2.0
"""The dialogue is heard to the sample, and the picture follows it; where nothing can be heard, the viewer says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from greenroom.frames import FrameRange, sample_range
from greenroom.media import mix, write_wav
from greenroom.media.types import SoundClip
from greenroom.panel.viewer import Dialogue, Picture, Viewer
from greenroom.panel.viewer.heard import Heard, Run
from greenroom.panel.viewer.sinks import open_device
from greenroom.panel.viewer.sound import DialoguePlayer, SoundState
from greenroom.testing.sound_sink import PaperSink

SECOND = 10**9
RATES = [Fraction(24), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001)]
Wait = Callable[[Callable[[], bool]], None]


class Clock:
    now = 7 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of noise, no two stretches alike."""
    path = tmp_path_factory.mktemp("sound") / "speech.wav"
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, 480000)
    write_wav(path, noise.astype(np.float32), 48000)
    return path


def dialogue_at(speech: Path, rate: Fraction, start: int = 86400) -> tuple[Dialogue, NDArray[np.float32]]:
    """Two clips that overlap, on a cut of this rate; and what they are mixed over the first 150 frames."""
    clips = tuple(
        SoundClip(speech, FrameRange(start + first, 100, rate), Fraction(second), gain=0.5, fade_in=3)
        for first, second in ((5, 1), (50, 3))
    )
    record = FrameRange(start, 150, rate)
    return Dialogue(clips, record), mix(clips, record)


def edge(frame: int, rate: Fraction, start: int = 86400) -> int:
    """The sample of the mix at which a frame begins."""
    first, end = sample_range(start, frame, rate, 48000)
    return end - first


@pytest.mark.parametrize("rate", RATES)
def test_forwards_in_blocks_it_is_the_mix_to_the_sample(rate: Fraction, speech: Path) -> None:
    dialogue, whole = dialogue_at(speech, rate)
    heard = Heard(dialogue, 48000)
    run = Run(10, 1, 0, 150, False)
    blocks = [heard.samples(run, first, 12000) for first in range(0, 300000, 12000)]
    expected = whole[edge(10, rate) :]
    np.testing.assert_array_equal(np.concatenate(blocks)[: len(expected)], expected)
    assert not np.concatenate(blocks)[len(expected) :].any()


@pytest.mark.parametrize("rate", RATES)
def test_backwards_from_the_end_of_its_frame(rate: Fraction, speech: Path) -> None:
    dialogue, whole = dialogue_at(speech, rate)
    heard = Heard(dialogue, 48000)
    blocks = [heard.samples(Run(99, -1, 0, 150, False), first, 7000) for first in range(0, 70000, 7000)]
    expected = whole[: edge(100, rate)][::-1]
    np.testing.assert_array_equal(np.concatenate(blocks)[:60000], expected[:60000])


def test_a_loop_has_no_seam(speech: Path) -> None:
    rate = Fraction(30000, 1001)
    dialogue, whole = dialogue_at(speech, rate)
    piece = whole[edge(20, rate) : edge(31, rate)]
    heard = Heard(dialogue, 48000)
    found = heard.samples(Run(20, 1, 20, 31, True), 0, 3 * len(piece))
    np.testing.assert_array_equal(found, np.tile(piece, 3))
    back = heard.samples(Run(30, -1, 20, 31, True), 0, 2 * len(piece))
    np.testing.assert_array_equal(back, np.tile(piece[::-1], 2))


def test_twice_as_fast_is_half_as_many_samples(speech: Path) -> None:
    dialogue, whole = dialogue_at(speech, Fraction(24))
    found = Heard(dialogue, 48000).samples(Run(0, 2, 0, 150, False), 0, 48000)
    np.testing.assert_allclose(found, whole[:96000].reshape(-1, 2).mean(axis=1), atol=1e-6)


@pytest.fixture
def sounding(qtbot: QtBot, clock: Clock) -> Iterator[tuple[Viewer, PaperSink]]:
    sink = PaperSink(clock)
    made = Viewer(open_sink=lambda: sink, monotonic=clock)
    made.resize(640, 470)
    qtbot.addWidget(made)
    made.setVisible(True)
    yield made, sink
    made.close_media()


def test_the_device_gets_every_sample_and_the_picture_waits_for_it(
    sounding: tuple[Viewer, PaperSink], clock: Clock, speech: Path, long_gop: Picture, wait: Wait, shown: Callable
) -> None:
    viewer, sink = sounding
    dialogue, whole = dialogue_at(speech, Fraction(24))
    viewer.load(long_gop, dialogue=dialogue)
    assert viewer.sound_state is SoundState.PLAYS
    viewer.go_to(10)
    wait(lambda: viewer.frame == 10)
    viewer.play(1)
    wait(lambda: len(sink.written) > 4000)
    for _ in range(60):  # half as fast as real: whatever the machine does, the picture is where the sound is
        clock.now += SECOND // 48
        wait(lambda: viewer.frame == viewer.transport.due() and sink.room() < 1200)
        assert abs(viewer.frame - (10 + sink.played() / 2000)) <= 1
        assert shown(viewer.canvas) == viewer.frame
    written = sink.written
    np.testing.assert_array_equal(written, whole[edge(10, Fraction(24)) :][: len(written)])
    viewer.halt()
    assert not sink.running


def test_play_to_the_end_of_the_dialogue_stops_on_the_last_frame(
    sounding: tuple[Viewer, PaperSink], clock: Clock, speech: Path, long_gop: Picture, wait: Wait
) -> None:
    viewer, sink = sounding
    rate = Fraction(30000, 1001)
    viewer.load(replace(long_gop, rate=rate, frames=37), dialogue=dialogue_at(speech, rate)[0])

    def over() -> bool:
        clock.now += SECOND // 20
        return viewer.frame == 36 and not viewer.transport.playing

    viewer.play(1)
    wait(over)
    assert not sink.running


def test_muted_the_picture_still_goes_by_the_device(
    sounding: tuple[Viewer, PaperSink], clock: Clock, speech: Path, long_gop: Picture, wait: Wait
) -> None:
    viewer, sink = sounding
    viewer.load(long_gop, dialogue=Dialogue.of_file(speech, FrameRange(0, 100, Fraction(24))))
    viewer.action("set_muted").setChecked(True)
    viewer.play(1)
    wait(lambda: len(sink.written) > 4000)
    assert not sink.written.any()
    clock.now += SECOND // 8
    wait(lambda: viewer.frame == 3)


def test_dialogue_that_cannot_be_read_is_told_and_the_picture_plays_on(
    sounding: tuple[Viewer, PaperSink], clock: Clock, long_gop: Picture, tmp_path: Path, wait: Wait
) -> None:
    viewer, _ = sounding
    viewer.load(long_gop, dialogue=Dialogue.of_file(tmp_path / "gone.wav", FrameRange(0, 100, Fraction(24))))
    viewer.play(1)
    wait(lambda: viewer.sound_state is SoundState.FAILED)
    clock.now += SECOND // 4
    wait(lambda: viewer.frame == 6)
    assert "gone.wav" in viewer.bar.state.text()


def test_without_a_device_it_is_silent_and_says_so(viewer: Viewer, long_gop: Picture, speech: Path, wait: Wait) -> None:
    viewer.load(long_gop, dialogue=Dialogue.of_file(speech, FrameRange(0, 100, Fraction(24))))
    assert viewer.sound_state is SoundState.SILENT
    assert "no sound device" in viewer.bar.state.text()
    viewer.play(1)
    wait(lambda: viewer.frame > 3)


def test_this_machine_plays_or_says_why_not(speech: Path, clock: Clock) -> None:
    """With the real device, if there is one and QtMultimedia is installed."""
    player = DialoguePlayer(open_device, clock)
    player.load(Dialogue.of_file(speech, FrameRange(0, 100, Fraction(24))))
    assert player.state is SoundState.PLAYS or "panel-sound" in player.hint or "no sound device" in player.why


def test_the_clock_of_the_sound_never_goes_back_and_stands_with_the_device(clock: Clock, speech: Path) -> None:
    sink = PaperSink(clock)
    player = DialoguePlayer(lambda: sink, clock)
    player.load(Dialogue.of_file(speech, FrameRange(0, 100, Fraction(24))))
    assert player.play(Run(0, 1, 0, 100, False))
    assert player.clock() == 0
    sink.write(np.zeros(4800, np.float32))
    times = []
    for _ in range(40):
        clock.now += SECOND // 100
        times.append(player.clock())
    assert times == sorted(times)
    assert times[4] == pytest.approx(SECOND // 20, abs=SECOND // 1000)
    assert times[-1] <= SECOND // 10 + SECOND // 10 + SECOND // 100  # all that was given, and the longest guess
    player.close()

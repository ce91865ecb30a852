# SPDX-License-Identifier: Apache-2.0
"""Long slots: cut where nobody speaks, into what the model takes, and put together to the frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from greenroom.engines.contract import Performer, PictureSource, Request
from greenroom.engines.hosted.catalogue import catalogue
from greenroom.engines.hosted.fit import order_of
from greenroom.engines.hosted.joining import join, join_notes
from greenroom.engines.hosted.offers import FileLimits, Limits, Offer, OutputHabits, Price
from greenroom.engines.hosted.price import estimate
from greenroom.engines.hosted.spans import Span, part_of, spans_of, write_part
from greenroom.errors import DeliveryError
from greenroom.frames import FrameRange, sample_range
from greenroom.media.pictures import read_pictures
from greenroom.media.probe import probe
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, SoundClip, TakeSpec

FILM = Fraction(24000, 1001)
MODEL = catalogue().models["omni-human-1.5"]
OFFER = replace(
    MODEL.hosts[0],
    limits=Limits(max_seconds=Fraction(10)),
    price=Price(Decimal("0.10"), confidence="seen", dated="2026-11-22"),
    choices={},
    output=OutputHabits(spare=Fraction(1, 10)),
)

Ask = Callable[..., Request]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """A take of so many seconds; speech everywhere but in the pauses, each (first, last second)."""

    def make(seconds: float, *pauses: tuple[float, float], rate: Fraction = Fraction(24)) -> Request:
        frames = round(seconds * rate)
        spec = TakeSpec(rate, frames - 8, 4, 4, 64, 36, start_frame=86400, codec=Codec.H264)
        times = np.arange(sample_range(0, frames, rate, 48000)[1]) / 48000
        speech = 0.3 * np.sin(2 * np.pi * 200 * times) * (0.7 + 0.3 * np.sin(2 * np.pi * 0.3 * times))
        for first, last in pauses:
            speech[(times >= first) & (times < last)] = 0
        path = tmp_path / "dialogue.wav"
        soundfile.write(path, speech.astype(np.float32), 48000, subtype="FLOAT")
        performer = Performer("mara", "1", tmp_path / "mara.png")
        return Request("job", "cue", 1, "talk", performer, spec, 7, tmp_path / "work", line="Never.", dialogue=path)

    return make


def cuts(spans: tuple[Span, ...]) -> list[int]:
    """Where the middle of each join is."""
    return [span.first + span.lap // 2 for span in spans[1:]]


def whole(spans: tuple[Span, ...], request: Request, offer: Offer = OFFER) -> bool:
    """Whether the spans make the take, each no longer than the model takes."""
    joined = all(one.first + one.frames - two.lap == two.first for one, two in pairwise(spans))
    lengths = [order_of(offer, part_of(request, spans, n).spec).seconds for n in range(len(spans))]
    last = spans[-1]
    return joined and spans[0].first == 0 and last.first + last.frames == request.spec.frames and max(lengths) <= 10


def test_what_the_model_takes_is_not_cut(ask: Ask) -> None:
    assert spans_of(OFFER, ask(10, (5, 6))) == (Span(0, 240),)


@pytest.mark.parametrize("rate", [Fraction(24), FILM, Fraction(25), Fraction(60000, 1001)])
def test_a_long_slot_is_cut_in_the_middle_of_its_pauses(ask: Ask, rate: Fraction) -> None:
    request = ask(25, (7.0, 8.0), (15.0, 15.6), (18, 18.3), rate=rate)
    spans = spans_of(OFFER, request)
    assert whole(spans, request)
    assert all(span.quiet for span in spans)
    assert cuts(spans) == [pytest.approx(7.5 * rate, abs=1.5), pytest.approx(15.3 * rate, abs=1.5)]
    assert [span.lap for span in spans] == [0, 4, 4]


def test_one_more_span_is_better_than_a_cut_in_a_word(ask: Ask) -> None:
    request = ask(19, (5.0, 5.5), (12.0, 12.5))  # two spans could only be cut from 9 to 10 s
    spans = spans_of(OFFER, request)
    assert whole(spans, request)
    assert (len(spans), all(span.quiet for span in spans)) == (3, True)


def test_without_a_pause_it_is_cut_at_the_quietest_place_and_that_is_said(ask: Ask) -> None:
    request = ask(18)
    spans = spans_of(OFFER, request)
    assert whole(spans, request)
    assert ([span.quiet for span in spans], [span.lap for span in spans]) == ([True, False], [0, 0])
    quietest = 1 / 0.3 * 0.75  # seconds: where the slow swell is lowest, once in its period
    nearest = min((quietest + n / 0.3 for n in range(6)), key=lambda each: abs(each - cuts(spans)[0] / 24))
    assert abs(cuts(spans)[0] / 24 - nearest) < 1
    (note,) = [note for note in estimate(MODEL, OFFER, request).notes if "silent" in note]
    assert f"near frame {spans[1].first}" in note


def test_a_model_that_moves_its_portrait_goes_on_from_the_last_picture(ask: Ask) -> None:
    moving = replace(OFFER, output=replace(OFFER.output, starts_from_portrait=True))
    request = ask(18)
    spans = spans_of(moving, request)
    assert [span.lap for span in spans] == [0, 1]
    assert whole(spans, request, moving)
    assert "starts from the first one's last picture" in join_notes(spans, dissolves=False)[0]


def test_the_dialogues_size_is_a_limit_too(ask: Ask) -> None:
    small = replace(OFFER, limits=Limits(audio=FileLimits(("mp3",), Decimal("0.1"))))  # 16 kB a second
    request = ask(14, (6, 7))
    assert whole(spans_of(small, request), request, small)
    assert len(spans_of(small, request)) == 3


def test_footage_without_sound_is_cut_evenly(ask: Ask, tmp_path: Path) -> None:
    model = catalogue().models["dreamactor-m2.0"]
    offer = replace(model.hosts[0], limits=Limits(max_seconds=Fraction(10)))
    driver = PictureSource(tmp_path / "d.mp4", tuple(range(100, 532)))
    request = replace(ask(18), mode="mimic", dialogue=None, driver=driver)
    spans = spans_of(offer, request)
    assert cuts(spans) == [216]
    second = part_of(request, spans, 1).driver
    assert second is not None
    assert second.indices == tuple(range(100 + 214, 532))


def test_a_quote_is_the_same_before_the_sound_is_written(ask: Ask) -> None:
    request = ask(25, (7.0, 8.0), (15.0, 15.6))
    assert request.dialogue is not None
    clip = SoundClip(request.dialogue, FrameRange(0, request.spec.frames, request.spec.rate), Fraction(0))
    draft = replace(request, dialogue=Path("not yet.wav"), sounds=(clip,))
    assert spans_of(OFFER, draft) == spans_of(OFFER, request)


def test_the_quote_adds_the_spans_up_as_they_are_billed(ask: Ask) -> None:
    request = ask(18, (8.3, 8.9))
    quote = estimate(MODEL, OFFER, request)
    assert [span.frames for span in spans_of(OFFER, request)] == [208, 228]
    assert quote.cost == Decimal("0.10") * (9 + 10)
    assert "2 jobs, one after another: 208 f for 0.90 USD, 228 f for 1.00 USD" in quote.notes[0]


def test_a_part_has_its_own_sound_to_the_sample(ask: Ask) -> None:
    request = ask(25, (7.0, 8.0), (15.0, 15.6), rate=FILM)
    assert request.dialogue is not None
    spans = spans_of(OFFER, request)
    everything, _ = soundfile.read(request.dialogue, dtype="float32")
    for number, span in enumerate(spans):
        part = part_of(request, spans, number)
        write_part(request, part, span)
        assert part.dialogue is not None
        first, end = sample_range(span.first, span.frames, FILM, 48000)
        sound, _ = soundfile.read(part.dialogue, dtype="float32")
        assert np.array_equal(sound, everything[first:end])
        assert (part.spec.start_frame, part.line) == (86400 + span.first, "")
    assert [part_of(request, spans, number).job for number in range(3)] == ["job", "job-s2", "job-s3"]


# Joining


@pytest.fixture
def movie(tmp_path: Path) -> Callable[..., Path]:
    """A movie whose frames get lighter: from `first` on, so many of them."""

    def make(name: str, first: int, count: int, rate: Fraction = Fraction(24)) -> Path:
        spec = TakeSpec(rate, count, 0, 0, 64, 36, start_frame=0, codec=Codec.H264)
        with TakeWriter(tmp_path / name, spec) as writer:
            for index in range(first, first + count):
                writer.write(np.full((36, 64, 3), 20 + 2 * index, np.uint8))
        return tmp_path / name

    return make


def shades(path: Path, count: int) -> list[float]:
    return [float(picture.mean()) for picture in read_pictures(path, range(count))]


def test_a_join_has_every_frame_once(ask: Ask, movie: Callable[..., Path], tmp_path: Path) -> None:
    """The second movie is 30 lighter: four frames lead over, and the lightness of all others is their own."""
    request = ask(2)
    spans = (Span(0, 26), Span(22, 26, 4))
    movies = [movie("a.mov", 0, 30), movie("b.mov", 22 + 15, 30)]
    to = join(movies, spans, request, tmp_path / "joined.mov", dissolves=True)
    info = probe(to)
    assert (info.frames, info.rate, info.start_frame, len(info.audio)) == (48, Fraction(24), 86400, 1)
    wanted = [20 + 2 * n for n in range(22)] + [20 + 2 * n + 30 * (n - 21) / 5 for n in range(22, 26)]
    wanted += [50 + 2 * n for n in range(26, 48)]
    assert max(abs(one - two) for one, two in zip(shades(to, 48), wanted, strict=True)) < 3


def test_the_picture_that_a_span_started_from_is_left_out(ask: Ask, movie: Callable[..., Path], tmp_path: Path) -> None:
    movies = [movie("a.mov", 0, 24), movie("b.mov", 23, 25)]
    to = join(movies, (Span(0, 24), Span(23, 25, 1)), ask(2), tmp_path / "joined.mov", dissolves=False)
    assert max(abs(shade - 20 - 2 * n) for n, shade in enumerate(shades(to, 48))) < 3


def test_spans_at_another_rate_are_brought_to_the_takes(ask: Ask, movie: Callable[..., Path], tmp_path: Path) -> None:
    movies = [movie("a.mov", 0, 31, Fraction(30)), movie("b.mov", 30, 31, Fraction(30))]
    to = join(movies, (Span(0, 24), Span(24, 24)), ask(2), tmp_path / "joined.mov", dissolves=True)
    assert (probe(to).frames, probe(to).rate) == (48, Fraction(24))
    assert all(later > earlier for earlier, later in pairwise(shades(to, 48)))


def test_a_span_that_came_short_is_no_delivery(ask: Ask, movie: Callable[..., Path], tmp_path: Path) -> None:
    movies = [movie("a.mov", 0, 24), movie("b.mov", 24, 20)]
    with pytest.raises(DeliveryError, match="20 frames at 24 fps were delivered, the span needs 24"):
        join(movies, (Span(0, 24), Span(24, 24)), ask(2), tmp_path / "joined.mov", dissolves=False)
    assert not (tmp_path / "joined.mov").exists()

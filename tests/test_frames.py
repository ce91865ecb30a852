# SPDX-License-Identifier: Apache-2.0
"""Exact rates, timecode, ranges and resampling, against independent counts."""

from __future__ import annotations

from fractions import Fraction as F
from functools import cache
from itertools import islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from greenroom.errors import FrameError
from greenroom.frames import (
    FrameRange,
    exact_rate,
    frame_at,
    frame_of,
    is_drop_frame_rate,
    nominal,
    resample,
    sample_range,
    seconds,
    timecode,
    write_rate,
)

# (rate, drop-frame) as the issue lists them
WAYS = [
    (F(24000, 1001), False),
    (F(24), False),
    (F(25), False),
    (F(30000, 1001), True),
    (F(30000, 1001), False),
    (F(30), False),
    (F(48000, 1001), False),
    (F(50), False),
    (F(60000, 1001), True),
    (F(60000, 1001), False),
]
STARTS = ["00:00:00:00", "01:00:00:00", "23:59:50:00"]
RATES = sorted({rate for rate, _ in WAYS})
DROP_RATES = [F(30000, 1001), F(60000, 1001), F(120000, 1001)]

rates = st.sampled_from(RATES)
ways = st.sampled_from(WAYS)
starts = st.sampled_from(STARTS)
sample_rates = st.sampled_from([44_100, 48_000, 96_000])


def day(rate, drop):
    """Frames in 24 hours of timecode."""
    return len(drop_frame_labels(rate)) if drop else nominal(rate) * 86_400


@cache
def drop_frame_labels(rate):
    """Every label of a day, by SMPTE ST 12-1's own words: counted, and those that are skipped left out."""
    base, skipped = nominal(rate), 2 * nominal(rate) // 30
    return [
        (hour, minute, second, frame)
        for hour in range(24)
        for minute in range(60)
        for second in range(60)
        for frame in range(base)
        if not (second == 0 and frame < skipped and minute % 10 != 0)
    ]


class TestDropFrame:
    @pytest.mark.parametrize("rate", DROP_RATES[:2])
    def test_the_first_hour_and_the_last_minutes_label_by_label(self, rate):
        labels = drop_frame_labels(rate)
        for frame in [*range(nominal(rate) * 3660), *range(len(labels) - nominal(rate) * 700, len(labels))]:
            hour, minute, second, frames = labels[frame]
            text = f"{hour:02}:{minute:02}:{second:02};{frames:02}"
            assert timecode(frame, rate, drop_frame=True) == text
            assert frame_of(text, rate) == frame

    @pytest.mark.parametrize("rate", DROP_RATES[:2])
    def test_a_day_has_as_many_labels_as_frames(self, rate):
        assert len(drop_frame_labels(rate)) == {30: 2_589_408, 60: 5_178_816}[nominal(rate)]
        assert timecode(len(drop_frame_labels(rate)), rate, drop_frame=True) == "00:00:00;00"

    @given(st.sampled_from(DROP_RATES[:2]), st.data())
    def test_anywhere_in_the_day(self, rate, data):
        labels = drop_frame_labels(rate)
        frame = data.draw(st.integers(0, len(labels) - 1))
        hour, minute, second, frames = labels[frame]
        assert timecode(frame, rate, drop_frame=True) == f"{hour:02}:{minute:02}:{second:02};{frames:02}"

    def test_published_examples(self):
        rate = F(30000, 1001)
        assert timecode(1799, rate, drop_frame=True) == "00:00:59;29"
        assert timecode(1800, rate, drop_frame=True) == "00:01:00;02"
        assert timecode(17_982, rate, drop_frame=True) == "00:10:00;00"
        assert timecode(107_892, rate, drop_frame=True) == "01:00:00;00"
        assert timecode(3600, F(60000, 1001), drop_frame=True) == "00:01:00;04"

    @pytest.mark.parametrize(
        ("text", "rate"),
        [("00:01:00;00", DROP_RATES[0]), ("00:01:00;01", DROP_RATES[0]), ("23:59:00;03", DROP_RATES[1])],
    )
    def test_labels_that_are_skipped_are_refused(self, text, rate):
        with pytest.raises(FrameError, match="skips this label"):
            frame_of(text, rate)

    @pytest.mark.parametrize("rate", [F(24), F(25), F(24000, 1001), F(48000, 1001), F(30), F(50), F(60)])
    def test_only_two_families_have_it(self, rate):
        assert not is_drop_frame_rate(rate)
        with pytest.raises(FrameError, match="no drop-frame"):
            timecode(0, rate, drop_frame=True)
        with pytest.raises(FrameError, match="no drop-frame"):
            frame_of("00:00:00;00", rate)

    @given(st.sampled_from(DROP_RATES), st.integers(0, 2_589_407))
    def test_stays_with_the_clock(self, rate, frame):
        """What drop-frame is for: the label is never further than a few frames from the time of day, 86 ms a day."""
        text = timecode(frame, rate, drop_frame=True)
        hour, minute, second = (int(part) for part in text[:8].split(":"))
        label = (hour * 60 + minute) * 60 + second + F(int(text[9:]), nominal(rate))
        true = seconds(frame, rate) % 86_400
        off = abs(label - true)
        assert min(off, 86_400 - off) < F(16, 100)


class TestTimecode:
    @given(ways, starts, st.integers(0, 100_000))
    def test_round_trip(self, way, start, offset):
        rate, drop = way
        frame = (frame_of(start, rate) + offset) % day(rate, drop)
        assert frame_of(timecode(frame, rate, drop_frame=drop), rate) == frame

    @given(ways, starts, st.integers(0, 3000))
    def test_labels_rise_by_one_second_or_one_frame(self, way, start, offset):
        rate, drop = way
        frame = frame_of(start, rate) + offset
        before, after = (timecode(at, rate, drop_frame=drop) for at in (frame, frame + 1))
        assert before != after
        same_second = before[:8] == after[:8]
        step = int(after[9:]) - int(before[9:])
        assert step == 1 if same_second else int(before[9:]) == nominal(rate) - 1

    @given(ways, st.integers(-10_000_000, 10_000_000))
    def test_wraps_at_midnight_both_ways(self, way, frame):
        rate, drop = way
        length = day(rate, drop)
        assert timecode(frame, rate, drop_frame=drop) == timecode(frame % length, rate, drop_frame=drop)

    @pytest.mark.parametrize(("rate", "drop"), WAYS)
    def test_the_last_frame_of_the_day(self, rate, drop):
        base = nominal(rate)
        last = timecode(day(rate, drop) - 1, rate, drop_frame=drop)
        assert last == f"23:59:59{';' if drop else ':'}{base - 1}"
        assert timecode(day(rate, drop), rate, drop_frame=drop)[:8] == "00:00:00"

    @pytest.mark.parametrize(
        "text",
        ["", "1:2:3:4", "01:00:00", "01:60:00:00", "01:00:61:00", "-01:00:00:00", "a", "01:00:00:0"],
    )
    def test_what_is_no_timecode(self, text):
        with pytest.raises(FrameError, match="not a timecode"):
            frame_of(text, F(24))

    @pytest.mark.parametrize(
        ("text", "rate"), [("01:00:00:24", F(24)), ("01:00:00:29", F(25)), ("00:00:00:24", F(24000, 1001))]
    )
    def test_frames_beyond_the_rate(self, text, rate):
        with pytest.raises(FrameError, match="does not exist at"):
            frame_of(text, rate)

    def test_three_digits_above_a_hundred(self):
        assert timecode(119, F(120)) == "00:00:00:119"
        assert frame_of("00:00:00:119", F(120)) == 119
        assert frame_of(timecode(7250, F(120000, 1001), drop_frame=True), F(120000, 1001)) == 7250

    def test_a_hint_names_a_label_that_exists(self):
        for rate, text in zip(DROP_RATES, ["00:01:00;00", "00:01:00;01", "00:01:00;003"], strict=True):
            with pytest.raises(FrameError) as caught:
                frame_of(text, rate)
            frame_of(caught.value.hint.removeprefix("Write ").removesuffix("."), rate)


class TestRates:
    @pytest.mark.parametrize(
        ("written", "exact"),
        [
            ("23.976", F(24000, 1001)),
            (23.976, F(24000, 1001)),
            (23.976023976023978, F(24000, 1001)),
            ("23.98", F(24000, 1001)),
            (23.98, F(24000, 1001)),
            ("29.97", F(30000, 1001)),
            (29.97, F(30000, 1001)),
            ("47.95", F(48000, 1001)),
            ("47.952", F(48000, 1001)),
            ("59.94", F(60000, 1001)),
            (119.88, F(120000, 1001)),
            (24, F(24)),
            (24.0, F(24)),
            (" 25 ", F(25)),
            ("24000/1001", F(24000, 1001)),
            ("2997/100", F(2997, 100)),
            (F(12345, 1000), F(12345, 1000)),
            ("12.5", F(25, 2)),
        ],
    )
    def test_what_editors_and_documents_write(self, written, exact):
        assert exact_rate(written) == exact

    @pytest.mark.parametrize("wrong", ["", "abc", "0", "-24", "24fps", "1/0", "nan", "inf", "1e999999999", "9" * 5000])
    def test_what_is_no_rate(self, wrong):
        with pytest.raises(FrameError):
            exact_rate(wrong)

    @pytest.mark.parametrize("wrong", [0, -1, 1001, float("nan"), float("inf")])
    def test_numbers_that_are_no_rate(self, wrong):
        with pytest.raises(FrameError):
            exact_rate(wrong)

    @given(rates)
    def test_every_known_rate_survives_a_float_and_three_decimals(self, rate):
        assert exact_rate(float(rate)) == rate
        assert exact_rate(write_rate(rate)) == rate

    @given(st.integers(1, 1000), st.integers(1, 1001))
    def test_a_fraction_stays_as_it_is(self, numerator, denominator):
        rate = F(numerator, denominator)
        assert exact_rate(rate) == exact_rate(f"{numerator}/{denominator}") == rate


class TestSamples:
    @given(rates, starts, sample_rates, st.lists(st.integers(0, 500), min_size=1, max_size=20))
    def test_neighbours_share_their_edge(self, rate, start, sample_rate, durations):
        frame = frame_of(start, rate)
        first = sample_range(frame, sum(durations), rate, sample_rate)
        edge = first[0]
        for duration in durations:
            begins, ends = sample_range(frame, duration, rate, sample_rate)
            assert begins == edge
            assert ends >= begins
            edge, frame = ends, frame + duration
        assert edge == first[1]

    @given(rates, sample_rates, st.integers(-1_000_000, 10_000_000))
    def test_an_edge_is_the_nearest_sample(self, rate, sample_rate, frame):
        edge, _ = sample_range(frame, 1, rate, sample_rate)
        assert abs(edge - seconds(frame, rate) * sample_rate) <= F(1, 2)

    def test_the_documented_number(self):
        assert sample_range(0, 1001, F(24000, 1001), 48_000) == (0, 2_004_002)

    @given(rates, st.integers(-100_000, 100_000))
    def test_a_frame_is_on_screen_for_its_whole_time(self, rate, frame):
        begins, ends = seconds(frame, rate), seconds(frame + 1, rate)
        assert frame_at(begins, rate) == frame
        assert frame_at((begins + ends) / 2, rate) == frame
        assert frame_at(ends, rate) == frame + 1


class TestResample:
    @given(rates, rates, st.integers(0, 2_000_000), st.integers(0, 300))
    def test_the_count_is_exact_and_each_frame_is_under_the_centre(self, source, target, start, count):
        chosen = resample(start, source, count, target)
        assert len(chosen) == count
        for place, frame in enumerate(chosen):
            centre = (place + F(1, 2)) / target * source + start  # in source frames
            assert frame <= centre < frame + 1

    @given(rates, st.integers(0, 2_000_000), st.integers(0, 300))
    def test_equal_rates_are_consecutive(self, rate, start, count):
        assert resample(start, rate, count, rate) == tuple(range(start, start + count))

    @given(rates, rates, st.integers(1, 500))
    def test_neighbouring_pieces_are_one_piece(self, source, target, cut):
        whole = resample(100, source, 600, target)
        position = 100 + F(cut) * source / target
        assert resample(100, source, cut, target) + resample(position, source, 600 - cut, target) == whole

    @given(rates, st.integers(0, 100_000), st.integers(1, 300))
    def test_backwards_is_the_mirror(self, rate, start, count):
        assert resample(start, rate, count, rate, speed=F(-1)) == tuple(range(start, start - count, -1))

    @given(rates, rates, st.fractions(F(1, 20), 20, max_denominator=100), st.integers(1, 200))
    def test_constant_speed_never_turns_round(self, source, target, speed, count):
        forwards = resample(1000, source, count, target, speed=speed)
        backwards = resample(1000, source, count, target, speed=-speed)
        assert list(forwards) == sorted(forwards)
        assert list(backwards) == sorted(backwards, reverse=True)
        assert forwards[0] >= 1000 >= backwards[0]
        reach = count * speed * source / target
        assert forwards[-1] < 1000 + reach
        assert backwards[-1] >= 1000 - reach

    @given(rates, rates, st.integers(0, 1000), st.integers(1, 100))
    def test_speed_zero_stands_still(self, source, target, start, count):
        assert resample(start, source, count, target, speed=F(0)) == (start,) * count

    @pytest.mark.parametrize(
        ("source", "target", "count", "dropped", "doubled"),
        [
            (F(25), F(24), 240, 10, 0),
            (F(24), F(25), 250, 0, 10),
            (F(30), F(24), 240, 60, 0),
            (F(24), F(30), 300, 0, 60),
            (F(60), F(24), 240, 360, 0),
            (F(24), F(24000, 1001), 24_000, 24, 0),
        ],
    )
    def test_how_many_are_dropped_and_doubled(self, source, target, count, dropped, doubled):
        chosen = resample(0, source, count, target)
        total = int(F(count) / target * source)
        assert total - len(set(chosen)) == dropped
        assert len(chosen) - len(set(chosen)) == doubled

    def test_what_ffmpegs_fps_filter_picks(self):
        """Measured for facts/infra: 25 to 24 ends with 248, 249; 30 to 23.976 begins with 0, 1, 3."""
        assert resample(0, F(25), 240, F(24))[-2:] == (248, 249)
        assert tuple(islice(resample(0, F(30), 10, F(24000, 1001)), 3)) == (0, 1, 3)


ranges = st.builds(FrameRange, st.integers(-1000, 100_000), st.integers(0, 500), st.just(F(24)))


class TestFrameRange:
    @given(ranges)
    def test_is_its_frames(self, span):
        assert len(list(span)) == span.duration
        assert all(frame in span for frame in span)
        assert span.end not in span
        assert span.start - 1 not in span

    @given(ranges, ranges)
    def test_overlap_is_the_frames_of_both(self, one, other):
        both = one.overlap(other)
        assert (set(both) if both else set()) == set(one) & set(other)

    @given(ranges, st.integers(0, 50), st.integers(0, 50))
    def test_handles(self, span, head, tail):
        wide = span.widened(head, tail)
        assert (wide.start, wide.end) == (span.start - head, span.end + tail)
        assert wide.covers(span)
        assert wide.widened(-head, -tail) == span

    @given(ranges)
    @example(FrameRange(86_400, 48, F(24)))
    def test_moving_keeps_the_duration(self, span):
        assert span.moved_to(10).duration == span.duration
        assert span.seconds() == F(span.duration, 24)

    def test_ranges_at_different_rates_have_nothing_in_common(self):
        assert FrameRange(0, 10, F(24)).overlap(FrameRange(0, 10, F(25))) is None
        assert not FrameRange(0, 10, F(24)).covers(FrameRange(0, 5, F(25)))

    def test_for_messages(self):
        assert FrameRange(86_640, 48, F(24)).describe() == "01:00:10:00 (48 f)"
        assert FrameRange(107_892, 1, F(30000, 1001)).describe(drop_frame=True) == "01:00:00;00 (1 f)"

    def test_less_than_nothing_is_refused(self):
        with pytest.raises(FrameError, match="-1 frames"):
            FrameRange(0, -1, F(24))


@pytest.mark.parametrize(("given", "meant"), [(17.3, F(173, 10)), (12.5, F(25, 2)), (23.976, F(24000, 1001))])
def test_a_float_means_its_digits(given: float, meant: F) -> None:
    assert exact_rate(given) == meant
    assert exact_rate(str(exact_rate(given))) == meant  # as JSON says it, and as tables read it back

# SPDX-License-Identifier: Apache-2.0
"""Dialogue to the sample: clicks are put at known samples and have to come out there."""

from __future__ import annotations

import dataclasses
from fractions import Fraction as F

import numpy as np
import pytest
import soundfile

from greenroom.errors import MediaError, StoreError
from greenroom.frames import FrameRange, sample_range
from greenroom.media.limiter import limited
from greenroom.media.sound import mix, read_sound, sound_digest, write_wav
from greenroom.media.types import SoundClip

RATE = 48000
PLACES = (0, 1, 4799, 48000, 100_000, 143_999)


@pytest.fixture(scope="module")
def clicks_wav(tmp_path_factory, clicks):
    path = tmp_path_factory.mktemp("sound") / "clicks.wav"
    write_wav(path, clicks(144_000, *PLACES), RATE)
    return path


@pytest.fixture(scope="module")
def tone():
    """Five seconds of a rising tone, so that every place sounds different."""
    time = np.arange(240_000) / RATE
    return (0.5 * np.sin(2 * np.pi * (200 * time + 150 * time**2))).astype(np.float32)


class TestEveryCodec:
    @pytest.mark.parametrize(
        ("suffix", "codec"),
        [
            ("wav", "pcm_s24le"),
            ("wav", "pcm_s16le"),
            ("mov", "pcm_s24le"),
            ("mov", "pcm_s16be"),
            ("m4a", "alac"),
            ("mkv", "pcm_s16le"),
            ("flac", "flac"),
            ("mkv", "flac"),
        ],
    )
    def test_lossless_is_exact_to_the_sample(self, suffix, codec, make_sound, clicks, awkward):
        made = clicks(144_000, *PLACES)
        path = make_sound(awkward / f"a.{suffix}", made, codec=codec)
        assert np.abs(read_sound(path, F(0), 144_000) - made).max() < 1e-4
        for start in (1, 4799, 47_999, 99_990, 143_990):
            piece = read_sound(path, F(start, RATE), 2000)
            assert np.abs(piece - np.pad(made, (0, 2000))[start : start + 2000]).max() < 1e-4

    @pytest.mark.parametrize(
        ("suffix", "codec"),
        [("m4a", "aac"), ("mp4", "aac"), ("mov", "aac"), ("mkv", "aac"), ("mp3", "mp3")],
    )
    def test_lossy_is_in_its_place(self, suffix, codec, make_sound, tone, tmp_path):
        """The pre-roll of AAC and MP3 neither shifts the sound nor spoils a read from the middle."""
        path = make_sound(tmp_path / f"a.{suffix}", tone, codec=codec)
        whole = read_sound(path, F(0), len(tone))
        for start in (0, 1, 1023, 24_000, 100_001, 200_000):
            piece = read_sound(path, F(start, RATE), 9600)
            truth = tone[start : start + 9600]
            assert self._lag(piece, truth) == 0
            # what an encoder makes of the tone is its own affair (FFmpeg 9's strays by 0.19 at one place); what is read
            # from the middle has to be what is read from the start
            assert np.abs(piece - whole[start : start + 9600]).max() < 1e-3
            assert np.sqrt(np.mean((piece - truth) ** 2)) < 0.05

    @pytest.mark.parametrize("suffix", ["m4a", "mp4", "mov"])
    def test_a_click_at_the_first_sample_of_aac(self, suffix, make_sound, clicks, tmp_path):
        path = make_sound(tmp_path / f"a.{suffix}", clicks(48_000, 0, 30_000), codec="aac")
        sound = read_sound(path, F(0), 48_000)
        assert np.argmax(np.abs(sound[:2000])) == 0
        assert np.argmax(np.abs(sound[20_000:])) == 10_000

    @staticmethod
    def _lag(piece, truth):
        around = np.correlate(piece[200:-200], truth[400:-400], "valid")
        return int(np.argmax(around)) - 200

    def test_reading_in_pieces_is_reading_at_once(self, make_sound, tone, tmp_path):
        path = make_sound(tmp_path / "a.m4a", tone, codec="aac")
        whole = read_sound(path, F(0), 96_000)
        pieces = [read_sound(path, F(start, RATE), 12_000) for start in range(0, 96_000, 12_000)]
        assert np.abs(np.concatenate(pieces) - whole).max() < 1e-4  # AAC's substituted noise differs, nothing else


class TestEnds:
    def test_zeros_before_and_after(self, clicks_wav):
        piece = read_sound(clicks_wav, F(-1, 2), 24_000 + 144_000 + 10)
        assert piece.shape == (168_010,)
        assert np.flatnonzero(piece).tolist() == [24_000 + place for place in PLACES]

    def test_wholly_outside(self, clicks_wav):
        assert not read_sound(clicks_wav, F(100), 500).any()

    def test_no_samples(self, clicks_wav):
        assert read_sound(clicks_wav, F(0), 0).shape == (0,)


class TestChannels:
    @pytest.mark.parametrize(("suffix", "codec"), [("wav", "pcm_s24le"), ("mov", "pcm_s16le"), ("mka", "flac")])
    def test_pick_or_mean(self, suffix, codec, make_sound, tmp_path):
        left, right = np.full(4800, 0.5, np.float32), np.full(4800, -0.25, np.float32)
        path = make_sound(tmp_path / f"a.{suffix}", np.stack([left, right]), codec=codec)
        assert read_sound(path, F(0), 4800, channel=0)[100] == pytest.approx(0.5, abs=1e-4)
        assert read_sound(path, F(0), 4800, channel=1)[100] == pytest.approx(-0.25, abs=1e-4)
        assert read_sound(path, F(0), 4800)[100] == pytest.approx(0.125, abs=1e-4)

    @pytest.mark.parametrize("count", [1, 7])
    def test_any_number_of_channels(self, count, tmp_path):
        """A recorder's file: one track a microphone, of which one holds the voice."""
        tracks = np.zeros((4800, count), np.float32)
        tracks[:, -1] = 0.5
        soundfile.write(tmp_path / "a.wav", tracks, 48000, subtype="FLOAT")
        assert read_sound(tmp_path / "a.wav", F(0), 4800)[100] == pytest.approx(0.5 / count, abs=1e-4)
        assert read_sound(tmp_path / "a.wav", F(0), 4800, channel=count - 1)[100] == pytest.approx(0.5, abs=1e-4)
        dialogue = mix([SoundClip(tmp_path / "a.wav", FrameRange(0, 2, F(24)), F(0))], FrameRange(0, 2, F(24)))
        assert dialogue.shape == (4000,)
        assert dialogue[2000] > 0

    def test_a_channel_that_is_not_there(self, clicks_wav):
        with pytest.raises(MediaError, match="has 1 channels, channel 3 was asked for"):
            read_sound(clicks_wav, F(0), 10, channel=2)

    def test_a_stream_that_is_not_there(self, clicks_wav):
        with pytest.raises(MediaError, match="1 sound streams, number 2 was asked for"):
            read_sound(clicks_wav, F(0), 10, stream=1)

    def test_a_movie_without_sound(self, make_movie, long_gop, tmp_path):
        path = make_movie(tmp_path / "mute.mp4", dataclasses.replace(long_gop, frames=5))
        with pytest.raises(MediaError, match="has no sound"):
            read_sound(path, F(0), 10)


class TestOtherRates:
    @pytest.mark.parametrize("rate", [44_100, 96_000, 32_000, 22_050])
    def test_sound_stays_in_its_place(self, rate, make_sound, tmp_path):
        time = np.arange(rate * 3) / rate
        path = make_sound(
            tmp_path / "a.wav", (0.5 * np.sin(2 * np.pi * 100 * time)).astype(np.float32), codec="pcm_s24le", rate=rate
        )
        for start in (F(1), F(50_001, RATE)):
            piece = read_sound(path, start, 4800)
            truth = 0.5 * np.sin(2 * np.pi * 100 * (float(start) + np.arange(4800) / RATE))
            assert np.abs(piece - truth).max() < 2e-3

    def test_neighbouring_pieces_fit_without_a_seam(self, make_sound, tmp_path):
        noise = np.random.default_rng(1).uniform(-0.5, 0.5, 44_100 * 2).astype(np.float32)
        path = make_sound(tmp_path / "a.wav", noise, codec="pcm_s24le", rate=44_100)
        whole = read_sound(path, F(1, 2), 24_000)
        halves = [read_sound(path, F(1, 2), 12_000), read_sound(path, F(3, 4), 12_000)]
        assert np.abs(np.concatenate(halves) - whole).max() < 1e-3


class TestSpeed:
    def test_twice_as_fast(self, clicks_wav):
        piece = read_sound(clicks_wav, F(1, 2), 48_000, speed=F(2))
        assert abs(int(np.argmax(np.abs(piece))) - 12_000) <= 1  # the click at 1 s comes half a second, halved, later

    def test_backwards(self, clicks, tmp_path):
        path = tmp_path / "a.wav"
        write_wav(path, clicks(48_000, 10_000), RATE)
        piece = read_sound(path, F(1), 48_000, speed=F(-1))
        assert np.argmax(piece) == 37_999

    def test_a_stand_still_is_refused(self, clicks_wav):
        with pytest.raises(MediaError, match="a speed of 0"):
            read_sound(clicks_wav, F(0), 100, speed=F(0))


@pytest.fixture
def clip(clicks_wav):
    """Three seconds of clicks on the cut from frame 100 at 24 fps."""
    return SoundClip(clicks_wav, FrameRange(100, 72, F(24)), F(0))


class TestMix:
    def test_a_clip_lies_where_the_cut_says(self, clip):
        sound = mix([clip], FrameRange(98, 80, F(24)))
        assert len(sound) == 160_000
        assert np.flatnonzero(sound).tolist() == [4000 + place for place in PLACES]

    def test_a_slot_inside_of_a_clip(self, clip):
        sound = mix([clip], FrameRange(124, 24, F(24)))
        assert np.flatnonzero(sound).tolist() == [0]  # the click at 48,000 samples is 24 frames in

    def test_nothing_is_silence_of_the_right_length(self, clip):
        assert mix([], FrameRange(0, 1001, F(24000, 1001))).shape == (2_004_002,)
        assert not mix([clip], FrameRange(0, 100, F(24))).any()

    @pytest.mark.parametrize("rate", [F(24000, 1001), F(25), F(30000, 1001), F(60000, 1001)])
    def test_neighbouring_slots_lose_and_double_no_sample(self, rate, make_sound, tone, tmp_path):
        path = make_sound(tmp_path / "a.wav", tone, codec="pcm_s24le")
        clip = SoundClip(path, FrameRange(86_400, 90, rate), F(0))
        whole = mix([clip], FrameRange(86_400, 90, rate))
        pieces = [mix([clip], FrameRange(86_400 + start, 9, rate)) for start in range(0, 90, 9)]
        assert np.array_equal(np.concatenate(pieces), whole)
        first, end = sample_range(86_400, 90, rate, RATE)
        assert len(whole) == end - first

    def test_gain_overlap_and_no_clipping(self, clip):
        loud = dataclasses.replace(clip, gain=2.0)
        sound = mix([clip, loud], clip.record)
        assert sound[48_000] == pytest.approx(2.7, abs=1e-5)

    def test_source_start_and_gap(self, clip):
        first = dataclasses.replace(clip, record=FrameRange(0, 24, F(24)), source_start=F(1))
        later = dataclasses.replace(clip, record=FrameRange(48, 24, F(24)), source_start=F(0))
        sound = mix([first, later], FrameRange(0, 72, F(24)))
        assert np.flatnonzero(sound).tolist() == [0, 96_000, 96_001, 100_799]

    def test_equal_power_fades(self, tmp_path):
        path = tmp_path / "a.wav"
        write_wav(path, np.ones(96_000, np.float32), RATE)
        clip = SoundClip(path, FrameRange(0, 48, F(24)), F(0), fade_in=12, fade_out=24)
        sound = mix([clip], clip.record)
        assert sound[0] < 1e-4
        assert sound[12_000] == pytest.approx(np.sin(np.pi / 4), abs=1e-3)
        assert np.all(sound[24_000:48_000] == 1)
        assert sound[72_000] == pytest.approx(np.sin(np.pi / 4), abs=1e-3)
        assert sound[-1] < 1e-4
        slot = mix([clip], FrameRange(6, 36, F(24)))
        assert np.array_equal(slot, sound[12_000:84_000])

    def test_a_crossfade_keeps_the_power(self, tmp_path):
        path = tmp_path / "a.wav"
        write_wav(path, np.ones(96_000, np.float32), RATE)
        out = mix([SoundClip(path, FrameRange(0, 24, F(24)), F(0), fade_out=24)], FrameRange(0, 24, F(24)))
        into = mix([SoundClip(path, FrameRange(0, 24, F(24)), F(0), fade_in=24)], FrameRange(0, 24, F(24)))
        assert np.abs(out**2 + into**2 - 1).max() < 1e-3

    def test_sound_of_a_movie_follows_its_picture(self, make_movie, long_gop, clicks, tmp_path):
        movie = dataclasses.replace(long_gop, frames=48, sound=clicks(96_000, 48_000))
        path = make_movie(tmp_path / "a.mov", movie)
        assert np.argmax(mix([SoundClip(path, FrameRange(0, 48, F(24)), F(0))], FrameRange(0, 48, F(24)))) == 48_000

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(MediaError, match=r"there is no file gone\.wav"):
            mix([SoundClip(tmp_path / "gone.wav", FrameRange(0, 24, F(24)), F(0))], FrameRange(0, 24, F(24)))


class TestWriting:
    def test_floats_survive_even_above_full_scale(self, awkward):
        sound = np.array([0.0, 2.5, -3.0, 1e-9], np.float32)
        write_wav(awkward / "a.wav", sound, RATE)
        back, rate = soundfile.read(awkward / "a.wav", dtype="float32")
        assert rate == RATE
        assert np.array_equal(back, sound)

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(StoreError, match=r"a\.wav can't be written"):
            write_wav(tmp_path / "none" / "a.wav", np.zeros(4, np.float32), RATE)

    def test_the_digest_ignores_float_noise_and_nothing_else(self):
        sound = np.linspace(-1, 1, 1000).astype(np.float32).round(4)
        assert sound_digest(sound) == sound_digest(sound + np.float32(1e-9))
        assert sound_digest(sound) != sound_digest(np.roll(sound, 1))
        assert sound_digest(sound) != sound_digest(sound[:-1])
        assert len(sound_digest(sound)) == 64


class TestLimiter:
    def test_quiet_sound_is_untouched(self):
        sound = np.full((100, 1), 0.99, np.float32)
        assert limited(sound, RATE) is sound

    def test_peaks_come_down_without_clipping_their_shape(self):
        time = np.arange(RATE) / RATE
        sound = (2.4 * np.sin(2 * np.pi * 100 * time)).astype(np.float32)[:, None]
        level = limited(sound, RATE)
        assert np.abs(level).max() <= 1
        middle = level[10_000:30_000, 0]
        assert np.abs(middle - sound[10_000:30_000, 0] / 2.4).max() < 1e-3  # a sine still, not a square

    def test_sound_far_from_a_peak_keeps_its_level(self):
        sound = np.full((RATE, 1), 0.5, np.float32)
        sound[20_000] = 3
        level = limited(sound, RATE)
        assert level[20_000] == pytest.approx(1)
        assert np.all(level[:19_000] == 0.5)
        assert np.all(level[21_000:] == 0.5)

    def test_infinite_and_undefined_samples_do_no_harm(self):
        sound = np.array([[np.inf], [np.nan], [-np.inf], [0.5]], np.float32)
        assert np.isfinite(limited(sound, RATE)).all()

# SPDX-License-Identifier: Apache-2.0
"""What is sent: pictures, dialogue and footage as the host takes them, made from real files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyloudnorm
import pytest
import soundfile
from PIL import Image

from greenroom.engines import find_engines
from greenroom.engines.contract import Performer, PictureSource, Request
from greenroom.engines.hosted.catalogue import catalogue
from greenroom.engines.hosted.drift import drift_of, not_taken
from greenroom.engines.hosted.inputs import InputFile, Inputs, prepare, prompt_of, wire_inputs
from greenroom.engines.hosted.offers import FileLimits, Offer
from greenroom.engines.hosted.returned import retimed
from greenroom.errors import EngineError, MediaError, Severity
from greenroom.media.conform import conform
from greenroom.media.probe import probe
from greenroom.media.types import Codec, TakeSpec
from greenroom.testing.materials import write_movie

FILM = Fraction(24000, 1001)


def offer_of(name: str) -> Offer:
    model, _, host = name.partition("@")
    return next(offer for offer in catalogue().models[model].hosts if offer.host == host)


@pytest.fixture(scope="session")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn woman in the middle of a wide picture."""
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media import write_png

    path = tmp_path_factory.mktemp("portraits") / "mara.png"
    write_png(path, draw("mara", 1280, 720))
    return path


@pytest.fixture
def ask(tmp_path: Path, portrait: Path) -> Callable[..., Request]:
    """A request for a take of 48 frames, with a dialogue of this loudness and a stand-in."""

    def make(mode: str = "talk", *, rate: Fraction = Fraction(24), gain: float = 0.3, **more: Any) -> Request:
        spec = TakeSpec(rate, 40, 4, 4, 320, 180, start_frame=0)
        seconds = np.arange(round(spec.frames / rate * 48000)) / 48000
        speech = gain * np.sin(2 * np.pi * 200 * seconds)
        soundfile.write(tmp_path / "dialogue.wav", speech.astype(np.float32), 48000, subtype="FLOAT")
        movie = write_movie(tmp_path / "stand in.mp4", 60, width=320, height=180)
        footage = PictureSource(movie, tuple(range(6, 54)))
        performer = Performer("mara", "1", portrait, prompt="a woman of forty")
        made = {"dialogue": tmp_path / "dialogue.wav", "stand_in": footage, "driver": footage} | more
        return Request("job", "cue", 1, mode, performer, spec, 7, tmp_path / "work", **made)

    return make


def made(name: str, request: Request) -> dict[str, Any]:
    return dict(prepare(offer_of(name), request).values)


def test_a_close_dialogue_gets_the_face_and_the_frames_shape(ask: Callable[..., Request], portrait: Path) -> None:
    from greenroom.perception import FaceFinder

    sent = made("fabric-1.0@fal", ask())["image_url"]
    with Image.open(sent.path) as picture:
        width, height = picture.size
        pixels = np.ascontiguousarray(np.asarray(picture.convert("RGB"), np.uint8)[..., ::-1])
    face = FaceFinder().find(pixels)
    assert face is not None
    assert sent.mime == "image/png"
    assert abs(width / height - 16 / 9) < 0.02
    assert 0.35 < face.box[3] / height < 0.7
    assert abs(face.box[0] + face.box[2] / 2 - width / 2) < 0.1 * width


def test_a_portrait_larger_than_the_host_takes_is_made_smaller(ask: Callable[..., Request], tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1600, 2600, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png")
    request = replace(ask("mimic"), performer=Performer("mara", "1", tmp_path / "large.png"))
    sent = made("dreamactor-m2.0@fal", request)["image_url"]
    with Image.open(sent.path) as picture:
        assert picture.width <= 1920
        assert picture.height <= 1080
        assert min(picture.size) >= 480
    assert sent.path.stat().st_size <= 4_700_000


def test_dialogue_is_as_long_as_was_ordered_and_keeps_its_level(ask: Callable[..., Request]) -> None:
    inputs = prepare(offer_of("fabric-1.0@fal"), ask(gain=0.15))
    sound, rate = soundfile.read(inputs.values["audio_url"].path)
    assert (len(sound), rate) == (round(inputs.order.seconds * 48000), 48000)
    assert sound.ndim == 1
    assert abs(np.abs(sound[:48000]).max() - 0.15) < 0.001
    assert np.abs(sound[2 * 48000 :]).max() == 0  # the spare tail is silent


@pytest.mark.parametrize("gain", [0.005, 0.9])
def test_dialogue_far_too_quiet_or_loud_is_brought_to_minus_twenty(ask: Callable[..., Request], gain: float) -> None:
    inputs = prepare(offer_of("fabric-1.0@fal"), ask(gain=gain))
    sound, rate = soundfile.read(inputs.values["audio_url"].path)
    assert abs(pyloudnorm.Meter(rate).integrated_loudness(sound) + 20) < 1.0
    assert any("-20 LUFS" in note for note in inputs.notes)


def test_dialogue_too_large_as_wav_goes_as_mp3_and_too_large_for_that_is_refused(ask: Callable[..., Request]) -> None:
    offer = offer_of("kling-avatar-v2@fal")
    small = replace(offer, limits=replace(offer.limits, audio=FileLimits(("wav", "mp3"), Decimal("0.1"))))
    sent = prepare(small, ask()).values["audio_url"]
    assert (sent.path.suffix, sent.mime) == (".mp3", "audio/mpeg")
    with av.open(str(sent.path)) as container:
        assert container.streams.audio[0].channels == 1
        assert abs(float(container.duration or 0) / 1_000_000 - 2.1) < 0.1
    tiny = replace(offer, limits=replace(offer.limits, audio=FileLimits(("wav", "mp3"), Decimal("0.01"))))
    with pytest.raises(MediaError, match=r"larger than 0\.01 MB"):
        prepare(tiny, ask())


def test_animate_without_a_dialogue_sends_silence(ask: Callable[..., Request]) -> None:
    sent = made("kling-avatar-v2@fal", ask("animate", dialogue=None))["audio_url"]
    sound, _ = soundfile.read(sent.path)
    assert np.abs(sound).max() == 0


def test_footage_goes_out_frame_for_frame_at_a_whole_rate(ask: Callable[..., Request]) -> None:
    request = ask("lipsync", rate=FILM)
    inputs = prepare(offer_of("lipsync-2-pro@sync"), request)
    sent = inputs.values["input[video]"]
    info = probe(sent.path)
    assert (info.frames, info.rate, info.width, info.height) == (48, Fraction(24), 320, 180)
    assert not info.variable_rate
    with av.open(str(sent.path)) as container:
        lights = [float(frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    assert all(later > earlier for earlier, later in pairwise(lights))
    assert abs(lights[0] - (8 + 240 * 6 // 60)) < 4  # the take's first frame is the movie's seventh
    spoken, _ = soundfile.read(inputs.values["input[audio]"].path)
    assert len(spoken) == 2 * 48000  # picture and sound are bent alike


def test_footage_smaller_than_the_host_takes_is_enlarged(ask: Callable[..., Request]) -> None:
    info = probe(made("kling-lip-sync@fal", ask("lipsync"))["video_url"].path)
    assert (info.height, info.width) == (720, 1280)


def test_what_was_bent_to_24_comes_back_frame_for_frame(tmp_path: Path) -> None:
    movie = write_movie(tmp_path / "result.mp4", 1200, width=64, height=36)
    spec = TakeSpec(FILM, 1200, 0, 0, 64, 36, start_frame=0, codec=Codec.H264)
    back = retimed(movie, Fraction(1001, 1000), FILM, tmp_path / "back.mp4")
    assert probe(back).rate == FILM
    report = conform(back, spec, tmp_path / "take.mov")
    assert report.frame_map == tuple(range(1200))


def test_a_prompt_is_made_of_all_that_the_note_and_the_actor_say(ask: Callable[..., Request]) -> None:
    request = ask("stage", motion="She turns away", line="Never.", options={"setting": "a pier", "camera": "push in"})
    said = "Image 1: a woman of forty. She turns away. Setting: a pier. Camera: push in."
    assert prompt_of(request, "Image 1") == f'{said} Says: "Never."'
    assert prompt_of(replace(request, line="", motion="", options={})) == "a woman of forty."


def test_wan_is_told_its_length_shape_and_references(ask: Callable[..., Request]) -> None:
    values = made("wan-2.7-r2v@fal", ask("animate", motion="She looks up"))
    assert (values["duration"], values["aspect_ratio"], values["seed"]) == ("2", "16:9", 7)
    assert [type(each) for each in values["reference_image_urls[]"]] == [InputFile]


def test_wire_names_make_lists_and_tables(ask: Callable[..., Request]) -> None:
    inputs = prepare(offer_of("react-1@sync"), ask("lipsync"))
    sent = wire_inputs(inputs, {file: f"asset-{n}" for n, file in enumerate(inputs.files)})
    assert sent["input"] == [{"type": "video", "url": "asset-0"}, {"type": "audio", "url": "asset-1"}]
    assert sent["options"] == {"sync_mode": "cut_off", "prompt": "neutral", "model_mode": "face"}
    listed = wire_inputs(
        Inputs({"urls[]": [InputFile(Path("a"), "image/png")]}, inputs.order),
        {InputFile(Path("a"), "image/png"): "https://a"},
    )
    assert listed == {"urls": ["https://a"]}


@pytest.mark.parametrize(
    ("name", "mode", "changes", "code"),
    [
        ("fabric-1.0@fal", "talk", {"dialogue": None}, "nothing-to-send"),
        ("lipsync-2-pro@fal", "lipsync", {"stand_in": None}, "nothing-to-send"),
        ("dreamactor-m2.0@fal", "mimic", {"driver": None}, "nothing-to-send"),
        ("fabric-1.0@fal", "mimic", {}, "mode"),
        ("fabric-1.0@fal", "talk", {"options": {"alpha": "yes"}}, "no-alpha"),
        ("fabric-1.0@fal", "talk", {"settings": {"resolution": "8K"}}, "bad-setting"),
    ],
)
def test_what_cannot_be_sent_is_said_before(
    ask: Callable[..., Request], name: str, mode: str, changes: dict[str, Any], code: str
) -> None:
    found = find_engines()[name].check(ask(mode, **changes))
    assert code in [problem.code for problem in found if problem.severity is Severity.ERROR]


def test_a_good_request_has_no_problems(ask: Callable[..., Request]) -> None:
    assert find_engines()["fabric-1.0@fal"].check(ask()) == ()


def test_a_portrait_without_a_face_is_said_before(ask: Callable[..., Request], tmp_path: Path) -> None:
    Image.new("RGB", (640, 360), (90, 90, 90)).save(tmp_path / "wall.png")
    request = replace(ask(), performer=Performer("mara", "1", tmp_path / "wall.png"))
    assert [problem.code for problem in find_engines()["fabric-1.0@fal"].check(request)] == ["no-face"]


def test_whatever_breaks_before_the_paid_request_says_that_nothing_was_sent(
    ask: Callable[..., Request], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GREENROOM_FAL_KEY", "some-key-0123456789")
    monkeypatch.setenv("GREENROOM_FAL_URL", "http://127.0.0.1:9")
    request = replace(ask(), work=tmp_path / "stand in.mp4")  # a file where the folder should be
    with pytest.raises(EngineError, match="before anything was sent"):
        asyncio.run(find_engines()["fabric-1.0@fal"].submit(request))


def test_a_changed_schema_is_noticed() -> None:
    schema = {"properties": {"image": {}, "mode": {"enum": ["std"]}}, "required": ["image", "style"]}
    assert not_taken(schema, {"image": "a", "sound": "b"}) == ("style is needed and isn't known here", "sound is gone")
    assert drift_of(schema, {"image": "a", "mode": "pro"}) == ("mode can't be 'pro' any more: std",)
    assert not_taken({}, {"image": "a"}) == ()

# SPDX-License-Identifier: Apache-2.0
"""New lips in a plate's own frames: what changes, what doesn't, and whether they say the new line."""

from __future__ import annotations

import dataclasses
import itertools
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

import greenroom
from greenroom.engines.contract import Delivery, Performer, PictureSource, Request
from greenroom.engines.previz.acting.visemes import CHANNELS, closures
from greenroom.engines.previz.delivery import deliver
from greenroom.engines.previz.drawn.actors import draw
from greenroom.engines.previz.footage import allowed_frames
from greenroom.engines.previz.lips.lower_face import FIRM
from greenroom.engines.previz.lips.timing import shares, speaking
from greenroom.engines.previz.lipsync import Resync, prepare, render_lipsync
from greenroom.engines.previz.puppet.warp import Box
from greenroom.engines.previz.talk import prepare as prepare_talk
from greenroom.errors import CueError, EngineError
from greenroom.media.pictures import read_pictures
from greenroom.media.plates import read_plates
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.perception.faces import FaceFinder
from greenroom.testing.footage import carphone
from greenroom.testing.samples import same_outside

Picture = NDArray[np.uint8]
Sound = NDArray[np.float32]
MakeRequest = Callable[..., Request]

RATE = Fraction(24)
SIZE = (640, 360)
SPEAKS = 68  # frames that the new line takes
JAW, PRESS = CHANNELS.index("jaw"), CHANNELS.index("press")


@dataclass(frozen=True)
class Spoken:
    """A take of a plate whose person says something else: plates, new frames, and what was encoded. `own` and `new`
    say how far the lips are apart in each.
    """

    resync: Resync
    plates: list[Picture]
    frames: list[Picture]
    delivery: Delivery
    own: NDArray[np.float64]
    new: NDArray[np.float64]


def spec_of(frames: int, *, head: int = 0, size: tuple[int, int] = SIZE, rate: Fraction = RATE) -> TakeSpec:
    return TakeSpec(rate, frames - head, head, 0, *size, 86400, codec=Codec.H264)


def written(path: Path, frames: Iterable[Picture], count: int) -> Path:
    with TakeWriter(path, spec_of(count)) as writer:
        for frame in frames:
            writer.write(frame)
    return path


def laid(path: Path, sound: Sound, frames: int, rate: Fraction = RATE) -> Path:
    """A dialogue of exactly so many frames: `sound`, then silence."""
    whole = np.zeros(round(frames * 48000 / rate), np.float32)
    part = sound[: len(whole)]
    whole[: len(part)] = part
    soundfile.write(path, whole, 48000, subtype="FLOAT")
    return path


def clip(number: int) -> tuple[Sound, str]:
    """Speech of the demo scene at 48 kHz, and what is said."""
    scene = Path(greenroom.__file__).parent / "desk" / "demo" / "scene"
    entry = tomllib.loads((scene / "dialogue.toml").read_text("utf-8"))["clip"][number]
    samples, rate = soundfile.read(scene / entry["file"], dtype="float32")
    return np.asarray(soxr.resample(samples, rate, 48000), np.float32), entry["line"]


def parted(points: NDArray[np.float64]) -> float:
    """How far the inner lips are apart, against the face's height."""
    flat = points[:, :2]
    return float(np.linalg.norm(flat[13] - flat[14]) / np.linalg.norm(flat[10] - flat[152]))


def gaps(finder: FaceFinder, pictures: Iterable[Picture]) -> NDArray[np.float64]:
    found = finder.track(pictures, smooth=False)
    return np.array([parted(face.points) for face in found if face is not None])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lipsync")


@pytest.fixture(scope="module")
def new_line() -> tuple[Sound, str]:
    return clip(1)


@pytest.fixture(scope="module")
def talking_plate(folder: Path) -> Path:
    """Mara says another line than the one that she is going to, without a pause."""
    portrait = folder / "mara.png"
    cv2.imwrite(str(portrait), draw("mara", *SIZE))
    sound, _ = clip(0)
    work = folder / "plate"
    work.mkdir()
    spec, dialogue = spec_of(SPEAKS), laid(folder / "old.wav", sound[12000:], SPEAKS)
    request = Request("j", "c", 1, "talk", Performer("mara", "1", portrait), spec, 1, work, dialogue=dialogue)
    return written(folder / "plate.mov", prepare_talk(request).frames(), SPEAKS)


@pytest.fixture
def request_over(tmp_path: Path) -> MakeRequest:
    """Makes a request over a plate: new `sound` from the first frame on, silence after it."""

    def make(
        media: Path,
        frames: int,
        sound: Sound | None = None,
        *,
        line: str = "",
        size: tuple[int, int] = SIZE,
        rate: Fraction = RATE,
        head: int = 0,
        **options: str,
    ) -> Request:
        dialogue = None if sound is None else laid(tmp_path / "new.wav", sound, frames, rate)
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        source = PictureSource(media, tuple(range(frames)))
        spec, nobody = spec_of(frames, head=head, size=size, rate=rate), Performer("mara", "1", tmp_path / "none.png")
        return Request(
            "job",
            "7f3a",
            1,
            "lipsync",
            nobody,
            spec,
            1,
            work,
            line,
            dialogue=dialogue,
            stand_in=source,
            options=options,
        )

    return make


def shown(resync: Resync) -> Iterator[Picture]:
    return (frame.bgr() for frame in resync.frames())


def plates_of(resync: Resync) -> Iterator[Picture]:
    plates = read_plates(resync.source.media, resync.source.indices, resync.request.spec)
    return (plate.bgr() for plate in plates)


@pytest.fixture(scope="module")
def spoken(folder: Path, talking_plate: Path, new_line: tuple[Sound, str], finder: FaceFinder) -> Spoken:
    sound, line = new_line
    work = folder / "spoken"
    work.mkdir()
    dialogue, source = laid(folder / "new.wav", sound, SPEAKS), PictureSource(talking_plate, tuple(range(SPEAKS)))
    nobody, spec = Performer("mara", "1", folder / "none.png"), spec_of(SPEAKS)
    request = Request("job", "7f3a", 1, "lipsync", nobody, spec, 1, work, line, dialogue=dialogue, stand_in=source)
    resync = prepare(request)
    made = list(resync.frames())
    frames = [frame.bgr() for frame in made]
    delivery = deliver(request, iter(made), resync.report)
    own = list(read_plates(talking_plate, range(SPEAKS), spec))
    kept = [
        same_outside(frame, plate, resync.region(index))
        for index, (frame, plate) in enumerate(zip(made, own, strict=True))
    ]
    assert all(kept), "before encoding, to the sample"
    plates = [plate.bgr() for plate in own]
    return Spoken(resync, plates, frames, delivery, gaps(finder, plates), gaps(finder, frames))


def test_the_new_lips_follow_their_visemes_on_the_encoded_file(spoken: Spoken, finder: FaceFinder) -> None:
    """The plate's own mouth, which says something else, doesn't."""
    mouths, whole = spoken.resync.speech.mouths, spoken.resync.share == 1
    jaw = (mouths[:, JAW] * (1 - mouths[:, PRESS]))[whole]
    encoded = gaps(finder, read_pictures(spoken.delivery.path, range(SPEAKS)))
    assert whole.sum() > 50
    assert np.corrcoef(encoded[whole], jaw)[0, 1] >= 0.85
    assert np.corrcoef(spoken.own[whole], jaw)[0, 1] < 0.5


def test_lips_shut_on_m_b_and_p_over_an_open_mouth(spoken: Spoken) -> None:
    shut = np.flatnonzero(closures(spoken.resync.speech.mouths) & (spoken.resync.share == 1)).tolist()
    over_open = [index for index in shut if spoken.own[index] > 0.03]
    assert len(over_open) >= 2
    assert all(spoken.new[index] < min(0.018, 0.5 * spoken.own[index]) for index in over_open)


def test_no_teeth_show_between_lips_that_shut(spoken: Spoken) -> None:
    """Along the line where the lips meet nothing is paler than the skin of the cheeks."""
    shut = np.flatnonzero(closures(spoken.resync.speech.mouths) & (spoken.resync.share == 1)).tolist()
    for index in shut:
        found, region = spoken.resync.anchored(index), spoken.resync.region(index)
        assert found is not None
        assert region is not None
        face = spoken.resync.moved(index, *found, region).placed.face
        line = ((face[[81, 13, 311], :2] + face[[178, 14, 402], :2]) / 2).round().astype(int)
        saturation = cv2.cvtColor(spoken.frames[index], cv2.COLOR_BGR2HSV)[..., 1]
        along = [saturation[y - 2 : y + 3, x - 1 : x + 2].mean() for x, y in line.tolist()]
        assert min(along) > 60, "teeth are grey, lips are red"


def test_only_the_mouth_region_changes(spoken: Spoken) -> None:
    for index, (plate, frame) in enumerate(zip(spoken.plates, spoken.frames, strict=True)):
        box = spoken.resync.region(index) or Box(0, 0, 0, 0)
        points = spoken.resync.driver.points(index)
        assert points is not None
        outside = np.ones(plate.shape[:2], bool)
        outside[box.top : box.bottom, box.left : box.right] = False
        assert np.array_equal(frame[outside], plate[outside])
        eyes = int(points[[145, 374], 1].max()) + 4
        assert np.array_equal(frame[:eyes], plate[:eyes]), "eyes and brows are the plate's"
        assert box.width * box.height < 0.25 * plate.shape[0] * plate.shape[1]


def test_nothing_jumps_at_the_edge_of_the_region(spoken: Spoken) -> None:
    """Two pixels inside the box the frame is still the plate's."""
    for index in range(4, SPEAKS, 6):
        box = spoken.resync.region(index)
        assert box is not None
        change = cv2.absdiff(spoken.frames[index], spoken.plates[index]).max(2)[box.within(Box.of(spoken.plates[0]))]
        rim = np.concatenate([change[:2].ravel(), change[-2:].ravel(), change[:, :2].ravel(), change[:, -2:].ravel()])
        assert rim.max() <= 2


def test_the_take_says_how_its_timing_was_found_and_what_was_done(spoken: Spoken) -> None:
    report = spoken.delivery.report
    assert (report["method"], report["label"], report["timing"]) == ("lipsync", "previz", "aligned")
    assert report["matched"] > 0.9
    assert report["frames"] == [["untouched", 0, 0], ["tracked", 1, SPEAKS - 1]]
    assert report["warnings"] == []
    assert report["limits"][0] == "previz: pixels are moved, nothing is relit"
    assert any("cheek" in limit for limit in report["limits"])


def test_a_resting_mouth_is_steady_and_shut_while_the_plate_talks(spoken: Spoken, finder: FaceFinder) -> None:
    """At half of 720p: half a pixel against the nose from frame to frame."""
    resync = spoken.resync
    still = dataclasses.replace(resync.speech, mouths=np.zeros_like(resync.speech.mouths))
    resting = dataclasses.replace(resync, speech=still, share=np.ones(SPEAKS))
    lips = []
    for found in finder.track(itertools.islice(shown(resting), 24), smooth=False):
        assert found is not None
        lips.append(found.points[[13, 14], :2].mean(0) - found.points[1, :2])
        assert parted(found.points) < 0.02
    assert np.abs(np.diff(lips, axis=0)).mean() < 0.5


def test_silence_gives_the_plates_own_mouth_back(
    talking_plate: Path, new_line: tuple[Sound, str], request_over: MakeRequest
) -> None:
    resync = prepare(request_over(talking_plate, 36, new_line[0][:24000]))
    frames, plates = list(shown(resync)), list(plates_of(resync))
    states = resync.states()
    assert states[-16:] == ["untouched"] * 16
    same = [np.array_equal(frame, plate) for frame, plate in zip(frames, plates, strict=True)]
    assert same == [state == "untouched" for state in states]
    fading = resync.share[(resync.share > 0) & (resync.share < 1)]
    assert len(fading) >= 3, "it returns gently"
    assert "own mouth moves" in resync.report["warnings"][-1], "she talks on in the plate"


def test_without_any_speech_every_frame_is_the_plates(talking_plate: Path, request_over: MakeRequest) -> None:
    resync = prepare(request_over(talking_plate, 12, np.zeros(48000, np.float32)))
    assert resync.report["timing"] == "silence"
    assert "stays as it is" in resync.report["warnings"][0]
    assert resync.states() == ["untouched"] * 12
    plates = read_plates(talking_plate, range(12), resync.request.spec)
    assert all(same_outside(a, b, None) for a, b in zip(resync.frames(), plates, strict=True))


@pytest.mark.parametrize(
    ("options", "untouched"),
    [({"only": "4-16"}, {*range(10), *range(22, 30)}), ({"not": "4-10,14-16"}, {*range(10, 16), 20, 21})],
)
def test_only_and_not_leave_frames_untouched(
    talking_plate: Path,
    new_line: tuple[Sound, str],
    request_over: MakeRequest,
    options: dict[str, str],
    untouched: set[int],
) -> None:
    """They count from the slot's first frame, which is frame 6 of this take."""
    resync = prepare(request_over(talking_plate, 30, new_line[0], head=6, **options))
    plates = plates_of(resync)
    same = {
        index
        for index, (frame, plate) in enumerate(zip(shown(resync), plates, strict=True))
        if np.array_equal(frame, plate)
    }
    assert same == untouched
    assert {index for index, state in enumerate(resync.states()) if state == "untouched"} == untouched


def test_frames_that_name_nothing_are_refused() -> None:
    with pytest.raises(CueError, match="only=soon names no frames"):
        allowed_frames({"only": "soon"}, spec_of(24))


def test_the_same_request_gives_the_same_bytes(
    talking_plate: Path, new_line: tuple[Sound, str], request_over: MakeRequest
) -> None:
    request = request_over(talking_plate, 10, new_line[0][6000:])
    first, second = (list(shown(prepare(request))) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    files = [render_lipsync(request).path.read_bytes() for _ in range(2)]
    assert files[0] == files[1]


@pytest.fixture(scope="module")
def two_people(folder: Path) -> Path:
    """Mara on the left, Theo on the right, half a second."""
    halves = [draw(name, *SIZE)[:, 160:480] for name in ("mara", "theo")]
    return written(folder / "two.mov", [np.hstack(halves)] * 12, 12)


@pytest.mark.parametrize(("who", "changed"), [("left", slice(0, 320)), ("right", slice(320, 640))])
def test_only_the_chosen_person_changes(
    two_people: Path, new_line: tuple[Sound, str], request_over: MakeRequest, who: str, changed: slice
) -> None:
    resync = prepare(request_over(two_people, 12, new_line[0][6000:], who=who))
    other = np.ones(SIZE[0], bool)
    other[changed] = False
    moved = 0
    for frame, plate in zip(shown(resync), plates_of(resync), strict=True):
        assert np.array_equal(frame[:, other], plate[:, other])
        moved += not np.array_equal(frame[:, changed], plate[:, changed])
    assert moved >= 8


def test_somebody_who_is_not_there_is_refused(two_people: Path, request_over: MakeRequest) -> None:
    with pytest.raises(CueError, match="who=mara names nobody"):
        prepare(request_over(two_people, 12, who="mara"))


def test_a_lost_face_keeps_the_plate(
    folder: Path, talking_plate: Path, new_line: tuple[Sound, str], request_over: MakeRequest
) -> None:
    pictures = list(read_pictures(talking_plate, range(30)))
    for index in range(12, 20):
        pictures[index] = np.full_like(pictures[index], 40)
    media = written(folder / "lost.mov", pictures, 30)
    resync = prepare(request_over(media, 30, new_line[0]))
    assert resync.states()[12:20] == ["kept plate"] * 8
    assert set(resync.states()[20:]) <= {"tracked", "re-detected"}
    assert "8 spoken frames" in resync.report["warnings"][-1]
    plates = list(plates_of(resync))
    frames = list(shown(resync))
    assert all(np.array_equal(frames[index], plates[index]) for index in range(12, 20))
    assert not np.array_equal(frames[24], plates[24])


def test_what_passes_before_the_mouth_is_left_alone(
    folder: Path, talking_plate: Path, new_line: tuple[Sound, str], request_over: MakeRequest
) -> None:
    """A green bar goes over the face from the left to the right: it stays a bar, and lips beside it speak."""
    bars = [slice(240 + 6 * index, 264 + 6 * index) for index in range(30)]
    pictures = list(read_pictures(talking_plate, range(30)))
    for picture, bar in zip(pictures, bars, strict=True):
        picture[140:, bar] = (60, 150, 40)
    media = written(folder / "bar.mov", pictures, 30)
    resync = prepare(request_over(media, 30, new_line[0]))
    inside, beside = [], []
    for index, (frame, plate) in enumerate(zip(shown(resync), plates_of(resync), strict=True)):
        points, change = resync.driver.points(index), cv2.absdiff(frame, plate).max(2)
        assert points is not None
        rows, bar = slice(int(points[0, 1]), int(points[17, 1])), bars[index]
        mouth = np.arange(SIZE[0])
        mouth = mouth[(mouth > points[61, 0]) & (mouth < points[291, 0])]
        covered = mouth[(mouth > bar.start + 1) & (mouth < bar.stop - 2)]
        bare = mouth[(mouth < bar.start) | (mouth >= bar.stop)]
        if resync.share[index] == 1 and len(covered) > 4:
            inside.append(change[rows, covered].max())
            beside.append(change[rows, bare].max())
    assert len(inside) >= 8
    assert max(inside) <= 16, "the codec's bar is no even green"
    assert np.median(beside) > 60


def test_a_cut_inside_the_media_starts_anew(
    folder: Path, talking_plate: Path, new_line: tuple[Sound, str], request_over: MakeRequest
) -> None:
    mara = list(read_pictures(talking_plate, range(12)))
    media = written(folder / "cut.mov", [*mara, *[draw("theo", *SIZE)[:, ::-1]] * 12], 24)
    resync = prepare(request_over(media, 24, new_line[0][6000:]))
    assert [resync.driver.shot(index) for index in (11, 12)] == [0, 1]
    assert (resync.share[8:16] == 1).all(), "no fade at the cut"
    rest = [resync.lower_face(shot).neutral.points for shot in (0, 1)]
    assert np.abs(rest[0] - rest[1]).max() > 0.1


@pytest.mark.parametrize("shade", [0, 128])
def test_a_picture_of_nobody_is_refused(folder: Path, request_over: MakeRequest, shade: int) -> None:
    media = written(folder / f"wall{shade}.mov", [np.full((360, 640, 3), shade, np.uint8)] * 3, 3)
    with pytest.raises(EngineError, match=r"nobody.s face was found.*Use a shot"):
        prepare(request_over(media, 3))


def test_a_cue_without_picture_is_refused(talking_plate: Path, request_over: MakeRequest) -> None:
    request = dataclasses.replace(request_over(talking_plate, 3), stand_in=None)
    with pytest.raises(EngineError, match="mode=talk"):
        render_lipsync(request)


def test_a_line_that_is_not_what_is_said_falls_down_the_ladder(
    talking_plate: Path, new_line: tuple[Sound, str], request_over: MakeRequest
) -> None:
    request = request_over(talking_plate, 24, new_line[0], line="Completely different words are written here.")
    report = prepare(request).report
    assert report["timing"] in {"decoded", "energy"}
    assert "line" in report["warnings"][0]


def test_new_lips_stay_where_they_are_on_a_head_that_shakes(request_over: MakeRequest) -> None:
    """Carphone's man in his moving car, as if at 720p: against the skin between his eyes and mouth, as optical flow
    sees it move, resting lips jitter by less than a pixel (steadied landmarks alone: 2.1).
    """
    count, size = 48, (386, 288)
    resync = prepare(request_over(carphone(), count, np.zeros(4800, np.float32), size=size, rate=Fraction(30000, 1001)))
    resync.share[:] = 1
    still = dataclasses.replace(resync.speech, mouths=np.zeros_like(resync.speech.mouths))
    resting = dataclasses.replace(resync, speech=still)
    greys = [np.asarray(cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY), np.uint8) for plate in plates_of(resync)]
    faces = [found for index in range(count) if (found := resting.anchored(index)) is not None]
    assert len(faces) == count
    lips = [
        resting.moved(index, *face, Box(0, 0, *size)).placed.face[[13, 14, 61, 291], :2]
        for index, face in enumerate(faces)
    ]
    slides = []
    for index in range(1, count):
        turn = motion_between(greys[index - 1], greys[index], faces[index - 1][0][FIRM, :2])
        slides.append(lips[index] - (lips[index - 1] @ turn[:, :2].T + turn[:, 2]))
    jitter = np.abs(np.diff(slides, axis=0)).mean() * 720 / size[1]
    assert jitter <= 1.0


def motion_between(one: Picture, two: Picture, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The similarity (2, 3) by which most of the `places` (n, 2) moved from one grey picture to the next."""
    start = places.astype(np.float32)
    end, found, _ = cv2.calcOpticalFlowPyrLK(one, two, start[:, None], start[:, None].copy(), winSize=(31, 31))
    known = found[:, 0] > 0
    return np.asarray(cv2.estimateAffinePartial2D(start[known], end[known, 0], ransacReprojThreshold=2.0)[0])


def test_a_real_face_that_shouts_can_shut_its_mouth(new_line: tuple[Sound, str], request_over: MakeRequest) -> None:
    """The man of carphone, twice enlarged: his lips meet where his own mouth is wide open (frames 110 to 119)."""
    finder, size = FaceFinder(), (386, 288)
    source = PictureSource(carphone(), tuple(range(96, 120)))
    request = request_over(carphone(), 24, new_line[0], size=size, rate=Fraction(30000, 1001))
    resync = prepare(dataclasses.replace(request, stand_in=source))
    shut = np.zeros_like(resync.speech.mouths)
    shut[:, PRESS] = 1
    pressed = dataclasses.replace(resync, speech=dataclasses.replace(resync.speech, mouths=shut), share=np.ones(24))
    own, new = gaps(finder, resync.pictures(source.indices)), gaps(finder, shown(pressed))
    assert own.max() > 0.12
    assert np.median(new) < 0.03
    assert new[own.argmax()] < 0.3 * own.max()


def test_short_pauses_belong_to_the_speech_and_long_ones_do_not() -> None:
    mouths = np.zeros((60, 7))
    mouths[[10, 16, 40], JAW] = 0.5
    spoken = speaking(mouths, RATE)
    assert spoken[10:17].all()
    assert not spoken[17:40].any()


def test_the_change_is_over_before_a_frame_that_must_not_change_and_stops_at_cuts() -> None:
    spoken, usable, shots = np.ones(40, bool), np.ones(40, bool), np.zeros(40, np.int32)
    usable[20:24] = False
    shots[30:] = 1
    share = shares(spoken, usable, shots, RATE)
    assert (share[20:24] == 0).all()
    assert 0 < share[19] < share[18] < 1
    assert share[29] == share[30] == 1
    assert (np.diff(share[16:21]) <= 0).all()

# SPDX-License-Identifier: Apache-2.0
"""Turnovers: takes exactly as they were, lists that lead to them wherever the folder goes, nothing half done."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio as otio
import pytest

from greenroom.desk.turnover.hand_over import Turnover, turnover
from greenroom.errors import InputError, PlanError, ProjectError
from greenroom.media.probe import probe
from greenroom.media.types import Codec
from greenroom_otio import media_path, read_cut

NAME_A = "scene_1_uber_aaaa_mara_v001_previz"
NAME_B = "scene_1_uber_bbbb_theo_v002"


def pictures(path: Path) -> list[np.ndarray[Any, Any]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)]


def packets(path: Path) -> list[bytes]:
    """The pictures as they are stored."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.dts is not None]


def sound(path: Path) -> np.ndarray[Any, Any]:
    """(samples, channels), 32 bits."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        blocks = [frame.to_ndarray().reshape(-1, stream.channels) for frame in container.decode(stream)]
    return np.concatenate(blocks)


def handed(scene: Any, tmp_path: Path, **options: Any) -> Turnover:
    return turnover(scene.cut, tmp_path / "turnover", movie=options.pop("movie", False), **options)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_folder_holds_takes_and_lists(scene: Any, tmp_path: Path) -> None:
    made = handed(scene, tmp_path)
    names = {path.as_posix() for path in made.files}
    lists = {f"scene_1_uber{end}" for end in (".otio", ".xml", ".edl", ".ale", ".aaf", "_counts.csv")}
    assert names == lists | {f"media/{NAME_A}.mov", f"media/{NAME_B}.mov"}
    assert {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file()} == names
    assert [cue.id for cue in made.without] == ["cccc"]
    assert [problem.code for problem in made.problems] == ["no-take"]
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]


def test_whole_takes_are_copied_to_the_byte(scene: Any, tmp_path: Path) -> None:
    made = handed(scene, tmp_path)
    assert (made.folder / f"media/{NAME_A}.mov").read_bytes() == made.takes[0].take.media.read_bytes()


@pytest.mark.parametrize("codec", [Codec.PRORES, Codec.PRORES_4444, Codec.DNXHR])
def test_trimmed_handles_leave_every_frame_and_sample_as_it_was(
    new_scene: Callable[..., Any], tmp_path: Path, codec: Codec
) -> None:
    scene = new_scene(Fraction(30000, 1001))
    scene.write_cut("GR#aaaa: actor=MARA mode=talk")
    take = scene.add_take("aaaa", codec=codec)
    made = handed(scene, tmp_path, handles=3)
    file = made.folder / "media" / f"{NAME_A}.mov"
    before, after = probe(take.media), probe(file)
    assert (after.frames, after.start_frame, after.start_timecode) == (22, before.start_frame + 5, "00:59:59;27")
    assert (after.codec, after.pixel_format, after.colour) == (before.codec, before.pixel_format, before.colour)
    assert packets(file) == packets(take.media)[5:27]
    first, end = (round(Fraction(n * 48000 * 1001, 30000)) for n in (5, 27))
    assert (sound(take.media)[first:end] == sound(file)).all()


def test_a_take_in_h264_is_cut_to_the_frame(new_scene: Callable[..., Any], tmp_path: Path) -> None:
    scene = new_scene()
    scene.write_cut("GR#aaaa: actor=MARA mode=talk")
    take = scene.add_take("aaaa", codec=Codec.H264)
    file = handed(scene, tmp_path, handles=0).folder / "media" / f"{NAME_A}.mov"
    assert (probe(file).frames, probe(file).start_timecode) == (16, "01:00:00:00")
    for one, other in zip(pictures(take.media)[8:24], pictures(file), strict=True):
        assert abs(one[:144].mean() - other[:144].mean()) < 1.5  # frames are 4 apart
    assert np.abs(sound(take.media)[16000:48000].astype(float) - sound(file)).max() < 1 << 9  # the 24th bit


def test_what_lies_beside_a_take_goes_along(new_scene: Callable[..., Any], tmp_path: Path) -> None:
    scene = new_scene()
    scene.write_cut("GR#aaaa: actor=MARA mode=talk")
    scene.add_take("aaaa", alpha=True)
    made = handed(scene, tmp_path, handles=2)
    beside = made.folder / "media" / f"{NAME_A}_alpha.mov"
    assert (probe(beside).has_alpha, probe(beside).frames) == (True, 20)
    assert f"{NAME_A}_alpha" in (made.folder / "scene_1_uber.ale").read_text("utf-8")


def test_fewer_handles_than_asked_are_told(new_scene: Callable[..., Any], tmp_path: Path) -> None:
    scene = new_scene()
    scene.write_cut("GR#aaaa: actor=MARA mode=talk")
    scene.add_take("aaaa", head=2, tail=12)
    made = handed(scene, tmp_path, handles=6)
    assert (made.takes[0].head, made.takes[0].tail) == (2, 6)
    told = next(problem for problem in made.problems if problem.code == "few-handles")
    assert told.message == "take 1 has 2 at the head, 6 handle frames were asked for"


def test_where_the_editor_slipped_a_take_it_is_handed_on_so(
    new_scene: Callable[..., Any], tmp_path: Path, run: Callable[..., Any]
) -> None:
    scene = new_scene()
    scene.write_cut("GR#aaaa: actor=MARA mode=talk", "GR#bbbb: actor=MARA mode=talk")
    scene.add_take("aaaa")
    scene.add_take("bbbb")
    applied = scene.folder / "applied.otio"
    assert run("apply", scene.cut, "-o", applied).status == 0
    timeline = otio.adapters.read_from_file(str(applied))
    one, two = timeline.tracks[0]
    one.source_range = scene.range(86403, 16)  # slipped by three frames
    two.source_range = scene.range(86402, 10)  # trimmed on both sides
    timeline.to_json_file(str(applied))
    made = turnover(applied, tmp_path / "turnover", handles=4, width=128)
    assert [(each.head, each.tail, each.part.start) for each in made.takes] == [(4, 4, 86399), (4, 4, 86398)]
    edl = (made.folder / "scene_1_uber.edl").read_text("utf-8")
    assert "01:00:00:03 01:00:00:19 01:00:00:00 01:00:00:16" in edl
    assert "01:00:00:02 01:00:00:12 01:00:00:16 01:00:01:02" in edl
    first, second = rows_of(made.folder / "scene_1_uber_counts.csv")
    assert (first["Source In"], second["Source In"], second["Source Out"]) == (
        "01:00:00:03", "01:00:00:02", "01:00:00:12",
    )  # fmt: skip
    seen = pictures(made.folder / "scene_1_uber_reference.mov")
    own = pictures(made.takes[0].take.media)
    grey = [round(float(own[n][0, 72, 128]) / 4) for n in (8 + 3, 8 + 3 + 15, 8 + 2)]  # of ten bits
    assert [abs(int(seen[n][36, 64]) - value) <= 2 for n, value in zip((0, 15, 16), grey, strict=True)] == [True] * 3


def test_a_dissolve_takes_its_frames_from_the_handles(new_scene: Callable[..., Any], tmp_path: Path) -> None:
    scene = new_scene()
    scene.write_cut("GR#aaaa: actor=MARA mode=talk", "GR#bbbb: actor=MARA mode=talk")
    timeline = otio.adapters.read_from_file(str(scene.cut))
    time = otio.opentime.RationalTime
    dissolve = otio.schema.Transition(transition_type="SMPTE_Dissolve", in_offset=time(2, 24), out_offset=time(3, 24))
    timeline.tracks[0].insert(1, dissolve)
    timeline.to_json_file(str(scene.cut))
    scene.add_take("aaaa", tail=10)
    scene.add_take("bbbb", tail=2)
    made = handed(scene, tmp_path)
    one, two = made.takes
    assert (one.head, one.tail, two.head, two.tail) == (8, 7, 8, 0)  # the second take's slot begins in the dissolve


def test_a_list_that_can_not_be_written_is_told_and_the_others_are(scene: Any, tmp_path: Path) -> None:
    timeline = otio.adapters.read_from_file(str(scene.cut))
    track = otio.schema.Track(kind=otio.schema.TrackKind.Video)
    track.append(otio.schema.Clip("compound", otio.schema.MissingReference(), scene.range(0, 8)))
    compound = otio.schema.Stack(children=[track])
    timeline.tracks[0].append(compound)
    timeline.to_json_file(str(scene.cut))
    made = handed(scene, tmp_path)
    written = {path.suffix for path in made.files}
    assert {".otio", ".edl", ".ale"} <= written
    told = " ".join(made.left_out)
    assert (".xml" in written) == ("no scene_1_uber.xml" not in told)
    assert (".aaf" in written) == ("no scene_1_uber.aaf" not in told)


def takes_in(cut: Path, rate: Fraction | None = None) -> dict[str, tuple[int, int]]:
    """The files of the turnover that a list leads to, with the frames that it shows of them."""
    timeline = read_cut(cut, rate=rate)
    found = {}
    for clip in timeline.find_clips():
        path = media_path(clip.media_reference, cut.parent)
        if isinstance(path, Path) and path.parent.name == "media":
            assert path.is_file(), path
            shown = clip.trimmed_range()
            found[path.stem] = (round(shown.start_time.value), round(shown.duration.value))
    return found


@pytest.mark.parametrize("suffix", ["otio", "xml", "edl"])
@pytest.mark.parametrize("handles", [None, 3])
def test_every_list_leads_to_the_takes_after_a_move(
    scene: Any, tmp_path: Path, suffix: str, handles: int | None
) -> None:
    made = handed(scene, tmp_path, handles=handles)
    moved = tmp_path / "elsewhere ü" / "T"
    moved.parent.mkdir()
    made.folder.rename(moved)
    shutil.rmtree(scene.folder)
    cut = moved / f"scene_1_uber.{suffix}"
    text = cut.read_text("utf-8")
    assert str(tmp_path) not in text
    assert "partial" not in text
    if suffix == "edl":  # names no files that a reader follows
        assert f"* FROM CLIP: media/{NAME_A}.mov" in text
        assert "AAAA01" in text
        assert "BBBB02" in text
        assert "01:00:00:00 01:00:00:16 01:00:00:16 01:00:01:08" in text
        return
    assert takes_in(cut) == {NAME_A: (86400, 16), NAME_B: (86400, 16)}


def test_only_the_chosen_takes_are_in_the_cut(scene: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    assert run("circle", "bbbb", "1", "--project", scene.folder).status == 0
    applied = scene.folder / "applied.otio"
    assert run("apply", scene.cut, "-o", applied).status == 0
    made = turnover(applied, tmp_path / "turnover", movie=False)
    timeline = otio.adapters.read_from_file(str(made.folder / "scene_1_uber.otio"))
    clip = timeline.tracks[0][1]
    assert list(clip.media_references()) == ["DEFAULT_MEDIA", "greenroom.take_001"]
    assert clip.active_media_reference_key == "greenroom.take_001"
    assert [each.by for each in made.takes] == ["newest", "editor"]


def test_a_second_track_gets_an_edl_of_its_own(new_scene: Callable[..., Any], tmp_path: Path) -> None:
    scene = new_scene()
    scene.write_cut("GR#aaaa: actor=MARA mode=talk", above="GR#bbbb: actor=MARA mode=talk")
    scene.add_take("aaaa")
    scene.add_take("bbbb")
    folder = handed(scene, tmp_path).folder
    one, two = ((folder / f"scene_1_uber_V{n}.edl").read_text("utf-8") for n in (1, 2))
    assert ("AAAA01" in one, "BBBB01" in one) == (True, False)
    assert ("AAAA01" in two, "BBBB01" in two) == (False, True)


def test_previz_is_called_previz_in_every_list(scene: Any, tmp_path: Path) -> None:
    made = handed(scene, tmp_path)
    for name in (".otio", ".xml", ".edl", ".ale", "_counts.csv"):
        assert NAME_A in (made.folder / f"scene_1_uber{name}").read_text("utf-8"), name
        assert f"{NAME_B}_previz" not in (made.folder / f"scene_1_uber{name}").read_text("utf-8")
    aaf = (made.folder / "scene_1_uber.aaf").read_bytes()
    assert any(NAME_A.encode(coding) in aaf for coding in ("utf-8", "utf-16-le"))


def test_the_count_sheet_counts_every_cue(scene: Any, tmp_path: Path) -> None:
    one, two, three = rows_of(handed(scene, tmp_path, handles=4).folder / "scene_1_uber_counts.csv")
    wanted = {
        "Shot": "SC01_0010", "Cue": "aaaa", "Record In": "01:00:00:00", "Record Out": "01:00:00:16", "Frames": "16",
        "Head": "4", "Tail": "4", "Take": "1", "Of": "1", "Engine": "tiny", "Previz": "previz", "Reel": "AAAA01",
        "File": f"media/{NAME_A}.mov", "Source In": "01:00:00:00", "Source Out": "01:00:00:16",
        "Media Start": "00:59:59:20", "Media Frames": "24",
    }  # fmt: skip
    assert {key: one[key] for key in wanted} == wanted
    assert (two["Take"], two["Of"], two["Previz"]) == ("2", "2", "")
    assert (three["Cue"], three["Take"], three["Remarks"]) == ("cccc", "", "no take")


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), Fraction(30000, 1001)])
def test_the_avid_log_is_read_by_others(new_scene: Callable[..., Any], tmp_path: Path, rate: Fraction) -> None:
    scene = new_scene(rate)
    scene.write_cut('GR#aaaa: actor=MARA mode=talk line="a\tb"')
    scene.add_take("aaaa")
    folder = handed(scene, tmp_path).folder
    (clip,) = otio.adapters.read_from_file(str(folder / "scene_1_uber.ale"), fps=float(rate))
    assert clip.name == NAME_A
    assert (clip.source_range.start_time.value, clip.source_range.duration.value) == (scene.start - 8, 32)
    assert clip.media_reference.target_url == f"media/{NAME_A}.mov"


def test_links_need_no_room(scene: Any, tmp_path: Path) -> None:
    made = handed(scene, tmp_path, link=True)
    assert (made.folder / f"media/{NAME_A}.mov").samefile(made.takes[0].take.media)
    shutil.rmtree(made.folder)
    assert (
        not handed(scene, tmp_path, link=True, handles=2)
        .folder.joinpath(f"media/{NAME_A}.mov")
        .samefile(made.takes[0].take.media)
    )


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_missing_and_damaged_takes_are_told_at_once_and_nothing_is_written(scene: Any, tmp_path: Path) -> None:
    first = handed(scene, tmp_path)
    shutil.rmtree(first.folder)
    before = sorted(tmp_path.iterdir())
    damaged(first.takes[0].take.media)
    first.takes[1].take.media.unlink()
    scene.store.write_choice("bbbb", 2)
    with pytest.raises(PlanError) as error:
        handed(scene, tmp_path)
    told = " / ".join(f"{problem.where}: {problem.message}" for problem in error.value.problems)
    assert "is not as it was made" in told
    assert "missing or not as it was written" in told
    assert "take 2 is circled, but is gone" in told
    assert "nothing was written" in str(error.value)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("place", ["full", "file", "cast", "takes", "nowhere/below"])
def test_a_folder_that_can_not_be_is_refused(scene: Any, tmp_path: Path, place: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    folder = (scene.folder if place in {"cast", "takes"} else tmp_path) / place
    folder = folder / "T" if place in {"cast", "takes"} else folder
    with pytest.raises(InputError) as error:
        turnover(scene.cut, folder, movie=False)
    assert error.value.hint
    assert (tmp_path / "full" / "notes.txt").read_text() == "mine"


def test_an_empty_folder_is_filled(scene: Any, tmp_path: Path) -> None:
    (tmp_path / "turnover").mkdir()
    assert handed(scene, tmp_path).files


def test_what_fails_on_the_way_leaves_nothing(scene: Any, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    before = sorted(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        handed(scene, tmp_path, movie=True, width=128, on_progress=stop)
    assert [path for path in sorted(tmp_path.iterdir()) if path not in before and path.name != "data"] == []


def test_nothing_of_the_project_is_changed(scene: Any, tmp_path: Path) -> None:
    def files() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in scene.folder.rglob("*") if path.is_file()}

    before = files()
    handed(scene, tmp_path, handles=2)
    assert files() == before


def test_no_take_is_nothing_to_hand_on(new_scene: Callable[..., Any], tmp_path: Path) -> None:
    scene = new_scene()
    scene.write_cut("GR#aaaa: actor=MARA mode=talk")
    with pytest.raises(InputError, match="no cue of this cut has a take"):
        handed(scene, tmp_path)
    assert not (tmp_path / "turnover").exists()


def template(scene: Any, text: str) -> None:
    file = scene.folder / "greenroom.toml"
    own = file.read_text("utf-8").replace("[turnover]\n", f"[turnover]\nname = '{text}'\n")
    file.write_text(own, "utf-8")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{clip}_{take}", "sc01_0010_1_previz"),
        ("SHOW.{track}.{cue}-{mode}-{engine}_v{take:04d}", "SHOW.v1.aaaa-talk-tiny_v0001_previz"),
        ("{scene}_{cue}_previz_{take:02}", "scene_1_uber_aaaa_previz_01"),
    ],
)
def test_files_are_called_as_the_project_says(scene: Any, tmp_path: Path, text: str, made: str) -> None:
    template(scene, text)
    assert handed(scene, tmp_path).takes[0].name == made


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{scene} {cue}", "' ' can't be in a file's name"),
        ("{scene}/{cue}", "'/' can't be"),
        ("{cue}_ü", "'ü' can't be"),
        ("{film}_{cue}", "{film} is nothing that a take has"),
        ("{cue.__class__}", "{cue.__class__} is nothing"),
        ("{cue", "is no template"),
        ("{take:9999d}", "can't be"),
        ("{cue!r}", "can't be"),
        ("", ""),
    ],
)
def test_a_template_that_makes_no_names_is_refused(scene: Any, tmp_path: Path, text: str, says: str) -> None:
    template(scene, text)
    if not says:
        assert handed(scene, tmp_path).takes[0].name == NAME_A  # nothing said: as it comes
        return
    with pytest.raises(ProjectError) as error:
        handed(scene, tmp_path)
    assert says in error.value.message
    assert not (tmp_path / "turnover").exists()


def test_two_files_of_one_name_are_refused(scene: Any, tmp_path: Path) -> None:
    template(scene, "{scene}")
    scene.add_take("cccc", 1, label="")
    with pytest.raises(PlanError) as error:
        handed(scene, tmp_path)
    assert [problem.message for problem in error.value.problems] == ["2 files would be called scene_1_uber.mov"]


def test_the_reference_movie_says_what_it_shows(scene: Any, tmp_path: Path) -> None:
    made = handed(scene, tmp_path, movie=True, width=320)
    movie = made.folder / "scene_1_uber_reference.mov"
    info = probe(movie)
    assert (info.codec, info.frames, info.start_timecode, info.width) == ("h264", 48, "01:00:00:00", 320)
    shown = [frame[:180] for frame in pictures(movie)]
    corner = (slice(5, 15), slice(5, 60))  # a label is dark there, the first take's pictures are lighter
    clock = (slice(5, 20), slice(230, 312))
    assert shown[10][corner].min() < 50
    assert shown[10][90, 160] > 60
    assert not np.array_equal(shown[10][clock], shown[11][clock])  # the timecode counts
    previz = (slice(158, 174), slice(6, 40))
    assert shown[10][previz].mean() < shown[10][90, 160] - 20
    assert abs(int(shown[20][previz].mean()) - int(shown[20][90, 160])) < 8  # no label where it is none


def test_the_command_says_what_it_did(scene: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    done = run("turnover", scene.cut, "-o", tmp_path / "T", "--handles", "4", "--no-movie")
    assert done.status == 0, done.err
    assert NAME_A in done.out
    assert "4+16+4" in done.out
    again = run("turnover", scene.cut, "-o", tmp_path / "T")
    assert (again.status, "not empty" in again.err) == (2, True)
    value = run("turnover", scene.cut, "-o", tmp_path / "T2", "--no-movie", "--json").value
    assert value["schema"] == "greenroom.turnover/1"
    assert value["without"] == ["cccc"]

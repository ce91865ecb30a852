# SPDX-License-Identifier: Apache-2.0
"""A host's snapshot as an OTIO timeline, and back: each thing that a sequencer holds."""

from __future__ import annotations

import copy
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom_otio import ReadError, read_cut
from greenroom_otio.reading import READ_KEY
from greenroom_otio.vse import document_of, read_from_string, timeline_of
from greenroom_otio.vse_writing import snapshot_of

Json = dict[str, Any]
NTSC = [24000, 1001]


def item(uid: str, kind: str, start: int, frames: int = 48, **more: Any) -> Json:
    return {"uid": uid, "kind": kind, "name": uid, "start": start, "frames": frames, "enabled": True, **more}


def movie(uid: str, start: int, frames: int = 48, rate: Any = (24, 1), **more: Any) -> Json:
    known = {"media": f"/media/{uid}.mov", "media_rate": list(rate), "media_frames": 240, "plays": "frames"}
    return item(uid, "movie", start, frames, **{**known, "source_start": 10, **more})


def track(*items: Json, index: int = 1, **more: Any) -> Json:
    named = {"kind": "video", "index": index, "name": f"Channel {index}", "locked": False, "enabled": True}
    return {**named, "items": list(items), **more}


def snapshot(*tracks: Json, markers: Any = (), **head: Any) -> Json:
    timeline = {"uid": "t", "name": "Scene", "rate": [24, 1], "start": 1, "start_timecode": "", "drop_frame": False}
    return {
        "greenroom": "snapshot",
        "schema": 1,
        "host": {"name": "blender", "version": "4.5.15", "document": "/film/scene.blend"},
        "timeline": {**timeline, "size": [1920, 1080], **head},
        "tracks": list(tracks),
        "markers": list(markers),
    }


def read(*tracks: Json, **head: Any) -> Any:
    return timeline_of(document_of(snapshot(*tracks, **head)))


def warnings(timeline: Any) -> list[tuple[str, str]]:
    return [(each["code"], each["message"]) for each in timeline.metadata["greenroom_read"]["warnings"]]


def children(timeline: Any, number: int = 0) -> list[Any]:
    return list(timeline.tracks[number])


def frames(time: Any) -> tuple[float, float]:
    return time.value, time.rate


@pytest.mark.parametrize("rate", [NTSC, [24, 1], [25, 1], [30000, 1001], [30, 1], [50, 1], [60000, 1001], [1000, 99]])
@pytest.mark.parametrize("start", [0, 1, 101, 86400])
def test_every_rate_and_start_leaves_items_on_their_frames(rate: list[int], start: int) -> None:
    timeline = read(track(item("a", "colour", start + 7, 13)), rate=rate, start=start)
    gap, clip = children(timeline)
    assert frames(timeline.global_start_time) == (start, pytest.approx(rate[0] / rate[1]))
    assert gap.duration().value == 7
    assert clip.duration() == otio.opentime.RationalTime(13, rate[0] / rate[1])
    back, losses = snapshot_of(timeline)
    assert losses == ()
    assert back["timeline"]["rate"] == [Fraction(*rate).numerator, Fraction(*rate).denominator]
    assert (back["tracks"][0]["items"][0]["start"], back["timeline"]["start"]) == (start + 7, start)


def test_a_start_timecode_counts_where_the_host_counts_otherwise() -> None:
    timeline = read(track(item("a", "colour", 5)), start=1, start_timecode="01:00:00:00")
    assert timeline.global_start_time.value == 86400
    dropped = read(track(item("a", "colour", 107892)), rate=[30000, 1001], start=107892, start_timecode="01:00:00;00")
    assert dropped.global_start_time.value == 107892
    wrong = read(track(item("a", "colour", 5)), rate=[1000, 99], start_timecode="01:00:00:00")
    assert wrong.global_start_time.value == 1
    assert warnings(wrong)[0][0] == "start-timecode"


def test_items_before_the_start_are_not_lost() -> None:
    timeline = read(track(item("early", "colour", 41, 10), item("late", "colour", 120)), start=101)
    assert timeline.global_start_time.value == 41
    back, _ = snapshot_of(timeline)
    assert [each["start"] for each in back["tracks"][0]["items"]] == [41, 120]
    below = read(track(item("a", "colour", -20, 10)), start=1)
    assert below.global_start_time.value == 0  # timecode has no negative frames
    assert snapshot_of(below)[0]["tracks"][0]["items"][0]["start"] == -20


def test_blender_plays_25_fps_frame_for_frame_in_a_cut_of_24() -> None:
    (clip,) = children(read(track(movie("a", 1, 48, (25, 1))), start=1))
    (warp,) = clip.effects
    assert warp.time_scalar == pytest.approx(24 / 25)
    assert frames(clip.source_range.start_time) == (10, 25)
    assert frames(clip.source_range.duration) == (48, 24)
    assert frames(clip.media_reference.available_range.duration) == (240, 25)


@pytest.mark.parametrize(("more", "scalars"), [({"plays": "time"}, []), ({"plays": "time", "speed": [2, 1]}, [2.0])])
def test_a_host_that_plays_in_real_time_has_its_own_speed_alone(more: Json, scalars: list[float]) -> None:
    (clip,) = children(read(track(movie("a", 1, 48, (25, 1), **more)), start=1))
    assert [effect.time_scalar for effect in clip.effects] == scalars


def test_a_speed_of_the_hosts_own_comes_on_top() -> None:
    (clip,) = children(read(track(movie("a", 1, 48, (30000, 1001), speed=[1, 2])), rate=NTSC, start=1))
    assert [effect.time_scalar for effect in clip.effects] == [pytest.approx(0.8), 0.5]
    assert snapshot_of(read(track(movie("a", 1, 48, (25, 1), speed=[1, 2]))))[0]["tracks"][0]["items"][0]["speed"] == [
        1,
        2,
    ]


def test_muted_items_and_tracks_are_off_but_what_a_take_covers_counts_as_on() -> None:
    ours = {"role": "stand_in", "cue": "7f3a", "muted_by_us": True}
    off = item("off", "colour", 1, enabled=False)
    covered = item("covered", "colour", 101, enabled=False, greenroom=ours)
    timeline = read(track(off, covered), track(item("c", "colour", 1), index=2, enabled=False))
    assert [clip.enabled for clip in timeline.find_clips()] == [False, True, True]
    assert [each.enabled for each in timeline.tracks] == [True, False]


def test_takes_of_ours_are_folded_away_and_remembered() -> None:
    ours = {"role": "take", "cue": "7f3a", "take": 3, "of": "slug"}
    take = movie("take", 1, greenroom=ours)
    timeline = read(track(item("slug", "colour", 1)), track(take, index=2))
    (clip,) = timeline.find_clips()
    assert clip.metadata["greenroom_host"]["shown_take"] == 3
    assert [len(each) for each in timeline.tracks] == [1]


def test_a_transition_on_a_cut_widens_both_sides() -> None:
    timeline = read(track(movie("a", 1, 40), movie("b", 41, 40), item("mix", "transition", 37, 12)))
    first, mix, second = children(timeline)
    assert (first.name, second.name) == ("a", "b")
    assert (mix.in_offset.value, mix.out_offset.value) == (4, 8)
    assert timeline.tracks[0].trimmed_range_of_child(second).start_time.value == 40


def test_a_transition_on_no_cut_is_an_item_of_its_own() -> None:
    """Blender's cross lies on a channel of its own, over two strips of other channels."""
    timeline = read(track(movie("a", 1)), track(item("cross", "transition", 37, 12), index=2))
    (cross,) = [child for child in children(timeline, 1) if isinstance(child, otio.schema.Clip)]
    assert cross.media_reference.generator_kind == "Transition"
    back, _ = snapshot_of(timeline)
    assert [(each["kind"], each["start"], each["frames"]) for each in back["tracks"][1]["items"]] == [
        ("transition", 37, 12)
    ]


@pytest.mark.parametrize(
    ("kind", "generator"), [("colour", "SolidColor"), ("text", "Text"), ("image", "Still"), ("compound", "Compound")]
)
def test_what_holds_room_is_a_generator(kind: str, generator: str) -> None:
    (clip,) = children(read(track(item("a", kind, 1, media="/m/a.png"))))
    assert clip.media_reference.generator_kind == generator


def test_missing_media_holds_room_and_its_path_is_kept() -> None:
    (clip,) = children(read(track(item("a", "missing", 1, media="/gone/a.mov"))))
    assert isinstance(clip.media_reference, otio.schema.MissingReference)
    back, _ = snapshot_of(read(track(item("a", "missing", 1, media="/gone/a.mov"))))
    assert back["tracks"][0]["items"][0]["media"] == "/gone/a.mov"


def test_an_image_sequence_names_its_pictures() -> None:
    sequence = {"folder": "/shots/a b", "prefix": "a.", "suffix": ".exr", "padding": 4, "first": 1001}
    more = {"sequence": sequence, "media_rate": [24, 1], "media_frames": 100, "plays": "frames", "source_start": 5}
    (clip,) = children(read(track(item("a", "images", 1, **more))))
    assert clip.media_reference.target_url_for_image_number(5) == "file:///shots/a%20b/a.1006.exr"


def test_sound_has_gain_and_fades_beside_its_neighbours() -> None:
    first = item("a", "sound", 1, 40, media="/m/a.wav", gain=0.5, fade_in=4, fade_out=6)
    second = item("b", "sound", 41, 40, media="/m/a.wav", fade_in=8)
    timeline = read(track(first, second, movie("v", 1)))
    kinds = [each.kind for each in timeline.tracks]
    assert kinds == ["Video", "Audio"]
    names = [type(child).__name__ for child in children(timeline, 1)]
    assert names == ["Transition", "Clip", "Transition", "Gap", "Transition", "Clip"]
    offsets = [(each.in_offset.value, each.out_offset.value) for each in children(timeline, 1)[::2][:2]]
    assert offsets == [(0, 4), (6, 0)]
    (gain,) = timeline.find_clips()[1].effects
    assert gain.metadata["fcp_xml"]["parameter"]["value"] == "0.5"
    sounds = snapshot_of(timeline)[0]["tracks"][0]["items"]
    fades = {each["uid"]: (each["fade_in"], each["fade_out"], each["gain"]) for each in sounds}
    assert fades == {"a": (4, 6, 0.5), "b": (8, 0, 1.0), "v": (0, 0, 1.0)}


def test_notes_and_markers_stand_where_the_editor_put_them() -> None:
    marker = {"frame": 120, "frames": 3, "name": "GR: actor=mara", "note": "softly", "colour": "Blue"}
    clip = movie("a", 101, 48, (25, 1), note="@mara: hello", markers=[marker])
    timeline = read(track(clip), start=101, markers=[{**marker, "frame": 110}])
    first, second = children(timeline)[0].markers
    assert first.name == "@mara: hello"
    assert (second.name, second.comment, second.color) == ("GR: actor=mara", "softly", "BLUE")
    offset = second.marked_range.start_time - children(timeline)[0].source_range.start_time
    assert offset.rescaled_to(24).value == pytest.approx(19)
    (mark,) = timeline.tracks.markers
    assert mark.marked_range.start_time.value == 9
    back, _ = snapshot_of(timeline)
    assert back["tracks"][0]["items"][0]["markers"] == [marker]
    assert back["markers"] == [{**marker, "frame": 110}]


def test_a_copy_gets_an_id_of_its_own_and_is_reported() -> None:
    timeline = read(track(item("a", "colour", 1), item("a", "colour", 101)), track(item("a", "text", 1), index=2))
    uids = [clip.metadata["greenroom_host"]["uid"] for clip in timeline.find_clips()]
    assert uids == ["a", "a~2", "a~3"]
    assert [code for code, _ in warnings(timeline)] == ["copied-uid", "copied-uid"]
    assert uids == [clip.metadata["greenroom_host"]["uid"] for clip in timeline.clone().find_clips()]


def test_locks_numbers_and_names_of_tracks_are_kept() -> None:
    timeline = read(track(item("b", "colour", 1), index=7, locked=True, name="top"), track(index=2))
    assert [each.name for each in timeline.tracks] == ["Channel 2", "top"]  # from the lowest up
    back, _ = snapshot_of(timeline)
    assert [(each["index"], each["locked"], each["name"]) for each in back["tracks"]] == [
        (2, False, "Channel 2"),
        (7, True, "top"),
    ]


def test_what_the_host_could_not_send_is_a_warning_with_its_name() -> None:
    timeline = read(track(item("dialogue 3", "sound", 1, media="/m/a.wav", unheld=["animated volume", "pan"])))
    assert [message for _, message in warnings(timeline)] == [
        '"dialogue 3": animated volume is not carried over',
        '"dialogue 3": pan is not carried over',
    ]


def test_items_that_overlap_are_all_kept() -> None:
    timeline = read(track(item("a", "colour", 1, 50), item("b", "colour", 21, 50), item("c", "colour", 60, 50)))
    assert [[clip.name for clip in each if clip.name] for each in timeline.tracks] == [["a", "c"], ["b"]]
    (back,) = snapshot_of(timeline)[0]["tracks"]
    assert [(each["uid"], each["start"]) for each in back["items"]] == [("a", 1), ("b", 21), ("c", 60)]


def test_media_of_unknown_length_counts_from_its_first_frame() -> None:
    (clip,) = children(read(track(movie("a", 1, 48, media_frames=None))))
    assert frames(clip.media_reference.available_range.start_time) == (0, 24)
    assert clip.media_reference.available_range.duration.value == 58


def full_snapshot() -> Json:
    """Everything that the schema holds."""
    marker = {"frame": 130, "frames": 1, "name": "m", "note": "n", "colour": "RED"}
    sequence = {"folder": "/s", "prefix": "a.", "suffix": ".png", "padding": 4, "first": 1}
    stood = {"role": "stand_in", "cue": "7f3a", "muted_by_us": True}
    picture = track(
        movie("plain", 101, media_rate=[24000, 1001]),
        movie("fractional", 149, source_start=10.625, plays="time", speed=[-3, 2], media_rate=[24, 1]),
        item("mix", "transition", 193, 8),
        item("slug", "colour", 197, enabled=False, greenroom=stood, note="@mara: Grüße, \u4f60\u597d"),
        movie("wide", 300, (25), (25, 1), markers=[{**marker, "frame": 310}], enabled=False),
        item("still", "image", 400, media="/m/a b#1%.png"),
        item("gone", "missing", 450, media="/gone/a.mov"),
        item("shots", "images", 500, sequence=sequence, media_rate=NTSC, media_frames=90, plays="frames"),
        item("title", "text", 600),
        item("meta", "compound", 650, unheld=["a nested scene"]),
        item("grade", "other", 700),
        index=3,
    )
    voice = item("voice", "sound", 101, media="/m/v.wav", gain=0.25, fade_in=3, fade_out=5, channels="mono")
    sound = track(voice, index=4, kind="audio", locked=True, enabled=False, name="Ton")
    return snapshot(picture, sound, track(index=9), markers=[marker], rate=NTSC, start=101)


def canonical(values: Json) -> Json:
    """With what a host may leave out."""
    unsaid: Json = {"media": "", "greenroom": None}
    clip = {"source_start": 0, "media_rate": None, "plays": "time", "speed": [1, 1], "gain": 1.0, "note": ""}
    clip |= {"markers": [], "unheld": [], "fade_in": 0, "fade_out": 0}
    made = copy.deepcopy(values)
    for each in made["tracks"]:
        each["items"] = [{**unsaid, **({} if i["kind"] == "transition" else clip), **i} for i in each["items"]]
        each["items"].sort(key=lambda item: item["start"])
    return made


def test_everything_that_the_schema_holds_survives_the_round_trip() -> None:
    given = full_snapshot()
    back, losses = snapshot_of(timeline_of(document_of(given)))
    assert losses == ()
    assert canonical(back) == canonical(given)
    again, _ = snapshot_of(timeline_of(document_of(back)))
    assert again == back


def test_it_survives_a_file_of_opentimelineio_too(tmp_path: Path) -> None:
    given = full_snapshot()
    (tmp_path / "scene.vse").write_text(json.dumps(given), "utf-8")
    timeline = otio.adapters.read_from_file(str(tmp_path / "scene.vse"))  # found by its suffix
    otio.adapters.write_to_file(timeline, str(tmp_path / "scene.otio"))
    otio.adapters.write_to_file(
        otio.adapters.read_from_file(str(tmp_path / "scene.otio")), str(tmp_path / "back.vse"), "greenroom_vse"
    )
    assert canonical(json.loads((tmp_path / "back.vse").read_text("utf-8"))) == canonical(given)


def test_what_an_editor_changed_in_otio_comes_back_changed() -> None:
    timeline = read(track(movie("a", 1, 48), movie("b", 49, 48)), start=1)
    first, second = children(timeline)
    at = otio.opentime.RationalTime
    first.source_range = otio.opentime.TimeRange(at(20, 24), at(30, 24))
    second.enabled = False
    second.name = "renamed"
    one, two = snapshot_of(timeline)[0]["tracks"][0]["items"]
    assert (one["start"], one["frames"], one["source_start"]) == (1, 30, 20)
    assert (two["uid"], two["start"], two["enabled"], two["name"]) == ("b", 31, False, "renamed")


def calls_for(count: int) -> int:
    """How many Python functions are called for the round trip of so many items."""
    items = [movie(f"i{number}", 1 + 50 * number, markers=[]) for number in range(count)]
    given = snapshot(track(*items), track(*[item(f"s{n}", "sound", 50 * n, media="/m/s.wav") for n in range(count)]))
    called = 0

    def count_call(*_: object) -> None:
        nonlocal called
        called += 1

    sys.setprofile(count_call)
    try:
        snapshot_of(timeline_of(document_of(given)))
    finally:
        sys.setprofile(None)
    return called


def test_the_work_grows_with_the_items_and_no_faster() -> None:
    calls_for(10)  # what is loaded and remembered once
    assert calls_for(800) < 2.2 * calls_for(400)


WRONG = {
    "no snapshot": lambda s: s.update(greenroom="x"),
    "newer": lambda s: s.update(schema=2),
    "no rate": lambda s: s["timeline"].update(rate=None),
    "rate 0": lambda s: s["timeline"].update(rate=[0, 1]),
    "rate of text": lambda s: s["timeline"].update(rate="24"),
    "tracks": lambda s: s.update(tracks={"a": 1}),
    "track": lambda s: s.update(tracks=[7]),
    "track kind": lambda s: s["tracks"][0].update(kind="subtitle"),
    "items": lambda s: s["tracks"][0].update(items=[None]),
    "no uid": lambda s: s["tracks"][0]["items"][0].update(uid=""),
    "negative": lambda s: s["tracks"][0]["items"][0].update(frames=-1),
    "infinite": lambda s: s["tracks"][0]["items"][0].update(gain=float("inf")),
    "far": lambda s: s["tracks"][0]["items"][0].update(start=1 << 60),
    "true": lambda s: s["tracks"][0]["items"][0].update(start=True),
    "text": lambda s: s["tracks"][0]["items"][0].update(name=["a"]),
    "speed": lambda s: s["tracks"][0]["items"][0].update(speed=[1, 0]),
    "marker": lambda s: s["tracks"][0]["items"][0].update(markers=["a"]),
    "marker frame": lambda s: s.update(markers=[{"frame": 1.5}]),
    "sequence": lambda s: s["tracks"][0]["items"][0].update(kind="images", sequence="a"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_no_snapshot_can_hold_is_refused_with_its_place(name: str) -> None:
    given = snapshot(track(movie("a", 1)))
    WRONG[name](given)
    with pytest.raises(ReadError) as refused:
        document_of(given)
    assert refused.value.message
    assert refused.value.hint


def test_unknown_fields_and_odd_texts_do_no_harm() -> None:
    odd = {"OTIO_SCHEMA": "UnknownSchema.1", "later": [1]}
    clip = movie(
        "a",
        1,
        name="a\0b \ud800",
        greenroom={"role": "a\0 \ud800", "take": 10**30, **odd},
        unheld=[odd, "\ud800"],
        **odd,
    )
    timeline = read(track(clip, **odd))
    assert timeline.find_clips()[0].name == "ab ?"
    assert read_from_string(json.dumps(snapshot(track(movie("a", 1))))).name == "Scene"
    with pytest.raises(ReadError):
        read_from_string("[" * 100_000)


def test_a_snapshot_in_a_file_is_read_as_any_cut_is(tmp_path: Path) -> None:
    path = tmp_path / "scene.vse"
    path.write_text(json.dumps(full_snapshot()), "utf-8")
    timeline = read_cut(path)
    assert canonical(snapshot_of(timeline)[0]) == canonical(full_snapshot())
    told = timeline.metadata[READ_KEY]
    assert (told["format"], told["folder"]) == ("vse", str(tmp_path))


@pytest.mark.parametrize("text", ["{", "7", '{"greenroom": "edit"}', "[" * 100_000, '{"greenroom": "snapshot"}'])
def test_what_is_no_snapshot_is_refused_with_a_next_step(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scene.vse"
    path.write_text(text, "utf-8")
    with pytest.raises(ReadError) as refused:
        read_cut(path)
    assert refused.value.hint

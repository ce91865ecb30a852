# SPDX-License-Identifier: Apache-2.0
"""What damaged and hostile files do: an answer or a ReadError, never a dead process or a hang.

All files are read and walked in one child process, so that a crash would be seen, and named by its last line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from greenroom_otio import ReadError, read_cut

WALK = """
import sys, pathlib
from greenroom_otio import ReadError, read_cut, media_path
import opentimelineio as otio
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    print(path.name, end=" ", flush=True)
    try:
        timeline = read_cut(path)
    except ReadError as error:
        print("refused", bool(error.message and error.where), flush=True)
        continue
    for clip in timeline.find_clips():
        media_path(clip.media_reference, path.parent)
        try:
            clip.trimmed_range(), timeline.tracks.duration(), clip.range_in_parent()
        except (otio.exceptions.OTIOError, ValueError):
            pass
    print("read", flush=True)
"""

TIME = {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0, "value": 48.0}


def time(**fields: Any) -> dict[str, Any]:
    return {**TIME, **fields}


def clip(**fields: Any) -> dict[str, Any]:
    start = time(value=0.0)
    return {
        "OTIO_SCHEMA": "Clip.2",
        "metadata": {},
        "name": "shot",
        "source_range": {"OTIO_SCHEMA": "TimeRange.1", "duration": time(), "start_time": start},
        "effects": [],
        "markers": [],
        "enabled": True,
        "media_references": {"DEFAULT_MEDIA": {"OTIO_SCHEMA": "MissingReference.1", "metadata": {}, "name": ""}},
        "active_media_reference_key": "DEFAULT_MEDIA",
        **fields,
    }


def composition(schema: str, children: list[Any], **fields: Any) -> dict[str, Any]:
    plain = {"metadata": {}, "name": "", "source_range": None, "effects": [], "markers": [], "enabled": True}
    return {"OTIO_SCHEMA": schema, **plain, "children": children, **fields}


def cut(*children: Any, **fields: Any) -> dict[str, Any]:
    track = composition("Track.1", list(children), kind="Video", name="V1")
    stack = composition("Stack.1", [track])
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {},
        "name": "scene",
        "global_start_time": None,
        "tracks": stack,
        **fields,
    }


def sequence(**fields: Any) -> dict[str, Any]:
    reference = {
        "OTIO_SCHEMA": "ImageSequenceReference.1",
        "metadata": {},
        "name": "",
        "available_range": None,
        "target_url_base": "/m",
        "name_prefix": "a.",
        "name_suffix": ".exr",
        "start_frame": 1,
        "frame_step": 1,
        "rate": 24.0,
        "frame_zero_padding": 4,
        "missing_frame_policy": "error",
        **fields,
    }
    return clip(media_references={"DEFAULT_MEDIA": reference})


def nested_stacks(depth: int) -> bytes:
    head = '{"OTIO_SCHEMA":"Stack.1","metadata":{},"name":"","source_range":null,"effects":[],"markers":[],"children":['
    return (head * depth + "]}" * depth).encode()


def doubled_key() -> bytes:
    """OpenTimelineIO builds the first of two equal keys before the second replaces it."""
    good = json.dumps(cut(clip()))
    return good.replace(
        '"metadata": {}', '"metadata": {"a": {"OTIO_SCHEMA": "UnknownSchema.1"}}, "metadata": {}', 1
    ).encode()


CHILD_OF_ITSELF = composition("Stack.1", [], OTIO_REF_ID="Stack-1")
CHILD_OF_ITSELF["children"] = [{"OTIO_SCHEMA": "SerializableObjectRef.1", "id": "Stack-1"}]

REFUSED: dict[str, Any] = {
    "unknown-schema-as-root": {"OTIO_SCHEMA": "UnknownSchema.1"},
    "unknown-schema-in-metadata": cut(clip(metadata={"x": {"OTIO_SCHEMA": "UnknownSchema.1"}})),
    "unknown-schema-escaped": json.dumps(cut(clip(metadata={"x": {"OTIO_SCHEMA": "UnknownSchema.1"}})))
    .replace('"UnknownSchema', '"\\u0055nknownSchema')
    .encode(),
    "unknown-schema-behind-a-doubled-key": doubled_key(),
    "clip-1-with-several-references": cut(clip(OTIO_SCHEMA="Clip.1")),
    "timeline-without-tracks": cut(tracks=None),
    "timeline-with-tracks-true": cut(tracks=True),
    "stack-inside-of-itself": cut(CHILD_OF_ITSELF),
    "null-among-children": cut(None),
    "null-among-markers": cut(clip(markers=[None])),
    "null-among-effects": cut(clip(effects=[None])),
    "references-are-a-list": cut(clip(media_references=[])),
    "nested-lists-1000": b"[" * 1000 + b"]" * 1000,
    "nested-lists-100000": b'{"OTIO_SCHEMA": "Timeline.1", "metadata": {"a": '
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}}",
    "nested-lists-open": b"[" * 100_000,
    "nested-in-metadata": json.dumps(cut(clip(metadata={"a": "DEEP"})))
    .replace('"DEEP"', '{"a":' * 5000 + "1" + "}" * 5000)
    .encode(),
    "nested-behind-brackets-in-texts": json.dumps(cut(clip(metadata={"a": "DEEP"})))
    .replace('"DEEP"', '["]\\"",' * 3000 + "1" + "]" * 3000)
    .encode(),
    "nested-stacks-2000": nested_stacks(2000),
    "nested-stacks-20000": nested_stacks(20_000),
    "rate-zero": cut(clip(source_range={"OTIO_SCHEMA": "TimeRange.1", "duration": time(rate=0), "start_time": time()})),
    "rate-negative": cut(global_start_time=time(rate=-24)),
    "rate-as-text": cut(global_start_time=time(rate="24")),
    "value-not-a-number": cut(global_start_time=time(value=float("nan"))),
    "value-endless": cut(global_start_time=time(value=float("inf"))),
    "value-1e308": cut(global_start_time=time(value=1e308)),
    "time-without-rate": cut(global_start_time={"OTIO_SCHEMA": "RationalTime.1", "value": 1.0}),
    "sequence-of-two-billion-digits": cut(sequence(frame_zero_padding=2_000_000_000)),
    "sequence-with-step-zero": cut(sequence(frame_step=0)),
    "schema-of-the-future": cut(clip(OTIO_SCHEMA="Clip.99")),
    "schema-as-a-list": cut({"OTIO_SCHEMA": ["Clip.2"]}),
    "foreign-schema-as-child": cut({"OTIO_SCHEMA": "TakeRequest.1"}),
    "plugin-manifest": {"OTIO_SCHEMA": "PluginManifest.1"},
    "root-null": b"null",
    "root-number": b"1",
    "root-list": b"[]",
    "root-empty-table": b"{}",
    "empty": b"",
    "blanks": b"  \n\n ",
    "truncated": json.dumps(cut(clip())).encode()[:-30],
    "trailing-comma": b'{"OTIO_SCHEMA": "Timeline.1",}',
    "latin-1": json.dumps(cut(clip(name="caf\u00e9")), ensure_ascii=False).encode("latin-1"),
    "utf-16": json.dumps(cut(clip())).encode("utf-16"),
    "nul": json.dumps(cut(clip())).encode() + b"\0",
    "lone-surrogate": json.dumps(cut(clip(name="\ud800"))).encode(),
    "binary": bytes(range(256)) * 40,
    "digits": b'{"OTIO_SCHEMA": "Timeline.1", "a": ' + b"9" * 100_000 + b"}",
    "a-million-keys": {"OTIO_SCHEMA": "Timeline.1", "metadata": {str(number): 0 for number in range(250_000)}},
}

READ: dict[str, Any] = {
    "marker-3": cut(
        clip(
            markers=[
                {
                    "OTIO_SCHEMA": "Marker.3",
                    "metadata": {},
                    "name": "GR: actor=MARA",
                    "color": {"OTIO_SCHEMA": "Color.1", "r": 0.0, "g": 0.9, "b": 0.1, "a": 1.0, "name": "mine"},
                    "comment": "",
                    "marked_range": clip()["source_range"],
                }
            ]
        )
    ),
    "ghost-active-key": cut(clip(active_media_reference_key="greenroom.take_009")),
    "null-active-key": cut(clip(active_media_reference_key=None)),
    "no-references": cut(clip(media_references={})),
    "foreign-schema-in-metadata": cut(clip(metadata={"x": {"OTIO_SCHEMA": "TakeRequest.1", "actor": "MARA"}})),
    "odd-times-in-metadata": cut(
        clip(metadata={"hiero": {"OTIO_SCHEMA": "RationalTime.1", "rate": 0.0, "value": 1.0}})
    ),
    "infinity-in-metadata": json.dumps(cut(clip(metadata={"a": float("inf")}))).replace("Infinity", "Inf").encode(),
    "a-clip-alone": clip(),
    "fifty-nested-stacks": nested_stacks(50),
    "brackets-and-backslashes-in-texts": cut(clip(name='C:\\media\\[1001-1100].exr {"a": "\\"]"}')),
}


def test_no_file_takes_the_process_down(tmp_path: Path) -> None:
    for name, content in {**REFUSED, **READ}.items():
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (tmp_path / f"{name}.otio").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", WALK, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"died at {done.stdout.splitlines()[-1:]}: {done.stderr[-2000:]}"
    told = dict(line.split(".otio ", 1) for line in done.stdout.splitlines())
    wanted = dict.fromkeys(REFUSED, "refused True") | dict.fromkeys(READ, "read")
    assert told == wanted


@pytest.mark.parametrize("name", ["ghost-active-key", "null-active-key", "no-references"])
def test_a_ghost_of_a_media_key_is_mended_and_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "cut.otio").write_text(json.dumps(READ[name]))
    timeline = read_cut(tmp_path / "cut.otio")
    (shot,) = timeline.find_clips()
    assert shot.active_media_reference_key == "DEFAULT_MEDIA"
    assert isinstance(shot.media_reference, otio.schema.MissingReference)
    (warning,) = timeline.metadata["greenroom_read"]["warnings"]
    assert warning["code"] == "active-media"
    assert warning["where"] == "track V1, clip shot"


def test_a_marker_of_the_next_version_becomes_one_of_ours(tmp_path: Path) -> None:
    (tmp_path / "cut.otio").write_text(json.dumps(READ["marker-3"]))
    timeline = read_cut(tmp_path / "cut.otio")
    (shot,) = timeline.find_clips()
    assert (shot.markers[0].name, shot.markers[0].color) == ("GR: actor=MARA", "GREEN")


def test_a_refusal_names_track_and_clip(tmp_path: Path) -> None:
    (tmp_path / "cut.otio").write_text(json.dumps(REFUSED["rate-zero"]))
    with pytest.raises(ReadError) as caught:
        read_cut(tmp_path / "cut.otio")
    assert caught.value.where == "cut.otio, track V1, clip shot"
    assert "rate 0" in caught.value.message


def test_a_cut_that_was_cut_short_says_so(tmp_path: Path) -> None:
    (tmp_path / "cut.otio").write_bytes(json.dumps(cut(clip()), indent=1).encode()[:-60])
    with pytest.raises(ReadError, match=r"line \d+") as caught:
        read_cut(tmp_path / "cut.otio")
    assert caught.value.hint


def test_entities_in_xml_are_refused(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    (tmp_path / "cut.xml").write_text(f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><xmeml>&l9;</xmeml>')
    with pytest.raises(ReadError, match="entities"):
        read_cut(tmp_path / "cut.xml")


def test_an_adapter_that_hangs_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "cut.xml").write_text("<xmeml></xmeml>")
    with pytest.raises(ReadError, match=r"did not finish within 0\.01 s") as caught:
        read_cut(tmp_path / "cut.xml", timeout=0.01)
    assert caught.value.where == "cut.xml"


@pytest.mark.parametrize("name", ["cut.xml", "cut.fcpxml", "cut.aaf", "cut.otioz", "cut.edl"])
@pytest.mark.parametrize("data", [b"", b"\0\1\2\3" * 99, b"<xmeml", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99])
def test_files_that_are_not_what_their_suffix_says(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ReadError) as caught:
        read_cut(tmp_path / name, rate=25)
    assert caught.value.hint
    assert name in caught.value.where


@pytest.mark.parametrize("name", ["cut.ale", "cut.drp", "cut.json", "cut"])
def test_an_unknown_suffix_lists_the_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReadError, match=r"\.fcpxml"):
        read_cut(tmp_path / name)


def test_a_bundle_is_read_and_says_that_its_media_are_inside(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "cut.otioz", "w") as bundle:
        bundle.writestr("content.otio", json.dumps(cut(clip())))
    timeline = read_cut(tmp_path / "cut.otioz")
    assert timeline.name == "scene"
    assert timeline.metadata["greenroom_read"]["warnings"][0]["code"] == "media-in-bundle"


PROGRAMMERS_WORDS = ("Error", "Exception", "None", "opentimelineio", "N14", "Traceback")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("cut.xml", "<?xml version='1.0'?><xmeml version='5'><sequence><name>x", "breaks off at line 1"),
        ("cut.xml", "<xmeml version='5'></xmeml>", "holds no cut"),
        ("cut.fcpxml", "<fcpxml version='1.9'><resources>", "breaks off at line 1"),
        ("cut.fcpxml", "<fcpxml version='1.9'></fcpxml>", "holds no cut"),
    ],
)
def test_what_an_adapter_says_is_put_in_an_editors_words(tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ReadError, match=told) as caught:
        read_cut(tmp_path / name)
    assert not any(word in str(caught.value) for word in PROGRAMMERS_WORDS)


def test_an_object_of_an_unknown_kind_is_told_without_the_names_of_c(tmp_path: Path) -> None:
    timeline = otio.schema.Timeline()
    timeline.tracks.append(otio.schema.Track(children=[otio.schema.Clip("a")]))
    document = timeline.to_json_string().replace("Clip.2", "Klip.1")
    (tmp_path / "cut.otio").write_text(document)
    with pytest.raises(ReadError, match="nothing of its kind") as caught:
        read_cut(tmp_path / "cut.otio")
    assert not any(word in str(caught.value) for word in PROGRAMMERS_WORDS)


def test_a_pipe_is_no_cut(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cut.otio")
    with pytest.raises(ReadError, match="not a file"):
        read_cut(tmp_path / "cut.otio")

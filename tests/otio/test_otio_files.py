# SPDX-License-Identifier: Apache-2.0
"""Reading and writing .otio: what comes back is what was there."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from greenroom_otio import ReadError, WriteError, read_cut, write_cut

FIXTURES = Path(__file__).parent / "fixtures"


def document(timeline: otio.schema.Timeline) -> str:
    return str(otio.core.serialize_json_to_string(timeline, {}, 4))


@pytest.mark.parametrize("metadata", [{}, {"a": 1}, {"z": [1, {"b": "}"}]}, {"a": "x", "z": "\n        }"}])
def test_a_cut_comes_back_as_it_was(tmp_path: Path, metadata: dict[str, object]) -> None:
    timeline = otio.schema.Timeline("scene", metadata=metadata)
    timeline.tracks.append(otio.schema.Track("V1", [otio.schema.Clip("shot")]))
    before = document(timeline)
    (tmp_path / "in.otio").write_text(before)

    read = read_cut(tmp_path / "in.otio")
    assert read.metadata["greenroom_read"]["format"] == "otio"
    assert write_cut(read, tmp_path / "out.otio") == ()

    assert (tmp_path / "out.otio").read_text() == before
    assert read.metadata["greenroom_read"]["format"] == "otio"


def test_the_documents_own_floats_are_written_back(tmp_path: Path) -> None:
    start = otio.opentime.RationalTime(86486.625, 23.976)
    timeline = otio.schema.Timeline("scene", global_start_time=start)
    (tmp_path / "in.otio").write_text(document(timeline))
    write_cut(read_cut(tmp_path / "in.otio"), tmp_path / "out.otio")
    text = (tmp_path / "out.otio").read_text()
    assert '"rate": 23.976,' in text
    assert '"value": 86486.625' in text


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "bom.otio").write_bytes(b"\xef\xbb\xbf" + document(otio.schema.Timeline("scene")).encode())
    assert read_cut(tmp_path / "bom.otio").name == "scene"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        read_cut(tmp_path / "nothing.otio")
    assert "no such file" in caught.value.message
    assert "nothing.otio" in caught.value.where
    assert caught.value.hint


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "cut.otio").write_text("the old cut")
    timeline = otio.schema.Timeline("scene")
    with pytest.raises(WriteError, match="can't be written"):
        write_cut(timeline, tmp_path / "no folder" / "cut.otio")
    assert (tmp_path / "cut.otio").read_text() == "the old cut"
    assert [path.name for path in tmp_path.iterdir()] == ["cut.otio"]


def test_relative_media_still_lead_to_their_files_from_another_folder(tmp_path: Path) -> None:
    for name in ("cuts/media/a b.mov", "out/takes/mara.mov"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    shot = otio.schema.Clip("shot", otio.schema.ExternalReference("media/a%20b.mov"))
    take = otio.schema.ExternalReference("takes/mara.mov")  # relative to where the cut will be written
    offline = otio.schema.Clip("offline", otio.schema.ExternalReference("media/gone.mov"))
    timeline = otio.schema.Timeline("scene")
    timeline.tracks.append(otio.schema.Track("V1", [shot, offline]))
    (tmp_path / "cuts" / "in.otio").write_text(document(timeline))
    read = read_cut(tmp_path / "cuts" / "in.otio")
    (read_shot, _) = read.find_clips()
    read_shot.set_media_references({**read_shot.media_references(), "greenroom.take_001": take}, "greenroom.take_001")

    before = document(read)
    write_cut(read, tmp_path / "out" / "out.otio")
    assert document(read) == before
    written_shot, written_offline = (written := read_cut(tmp_path / "out" / "out.otio")).find_clips()
    references = written_shot.media_references()
    assert references["DEFAULT_MEDIA"].target_url == "../cuts/media/a%20b.mov"
    assert references["greenroom.take_001"].target_url == "takes/mara.mov"
    assert written_offline.media_reference.target_url == "media/gone.mov"
    assert written.name == "scene"

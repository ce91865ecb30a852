# SPDX-License-Identifier: Apache-2.0
"""Paths in, paths out: every way in which hosts write them."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from greenroom_otio import PictureFiles, media_path, url_of


@pytest.mark.parametrize("name", ["a b.mov", "a#1.mov", "what?.mov", "50%.mov", "a%20b.mov", "é 中.mov", "+&=;.mov"])
@pytest.mark.parametrize("relative", [False, True])
def test_a_path_survives_the_way_into_a_url_and_back(tmp_path: Path, name: str, relative: bool) -> None:
    file = tmp_path / "media" / name
    file.parent.mkdir()
    file.touch()
    url = url_of(file, relative_to=tmp_path if relative else None)
    assert media_path(otio.schema.ExternalReference(url), tmp_path) == file
    assert url.startswith("media/" if relative else "file:///")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/m/a b#1.mov", "/m/a b#1.mov"),
        ("file:///m/a%20b.mov", "/m/a b.mov"),
        ("file:///m/a b#1.mov", "/m/a b#1.mov"),
        ("file://localhost/m/a.mov", "/m/a.mov"),
        ("FILE:/m/a.mov", "/m/a.mov"),
        ("file:///C:/m/a.mov", "C:/m/a.mov"),
        ("file://localhost/C%3a/m/a.mov", "C:/m/a.mov"),
        ("file://C:/m/a.mov", "C:/m/a.mov"),
        ("file://nas/share/a.mov", "//nas/share/a.mov"),
        ("C:\\m\\a.mov", "C:/m/a.mov"),
        ("\\\\nas\\share\\a.mov", "//nas/share/a.mov"),
        ("media/a.mov", "/cut/media/a.mov"),
        ("./media/a%20b.mov", "/cut/media/a b.mov"),
        ("../a.mov", "/cut/../a.mov"),
    ],
)
def test_hosts_write_paths_in_many_ways(url: str, path: str) -> None:
    assert media_path(otio.schema.ExternalReference(url), "/cut") == Path(path)


@pytest.mark.parametrize(
    "reference",
    [
        otio.schema.MissingReference(),
        otio.schema.GeneratorReference(generator_kind="black"),
        otio.schema.ExternalReference(""),
        otio.schema.ExternalReference("https://example.com/a.mov"),
        otio.schema.ExternalReference("s3://bucket/a.mov"),
        otio.schema.ExternalReference("a\0b"),
    ],
)
def test_what_is_no_local_file_has_no_path(reference: otio.core.MediaReference) -> None:
    assert media_path(reference, "/cut") is None


def test_an_image_sequence_is_told_in_parts() -> None:
    time = otio.opentime.RationalTime
    reference = otio.schema.ImageSequenceReference(
        "plates/a%20b",
        "shot.",
        ".exr",
        1001,
        2,
        24,
        4,
        available_range=otio.opentime.TimeRange(time(86400, 24), time(48, 24)),
    )
    folder = Path("/cut/plates/a b")
    assert media_path(reference, "/cut") == PictureFiles(folder, "shot.", ".exr", 4, 1001, 24, 24.0, 2)

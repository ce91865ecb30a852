# SPDX-License-Identifier: Apache-2.0
"""greenroom.toml and the folder round it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from greenroom.desk.project.disks import network_kind
from greenroom.desk.project.project import Project
from greenroom.errors import ProjectError
from greenroom.media.types import Codec, Fit

PROJECT_ID = "0f5ad2b4-8d55-4b6f-9df4-0f6f2f3f9a11"


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "greenroom.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_new_project_loads_without_a_word(tmp_path: Path) -> None:
    made = Project.init(tmp_path / "Szene 1 #ä", rate="23.976")
    loaded = Project.load(tmp_path / "Szene 1 #ä")
    assert loaded == made
    assert loaded.problems == ()
    assert loaded.rate == Fraction(24000, 1001)
    assert (loaded.handles, loaded.output.codec, loaded.output.fit) == (8, Codec.PRORES, Fit.FIT)
    assert loaded.cast_folder.is_dir()


def test_two_projects_never_share_an_id(tmp_path: Path) -> None:
    assert Project.init(tmp_path / "one").id != Project.init(tmp_path / "two").id


def test_a_second_init_leaves_the_first_alone(tmp_path: Path) -> None:
    Project.init(tmp_path, handles=12)
    with pytest.raises(ProjectError, match="already"):
        Project.init(tmp_path)
    assert Project.load(tmp_path).handles == 12


def test_a_cut_finds_the_project_above_it(tmp_path: Path) -> None:
    Project.init(tmp_path)
    cut = tmp_path / "reels" / "three" / "cut.otio"
    assert Project.find(cut).folder == tmp_path


def test_without_a_project_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="greenroom init"):
        Project.find(tmp_path / "cut.otio")


def test_all_values_are_read(tmp_path: Path) -> None:
    text = f"""
    schema = 1
    id = "{PROJECT_ID}"
    handles = 12
    rate = 25
    [output]
    codec = "DNxHR"
    width = 1280
    height = 720
    fit = "fill"
    [engines]
    talk = "previz"
    [engines.previz]
    sway = 0.5
    [budget]
    limit = 12.50
    currency = "EUR"
    """
    project = Project.load(write(tmp_path, text))
    assert project.problems == ()
    assert (project.output.codec, project.output.width, project.output.fit) == (Codec.DNXHR, 1280, Fit.FILL)
    assert project.engines == {"talk": "previz"}
    assert project.engine_settings == {"previz": {"sway": 0.5}}
    assert (project.budget.limit, project.budget.currency) == (Decimal("12.5"), "EUR")


def test_a_misspelt_setting_is_a_warning_with_the_nearest(tmp_path: Path) -> None:
    project = Project.load(write(tmp_path, f'schema = 1\nid = "{PROJECT_ID}"\nhandels = 12\n[engines]\ntlak = "x"\n'))
    assert [problem.code for problem in project.problems] == ["unknown-setting", "unknown-setting"]
    assert 'Did you mean "handles"?' in project.problems[0].hint
    assert 'Did you mean "talk"?' in project.problems[1].hint


def test_all_wrong_values_are_named_at_once(tmp_path: Path) -> None:
    text = """
    schema = 1
    id = "no"
    handles = 4800
    rate = "fast"
    [output]
    codec = "dvd"
    width = 1281
    [budget]
    limit = "much"
    """
    with pytest.raises(ProjectError) as caught:
        Project.load(write(tmp_path, text))
    for name in ("id", "handles", "rate", "output.codec", "output.width has to be even", "go together", "budget.limit"):
        assert name in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('schema = 2\nid = "x"', "newer Greenroom"),
        (f'id = "{PROJECT_ID}"', "schema is missing"),
        ("schema = ", "is not TOML"),
        ("\x00\x01", "is not TOML"),
        ('schema = 1\nid = "../../etc"', "id has to be"),
    ],
)
def test_a_project_that_cannot_be_used_says_why(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        Project.load(write(tmp_path, text))


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ProjectError, match="can't be written"):
        Project.init(tmp_path / "file" / "project")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_file_is_no_project_folder(tmp_path: Path) -> None:
    file = tmp_path / "cut.otio"
    file.write_text("{}", "utf-8")
    with pytest.raises(ProjectError, match="a file, not a folder"):
        Project.init(file)


def test_settings_in_another_encoding_say_how_to_save_them(tmp_path: Path) -> None:
    Project.init(tmp_path)
    settings = tmp_path / "greenroom.toml"
    settings.write_bytes(settings.read_text("utf-8").encode("utf-16"))
    with pytest.raises(ProjectError, match=r"not text in UTF-8\. Save it as UTF-8"):
        Project.load(tmp_path)


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    Project.init(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cast", "greenroom.toml"]


MOUNTS = """\
22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw
31 22 0:44 / /mnt/the\\040show rw,relatime shared:1 - nfs4 filer:/show rw
32 22 0:45 / /mnt/ssh rw - fuse.sshfs me@host:/ rw
33 31 0:46 / /mnt/the\\040show/local rw - xfs /dev/vdb rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me", ""),
        ("/mnt/the show/reel", "nfs4"),
        ("/mnt/the show/local/me", ""),
        ("/mnt/ssh", "fuse.sshfs"),
        ("/mnt/sshd", ""),
    ],
)
def test_shares_are_told_from_local_disks(folder: str, kind: str) -> None:
    assert network_kind(Path(folder), MOUNTS) == kind

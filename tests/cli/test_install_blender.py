# SPDX-License-Identifier: Apache-2.0
"""greenroom install blender, with programs that stand for Blenders: the zips, what is asked, what is told."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom.desk.installing.blender_zip import EXTENSION, LEGACY, write_zip


@pytest.fixture
def pretend(tmp_path: Path) -> Callable[..., Path]:
    """A program that says it is a Blender of some version, notes what it was asked, and answers."""

    def make(version: str, answer: str = "greenroom add-on enabled") -> Path:
        path = tmp_path / f"blender {version}"
        code = (
            f"#!{sys.executable}\nimport json, sys\nfrom pathlib import Path\n"
            f"asked = Path({str(tmp_path / 'asked.json')!r})\n"
            "if '--version' in sys.argv:\n"
            f"    print('Blender {version}')\n"
            "else:\n"
            "    before = json.loads(asked.read_text()) if asked.exists() else []\n"
            "    asked.write_text(json.dumps([*before, sys.argv[1:]]))\n"
            f"    print({answer!r})\n"
        )
        path.write_text(code, "utf-8")
        path.chmod(0o755)
        return path

    return make


def test_the_zips_are_as_blender_wants_them(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_zip(tmp_path, EXTENSION, ["/opt/greenroom"])) as extension:
        names = extension.namelist()
        assert {"blender_manifest.toml", "__init__.py", "LICENSE"} <= set(names)
        assert json.loads(extension.read("installed_by.json")) == {"command": ["/opt/greenroom"]}
    with zipfile.ZipFile(write_zip(tmp_path, LEGACY)) as legacy:
        assert "greenroom_blender/__init__.py" in legacy.namelist()
        assert all(name.startswith("greenroom_blender/") for name in legacy.namelist())
        assert b"bl_info" in legacy.read("greenroom_blender/__init__.py")


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    one = write_zip(tmp_path / "one", EXTENSION).read_bytes()
    assert one == write_zip(tmp_path / "two", EXTENSION).read_bytes()


def test_the_addon_has_the_version_of_greenroom(tmp_path: Path) -> None:
    from greenroom import __version__

    path = write_zip(tmp_path, EXTENSION)
    assert __version__ in path.name
    with zipfile.ZipFile(path) as extension:
        assert f'version = "{__version__}"' in extension.read("blender_manifest.toml").decode()
        assert f'"version": ({__version__.replace(".", ", ")})' in extension.read("__init__.py").decode()


@pytest.mark.parametrize(("version", "kind"), [("4.5.15 LTS", "extension"), ("3.4.1", "legacy")])
def test_each_blender_gets_the_zip_that_it_takes(
    pretend: Callable[..., Path], run: Any, tmp_path: Path, version: str, kind: str
) -> None:
    ran = run("install", "blender", "--json", "--blender", pretend(version), "-o", tmp_path / "zips")
    assert ran.status == 0, ran.err
    assert ran.value["blenders"][0]["installed"]
    asked = json.loads((tmp_path / "asked.json").read_text())
    assert asked[0][-1] == ran.value[kind]
    assert Path(ran.value[kind]).is_file()


def test_a_blender_that_fails_is_told_with_its_last_words(
    pretend: Callable[..., Path], run: Any, tmp_path: Path
) -> None:
    program = pretend("4.5.0", answer="Error: no space left")
    ran = run("install", "blender", "--blender", program, "-o", tmp_path / "zips")
    assert ran.status == 1
    assert "no space left" in ran.out
    assert "drag this file" in ran.out


def test_an_old_blender_and_what_is_no_blender(pretend: Callable[..., Path], run: Any, tmp_path: Path) -> None:
    ran = run("install", "blender", "--json", "--blender", pretend("2.93.0"), "-o", tmp_path / "zips")
    assert ran.status == 1
    assert "too old" in ran.value["blenders"][0]["problem"]
    ran = run("install", "blender", "--json", "--blender", sys.executable, "-o", tmp_path / "zips")
    assert ran.status == 2
    assert "isn't Blender" in ran.error["message"]
    ran = run("install", "blender", "--json", "--blender", tmp_path / "none", "-o", tmp_path / "zips")
    assert ran.status == 2

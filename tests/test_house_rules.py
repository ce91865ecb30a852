# SPDX-License-Identifier: Apache-2.0
"""Rules of the house that a machine can check: imports point down, no mock library, no print, licences in place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "addon" / "greenroom"
ADAPTERS = ROOT / "otio_adapters" / "greenroom_otio"

# A room may import itself and the rooms named with it (docs/architecture.md).
MAY_IMPORT = {
    "errors": set(),
    "late_names": set(),
    "limits": set(),
    "frames": {"errors"},
    "media": {"errors", "late_names", "frames"},
    "cues": {"errors", "late_names", "frames", "limits", "media"},
    "cast": {"errors", "late_names", "frames", "limits", "media"},
    "takes": {"errors", "late_names", "frames", "media"},
    "perception": {"errors", "late_names", "frames", "media"},
    "engines": {"errors", "frames", "media", "cues", "takes", "perception"},  # of takes: disk, locks, spare handles
    "rights": {"errors", "late_names", "frames", "limits", "media", "cues", "cast", "takes"},
    "review": {"errors", "late_names", "frames", "limits", "media", "cues", "cast", "takes", "perception"},
    "desk": {
        "errors",
        "frames",
        "limits",
        "media",
        "cues",
        "cast",
        "takes",
        "perception",
        "engines",
        "review",
        "rights",
    },
    "hosts": {"errors", "frames", "limits", "cues", "takes", "desk"},
    "panel": {
        "errors",
        "late_names",
        "frames",
        "limits",
        "media",
        "cues",
        "cast",
        "takes",
        "perception",
        "review",
        "rights",
        "desk",
        "hosts",
    },
    "cli": {"errors", "frames", "limits", "desk", "hosts", "panel"},
    "testing": {"errors", "late_names", "frames", "media", "cues", "cast", "takes", "perception", "engines"},
}


def sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "greenroom")


def room_of(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sources(CORE), ids=lambda p: p.relative_to(CORE).as_posix())
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    if room in {"__init__", "__main__"}:
        return
    others = {m.split(".")[1] for m in imported_modules(path) if m.startswith("greenroom.")} - {room, "__version__"}
    assert others <= MAY_IMPORT[room], f"{room} must not know {others - MAY_IMPORT[room]}"


@pytest.mark.parametrize("path", sources(ADAPTERS), ids=lambda p: p.name)
def test_the_adapters_could_ship_alone(path: Path) -> None:
    allowed = set(sys.stdlib_module_names) | {"opentimelineio", "greenroom_otio"}
    assert {m.split(".")[0] for m in imported_modules(path)} <= allowed


@pytest.mark.parametrize("path", sources(ROOT / "blender_addon"), ids=lambda p: p.name)
def test_the_blender_addon_ships_alone(path: Path) -> None:
    """Blender 3.4 brings Python 3.10; nothing of ours or of others may be needed."""
    allowed = set(sys.stdlib_module_names) | {"bpy", "bpy_extras"}
    assert {m.split(".")[0] for m in imported_modules(path)} <= allowed
    text = path.read_text("utf-8")
    assert text.startswith("# SPDX-License-Identifier: GPL-3.0-or-later\n")
    ast.parse(text, feature_version=(3, 10))
    assert len(text.splitlines()) <= 500


def test_no_mock_library_in_the_tests() -> None:
    for path in sources(ROOT / "tests"):
        used = {m.split(".")[0] for m in imported_modules(path)} | set(imported_modules(path))
        assert not used & {"mock", "pytest_mock", "unittest.mock"}, path
        if path != Path(__file__).resolve():
            assert "monkeypatch.setattr" not in path.read_text("utf-8"), path


def test_every_source_file_names_its_licence() -> None:
    for path in sources(CORE) + sources(ADAPTERS) + sources(ROOT / "tests"):
        assert path.read_text("utf-8").startswith("# SPDX-License-Identifier: Apache-2.0\n"), path


def test_no_file_is_too_long_to_find_ones_way() -> None:
    long = {p.name: n for p in sources(CORE) + sources(ADAPTERS) if (n := len(p.read_text("utf-8").splitlines())) > 500}
    assert not long


def test_importing_the_core_loads_nothing_heavy() -> None:
    code = "import sys, greenroom, greenroom.errors, greenroom.frames; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "av", "cv2", "opentimelineio", "scipy", "rich"} & set(loaded)


def test_committed_files_are_small_and_name_no_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.exists():
            assert path.stat().st_size < 20 << 20, name

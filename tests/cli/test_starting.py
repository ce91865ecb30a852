# SPDX-License-Identifier: Apache-2.0
"""Starting is cheap, and help is complete."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from greenroom.cli.app import COMMANDS, app
from greenroom.cli.reference import reference

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEAVY = {"numpy", "av", "cv2", "opentimelineio", "rich", "scipy", "sqlite3", "tomlkit", "httpx", "keyring"}


def loaded_by(code: str) -> set[str]:
    script = f"import sys; {code}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    assert not loaded_by("import greenroom.cli") & (HEAVY | {"click"})


def test_version_loads_no_command() -> None:
    loaded = loaded_by("from greenroom.cli import main; assert main(['--version']) == 0")
    assert not loaded & HEAVY
    assert not [name for name in loaded if name.startswith("greenroom.cli.") and name.endswith("_commands")]


def test_help_of_every_command_loads_nothing_heavy() -> None:
    assert not loaded_by("from greenroom.cli import main; assert main(['--help']) == 0") & HEAVY


def test_version_says_which() -> None:
    from greenroom import __version__

    done = subprocess.run([sys.executable, "-m", "greenroom", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"greenroom {__version__}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_json_and_verbose(name: str) -> None:
    for words in leaves(name):
        shown = CliRunner().invoke(app, [*words, "--help"])
        assert shown.exit_code == 0
        # host speaks JSON with a program, and with nobody else; the panel is a window
        wanted = {"host": {"--help"}, "panel": {"--help", "--verbose"}}.get(name, {"--help", "--json", "--verbose"})
        assert all(option in shown.output for option in wanted), words


def leaves(name: str) -> list[list[str]]:
    """The command, or what is called below it where it only gathers others."""
    command = app.get_command(click.Context(app), name)
    if not isinstance(command, click.Group) or command.invoke_without_command:
        return [[name]]
    return [[name, each] for each in command.commands]


def test_the_page_of_commands_is_the_help_of_the_commands() -> None:
    # words, not line ends: where lines break is click's own business
    assert (DOCS / "commands.md").read_text("utf-8").split() == reference().split(), "make docs"

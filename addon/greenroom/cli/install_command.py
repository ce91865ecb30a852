# SPDX-License-Identifier: Apache-2.0
"""install: Greenroom's plug-ins, where editing programs look for them."""

from __future__ import annotations

import click

from greenroom.cli.blender_commands import install_blender_command
from greenroom.cli.resolve_commands import install_resolve_command

__all__ = ["install"]


@click.group()
def install() -> None:
    """Put Greenroom into your editing program, or take it out again (--remove)."""


install.add_command(install_blender_command)
install.add_command(install_resolve_command)

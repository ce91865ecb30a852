# SPDX-License-Identifier: Apache-2.0
"""host: the desk for a host's plug-in, which starts it as a child process."""

from __future__ import annotations

import click

__all__ = ["host"]


@click.command()
def host() -> int:
    """For plug-ins of editing programs: JSON-RPC 2.0 over stdin and stdout.

    The Blender add-on and the Resolve scripts start this by themselves. docs/host-protocol.md says what they say.
    """
    from greenroom.hosts import serve

    return serve()

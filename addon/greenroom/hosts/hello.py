# SPDX-License-Identifier: Apache-2.0
"""The first answer. It loads nothing heavy: a host waits for it with its window open."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from greenroom import __version__
from greenroom.hosts.failures import ParamsError
from greenroom.hosts.params import Params
from greenroom.hosts.protocol import PROTOCOL

__all__ = ["hello"]


def hello(params: Params) -> dict[str, Any]:
    """Who we are.

    Raises:
        ParamsError: the host speaks another protocol.
    """
    spoken = params.values.get("protocol")
    if type(spoken) is not int:
        raise ParamsError("hello needs the protocol's number", hint=f'This Greenroom speaks "protocol": {PROTOCOL}.')
    if spoken != PROTOCOL:
        older = f"pip install --upgrade greenroom (this is {__version__})"
        plug_in = f"update the {params.text('host', 'host')} plug-in: greenroom install"
        raise ParamsError(
            f"the plug-in speaks protocol {spoken}, this Greenroom {PROTOCOL}",
            hint=f"To mend it, {older if spoken > PROTOCOL else plug_in}",
        )
    return {
        "greenroom": __version__,
        "protocol": PROTOCOL,
        "engines": sorted(point.name for point in entry_points(group="greenroom.engines")),
        "project": _project_of(params.path_or_none("document")),
    }


def _project_of(document: Path | None) -> str | None:
    """By name alone: reading it would load the desk."""
    if document is None:
        return None
    return next((str(folder) for folder in document.parents if (folder / "greenroom.toml").is_file()), None)

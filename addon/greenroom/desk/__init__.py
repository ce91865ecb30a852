# SPDX-License-Identifier: Apache-2.0
"""The desk: where a cut becomes takes and a new cut. `desk.road` has a function for each command; hosts, the panel and
the command line call nothing else here.

    project/        greenroom.toml, and whether this machine can work on it
    planning/       survey (all the reading) -> plan (pure)
    generating/     plan -> takes: jobs, engines, conform, store
    writing_back/   takes -> edit plan (pure) -> applied, or taken out again
    looking/        contact sheet and preview
    reviewing/      what is measured of takes, kept beside them; the best of them
    casting/        actors that are made: candidates, character sheets, auditions
    demo/           a scene that takes the same road

What must never enter: printing, asking, a host's or an engine's own API, and opening media while planning (survey
does that). Nothing is imported here, so that a command loads what it needs and no more.
"""

from __future__ import annotations

__all__ = ["road"]


def __getattr__(name: str) -> object:
    import importlib

    if name != "road":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.road")

# SPDX-License-Identifier: Apache-2.0
"""The cast: actors as they are kept in cast/NAME/actor.toml, with their pictures.

    load_cast(folder) -> Cast               every actor of a cast folder; what is wrong with others
    find_actor(cast, written) -> Actor      by the name in a note, in any case
    save_actor(folder, name, portrait=...)  adds or updates one, keeping the editor's comments
    lacking(parts), prompt_text(parts)      a face's prompt in parts, and what a weak one lacks
    actor_version(...)                      changes with whatever a performance depends on

What must never enter: looking into pictures (perception does, the desk asks it), takes, engines, the cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.cast.load import Cast, find_actor, load_cast
    from greenroom.cast.model import Actor
    from greenroom.cast.names import folder_name
    from greenroom.cast.prompt_parts import PARTS, lacking, prompt_text
    from greenroom.cast.save import save_actor
    from greenroom.cast.version import actor_version

__all__ = [
    "PARTS",
    "Actor",
    "Cast",
    "actor_version",
    "find_actor",
    "folder_name",
    "lacking",
    "load_cast",
    "prompt_text",
    "save_actor",
]

_HOMES = {
    "PARTS": "prompt_parts",
    "Actor": "model",
    "Cast": "load",
    "actor_version": "version",
    "find_actor": "load",
    "folder_name": "names",
    "lacking": "prompt_parts",
    "load_cast": "load",
    "prompt_text": "prompt_parts",
    "save_actor": "save",
}

__getattr__ = late_names(__name__, _HOMES)

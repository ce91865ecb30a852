# SPDX-License-Identifier: Apache-2.0
"""How a written cut names its takes: relative where both move together, absolute elsewhere.

OTIO alone names files relative to itself. Of the other formats the programs that read them want whole paths.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["folder_to_name_from"]


def folder_to_name_from(output: Path, to: str | None, project: Path) -> Path | None:
    """The folder that paths of takes count from in `output`; None: they are absolute.

    Relative, where the cut lies in the project's folder or the project below the cut's: whoever moves the outer one
    takes both along.
    """
    from greenroom_otio import format_of

    if format_of(output, to) != "otio":
        return None
    folder, project = output.absolute().parent, project.absolute()
    if not (folder.is_relative_to(project) or project.is_relative_to(folder)):
        return None
    # a link on the way would lead "../" somewhere else
    relative = Path(os.path.relpath(project, folder))
    return folder if (folder / relative).resolve() == project.resolve() else None

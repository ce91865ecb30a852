# SPDX-License-Identifier: Apache-2.0
"""What a bug report needs: versions of everything, and what the doctor finds. No names of media, no keys."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from greenroom.desk.project.doctor import Health, examine

__all__ = ["about_text"]


def about_text(project: Path | None) -> str:
    """A line for each thing that was looked at."""
    lines = [f"PySide6 {_version('PySide6-Essentials')}"]
    for check in examine(project or Path.home()):
        mark = "" if check.health is Health.OK else f" ({check.health})"
        lines.append(f"{check.name}: {check.message}{mark}")
    return "\n".join(lines)


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "?"

# SPDX-License-Identifier: Apache-2.0
"""What the panel remembers of itself: window, columns, the last cut. One small file beside the user's settings."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from greenroom.desk.project.user_settings import settings_file

__all__ = ["State"]


class State:
    """Kept in panel.ini. A value of another kind than expected counts as none: the file is the user's to spoil."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or settings_file().with_name("panel.ini")
        self._kept = QSettings(str(self.file), QSettings.Format.IniFormat)

    def text(self, name: str, default: str = "") -> str:
        value = self._kept.value(name, default)
        return value if isinstance(value, str) else default

    def bytes(self, name: str) -> QByteArray:
        value = self._kept.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep(self, name: str, value: str | QByteArray) -> None:
        self._kept.setValue(name, value)

    def save(self) -> None:
        """Writes what was kept; a folder that can't be written costs the window's place and nothing else."""
        self._kept.sync()

    def last_cut(self) -> Path | None:
        """The cut that was shown last, if it is still there."""
        said = self.text("cut")
        return Path(said) if said and Path(said).is_file() else None

# SPDX-License-Identifier: Apache-2.0
"""What `greenroom install resolve` wrote beside this package: how Greenroom is started, and where its own files go."""

import json
import os
from pathlib import Path
from typing import Any, Dict, List

from greenroom_resolve.calling import ResolveError

__all__ = ["Settings"]

FILE = "greenroom_resolve.json"
ENVIRONMENT = "GREENROOM_RESOLVE_SETTINGS"  # another file, for one run


class Settings:
    """`command` starts greenroom; `data` is a folder for the undo list and the log; `project` the default project."""

    def __init__(self, values: Dict[str, Any]) -> None:
        self.command: List[str] = [str(part) for part in values.get("command") or []]
        self.data = Path(str(values.get("data") or Path.home() / ".greenroom" / "resolve"))
        self.project = str(values.get("project") or "")
        self.copy_look = bool(values.get("copy_look", False))

    @classmethod
    def read(cls) -> "Settings":
        path = Path(os.environ.get(ENVIRONMENT) or Path(__file__).resolve().parents[1] / FILE)
        try:
            values = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ResolveError(
                f"Greenroom's settings for Resolve can't be read: {error}", "Run  greenroom install resolve."
            ) from error
        return cls(values if isinstance(values, dict) else {})

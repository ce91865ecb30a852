# SPDX-License-Identifier: Apache-2.0
"""What this Resolve turned out to do where nobody has published it, kept for the next run and its dry run."""

import json
from pathlib import Path
from typing import Any, Dict

__all__ = ["Learned"]

_END_COUNTS = "take_end_counts"


class Learned:
    """A small file beside the undo lists. What is in it holds for one version of Resolve."""

    def __init__(self, folder: Path, version: str) -> None:
        self._path, self._version = folder / "learned.json", version

    @property
    def end_counts(self) -> bool:
        """Whether the end that AddTake takes is the last frame shown, and not the one after it."""
        return bool(self._held().get(self._version, {}).get(_END_COUNTS))

    def keep_end_counts(self) -> None:
        held = self._held()
        held.setdefault(self._version, {})[_END_COUNTS] = True
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(held), "utf-8")
        except OSError:
            pass  # then it is found out again

    def _held(self) -> Dict[str, Any]:
        try:
            held = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return held if isinstance(held, dict) else {}

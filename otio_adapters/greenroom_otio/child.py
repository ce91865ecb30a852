# SPDX-License-Identifier: Apache-2.0
"""The other side of `foreign`: one adapter, one file, then the process ends.

    python -m greenroom_otio.child FOLDER

FOLDER holds job.json: {"adapter", "does": "read"|"write", "path", "options", "megabytes", "seconds"}. A read leaves
cut.otio there, a write reads it. What went wrong is left in error.json: {"kind", "message"}. Adapters print to
standard output as they like: nobody listens.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

__all__ = ["main"]


class NoCut(Exception):
    """The adapter found nothing in the file, and said so by returning nothing."""


def main(folder: Path) -> int:
    """Do the job in `folder`. Exit status 0 done, 1 the adapter failed, 2 there is no such adapter."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    _bound(job["megabytes"], job["seconds"])
    step = 2
    try:
        adapter = _adapter(job["adapter"])
        step = 1
        _DOES[job["does"]](adapter, job, folder / "cut.otio")
    except Exception as error:  # noqa: BLE001  # facts: AttributeError, KeyError, UnboundLocalError, MemoryError ...
        return _tell(folder, error, step)
    return 0


def _bound(megabytes: int, seconds: int) -> None:
    """Bound memory and processor time where the system can: not on Windows, there the parent's timeout is all."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        for kind, limit in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, megabytes << 20)):
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _adapter(name: str) -> Any:
    """The adapter's module itself: called directly, so that no hook of the user's environment runs."""
    import opentimelineio as otio

    return otio.adapters.from_name(name).module()


def _read(adapter: Any, job: dict[str, Any], document: Path) -> None:
    import opentimelineio as otio

    path = Path(job["path"])
    if hasattr(adapter, "read_from_string"):
        found = adapter.read_from_string(path.read_text(encoding="utf-8"), **job["options"])
    else:
        found = adapter.read_from_file(str(path), **job["options"])
    if isinstance(found, list):
        found = otio.schema.SerializableCollection(children=found)
    if not isinstance(found, otio.core.SerializableObject):
        raise NoCut
    document.write_text(otio.core.serialize_json_to_string(found, {}, -1), encoding="utf-8")


def _write(adapter: Any, job: dict[str, Any], document: Path) -> None:
    import opentimelineio as otio

    timeline = otio.core.deserialize_json_from_string(document.read_text(encoding="utf-8"))
    path = Path(job["path"])
    if hasattr(adapter, "write_to_string"):
        path.write_text(adapter.write_to_string(timeline, **job["options"]), encoding="utf-8", newline="\n")
    else:
        adapter.write_to_file(timeline, str(path), **job["options"])


def _tell(folder: Path, error: Exception, status: int) -> int:
    told = {"kind": type(error).__name__, "message": str(error)[:2000]}
    (folder / "error.json").write_text(json.dumps(told), encoding="utf-8")
    return status


_DOES = {"read": _read, "write": _write}

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

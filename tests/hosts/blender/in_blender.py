# SPDX-License-Identifier: Apache-2.0
"""Runs one scenario inside a real Blender and writes what came of it: `python in_blender.py FILE FUNCTION FOLDER`.

Blender may crash while it ends, after all is done and judged, so the result file is the verdict and the process ends
without Blender's own tidying.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
ADDON = HERE.parents[2] / "blender_addon"


def load(name: str, path: Path) -> ModuleType:
    """A module or a package (`path` is its __init__.py) under a name of our choice."""
    folders = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folders)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    file, function, folder = sys.argv[-3:]
    began = time.monotonic()
    result = {"passed": False, "said": ""}
    try:
        sys.path.insert(0, str(HERE))
        addon = load("greenroom_addon", ADDON / "__init__.py")
        from stage import Stage

        stage = Stage(Path(folder), addon)
        scenario = load("scenario", HERE / "scenarios" / f"{file}.py")
        result["said"] = getattr(scenario, function)(stage) or ""
        result["passed"] = True
    finally:
        if not result["passed"]:
            result["said"] = traceback.format_exc()
        result["seconds"] = round(time.monotonic() - began, 2)
        (Path(folder) / "result.json").write_text(json.dumps(result), "utf-8")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()

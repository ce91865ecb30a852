# SPDX-License-Identifier: Apache-2.0
"""What the commands of rights print with --json is what the schema says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "greenroom.schema.json").read_text("utf-8"))


def check(value: dict[str, Any]) -> None:
    name = value["schema"].replace("/", "~1")
    schema = {"$schema": SCHEMA["$schema"], "$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(value)


def test_every_command(scene: Any, run: Callable[..., Any]) -> None:
    scene.configure('consent = "warn"')
    scene.generate()
    shutil.copyfile("media/tom.mov", "export.mov")
    for words in (
        ["consent", "add", "mara", "--who", "Jane"],
        ["consent", "add", "tom", "--who", "Tom", "--media", "media/tom*", "--covers", "face"],
        ["consent", "list"],
        ["consent", "check", "cut.otio"],
        ["sign", "--init"],
        ["verify", "made.otio"],
        ["sign", "export.mov", "--cut", "made.otio"],
        ["verify", "export.mov"],
        ["disclose", "made.otio", "-o", "record"],
        ["consent", "withdraw", "mara", "--cut", "made.otio", "-o", "without.otio"],
    ):
        check(json.loads(run(*words, "--json")[1]))
    check(json.loads(Path("record/disclosure.json").read_text("utf-8")))

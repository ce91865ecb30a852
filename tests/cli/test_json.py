# SPDX-License-Identifier: Apache-2.0
"""What --json prints is what docs/json.md and its schema say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = json.loads((DOCS / "greenroom.schema.json").read_text("utf-8"))
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", (DOCS / "json.md").read_text("utf-8"), re.S)]
NAMES = [name for name in SCHEMA["$defs"] if "/" in name]


def strict(node: Any) -> Any:
    """The schema with no room for keys that it doesn't name: a key nobody documented is a mistake."""
    if isinstance(node, list):
        return [strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: strict(each) for key, each in node.items()}
    if "properties" in made and made.get("type") == "object":
        made["additionalProperties"] = False
    return made


STRICT = strict(SCHEMA["$defs"])


def check(value: dict[str, Any], name: str) -> None:
    assert value["schema"] == name
    escaped = name.replace("/", "~1")
    schema = {"$schema": SCHEMA["$schema"], "$ref": f"#/$defs/{escaped}", "$defs": STRICT}
    jsonschema.Draft202012Validator(schema).validate(value)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_schema_has_its_example() -> None:
    assert sorted(example["schema"] for example in EXAMPLES) == sorted(NAMES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["schema"])
def test_examples_are_as_the_schema_says(example: dict[str, Any]) -> None:
    check(example, example["schema"])


def test_a_key_too_many_is_noticed() -> None:
    with pytest.raises(jsonschema.ValidationError):
        check(EXAMPLES[-1] | {"extra": 1}, EXAMPLES[-1]["schema"])


def test_commands_without_takes(run: Callable[..., Any], two_cues: Path, drawn_portrait: Path, tmp_path: Path) -> None:
    check(run("init", tmp_path / "other", "--json").value, "greenroom.init/1")
    check(run("cast", "list", "--json").value, "greenroom.cast-list/1")
    check(run("cast", "show", "MARA", "--json").value, "greenroom.cast-show/1")
    check(
        run("cast", "add", "ada", "--portrait", drawn_portrait, "--seed", "7", "--json").value, "greenroom.cast-add/1"
    )
    check(run("engines", "--json").value, "greenroom.engines/1")
    check(run("doctor", "--json").value, "greenroom.doctor/1")
    cues = run("cues", two_cues, "--json").value
    check(cues, "greenroom.cues/1")
    assert [cue["id"] for cue in cues["cues"]] == ["aaaa", "bbbb"]
    assert len(cues["suggestions"]) == 1
    plan = run("plan", two_cues, "--json").value
    check(plan, "greenroom.plan/1")
    assert (plan["to_make"], plan["cached"], plan["cost"]) == (3, 0, "0")
    check(run("takes", two_cues, "--json").value, "greenroom.takes/1")
    check(run("cues", "gone.otio", "--json").error, "greenroom.error/1")


def test_keys(tmp_path: Path) -> None:
    # in processes of their own: keyring chooses its backend once, and must not find the user's own keys
    own = {"GREENROOM_KEYS": str(tmp_path / "keys.toml"), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}

    def keys(*words: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "greenroom", "keys", *words, "--json"]
        done = subprocess.run(command, input="abc", env=os.environ | own, capture_output=True, text=True, check=True)
        value: dict[str, Any] = json.loads(done.stdout)
        return value

    kept, listed, removed = keys("set", "fal"), keys("list"), keys("remove", "fal")
    check(kept, "greenroom.keys-set/1")
    check(listed, "greenroom.keys-list/1")
    check(removed, "greenroom.keys-remove/1")
    assert kept["kept_in"] == listed["hosts"][0]["places"][-1] == removed["removed_from"][0] == own["GREENROOM_KEYS"]


def test_the_road_from_notes_to_takes_and_back(run: Callable[..., Any], two_cues: Path, project: Path) -> None:
    generated = run("generate", two_cues, "-o", "new.otio", "--json")
    assert (generated.status, generated.err) == (0, "")
    check(generated.value, "greenroom.generate/1")
    assert generated.value["complete"]
    assert generated.value["counts"]["made"] == 3
    again = run("generate", two_cues, "-o", "new.otio", "--json").value
    assert (again["jobs"], again["plan"]["cached"]) == ([], 3)
    takes = run("takes", two_cues, "--json").value
    check(takes, "greenroom.takes/1")
    assert [len(each["takes"]) for each in takes["cues"]] == [1, 2]
    first = takes["cues"][0]["takes"][0]
    assert (first["frames"], first["head"], first["tail"]) == (32, 8, 8)
    assert (project / first["media"]).is_file()
    check(run("circle", "bbbb", "1", "--json").value, "greenroom.circle/1")
    applied = run("apply", two_cues, "-o", "new.edl", "--json").value
    check(applied, "greenroom.apply/1")
    assert "take 1 of bbbb" in applied["summary"][1]
    assert applied["losses"]
    restored = run("restore", "new.otio", "-o", "back.otio", "--json").value
    check(restored, "greenroom.restore/1")
    assert restored["clips"] == 2
    check(run("sheet", two_cues, "-o", "sheet.png", "--json").value, "greenroom.sheet/1")
    preview = run("preview", two_cues, "-o", "preview.mov", "--width", "320", "--json").value
    check(preview, "greenroom.preview/1")
    assert preview["count"] == 48

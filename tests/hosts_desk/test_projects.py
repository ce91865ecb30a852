# SPDX-License-Identifier: Apache-2.0
"""First use from a host: a project, a cast, and whether the machine can work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from greenroom.media import write_png


def test_a_project_and_an_actor_are_made_from_the_host(child: Any, tmp_path: Path, project: Path) -> None:
    folder = tmp_path / "new film"
    made = child.call("init", folder=str(folder), rate=[25, 1], handles=12)
    assert made["project"] == str(folder)
    assert made["handles"] == 12
    assert "already" in child.error("init", folder=str(folder))["message"]
    assert child.call("cast", project=str(folder))["actors"] == []
    portrait = next((project / "cast").glob("mara/*.png"))
    added = child.call("add_actor", name="Mara", portrait=str(portrait), project=str(folder))
    assert not added["updated"]
    (actor,) = child.call("cast", project=str(folder))["actors"]
    assert actor["name"] == "mara"
    assert Path(actor["portrait"]).is_file()


def test_a_portrait_that_shows_nobody_is_refused_with_what_is_wrong(child: Any, tmp_path: Path, project: Path) -> None:
    write_png(tmp_path / "wall.png", np.full((600, 800, 3), 90, np.uint8))
    error = child.error("add_actor", name="theo", portrait=str(tmp_path / "wall.png"), project=str(project))
    assert error["data"]["kind"] == "cast"
    assert "face" in error["message"]


def test_engines_and_doctor_answer(child: Any, project: Path) -> None:
    names = [engine["name"] for engine in child.call("engines", project=str(project))["engines"]]
    assert "previz" in names
    said = child.call("doctor", project=str(project))
    assert {"name", "health", "message", "hint"} <= set(said["checks"][0])


def test_a_folder_without_a_project_is_said_to_be_one(child: Any, tmp_path: Path) -> None:
    for method in ("cast", "jobs", "resume"):
        error = child.error(method, project=str(tmp_path))
        assert error["data"]["kind"] == "project"
        assert "greenroom init" in error["data"]["hint"]

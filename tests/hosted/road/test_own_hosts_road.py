# SPDX-License-Identifier: Apache-2.0
"""From a cue to a conformed take by Kling, DashScope, a ComfyUI and a Cog container."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from greenroom.media.probe import probe

REPLACE = {
    "1": {"class_type": "LoadVideo", "inputs": {"file": "x.mp4"}, "_meta": {"title": "greenroom:stand_in"}},
    "2": {"class_type": "LoadImage", "inputs": {"image": "x.png"}, "_meta": {"title": "greenroom:portrait"}},
    "3": {"class_type": "WanAnimateToVideo", "inputs": {"seed": 1, "video": ["1", 0], "reference_image": ["2", 0]}},
    "4": {"class_type": "SaveVideo", "inputs": {"video": ["3", 0], "filename_prefix": "wan"}},
}

COG = """
[models."fabric-1.0".hosts.cog]
endpoint = "fabric"
inputs = { image = "portrait:close", audio = "dialogue" }
"""


def taken(made: Any) -> list[int | None]:
    assert [result.message for result in made.report.results if result.take is None] == []
    return [probe(take.media).frames for take in made.report.takes]


def test_takes_by_kling(scene: Any, open_host: Callable[..., Any]) -> None:
    kling = open_host("kling")
    scene.placeholder("GR: actor=mara mode=talk engine=kling-avatar-v2@kling", frames=48)
    made = scene.generate()
    assert taken(made) == [48 + 8]
    assert (kling.billed(), kling.leaks()) == (1, [])
    assert kling.jobs[0].key  # the job can be asked for by our own id


def test_takes_by_dashscope(scene: Any, open_host: Callable[..., Any]) -> None:
    dashscope = open_host("dashscope")
    scene.stand_in("GR: actor=mara mode=replace engine=wan-2.2-animate-replace@dashscope", frames=48)
    scene.placeholder("GR: actor=mara mode=animate engine=wan-2.7-r2v@dashscope", frames=48)
    assert taken(scene.generate()) == [48 + 8] * 2
    assert dashscope.billed() == 2
    assert dashscope.leaks() == []


def test_takes_by_a_comfyui_of_the_studio(scene: Any, open_host: Callable[..., Any]) -> None:
    comfyui = open_host("comfyui")
    (scene.folder / "wan-2.2-animate-replace.json").write_text(json.dumps(REPLACE))
    scene.stand_in("GR: actor=mara mode=replace engine=wan-2.2-animate-replace@comfyui", frames=48)
    assert taken(scene.generate()) == [48 + 8]
    assert comfyui.billed() == 1


def test_takes_by_a_cog_container(scene: Any, open_host: Callable[..., Any]) -> None:
    cog = open_host("cog")
    scene.configure(COG)
    file = scene.folder / "greenroom.toml"
    file.write_text(file.read_text("utf-8").replace("[budget]\n", "[budget]\nlimit = 0\nask_above = 0\n"), "utf-8")
    scene.placeholder("GR: actor=mara mode=talk engine=fabric-1.0@cog", frames=48)
    assert taken(scene.generate()) == [48 + 8]  # your own machine costs nothing
    assert cog.billed() == 1

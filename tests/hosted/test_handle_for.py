# SPDX-License-Identifier: Apache-2.0
"""A handle that is made of an id that a person found is the handle that the host's own answer would have made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from greenroom.engines.contract import Succeeded
from greenroom.engines.hosted.hosts.cog import CogHost
from greenroom.engines.hosted.hosts.comfyui import ComfyUIHost
from greenroom.engines.hosted.hosts.dashscope import DashScopeHost
from greenroom.engines.hosted.hosts.fal import FalHost
from greenroom.engines.hosted.hosts.kling import KlingHost
from greenroom.errors import EngineError
from greenroom.testing.servers import serve


@pytest.mark.parametrize("name", ["fal", "replicate", "sync"])
def test_it_is_the_same_handle_and_leads_to_the_movie(name: str, order_at: Callable[..., Any]) -> None:
    ordered = order_at(name)
    answered = ordered.submit()
    made = ordered.studio.new_host().handle_for(answered["id"], ordered.endpoint, "job-1")
    assert made == answered
    assert ordered.studio.wait(made) == Succeeded()
    assert ordered.studio.fetch(made).stat().st_size > 1000


@pytest.mark.parametrize("endpoint", ["v1/videos/avatar/image2video", "motion-control/kling-3.0"])
def test_a_task_of_klings_is_asked_for_where_its_endpoint_has_it(endpoint: str, wire_to: Callable[..., Any]) -> None:
    with serve("kling", polls=0) as server:
        host = KlingHost(wire_to(server))
        inputs = {"image": "iVBORw"} if endpoint.startswith("v1/") else {"contents.image": "iVBORw"}
        answered = asyncio.run(host.submit(endpoint, inputs, job="job-1"))
        assert host.handle_for(answered["id"], endpoint, "job-1") == answered


def test_dashscope_and_comfyui_need_the_id_alone(make_wire: Callable[..., Any], server: Any) -> None:
    api = server.url
    dashscope = DashScopeHost(make_wire()).handle_for("task-7", "wan2.7-r2v", "job-1")
    assert dashscope == {"host": "dashscope", "api": api, "id": "task-7", "job": "job-1"}
    prompt = "8b2c8f0e-1111-5222-8333-444455556666"
    comfyui = ComfyUIHost(make_wire()).handle_for(prompt, "talk.json", "job-1")
    assert comfyui == {"host": "comfyui", "api": api, "id": prompt}


def test_requests_of_a_workflow_lie_under_its_three_names(make_wire: Callable[..., Any], server: Any) -> None:
    handle = FalHost(make_wire()).handle_for("r-1", "workflows/studio/talk", "job-1")
    assert handle["status_url"] == f"{server.url}/workflows/studio/talk/requests/r-1/status"
    assert httpx.URL(handle["response_url"]).path == "/workflows/studio/talk/requests/r-1"


def test_a_container_has_no_job_to_go_back_to(make_wire: Callable[..., Any]) -> None:
    with pytest.raises(EngineError, match="each answer once"):
        CogHost(make_wire()).handle_for("p-1", "model", "job-1")

# SPDX-License-Identifier: Apache-2.0
"""Where hosts are: defaults, greenroom.toml, environment, and what is refused."""

from __future__ import annotations

import pytest

from greenroom.engines.hosted.settings import HOSTS, host_settings, read_hosts
from greenroom.errors import InputError, ProjectError


def bases(name: str, table: dict[str, object] | None = None, **environ: str) -> tuple[str, str, str]:
    settings = host_settings(name, table, environ)
    return settings.api, settings.upload, settings.media


def test_defaults() -> None:
    assert bases("fal") == ("https://queue.fal.run", "https://rest.fal.ai", "https://v3.fal.media")
    assert {name for name, settings in HOSTS.items() if not settings.needs_key} == {"comfyui", "cog"}


def test_the_environment_goes_before_the_project() -> None:
    table: dict[str, object] = {"url": "https://project.example"}
    assert bases("fal", table)[0] == "https://project.example"
    assert bases("fal", table, GREENROOM_FAL_URL="https://environ.example/")[0] == "https://environ.example"


def test_one_address_moves_all_three_so_that_nothing_goes_past_a_gateway() -> None:
    assert set(bases("fal", {"url": "https://gate.example/fal/"})) == {"https://gate.example/fal"}
    assert bases("fal", {"url": "https://gate.example"}, GREENROOM_FAL_MEDIA_URL="https://media.example") == (
        "https://gate.example",
        "https://gate.example",
        "https://media.example",
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("gate.example", "not an address"),
        ("ftp://gate.example", "not an address"),
        ("https://", "not an address"),
        ("https://gate.example:port", "not an address"),
        ("https://gate.example/?key=very-secret", "not an address"),
        ("https://me:very-secret@gate.example", "must not carry a name or password"),
        ("http://gate.example", "without encryption"),
        ("http://192.168.1.5:8188", "plain_http = true"),
    ],
)
def test_addresses_that_cannot_be_used(value: str, words: str) -> None:
    with pytest.raises(ProjectError, match=words) as caught:
        host_settings("comfyui", {"url": value}, {})
    assert "hosts.comfyui.url" in str(caught.value)
    assert "very-secret" not in str(caught.value)
    with pytest.raises(ProjectError, match="GREENROOM_COMFYUI_URL"):
        host_settings("comfyui", {}, {"GREENROOM_COMFYUI_URL": value})


@pytest.mark.parametrize("value", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"])
def test_this_machine_may_be_spoken_to_plainly(value: str) -> None:
    assert bases("fal", {"url": value})[0] == value


def test_a_server_in_a_trusted_network_may_too() -> None:
    table: dict[str, object] = {"url": "http://192.168.1.5:8188", "plain_http": True}
    assert bases("comfyui", table)[0] == "http://192.168.1.5:8188"


def test_a_key_in_the_project_is_refused_and_not_repeated() -> None:
    with pytest.raises(ProjectError, match="greenroom keys set fal") as caught:
        read_hosts({"fal": {"api_key": "very-secret"}}, environ={})
    assert "very-secret" not in str(caught.value)


def test_odd_settings_are_warnings_with_the_nearest() -> None:
    hosts, problems = read_hosts({"fal": {"urls": "x"}, "fall": {}}, environ={})
    assert hosts["fal"] == HOSTS["fal"]
    assert [str(problem).partition("Known")[0].strip() for problem in problems] == [
        'greenroom.toml: hosts.fal.urls is not a setting and is left out. Did you mean "url"?',
        'greenroom.toml: hosts.fall is not a host and is left out. Did you mean "fal"?',
    ]
    with pytest.raises(ProjectError, match="has to be a table"):
        read_hosts({"fal": "https://x.example"}, environ={})


def test_an_unknown_host_names_the_nearest() -> None:
    with pytest.raises(InputError, match='Did you mean "dashscope"'):
        host_settings("dashscop", {}, {})
    assert host_settings("FAL", {}, {}).name == "fal"


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://queue.fal.run/fal-ai/x", True),
        ("https://QUEUE.fal.run:443/x", True),
        ("https://v3.fal.media/files/x", True),
        ("http://queue.fal.run/x", False),
        ("https://queue.fal.run:8443/x", False),
        ("https://queue.fal.run.evil.example/x", False),
        ("https://queue.fal.run@evil.example/x", False),
        ("https://evil.example/https://queue.fal.run", False),
    ],
)
def test_own_addresses_are_the_same_scheme_name_and_port(url: str, own: bool) -> None:
    assert HOSTS["fal"].owns(url) is own


def test_limits_are_whole_numbers() -> None:
    settings = host_settings("fal", {"jobs_at_once": 4, "requests_a_minute": 100}, {})
    assert (settings.jobs_at_once, settings.requests_a_minute) == (4, 100)
    assert host_settings("fal", {}, {}).jobs_at_once is None


@pytest.mark.parametrize("value", [0, -1, "4", 1.5, True])
def test_limits_that_cannot_be_used(value: object) -> None:
    with pytest.raises(ProjectError, match="is no limit") as caught:
        host_settings("fal", {"requests_a_minute": value}, {})
    assert "hosts.fal.requests_a_minute" in caught.value.where

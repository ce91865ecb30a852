# SPDX-License-Identifier: Apache-2.0
"""Where each host is, and how it wants its key: defaults, greenroom.toml's [hosts.NAME], the environment.

    [hosts.fal]
    url = "https://gateway.studio.example/fal"    # also GREENROOM_FAL_URL
    upload_url = "..."                            # also GREENROOM_FAL_UPLOAD_URL
    media_url = "..."                             # also GREENROOM_FAL_MEDIA_URL
    jobs_at_once = 4                              # of all desks of the project together
    requests_a_minute = 100                       # likewise

The environment goes first. Who sets `url` alone moves all three there: behind a studio's gateway, nothing may go past
it by accident. Addresses are https. http is for this machine (loopback); a server in the studio's own network needs
`plain_http = true`, because keys and pictures can then be read on the way.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

from greenroom.errors import InputError, Problem, ProjectError, Severity, nearest

__all__ = ["HOSTS", "HostSettings", "host_settings", "is_loopback", "known_host", "origin", "read_hosts"]

_KEYS = ("url", "upload_url", "media_url", "plain_http", "jobs_at_once", "requests_a_minute")
_SECRETS = re.compile(r"key|token|secret|password", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class HostSettings:
    """One host. `api`, `upload` and `media` are base addresses without a slash at the end.

    The key travels in the header `key_header` as `key_prefix` + key. `key_variables` are the environment variables that
    are looked into for it, in this order. `needs_key` is False for servers of the user's own.
    """

    name: str
    title: str
    api: str
    upload: str
    media: str
    key_variables: tuple[str, ...]
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    needs_key: bool = True
    plain_http: bool = False
    keys_page: str = ""  # where a key is made
    jobs_at_once: int | None = None  # None: no limit but the host's own
    requests_a_minute: int | None = None

    def owns(self, url: str) -> bool:
        """Whether `url` is at one of this host's own addresses: same scheme, name and port. Only there the key goes."""
        return origin(url) in {origin(base) for base in (self.api, self.upload, self.media)}


def _known(name: str, title: str, api: str, *others: str, variable: str = "", **more: Any) -> HostSettings:
    upload, media = others or (api, api)
    ours = f"GREENROOM_{name.upper()}_KEY"
    variables = (ours, variable) if variable else (ours,)
    return HostSettings(name, title, api, upload, media, variables, **more)


HOSTS: Mapping[str, HostSettings] = {
    settings.name: settings
    for settings in (
        _known(
            "fal",
            "fal",
            "https://queue.fal.run",
            "https://rest.fal.ai",
            "https://v3.fal.media",
            variable="FAL_KEY",
            key_prefix="Key ",
            keys_page="https://fal.ai/dashboard/keys",
        ),
        _known(
            "replicate",
            "Replicate",
            "https://api.replicate.com",
            "https://api.replicate.com",
            "https://replicate.delivery",
            variable="REPLICATE_API_TOKEN",
            keys_page="https://replicate.com/account/api-tokens",
        ),
        _known(
            "sync",
            "sync.so",
            "https://api.sync.so",
            variable="SYNC_API_KEY",
            key_header="x-api-key",
            key_prefix="",
            keys_page="https://sync.so/settings/api-keys",
        ),
        _known("kling", "Kling", "https://api-singapore.klingai.com", variable="KLING_API_KEY"),
        _known("dashscope", "DashScope", "https://dashscope-intl.aliyuncs.com", variable="DASHSCOPE_API_KEY"),
        _known("comfyui", "ComfyUI", "http://127.0.0.1:8188", needs_key=False),
        _known("cog", "Cog container", "http://127.0.0.1:5000", needs_key=False),
    )
}
"""Defaults, as the providers' own clients and pages have them (2026-11)."""


def known_host(name: str) -> HostSettings:
    """The defaults of the host called `name`, in any case.

    Raises:
        InputError: none is; the hint names the nearest.
    """
    if name.casefold() not in HOSTS:
        raise InputError(f'no host is called "{name}"', hint=nearest(name, HOSTS))
    return HOSTS[name.casefold()]


def host_settings(
    name: str, table: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> HostSettings:
    """The host `name`, with what [hosts.NAME] (`table`) and the environment say.

    Raises:
        InputError: no such host.
        ProjectError: an address that can't be used; the message names where it was set.
    """
    table, environ = table or {}, os.environ if environ is None else environ
    default = known_host(name)
    name = default.name
    plain = table.get("plain_http", False) is True
    chosen: dict[str, str] = {}
    for field, key in (("api", "url"), ("upload", "upload_url"), ("media", "media_url")):
        value, where = _asked(name, key, table, environ)
        if value is not None:
            chosen[field] = _checked(value, where, plain)
    fallback = chosen.get("api")
    return replace(
        default,
        api=fallback or default.api,
        upload=chosen.get("upload") or fallback or default.upload,
        media=chosen.get("media") or fallback or default.media,
        plain_http=plain,
        jobs_at_once=_limit(name, "jobs_at_once", table),
        requests_a_minute=_limit(name, "requests_a_minute", table),
    )


def read_hosts(
    table: Mapping[str, Any], where: str = "greenroom.toml", environ: Mapping[str, str] | None = None
) -> tuple[dict[str, HostSettings], tuple[Problem, ...]]:
    """Every known host as the [hosts] table of a greenroom.toml and the environment have it, and warnings.

    Raises:
        ProjectError: addresses that can't be used, or a key in greenroom.toml (its value is not repeated).
    """
    warnings = []
    for name, own in table.items():
        if name not in HOSTS:
            warnings.append(_warning(f"hosts.{name} is not a host and is left out", nearest(name, HOSTS), where))
        elif not isinstance(own, Mapping):
            hint = f'Write [hosts.{name}] and below it url = "https://...".'
            raise ProjectError(f"hosts.{name} has to be a table", hint=hint, where=where)
        else:
            warnings += _odd_keys(name, own, where)
    return {name: host_settings(name, table.get(name), environ) for name in HOSTS}, tuple(warnings)


def is_loopback(name: str) -> bool:
    """Whether a host's name is this machine, without asking DNS."""
    if name.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _asked(name: str, key: str, table: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[str | None, str]:
    variable = f"GREENROOM_{name.upper()}_{key.upper()}"
    if environ.get(variable, "").strip():
        return environ[variable].strip(), variable
    value = table.get(key)
    return (None if value is None else str(value).strip()), f"greenroom.toml: hosts.{name}.{key}"


def _checked(value: str, where: str, plain_http: bool) -> str:
    try:
        parts = urlsplit(value)
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_a_number = SplitResult("", "", "", "", ""), False
    if parts.scheme not in _PORTS or not parts.hostname or not port_is_a_number or parts.query or parts.fragment:
        # not repeated in the message: an address can carry a password
        raise ProjectError("is not an address", hint='Write it like "https://host.example/path".', where=where)
    if parts.username or parts.password:
        raise ProjectError(
            "an address must not carry a name or password",
            hint="Keep the key apart: greenroom keys set HOST",
            where=where,
        )
    if parts.scheme == "http" and not (plain_http or is_loopback(parts.hostname)):
        raise ProjectError(
            f"{parts.hostname} would be spoken to without encryption",
            hint="Write https://, or plain_http = true in [hosts.NAME] for a server in a network that you trust.",
            where=where,
        )
    return value.rstrip("/")


def _limit(name: str, key: str, table: Mapping[str, Any]) -> int | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        hint = f"Write a whole number from 1, or leave the line out: {key} = 4"
        raise ProjectError("is no limit", hint=hint, where=f"greenroom.toml: hosts.{name}.{key}")
    return value


def _odd_keys(name: str, table: Mapping[str, Any], where: str) -> list[Problem]:
    odd = [key for key in table if key not in _KEYS]
    for key in odd:
        if _SECRETS.search(key):
            raise ProjectError(
                f"hosts.{name}.{key}: a key has no place in a project, which is handed on",
                hint=f"Take the line out, and: greenroom keys set {name}",
                where=where,
            )
    return [_warning(f"hosts.{name}.{key} is not a setting and is left out", nearest(key, _KEYS), where) for key in odd]


def _warning(message: str, hint: str, where: str) -> Problem:
    return Problem(Severity.WARNING, "unknown-setting", message, hint, where)


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, name and port of an address: what tells one server from another."""
    parts = urlsplit(url)
    scheme = parts.scheme.casefold()
    return scheme, (parts.hostname or "").casefold(), parts.port or _PORTS.get(scheme)

# SPDX-License-Identifier: Apache-2.0
"""What a host says about an error, in one line and without secrets.

Hosts put it under many names: {"detail": "..."} (Replicate, fal), {"detail": [{"loc", "msg", "type"}]} (fal, Cog),
{"error": "..."} or {"error": {"message": "..."}} (Cog, ComfyUI, which has "node_errors" beside it),
{"message": "...", "code": ...} (Kling, DashScope, sync.so).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["node_words", "providers_words", "without"]

_LONGEST = 300  # letters: a paragraph, not a page
_NAMES = ("detail", "message", "error", "msg", "title", "errorCode", "code")
_QUERY = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]*")
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def providers_words(body: bytes, secrets: Iterable[str] = ()) -> str:
    """The error message in a host's answer; "" where there is none."""
    text = body[:65536].decode("utf-8", errors="replace")
    try:
        said = _said(json.loads(text))
    except ValueError:
        said = _TAGS.sub(" ", text)
    return without(said, secrets)


def without(text: str, secrets: Iterable[str]) -> str:
    """`text` on one line, without these secrets and without the signatures that addresses carry."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "(withheld)")
    text = " ".join(_QUERY.sub(r"\1?(withheld)", text).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def node_words(nodes: Any) -> str:
    """What ComfyUI's "node_errors" say; "" where there are none."""
    if not isinstance(nodes, Mapping):
        return ""
    said = []
    for number, node in nodes.items():
        for error in node.get("errors", ()) if isinstance(node, Mapping) else ():
            words = ": ".join(str(error[name]) for name in ("message", "details") if error.get(name))
            said.append(f"node {number} ({node.get('class_type', '?')}): {words}")
    return "; ".join(said[:5])


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        if nodes := node_words(value.get("node_errors")):
            return nodes
        place = ".".join(str(part) for part in value.get("loc", ()) if part != "body") if "msg" in value else ""
        found = next((said for name in _NAMES if (said := _said(value.get(name)))), "")
        return f"{place}: {found}" if place and found else found
    if isinstance(value, list):
        return "; ".join(said for each in value[:5] if (said := _said(each)))
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""

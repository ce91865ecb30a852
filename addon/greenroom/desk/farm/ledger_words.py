# SPDX-License-Identifier: Apache-2.0
"""What a desk and the process that serves a project's ledger say to each other: one JSON object a line, over TLS.

    desk     {"hello": 1, "version": "1.0", "project": ID, "owner": NAME, "desk": NAME, "new": true}
    owner    {"lease": 30.0, "version": "1.0"}
    desk     {"number": 7, "call": "claim", "arguments": {"job_id": "7f3a-001-..."}}
    owner    {"number": 7, "value": true}            or {"number": 7, "error": {...}}
    desk     {"call": "beat"}                        the desk is alive; so does every other word of it
    desk     {"call": "leave"}                       it lets go of all that it has

Numbers count a desk's questions. After a line was cut the desk says hello again and asks the last question again, under
its number: what changes something is carried out once, and its answer kept, in one transaction.
"""

from __future__ import annotations

import json
from typing import Any

from greenroom.errors import StoreError

__all__ = ["HELLO", "LONGEST_LINE", "line_of", "message_of"]

HELLO = 1
"""Raised when these words change."""

LONGEST_LINE = 256 << 20  # bytes: a project of 100,000 takes lists them in about 100 MB


def line_of(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"


def message_of(line: bytes) -> dict[str, Any]:
    """Raises StoreError where the line is no message."""
    try:
        message = json.loads(line.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise StoreError("what came over the ledger's line is no message") from error
    if not isinstance(message, dict):
        raise StoreError("what came over the ledger's line is no message")
    return message

# SPDX-License-Identifier: Apache-2.0
"""docs/host-protocol.md, made of protocol.py. `make docs` writes it; a test compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from greenroom.hosts.protocol import EDITS, ERROR_CODES, METHODS, NOTIFICATIONS, SNAPSHOT, STATES, Message

__all__ = ["page"]

_HEAD = """\
# The host protocol

For those who write a plug-in for an editing program. Made of `addon/greenroom/hosts/protocol.py` by `make docs`; a
test holds it against that.

A plug-in starts `greenroom host` as a child process and talks to it over its pipes: JSON-RPC 2.0, one message a line,
UTF-8, `\\n` at the end. Requests are answered in any order, by id; the child also sends notifications, which have no
id. stdout carries nothing else, logs go to stderr. The plug-in needs nothing but a JSON library: it sends its timeline
as plain values (a *snapshot*), and applies *edits*. All thinking is in the child, and it is the same as for a file.

```
host    {"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"protocol": 1, "host": "blender"}}
child   {"jsonrpc": "2.0", "id": 1, "result": {"greenroom": "0.1.0", "protocol": 1, "engines": [...], "project": null}}
host    {"jsonrpc": "2.0", "id": 2, "method": "generate", "params": {"snapshot": {...}, "only": ["uid of a strip"]}}
child   {"jsonrpc": "2.0", "id": 2, "result": {"batch": "b1"}}
child   {"jsonrpc": "2.0", "method": "progress", "params": {"batch": "b1", "item": "uid", "state": "running", ...}}
child   {"jsonrpc": "2.0", "method": "finished", "params": {"batch": "b1", "edits": [{"do": ...}], "made": 1, ...}}
```

- All positions are whole frames at the timeline's rate, counted as the host counts. Rates are
  `[numerator, denominator]`. Paths are absolute. Members that one side doesn't know are passed over.
- Names that end in `?` may be left out.
- The host closes stdin (or dies): the child stops work where it can be taken up again, and ends. SIGTERM does the same.
- A batch that was cut short, also by a crash, goes on with `resume`, which a plug-in sends when a document is opened.
- A bad line gets an error, and work goes on. Keep stderr: what is there is for a bug report.
- Read stdout in a thread of your own, or the child waits for you. Draw from your own event loop.
- On Windows open the pipes in binary, and give the child no console window.
"""

_ERRORS = """\
`{"code", "message", "data": {"kind", "hint", "where", "problems"}}`. `message` and `hint` are for editors: show both.
`kind` is stable: project, timeline, cast, cue, plan, budget, quote, consent, payment-unknown, params and others. A
PROBLEM is `{"severity": "error" | "warning" | "note", "code", "message", "hint", "where"}`.
"""
_EDITING = """\
An edit is an object whose `do` is its name. A host applies them in order, as one step to undo. It first looks whether
the item is still there and where it was; what isn't is kept aside and told, and `apply` gives it again.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join(
        [
            _HEAD,
            "## Methods\n",
            *(_method(each) for each in METHODS),
            "## Notifications\n",
            *(_section(each) for each in NOTIFICATIONS),
            "`state` of progress:\n",
            _table(STATES, ("state", "meaning")),
            "## Errors\n",
            _ERRORS,
            _table({str(code): meaning for code, meaning in ERROR_CODES.items()}, ("code", "meaning")),
            "## The snapshot\n",
            "OpenTimelineIO reads one too: the adapter `greenroom_vse`, suffix `.vse`.\n",
            *(_section(each) for each in SNAPSHOT),
            "## Edits\n",
            _EDITING,
            *(_section(each) for each in EDITS),
        ]
    )


def _method(message: Message) -> str:
    lines = [f"### {message.name}\n", f"{message.meaning}\n"]
    if message.members:
        lines.append(_table(message.members, ("parameter", "")))
    if message.result:
        lines.append(_table(message.result, ("result", "")))
    return "\n".join(lines)


def _section(message: Message) -> str:
    said = [f"{message.meaning}\n"] if message.meaning else []
    return "\n".join([f"### {message.name}\n", *said, _table(message.members, ("member", ""))])


def _table(rows: Mapping[str, str], head: tuple[str, str]) -> str:
    return "\n".join([*_rows([head, ("---", "---")]), *_rows((f"`{key}`", text) for key, text in rows.items()), ""])


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for left, right in rows:
        yield f"| {left} | {right.replace('|', chr(92) + '|')} |"

# SPDX-License-Identifier: Apache-2.0
"""Errors of this package: OpenTimelineIO's own root, with message, next step and place.

OTIOError
├── ReadError     a cut that can't be read, or isn't one
│   └── AdapterFailed   another's adapter gave up; `kind` is the name of its error
└── WriteError    a cut that can't be written so
"""

from __future__ import annotations

import opentimelineio as otio

__all__ = ["AdapterFailed", "ReadError", "WriteError"]


class _CutError(otio.exceptions.OTIOError):  # type: ignore[misc]  # OpenTimelineIO has no types
    """`hint` is the next step, `where` the place as an editor finds it: file, line, track, clip."""

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        stop = "" if text.endswith((".", "?", "!", ":")) else "."
        return f"{text}{stop} {self.hint}" if self.hint else text


class ReadError(_CutError):
    """A cut that can't be read, or isn't one."""


class AdapterFailed(ReadError):
    """Another's adapter gave up on a file. Its error's class is in `kind`, for code; the message is for editors."""

    def __init__(self, message: str, *, hint: str = "", where: str = "", kind: str = "") -> None:
        super().__init__(message, hint=hint, where=where)
        self.kind = kind


class WriteError(_CutError):
    """A cut that can't be written so."""

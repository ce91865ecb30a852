# SPDX-License-Identifier: Apache-2.0
"""Errors as they stand on the wire."""

from __future__ import annotations

import traceback
from typing import Any

from greenroom.errors import GreenroomError, InputError, PlanError
from greenroom.hosts.protocol import INTERNAL_ERROR, INVALID_PARAMS

__all__ = ["ParamsError", "error_of", "wire_error"]


class ParamsError(InputError):
    """A parameter is missing or of a wrong type: the plug-in's fault, not the editor's."""


def wire_error(code: int, message: str, *, hint: str = "", kind: str = "", where: str = "") -> dict[str, Any]:
    data = {"kind": kind, "hint": hint, "where": where, "problems": []}
    return {"code": code, "message": message, "data": data}


def error_of(error: Exception) -> dict[str, Any]:
    """An exception as the error of an answer. What isn't ours is told on stderr with its traceback too."""
    if isinstance(error, GreenroomError):
        from greenroom.desk.as_json import problems_json

        code = INVALID_PARAMS if isinstance(error, ParamsError) else error.exit_status
        made = wire_error(code, error.message, hint=error.hint, kind=error.problem().code, where=error.where)
        made["data"]["problems"] = problems_json(error.problems) if isinstance(error, PlanError) else []
        return made
    if isinstance(error, OSError):
        where = str(error.filename or "")
        message = error.strerror or str(error)
        return wire_error(2, message, hint="Check the path, the disk and its permissions.", kind="system", where=where)
    traceback.print_exception(error)
    message = f"something broke that should not have ({type(error).__name__}: {error!s:.300})"
    return wire_error(
        INTERNAL_ERROR, message, hint="Please report it, with greenroom doctor's output.", kind="unexpected"
    )

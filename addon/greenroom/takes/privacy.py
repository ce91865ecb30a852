# SPDX-License-Identifier: Apache-2.0
"""Nothing secret and nothing of this machine goes into a ledger or a take.json (promise 8).

Keys belong into headers, and engines find them again in the environment, so a handle works without them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

__all__ = ["WITHHELD", "plain", "portable_path", "without_paths", "without_secrets"]

WITHHELD = "(withheld)"
_SECRET_NAME = re.compile(
    r"(^|[_.-])(api[_-]?key|access[_-]?key|private[_-]?key|secret([_-]?key)?|password|passwd|passphrase"
    r"|(access[_-]?|auth[_-]?|api[_-]?|bearer[_-]?|session[_-]?)?token|authorization|credentials?|cookie)$",
    re.IGNORECASE,
)
_SECRET_IN_TEXT = re.compile(
    r"(?i)([?&](?:api_?key|key|token|access_token|auth|secret|password)=|\bbearer\s+|\bkey\s+(?=[\w-]*\d))([^\s&\"']{6,})"
)


def without_secrets(value: Any) -> Any:
    """`value` (plain JSON) with everything that looks like a key withheld: by its name, or in an address."""
    if isinstance(value, Mapping):
        return {
            str(key): WITHHELD if _SECRET_NAME.search(str(key)) and item else without_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    if isinstance(value, str):
        return _SECRET_IN_TEXT.sub(lambda match: match[1] + WITHHELD, value)
    return value


def portable_path(path: Path, project: Path) -> str:
    """The path as a take.json may hold it: relative to the project with '/', or only the name if it lies outside."""
    try:
        return path.resolve().relative_to(project.resolve()).as_posix()
    except ValueError:
        return path.name


def without_paths(value: Any, folders: Mapping[str, Path]) -> Any:
    """`value` (plain JSON) without this machine's paths.

    Each of `folders` is written as its name; any other absolute path is cut down to the file's name.
    """
    if isinstance(value, Mapping):
        return {str(key): without_paths(item, folders) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_paths(item, folders) for item in value]
    if isinstance(value, Path):
        value = str(value)
    if not isinstance(value, str):
        return value
    for name, folder in folders.items():
        value = value.replace(str(folder), name)
    return _file_name(value)


def _file_name(text: str) -> str:
    if "\n" in text or "://" in text:
        return text
    if PurePosixPath(text).is_absolute():
        return PurePosixPath(text).name or text
    return PureWindowsPath(text).name if PureWindowsPath(text).is_absolute() else text


def plain(value: Any) -> Any:
    """`value` as plain JSON: fractions, decimals and paths as text, tuples as lists, keys as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = [plain(item) for item in value]
        return sorted(items, key=str) if isinstance(value, set | frozenset) else items
    item = getattr(value, "item", None)  # a numpy scalar
    return plain(item()) if callable(item) else str(value)

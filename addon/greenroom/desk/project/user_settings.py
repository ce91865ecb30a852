# SPDX-License-Identifier: Apache-2.0
"""What a user sets once for all projects: settings.toml in the user's configuration folder.

    [budget]
    ask_above = 5.00     # a run that costs more needs --yes, where the project says nothing else

The environment variable GREENROOM_SETTINGS names another file.
"""

from __future__ import annotations

import os
import tomllib
from decimal import Decimal, InvalidOperation
from pathlib import Path

from greenroom.errors import ProjectError

__all__ = ["ask_above", "settings_file"]


def settings_file() -> Path:
    """Where the settings lie, whether or not they are there."""
    chosen = os.environ.get("GREENROOM_SETTINGS")
    if chosen:
        return Path(chosen)
    from platformdirs import user_config_dir

    return Path(user_config_dir("greenroom", appauthor=False)) / "settings.toml"


def ask_above() -> Decimal | None:
    """The sum above which this user wants to be asked; None where nothing is set.

    Raises:
        ProjectError: the file is there and can't be used: a limit that isn't read is none.
    """
    file = settings_file()
    try:
        table = tomllib.loads(file.read_text("utf-8-sig"))
        value = table.get("budget", {}).get("ask_above")
        amount = None if value is None else Decimal(str(value))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError, InvalidOperation) as error:
        raise _unusable(file) from error
    if amount is not None and not (amount.is_finite() and amount >= 0):
        raise _unusable(file)
    return amount


def _unusable(file: Path) -> ProjectError:
    hint = "Write two lines: [budget] and ask_above = 5.00"
    return ProjectError("the sum to be asked above can't be read", hint=hint, where=str(file))

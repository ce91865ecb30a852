# SPDX-License-Identifier: Apache-2.0
"""Words of the model in the user's language. What an editor writes into notes (modes, names) stays as it is written."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PySide6.QtGui import QGuiApplication

__all__ = ["aligned", "isolated", "word"]

_WORDS = (
    # where a cue is
    QT_TRANSLATE_NOOP("Words", "error"),
    QT_TRANSLATE_NOOP("Words", "unknown"),
    QT_TRANSLATE_NOOP("Words", "failed"),
    QT_TRANSLATE_NOOP("Words", "stopped"),
    QT_TRANSLATE_NOOP("Words", "running"),
    QT_TRANSLATE_NOOP("Words", "open"),
    QT_TRANSLATE_NOOP("Words", "takes"),
    QT_TRANSLATE_NOOP("Words", "circled"),
    QT_TRANSLATE_NOOP("Words", "suggested"),
    # where a take on its way is
    QT_TRANSLATE_NOOP("Words", "planned"),
    QT_TRANSLATE_NOOP("Words", "submitting"),
    QT_TRANSLATE_NOOP("Words", "performing"),
    QT_TRANSLATE_NOOP("Words", "fetched"),
    QT_TRANSLATE_NOOP("Words", "finishing"),
    QT_TRANSLATE_NOOP("Words", "publishing"),
    QT_TRANSLATE_NOOP("Words", "published"),
    QT_TRANSLATE_NOOP("Words", "reviewing"),
    # settings
    QT_TRANSLATE_NOOP("Words", "dark"),
    QT_TRANSLATE_NOOP("Words", "light"),
    QT_TRANSLATE_NOOP("Words", "system"),
    QT_TRANSLATE_NOOP("Words", "hosted"),
    QT_TRANSLATE_NOOP("Words", "all"),
    QT_TRANSLATE_NOOP("Words", "none"),
    QT_TRANSLATE_NOOP("Words", "fit"),
    QT_TRANSLATE_NOOP("Words", "fill"),
    QT_TRANSLATE_NOOP("Words", "crop"),
)


def word(text: str) -> str:
    """`text` as it is shown; a word that isn't known stays as it is."""
    return QCoreApplication.translate("Words", text)


def aligned(text: str) -> str:
    """Rich text that begins where the window's own does, whatever script its first word is of."""
    mark = "\u200f" if QGuiApplication.isRightToLeft() else "\u200e"
    return f"{mark}{text}" if text else ""


def isolated(text: str) -> str:
    """A name of any script beside others: one that runs right to left doesn't draw its neighbours along."""
    return f"\u2068{text}\u2069"

# SPDX-License-Identifier: Apache-2.0
"""How the panel looks: one dark and one light palette, and sizes in device-independent pixels.

Colours of states are used in small marks only; words always stand beside them, for those who can't tell them apart.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel

__all__ = ["DARK", "GAP", "LIGHT", "PALETTES", "POSTER", "ROW", "Colours", "choose_style", "colours", "use_style"]

PALETTES = ("dark", "light", "system")  # the first is what counts where nothing is chosen
_COLOUR = re.compile(r"""(style=["']color:)(#[0-9a-f]{6})""")

GAP = 6  # between things
ROW = 30  # a row of a table: a poster of 16:9 and two pixels round it
POSTER = (48, 27)


@dataclass(frozen=True)
class Colours:
    """The colours of one palette. Texts and lights have a contrast of 4.5 or more on `window`, `base` and `raised`."""

    window: str
    base: str
    raised: str
    line: str
    text: str
    dim: str
    accent: str
    on_accent: str
    green: str
    amber: str
    red: str
    violet: str

    def of_light(self, light: str) -> str:
        """The colour of a review's light, a severity or a status; "" where it has none."""
        return {
            "green": self.green,
            "amber": self.amber,
            "red": self.red,
            "error": self.red,
            "failed": self.red,
            "unknown": self.violet,
            "warning": self.amber,
            "stopped": self.amber,
            "note": self.dim,
            "running": self.accent,
            "takes": self.green,
            "circled": self.green,
        }.get(light, "")


DARK = Colours(
    window="#232427",
    base="#1a1b1d",
    raised="#2e3033",
    line="#3a3c40",
    text="#d8d9db",
    dim="#95989d",
    accent="#5b93d3",
    on_accent="#0f1113",
    green="#62a873",
    amber="#d2a44a",
    red="#e88783",
    violet="#b08ad6",
)
LIGHT = Colours(
    window="#ececee",
    base="#fbfbfc",
    raised="#dfe0e3",
    line="#c4c6ca",
    text="#1d1e20",
    dim="#5f6368",
    accent="#2c66ad",
    on_accent="#ffffff",
    green="#236638",
    amber="#795500",
    red="#b3362f",
    violet="#6d3fa8",
)

_shown = [DARK]


def colours() -> Colours:
    """Those in use."""
    return _shown[0]


def choose_style(application: QApplication, palette: str, scheme: Qt.ColorScheme | None = None) -> None:
    """Dark, light, or as the system says, now or with the `scheme` that it changes to; dark where it says nothing.
    What is shown changes at once.
    """
    hints, schemes = application.styleHints(), Qt.ColorScheme
    # title bars and the system's own dialogs are of the same kind
    hints.setColorScheme({"dark": schemes.Dark, "light": schemes.Light}.get(palette, schemes.Unknown))
    by_system = palette == "system" and (scheme or hints.colorScheme()) is schemes.Light
    use_style(application, light=palette == "light" or by_system)


def use_style(application: QApplication, *, light: bool = False) -> None:
    """Gives the application its palette; the widgets are Qt's own Fusion on every system."""
    before, use = _shown[0], LIGHT if light else DARK
    if application.styleSheet() and use is before:
        return
    _shown[0] = use
    if not application.styleSheet():
        application.setStyle("Fusion")
    application.setPalette(_palette(use))
    application.setStyleSheet(_sheet(use))
    _recolour(before, use)


def _recolour(before: Colours, now: Colours) -> None:
    """What stands in texts with the colours of before. A name that an editor wrote has its quotes escaped there."""
    instead: dict[str, str] = dict(zip(astuple(before), astuple(now), strict=True))

    def other(found: re.Match[str]) -> str:
        return f"{found[1]}{instead.get(found[2], found[2])}"

    for widget in QApplication.allWidgets():
        if isinstance(widget, QLabel) and _COLOUR.search(widget.text()):
            widget.setText(_COLOUR.sub(other, widget.text()))


def _palette(use: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for where, colour in (
        (role.Window, use.window),
        (role.WindowText, use.text),
        (role.Base, use.base),
        (role.AlternateBase, use.window),
        (role.Text, use.text),
        (role.PlaceholderText, use.dim),
        (role.Button, use.raised),
        (role.ButtonText, use.text),
        (role.BrightText, use.red),
        (role.Highlight, use.accent),
        (role.HighlightedText, use.on_accent),
        (role.ToolTipBase, use.raised),
        (role.ToolTipText, use.text),
        (role.Link, use.accent),
        (role.Light, use.raised),
        (role.Midlight, use.raised),
        (role.Mid, use.line),
        (role.Dark, use.base),
        (role.Shadow, use.base),
    ):
        palette.setColor(where, QColor(colour))
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, QColor(use.dim))
    return palette


def _sheet(use: Colours) -> str:
    """Flat: Fusion draws gradients on headers, buttons and bars."""
    return f"""
    QHeaderView::section {{ background: {use.window}; color: {use.dim}; border: none;
        border-right: 1px solid {use.line}; border-bottom: 1px solid {use.line}; padding: 2px 6px; }}
    QTableView, QListView, QTreeView {{ border: none; gridline-color: {use.window}; }}
    QPushButton, QToolButton {{ background: {use.raised}; border: 1px solid {use.line}; border-radius: 3px;
        padding: 3px 10px; }}
    QPushButton:hover, QToolButton:hover {{ border-color: {use.dim}; }}
    QPushButton:focus, QToolButton:focus {{ border-color: {use.accent}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {use.dim}; background: {use.window}; }}
    QPushButton:checked, QToolButton:checked {{ background: {use.accent}; color: {use.on_accent}; }}
    QPushButton[primary="true"]:enabled {{ background: {use.accent}; color: {use.on_accent}; }}
    QToolButton[popupMode="2"] {{ padding-right: 20px; }}
    QToolButton::menu-indicator {{ subcontrol-origin: padding; subcontrol-position: center right; right: 5px; }}
    QLineEdit, QComboBox, QPlainTextEdit {{ background: {use.base}; border: 1px solid {use.line};
        border-radius: 3px; padding: 2px 4px; }}
    QComboBox::drop-down {{ border: none; width: 18px; }}
    QComboBox::down-arrow {{ width: 0; height: 0; border-left: 4px solid {use.base}; border-right: 4px solid {use.base};
        border-top: 5px solid {use.text}; }}
    QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus {{ border-color: {use.accent}; }}
    QProgressBar {{ background: {use.base}; border: 1px solid {use.line}; border-radius: 2px; text-align: center; }}
    QProgressBar::chunk {{ background: {use.accent}; }}
    QSplitter::handle {{ background: {use.line}; }}
    QSplitter::handle:horizontal {{ width: 1px; }}
    QSplitter::handle:vertical {{ height: 1px; }}
    QTabWidget::pane {{ border: 1px solid {use.line}; background: {use.window}; }}
    QTabBar::tab {{ background: {use.window}; color: {use.dim}; border: 1px solid {use.line}; padding: 4px 12px; }}
    QTabBar::tab:selected {{ background: {use.raised}; color: {use.text}; }}
    QTabBar::tab:focus {{ color: {use.accent}; }}
    QFrame[line="true"] {{ background: {use.line}; border: none; }}
    QStatusBar {{ color: {use.dim}; }}
    QStatusBar::item {{ border: none; }}
    QLabel[dim="true"] {{ color: {use.dim}; }}
    QLabel[heading="true"] {{ font-weight: 600; }}
    QToolTip {{ color: {use.text}; background: {use.raised}; border: 1px solid {use.line}; }}
    """

# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a window's layout, as words: text that its box cuts off, and widgets that lie over one another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSplitterHandle,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QWidget,
)

__all__ = ["contrast", "layout_faults"]

_PAD = 4  # pixels that a text needs beside itself in a button, a head or a field
_SLACK = 1  # Qt rounds sizes of text up


def layout_faults(window: QWidget) -> list[str]:
    """All that is cut off or covered in what `window` shows now; [] is well.

    Labels with the property "elided" shorten their text themselves.
    """
    faults = list(_overlaps(window))
    for widget in _shown(window):
        faults += [f"{_name(widget)}: {fault}" for fault in (*_cut_off(widget), *_overlaps(widget))]
    return faults


def contrast(one: str, other: str) -> float:
    """The contrast of two colours "#rrggbb", 1 to 21, as WCAG 2 measures it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _shown(window: QWidget) -> Iterator[QWidget]:
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and widget.window() is window and not widget.visibleRegion().isEmpty():
            yield widget


def _name(widget: QWidget) -> str:
    text = getattr(widget, "text", lambda: "")() if isinstance(widget, QLabel | QAbstractButton) else ""
    called = widget.accessibleName() or str(text)[:40] or widget.objectName()
    return f"{type(widget).__name__} {called!r} {widget.width()} x {widget.height()}"


def _cut_off(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel):
        yield from _label(widget)
    elif isinstance(widget, QAbstractButton) and widget.text() and _shows_text(widget):
        yield from _line(widget, widget.text().replace("&", ""), widget.width())
    elif isinstance(widget, QComboBox):
        option = QStyleOptionComboBox()
        widget.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = widget.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, widget)
        yield from _line(widget, widget.currentText(), room.width() + _PAD)
    elif isinstance(widget, QLineEdit) and not widget.text():
        yield from _line(widget, widget.placeholderText(), widget.width() - 2 * _PAD)
    elif isinstance(widget, QTabBar):
        for place in range(widget.count()):
            yield from _line(widget, widget.tabText(place), widget.tabRect(place).width() - 2 * _PAD)
    elif isinstance(widget, QHeaderView) and widget.orientation() is Qt.Orientation.Horizontal:
        yield from _heads(widget)
    parent = widget.parentWidget()
    if parent is not None and not _scrolls(parent):
        room = parent.rect()
        if not room.contains(widget.geometry()):
            yield f"reaches out of its parent, {room.width()} x {room.height()}"


def _shows_text(button: QAbstractButton) -> bool:
    style = getattr(button, "toolButtonStyle", None)
    return style is None or style() is not Qt.ToolButtonStyle.ToolButtonIconOnly or button.icon().isNull()


def _label(label: QLabel) -> Iterator[str]:
    if label.property("elided") or not label.text():
        return
    needs: QSize = label.minimumSizeHint() if label.wordWrap() else label.sizeHint()
    height = label.heightForWidth(label.width()) if label.wordWrap() else needs.height()
    if needs.width() > label.width() + _SLACK and not (label.wordWrap() and label.pixmap().isNull() is False):
        yield f"its text is {needs.width()} wide"
    if height > label.height() + _SLACK:
        yield f"its text is {height} high"


def _line(widget: QWidget, text: str, room: int) -> Iterator[str]:
    wide = widget.fontMetrics().horizontalAdvance(text)
    if wide > room + _SLACK:
        yield f"{text!r} is {wide} wide and has {room}"
    if text and widget.fontMetrics().height() > widget.height() + _SLACK:
        yield f"{text!r} is {widget.fontMetrics().height()} high"


def _heads(head: QHeaderView) -> Iterator[str]:
    for place in range(head.count()):
        text = str(head.model().headerData(place, Qt.Orientation.Horizontal) or "")
        if not head.isSectionHidden(place):
            yield from _line(head, text, head.sectionSize(place) - 2 * _PAD)


def _scrolls(widget: QWidget) -> bool:
    above = widget.parentWidget()
    return isinstance(above, QAbstractScrollArea) and above.viewport() is widget


def _overlaps(parent: QWidget) -> Iterator[str]:
    if isinstance(parent, QAbstractScrollArea | QLineEdit | QComboBox):
        return  # what lies in those is laid out by Qt: bars beside the viewport, buttons in the margin
    children = [
        child
        for child in parent.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if child.isVisible() and not child.isWindow() and not isinstance(child, QSplitterHandle)
    ]
    for one, other in combinations(children, 2):
        both = one.geometry().intersected(other.geometry())
        if both.width() > 0 and both.height() > 0:
            yield f"{_name(one)} lies over {_name(other)}"

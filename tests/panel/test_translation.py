# SPDX-License-Identifier: Apache-2.0
"""The panel's texts in another language: found by Qt's tools, translated, and shown."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication

import greenroom.panel
from greenroom.panel.window import Window
from greenroom.panel.words import word

TRANSLATED = {("Window", "Save cut with takes"): "Schnitt mit Takes sichern", ("Words", "stopped"): "angehalten"}


def tool(name: str, *words: str | Path) -> None:
    """One of PySide6's own, which `make translations` calls too."""
    folder = Path(sys.executable).parent
    subprocess.run([folder / f"pyside6-{name}", *words], check=True, capture_output=True)


@pytest.fixture
def german(tmp_path: Path, qapp: QApplication) -> Iterator[set[tuple[str, str]]]:
    """All texts that were found, by context. A few are translated, and in use."""
    sources = sorted(Path(greenroom.panel.__file__).parent.rglob("*.py"))
    file = tmp_path / "greenroom_de.ts"
    tool("lupdate", *sources, "-ts", file)
    document = ElementTree.parse(file)
    found = set()
    for context in document.iter("context"):
        for message in context.iter("message"):
            key = (context.findtext("name", ""), message.findtext("source", ""))
            found.add(key)
            translation = message.find("translation")
            if translation is not None and key in TRANSLATED:
                translation.attrib.clear()
                translation.text = TRANSLATED[key]
    document.write(file, "utf-8", xml_declaration=True)
    tool("lrelease", file)
    translator = QTranslator()
    assert translator.load(str(file.with_suffix(".qm")))
    qapp.installTranslator(translator)
    yield found
    qapp.removeTranslator(translator)


def test_texts_are_found_and_shown_in_another_language(
    german: set[tuple[str, str]], new_window: Callable[[], Window]
) -> None:
    assert set(TRANSLATED) <= german
    assert new_window().actions_by_name["apply"].text() == "Schnitt mit Takes sichern"
    assert (word("stopped"), word("mara")) == ("angehalten", "mara")

# SPDX-License-Identifier: Apache-2.0
"""The change list as JSON, CSV, one HTML page, and markers in the cut. All are made of the same frozen values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenroom.desk.recut.conform import Conformed

__all__ = ["write_reports"]


def write_reports(made: Conformed, *, csv: Path | None = None, html: Path | None = None) -> None:
    """Writes the reports that were asked for."""
    from greenroom.desk.recut.reports.as_csv import csv_text
    from greenroom.desk.recut.reports.as_html import html_text
    from greenroom.takes.disk import write_atomically

    if csv is not None:
        write_atomically(csv, csv_text(made).encode("utf-8-sig"))  # without the mark, spreadsheets read Latin-1
    if html is not None:
        write_atomically(html, html_text(made).encode())

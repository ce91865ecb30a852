# SPDX-License-Identifier: Apache-2.0
"""Handing a cut on: turnovers for the next department, and cue sheets for whoever works in spreadsheets.

What must never enter this room: making takes, changing the ledger, or writing into the project's own folders.
"""

__all__: list[str] = []

# SPDX-License-Identifier: Apache-2.0
"""Runs: making takes in a process of its own, which goes on when the window is closed, and following it.

    order.py      what was asked for, as a file
    child.py      the process: performs an order, and writes down what happens
    following.py  reads what a run has written so far

A run is a few files beside the project's ledger: NAME.json (the order), NAME.jsonl (what happened, a line each),
NAME.lock (locked while its process lives) and, once somebody wants it stopped, NAME.stop. So every panel on the project
sees every run, whoever began it, and no process id is ever guessed at. The ledger stays the truth of what was sent and
made; these files only tell how it goes.

What must never enter: Qt, and anything that the ledger has to know.
"""

from __future__ import annotations

__all__: list[str] = []

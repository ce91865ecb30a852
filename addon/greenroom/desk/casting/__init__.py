# SPDX-License-Identifier: Apache-2.0
"""Casting: actors that are made, not found. Candidates out of a prompt, character sheets, auditions.

    candidates.py   cast new: portraits out of prompt parts; cast pick: one of them becomes the actor's
    views.py        cast sheet: the same face from other sides, held against the portrait by likeness.py
    audition.py     the same portrait and line by several engines
    board.py        contact sheets of all of these
    pictures.py     from what an engine delivered to a picture that can be kept

All of it takes the road of a cut's takes: jobs in the same ledger, quoted before and paid once, in folders of their own
(takes/cast-NAME, takes/sheet-NAME, takes/audition-NAME), which no cue on a cut is called by.

What must never enter: a cut that an editor works on, and a way of paying of its own.
"""

from __future__ import annotations

__all__: list[str] = []

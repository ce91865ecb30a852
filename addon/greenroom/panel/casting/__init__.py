# SPDX-License-Identifier: Apache-2.0
"""The cast: who acts, with portrait and sheet, prompt parts, seed, voice and consent; actors out of dropped pictures.

    cards.py      the cast as values
    examined.py   a portrait that was looked over: what is wrong, and where in the picture
    requests.py   sheets and auditions: the quote, and the child process that makes them
    view.py       the view; the other modules are its parts

What must never enter: a judgement of a portrait (perception's), a price (the desk's), anything slow on the main thread.
The first three know no Qt. The names below are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.panel.casting.view import CastView

__all__ = ["CastView"]

__getattr__ = late_names(__name__, {"CastView": "view"})

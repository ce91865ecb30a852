# SPDX-License-Identifier: Apache-2.0
"""What has to be said of a cut: shot by shot, in sums, and by the rules of those who ask.

    facts.py    shots and sums as plain values
    ruling.py   rule files (rights/rules/*.toml, and the user's own): what they ask, and what the facts answer
    pages.py    the record as HTML, CSV and JSON

What must never enter: legal advice. A rule file asks for facts, and says where it got its questions from.
"""

from __future__ import annotations

__all__: list[str] = []

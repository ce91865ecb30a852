# SPDX-License-Identifier: Apache-2.0
"""What speaks against a take before a frame is made or paid for: rules with numbers (GR101 ...), as data in rules.toml.

    table.py    the table, and how a project switches its rules
    facts.py    what is known of a cue: plain values that the desk reads once
    check.py    all rules over all cues; each rule is a function from facts to what is wrong, in a module by subject

The table stands for the other problems of the program too, so that `greenroom explain` knows every one. What must
never enter here: the desk and engines, prices, and anything that is made or mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.review.preflight.check import check_cues
    from greenroom.review.preflight.facts import CueFacts
    from greenroom.review.preflight.table import LEVELS, Rule, find_rule, rule_code, rules, switched

__all__ = ["LEVELS", "CueFacts", "Rule", "check_cues", "find_rule", "rule_code", "rules", "switched"]

_HOMES = {
    "CueFacts": "facts",
    "LEVELS": "table",
    "Rule": "table",
    "check_cues": "check",
    "find_rule": "table",
    "rule_code": "table",
    "rules": "table",
    "switched": "table",
}

__getattr__ = late_names(__name__, _HOMES)

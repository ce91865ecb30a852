# SPDX-License-Identifier: Apache-2.0
"""The rules of preflight, explained: one of them, or all, as plain JSON."""

from __future__ import annotations

from typing import Any

from greenroom.review.preflight.table import Rule, find_rule, rules

__all__ = ["explain"]


def explain(name: str = "") -> dict[str, Any]:
    """greenroom.explain/1: the rule that is called so (GR101, or the code of a problem), or all.

    Raises:
        InputError: there is no such rule.
    """
    found = [find_rule(name)] if name else list(rules().values())
    return {"schema": "greenroom.explain/1", "rules": [_rule(rule) for rule in found]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.code,
        "title": rule.title,
        "severity": None if rule.severity is None else str(rule.severity),
        "codes": list(rule.codes),
        "why": rule.why,
        "remedy": rule.remedy,
        "limits": dict(rule.limits),
        "limits_from": rule.limits_from,
    }

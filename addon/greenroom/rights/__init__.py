# SPDX-License-Identifier: Apache-2.0
"""Rights: who agreed to be performed, what proves where a take comes from, and what has to be said about it.

    consent.py        a consent record as a value, and how it stands today
    consent_file.py   consent.toml, beside the actor or in consent/NAME: read whole, with every fault named
    records.py        all records of a project
    gate.py           what a job would show of whom, and why it is refused. Pure

What must never enter: the desk, engines, the network, keys inside a project, and legal advice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.rights.consent import KINDS, Consent, Standing, State, state_of
    from greenroom.rights.gate import Appearance, GateRule, Use, refusals
    from greenroom.rights.records import Records, read_records

__all__ = [
    "KINDS",
    "Appearance",
    "Consent",
    "GateRule",
    "Records",
    "Standing",
    "State",
    "Use",
    "read_records",
    "refusals",
    "state_of",
]

_HOMES = {
    "Appearance": "gate",
    "Consent": "consent",
    "GateRule": "gate",
    "KINDS": "consent",
    "Records": "records",
    "Standing": "consent",
    "State": "consent",
    "Use": "gate",
    "read_records": "records",
    "refusals": "gate",
    "state_of": "consent",
}

__getattr__ = late_names(__name__, _HOMES)

# SPDX-License-Identifier: Apache-2.0
"""Actors that nobody is say so by themselves, and how they were made."""

from __future__ import annotations

from greenroom.cast.model import Actor
from greenroom.rights.consent import SYNTHETIC, Consent
from greenroom.rights.consent_file import read_consents, sha256_of
from greenroom.rights.consent_writing import add_consent

__all__ = ["say_invented"]


def say_invented(actor: Actor, made: str) -> Consent:
    """The statement that the actor's face, as its portrait is now, is nobody's; written once for a portrait.

    Raises:
        StoreError: it can't be written beside the actor.
    """
    portrait = sha256_of(actor.portrait)
    for consent in read_consents(actor.folder)[0]:
        if consent.invented and consent.portrait == portrait and not consent.faults:
            return consent
    entry = {"kind": SYNTHETIC, "made": made, "covers": ["face"], "portrait": portrait}
    return add_consent(actor.folder, actor.display_name, entry)

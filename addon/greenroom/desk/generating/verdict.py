# SPDX-License-Identifier: Apache-2.0
"""What an error means for a job: begin anew, go on where it was, or nobody knows (promise 4). Pure.

before anything was sent     the job failed; the next run begins anew
while it was being sent      an engine that raises one of our errors says that it surely didn't arrive; any other
                             exception leaves the payment in doubt, unless a repeat can't be billed
after it was sent            what a hosted engine has is never given up, except when it says itself that it failed
                             or what it delivered is no good; a local engine simply begins anew
a full or read-only disk     the job stays where it was
"""

from __future__ import annotations

import enum

from greenroom.engines.contract import Capabilities
from greenroom.errors import DeliveryError, EngineError, GreenroomError, PaymentUnknownError, StoreError

__all__ = ["ForeignError", "Stage", "Verdict", "verdict"]


class Stage(enum.StrEnum):
    """What the desk was at when the error came."""

    PREPARE = "prepare"
    SUBMIT = "submit"
    PERFORM = "perform"  # poll and fetch
    FINISH = "finish"
    PUBLISH = "publish"


class Verdict(enum.StrEnum):
    FAILED = "failed"
    KEEP = "keep"
    UNKNOWN = "unknown"


class ForeignError(EngineError):
    """An exception that isn't ours came out of an engine or of the desk's own work."""


def verdict(stage: Stage, error: GreenroomError, engine: Capabilities, *, sent: bool) -> Verdict:
    """What becomes of the job. `sent`: its handle is in the ledger (from this run or an earlier one)."""
    if isinstance(error, PaymentUnknownError):
        return Verdict.UNKNOWN
    if isinstance(error, StoreError) and stage is not Stage.SUBMIT:
        return Verdict.KEEP
    if stage is Stage.SUBMIT and isinstance(error, ForeignError) and engine.hosted:
        return Verdict.KEEP if engine.idempotent else Verdict.UNKNOWN
    if not sent or not engine.hosted or isinstance(error, DeliveryError):
        return Verdict.FAILED
    return Verdict.KEEP

# SPDX-License-Identifier: Apache-2.0
"""The desk that host plug-ins talk to: a child process, `greenroom host`, with JSON-RPC 2.0 over its pipes.

    protocol.py   what is said on the wire: methods, edits, states, errors. The contract, in one place
    wire.py       messages in, messages out; the pipes kept clean
    serving.py    which method runs when, and how the process ends
    methods.py    each method: the road, and its result as plain values (project_, file_ and job_methods.py beside it)
    batches.py    generating, one batch after another; pending.py keeps what was under way for `resume`
    host_cut.py   a snapshot as the road takes it, and the way back to the host's items and frames
    edits.py      an edit plan in the host's own terms (pure)
    resolve_child.py  Resolve's scripts in a child, for `greenroom resolve`; resolve_watch.py looks after its calls

What must never enter: a host's own API (that is in blender_addon and resolve_scripts), a second way through the house
(`desk.road` has one for files and for snapshots), and printing: the one stdout is the protocol's.
"""

from __future__ import annotations

__all__ = ["serve"]


def serve() -> int:
    """Answers a host on this process's stdin and stdout until it leaves; the exit status."""
    from greenroom.hosts.serving import serve as run

    return run()

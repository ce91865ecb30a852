# SPDX-License-Identifier: Apache-2.0
"""Which file system a folder lies on. SQLite's WAL needs all its processes on one machine, so a ledger never lies
on a share.
"""

from __future__ import annotations

import sys
from pathlib import Path

from greenroom.errors import StoreError

__all__ = ["network_file_system", "refuse_share"]

# The kinds that Linux names in /proc/self/mountinfo for drives that other machines write to as well.
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "beegfs", "9p"}
_NETWORK_FUSE = {"fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone"}
_DRIVE_REMOTE = 4  # GetDriveTypeW, winbase.h


def network_file_system(folder: Path) -> str:
    """The kind of network file system that `folder` lies on ("nfs4"), "" for a local disk or where nobody knows."""
    existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    if sys.platform == "win32":
        return _on_windows(existing)
    table = Path("/proc/self/mountinfo")
    if not table.exists():
        return ""
    return network_kind(existing.resolve(), table.read_text(encoding="utf-8", errors="replace"))


def refuse_share(folder: Path, kind: str) -> None:
    """A ledger is never opened on a file system of this `kind`, unless that is "".

    Raises:
        StoreError: it names a kind.
    """
    if kind:
        raise StoreError(
            f"the ledger can't lie on a network file system ({kind}): two machines that write there damage it",
            hint="Set GREENROOM_DATA to a folder on a local disk. For several machines on one ledger, one of them "
            "serves it: greenroom farm ledger PROJECT",
            where=str(folder),
        )


def network_kind(folder: Path, mountinfo: str) -> str:
    """The same, from the text of /proc/self/mountinfo (proc(5)): the longest mount point that holds `folder`."""
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = Path(fields[4].replace("\\040", " "))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split()[0]
    return kind if kind in _NETWORK or kind in _NETWORK_FUSE else ""


def _on_windows(folder: Path) -> str:
    import ctypes

    windll = getattr(ctypes, "windll", None)
    anchor = folder.resolve().anchor
    if anchor.startswith("\\\\"):
        return "network share"
    return "network drive" if windll is not None and windll.kernel32.GetDriveTypeW(anchor) == _DRIVE_REMOTE else ""

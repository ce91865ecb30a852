# SPDX-License-Identifier: Apache-2.0
"""Any file as if it were the media of an MP4: 36 bytes, and then the file.

Content credentials know no MXF and no Matroska. Theirs lie beside them, and are bound to every byte of the file by the
hash that the specification has for ISO files: whoever puts these 36 bytes before the file can check them with any tool.
"""

from __future__ import annotations

import io
import struct
from typing import IO, Any

__all__ = ["TYPE_SIZE", "Wrapped"]

_TYPE = struct.pack(">I4s4sI4s", 20, b"ftyp", b"mp42", 0, b"mp42")
TYPE_SIZE = len(_TYPE)
"""Bytes before the box that the file is the media of."""


class Wrapped(io.RawIOBase):
    """Reads the bytes before `file` and then the file; owns it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        length = file.seek(0, io.SEEK_END)
        self._head = _TYPE + struct.pack(">I4sQ", 1, b"mdat", length + 16)
        self._size = len(self._head) + length
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        head = len(self._head)
        if self._at < head:
            data = self._head[self._at : self._at + len(view)]
        else:
            self._file.seek(self._at - head)
            data = self._file.read(len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()

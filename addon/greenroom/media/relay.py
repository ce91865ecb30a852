# SPDX-License-Identifier: Apache-2.0
"""Decode in one thread while another encodes: a few pictures ahead, never more.

FFmpeg lets go of the interpreter's lock while it decodes, scales and encodes, so threads are enough.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeAlias, TypeVar

__all__ = ["ahead"]

_Item = TypeVar("_Item")
_Message: TypeAlias = tuple[_Item] | BaseException | None  # an item, what went wrong, or the end

_LOOK = 0.1  # s between looks at whether the reader has gone


def ahead(items: Generator[_Item], *, depth: int = 6) -> Iterator[_Item]:
    """The same items, made by a thread of their own up to `depth` ahead. Its exception comes out at its place.

    When the reader stops early, the thread ends after the item in hand and `items` is closed.
    """
    relay: queue.Queue[_Message[_Item]] = queue.Queue(depth)
    gone = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, relay, gone), name="greenroom-decode", daemon=True)
    thread.start()
    try:
        while (message := relay.get()) is not None:
            if isinstance(message, BaseException):
                raise message
            yield message[0]
    finally:
        gone.set()
        thread.join()


def _fill(items: Generator[_Item], relay: queue.Queue[_Message[_Item]], gone: threading.Event) -> None:
    try:
        for item in items:
            if not _put(relay, (item,), gone):
                return
        _put(relay, None, gone)
    except BaseException as error:  # noqa: BLE001 - handed over whole: the reader's thread raises it
        _put(relay, error, gone)
    finally:
        items.close()


def _put(relay: queue.Queue[_Message[_Item]], message: _Message[_Item], gone: threading.Event) -> bool:
    while not gone.is_set():
        try:
            relay.put(message, timeout=_LOOK)
        except queue.Full:
            continue
        return True
    return False

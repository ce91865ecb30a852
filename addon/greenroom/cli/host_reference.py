# SPDX-License-Identifier: Apache-2.0
"""Writes docs/host-protocol.md to stdout. `make docs` calls it."""

from __future__ import annotations

import sys

from greenroom.hosts.page import page

if __name__ == "__main__":
    # bytes, so that the page has the same line ends on every system
    sys.stdout.buffer.write(page().encode())

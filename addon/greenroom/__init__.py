# SPDX-License-Identifier: Apache-2.0
"""Greenroom puts AI actors on an editor's timeline.

This is the front door; the rooms behind it are described in docs/architecture.md. Importing it is
cheap: nothing heavy (numpy, OpenTimelineIO, PyAV, OpenCV) is loaded before it is used.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__"]

# SPDX-License-Identifier: Apache-2.0
"""What the panel's views show, as frozen values, and the functions that make them of what desk/ and takes/ hold.

What must never enter: Qt, and thinking that a command line would need too (that is the desk's).
"""

from __future__ import annotations

__all__: list[str] = []

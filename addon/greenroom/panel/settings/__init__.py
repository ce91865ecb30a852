# SPDX-License-Identifier: Apache-2.0
"""Settings of the project and of the user, keys of hosts, engines, and about.

What must never enter: a key's text, once it was handed over; and a second way to read or write a settings file.
"""

from __future__ import annotations

__all__: list[str] = []

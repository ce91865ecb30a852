# SPDX-License-Identifier: Apache-2.0
"""One module for each host: how its API is spoken, and nothing else. `host.py` is what all of them keep.

Never in here: HTTP of its own (`wire` and `download` send everything), keys (`Wire` adds them to the headers), which
model takes which input (the catalogue says it), prices.
"""

__all__: list[str] = []

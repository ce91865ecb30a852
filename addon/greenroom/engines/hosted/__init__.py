# SPDX-License-Identifier: Apache-2.0
"""Hosted and self-hosted models: from a request to a finished performance that somebody else's machine made.

`hosts/` holds one short module for each host, `wire` and `download` the one HTTP core that all of them share, `keys`
and `settings` what a user sets.

Never in here: the ledger, the cut, take folders, budgets; a key in a handle, a log, an error or a file that a project
keeps; a paid request that is sent a second time because its answer didn't come.
"""

__all__: list[str] = []

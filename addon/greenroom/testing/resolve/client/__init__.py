# SPDX-License-Identifier: Apache-2.0
"""What stands in a script's PYTHONPATH where Resolve's own module would: one file that imports nothing of ours."""

__all__: list[str] = []

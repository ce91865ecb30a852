# SPDX-License-Identifier: Apache-2.0
"""What stands in a script's PYTHONPATH where Resolve's own module would: one file, which imports nothing of Greenroom."""

__all__: list[str] = []

# SPDX-License-Identifier: Apache-2.0
"""Reviews of takes: measured in worker processes, kept beside take.json, shown where takes are. A take is never
changed.
"""
